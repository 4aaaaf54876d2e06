"""The sparse linear layers against the dense one, and what is theirs alone."""

import numpy as np
import pytest

import pygraph_nn as nn
from pygraph_nn import rng
from pygraph_nn.nesting import compare

KEYS = [np.array([1, 4]), np.array([2]), np.array([4, 4, 3])]
VALUES = [np.array([0.5, -1.0]), np.array([2.0]), np.array([1.0, 2.0, 3.0])]
DENSE = np.array([[0.5, 0, 0, -1, 0], [0, 2, 0, 0, 0], [0, 0, 3, 3, 0]])
GRADIENT = np.arange(1.0, 7).reshape(3, 2)


def linear():
    nn.manualSeed(1)
    module = nn.Linear(5, 2)
    module.zeroGradParameters()
    output = module.forward(DENSE)
    return module, output, module.backward(DENSE, GRADIENT, 0.5)


def pairs():
    return [np.stack(row, 1) for row in zip(KEYS, VALUES)]


def padded():
    """The batch as one array; elements of value 0 fill it up."""
    rows = np.zeros((3, 3, 2))
    for row, entries in zip(rows, pairs()):
        row[: len(entries)] = entries
    return rows


@pytest.mark.parametrize("input", [pairs(), padded()], ids=["table", "array"])
def test_sparse_linear_is_linear(input):
    dense, output, gradInput = linear()
    module = nn.SparseLinear(5, 2, True)
    module.weight, module.bias = dense.weight, dense.bias
    assert compare(module.forward(input), output, rtol=1e-12)
    gradients = module.backward(input, GRADIENT, 0.5)
    assert compare(module.gradWeight, dense.gradWeight, rtol=1e-12)
    assert compare(module.gradBias, dense.gradBias, rtol=1e-12)
    assert all(np.array_equal(gradient[:, 0], [1, 2, 3, 4, 5]) for gradient in gradients)
    assert compare([gradient[:, 1] for gradient in gradients], list(gradInput), rtol=1e-12)
    single = module.forward(input[0])
    assert compare(single, output[0], rtol=1e-12)
    assert module.backward(input[0], GRADIENT[0]).shape == (5, 2)


def test_sparse_linear_draws_as_torch7_and_decays():
    nn.manualSeed(1)
    module = nn.SparseLinear(4, 2)
    nn.manualSeed(1)
    assert np.array_equal(module.weight, rng.uniform(-0.5, 0.5, size=(2, 4)))
    assert np.array_equal(module.bias, rng.uniform(-0.5, 0.5, size=2) * 1e-6)
    module.weightDecay = 0.1
    input = np.array([[2.0, 0.0]])
    module.forward(input)
    assert np.array_equal(module.backward(input, np.ones(2)), np.zeros((1, 2)))
    assert np.allclose(module.gradWeight, 0.1 * module.weight)


@pytest.mark.parametrize(
    "input",
    [[KEYS, VALUES], [np.concatenate(KEYS), np.concatenate(VALUES), np.array([2, 1, 3])]],
    ids=["table", "flat"],
)
def test_index_linear_is_linear(input):
    dense, output, gradInput = linear()
    module = nn.IndexLinear(5, 2, True, None, dense.weight.T.copy(), dense.bias)
    assert compare(module.forward(input), output, rtol=1e-12)
    keys, gradients = module.backward(input, GRADIENT, 0.5)
    assert compare(module.gradWeight, dense.gradWeight.T, rtol=1e-12)
    assert compare(module.gradBias, dense.gradBias, rtol=1e-12)
    assert compare(list(gradients), list(gradInput), rtol=1e-12) and keys[1].tolist() == [1, 2, 3, 4, 5]


def test_index_linear_takes_one_row_and_keys_from_zero():
    module = nn.IndexLinear(5, 2, True, 1).reset()
    input = [KEYS[0] - 1, VALUES[0]]
    assert compare(module.forward(input), module.weight.T @ DENSE[0] + module.bias, rtol=1e-12)
    keys, gradient = module.backward(input, GRADIENT[0])
    assert keys.tolist() == [0, 1, 2, 3, 4] and np.allclose(gradient, module.weight @ GRADIENT[0])


def test_keys_of_few_bits_do_not_overflow():
    module = nn.IndexLinear(300, 1, False, 1).reset()
    for dtype in ("uint8", "int16", "float64"):
        keys = np.array([255, 0]).astype(dtype)
        output = module.forward([keys, np.ones(2)])
        np.testing.assert_allclose(output, module.weight[255] + module.weight[0] + module.bias)


def test_index_linear_says_what_it_is_built_with():
    for sizes in ((-1, 2), (2, 1.5)):
        with pytest.raises(nn.RangeError, match="putSize must be a whole number from 1"):
            nn.IndexLinear(*sizes)
    with pytest.raises(nn.RangeError, match="keysOffset is a whole number"):
        nn.IndexLinear(3, 1, False, "a")
    for weight, bias in (([[1.0]], None), (np.ones((1, 1), "float32"), None), (None, [1.0])):
        with pytest.raises(nn.TensorTypeError, match="arrays of float64, got"):
            nn.IndexLinear(1, 1, False, None, weight, bias)
    for weight, bias in ((np.ones(1), None), (np.ones((1, 2)), None), (None, np.ones(2))):
        with pytest.raises(nn.ShapeError, match="weight must be a matrix, with a column for each bias"):
            nn.IndexLinear(1, 1, False, None, weight, bias)
    with pytest.raises(nn.ShapeError, match="from 0 that add to 2"):
        nn.IndexLinear(3, 1).forward([np.array([1, 2]), np.ones(2), np.array([3, -1])])


def test_a_feature_met_many_times_is_normalised_element_by_element():
    generator = np.random.default_rng(0)
    keys, values = generator.integers(1, 4, 40), generator.standard_normal(40) * (generator.random(40) > 0.2)
    module = nn.IndexLinear(4, 1, normalize=True)
    module.weight[:, 3:] = generator.standard_normal((4, 2))
    largest, expected = np.zeros(5), 0.0
    for key, value in zip(keys, values):
        largest[key] = max(largest[key], abs(value))
        scaled = value / largest[key] if largest[key] else 0.0
        expected += (scaled + module.weight[key - 1, 3]) * module.weight[key - 1, 4]
    np.testing.assert_allclose(module.forward([keys, values]), [expected])
    np.testing.assert_array_equal(module.weight[:, 0], largest[1:])
    np.testing.assert_allclose(module.weight[:3, 1] * module.weight[:3, 0], 1)
    assert module.weight[:, 2].tolist() == [1, 1, 1, 0]
    values[keys == 1] = np.nan
    module.forward([keys, values])
    np.testing.assert_array_equal(module.weight[:, 0], largest[1:])


def test_index_linear_decays_the_rows_it_met():
    module = nn.IndexLinear(5, 2).reset()
    module.weightDecay = 0.5
    before, input = module.weight.copy(), [KEYS, VALUES]
    module.forward(input)
    module.backward(input, np.zeros((3, 2)))
    module.updateParameters(0.1)
    assert np.allclose(module.weight, before * np.array([0.5, 0.5, 0.5, 0.125, 1])[:, None])
    module.zeroGradParameters()
    after = module.weight.copy()
    module.updateParameters(0.1)
    assert np.array_equal(module.weight, after)


def test_index_linear_normalises_by_the_largest_value_so_far():
    module = nn.IndexLinear(5, 1, False, None, None, None, True)
    module.weight[:, 4] = 1
    input = [[np.array([1, 2]), np.array([1, 1])], [np.array([1.0, -4]), np.array([2.0, -1])]]
    assert module.forward(input).ravel().tolist() == [0.0, 0.5]
    assert module.weight[0, :3].tolist() == [2, 0.5, 1] and module.weight[1, :3].tolist() == [4, 0.25, 1]
    assert module.evaluate().forward(input).ravel().tolist() == [-0.5, 0.5]
    assert module.forward([np.array([1, 3]), np.array([-9.0, 5])]).tolist() == [0.0]
    assert module.weight[0, 0] == 2 and module.weight[2, 0] == 0


def test_index_linear_learns_a_bias_of_each_feature():
    module = nn.IndexLinear(5, 2, False, None, None, None, True).reset()
    module.weight[:, :3] = [10, 0.1, 1]
    input, step = [KEYS, VALUES], 1e-6
    module.forward(input)
    module.backward(input, GRADIENT)
    for row, column in [(3, 3), (3, 5), (0, 3), (1, 4), (4, 3)]:
        module.weight[row, column] += step
        above = (module.forward(input) * GRADIENT).sum()
        module.weight[row, column] -= 2 * step
        below = (module.forward(input) * GRADIENT).sum()
        module.weight[row, column] += step
        assert abs((above - below) / (2 * step) - module.gradWeight[row, column]) < 1e-6
    assert (module.gradWeight[:, :3] == 0).all()


def test_index_linear_has_no_gradient_by_normalised_inputs():
    module = nn.IndexLinear(5, 2, True, normalize=True)
    module.forward([KEYS, VALUES])
    with pytest.raises(nn.StateError, match="normalize"):
        module.backward([KEYS, VALUES], GRADIENT)
