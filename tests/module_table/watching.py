"""Rows of modules/watching.py."""

import numpy as np

import pygraph_nn as nn

from . import Row, matrix

BAD = (np.ones((2, 4)), [np.ones(3)])

ROWS = [
    Row(lambda: nn.NaN(nn.Linear(3, 2)), matrix(5, 3), single=lambda x: x[0], bad=BAD),
    Row(lambda: nn.Profile(nn.Linear(3, 2)), matrix(5, 3), single=lambda x: x[0], bad=BAD),
    Row(lambda: nn.PrintSize(), matrix(5, 3)),
]
