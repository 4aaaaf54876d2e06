"""Rows of modules/embedding.py."""

import numpy as np

import pygraph_nn as nn

from . import Row


def indices(*shape):
    """An input maker: indices from 1 to 5."""
    return lambda generator: generator.integers(1, 6, shape)


ROWS = [
    Row(
        lambda: nn.LookupTable(5, 3),
        indices(2, 4),
        single=lambda x: x[0],
        bad=(np.array([0]), np.array([6]), np.array([1.5]), np.ones((1, 1, 1), int), [np.array([1])]),
    ),
    Row(lambda: nn.LookupTable(5, 3, 0, 100, 1), indices(6)),
    Row(lambda: nn.LookupTable(5, 3).scaleGradByFreq(), indices(6), differences=False, why="the gradient is scaled"),
]
