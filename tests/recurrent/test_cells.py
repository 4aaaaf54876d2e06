"""The cells compute their equations."""

import numpy as np
import pytest
from recurrent_cells import CELLS, state_sizes

import pygraph_nn as nn
from pygraph_nn.errors import RangeError
from pygraph_nn.nesting import compare
from pygraph_nn.testing import check_gradients

X, C, H = (np.random.default_rng(0).standard_normal((2, width)) for width in (3, 4, 4))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def linear(cell, name, x):
    module = cell[name].module
    return x @ module.weight.T + module.bias


@pytest.mark.parametrize("name", [name for name in CELLS if name != "not row-wise"])
def test_gradients_agree_with_finite_differences(name):
    cell = CELLS[name]().evaluate()
    states = [nn.randn(2, size) for size in state_sizes(cell)]
    assert check_gradients(cell, [nn.randn(2, 3), *states]) < 1e-5


@pytest.mark.parametrize("nonlinearity, f", [("tanh", np.tanh), ("relu", lambda x: np.maximum(x, 0))])
def test_rnn(nonlinearity, f):
    cell = nn.RNN.create(3, 4, nonlinearity)
    assert compare(cell.forward([X, H]), f(linear(cell, "i2h", X) + linear(cell, "h2h", H)), atol=1e-14)


def test_gru():
    cell = nn.GRU.create(3, 4)
    from_x, from_h = linear(cell, "i2h", X), linear(cell, "h2h", H)
    r, z = np.split(sigmoid(from_x[:, :8] + from_h), 2, 1)
    n = np.tanh(from_x[:, 8:] + linear(cell, "h2candidate", r * H))
    assert compare(cell.forward([X, H]), (1 - z) * H + z * n, atol=1e-14)


def test_gru_with_the_reset_after_the_product():
    cell = nn.GRU.create(3, 4, reset_after=True)
    from_x, from_h = linear(cell, "i2h", X), linear(cell, "h2h", H)
    r, z = np.split(sigmoid(from_x[:, :8] + from_h[:, :8]), 2, 1)
    n = np.tanh(from_x[:, 8:] + r * from_h[:, 8:])
    assert compare(cell.forward([X, H]), (1 - z) * H + z * n, atol=1e-14)


def test_peephole_lstm():
    cell = nn.PeepholeLSTM.create(3, 4)
    i, f, o, g = np.split(linear(cell, "i2h", X) + linear(cell, "h2h", H), 4, 1)
    peep = {name: cell[f"{name}_gate_peephole"].module.weight for name in ("in", "forget", "out")}
    c = sigmoid(f + peep["forget"] * C) * C + sigmoid(i + peep["in"] * C) * np.tanh(g)
    h = sigmoid(o + peep["out"] * c) * np.tanh(c)
    assert compare(cell.forward([X, C, H]), [c, h], atol=1e-14)


def test_a_stack_is_its_layers():
    stack = nn.LSTM.stack(3, 4, 2)
    states = stack.forward([X, C, H, H, C])
    first, second = stack["layer1"].module, stack["layer2"].module
    lower = first.forward([X, C, H])
    assert compare(states, [*lower, *second.forward([lower[1], H, C])], atol=1e-14)


def test_dropout_between_layers_only():
    stack = nn.LSTM.stack(3, 4, 3, dropout=0.5)
    assert len(stack.findModules("nn.Dropout")[0]) == 2
    assert not nn.LSTM.stack(3, 4, 1, dropout=0.5).findModules("nn.Dropout")[0]


def test_wrong_arguments():
    with pytest.raises(RangeError, match='"tanh" or "relu", not \'cos\''):
        nn.RNN.create(3, 4, "cos")
    with pytest.raises(RangeError, match="layers is a whole number from 1, not 0"):
        nn.LSTM.stack(3, 4, 0)
