"""Weights in other layouts: they go in and come out again, and what does not fit is refused."""

import numpy as np
import pytest

import pygraph_nn as nn
from pygraph_nn.errors import GraphError, RangeError, ShapeError
from pygraph_nn.nesting import compare


def lstm_weights(layers=1, suffixes=("",)):
    generator = np.random.default_rng(0)
    found = {}
    for layer in range(layers):
        for suffix in suffixes:
            width = 3 if layer == 0 else 4 * len(suffixes)
            for name, shape in {
                "weight_ih": (16, width),
                "weight_hh": (16, 4),
                "bias_ih": (16,),
                "bias_hh": (16,),
            }.items():
                found[f"{name}_l{layer}{suffix}"] = generator.standard_normal(shape)
    return found


@pytest.mark.parametrize(
    "net, weights",
    [
        (nn.LSTM.create(3, 4), lstm_weights()),
        (nn.LSTM.stack(3, 4, 2), lstm_weights(2)),
        (nn.Unroll(nn.LSTM.create(3, 4), reverse=True), lstm_weights()),
        (nn.Bidirectional(nn.LSTM.create(3, 4), nn.LSTM.create(3, 4)), lstm_weights(1, ("", "_reverse"))),
    ],
    ids=["cell", "stack", "unrolled", "bidirectional"],
)
def test_pytorch_layout_there_and_back(net, weights):
    found = nn.torch_weights(nn.load_torch_weights(net, weights))
    assert found.keys() == weights.keys() and compare(found, {name: weights[name] for name in found})


def test_gates_change_places():
    weights = lstm_weights()
    cell = nn.load_torch_weights(nn.LSTM.create(3, 4), weights)
    ours, theirs = cell["i2h"].module.weight, weights["weight_ih_l0"]
    for here, there in enumerate([0, 1, 3, 2]):
        assert compare(ours[4 * here : 4 * here + 4], theirs[4 * there : 4 * there + 4])


def test_absent_biases_are_zeros():
    weights = {name: value for name, value in lstm_weights().items() if name.startswith("weight")}
    cell = nn.load_torch_weights(nn.LSTM.create(3, 4), weights)
    assert not cell["i2h"].module.bias.any() and not cell["h2h"].module.bias.any()


def test_what_does_not_fit_is_refused():
    weights = lstm_weights()
    with pytest.raises(RangeError, match="weight_hh_l0 is missing"):
        nn.load_torch_weights(nn.LSTM.create(3, 4), {"weight_ih_l0": weights["weight_ih_l0"]})
    with pytest.raises(RangeError, match="no place for weight_hr_l0"):
        nn.load_torch_weights(nn.LSTM.create(3, 4), {**weights, "weight_hr_l0": np.zeros((2, 2))})
    with pytest.raises(ShapeError, match="ih_l0 must be 16x5, got float64 16x3"):
        nn.load_torch_weights(nn.LSTM.create(5, 4), weights)
    for cell in (nn.GRU.create(3, 4), nn.PeepholeLSTM.create(3, 4)):
        with pytest.raises(GraphError, match="PyTorch's layout"):
            nn.load_torch_weights(cell, weights)
    with pytest.raises(GraphError, match="Linear"):
        nn.torch_weights(nn.Linear(2, 2))


def test_one_matrix_for_each_gate():
    generator = np.random.default_rng(1)
    names = "fioc"
    parameters = {f"W{name}": generator.standard_normal((4, 7)) for name in names}
    parameters |= {f"b{name}": generator.standard_normal((4, 1)) for name in names}
    cell = nn.load_gate_weights(nn.LSTM.create(3, 4), parameters)
    found = nn.gate_weights(cell)
    assert compare(found, {name: parameters[name] for name in found})
    x, c, h = (generator.standard_normal((2, width)) for width in (3, 4, 4))

    def gate(name):
        return np.hstack([h, x]) @ parameters[f"W{name}"].T + parameters[f"b{name}"].T

    f, i, o = (1 / (1 + np.exp(-gate(name))) for name in "fio")
    next_c = f * c + i * np.tanh(gate("c"))
    assert compare(cell.forward([x, c, h]), [next_c, o * np.tanh(next_c)], atol=1e-14)


def test_gate_matrices_that_do_not_fit():
    with pytest.raises(RangeError, match="the array Wi is missing; there are none"):
        nn.load_gate_weights(nn.LSTM.create(3, 4), {})
    with pytest.raises(ShapeError, match="Wi must be 4x7, got float64 4x6"):
        nn.load_gate_weights(nn.LSTM.create(3, 4), {"Wi": np.zeros((4, 6))})
    with pytest.raises(GraphError, match="layout of an LSTM"):
        nn.gate_weights(nn.GRU.create(3, 4))
