"""Rows of modules/sparse_linear.py."""

import numpy as np

import pygraph_nn as nn

from . import Row

WHY = "indices stand in the input, and the gradient by it is zero or dense; test_sparse_linear.py compares with Linear"
KEYS = [np.array([1, 4]), np.array([2]), np.array([4, 4, 3])]
SIZES = [len(keys) for keys in KEYS]


def drawn(module):
    """The module with a weight that is not zero and, where it normalises, has met larger values before."""
    module.reset()
    if module.normalize:
        module.weight[:, :3] = [10, 0.1, 1]
    return module


def elements(generator):
    """A batch of matrices of indices and values; the indices stay whole when the harness scales them by 1.25."""
    return [np.stack([4 * keys, generator.standard_normal(len(keys))], 1) for keys in KEYS]


def of_one_length(generator):
    """A batch as one array."""
    return np.stack([4 * generator.integers(1, 5, (2, 3)), generator.standard_normal((2, 3))], -1)


def keyed(generator):
    """A batch of keys and values."""
    return [KEYS, [generator.standard_normal(size) for size in SIZES]]


def flat(generator):
    """A batch of keys and values after each other."""
    return [np.concatenate(KEYS), generator.standard_normal(sum(SIZES)), np.array(SIZES)]


ROWS = [
    Row(
        lambda: nn.SparseLinear(20, 3),
        elements,
        bad=(np.ones(3), np.ones((2, 3)), [], [np.ones(2)], np.array([[21, 1.0]]), np.array([[1.5, 1.0]]), None),
        differences=False,
        why=WHY,
    ),
    Row(lambda: nn.SparseLinear(20, 3), of_one_length, single=lambda x: x[0], differences=False, why=WHY),
    Row(
        lambda: drawn(nn.IndexLinear(4, 3)),
        keyed,
        single=lambda pair: [pair[0][0], pair[1][0]],
        bad=(
            np.ones(3),
            [np.ones(3)],
            [np.array([5]), np.ones(1)],
            [np.array([0]), np.ones(1)],
            [np.array([1]), np.ones(2)],
            [np.array([1]), np.array([1])],
            [[np.array([1])], []],
            [np.array([1]), np.ones(1), np.array([2])],
            [np.array([1]), [[np.ones(1)]]],
        ),
        differences=False,
        why=WHY,
    ),
    Row(lambda: drawn(nn.IndexLinear(4, 3)), flat, differences=False, why=WHY),
    Row(lambda: drawn(nn.IndexLinear(4, 1, normalize=True)), keyed, differences=False, why=WHY),
]
