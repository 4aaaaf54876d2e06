"""Arithmetic, reductions, learnt offsets and factors: what a row of the table cannot say."""

import numpy as np
import pytest

import pygraph_nn as nn


def test_a_constants_array_follows_the_networks_type():
    vector = np.array([1.0, 2.0])
    for module in (nn.AddConstant(vector), nn.Constant(vector), nn.AddConstant(np.float64(3)), nn.MulConstant(np.pi)):
        output = module.float().forward(np.ones((3, 2), "float32"))
        assert output.dtype == np.float32
        output += 1
    assert vector.tolist() == [1, 2]
    assert (repr(nn.AddConstant(2.5)), repr(nn.Constant(2))) == ("nn.AddConstant(2.5)", "nn.Constant(2.0)")


def test_what_is_no_number_is_refused():
    for build in (nn.AddConstant, nn.MulConstant, nn.Power, nn.Constant, nn.Sqrt):
        with pytest.raises(nn.TensorTypeError, match="must be a number"):
            build("1")
    with pytest.raises(nn.TensorTypeError, match="array of numbers"):
        nn.Constant(np.array(["1"]))


def test_a_constant_is_handed_out_as_a_copy():
    module = nn.Constant(3.5)
    module.forward(np.ones(2))[0] = 0
    assert module.forward(np.ones(2)).tolist() == [3.5]
    assert module.backward(np.ones(2), np.ones(1)).tolist() == [0, 0]


def test_the_first_of_several_extremes_gets_the_gradient():
    x = np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]])
    for module, expected in ((nn.Max(2), [[0, 5, 0], [7, 0, 0]]), (nn.Min(2), [[5, 0, 0], [7, 0, 0]])):
        module.forward(x)
        assert module.backward(x, np.array([5.0, 7.0])).tolist() == expected


def test_a_vector_is_reduced_to_a_vector_of_one():
    x = np.array([1.0, 2.0, 6.0])
    outputs = [module.forward(x).tolist() for module in (nn.Sum(), nn.Mean(), nn.Max(), nn.Min())]
    assert outputs == [[9], [3], [6], [1]]


def test_a_dimension_that_is_not_there_is_refused():
    for build in (nn.Sum, nn.Mean, nn.Max, nn.Min):
        with pytest.raises(nn.RangeError, match="counted from 1"):
            build(0)
        with pytest.raises(nn.RangeError, match="dimension 3 is out of range for an input of 2 dimensions"):
            build(3).forward(np.ones((2, 2)))


def test_parameters_repeat_along_rows_and_dimensions_of_one():
    module = nn.CAdd(2)
    module.bias[...] = [1, 2]
    assert module.forward(np.zeros(2)).tolist() == [1, 2]
    assert module.forward(np.zeros((2, 1))).tolist() == [[1], [2]]
    assert module.forward(np.zeros((2, 2))).tolist() == [[1, 2], [1, 2]]
    module = nn.CMul(2, 1)
    module.weight[...] = [[1], [2]]
    assert module.forward(np.ones((2, 2))).tolist() == [[1, 1], [2, 2]]
    assert module.forward(np.ones((3, 2, 1))).tolist() == [[[1], [2]]] * 3


def test_a_parameter_that_does_not_fit_is_told_both_sizes():
    with pytest.raises(nn.ShapeError, match=r"nn\.CMul\(2, 3\) expects .* 6 numbers \(2x3\) .* got float64 4"):
        nn.CMul(2, 3).forward(np.ones(4))
    with pytest.raises(nn.RangeError, match="nn.CAdd needs at least one size"):
        nn.CAdd()
    with pytest.raises(nn.RangeError, match="inputSize"):
        nn.Add(0)


def test_what_is_said_of_rows_follows_the_arguments():
    assert nn.CMul(3).row_wise
    assert nn.CMul(1, 3).row_wise
    assert not nn.CMul(2, 3).row_wise
    assert nn.Sum(2).row_wise
    assert not nn.Sum(-1).row_wise


def test_reset_takes_a_standard_deviation():
    for module in (nn.Add(2000), nn.CAdd(40, 50), nn.CMul(2000)):
        assert module.reset(0.5) is module
        assert abs(np.std(module.parameters()[0][0]) - 0.5) < 0.05
