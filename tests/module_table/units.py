"""Rows of modules/units.py."""

import numpy as np

import pygraph_nn as nn

from . import Row, matrix
from .activations import a_table, away_from, functional


def first(x):
    return x[0]


def crelu(module):
    """Two of PyTorch's ReLUs."""
    import torch

    return lambda x: torch.cat([x.relu(), (-x).relu()], x.ndim - module.nInputDims)


def maxout(module):
    """PyTorch's Linear and maximum with the module's parameters."""
    import torch

    weight, bias = torch.tensor(module.get(1).weight), torch.tensor(module.get(1).bias)
    return lambda x: torch.nn.functional.linear(x, weight, bias).reshape(len(x), 2, 3).amax(1)


ROWS = [
    Row(
        lambda: nn.GatedLinearUnit(),
        matrix(3, 6),
        single=first,
        bad=(np.ones((2, 3)), *a_table),
        torch=functional("glu"),
    ),
    Row(lambda: nn.GatedLinearUnit(2), matrix(3, 4, 2), bad=(np.ones(4), np.ones((2, 3))), torch=functional("glu", 1)),
    Row(lambda: nn.GatedLinearUnit(1), matrix(4, 3), bad=(np.ones((3, 4)),), torch=functional("glu", 0)),
    Row(
        lambda: nn.CReLU(1),
        matrix(3, 4),
        single=first,
        bad=(np.ones((2, 3, 4)), *a_table),
        smooth=away_from(0),
        torch=crelu,
    ),
    Row(
        lambda: nn.CReLU(3),
        matrix(2, 3, 2, 4),
        single=first,
        bad=(np.ones((3, 4)),),
        smooth=away_from(0),
        torch=crelu,
    ),
    Row(
        lambda: nn.Maxout(5, 3, 2),
        matrix(4, 5),
        single=first,
        bad=(np.ones(4), np.ones((2, 4)), *a_table),
        torch=maxout,
    ),
    Row(lambda: nn.Maxout(5, 3, 2, nn.Tanh()), matrix(4, 5), single=first),
]
