"""Names of nodes from the variables that hold them."""

import pygraph_nn as nn


def names(net):
    return [node.name for node in net.forwardnodes if node.module is not None]


def test_variables_of_a_function_give_the_names():
    x = nn.Identity()()
    hidden = nn.Tanh()(x)
    out = nn.Sigmoid()(hidden)
    nn.annotateNodes()
    assert names(nn.gModule([x], [out])) == ["x", "hidden", "out"]


def test_explicit_names_stay_and_the_first_variable_wins():
    x = nn.Identity()().annotate(name="given")
    first = nn.Tanh()(x)
    second = first
    nn.annotateNodes()
    assert (x.name, second.name) == ("given", "first")


def test_lists_tuples_and_dicts_number_their_nodes_from_1():
    x = nn.Identity()()
    layers = [nn.Tanh()(x), (nn.Sigmoid()(x), nn.ReLU()(x))]
    gates = {"in": nn.Tanh()(x)}
    nn.annotateNodes()
    assert [layers[0].name, *(node.name for node in layers[1])] == ["layers[1]", "layers[2][1]", "layers[2][2]"]
    assert gates["in"].name == "gates[in]"


def test_a_variable_says_more_than_a_place_in_a_list():
    everything = []
    x = nn.Identity()()
    everything.append(x)
    nn.annotateNodes()
    assert x.name == "x"


def test_lists_that_hold_themselves_are_no_trap():
    x = nn.Identity()()
    loop = [x]
    loop.append(loop)
    del x
    nn.annotateNodes()
    assert loop[0].name == "loop[1]"


def test_lists_that_share_lists_or_lie_deep_are_looked_through_once():
    x = nn.Identity()()
    shared = []
    for _ in range(100):
        shared = [shared, shared]
    deep = [nn.Tanh()(x)]
    for _ in range(100_000):
        deep = [deep]
    node = nn.Sigmoid()(x)
    both = [[node]] * 2
    del node
    nn.annotateNodes()
    assert both[1][0].name == "both[1][1]"


def test_module_level_and_notebook_cells_work():
    cell = "import pygraph_nn as nn\nx = nn.Identity()()\n_hidden = nn.Tanh()(x)\nnn.annotateNodes()"
    space = {"Out": {1: nn.Identity()()}}
    exec(compile(cell, "<cell>", "exec"), space)
    assert space["x"].name == "x"
    assert space["_hidden"].name is None
    assert space["Out"][1].name is None


def test_split_nodes_are_named_too():
    x = nn.Identity()()
    first, second = nn.SplitTable(1)(x).split(2)
    nn.annotateNodes()
    assert (first.name, second.name) == ("first", "second")
