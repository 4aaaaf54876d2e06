"""Rows of modules/resampling.py."""

import numpy as np

import pygraph_nn as nn

from . import Row, matrix


def judge(**settings):
    """torch.nn.functional.interpolate, its places in float64 where ours are rounded to float32."""

    def build(module):
        import torch

        return lambda x: torch.nn.functional.interpolate(x, **settings)

    return build


def shuffle(module):
    import torch

    return lambda x: torch.nn.functional.pixel_shuffle(x, module.upscaleFactor)


def first(batch):
    """The batch's first input, without the batch dimension."""
    return batch[0]


RANKS = (np.ones(5), np.ones((4, 4)), np.ones((1, 2, 3, 4, 4, 4)), [np.ones((2, 4, 4))])

ROWS = [
    Row(
        lambda: nn.SpatialUpSamplingNearest(3),
        matrix(2, 3, 2, 4),
        single=first,
        bad=RANKS,
        torch=judge(scale_factor=3, mode="nearest"),
    ),
    Row(
        lambda: nn.SpatialUpSamplingBilinear(2),
        matrix(2, 3, 2, 3),
        single=first,
        bad=RANKS,
    ),
    # From 3 and 5 points to 5 and 9 the places are multiples of a half, so that rounding does not matter.
    Row(
        lambda: nn.SpatialUpSamplingBilinear({"oheight": 5, "owidth": 9}),
        matrix(2, 3, 3, 5),
        single=first,
        torch=judge(size=(5, 9), mode="bilinear", align_corners=True),
    ),
    Row(
        lambda: nn.SpatialUpSamplingBilinear({"oheight": 1, "owidth": 3}),
        matrix(2, 3, 3, 5),
        torch=judge(size=(1, 3), mode="bilinear", align_corners=True),
    ),
    Row(lambda: nn.UpSampling(2), matrix(2, 3, 2, 4), bad=RANKS, torch=judge(scale_factor=2, mode="nearest")),
    Row(lambda: nn.UpSampling(2, "nearest"), matrix(2, 3, 2, 4, 3), torch=judge(scale_factor=2, mode="nearest")),
    Row(lambda: nn.UpSampling(3, "bilinear"), matrix(2, 1, 2, 3)),
    Row(
        lambda: nn.UpSampling({"odepth": 3, "oheight": 5, "owidth": 2}, "trilinear"),
        matrix(2, 2, 2, 3, 2),
        torch=judge(size=(3, 5, 2), mode="trilinear", align_corners=True),
    ),
    Row(
        lambda: nn.UpSampling({"oheight": 5, "owidth": 5}, "linear"),
        matrix(2, 2, 3, 3),
        bad=(np.ones((2, 2, 3, 3, 3)),),
    ),
    Row(
        lambda: nn.PixelShuffle(2),
        matrix(2, 8, 2, 3),
        single=first,
        bad=(*RANKS, np.ones((6, 2, 2))),
        torch=shuffle,
    ),
]
