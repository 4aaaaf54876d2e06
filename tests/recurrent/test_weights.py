"""Weights in other layouts: they go in and come out again, and what does not fit is refused."""

import numpy as np
import pytest

import pygraph_nn as nn
from pygraph_nn.errors import GraphError, RangeError, ShapeError, TensorTypeError
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
    with pytest.raises(ShapeError, match="weight_ih_l0 must be 16x5, got float64 16x3"):
        nn.load_torch_weights(nn.LSTM.create(5, 4), weights)
    for cell in (nn.GRU.create(3, 4), nn.PeepholeLSTM.create(3, 4)):
        with pytest.raises(GraphError, match="PyTorch's layout"):
            nn.load_torch_weights(cell, weights)
    with pytest.raises(GraphError, match="Linear"):
        nn.torch_weights(nn.Linear(2, 2))


def without_biases():
    cell = nn.LSTM.create(3, 4)
    for linear in cell.findModules("nn.Linear")[0]:
        linear.noBias()
    return cell


@pytest.mark.parametrize(
    "load, change, error, message",
    [
        ("load_torch_weights", {"weight_hh_l1": None}, RangeError, "weight_hh_l1 is missing"),
        ("load_torch_weights", {"weight_hh_l1": np.zeros((3, 3))}, ShapeError, "weight_hh_l1 must be 16x4"),
        ("load_torch_weights", {"bias_hh_l1": np.zeros(3)}, ShapeError, "bias_hh_l1 must be 16, got float64 3"),
        ("load_torch_weights", {"weight_hr_l1": np.zeros((3, 3))}, RangeError, "no place for weight_hr_l1"),
        ("load_torch_weights", {"bias_hh_l1": np.zeros(16, complex)}, TensorTypeError, "array of numbers, got complex"),
        ("load_torch_weights", {"bias_hh_l1": [[1], [2, 3]]}, TensorTypeError, "bias_hh_l1 is an array of numbers"),
        ("load_gate_weights", {"bc": np.zeros(5)}, ShapeError, "bc must be 4x1, got float64 5"),
        ("load_gate_weights", {"Wc": np.full((4, 7), "x")}, TensorTypeError, "Wc is an array of numbers, got str"),
    ],
)
def test_what_is_refused_leaves_the_weights_as_they_were(load, change, error, message):
    if load == "load_torch_weights":
        net = nn.LSTM.stack(3, 4, 2)
        arrays = lstm_weights(2)
    else:
        net = nn.LSTM.create(3, 4)
        arrays = {name: value + 1 for name, value in nn.gate_weights(net).items()}
    before = [parameter.copy() for parameter in net.parameters()[0]]
    with pytest.raises(error, match=message):
        getattr(nn, load)(net, arrays | change)
    assert compare(net.parameters()[0], before)


def test_a_bias_without_a_place():
    cell, weights = without_biases(), lstm_weights()
    assert list(nn.torch_weights(cell)) == ["weight_ih_l0", "weight_hh_l0"]
    with pytest.raises(ShapeError, match="bias_ih_l0 has no place"):
        nn.load_torch_weights(cell, weights)
    nn.load_torch_weights(cell, {name: value * name.startswith("weight") for name, value in weights.items()})
    assert compare(nn.torch_weights(cell)["weight_hh_l0"], weights["weight_hh_l0"])


def test_what_is_no_dict():
    for load in (nn.load_torch_weights, nn.load_gate_weights):
        with pytest.raises(TensorTypeError, match="takes a dict from names to arrays, got float64 2"):
            load(nn.LSTM.create(3, 4), np.zeros(2))


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
    lstm = nn.LSTM.create(3, 4)
    for cell in (nn.GRU.create(3, 4), nn.Unroll(lstm), nn.LSTM.stack(3, 4, 2), without_biases(), nn.Linear(3, 4)):
        with pytest.raises(GraphError, match=r"layout of a cell with one LSTM in it that has biases \(unroll.cell"):
            nn.gate_weights(cell)
