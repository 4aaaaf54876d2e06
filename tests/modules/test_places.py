"""A module at several places of a network: each place keeps its own state, and the module what belongs to it alone."""

import collections
import pickle

import numpy as np
import pytest

import pygraph_nn as nn
from pygraph_nn.testing import check_gradients


class Holder(nn.Module):
    """A user's module around a network that it keeps in a field."""

    def __init__(self, kept):
        super().__init__()
        self.kept = kept

    @property
    def net(self):
        net = self.kept
        while not isinstance(net, nn.Module):
            net = net[0]
        return net

    def updateOutput(self, input):
        self.output = self.net.forward(input)
        return self.output

    def updateGradInput(self, input, gradOutput):
        self.gradInput = self.net.updateGradInput(input, gradOutput)
        return self.gradInput


def graph(*modules):
    node = x = nn.Identity()()
    for module in modules:
        node = module(node)
    return nn.gModule([x], [node])


def chain(*modules):
    net = nn.Sequential()
    for module in modules:
        net.add(module)
    return net


ARRANGEMENTS = {
    "side by side": lambda t: [t, t],
    "inside and beside": lambda t: [chain(chain(t)), t],
    "in two decorators": lambda t: [nn.Decorator(t), nn.Decorator(t)],
    "in two holders": lambda t: [Holder(t), Holder(t)],
    "in a list and a dict": lambda t: [Holder([t]), Holder(collections.OrderedDict({0: [t]}))],
    "tables of modules": lambda t: [nn.Replicate(2), nn.SplitTable(1), *[nn.MapTable(t)] * 2, nn.SelectTable(1)],
    "a table held twice": lambda t: [nn.Replicate(2), nn.SplitTable(1), *[Holder(nn.MapTable(t))] * 2, nn.CAddTable()],
    "one holder": lambda t: [Holder(t)] * 2,
    "a graph and a chain": lambda t: [graph(t), chain(t)],
    "a chain and a watched graph": lambda t: [chain(t), graph(t).addHook(lambda node, module, verb, call: call)],
}


@pytest.mark.parametrize("build", [chain, graph], ids=["chain", "graph"])
@pytest.mark.parametrize("arrange", ARRANGEMENTS.values(), ids=ARRANGEMENTS)
@pytest.mark.parametrize("make", [nn.Tanh, lambda: graph(nn.Tanh(), nn.Square())], ids=["tanh", "graph"])
def test_every_arrangement_has_true_gradients(build, arrange, make):
    net = build(nn.Linear(3, 3), *arrange(make()), nn.Linear(3, 2))
    assert check_gradients(net, nn.randn(2, 3)) < 1e-5


@pytest.mark.parametrize("build", [chain, graph], ids=["chain", "graph"])
def test_what_is_added_after_a_pass_counts(build):
    tanh, part = nn.Tanh(), chain(nn.Linear(3, 3))
    net = build(part, tanh)
    net.forward(nn.randn(2, 3))
    part.add(tanh)
    assert check_gradients(net, nn.randn(2, 3)) < 1e-5
    part.modules[0] = nn.Decorator(tanh)
    net.forward(nn.randn(2, 3))
    assert check_gradients(net, nn.randn(2, 3)) < 1e-5


@pytest.mark.parametrize("build", [chain, graph], ids=["chain", "graph"])
@pytest.mark.parametrize("wrap", [chain, nn.Decorator])
def test_what_is_written_into_a_list_of_one_module_counts(build, wrap):
    tanh, part = nn.Tanh(), wrap(nn.Square())
    net, x = build(part, nn.MulConstant(2), tanh), nn.randn(2, 3)
    net.forward(x)
    part.modules[0] = tanh
    net.forward(x)  # finds it
    assert check_gradients(net, x) < 1e-5


@pytest.mark.parametrize("build", [chain, graph], ids=["chain", "graph"])
def test_parameters_that_move_between_the_passes_stay_the_modules(build):
    linear = nn.Linear(3, 3)
    net, x = build(linear, nn.Tanh(), linear), nn.randn(2, 3)
    net.zeroGradParameters()
    net.backward(x, np.ones_like(net.forward(x)))
    expected = [gradient.copy() for gradient in net.parameters()[1]]
    net.zeroGradParameters()
    output = net.forward(x)
    flat, grad = net.getParameters()
    net.backward(x, np.ones_like(output))
    assert np.shares_memory(linear.gradWeight, grad) and np.shares_memory(linear.weight, flat)
    assert all(np.array_equal(a, b) for a, b in zip(net.parameters()[1], expected, strict=True))
    other = nn.Linear(3, 3)
    net.forward(x)
    linear.share(other, "weight", "gradWeight")
    net.backward(x, np.ones_like(output))
    assert linear.weight is other.weight and linear.gradWeight is other.gradWeight


@pytest.mark.parametrize("build", [chain, graph], ids=["chain", "graph"])
def test_the_mode_is_the_modules(build):
    dropout = nn.Dropout(0.5)
    net, x = build(dropout, nn.Tanh(), dropout), np.ones((2, 3))
    net.training()
    output = net.forward(x)
    net.evaluate()
    net.backward(x, output)
    assert not dropout.train
    assert np.array_equal(net.forward(x), np.tanh(x))


class Counter(nn.Module):
    """Counts its passes, as one with statistics of its own might."""

    def __init__(self):
        super().__init__()
        self.passes, self.gradients = 0, 0

    def updateOutput(self, input):
        self.passes = self.passes + 1
        self.factor = self.passes
        self.output = self.factor * input
        return self.output

    def updateGradInput(self, input, gradOutput):
        self.gradients = self.gradients + 1
        self.gradInput = self.factor * gradOutput
        return self.gradInput


@pytest.mark.parametrize("build", [chain, graph], ids=["chain", "graph"])
def test_what_a_module_counts_over_its_places_goes_on(build):
    counter = Counter()
    net, x = build(counter, nn.Tanh(), counter), np.ones(2)
    net.forward(x)
    assert np.allclose(net.backward(x, np.ones(2)), 2 / np.cosh(1) ** 2)
    assert counter.passes == counter.factor == 2
    net.forward(x)
    assert counter.passes == 4


def test_a_scale_reaches_a_module_at_several_nodes():
    linear = nn.Linear(3, 3)
    net, x = graph(linear, nn.Tanh(), linear), nn.randn(2, 3)
    net.zeroGradParameters()
    net.forward(x)
    net.backward(x, np.ones((2, 3)))
    once = linear.gradWeight.copy()
    net.backward(x, np.ones((2, 3)), 2)
    assert np.allclose(linear.gradWeight, 3 * once)


def test_nothing_of_it_outlives_clearing_or_travels_in_copies():
    inner = graph(nn.Linear(3, 3), nn.Tanh())
    net, x = chain(inner, inner), nn.randn(2, 3)
    output = net.forward(x)
    for twin in (net.clone(), pickle.loads(pickle.dumps(net))):
        assert not any(vars(part).get("_states") for part in twin.listModules())
        assert np.array_equal(twin.forward(x), output)
        assert np.array_equal(twin.backward(x, output), net.backward(x, output))
    with pytest.raises(nn.StateError, match="forward"):
        net.clearState().backward(x, output)
    with pytest.raises(nn.StateError, match="forward"):
        chain(nn.Tanh()).add(inner).add(inner).updateGradInput(x, output)


def test_a_table_of_modules_at_two_places_grows_with_its_tables():
    table = nn.MapTable(nn.Tanh())
    for build in (graph, chain):
        net = build(table, table)
        for length in (2, 3, 1):
            x = [np.full(1, 0.5 + 0.2 * i) for i in range(length)]
            net.forward(x)
            slopes = [(1 - np.tanh(v) ** 2) * (1 - np.tanh(np.tanh(v)) ** 2) for v in x]
            assert np.allclose(net.backward(x, [np.ones(1)] * length), slopes)


class Late(nn.Module):
    """Makes what it computes with in its first pass, and counts in its backward passes."""

    inner, steps = None, 0

    def updateOutput(self, input):
        self.inner = self.inner or nn.Tanh()
        self.output = self.inner.forward(input)
        return self.output

    def updateGradInput(self, input, gradOutput):
        self.steps += 1
        self.slope = 1 - self.output**2
        self.gradInput = self.inner.updateGradInput(input, gradOutput)
        return self.gradInput

    def accGradParameters(self, input, gradOutput, scale=1):
        assert np.allclose(self.slope, 1 - np.tanh(input) ** 2)


@pytest.mark.parametrize("build", [chain, graph], ids=["chain", "graph"])
def test_what_a_module_makes_late_and_what_it_counts_backwards(build):
    late = Late()
    net = build(late, nn.Square(), late)
    for steps in (2, 4):
        assert check_gradients(net, nn.randn(3), directions=0) == 0 and late.steps == steps
    assert check_gradients(net, nn.randn(3)) < 1e-5
    x = nn.randn(3)
    net.forward(x)
    net.updateGradInput(x, np.ones(3))
    net.accGradParameters(x, np.ones(3))


def test_profiles_count_at_all_places():
    profile = nn.Profile(nn.Tanh(), 1000)
    net, x = chain(profile, profile), np.ones(2)
    for _ in range(3):
        net.backward(x, net.forward(x))
    assert profile.numFwds == profile.numBwds == 6


def test_building_networks_outdates_none_that_run():
    net, x = graph(nn.Tanh(), chain(nn.Linear(2, 2), nn.Tanh())), np.ones(2)
    net.forward(x)
    program = net._program
    for _ in range(2):
        chain(nn.Tanh(), chain(nn.Bottle(nn.Linear(2, 2)))).forward(np.ones((1, 2)))
        net.forward(x)
    assert net._program is program


class Alike(nn.Tanh):
    """Equal to all of its kind, and not to be hashed."""

    def __eq__(self, other):
        return True

    __hash__ = None


def test_modules_that_say_they_are_equal_are_kept_apart():
    net, x = chain(Alike(), nn.Linear(3, 3), Alike()), nn.randn(2, 3)
    assert check_gradients(net, x) < 1e-5 and net.getParameters()[0].size == 12
    net.modules[0] = Alike()
    assert check_gradients(net, x) < 1e-5
