"""Rows of modules/conversion.py."""

import numpy as np

import pygraph_nn as nn

from . import Row, matrix
from .activations import a_table


def first(x):
    return x[0]


def order(*axes):
    """PyTorch's permute as a second judge."""
    return lambda module: lambda x: x.permute(axes)


ROWS = [
    Row(lambda: nn.Copy(), matrix(3, 4), single=first, bad=(np.ones(2, int), *a_table)),
    Row(lambda: nn.Copy(None, None, True), matrix(3, 4)),
    Row(
        lambda: nn.Copy("torch.DoubleTensor", "torch.FloatTensor"),
        matrix(3, 4),
        differences=False,
        why="float32 has too few digits for them",
    ),
    Row(lambda: nn.Convert(), matrix(3, 4), bad=a_table, any_type=True),
    Row(lambda: nn.Convert("bchw", "bf"), matrix(5, 2, 3, 4), bad=(np.ones(2), *a_table), any_type=True, single=first),
    Row(lambda: nn.Convert("chw", "hwc"), matrix(5, 2, 3, 4), any_type=True, torch=order(0, 2, 3, 1), single=first),
    Row(lambda: nn.Convert("bchw", "chwb"), matrix(5, 2, 3, 4), any_type=True, torch=order(1, 2, 3, 0)),
    Row(lambda: nn.Convert("fb", "b"), matrix(1, 4), bad=(np.ones((2, 4)),), any_type=True),
    Row(lambda: nn.Convert("bt", "b"), matrix(4, 3), any_type=True, torch=lambda module: lambda x: x[:, 0]),
    Row(
        lambda: nn.Convert("tbc", "bf"),
        matrix(2, 3, 4),
        any_type=True,
        torch=lambda module: lambda x: x.transpose(0, 1).reshape(3, 8),
    ),
    Row(lambda: nn.Convert("tb", "bf"), matrix(2, 3), any_type=True, torch=order(1, 0)),
    Row(lambda: nn.Convert("b", "bf"), matrix(4), any_type=True, torch=lambda module: lambda x: x[:, None]),
    Row(lambda: nn.Convert("b", "bt"), matrix(4), any_type=True),
]
