"""gModule: passes, wiring, nesting, sharing, editing, copying."""

import copy
import gc
import pickle

import networkx as nx
import numpy as np
import pytest

import pygraph_nn as nn
from pygraph_nn.nesting import compare
from pygraph_nn.testing import check_gradients


def mlp():
    h1 = nn.Linear(20, 10)()
    h2 = nn.Linear(10, 1)(nn.Tanh()(nn.Linear(10, 10)(nn.Tanh()(h1))))
    return nn.gModule([h1], [h2])


def test_calls_and_minus_build_the_same_graph():
    nn.manualSeed(1)
    called = mlp()
    nn.manualSeed(1)
    chained = -nn.Linear(20, 10)
    # the calls build the last Linear first, the chain the first one: draw them in one order
    last, middle = nn.Linear(10, 1), nn.Linear(10, 10)
    chained = nn.gModule([chained], [chained - nn.Tanh() - middle - nn.Tanh() - last])
    assert [n.title() for n in called.forwardnodes] == [n.title() for n in chained.forwardnodes]
    x = nn.rand(20)
    assert np.array_equal(called.forward(x), chained.forward(x))


def test_minus_joins_a_list():
    a, b = -nn.Identity(), -nn.Identity()
    net = nn.gModule([a, b], [[a, b] - nn.CAddTable() - nn.Tanh()])
    assert np.allclose(net.forward([np.ones(2), np.ones(2)]), np.tanh(2))


def test_a_split_feeds_each_entry_to_its_node():
    inner = nn.Sequential().add(nn.SplitTable(1))
    inner.add(nn.ParallelTable().add(nn.Linear(10, 20)).add(nn.Linear(10, 30)))
    x = nn.Identity()()
    first, second = inner(x).split(2)
    net = nn.gModule([x], [nn.JoinTable(1)([first, second])])
    assert net.forward(nn.rand(2, 10)).shape == (50,)
    assert check_gradients(net, nn.rand(2, 10)) < 1e-7


def test_forks_skips_splits_and_nesting_have_true_gradients():
    x = nn.Identity()()
    l1 = nn.Tanh()(nn.Linear(4, 5)(x))
    l2 = nn.Tanh()(nn.Linear(9, 6)(nn.JoinTable(2)([x, l1])))
    inner_in = nn.Identity()()
    a, b = nn.SplitTable(1)(inner_in).split(2)
    inner = nn.gModule([inner_in], [nn.CMulTable()([a, b]), nn.Sigmoid()(a)])
    product, gate = inner(l2).split(2)
    nested = nn.nest([product, [gate]])
    net = nn.gModule([x], [nested, l1])
    assert check_gradients(net, np.random.default_rng(0).standard_normal((2, 4))) < 1e-7


def test_the_same_node_twice_in_one_call_adds_gradients():
    x = nn.Identity()()
    net = nn.gModule([x], [nn.CMulTable()([x, x])])
    assert np.allclose(net.forward(np.full(2, 3.0)), 9)
    assert np.allclose(net.backward(np.full(2, 3.0), np.ones(2)), 6)
    assert net.fg.edges[x, net.forwardnodes[2]]["positions"] == (1, 2)


@pytest.mark.parametrize("wrap", [lambda m: m, lambda m: nn.Sequential().add(m)])
def test_one_module_at_several_nodes_has_true_gradients(wrap):
    tanh, linear = wrap(nn.Tanh()), wrap(nn.Linear(3, 3))
    x = nn.Identity()()
    net = nn.gModule([x], [tanh(linear(tanh(linear(x))))])
    assert len(net.modules) == 3
    assert check_gradients(net, np.random.default_rng(0).standard_normal((2, 3))) < 1e-7


def test_one_module_twice_in_a_sequential_has_true_gradients():
    tanh, linear = nn.Tanh(), nn.Linear(3, 3)
    net = nn.Sequential().add(linear).add(tanh).add(linear).add(tanh)
    assert check_gradients(net, np.random.default_rng(0).standard_normal((2, 3))) < 1e-7


def test_one_gmodule_at_several_nodes_and_in_containers_has_true_gradients():
    i = nn.Identity()()
    cell = nn.gModule([i], [nn.Tanh()(nn.Linear(3, 3)(i))])
    x = nn.Identity()()
    net = nn.gModule([x], [nn.Sequential().add(cell).add(nn.Sigmoid())(cell(cell(x)))])
    assert check_gradients(net, np.random.default_rng(0).standard_normal((2, 3))) < 1e-7


def test_the_three_verbs_alone_give_what_backward_gives():
    nn.manualSeed(3)
    net, x, dx = mlp(), nn.rand(4, 20), nn.rand(4, 1)
    net.zeroGradParameters()
    net.forward(x)
    both = net.backward(x, dx, 2).copy()
    gradients = [g.copy() for g in net.parameters()[1]]
    net.zeroGradParameters()
    net.updateOutput(x)
    assert np.array_equal(net.updateGradInput(x, dx), both)
    net.accGradParameters(x, dx, 2)
    assert compare(gradients, net.parameters()[1], rtol=1e-12)


def test_every_intermediate_value_can_be_read_after_a_pass():
    lstm = nn.LSTM.create(3, 4)
    x, c, h = nn.randn(2, 3), nn.randn(2, 4), nn.randn(2, 4)
    lstm.forward([x, c, h])
    i2h = lstm["i2h"]
    assert np.array_equal(i2h.output, lstm.node("i2h").module.output)
    assert i2h.input is x
    assert i2h.gradOutput is None
    lstm.backward([x, c, h], [np.ones((2, 4)), np.ones((2, 4))])
    assert i2h.gradOutput.shape == (2, 16)
    assert compare(lstm.outnode.output, lstm.output)
    assert lstm["next_c"].label() == "next_c\nnn.CAddTable\noutput: float64 2x4\ngradOutput: float64 2x4"


def test_values_of_nested_gmodules_can_be_read():
    inner_x = nn.Identity()()
    inner = nn.gModule([inner_x], [nn.Tanh()(inner_x).annotate(name="deep")])
    x = nn.Identity()()
    net = nn.gModule([x], [nn.Sigmoid()(inner(x))])
    net.backward(np.ones(1), net.forward(np.ones(1)))
    assert np.allclose(inner["deep"].output, np.tanh(1))
    assert inner["deep"].gradOutput is not None
    assert np.allclose(inner.output, np.tanh(1)) and inner.gradInput is not None


def test_several_inputs_and_outputs_and_bare_single_ones():
    a, b = nn.Identity()(), nn.Identity()()
    net = nn.gModule([a, b], [nn.CAddTable()([a, b]), nn.Tanh()(a)])
    outputs = net.forward([np.ones(2), np.ones(2)])
    assert isinstance(outputs, list) and net.nInputs == 2
    assert isinstance(net.forward((np.ones(2), np.ones(2))), list)
    assert isinstance(net.backward([np.ones(2), np.ones(2)], outputs), list)


def test_an_input_may_be_a_nested_table():
    x = nn.Identity()()
    pair, last = x.split(2)
    a, b = pair.split(2)
    net = nn.gModule([x], [nn.CAddTable()([a, b, last])])
    value = [[np.ones(1), np.ones(1)], np.ones(1)]
    assert np.allclose(net.forward(value), 3)
    assert compare(net.backward(value, np.ones(1)), value)


def test_an_input_may_be_an_output_and_an_output_an_inner_node():
    x = nn.Identity()()
    h = nn.Tanh()(x)
    net = nn.gModule([x], [x, h, nn.Sigmoid()(h), h])
    outputs = net.forward(np.ones(1))
    assert outputs[0][0] == 1 and outputs[1] is outputs[3]
    assert check_gradients(net, np.ones(2)) < 1e-7


def test_the_graphs_are_networkx_graphs_of_nodes():
    net = nn.LSTM.create(3, 4)
    assert isinstance(net.fg, nx.DiGraph) and isinstance(net.bg, nx.DiGraph)
    assert all(isinstance(node, nn.Node) for node in net.fg)
    assert list(nx.topological_sort(net.fg))[0] is net.innode
    assert net.forwardnodes[0] is net.innode and net.forwardnodes[-1] is net.outnode
    assert net.backwardnodes == net.forwardnodes[::-1]
    assert net.bg.has_edge(net["next_h"], net["out_gate"])
    assert net.fg.edges[net["c_transform"], net["next_h"]]["positions"] == (2,)
    assert nx.shortest_path_length(net.fg, net["x"], net["next_h"]) == 6


def test_editing_a_node_changes_the_network():
    net = mlp()
    x = nn.rand(20)
    before = net.forward(x)
    node = next(n for n in net.forwardnodes if n.title() == "nn.Tanh")
    node.module = nn.Identity()
    assert not np.allclose(net.forward(x), before)
    assert sum(isinstance(m, nn.Tanh) for m in net.modules) == 1


def test_editing_a_nested_graph_changes_the_outer_one():
    i = nn.Identity()()
    inner = nn.gModule([i], [nn.Tanh()(i).annotate(name="f")])
    x = nn.Identity()()
    net = nn.gModule([x], [inner(x)])
    net.forward(np.ones(1))
    inner["f"].module = nn.Sigmoid()
    assert np.allclose(net.forward(np.zeros(1)), 0.5)


def test_replace_lets_a_callback_swap_modules():
    net = mlp()
    net.replace(lambda m: nn.ReLU() if isinstance(m, nn.Tanh) else m)
    assert net.findModules("nn.Tanh")[0] == [] and len(net.findModules(nn.ReLU)[0]) == 2
    assert net.forward(nn.rand(20)).shape == (1,)


@pytest.mark.parametrize("copier", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m)), lambda m: m.clone()])
def test_copies_run_alike_and_keep_names_sharing_and_flatness(copier):
    net = nn.LSTM.create(3, 4)
    net.name = "cell"
    net.extra = {"epoch": 3}
    flat, _ = net.getParameters()
    twin = copier(net)
    inputs = [nn.randn(2, 3), nn.randn(2, 4), nn.randn(2, 4)]
    assert compare(twin.forward(inputs), net.forward(inputs))
    assert twin["i2h"].module is not net["i2h"].module and twin.name == "cell" and twin.extra == {"epoch": 3}
    assert twin["i2h"].declared == net["i2h"].declared
    twin_flat, _ = twin.getParameters()
    assert np.array_equal(flat, twin_flat) and not np.shares_memory(flat, twin_flat)
    assert np.shares_memory(twin["i2h"].module.weight, twin_flat)


def test_float_and_double():
    net = nn.LSTM.create(3, 4).float()
    inputs = [nn.randn(2, n).astype("float32") for n in (3, 4, 4)]
    assert all(o.dtype == np.float32 for o in net.forward(inputs))
    assert all(g.dtype == np.float32 for g in net.backward(inputs, [np.ones((2, 4), "float32")] * 2))
    assert net.double().forward([i.astype(float) for i in inputs])[0].dtype == np.float64


def test_setdefaulttensortype_builds_float_networks():
    nn.setdefaulttensortype("torch.FloatTensor")
    try:
        net = nn.LSTM.create(3, 4)
        assert net.forward([nn.randn(1, 3), nn.randn(1, 4), nn.randn(1, 4)])[0].dtype == np.float32
    finally:
        nn.setdefaulttensortype("torch.DoubleTensor")


def test_verbose_prints_each_node(capsys):
    net = mlp()
    net.verbose = True
    net.forward(nn.rand(20))
    assert capsys.readouterr().out.splitlines()[0] == " V : nn.Linear(20 -> 10) -> float64 10"


def test_hooks_see_every_call_and_cost_nothing_once_removed():
    net, seen = mlp(), []

    def hook(node, module, verb, call):
        def run(*arguments, **keywords):
            seen.append((verb, node.title()))
            return call(*arguments, **keywords)

        return run

    net.addHook(hook)
    net.backward(nn.rand(20), net.forward(nn.rand(20)))
    assert seen[0] == ("updateOutput", "nn.Linear(20 -> 10)") and seen[-1] == ("backward", "nn.Linear(20 -> 10)")
    net.removeHook(hook)
    seen.clear()
    net.forward(nn.rand(20))
    assert seen == []


def test_a_module_from_criterion_learns_inside_the_graph():
    prediction, target = nn.Identity()(), nn.Identity()()
    net = nn.gModule([prediction, target], [nn.MSECriterion()([nn.Linear(3, 1)(prediction), target])])
    x = nn.randn(8, 3)
    t = x.sum(1, keepdims=True)
    first = net.forward([x, t]).item()
    for _ in range(50):
        net.zeroGradParameters()
        net.forward([x, t])
        net.backward([x, t], np.ones(1))
        net.updateParameters(0.1)
    assert net.forward([x, t]).item() < first / 2


def test_a_tree_of_text():
    x = nn.Identity()()
    inner = nn.gModule([x], [nn.Tanh()(x).annotate(name="act")])
    y = nn.Identity()().annotate(name="y")
    net = nn.gModule([y], [inner(nn.Linear(2, 2)(y))])
    net.name = "outer"
    assert repr(net) == (
        "nn.gModule 'outer' {\n  (1): y: nn.Identity\n  (2): nn.Linear(2 -> 2)\n  (3): nn.gModule {\n"
        "    (1): nn.Identity\n    (2): act: nn.Tanh\n  }\n}"
    )


def test_a_subclass_with_a_gradient_of_its_own_is_asked_for_it():
    class Doubled(nn.Narrow):
        def updateGradInput(self, input, gradOutput):
            return super().updateGradInput(input, 2 * gradOutput)

    x = nn.Identity()()
    h = nn.Tanh()(x)
    net = nn.gModule([x], [nn.CAddTable()([Doubled(1, 1, 2)(h), Doubled(1, 2, 2)(h)])])
    net.forward(np.zeros(3))
    assert np.array_equal(net.backward(np.zeros(3), np.ones(2)), [2, 4, 2])


def test_gradients_that_nobody_needs_are_skipped():
    net = nn.LSTM.create(3, 4)
    inputs, gradOutput = [nn.randn(2, n) for n in (3, 4, 4)], [nn.randn(2, 4), nn.randn(2, 4)]
    net.zeroGradParameters()
    net.forward(inputs)
    expected = net.backward(inputs, gradOutput)
    gradients = [g.copy() for g in net.parameters()[1]]
    net.needGradInput(False, True, False).zeroGradParameters()
    net.forward(inputs)
    got = net.backward(inputs, gradOutput)
    assert got[0] is None and got[2] is None and np.array_equal(got[1], expected[1])
    assert compare(net.parameters()[1], gradients)
    net.zeroGradParameters()
    net.updateGradInput(inputs, gradOutput)
    net.accGradParameters(inputs, gradOutput)
    assert compare(net.parameters()[1], gradients)
    assert net.clone().wanted == (False, True, False)
    with pytest.raises(nn.ShapeError, match="3 inputs"):
        net.needGradInput(False)


class Named(nn.gModule):
    """A user's network with fields of its own."""

    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs)
        self._vocabulary, self.scale = ["a", "b"], np.ones(2)


@pytest.mark.parametrize("copy_of", [nn.gModule.clone, lambda net: pickle.loads(pickle.dumps(net))])
def test_the_fields_of_a_users_network_travel_in_copies(copy_of):
    x = nn.Identity()()
    net = Named([x], [nn.Tanh()(x)])
    net.forward(np.ones(2))
    twin = copy_of(net)
    assert twin._vocabulary == ["a", "b"] and np.array_equal(twin.scale, np.ones(2))
    assert twin.output is None and np.array_equal(twin.forward(np.ones(2)), net.output)


def test_a_node_of_two_graphs_shows_what_ran_last_and_edits_both():
    x = nn.Identity()()
    h = nn.Tanh()(x).annotate(name="h")
    small = nn.gModule([x], [h])
    y = nn.Square()(h)
    large = nn.gModule([x], [y])
    small.forward(np.ones(2))
    assert np.array_equal(small["h"].output, np.tanh(np.ones(2)))
    large.forward(np.zeros(2))
    assert np.array_equal(h.output, np.zeros(2)) and h.graph is large
    h.module = nn.ReLU()
    assert h.module in small.modules and h.module in large.modules
    assert np.array_equal(small.forward(np.full(2, 3.0)), np.full(2, 3.0)) and h.graph is small
    del large, y
    gc.collect()
    assert h.graph is small


@pytest.mark.parametrize("copy_of", [copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_a_node_kept_beside_its_graph_is_copied_with_it(copy_of):
    x = node = nn.Identity()()
    for _ in range(2000):
        node = nn.Tanh()(node)
    kept = {"node": node.annotate(name="last"), "net": nn.gModule([x], [node]), "input": x}
    twin = copy_of(kept)
    assert twin["node"] is twin["net"]["last"] and twin["node"] is not node
    assert twin["input"] in twin["net"].forwardnodes
    alone = copy_of(node)
    assert alone.name == "last" and alone.graph is not node.graph


def test_wishes_about_gradients_end_at_the_network_around():
    def build():
        x = nn.Identity()()
        return nn.gModule([x], [nn.Square()(x)])

    x, outer = nn.Identity()(), []
    for inner in (build(), build().needGradInput(False), build().needGradInput(False)):
        outer.append(nn.gModule([x], [inner(x)]))
        x = nn.Identity()()
    watched = outer[2]
    watched.modules[1].addHook(lambda node, module, verb, call: call)
    for net in outer:
        net.forward(np.ones(2))
        assert np.array_equal(net.backward(np.ones(2), np.ones(2)), [2, 2])
    inner = watched.modules[1]
    inner.forward(np.ones(2))
    assert inner.backward(np.ones(2), np.ones(2)) is None and inner.gradInput is None


def test_replacing_asks_once_for_a_module_and_changes_nothing_where_the_callback_fails():
    linear, inner = nn.Linear(2, 2), nn.Sequential().add(nn.Linear(2, 2))
    net = nn.Sequential().add(linear).add(inner).add(linear).add(inner)
    net.replace(lambda m: nn.Decorator(m) if isinstance(m, nn.Linear) else m)
    assert net.modules[0] is net.modules[2] and net.modules[0].modules == [linear]
    assert isinstance(inner.modules[0].modules[0], nn.Linear)
    before = list(net.modules)
    with pytest.raises(nn.GraphError, match="returned None"):
        net.replace(lambda m: None if m is inner.modules[0] else nn.Decorator(m) if isinstance(m, nn.Decorator) else m)
    assert net.modules == before and len(net.get(1).modules) == 1


def test_sharing_by_a_wrong_name_or_with_another_structure_shares_nothing():
    a = nn.Sequential().add(nn.Linear(2, 2)).add(nn.Linear(2, 2))
    b = nn.Sequential().add(nn.Linear(2, 2)).add(nn.Linear(2, 3))
    with pytest.raises(nn.RangeError, match="did you mean 'weight'"):
        a.share(b, "wieght")
    before = a.get(1).weight
    with pytest.raises(nn.ShapeError):
        a.share(b, "weight")
    with pytest.raises(nn.GraphError, match="has 2 modules, the other one 0"):
        a.share(nn.Linear(2, 2), "weight")
    assert a.get(1).weight is before


def test_a_table_by_keys_passes_whole_and_is_checked():
    class Named(nn.Module):
        def updateOutput(self, input):
            self.output = {"a": input, "b": 2 * input}
            return self.output

        def updateGradInput(self, input, gradOutput):
            self.gradInput = gradOutput["a"] + 2 * gradOutput["b"]
            return self.gradInput

    x = nn.Identity()()
    net = nn.gModule([x], [Named()(x)])
    output = net.forward(np.ones(2))
    assert np.array_equal(net.backward(np.ones(2), output), [5, 5])
    assert np.array_equal(net.backward(np.ones(2), {"a": None, "b": output["b"]}), [4, 4])
    with pytest.raises(nn.ShapeError, match="same keys"):
        net.backward(np.ones(2), {"a": np.ones(2)})
    with pytest.raises(nn.ShapeError):
        net.backward(np.ones(2), {"a": np.ones(3), "b": np.ones(2)})
    a, b = Named()(nn.Identity()()).split(2)
    net = nn.gModule([a.inputs[0].inputs[0].inputs[0]], [nn.CAddTable()([a, b])])
    with pytest.raises(nn.NodeError, match=r"SelectTable\(key\)"):
        net.forward(np.ones(2))
    with pytest.raises(nn.GraphError, match="takes its nodes in a list"):
        nn.CAddTable()({"a": x})


def test_a_module_frozen_between_passes_learns_no_more():
    linear, other = nn.Linear(2, 2), nn.Linear(2, 2)
    x = nn.Identity()()
    net = nn.gModule([x], [other(linear(x))]).needGradInput(False)
    for _ in range(2):
        net.zeroGradParameters()
        net.backward(np.ones(2), net.forward(np.ones(2)))
        assert linear.gradWeight.any() == ("accGradParameters" not in vars(linear)) and other.gradWeight.any()
        linear.accGradParameters = lambda *arguments: None


def test_an_object_with_a_gradient_of_its_own_is_asked_for_it():
    narrow, x = nn.Narrow(-1, 1, 1), nn.Identity()()
    h = nn.Tanh()(x)
    net = nn.gModule([x], [narrow(h), nn.Narrow(-1, 2, 1)(h)])
    narrow.updateGradInput = lambda input, gradOutput: np.zeros_like(input)
    net.forward(np.zeros(2))
    assert np.array_equal(net.backward(np.zeros(2), [np.ones(1), np.ones(1)]), [0, 1])


@pytest.mark.parametrize("copy_of", [nn.gModule.clone, lambda net: pickle.loads(pickle.dumps(net))])
def test_nodes_kept_in_fields_and_annotations_become_those_of_the_copy(copy_of):
    x = nn.Identity()()
    linear = nn.Linear(2, 2)
    h = linear(x).annotate(name="h", partner=x)
    net = nn.gModule([x], [nn.Tanh()(h)])
    net.hidden, net.table, linear.place = h, {"all": [x, h]}, h
    twin = copy_of(net)
    assert twin.hidden is twin["h"] is twin.table["all"][1] is twin["h"].module.place and twin.hidden is not h
    assert twin["h"].annotations["partner"] is twin.table["all"][0] in twin.forwardnodes
    assert np.array_equal(twin.forward(np.ones(2)), net.forward(np.ones(2)))
    net.end = net.outnode
    with pytest.raises(nn.GraphError, match="bundle its inputs or outputs"):
        copy_of(net)


def test_replacing_in_one_of_two_graphs_that_share_nodes_edits_both():
    x = nn.Identity()()
    h = nn.Linear(2, 2)(x)
    a = nn.gModule([x], [h])
    b = nn.gModule([x], [nn.Tanh()(h)])
    assert len(a.modules) == 2
    new = nn.Linear(2, 2)
    b.replace(lambda module: new if isinstance(module, nn.Linear) else module)
    assert h.module is new and a.parameters()[0][0] is new.weight


class Delta(nn.Linear):
    """Leaves its gradient for accGradParameters."""

    def updateGradInput(self, input, gradOutput):
        self.delta = 2 * gradOutput
        self.gradInput = self.delta @ self.weight
        return self.gradInput

    def accGradParameters(self, input, gradOutput, scale=1):
        self.gradWeight += scale * self.delta.T @ input


def test_the_verbs_come_in_their_order_where_no_gradient_is_wanted():
    x = nn.Identity()()
    module = Delta(2, 2)
    net = nn.gModule([x], [module(x)]).needGradInput(False)
    net.zeroGradParameters()
    net.backward(np.ones((1, 2)), net.forward(np.ones((1, 2))) * 0 + 1)
    assert np.array_equal(module.gradWeight, np.full((2, 2), 2))


def test_wishes_about_gradients_end_at_a_container_around():
    i = nn.Identity()()
    inner = nn.gModule([i], [nn.Tanh()(i)]).needGradInput(False)
    linear, x = nn.Linear(2, 2), np.ones((1, 2))
    net = nn.Sequential().add(linear).add(inner)
    assert check_gradients(net, x) < 1e-5
    y = nn.Identity()()
    assert check_gradients(nn.gModule([y], [nn.Sequential().add(inner)(linear(y))]), x) < 1e-5


@pytest.mark.parametrize("made", [lambda g: g, lambda g: [g], lambda g: [g] * 3])
def test_gradients_of_another_number_than_the_inputs_are_refused(made):
    class Sum(nn.Module):
        wanted = 3

        def updateOutput(self, input):
            self.output = input[0] + input[1]
            return self.output

        def updateGradInput(self, input, gradOutput):
            self.gradInput = made(gradOutput)
            return self.gradInput

    a, b = nn.Identity()(), nn.Identity()()
    net = nn.gModule([a, b], [Sum()([a, b])])
    net.forward([np.ones((2, 3))] * 2)
    with pytest.raises(nn.NodeError, match="a list of as many gradients"):
        net.backward([np.ones((2, 3))] * 2, np.ones((2, 3)))


def test_hooks_need_take_no_keywords():
    x = nn.Identity()()
    net = nn.gModule([x], [nn.Linear(2, 2)(x)]).addHook(lambda node, module, verb, call: lambda *a: call(*a))
    net.forward(np.ones((1, 2)))
    assert net.backward(np.ones((1, 2)), np.ones((1, 2)), 0.5).shape == (1, 2)


def test_a_hook_that_cannot_be_called_is_refused_and_not_kept():
    net = mlp()
    with pytest.raises(nn.GraphError, match=r"addHook takes a function wrap\(node, module, verb, call\), got 3"):
        net.addHook(3)
    net.forward(nn.rand(20))
