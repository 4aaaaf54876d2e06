"""Rows of modules/decorators.py."""

import numpy as np

import pygraph_nn as nn

from . import Row, matrix

BAD = (np.ones((2, 4)), [np.ones(3)])

ROWS = [
    Row(lambda: nn.Decorator(nn.Linear(3, 2)), matrix(5, 3), single=lambda x: x[0], bad=BAD),
    Row(lambda: nn.Bottle(nn.Linear(3, 2)), matrix(4, 5, 3), single=lambda x: x[0], bad=BAD),
    Row(lambda: nn.Bottle(nn.Linear(3, 2)), matrix(2, 3, 4, 3), single=lambda x: x[0]),
    Row(lambda: nn.Bottle(nn.Select(3, 1), 3, 2), matrix(5, 2, 4, 3), bad=(np.ones(3),)),
    Row(lambda: nn.GPU(nn.Linear(3, 2), 1), matrix(5, 3), single=lambda x: x[0], bad=BAD),
    Row(
        lambda: nn.DontCast(nn.Sequential().add(nn.Tanh()).add(nn.MulConstant(2)), True),
        matrix(5, 3),
        bad=(None, "text"),
        any_type=True,
    ),
    Row(lambda: nn.WeightNorm(nn.Linear(3, 2)), matrix(5, 3), single=lambda x: x[0], bad=BAD),
    Row(lambda: nn.WeightNorm(nn.Linear(3, 2, False), 2), matrix(5, 3)),
    Row(lambda: nn.WeightNorm(nn.SpatialConvolution(2, 3, 2, 2), 2), matrix(2, 2, 4, 4)),
]
