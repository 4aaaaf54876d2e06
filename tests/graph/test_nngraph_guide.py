"""The programs of nngraph's own guide, ported line for line, and the LSTM cell of the Lua, wired out by hand."""

import numpy as np
import pytest

import pygraph_nn as nn
from pygraph_nn.testing import check_gradients


@pytest.fixture(autouse=True)
def the_same_numbers_every_time():
    """Finite differences of tanh are off by more than 1e-7 for one draw in fifteen."""
    nn.manualSeed(1)


def test_two_hidden_layers():
    h1 = nn.Linear(20, 10)()
    h2 = nn.Linear(10, 1)(nn.Tanh()(nn.Linear(10, 10)(nn.Tanh()(h1))))
    mlp = nn.gModule([h1], [h2])
    x, dx = nn.rand(20), nn.rand(1)
    mlp.updateOutput(x)
    mlp.updateGradInput(x, dx)
    mlp.accGradParameters(x, dx)
    assert "nn.Linear(20 -> 10)" in nn.dot(mlp.fg, "MLP")


def test_two_inputs_and_two_outputs():
    h1 = -nn.Linear(20, 20)
    h2 = -nn.Linear(10, 10)
    hh1 = h1 - nn.Tanh() - nn.Linear(20, 1)
    hh2 = h2 - nn.Tanh() - nn.Linear(10, 1)
    madd = [hh1, hh2] - nn.CAddTable()
    o_a = madd - nn.Sigmoid()
    o_b = madd - nn.Tanh()
    gmod = nn.gModule([h1, h2], [o_a, o_b])
    x = [nn.rand(20), nn.rand(10)]
    gmod.updateOutput(x)
    first, second = gmod.updateGradInput(x, [nn.rand(1), nn.rand(1)])
    assert first.shape == (20,) and second.shape == (10,)
    assert check_gradients(gmod, x) < 1e-7


def test_containers():
    m = nn.Sequential()
    m.add(nn.SplitTable(1))
    m.add(nn.ParallelTable().add(nn.Linear(10, 20)).add(nn.Linear(10, 30)))
    input = nn.Identity()()
    input1, input2 = m(input).split(2)
    m3 = nn.JoinTable(1)([input1, input2])
    g = nn.gModule([input], [m3])
    indata, gdata = nn.rand(2, 10), nn.rand(50)
    assert g.forward(indata).shape == (50,)
    assert g.backward(indata, gdata).shape == (2, 10)
    assert nn.dot(g.fg, "Forward Graph") != nn.dot(g.bg, "Backward Graph")


def test_layers_that_take_the_two_before_and_annotations(tmp_path):
    input = -nn.Identity()
    l1 = (input - nn.Linear(10, 20) - nn.Tanh()).annotate(
        name="L1", description="Level 1 Node", graphAttributes={"color": "red"}
    )
    l2 = ([input, l1] - nn.JoinTable(1) - nn.Linear(30, 60) - nn.Tanh()).annotate(
        name="L2", description="Level 2 Node", graphAttributes={"color": "blue", "fontcolor": "green"}
    )
    l3 = ([l1, l2] - nn.JoinTable(1) - nn.Linear(80, 160) - nn.Tanh()).annotate(
        name="L3", graphAttributes={"color": "green", "style": "filled", "fillcolor": "yellow"}
    )
    g = nn.gModule([input], [l3])
    indata, gdata = nn.rand(10), nn.rand(160)
    g.forward(indata)
    g.backward(indata, gdata)
    nn.dot(g.fg, "Forward Graph", tmp_path / "fg")
    text = (tmp_path / "fg.dot").read_text(encoding="utf-8")
    for part in ("Forward Graph", "L2", "blue", "yellow"):
        assert part in text
    assert check_gradients(g, indata) < 1e-7


def test_debugging_draws_the_failing_node(tmp_path):
    def get_net(source, target):
        input_x = nn.Identity()()
        linear_module = nn.Linear(source, target)(input_x)
        nn.annotateNodes()
        return nn.gModule([input_x], [linear_module])

    net = get_net(10, 10)
    net.name = "my_bad_linear_net"
    with nn.setDebug(True, folder=tmp_path), pytest.raises(nn.NodeError, match="my_bad_linear_net"):
        net.updateOutput(nn.rand(11))
    assert "linear_module" in (tmp_path / "my_bad_linear_net.dot").read_text(encoding="utf-8")


# The cell of the Lua, by hand: each node's name there, its module, and the names of the nodes that feed it.
LUA_CELL = {
    "x": ("nn.Identity", []),
    "prev_c": ("nn.Identity", []),
    "prev_h": ("nn.Identity", []),
    "i2h": ("nn.Linear(3 -> 16)", ["x"]),
    "h2h": ("nn.Linear(4 -> 16)", ["prev_h"]),
    "preactivations": ("nn.CAddTable", ["i2h", "h2h"]),
    "pre_sigmoid_chunk": ("nn.Narrow(2, 1, 12)", ["preactivations"]),
    "all_gates": ("nn.Sigmoid", ["pre_sigmoid_chunk"]),
    "in_chunk": ("nn.Narrow(2, 13, 4)", ["preactivations"]),
    "in_transform": ("nn.Tanh", ["in_chunk"]),
    "in_gate": ("nn.Narrow(2, 1, 4)", ["all_gates"]),
    "forget_gate": ("nn.Narrow(2, 5, 4)", ["all_gates"]),
    "out_gate": ("nn.Narrow(2, 9, 4)", ["all_gates"]),
    "c_forget": ("nn.CMulTable", ["forget_gate", "prev_c"]),
    "c_input": ("nn.CMulTable", ["in_gate", "in_transform"]),
    "next_c": ("nn.CAddTable", ["c_forget", "c_input"]),
    "c_transform": ("nn.Tanh", ["next_c"]),
    "next_h": ("nn.CMulTable", ["out_gate", "c_transform"]),
}


def test_the_lstm_is_the_luas_node_for_node():
    net = nn.LSTM.create(3, 4)
    found = {n.name: (n.title(), [s.name for s in n.inputs]) for n in net.forwardnodes if n.module is not None}
    assert found == LUA_CELL
    assert [node.name for node in net.outnode.inputs] == ["next_c", "next_h"]
    values = [np.zeros((1, n)) + k for k, n in enumerate((3, 4, 4), 1)]
    net.forward(values)
    assert [net[name].output[0, 0] for name in ("x", "prev_c", "prev_h")] == [1, 2, 3]
