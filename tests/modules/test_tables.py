"""Arithmetic of tables: what a row of the module table cannot say."""

import numpy as np
import pytest

import pygraph_nn as nn
from pygraph_nn.testing import check_gradients


@pytest.mark.parametrize("entries", [1, 2, 3, 7])
def test_a_product_of_any_number_of_factors_has_its_gradients(entries):
    input = list(np.random.default_rng(0).standard_normal((entries, 2, 3)))
    assert check_gradients(nn.CMulTable(), input) < 1e-8
    input[0][0, 0] = input[-1][0, 1] = 0
    assert check_gradients(nn.CMulTable(), input) < 1e-8


@pytest.mark.parametrize("module", [nn.CMaxTable(), nn.CMinTable()], ids=repr)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_an_extreme_of_what_is_no_number_is_none(module, place):
    input = [np.zeros(2), np.zeros(2), np.zeros(2)]
    input[place][0] = np.nan
    np.testing.assert_array_equal(module.forward(input), [np.nan, 0])
    expected = np.zeros((3, 2))
    expected[place, 0] = expected[0, 1] = 1
    np.testing.assert_array_equal(module.backward(input, np.ones(2)), expected)


def test_arrays_of_two_types_are_not_joined_to_a_third():
    for other in (np.ones(1, int), np.ones(1, bool)):
        with pytest.raises(nn.TensorTypeError, match=r"nn\.JoinTable\(1\) joins arrays of one type, got \[float32 1, "):
            nn.JoinTable(1).float().forward([np.ones(1, "float32"), other])
    assert nn.JoinTable(1).forward([np.ones(1, int)] * 2).dtype == int
