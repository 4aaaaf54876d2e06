"""Rows of modules/normalization.py."""

import math

import numpy as np

import pygraph_nn as nn

from . import Row, matrix


def batch_norm(ours):
    """PyTorch's batch normalization, in the mode that ours is in."""
    import torch

    fields = [None if field is None else torch.tensor(field) for field in (ours.weight, ours.bias)]
    statistics = torch.zeros(ours.running_mean.size).double(), torch.ones(ours.running_mean.size).double()
    return lambda x: torch.nn.functional.batch_norm(x, *statistics, *fields, ours.train, ours.momentum, ours.eps)


def evaluating(make):
    """Build a module in evaluation mode, after a pass in training that has moved its statistics."""

    def build():
        module = make()
        module.forward(np.random.default_rng(5).standard_normal((8, module.running_mean.size)))
        return module.evaluate().clearState()

    return build


def normalize(ours):
    """PyTorch's normalize, whose eps is that of another rule and too small to show here."""
    import torch

    return lambda x: torch.nn.functional.normalize(x, ours.p, -1)


def layer_norm(ours):
    """PyTorch's layer_norm, whose eps is added to the mean of the squares, not their sum."""
    import torch

    return lambda x: torch.nn.functional.layer_norm(x, x.shape[-1:], eps=1e-10 / x.shape[-1])


ROWS = [
    Row(
        lambda: nn.BatchNormalization(4),
        matrix(5, 4),
        bad=(np.ones((5, 3)), np.ones(4), np.ones((5, 4, 1)), [np.ones((5, 4))]),
        evaluate_differs=True,
        torch=batch_norm,
    ),
    Row(lambda: nn.BatchNormalization(4, 1e-3, 0.3, False), matrix(5, 4), evaluate_differs=True, torch=batch_norm),
    Row(
        evaluating(lambda: nn.BatchNormalization(4)),
        matrix(5, 4),
        single=lambda input: input[0],
        bad=(np.ones((5, 3)), np.ones(3), np.ones((5, 4, 1))),
    ),
    Row(lambda: nn.BatchNormalization(4), matrix(1, 4), torch=lambda ours: batch_norm(ours.evaluate())),
    Row(
        lambda: nn.SpatialBatchNormalization(3),
        matrix(2, 3, 4, 5),
        bad=(np.ones((2, 4, 4, 5)), np.ones((3, 4, 5))),
        evaluate_differs=True,
        torch=batch_norm,
    ),
    Row(
        lambda: nn.VolumetricBatchNormalization(2),
        matrix(2, 2, 3, 2, 4),
        bad=(np.ones((2, 3, 3, 2, 4)), np.ones((2, 2, 3, 4))),
        evaluate_differs=True,
        torch=batch_norm,
    ),
    Row(
        lambda: nn.Normalize(2),
        matrix(3, 4),
        single=lambda input: input[0],
        bad=(np.ones((2, 3, 4)), [np.ones(2)]),
        torch=normalize,
    ),
    Row(lambda: nn.Normalize(1), matrix(3, 4), single=lambda input: input[0], torch=normalize),
    Row(lambda: nn.Normalize(4, 0.5), matrix(3, 4)),
    Row(lambda: nn.Normalize(3.5), matrix(3, 4), torch=normalize),
    Row(
        lambda: nn.Normalize(0.5, 1e-12),
        matrix(3, 4),
        smooth=lambda input: input + 0.3 * np.sign(input),  # at 0, a root has no slope
        torch=normalize,
    ),
    Row(lambda: nn.Normalize(math.inf), matrix(3, 4), single=lambda input: input[0], torch=normalize),
]
