"""Rows of modules/gradients.py."""

import pygraph_nn as nn

from . import Row, matrix
from .activations import a_table

ROWS = [
    Row(
        lambda: nn.GradientReversal(0.5),
        matrix(3, 4),
        bad=a_table,
        differences=False,
        why="its gradient is meant to be another one; tests/modules/test_gradients.py",
    ),
    Row(
        lambda: nn.L1Penalty(0.1),
        matrix(3, 4),
        bad=a_table,
        differences=False,
        why="its gradient is meant to be another one; tests/modules/test_gradients.py",
    ),
    Row(lambda: nn.ZeroGrad(), matrix(2, 3), differences=False, why="the gradient is zero, not the derivative"),
]
