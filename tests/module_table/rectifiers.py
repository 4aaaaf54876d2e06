"""Rows of modules/rectifiers.py."""

import numpy as np

import pygraph_nn as nn

from . import Row, matrix
from .activations import a_table, away_from, functional, wide


def prelu(module):
    """PyTorch's PReLU with the module's slopes."""
    import torch

    return lambda x: torch.nn.functional.prelu(x, torch.tensor(module.weight))


ROWS = [
    Row(
        lambda: nn.Threshold(0.5, -1),
        matrix(6, 4),
        single=lambda x: x[0],
        bad=a_table,
        smooth=away_from(0.5),
        torch=functional("threshold", 0.5, -1),
    ),
    Row(
        lambda: nn.ReLU(),
        matrix(6, 4),
        single=lambda x: x[0],
        bad=a_table,
        smooth=away_from(0),
        torch=functional("relu"),
    ),
    Row(
        lambda: nn.ReLU6(),
        lambda generator: 4 * generator.standard_normal((6, 4)),
        bad=a_table,
        smooth=away_from(0, 6),
        torch=functional("relu6"),
    ),
    Row(
        lambda: nn.LeakyReLU(0.2),
        matrix(6, 4),
        single=lambda x: x[0],
        bad=a_table,
        smooth=away_from(0),
        torch=functional("leaky_relu", 0.2),
    ),
    Row(
        lambda: nn.ELU(0.5),
        matrix(6, 4),
        single=lambda x: x[0],
        bad=a_table,
        smooth=away_from(0),
        torch=functional("elu", 0.5),
    ),
    Row(lambda: nn.ELU(), wide, differences=False, why="only PyTorch judges huge numbers", torch=functional("elu")),
    Row(lambda: nn.PReLU(), matrix(6, 4), single=lambda x: x[0], bad=a_table, smooth=away_from(0), torch=prelu),
    Row(
        lambda: nn.PReLU(4),
        matrix(6, 4),
        single=lambda x: x[0],
        bad=(np.ones(3), np.ones((2, 3)), np.array(1.0)),
        smooth=away_from(0),
        torch=prelu,
    ),
    Row(lambda: nn.PReLU(3), matrix(2, 3, 2, 4), bad=(np.ones((2, 4, 2, 4)),), smooth=away_from(0), torch=prelu),
    Row(lambda: nn.RReLU(), matrix(6, 4), bad=a_table, smooth=away_from(0), reseed=True, evaluate_differs=True),
    Row(lambda: nn.RReLU(0.1, 0.3).evaluate(), matrix(6, 4), smooth=away_from(0), torch=functional("rrelu", 0.1, 0.3)),
]
