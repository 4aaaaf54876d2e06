"""A module at several places of a network: each place keeps its own state, and the module what belongs to it alone."""

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
        return self.kept if isinstance(self.kept, nn.Module) else self.kept[0]

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
    "in a list and a dict": lambda t: [Holder([t]), Holder({0: t})],
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
