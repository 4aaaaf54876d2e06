"""Rows of modules/reshaping.py."""

import numpy as np

import pygraph_nn as nn

from . import Row, matrix
from .activations import a_table


def first(x):
    return x[0]


def to(*shape):
    """PyTorch's reshape as a second judge."""
    return lambda module: lambda x: x.reshape(shape)


ROWS = [
    Row(lambda: nn.Reshape(2, 6), matrix(3, 4), bad=(np.ones(5), np.ones((3, 3)), *a_table), torch=to(2, 6)),
    Row(lambda: nn.Reshape(2, 6), matrix(3, 3, 4), single=first, torch=to(3, 2, 6)),
    Row(lambda: nn.Reshape(2, 6), matrix(1, 12), torch=to(1, 2, 6)),
    Row(lambda: nn.Reshape(4, 3, True), matrix(5, 12), bad=(np.ones((3, 4)),), torch=to(5, 4, 3)),
    Row(lambda: nn.Reshape([4, 3], False), matrix(1, 12), bad=(np.ones((2, 12)),), torch=to(4, 3)),
    Row(lambda: nn.Reshape(-1), matrix(2, 3, 4), torch=to(2, 12)),
    Row(lambda: nn.View(6, 2), matrix(3, 4), bad=(np.ones(5), np.ones((3, 3)), *a_table), torch=to(6, 2)),
    Row(lambda: nn.View(6, 2), matrix(5, 3, 4), single=first, torch=to(5, 6, 2)),
    Row(lambda: nn.View(2, -1), matrix(3, 4), bad=(np.ones((3, 3)),), torch=to(2, 6)),
    Row(
        lambda: nn.View(-1).setNumInputDims(2),
        matrix(5, 3, 4),
        single=first,
        bad=(np.ones(4),),
        torch=to(5, 12),
    ),
    Row(lambda: nn.View(-1, 4).setNumInputDims(1), matrix(1, 8), torch=to(1, 2, 4)),
    Row(lambda: nn.Collapse(2), matrix(2, 3, 4), single=first, bad=a_table, torch=to(2, 12)),
    Row(lambda: nn.Squeeze(), matrix(2, 1, 3, 1), bad=a_table, torch=lambda module: lambda x: x.squeeze()),
    Row(lambda: nn.Squeeze(), matrix(1, 1), torch=to(1)),
    Row(lambda: nn.Squeeze(None, 3), matrix(1, 1, 3, 1), torch=to(1, 3)),
    Row(lambda: nn.Squeeze(2), matrix(2, 1, 3, 1), bad=(np.ones(1),), torch=to(2, 3, 1)),
    Row(lambda: nn.Squeeze(1).setNumInputDims(3), matrix(2, 1, 3, 1), torch=to(2, 3, 1)),
    Row(lambda: nn.Squeeze(3), matrix(2, 1, 3), torch=to(2, 1, 3)),
    Row(lambda: nn.Unsqueeze(2), matrix(3, 4), bad=(np.array(1.0), *a_table), torch=to(3, 1, 4)),
    Row(lambda: nn.Unsqueeze(-1), matrix(3, 4), torch=to(3, 4, 1)),
    Row(lambda: nn.Unsqueeze(1).setNumInputDims(2), matrix(2, 3, 4), single=first, bad=(np.ones(3),)),
    Row(lambda: nn.Transpose([1, 2]), matrix(3, 4), bad=(np.ones(3), *a_table), torch=lambda module: lambda x: x.T),
    Row(
        lambda: nn.Transpose([1, 4], [1, 3]),
        matrix(2, 3, 4, 5),
        torch=lambda module: lambda x: x.transpose(0, 3).transpose(0, 2),
    ),
    Row(lambda: nn.Transpose([2, 3]), matrix(2, 3, 4), torch=lambda module: lambda x: x.transpose(1, 2)),
    Row(lambda: nn.Transpose([1, -1]).setNumInputDims(2), matrix(2, 3, 4), single=first),
    Row(lambda: nn.Replicate(3), matrix(2, 4), bad=a_table, torch=lambda module: lambda x: x.expand(3, 2, 4)),
    Row(lambda: nn.Replicate(3, 2), matrix(2, 4), bad=(np.array(1.0),)),
    Row(lambda: nn.Replicate(3, 2, 1), matrix(2, 4), single=first),
    Row(lambda: nn.Contiguous(), lambda generator: matrix(4, 3)(generator).T, bad=a_table),
]
