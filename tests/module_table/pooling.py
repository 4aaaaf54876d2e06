"""Rows of modules/pooling.py, unpooling.py and subsampling.py."""

import numpy as np

import pygraph_nn as nn

from . import Row, matrix


def judge(name, *arguments, **settings):
    """torch.nn.functional's pooling of that name."""

    def build(module):
        import torch

        return lambda x: getattr(torch.nn.functional, name)(x, *arguments, **settings)

    return build


def judge_frames(module):
    """Max pooling over time of frames that are rows."""
    import torch

    return lambda x: torch.nn.functional.max_pool1d(x.swapaxes(1, 2), module.kW, module.dW).swapaxes(1, 2)


def first(batch):
    """The batch's first input, without the batch dimension."""
    return batch[0]


def unpooling(kind, pooling, shape):
    """An unpooling module whose pooling module has run on an input of that shape."""
    pooling.forward(np.random.default_rng(5).standard_normal(shape))
    return kind(pooling)


FLAT = (np.ones(5), np.ones((4, 4)), np.ones((2, 1, 1)), [np.ones((2, 4, 4))])
DEEP = (np.ones((4, 4)), np.ones((1, 4, 4)), np.ones((2, 1, 1, 1)))
FRAMES = (np.ones(5), np.ones((1, 3)), np.ones((1, 1, 4, 3)))

ROWS = [
    Row(
        lambda: nn.SpatialMaxPooling(3, 2, 2, 1, 1, 1),
        matrix(2, 3, 5, 6),
        single=first,
        bad=FLAT[:2],
        torch=judge("max_pool2d", (2, 3), (1, 2), (1, 1)),
    ),
    Row(
        lambda: nn.SpatialMaxPooling(3, 2, 2, 2).ceil(),
        matrix(2, 3, 5, 6),
        single=first,
        torch=judge("max_pool2d", (2, 3), (2, 2), ceil_mode=True),
    ),
    Row(
        lambda: nn.SpatialDilatedMaxPooling(2, 2, 1, 2, 1, 1, 3, 2),
        matrix(2, 3, 5, 6),
        single=first,
        bad=FLAT,
        torch=judge("max_pool2d", (2, 2), (2, 1), (1, 1), (2, 3)),
    ),
    Row(
        lambda: nn.SpatialAveragePooling(3, 2, 2, 1, 1, 1),
        matrix(2, 3, 5, 6),
        single=first,
        bad=FLAT[:2],
        torch=judge("avg_pool2d", (2, 3), (1, 2), (1, 1)),
    ),
    Row(
        lambda: nn.SpatialAveragePooling(3, 2, 2, 2, 1, 1).ceil().setCountExcludePad(),
        matrix(2, 3, 5, 7),
        single=first,
        torch=judge("avg_pool2d", (2, 3), (2, 2), (1, 1), True, False),
    ),
    Row(
        lambda: nn.SpatialAveragePooling(4, 3, 3, 2, 2, 1).ceil().setCountExcludePad().setCountIncludePad(),
        matrix(2, 3, 6, 7),
        torch=judge("avg_pool2d", (3, 4), (2, 3), (1, 2), True, True),
    ),
    Row(lambda: nn.TemporalMaxPooling(3, 2), matrix(2, 8, 3), single=first, bad=FRAMES, torch=judge_frames),
    Row(
        lambda: nn.VolumetricMaxPooling(2, 3, 2, 2, 1, 1, 1, 1, 0),
        matrix(2, 2, 4, 3, 5),
        single=first,
        bad=DEEP[:2],
        torch=judge("max_pool3d", (2, 2, 3), (2, 1, 1), (1, 0, 1)),
    ),
    Row(
        lambda: nn.VolumetricDilatedMaxPooling(2, 2, 1, 1, 1, 2, 0, 1, 0, 2, 3, 1).ceil(),
        matrix(2, 2, 4, 3, 5),
        single=first,
        bad=DEEP,
        torch=judge("max_pool3d", (2, 1, 2), (1, 2, 1), (0, 0, 1), (2, 1, 3), True),
    ),
    Row(
        lambda: nn.VolumetricAveragePooling(2, 3, 1, 1, 2, 1),
        matrix(2, 2, 4, 3, 5),
        single=first,
        bad=DEEP[:2],
        torch=judge("avg_pool3d", (2, 1, 3), (1, 1, 2)),
    ),
    Row(
        lambda: unpooling(nn.SpatialMaxUnpooling, nn.SpatialMaxPooling(2, 3), (2, 2, 6, 5)),
        matrix(2, 2, 2, 2),
        bad=(np.ones((2, 2)), np.ones((2, 2, 2, 3)), [np.ones((2, 2, 2, 2))]),
    ),
    Row(
        lambda: unpooling(nn.VolumetricMaxUnpooling, nn.VolumetricMaxPooling(2, 2, 1), (2, 2, 4, 3, 4)),
        matrix(2, 2, 2, 3, 2),
        bad=(np.ones((2, 2)), np.ones((2, 2, 2, 2, 3))),
    ),
    Row(
        lambda: nn.SpatialSubSampling(2, 3, 2, 2, 1),
        matrix(2, 2, 4, 5),
        single=first,
        bad=(*FLAT, np.ones((2, 3, 4, 4))),
    ),
    Row(
        lambda: nn.TemporalSubSampling(3, 2, 2),
        matrix(2, 7, 3),
        single=first,
        bad=(*FRAMES, np.ones((7, 4))),
    ),
]
