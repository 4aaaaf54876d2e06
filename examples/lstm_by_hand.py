"""An LSTM step by step in columns: examples are columns, times lie along the last axis, one matrix for each gate.

    python examples/lstm_by_hand.py

The functions are those of the exercise "Building a recurrent neural network, step by step" (seed: "Building a LSTM
step by step", a walk through it), with its names, shapes and caches; inside runs the graph. The numbers printed are
those that the exercise expects.
"""

import numpy as np

import pygraph_nn as nn


def softmax(z):
    """The softmax of each column."""
    z = np.exp(z - z.max(axis=0, keepdims=True))
    return z / z.sum(axis=0, keepdims=True)


def build(parameters):
    """The graph of one step: an LSTM from [x, c, h] to [next_c, next_h, scores], with these parameters."""
    n_y, n_a = parameters["Wy"].shape
    n_x = parameters["Wf"].shape[1] - n_a
    x, c, a = (nn.Identity()().annotate(name=name) for name in ("x", "c_prev", "a_prev"))
    c_next, a_next = nn.LSTM.create(n_x, n_a)([x, c, a]).split(2)
    scores = nn.Linear(n_a, n_y)(a_next).annotate(name="decoder")
    return nn.load_gate_weights(nn.gModule([x, c, a], [c_next, a_next, scores]), parameters)


def lstm_cell_forward(xt, a_prev, c_prev, parameters, cell=None):
    """One step: xt (n_x, m), a_prev and c_prev (n_a, m) to a_next, c_next, yt_pred (n_y, m) and the cache."""
    cell = cell or build(parameters)
    c_next, a_next, scores = (value.T for value in cell.forward([xt.T, c_prev.T, a_prev.T]))
    lstm = cell.findModules(nn.gModule)[0][1]
    ft, it, cct, ot = (lstm[name].output.T for name in ("forget_gate", "in_gate", "in_transform", "out_gate"))
    cache = (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters)
    return a_next, c_next, softmax(scores), cache


def lstm_forward(x, a0, parameters):
    """All steps: x (n_x, m, T_x) and a0 (n_a, m) to a (n_a, m, T_x), y (n_y, m, T_x), c (n_a, m, T_x) and caches."""
    cell = build(parameters)
    n_y, n_a = parameters["Wy"].shape
    _, m, T_x = x.shape
    a, c, y = np.zeros((n_a, m, T_x)), np.zeros((n_a, m, T_x)), np.zeros((n_y, m, T_x))
    a_next, c_next, caches = a0, np.zeros_like(a0), []
    for t in range(T_x):
        a_next, c_next, y[:, :, t], cache = lstm_cell_forward(x[:, :, t], a_next, c_next, parameters, cell)
        a[:, :, t], c[:, :, t] = a_next, c_next
        caches.append(cache)
    return a, y, c, (caches, x)


def lstm_forward_unrolled(x, a0, parameters):
    """The same a, y and c from ``Unroll``, which turns the decoder's steps into one product."""
    sequence = np.ascontiguousarray(x.transpose(2, 1, 0))
    output = nn.Unroll(build(parameters)).forward([sequence, np.zeros_like(a0.T), np.ascontiguousarray(a0.T)])
    return softmax(output[0].transpose(2, 1, 0)), output[2].T, output[1].T


def exercise(*shape):
    """The exercise's input, initial state and parameters, from numpy's generator with seed 1."""
    generator = np.random.RandomState(1)
    x, states = generator.randn(*shape), [generator.randn(5, 10) for _ in range(4 - len(shape))]
    parameters = {}
    for gate in "fioc":
        parameters[f"W{gate}"], parameters[f"b{gate}"] = generator.randn(5, 8), generator.randn(5, 1)
    parameters["Wy"], parameters["by"] = generator.randn(2, 5), generator.randn(2, 1)
    return x, states, parameters


def demo():
    """Run both functions on the exercise's numbers; print what it asks to compare."""
    xt, (a_prev, c_prev), parameters = exercise(3, 10)
    a_next, c_next, yt, cache = lstm_cell_forward(xt, a_prev, c_prev, parameters)
    print("a_next[4] =", a_next[4])
    print("c_next[2] =", c_next[2])
    print("yt[1] =", yt[1])
    print("cache[1][3] =", cache[1][3])

    x, (a0,), parameters = exercise(3, 10, 7)
    a, y, c, caches = lstm_forward(x, a0, parameters)
    print("a[4][3][6] =", a[4][3][6])
    print("y[1][4][3] =", y[1][4][3])
    print("caches[1][1][1] =", caches[1][1][1])
    print("c[1][2][1] =", c[1][2][1])
    unrolled, *_ = lstm_forward_unrolled(x, a0, parameters)
    print("unrolled, y differs by at most", abs(unrolled - y).max())


if __name__ == "__main__":
    demo()
