"""Rows of modules/reductions.py."""

import numpy as np

import pygraph_nn as nn

from . import Row, matrix
from .activations import a_table


def first(x):
    return x[0]


ROWS = [
    Row(lambda: nn.Sum(), matrix(3, 4), bad=a_table, torch=lambda module: lambda x: x.sum(0)),
    Row(lambda: nn.Sum(2), matrix(3, 4, 2), bad=(np.ones(3),), torch=lambda module: lambda x: x.sum(1)),
    Row(lambda: nn.Sum(-1), matrix(3, 4, 2), single=first, torch=lambda module: lambda x: x.sum(-1)),
    Row(lambda: nn.Sum(1, 2), matrix(3, 4, 2), single=first, torch=lambda module: lambda x: x.sum(1)),
    Row(lambda: nn.Sum(2, None, True, False), matrix(3, 4), torch=lambda module: lambda x: x.mean(1, keepdim=True)),
    Row(lambda: nn.Sum(), matrix(3), torch=lambda module: lambda x: x.sum(0, keepdim=True)),
    Row(lambda: nn.Mean(2), matrix(3, 4), bad=(np.ones(3),), torch=lambda module: lambda x: x.mean(1)),
    Row(lambda: nn.Mean(1, 1), matrix(3, 4), torch=lambda module: lambda x: x.mean(1)),
    Row(lambda: nn.Max(2), matrix(3, 5, 2), bad=(np.ones(3), *a_table), torch=lambda module: lambda x: x.amax(1)),
    Row(lambda: nn.Max(-1), matrix(3, 5), torch=lambda module: lambda x: x.amax(-1)),
    Row(lambda: nn.Max(1, 2), matrix(3, 5, 2), single=first, torch=lambda module: lambda x: x.amax(1)),
    Row(lambda: nn.Max(), matrix(5), torch=lambda module: lambda x: x.amax(0, keepdim=True)),
    Row(lambda: nn.Min(), matrix(3, 5), bad=a_table, torch=lambda module: lambda x: x.amin(0)),
    Row(lambda: nn.Min(1, 2), matrix(3, 5, 2), single=first, torch=lambda module: lambda x: x.amin(1)),
]
