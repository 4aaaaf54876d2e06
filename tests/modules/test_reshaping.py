"""Modules that rearrange: views stay views, and what the batch is."""

import numpy as np
import pytest

import pygraph_nn as nn

X = np.arange(24.0).reshape(2, 3, 4)


@pytest.mark.parametrize(
    "module",
    [
        nn.Reshape(12, 2),
        nn.View(12, 2),
        nn.Collapse(2),
        nn.Squeeze(),
        nn.Unsqueeze(1),
        nn.Transpose([1, 3]),
        nn.Replicate(3),
        nn.Contiguous(),
        nn.Select(2, 1),
        nn.Narrow(2, 2, 2),
        nn.Identity(),
        nn.GradientReversal(),
    ],
    ids=repr,
)
def test_views_stay_views(module):
    assert np.shares_memory(module.forward(X), X)


def test_integers_pass():
    for module in (nn.View(-1), nn.Select(1, 1), nn.Transpose([1, 2]), nn.Padding(1, 1), nn.Replicate(2)):
        assert module.forward(np.ones((2, 2), int)).dtype == int


def test_a_replica_cannot_be_written_into():
    output = nn.Replicate(2).forward(np.ones(3))
    with pytest.raises(ValueError, match="read-only"):
        output[0, 0] = 2


def test_reshape_takes_one_row_for_a_batch_unless_told_otherwise():
    assert nn.Reshape(3, 4).forward(np.ones((1, 12))).shape == (1, 3, 4)
    assert nn.Reshape(3, 4, False).forward(np.ones((1, 12))).shape == (3, 4)
    assert nn.Reshape(12).forward(np.ones((3, 4))).shape == (12,)
    assert nn.Reshape(4, True).forward(np.ones((3, 4))).shape == (3, 4)


def test_view_takes_what_is_left_over_for_a_batch():
    module = nn.View(4)
    assert module.forward(np.ones(4)).shape == (4,)
    assert module.forward(np.ones((1, 4))).shape == (4,)
    assert module.forward(np.ones((3, 4))).shape == (3, 4)
    assert module.setNumInputDims(1).forward(np.ones((1, 4))).shape == (1, 4)
    assert module.resetSize(2, -1).forward(np.ones((3, 4))).shape == (3, 2, 2)
    assert repr(module) == "nn.View(2, -1)"


@pytest.mark.parametrize("sizes", [(), (0,), (2, -2), (-1, -1), (1.5,)])
@pytest.mark.parametrize("build", [nn.View, nn.Reshape])
def test_sizes_are_whole_numbers_from_one(build, sizes):
    with pytest.raises(nn.RangeError, match=f"nn.{build.__name__}"):
        build(*sizes)


def test_an_input_of_another_size_is_told_both_sizes():
    with pytest.raises(nn.ShapeError, match=r"nn\.View\(5, 2\): an input of 24 numbers \(float64 2x3x4\) .* 5x2"):
        nn.View(5, 2).forward(X)
    with pytest.raises(nn.ShapeError, match=r"nn\.Reshape\(5x2\): an input of 24 numbers .* 2x5x2"):
        nn.Reshape(5, 2).forward(X)


def test_unsqueeze_takes_every_input_as_it_comes():
    module = nn.Unsqueeze(1)
    assert module.forward(np.ones(3)).shape == (1, 3)
    assert module.forward(np.ones((2, 3))).shape == (1, 2, 3)
    for place in (3, -4, 5):
        with pytest.raises(nn.RangeError, match="no such place"):
            nn.Unsqueeze(place).forward(np.ones(1))


@pytest.mark.parametrize(
    "make",
    [
        lambda dims: nn.View(-1).setNumInputDims(dims),
        lambda dims: nn.Transpose([1, 2]).setNumInputDims(dims),
        lambda dims: nn.Squeeze(1, dims),
        lambda dims: nn.Unsqueeze(1, dims),
        lambda dims: nn.Replicate(2, 1, dims),
        lambda dims: nn.Padding(1, 1, dims),
        lambda dims: nn.Constant(1, dims),
        lambda dims: nn.JoinTable(1, dims),
        lambda dims: nn.SplitTable(1, dims),
        lambda dims: nn.Max(1, dims),
    ],
)
def test_the_number_of_dimensions_that_are_no_batch_is_whole(make):
    for wrong in ("1", 1.5, True):
        with pytest.raises(nn.RangeError, match=r"nn\.\w+.* must be a whole number of dimensions"):
            make(wrong)
    assert isinstance(make(None), nn.Module)
    assert repr(make(np.int64(1))) == repr(make(1))


def test_an_input_of_too_few_dimensions_is_not_transposed():
    with pytest.raises(nn.ShapeError, match="at least its numInputDims, 4, got float64 2x3"):
        nn.Transpose([1, 3]).setNumInputDims(4).forward(np.ones((2, 3)))


def test_dimensions_are_counted_from_one():
    for build, arguments in ((nn.Select, (0, 1)), (nn.Select, (1, 0)), (nn.Squeeze, (0,)), (nn.Transpose, ([0, 1],))):
        with pytest.raises(nn.RangeError, match="counted from 1"):
            build(*arguments)
    with pytest.raises(nn.RangeError, match="pairs"):
        nn.Transpose(1, 2)
    with pytest.raises(nn.RangeError, match="index 5 is out of range, dimension 2 has 3"):
        nn.Select(2, 5).forward(X)


def test_padding_is_put_in_where_index_says():
    x = np.array([1.0, 2.0, 3.0])
    outputs = {
        (-2, 1): [0, 0, 1, 2, 3],
        (-2, 2): [1, 0, 0, 2, 3],
        (-1, 4): [1, 2, 3, 0],
        (2, 1): [1, 2, 3, 0, 0],
        (2, 3): [1, 0, 0, 2, 3],
        (1, 4): [0, 1, 2, 3],
        (0, 1): [1, 2, 3],
    }
    for (pad, index), expected in outputs.items():
        assert nn.Padding(1, pad, 1, 0, index).forward(x).tolist() == expected


def test_a_single_class_becomes_a_vector():
    module = nn.OneHot(3)
    assert module.forward(2).tolist() == [0, 1, 0]
    assert module.backward(2, np.ones(3)) == 0
    assert module.float().forward(2).dtype == np.float32
    for wrong in (4, 4.0, 0):
        with pytest.raises(nn.RangeError, match="must lie between 1 and 3, got"):
            module.forward(wrong)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 1.5])
def test_what_is_no_class_is_refused(wrong):
    for input in (np.array([1.0, wrong]), float(wrong)):
        with pytest.raises(nn.RangeError, match=r"nn\.OneHot\(3\): each index must be a whole number from 1 to 3, got"):
            nn.OneHot(3).forward(input)
    for input in (1e300, -1e300):
        with pytest.raises(nn.RangeError, match="must lie between 1 and 3"):
            nn.OneHot(3).forward(np.array([input]))
    with pytest.raises(nn.TensorTypeError, match="array of whole numbers, got \\[float64 2, \\[float64 3"):
        nn.OneHot(3).updateOutput([np.ones(2), [np.ones(3)]])


def test_the_gradient_has_the_outputs_shape():
    module = nn.View(6, 4)
    module.forward(X)
    with pytest.raises(nn.ShapeError, match=r"put out 6x4, .* got float64 4x6"):
        module.backward(X, np.ones((4, 6)))
