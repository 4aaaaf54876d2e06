"""Rows of modules/arithmetic.py."""

import numpy as np

import pygraph_nn as nn

from . import Row, matrix
from .activations import a_table, away_from


def positive(*shape):
    """An input maker: numbers from 0.1 up."""
    return lambda generator: 0.1 + generator.random(shape)


def first(x):
    return x[0]


ROWS = [
    Row(lambda: nn.AddConstant(2.5), matrix(3, 4), single=first, bad=a_table, torch=lambda module: lambda x: 2.5 + x),
    Row(
        lambda: nn.AddConstant(np.array([1.0, -2.0, 3.0])),
        matrix(2, 3),
        single=first,
        bad=(np.ones(2), np.ones((3, 2)), np.ones((2, 3, 3))),
    ),
    Row(lambda: nn.MulConstant(-1.5), matrix(3, 4), single=first, bad=a_table, torch=lambda module: lambda x: -1.5 * x),
    Row(lambda: nn.Power(2.5), positive(3, 4), single=first, bad=a_table, torch=lambda module: lambda x: x**2.5),
    Row(lambda: nn.Power(3), matrix(3, 4), torch=lambda module: lambda x: x**3),
    Row(lambda: nn.Power(-1), positive(3, 4), torch=lambda module: lambda x: 1 / x),
    Row(lambda: nn.Square(), matrix(3, 4), single=first, bad=a_table, torch=lambda module: lambda x: x * x),
    Row(lambda: nn.Sqrt(), positive(3, 4), single=first, bad=a_table, torch=lambda module: lambda x: x.sqrt()),
    Row(
        lambda: nn.Abs(),
        matrix(3, 4),
        single=first,
        bad=a_table,
        smooth=away_from(0),
        torch=lambda module: lambda x: x.abs(),
    ),
    Row(lambda: nn.Exp(), matrix(3, 4), single=first, bad=a_table, torch=lambda module: lambda x: x.exp()),
    Row(lambda: nn.Log(), positive(3, 4), single=first, bad=a_table, torch=lambda module: lambda x: x.log()),
    Row(lambda: nn.Constant(3.5), matrix(3, 4), bad=a_table),
    Row(lambda: nn.Constant(np.arange(6.0).reshape(2, 3), 1), matrix(4, 5), single=first, bad=a_table),
]
