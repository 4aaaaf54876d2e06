"""The LSTM in plain numpy, on state and input joined, six one-hot steps; shown equal to the graph.

    python examples/numpy_lstm.py [--seed 1]

The formulas are those of a blog's code (seed: "LSTM network structure, forward pass in code, and PyTorch's source"):
the four matrices work on [h, x] in one vector. Its slips are repaired: out_featrue, input_featur, np.random.randmom, a
bias bo of out_feature x out_feature, a b0 for bo, an unclosed parenthesis, and h = np.dot(o, tanh(C)), a number, where
the elementwise product is meant. PyTorch 0.4's LSTMCell, which the text goes on to read, comes third.
"""

import argparse

import numpy as np

import pygraph_nn as nn

INPUT_FEATURES, OUT_FEATURES = 6, 7


def sigmoid(x):
    """1 / (1 + exp(-x))."""
    return 1 / (1 + np.exp(-x))


def draw_parameters():
    """Matrices (out x (out + in)) and biases (out) for each gate, uniform in [0, 1)."""
    parameters = {}
    for gate in "fico":
        parameters[f"W{gate}"] = nn.rand(OUT_FEATURES, OUT_FEATURES + INPUT_FEATURES)
        parameters[f"b{gate}"] = nn.rand(OUT_FEATURES)
    return parameters


def numpy_lstm(inputs, parameters):
    """Run the joined formulas over the rows of ``inputs``; return the h of every step."""
    C, h = np.zeros(OUT_FEATURES), np.zeros(OUT_FEATURES)
    result = []
    for x in inputs:
        joined = np.concatenate([h, x])
        f = sigmoid(parameters["Wf"] @ joined + parameters["bf"])
        i = sigmoid(parameters["Wi"] @ joined + parameters["bi"])
        candidate = np.tanh(parameters["Wc"] @ joined + parameters["bc"])
        C = f * C + i * candidate
        o = sigmoid(parameters["Wo"] @ joined + parameters["bo"])
        h = o * np.tanh(C)
        result.append(h)
    return np.array(result)


def graph_lstm(inputs, parameters):
    """The same from the graph: the columns of each matrix go to h2h and i2h, the gates into its order of rows."""
    cell = nn.load_gate_weights(nn.LSTM.create(INPUT_FEATURES, OUT_FEATURES), parameters)
    return nn.Unroll(cell).forward(inputs[:, None])[:, 0]


def pytorch_lstm_cell(input, hidden, w_ih, w_hh, b_ih, b_hh):
    """PyTorch 0.4's LSTMCell, without a GPU: rows in, gates in the order in, forget, cell, out."""
    hx, cx = hidden
    gates = input @ w_ih.T + b_ih + hx @ w_hh.T + b_hh
    ingate, forgetgate, cellgate, outgate = np.split(gates, 4, 1)
    cy = sigmoid(forgetgate) * cx + sigmoid(ingate) * np.tanh(cellgate)
    hy = sigmoid(outgate) * np.tanh(cy)
    return hy, cy


def pytorch_lstm(inputs, parameters):
    """The same from PyTorch's formulas, with the weights in PyTorch's layout."""
    cell = nn.load_gate_weights(nn.LSTM.create(INPUT_FEATURES, OUT_FEATURES), parameters)
    weights = nn.torch_weights(cell)
    w = [weights[f"{name}_l0"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    hidden, result = (np.zeros((1, OUT_FEATURES)), np.zeros((1, OUT_FEATURES))), []
    for x in inputs:
        hidden = pytorch_lstm_cell(x[None], hidden, *w)
        result.append(hidden[0][0])
    return np.array(result)


def demo(seed=1):
    """Run all three on six one-hot steps; print the result and by how much they differ; return the difference."""
    nn.manualSeed(seed)
    inputs, parameters = np.eye(INPUT_FEATURES), draw_parameters()
    result = numpy_lstm(inputs, parameters)
    print(result)
    worst = 0.0
    for name, run in (("the graph", graph_lstm), ("PyTorch's cell", pytorch_lstm)):
        difference = abs(run(inputs, parameters) - result).max()
        worst = max(worst, difference)
        print(f"{name} differs by at most {difference:.1e}")
    return worst


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="An LSTM in plain numpy and as a graph.")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="the generator's seed (1)")
    demo(parser.parse_args().seed)
