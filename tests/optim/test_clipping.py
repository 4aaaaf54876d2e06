"""Clipping bounds a gradient in place and reports how large it was."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pygraph_nn import optim
from pygraph_nn.errors import DivergenceError, RangeError, TensorTypeError

gradients = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=10).map(np.array)
bounds = st.floats(1e-3, 1e3)


@given(gradients, bounds)
def test_by_norm_keeps_the_direction(g, bound):
    before, norm = g.copy(), np.linalg.norm(g)
    assert optim.clip_by_norm(g, bound) == pytest.approx(norm)
    assert np.linalg.norm(g) <= bound * (1 + 1e-9)
    if norm <= bound:
        assert np.array_equal(g, before)
    else:
        np.testing.assert_allclose(g, before * (bound / norm))


@given(gradients, bounds)
def test_by_value_bounds_each_element(g, bound):
    before = g.copy()
    assert optim.clip_by_value(g, bound) == np.abs(before).max()
    assert np.array_equal(g, np.clip(before, -bound, bound))


def test_a_list_is_one_gradient():
    arrays = [np.array([3.0, 0.0]), np.array([[4.0]])]
    flat = np.array([3.0, 0.0, 4.0])
    assert optim.clip_by_norm(arrays, 1) == optim.clip_by_norm(flat, 1) == 5
    np.testing.assert_allclose(np.concatenate([a.reshape(-1) for a in arrays]), flat)
    assert optim.clip_by_value((np.array([-9.0]), np.zeros(0)), 1) == 9
    assert optim.clip_by_value([], 1) == optim.clip_by_norm([], 1) == 0


def test_float32_does_not_overflow():
    g = np.full(4, 1e30, dtype=np.float32)
    assert optim.clip_by_norm(g, 2) == pytest.approx(2e30, rel=1e-6)
    np.testing.assert_allclose(g, 1, rtol=1e-6)
    assert g.dtype == np.float32


def test_shared_memory_counts_and_is_scaled_once():
    shared, other = np.array([[0.0, 3.0]]), np.array([4.0])
    with np.errstate(all="raise"):
        assert optim.clip_by_norm([shared, other, shared, shared[:]], 1) == 5
    np.testing.assert_allclose(shared, [[0, 0.6]])
    np.testing.assert_allclose(other, [0.8])


def test_overlapping_views_are_scaled_once():
    g = np.array([3.0, 4.0])
    optim.clip_by_norm([g, g[::-1], g[:1]], 1)
    assert g[0] / g[1] == pytest.approx(0.75)
    assert np.linalg.norm(g) <= 1


@pytest.mark.parametrize("size", [1e-300, 1e-200, 1e200, 1e300])
def test_squares_beyond_doubles_do_not_matter(size):
    g = [np.array([3 * size, 0.0]), np.array([-4 * size])]
    with np.errstate(all="raise"):
        assert optim.clip_by_norm(g, size) == pytest.approx(5 * size)
    np.testing.assert_allclose(np.concatenate(g), np.array([0.6, 0, -0.8]) * size)


def test_a_norm_that_is_not_finite_is_reported_and_nothing_changes():
    g = np.array([1.0, np.nan, 3.0])
    with pytest.raises(DivergenceError, match="the gradient's norm is nan, .* g is unchanged"):
        optim.clip_by_norm(g, 1)
    np.testing.assert_array_equal(g, [1, np.nan, 3])


@pytest.mark.parametrize("clip", [optim.clip_by_norm, optim.clip_by_value])
def test_what_they_refuse(clip):
    for bound in ("5", None, np.ones(2), True):
        with pytest.raises(TensorTypeError, match="is a number above 0, not"):
            clip(np.ones(2), bound)
    for bound in (0, -1, float("nan")):
        with pytest.raises(RangeError, match="is a number above 0, not"):
            clip(np.ones(2), bound)
    for g in (3.0, [1.0, 2.0], np.array([1, 2]), np.broadcast_to(1.0, 2)):
        with pytest.raises(TensorTypeError, match="a writable array of floats, or a list of such"):
            clip(g, 1)
