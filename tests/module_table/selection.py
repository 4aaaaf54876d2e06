"""Rows of modules/selection.py."""

import numpy as np

import pygraph_nn as nn

from . import Row, matrix, table

ROWS = [
    Row(
        lambda: nn.Index(2),
        table(matrix(2, 5, 3), lambda generator: np.array([5, 1, 1, 2])),
        bad=(
            np.ones(3),
            [np.ones((2, 2)), np.array([0])],
            [np.ones((2, 2)), np.array([3])],
            [np.ones((2, 2)), np.array([[1]])],
            [np.ones(2), np.array([1])],
        ),
    ),
    Row(lambda: nn.Index(-1), table(matrix(4), lambda generator: np.array([4, 4, 2]))),
    Row(
        lambda: nn.MaskedSelect(),
        table(matrix(3, 4), lambda generator: generator.integers(0, 2, (3, 4)).astype("uint8")),
        bad=(np.ones(3), [np.ones(3), np.ones(2, "uint8")], [np.ones(3), [np.ones(3)]]),
    ),
    Row(lambda: nn.MaskedSelect(), table(matrix(3), lambda generator: np.array([True, False, True]))),
]
