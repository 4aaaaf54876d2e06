"""A chain of 100,000 nodes: no recursion anywhere, and every step linear in the number of nodes."""

import copy
import pickle

import numpy as np

import pygraph_nn as nn


def test_a_chain_of_100000_nodes_builds_runs_and_copies():
    count = 100_000
    x = node = nn.Identity()()
    for index in range(count):
        node = (nn.Tanh() if index % 1000 == 0 else nn.Identity())(node)
    net = nn.gModule([x], [node])
    assert len(net.forwardnodes) == count + 3
    output = net.forward(np.ones((1, 1)))
    assert 0 < output.item() < 1
    gradInput = net.backward(np.ones((1, 1)), np.ones((1, 1)))
    assert 0 < gradInput.item() < 1
    assert copy.deepcopy(net).forward(np.ones((1, 1))) == output
    assert pickle.loads(pickle.dumps(net)).forward(np.ones((1, 1))) == output
    assert len(nn.dot(net.fg)) > count
