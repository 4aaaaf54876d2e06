"""Rows of modules/dropout.py."""

import numpy as np

import pygraph_nn as nn

from . import Row, matrix

ROWS = [
    Row(lambda: nn.Dropout(0.4), matrix(4, 5), bad=([np.ones(2)], 3), reseed=True, evaluate_differs=True),
    Row(lambda: nn.Dropout(0.4, True), matrix(4, 5), reseed=True, evaluate_differs=True),
    Row(lambda: nn.Dropout(0.4, False, True, True), matrix(4, 5), reseed=True),
    Row(
        lambda: nn.Dropout(0),
        matrix(4, 5),
        single=lambda input: input[0],
        torch=lambda ours: lambda x: x * 1,
    ),
    Row(
        lambda: nn.SpatialDropout(),
        matrix(2, 3, 4, 5),
        bad=(np.ones((4, 5)), np.ones((1, 2, 3, 4, 5)), [np.ones(2)]),
        reseed=True,
        evaluate_differs=True,
    ),
    Row(
        lambda: nn.VolumetricDropout(0.25),
        matrix(2, 3, 2, 4, 5),
        bad=(np.ones((3, 4, 5)), np.ones(3)),
        reseed=True,
        evaluate_differs=True,
    ),
    Row(
        lambda: nn.WhiteNoise(0.5, 0.2),
        matrix(4, 5),
        bad=([np.ones(2)],),
        reseed=True,
        evaluate_differs=True,
    ),
]
