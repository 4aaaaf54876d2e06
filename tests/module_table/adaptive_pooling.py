"""Rows of modules/adaptive_pooling.py and lp_pooling.py."""

import numpy as np

import pygraph_nn as nn

from . import Row, matrix


def judge(name, *arguments, **settings):
    """torch.nn.functional's pooling of that name."""

    def build(module):
        import torch

        return lambda x: getattr(torch.nn.functional, name)(x, *arguments, **settings)

    return build


def positive(*shape):
    """Numbers from 0.5 to 1.5."""
    return lambda generator: generator.uniform(0.5, 1.5, shape)


def first(batch):
    """The batch's first input, without the batch dimension."""
    return batch[0]


RANKS = (np.ones(5), np.ones((4, 4)), np.ones((1, 2, 3, 4, 4, 4)), [np.ones((2, 4, 4))])

ROWS = [
    Row(
        lambda: nn.SpatialAdaptiveMaxPooling(3, 2),
        matrix(2, 3, 5, 7),
        single=first,
        bad=RANKS,
        torch=judge("adaptive_max_pool2d", (2, 3)),
    ),
    Row(lambda: nn.SpatialAdaptiveMaxPooling(5, 4), matrix(2, 3, 3, 6), torch=judge("adaptive_max_pool2d", (4, 5))),
    Row(
        lambda: nn.SpatialAdaptiveAveragePooling(3, 2),
        matrix(2, 3, 5, 7),
        single=first,
        bad=RANKS,
        torch=judge("adaptive_avg_pool2d", (2, 3)),
    ),
    Row(lambda: nn.SpatialAdaptiveAveragePooling(5, 4), matrix(2, 3, 3, 6), torch=judge("adaptive_avg_pool2d", (4, 5))),
    Row(
        lambda: nn.SpatialFractionalMaxPooling(2, 3, 4, 2),
        matrix(2, 3, 7, 8),
        bad=(*RANKS, np.ones((3, 3, 4))),
        reseed=True,
    ),
    Row(lambda: nn.SpatialFractionalMaxPooling(2, 2, 0.6, 0.5), matrix(2, 3, 7, 8), bad=RANKS, reseed=True),
    Row(
        lambda: nn.VolumetricFractionalMaxPooling(2, 3, 2, 2, 3, 4),
        matrix(2, 2, 6, 7, 5),
        bad=(*RANKS[:2], np.ones((3, 6, 7, 2))),
        reseed=True,
    ),
    Row(
        lambda: nn.TemporalDynamicKMaxPooling(2, 0.5),
        matrix(2, 7, 3),
        single=first,
        bad=(np.ones(5), np.ones((1, 3)), np.ones((1, 1, 4, 3)), [np.ones((7, 3))]),
    ),
    Row(
        lambda: nn.SpatialLPPooling(3, 2, 3, 2, 2, 1),
        matrix(2, 3, 4, 5),
        single=first,
        bad=(np.ones(5), np.ones((4, 4))),
        names="SpatialAveragePooling",
        torch=judge("lp_pool2d", 2, (2, 3), (1, 2)),
    ),
    Row(
        lambda: nn.SpatialLPPooling(3, 3, 2, 2),
        positive(2, 3, 4, 4),
        single=first,
        torch=judge("lp_pool2d", 3, (2, 2)),
    ),
    Row(lambda: nn.FeatureLPPooling(3, 2, 2), matrix(7, 3, 2), bad=(np.ones(2), np.ones((4, 1, 1, 1)), [np.ones(3)])),
    Row(lambda: nn.FeatureLPPooling(2, 1, 2.5), positive(5)),
    Row(
        lambda: nn.FeatureLPPooling(2, 1, 4, True),
        matrix(2, 5, 3, 2),
        bad=(np.ones(5), np.ones((4, 1))),
    ),
]
