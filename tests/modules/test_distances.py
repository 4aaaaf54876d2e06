"""Distances at their edges: equal vectors, and powers that make no distance."""

import numpy as np
import pytest

import pygraph_nn as nn


@pytest.mark.parametrize("make", [nn.PairwiseDistance, lambda: nn.PairwiseDistance(3), nn.CosineDistance])
def test_equal_rows_have_finite_gradients(make):
    module, pair = make(), [np.zeros((2, 3)), np.zeros((2, 3))]
    assert np.array_equal(module.forward(pair), [0, 0])
    assert all(np.array_equal(gradient, np.zeros((2, 3))) for gradient in module.backward(pair, np.ones(2)))


def test_the_gradient_of_an_absolute_value_at_zero_falls_by_chance():
    module, pair = nn.PairwiseDistance(1), [np.zeros((8, 4)), np.zeros((8, 4))]
    nn.manualSeed(1)
    module.forward(pair)
    first, second = module.backward(pair, np.ones(8))
    assert set(np.unique(first)) == {-1.0, 1.0} and np.array_equal(first, -second)


@pytest.mark.parametrize("make", [lambda: nn.Euclidean(2, 2), lambda: nn.WeightedEuclidean(2, 2)])
def test_a_vector_at_a_template_has_a_finite_gradient(make):
    module = make()
    input = module.weight[:, 0].copy()
    assert module.forward(input)[0] == 0
    assert np.isfinite(module.backward(input, np.ones(2))).all() and np.isfinite(module.gradWeight).all()


def test_a_weight_of_zero_has_a_gradient():
    module, x = nn.WeightedEuclidean(2, 1), np.array([[1.0, 2.0]])
    module.weight[...], module.diagCov[...] = [[0], [0]], [[0], [1]]
    assert module.forward(x) == 2
    module.zeroGradParameters()
    module.backward(x, np.ones((1, 1)))
    assert module.gradDiagCov[0] == 0 and np.isclose(module.gradDiagCov[1], 2)


def test_powers_that_make_no_distance_are_refused():
    for p in (0.5, np.inf, np.nan):
        with pytest.raises(nn.RangeError, match="p must be 1 or more, and finite"):
            nn.PairwiseDistance(p)
