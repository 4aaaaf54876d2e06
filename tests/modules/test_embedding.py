"""LookupTable's options, and the sparse linear layers against the dense one."""

import numpy as np
import pytest

import pygraph_nn as nn

GRADIENT = np.arange(1.0, 13).reshape(2, 3, 2)
INDICES = np.array([[2, 4, 2], [1, 2, 4]])


def table(**options):
    nn.manualSeed(1)
    return nn.LookupTable(5, 2, **options)


def gradient(module, scale=1):
    module.forward(INDICES)
    module.backward(INDICES, GRADIENT, scale)
    return module.gradWeight


def by_hand(scale=lambda index: 1.0):
    expected = np.zeros((5, 2))
    for index, row in zip(INDICES.ravel(), GRADIENT.reshape(-1, 2)):
        expected[index - 1] += scale(index) * row
    return expected


def test_each_index_adds_its_gradient():
    assert np.allclose(gradient(table(), 0.5), by_hand(lambda index: 0.5))


def test_the_padding_value_gets_no_gradient():
    assert np.allclose(gradient(table(paddingValue=2)), by_hand(lambda index: index != 2))
    assert np.allclose(gradient(table().setPadding(4)), by_hand(lambda index: index != 4))


def test_the_gradient_is_scaled_by_frequency():
    often = {1: 1, 2: 3, 4: 2}
    assert np.allclose(gradient(table().scaleGradByFreq()), by_hand(lambda index: 1 / often[index]))


@pytest.mark.parametrize("p", [None, 1, 2, 3, 0.5, np.inf])
def test_long_rows_are_shortened_when_they_are_looked_up(p):
    module = table(maxNorm=0.5, normType=p)
    module.weight[...] = [[3, 4], [0.1, 0.1], [3, 4], [-3, 4], [0, 0]]
    before = module.weight.copy()
    module.forward(np.array([1, 2, 1, 4]))
    norms = np.linalg.norm(module.weight, p or 2, axis=1)
    assert np.allclose(norms[[0, 3]], 0.5) and np.array_equal(module.weight[[1, 2, 4]], before[[1, 2, 4]])
    assert module.setMaxNorm(None).setNormType(2).row_wise


def test_indices_may_be_whole_floating_numbers():
    module = table()
    assert np.array_equal(module.forward(INDICES.astype(float)), module.forward(INDICES))
    assert np.array_equal(module.updateGradInput(INDICES, GRADIENT), np.zeros_like(INDICES))


def test_updating_at_once_equals_two_steps():
    module, twin = table(), table().accUpdateOnly()
    gradient(module)
    module.updateParameters(0.1)
    twin.forward(INDICES)
    twin.accUpdateGradParameters(INDICES, GRADIENT, 0.1)
    assert np.allclose(module.weight, twin.weight) and twin.parameters() == ([], [])
    with pytest.raises(nn.StateError, match="accUpdateOnly.*backwardUpdate"):
        twin.backward(INDICES, GRADIENT)
    twin.backwardUpdate(INDICES, GRADIENT, -0.1)
    assert np.allclose(twin.weight, table().weight)


def test_a_norm_that_is_none_is_refused():
    for p in (0, np.nan):
        with pytest.raises(nn.RangeError, match="normType"):
            nn.LookupTable(5, 2, 0, 1, p)


def test_a_padding_that_is_no_index_is_refused():
    for wrong in ("1", 1.5, 6, -1):
        with pytest.raises(nn.RangeError, match=r"nn\.LookupTable: paddingValue is a whole number from 0 to 5"):
            table(paddingValue=wrong)
    assert table().setPadding(None).paddingValue == 0
