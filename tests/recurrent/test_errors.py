"""What does not fit is refused with the rule, what came, and the place."""

import numpy as np
import pytest

import pygraph_nn as nn
from pygraph_nn.errors import GraphError, NodeError, RangeError, ShapeError, StateError, TensorTypeError
from pygraph_nn.nesting import compare

X, H, Y = np.zeros((5, 2, 3)), np.zeros((2, 4)), np.zeros((5, 2, 4))


@pytest.fixture
def layer():
    return nn.Unroll(nn.LSTM.create(3, 4))


@pytest.mark.parametrize(
    "input, error, message",
    [
        (np.zeros((0, 2, 3)), ShapeError, r"number of times \(T\) must be at least 1, got float64 0x2x3"),
        (np.zeros((5, 0, 3)), ShapeError, r"number of sequences \(B\) must be at least 1, got float64 5x0x3"),
        (np.zeros((5, 3)), ShapeError, r"sequence of batches \(T x B x width\), got float64 5x3"),
        ([[1.0]], TensorTypeError, r"takes an array \(T x B x ...\)"),
        ([], TensorTypeError, "takes an array"),
        (X.astype("float32"), TensorTypeError, "float32"),
        ([X, H], ShapeError, r"has 2 states, got 1: \[float64 2x4\]"),
        ([X, H, H, H], ShapeError, "has 2 states, got 3"),
        ([X, H, np.zeros((3, 4))], ShapeError, "state 2 has one row for each of 2 sequences, got float64 3x4"),
        ([X, H.astype("float32"), H], TensorTypeError, r"state 1 is float32 2x4.*astype\('float64'\)"),
        ([X, [1.0], H], TensorTypeError, "state 1 is an array or None"),
        ([X, np.array([5, 0])], RangeError, "lengths lie from 1 to the number of times, 5; that of sequence 2 is 0"),
        ([X, np.array([6, 1])], RangeError, "that of sequence 1 is 6"),
        ([X, np.array([5, 1, 1])], ShapeError, "one integer for each of 2 sequences, got int64 3"),
        ([X, np.ones((2, 5), bool)], ShapeError, "the mask is T x B, 5x2 here, got bool 2x5"),
        ([np.ma.array(X), np.array([5, 3])], TensorTypeError, "plain numpy arrays, got a MaskedArray"),
        ([X, H, np.ma.array(H)], TensorTypeError, "plain numpy arrays, got a MaskedArray"),
        ([X, np.ones((5, 2), int)], ShapeError, r"got int64 5x2; a mask is of bools: (.*)mask.astype\(bool\)"),
        ([X, [5, 3]], TensorTypeError, r"lengths or a mask are an array, got \[int, int\]: convert it with np.array"),
        ([X, [5, 3], H, H], TensorTypeError, r"lengths or a mask are an array, got \[int, int\]"),
    ],
)
def test_inputs(layer, input, error, message):
    with pytest.raises(error, match=message):
        layer.forward(input)


def test_states_of_another_width_name_the_node_and_the_time(layer):
    with pytest.raises(NodeError, match=r"node 'h2h'(.|\n)*at time 1 of 5") as caught:
        layer.forward([X, H, np.zeros((2, 3))])
    assert caught.value.node.name == "h2h"


def test_an_input_of_another_width_names_the_node(layer):
    with pytest.raises(NodeError, match=r"'i2h' \(nn.Linear\(3 -> 16\)\)(.|\n)*for all times at once"):
        layer.forward(np.zeros((5, 2, 4)))


def test_a_state_of_another_width_than_its_neighbour():
    x, h, total = nn.Identity()(), nn.Identity()(), nn.Identity()()
    next_h = nn.Tanh()(nn.CAddTable()([nn.Linear(3, 4)(x), nn.Linear(4, 4)(h)]))
    cell = nn.gModule([x, h, total], [next_h, nn.CAddTable()([x, total])])
    with pytest.raises(NodeError, match=r"one shape(.|\n)*time 1 of 5(.|\n)*sizes 4, 4, found(.*)state_sizes"):
        nn.Unroll(cell).forward(X)
    with pytest.raises(NodeError) as caught:
        nn.Unroll(cell).forward([X, H, H])
    assert "found by looking" not in str(caught.value)
    assert nn.Unroll(cell, state_sizes=[4, 3]).forward(X).shape == (5, 2, 3)


@pytest.mark.parametrize("flags", [[], [np.array([5, 3])]], ids=["full", "lengths"])
@pytest.mark.parametrize("T", [1, 5])
def test_next_states_of_another_width_than_the_states(flags, T):
    x, h = nn.Identity()(), nn.Identity()()
    layer = nn.Unroll(nn.gModule([x, h], [nn.Linear(3, 5)(x), nn.Linear(4, 4)(h)]))
    with pytest.raises(NodeError, match="next states are shaped like its states(.*)2x4 here, the next one float64 2x5"):
        layer.forward([X[:T], *(np.minimum(flag, T) for flag in flags)] if flags else X[:T])


class Fails(nn.Tanh):
    """A Tanh that fails in the backward pass of its third call."""

    row_wise = True

    def updateGradInput(self, input, gradOutput):
        if input[0, 0] == 3:
            raise ZeroDivisionError("three")
        return super().updateGradInput(input, gradOutput)


@pytest.mark.parametrize("hoist, place", [(True, "for all times at once"), (False, "at time 3 of 4")])
def test_a_failure_backward_names_node_and_time(hoist, place):
    x, h = nn.Identity()(), nn.Identity()()
    cell = nn.gModule([x, h], [nn.CAddTable()([Fails()(x).annotate(name="culprit"), h])])
    layer = nn.Unroll(cell, hoist=hoist, state_sizes=[1])
    x = np.arange(1.0, 5).reshape(4, 1, 1)
    if hoist:
        x[0] = 3
    y = layer.forward(x)
    with pytest.raises(NodeError, match=f"'culprit'(.|\n)*three(.|\n)*{place}"):
        layer.backward(x, y)


@pytest.mark.parametrize("verb", ["backward", "updateGradInput"])
def test_gradients_that_do_not_fit(layer, verb):
    layer.forward([X, H, H])
    with pytest.raises(ShapeError, match="has 3 outputs, got 2 gradOutputs"):
        getattr(layer, verb)([X, H, H], [H, H])
    with pytest.raises(ShapeError, match="nn.Unroll put out 5x2x4, so its gradOutput must be 5x2x4, got float64 2x4"):
        getattr(layer, verb)([X, H, H], [H, H, H])
    with pytest.raises(ShapeError, match="nn.Unroll put out 2x4(.*)got float64 5x2x3"):
        getattr(layer, verb)([X, H, H], [None, X, H])
    with pytest.raises(TensorTypeError, match="nn.Unroll put out 2x4(.*)got \\[float"):
        getattr(layer, verb)([X, H, H], [None, H, [1.0]])
    for gradOutput in (Y, None):
        with pytest.raises(TensorTypeError, match="has 3 outputs: gradOutput must be a table"):
            getattr(layer, verb)([X, H, H], gradOutput)


def compositions():
    def cell():
        return nn.LSTM.create(3, 4)

    return [nn.Unroll(cell()), nn.Bidirectional(cell(), cell()), nn.Layers(nn.Unroll(cell()))]


every_layer = pytest.mark.parametrize("layer", compositions(), ids=lambda layer: layer.typename())


@every_layer
def test_gradients_of_another_type(layer):
    input = [X, *[None] * layer.n_states]
    right = layer.forward(input)
    for place, gradient in enumerate(right):
        wrong = [*right[:place], gradient.astype("float32"), *right[place + 1 :]]
        with pytest.raises(TensorTypeError, match=r"gradOutput is float32(.*)astype\('float64'\)"):
            layer.backward(input, wrong)


@every_layer
def test_backward_needs_forward(layer):
    def refuses(verb, needed):
        with pytest.raises(StateError, match=f"nn.{type(layer).__name__}(.*)needs {needed}"):
            getattr(layer, verb)(X, y)

    y = layer.clearState().forward(X)
    refuses("accGradParameters", "updateGradInput")
    layer.backward(X, y)
    for wrong in (np.zeros((5, 2, 7)), [X, *[np.zeros((2, 9))] * layer.n_states]):
        with pytest.raises(NodeError):
            layer.forward(wrong)
        refuses("updateGradInput", "a forward pass")
        refuses("accGradParameters", "updateGradInput")
    for twin in (layer, layer.clone()):
        layer = twin.clearState()
        refuses("updateGradInput", "a forward pass")
        refuses("accGradParameters", "updateGradInput")


@every_layer
def test_what_is_refused_leaves_the_pass_before_it(layer):
    input = [X, *[None] * layer.n_states]
    output = layer.forward(input)
    expected = layer.backward(input, output)
    for wrong in (X[0], [X, H], *([X.astype("float32")] if isinstance(layer, nn.Unroll) else [])):
        with pytest.raises((ShapeError, TensorTypeError)):
            layer.forward(wrong)
        assert compare(layer.backward(input, output), expected)


@every_layer
def test_a_failed_backward_pass_accumulates_nothing(layer):
    y = layer.forward(X)
    layer.backward(X, y)
    linear = layer.findModules("nn.Linear")[0][0]
    before, weight = [gradient.copy() for gradient in layer.parameters()[1]], linear.weight
    linear.weight = np.zeros((1, 1))
    with pytest.raises(NodeError):
        layer.updateGradInput(X, y)
    linear.weight = weight
    with pytest.raises(StateError, match="accGradParameters needs updateGradInput"):
        layer.accGradParameters(X, y)
    assert compare(layer.parameters()[1], before)


def test_what_is_no_cell():
    with pytest.raises(GraphError, match=r"takes a gModule(.|\n)*got nn.Linear\(3 -> 4\)"):
        nn.Unroll(nn.Linear(3, 4))
    x = nn.Identity()()
    with pytest.raises(GraphError, match="at least one state(.|\n)*1 inputs"):
        nn.Unroll(nn.gModule([x], [nn.Tanh()(x)]))
    for sizes in ([4, 4], 4, "4"):
        with pytest.raises(ShapeError, match="the cell has 1 states, and state_sizes is a list of as many sizes"):
            nn.Unroll(nn.RNN.create(3, 4), state_sizes=sizes)
    for size in (None, "a", -1, 4.5, (4, 0), []):
        with pytest.raises(RangeError, match="nn.Unroll: state_sizes"):
            nn.Unroll(nn.RNN.create(3, 4), state_sizes=[size])


@pytest.mark.parametrize("layer", compositions()[:2], ids=lambda layer: layer.typename())
def test_modules_go_beside_a_layer_not_into_it(layer):
    for edit in (lambda: layer.add(nn.Linear(4, 2)), lambda: layer.insert(nn.Linear(4, 2), 1), layer.remove):
        with pytest.raises(GraphError, match="goes beside it, into a Sequential"):
            edit()


@pytest.mark.parametrize(
    "module, shape",
    [
        (nn.Identity(), (3,)),
        (nn.Mul(), (3,)),
        (nn.PReLU(), (3,)),
        (nn.SpatialConvolution(2, 2, 3, 3, 1, 1, 1, 1), (2, 6, 6)),
    ],
    ids=repr,
)
def test_states_of_unknown_width(module, shape):
    x, h = nn.Identity()(), nn.Identity()()
    layer = nn.Unroll(nn.gModule([x, h], [nn.CAddTable()([x, module(h)])]))
    x = nn.randn(5, 2, *shape)
    with pytest.raises(ShapeError, match=r"pass the initial states, or Unroll\(cell, state_sizes"):
        layer.forward(x)
    assert nn.Unroll(layer.cell, state_sizes=[shape]).forward(x).shape == x.shape
