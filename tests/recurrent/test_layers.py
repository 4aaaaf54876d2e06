"""Bidirectional and Layers are compositions of Unroll: PyTorch's networks, with the same weights, agree."""

import numpy as np
import pytest

import pygraph_nn as nn
from pygraph_nn.errors import GraphError, ShapeError
from pygraph_nn.nesting import compare
from pygraph_nn.testing import check_gradients

LENGTHS = np.array([5, 3])


def two_layers_both_ways(create=nn.LSTM.create):
    return nn.Layers(
        nn.Bidirectional(create(3, 4), create(3, 4)),
        nn.Bidirectional(create(8, 4), create(8, 4)),
    )


def test_bidirectional_joins_both_directions():
    layer = nn.Bidirectional(nn.RNN.create(3, 4), nn.RNN.create(3, 2))
    x = nn.randn(5, 2, 3)
    forward, backward = layer.modules
    y, h, h_reverse = layer.forward([x, None, None])
    assert compare(y, np.concatenate([forward.forward(x), backward.forward(x)], 2))
    assert compare([h, h_reverse], [y[-1, :, :4], y[0, :, 4:]]) and compare(layer.states, [h, h_reverse])


@pytest.mark.parametrize("lengths", [[], [LENGTHS]], ids=["full", "lengths"])
@pytest.mark.parametrize("states", [0, 8], ids=["no states", "states"])
def test_gradients_agree_with_finite_differences(lengths, states):
    net = two_layers_both_ways()
    input = [nn.randn(5, 2, 3), *lengths, *(nn.randn(2, 4) for _ in range(states))]
    assert check_gradients(net, input if len(input) > 1 else input[0]) < 1e-6


def test_layers_equal_one_stacked_cell():
    stack = nn.LSTM.stack(3, 4, 2)
    net = nn.Layers(*(nn.Unroll(node.module) for node in (stack["layer1"], stack["layer2"])))
    input, gradients = [nn.randn(*size) for size in [(5, 2, 3)] + [(2, 4)] * 4], [nn.randn(5, 2, 4)]
    gradients += [nn.randn(2, 4) for _ in range(4)]
    whole = nn.Unroll(stack)
    assert compare(net.forward(input), whole.forward(input), atol=1e-14)
    net.zeroGradParameters()
    by_layers = net.backward(input, gradients)
    accumulated = [gradient.copy() for gradient in net.parameters()[1]]
    net.zeroGradParameters()
    assert compare(by_layers, whole.backward(input, gradients), atol=1e-13)
    assert compare(accumulated, whole.parameters()[1], atol=1e-13)


def test_copies_and_types():
    net = two_layers_both_ways()
    x = nn.randn(5, 2, 3)
    y = net.forward(x)
    net.backward(x, y)
    assert compare(net.clone().forward(x), y)
    assert net.clone().float().forward(x.astype("float32")).dtype == np.float32


def test_what_is_no_layer_is_refused():
    with pytest.raises(GraphError, match=r"Unroll\(cell\)"):
        nn.Layers(nn.LSTM.create(3, 4))
    with pytest.raises(GraphError, match="at least one"):
        nn.Layers()
    with pytest.raises(GraphError, match="recurrent layers such as"):
        nn.Layers(nn.Unroll(nn.LSTM.create(3, 4))).add(nn.Linear(4, 2))
    with pytest.raises(ShapeError, match="8 states, got 2"):
        two_layers_both_ways().forward([nn.randn(5, 2, 3), nn.randn(2, 4), nn.randn(2, 4)])


def test_layers_may_be_added():
    net = nn.Layers(nn.Unroll(nn.RNN.create(3, 4))).add(nn.Unroll(nn.RNN.create(4, 2)))
    net.insert(nn.Unroll(nn.RNN.create(4, 4)), 2)
    assert net.forward(nn.randn(5, 2, 3)).shape == (5, 2, 2) and len(net.states) == 3


def two_heads():
    x, h = nn.Identity()(), nn.Identity()()
    next_h = nn.Tanh()(nn.CAddTable()([nn.Linear(3, 4)(x), nn.Linear(4, 4)(h)]))
    return nn.gModule([x, h], [next_h, nn.Linear(4, 3)(next_h), nn.Linear(4, 2)(next_h)])


def test_cells_of_several_outputs_are_refused():
    assert [y.shape for y in nn.Unroll(two_heads()).forward(nn.randn(5, 2, 3))] == [(5, 2, 3), (5, 2, 2)]
    for make in (lambda: nn.Layers(nn.Unroll(two_heads())), lambda: nn.Bidirectional(two_heads(), two_heads())):
        with pytest.raises(GraphError, match="at most one array more, this one 2(.*)JoinTable"):
            make()


@pytest.mark.torch
@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("bidirectional", [False, True], ids=["one way", "both ways"])
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["full", "lengths"])
def test_pytorch_agrees(kind, bidirectional, lengths):
    torch = pytest.importorskip("torch")
    theirs = getattr(torch.nn, kind)(3, 4, num_layers=2, bidirectional=bidirectional).double()
    create = {"RNN": nn.RNN.create, "LSTM": nn.LSTM.create, "GRU": lambda i, h: nn.GRU.create(i, h, reset_after=True)}
    create, width = create[kind], 8 if bidirectional else 4

    def layer(size):
        return nn.Bidirectional(create(size, 4), create(size, 4)) if bidirectional else nn.Unroll(create(size, 4))

    net = nn.Layers(layer(3), layer(width))
    weights = {name: value.detach().numpy() for name, value in theirs.named_parameters()}
    assert nn.load_torch_weights(net, weights) is net
    assert compare(nn.torch_weights(net), {name: weights[name] for name in nn.torch_weights(net)})
    assert nn.torch_weights(net).keys() == weights.keys()

    x, g = nn.randn(5, 2, 3), nn.randn(5, 2, width)
    y = net.forward(x if lengths is None else [x, lengths])
    by_x = net.backward(x if lengths is None else [x, lengths], g)
    tx = torch.tensor(x, requires_grad=True)
    packing = torch.nn.utils.rnn
    if lengths is None:
        ty = theirs(tx)[0]
    else:
        ty = packing.pad_packed_sequence(theirs(packing.pack_padded_sequence(tx, torch.tensor(lengths)))[0])[0]
    ty.backward(torch.tensor(g))
    assert compare(y, ty.detach().numpy(), atol=1e-12)
    assert compare(by_x if lengths is None else by_x[0], tx.grad.numpy(), atol=1e-12)
    accumulated = net.modules[0].modules[0]
    first = accumulated.cell if bidirectional else accumulated
    bias = first["i2h"].module.gradBias
    expected = theirs.bias_ih_l0.grad.numpy()
    if kind == "LSTM":
        expected = expected.reshape(4, 4)[[0, 1, 3, 2]].ravel()
    if kind == "GRU":
        expected = (expected.reshape(3, 4) * [[1], [-1], [1]]).ravel()
    assert compare(bias, expected, atol=1e-12)


@pytest.mark.parametrize("kind", ["Unroll", "Bidirectional"])
def test_only_the_first_layer_may_keep_its_gradient_back(kind):
    def layers(lower, upper):
        cells = [nn.LSTM.create(4, 3)] * (2 if kind == "Bidirectional" else 1)
        above = getattr(nn, kind)(*[cell.clone() for cell in cells], input_gradient=upper)
        return nn.Layers(nn.Unroll(nn.LSTM.create(3, 4), input_gradient=lower), above)

    x = nn.randn(5, 2, 3)
    net = layers(False, True)
    assert net.backward(x, np.ones_like(net.forward(x))) is None
    assert all(gradient.any() for gradient in net.parameters()[1])
    net = layers(True, False)
    gradOutput = np.ones_like(net.forward(x))
    with pytest.raises(nn.GraphError, match="layer 2 of nn.Layers computes no gradient by its input"):
        net.backward(x, gradOutput)


@pytest.mark.parametrize(
    ("wrap", "got"), [(lambda cell: cell, "nn.gModule$"), (lambda cell: [nn.Unroll(cell)], "a list$")]
)
def test_what_is_no_recurrent_layer_is_named_in_one_line(wrap, got):
    with pytest.raises(nn.GraphError, match=r"such as nn.Unroll\(cell\), one by one, got " + got):
        nn.Layers(wrap(nn.RNN.create(3, 4)))
