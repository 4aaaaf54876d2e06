"""Rows of modules/shapes.py."""

import numpy as np

import pygraph_nn as nn

from . import Row, matrix, table
from .activations import a_table


def first(x):
    return x[0]


def classes(*shape):
    """An input maker: whole numbers from 1 to 5."""
    return lambda generator: generator.integers(1, 6, shape)


ROWS = [
    Row(lambda: nn.Identity(), table(matrix(3, 4), table(matrix(3))), bad=("text",)),
    Row(lambda: nn.Narrow(2, 2, 3), matrix(4, 6), bad=(np.ones(6), np.ones((4, 3)), *a_table)),
    Row(lambda: nn.Narrow(1, 2, -2), matrix(4, 3), torch=lambda module: lambda x: x[1:-1]),
    Row(lambda: nn.Narrow(-2, 2, -2), matrix(4, 3), torch=lambda module: lambda x: x[1:-1]),
    Row(lambda: nn.Narrow(-1, -1, 2), matrix(4, 3, 5), single=first, torch=lambda module: lambda x: x[..., :3]),
    Row(
        lambda: nn.Select(2, 3),
        matrix(4, 6),
        bad=(np.ones(6), np.ones((4, 2)), *a_table),
        torch=lambda module: lambda x: x[:, 2],
    ),
    Row(lambda: nn.Select(-1, -2), matrix(4, 3, 6), single=first, torch=lambda module: lambda x: x[..., -2]),
    Row(lambda: nn.Select(1, 2), matrix(3, 4), torch=lambda module: lambda x: x[1]),
    Row(lambda: nn.Padding(2, 2, 2, 0.5), matrix(3, 4), bad=(np.ones(4), *a_table)),
    Row(lambda: nn.Padding(1, -3, 1, 0.5), matrix(3, 4), single=first),
    Row(lambda: nn.Padding(1, 2, 1, -1, 3), matrix(3, 4), single=first, bad=(np.ones(1),)),
    Row(lambda: nn.Padding(-1, -2, 2, -1, 2), matrix(3, 4)),
    Row(
        lambda: nn.OneHot(5),
        classes(4, 2),
        single=first,
        bad=(np.array([6]), np.array([0]), np.array([1.5]), a_table[0]),
        differences=False,
        why="its input is whole numbers",
    ),
    Row(
        lambda: nn.OneHot(5),
        lambda generator: np.full((3, 2), 4.0),
        differences=False,
        why="its input is whole numbers",
    ),
]
