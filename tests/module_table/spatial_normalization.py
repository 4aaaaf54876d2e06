"""Rows of modules/spatial_normalization.py."""

import numpy as np

import pygraph_nn as nn

from . import Row, matrix


def judge(module):
    import torch

    return lambda x: torch.nn.functional.local_response_norm(x, module.size, module.alpha, module.beta, module.k)


def first(batch):
    """The batch's first input, without the batch dimension."""
    return batch[0]


RANKS = (np.ones(5), np.ones((4, 4)), np.ones((1, 2, 3, 4, 4)), [np.ones((2, 4, 4))])
PLANES = (*RANKS, np.ones((3, 6, 6)))
HILL = np.array([[1.0, 2.0, 1.0], [2.0, 5.0, 3.0], [1.0, 2.0, 1.0]])

ROWS = [
    Row(lambda: nn.SpatialCrossMapLRN(5, 0.8, 0.6, 1.5), matrix(2, 7, 2, 3), single=first, bad=RANKS, torch=judge),
    Row(lambda: nn.SpatialCrossMapLRN(7), matrix(2, 2, 2, 3), torch=judge),
    Row(lambda: nn.SpatialSubtractiveNormalization(2, HILL), matrix(2, 2, 5, 4), single=first, bad=PLANES),
    Row(lambda: nn.SpatialSubtractiveNormalization(2, [1, 2, 1]), matrix(2, 2, 5, 4), single=first),
    Row(lambda: nn.SpatialDivisiveNormalization(2, HILL), matrix(2, 2, 5, 4), single=first, bad=PLANES),
    Row(lambda: nn.SpatialDivisiveNormalization(2, [1, 2, 1], 0.9, 1.2), matrix(2, 2, 5, 4), single=first),
    Row(lambda: nn.SpatialContrastiveNormalization(2, HILL[:, :1]), matrix(2, 2, 5, 4), single=first, bad=PLANES),
]
