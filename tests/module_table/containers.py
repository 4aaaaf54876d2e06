"""Rows of modules/containers.py."""

import numpy as np

import pygraph_nn as nn

from . import Row, matrix, table

ROWS = [
    Row(
        lambda: nn.Sequential().add(nn.Linear(3, 4)).add(nn.Tanh()).add(nn.Linear(4, 2)),
        matrix(5, 3),
        single=lambda x: x[0],
        bad=(np.ones((2, 4)), np.ones((2, 3, 3))),
    ),
    Row(
        lambda: nn.ParallelTable().add(nn.Linear(3, 2)).add(nn.Tanh()),
        table(matrix(2, 3), matrix(4)),
        bad=(np.ones(3), [np.ones((2, 3))], [np.ones((2, 4)), np.ones(4)]),
    ),
]
