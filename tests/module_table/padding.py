"""Rows of modules/padding.py."""

import numpy as np

import pygraph_nn as nn

from . import Row, matrix


def judge(mode, *sides):
    """torch.nn.functional.pad of that mode, the sides from the last axis on."""

    def build(module):
        import torch

        return lambda x: torch.nn.functional.pad(x, sides, mode=mode)

    return build


def first(batch):
    """The batch's first input, without the batch dimension."""
    return batch[0]


RANKS = (np.ones(5), np.ones((4, 4)), np.ones((1, 2, 3, 4, 4, 4)), [np.ones((2, 4, 4))])

ROWS = [
    Row(
        lambda: nn.SpatialZeroPadding(1, 2, 0, 3),
        matrix(2, 3, 4, 5),
        single=first,
        bad=RANKS,
        torch=judge("constant", 1, 2, 0, 3),
    ),
    Row(
        lambda: nn.SpatialZeroPadding(-1, 2, 1, -2),
        matrix(2, 3, 4, 5),
        single=first,
        bad=(np.ones((2, 1, 1)), np.ones((2, 2, 5))),
        torch=judge("constant", -1, 2, 1, -2),
    ),
    Row(
        lambda: nn.SpatialReflectionPadding(3, 1, 0, 2),
        matrix(2, 3, 4, 5),
        single=first,
        bad=(*RANKS, np.ones((1, 4, 3)), np.ones((1, 2, 5))),
        torch=judge("reflect", 3, 1, 0, 2),
    ),
    Row(lambda: nn.SpatialReflectionPadding(-1, 2, 1, -1), matrix(2, 3, 4, 5), torch=judge("reflect", -1, 2, 1, -1)),
    Row(
        lambda: nn.SpatialReplicationPadding(3, 1, 0, 6),
        matrix(2, 3, 4, 5),
        single=first,
        bad=RANKS,
        torch=judge("replicate", 3, 1, 0, 6),
    ),
    Row(lambda: nn.SpatialReplicationPadding(-1, 2, 1, -2), matrix(2, 3, 4, 5)),
    Row(lambda: nn.SpatialReplicationPadding(1), matrix(2, 3, 2, 2), torch=judge("replicate", 1, 1, 1, 1)),
    Row(
        lambda: nn.VolumetricReplicationPadding(1, 2, 0, 3, 2, 1),
        matrix(2, 2, 2, 3, 2),
        single=first,
        bad=RANKS[:2],
        torch=judge("replicate", 1, 2, 0, 3, 2, 1),
    ),
]
