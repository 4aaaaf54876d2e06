"""Rows of modules/softmax.py."""

import numpy as np

import pygraph_nn as nn

from . import Row, matrix
from .activations import functional

bad = (np.array(1.0), np.ones((1, 2, 3, 4, 5)), [np.ones(2), np.ones(2)])


def huge(generator):
    """Scores that overflow exp."""
    return 1e4 * generator.standard_normal((3, 4))


ROWS = [
    Row(lambda: nn.SoftMax(), matrix(3, 4), single=lambda x: x[0], bad=bad, torch=functional("softmax", 1)),
    Row(lambda: nn.SoftMax(), matrix(4), torch=functional("softmax", 0)),
    Row(lambda: nn.SoftMax(), matrix(2, 3, 2, 4), single=lambda x: x[0], torch=functional("softmax", 1)),
    Row(lambda: nn.SoftMax(), huge, torch=functional("softmax", 1)),
    Row(lambda: nn.LogSoftMax(), matrix(3, 4), single=lambda x: x[0], bad=bad, torch=functional("log_softmax", 1)),
    Row(lambda: nn.LogSoftMax(), matrix(4), torch=functional("log_softmax", 0)),
    Row(lambda: nn.LogSoftMax(), huge, torch=functional("log_softmax", 1), step=1e-3),
    Row(lambda: nn.SoftMin(), matrix(3, 4), single=lambda x: x[0], bad=bad, torch=functional("softmin", 1)),
    Row(
        lambda: nn.SpatialSoftMax(),
        matrix(2, 3, 2, 4),
        single=lambda x: x[0],
        bad=bad,
        torch=functional("softmax", 1),
    ),
    Row(
        lambda: nn.SpatialLogSoftMax(),
        matrix(2, 3, 2, 4),
        single=lambda x: x[0],
        bad=bad,
        torch=functional("log_softmax", 1),
    ),
]
