"""Rows of modules/distances.py."""

import numpy as np

import pygraph_nn as nn

from . import Row, matrix, table

BAD_PAIRS = (np.ones(3), [np.ones(3)], [np.ones(3), np.ones(2)], [np.ones((2, 2, 2))] * 2)
BAD_ROWS = (np.ones((2, 4)), np.ones((2, 3, 3)), [np.ones(3)])


def pair(make, **more):
    """A row of a module that compares the rows of two matrices."""
    return Row(
        make,
        table(matrix(2, 3), matrix(2, 3)),
        single=lambda entries: [entry[0] for entry in entries],
        expect_single=lambda output: output[:1],
        bad=BAD_PAIRS,
        **more,
    )


def far_apart(entries):
    """The pair with ten times the distance, beside which the 1e-6 in the gradient's denominator does not count."""
    return [10 * entry for entry in entries]


def rows(make, **more):
    """A row of a module that compares the rows of a matrix with its weight."""
    return Row(make, matrix(5, 3), single=lambda x: x[0], bad=BAD_ROWS, **more)


def cosine_by_torch(entries):
    """The cosine as PyTorch computes it."""
    from torch.nn import functional

    return functional.cosine_similarity(*entries, eps=1e-12)


ROWS = [
    pair(nn.DotProduct),
    pair(nn.CosineDistance, torch=lambda module: cosine_by_torch),
    pair(nn.PairwiseDistance, smooth=far_apart),
    pair(lambda: nn.PairwiseDistance(1)),
    pair(lambda: nn.PairwiseDistance(1.5), smooth=far_apart),
    pair(lambda: nn.PairwiseDistance(3), smooth=far_apart),
    rows(lambda: nn.Euclidean(3, 4)),
    rows(lambda: nn.WeightedEuclidean(3, 4)),
    rows(lambda: nn.Cosine(3, 4), scales=False),
]
