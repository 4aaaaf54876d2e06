"""Rows of modules/linear.py."""

import numpy as np

import pygraph_nn as nn

from . import Row, matrix, table
from .activations import a_table


def first(x):
    return x[0]


def linear(module):
    """PyTorch's Linear with the module's parameters."""
    import torch

    bias = None if module.bias is None else torch.tensor(module.bias)
    return lambda x: torch.nn.functional.linear(x, torch.tensor(module.weight), bias)


def weight_norm(module):
    """PyTorch's weight normalisation with the module's parameters."""
    import torch

    weight = torch._weight_norm(torch.tensor(module.v), torch.tensor(module.g), 0)
    return lambda x: torch.nn.functional.linear(x, weight, torch.tensor(module.bias))


def bilinear(module):
    """PyTorch's Bilinear with the module's parameters."""
    import torch

    bias = None if module.bias is None else torch.tensor(module.bias)
    return lambda x: torch.nn.functional.bilinear(*x, torch.tensor(module.weight), bias)


def partial():
    """A PartialLinear of three outputs of five, one of them twice."""
    module = nn.PartialLinear(3, 5)
    module.setPartition([4, 2, 4])
    return module


narrow_or_deep = (np.ones(3), np.ones((2, 3)), np.ones((2, 4, 4)), *a_table)

ROWS = [
    Row(lambda: nn.Linear(4, 3), matrix(5, 4), single=first, bad=narrow_or_deep, torch=linear),
    Row(lambda: nn.Linear(4, 3, False), matrix(1, 4), single=first, bad=narrow_or_deep, torch=linear),
    Row(lambda: nn.LinearWeightNorm(4, 3), matrix(5, 4), single=first, bad=narrow_or_deep, torch=weight_norm),
    Row(lambda: nn.LinearWeightNorm(4, 3, False), matrix(5, 4), single=first),
    Row(lambda: nn.PartialLinear(4, 3), matrix(5, 4), bad=(np.ones(4), *narrow_or_deep), torch=linear),
    Row(lambda: nn.PartialLinear(4, 3, False), matrix(5, 4), torch=linear),
    Row(partial, matrix(5, 3)),
    Row(
        lambda: nn.Bilinear(3, 4, 2),
        table(matrix(5, 3), matrix(5, 4)),
        bad=(
            np.ones((5, 3)),
            [np.ones((5, 3))],
            [np.ones((5, 4)), np.ones((5, 4))],
            [np.ones((5, 3)), np.ones((5, 3))],
            [np.ones((5, 3)), np.ones((4, 4))],
            [np.ones(3), np.ones(4)],
        ),
        scales=False,
        torch=bilinear,
    ),
    Row(lambda: nn.Bilinear(3, 4, 2, False), table(matrix(5, 3), matrix(5, 4)), scales=False, torch=bilinear),
]
