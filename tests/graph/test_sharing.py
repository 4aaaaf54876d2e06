"""Sharing means the same memory, and getParameters never parts what is shared."""

import collections
import pickle
import sys
import threading
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pygraph_nn as nn
from pygraph_nn.memory import gather
from pygraph_nn.testing import check_gradients

ALL = ("weight", "bias", "gradWeight", "gradBias")


def shared(a, b):
    return np.shares_memory(a.weight, b.weight) and np.shares_memory(a.gradWeight, b.gradWeight)


def chain(*modules):
    node = x = nn.Identity()()
    for module in modules:
        node = module(node)
    return nn.gModule([x], [node])


def test_shared_before():
    a = nn.Linear(3, 3)
    b = a.clone(*ALL)
    net = chain(a, nn.Tanh(), b)
    flat, grad = net.getParameters()
    assert flat.size == grad.size == 12 and shared(a, b)
    flat.fill(2)
    assert (a.weight == 2).all() and (b.bias == 2).all()


def test_shared_after():
    a, b = nn.Linear(3, 3), nn.Linear(3, 3)
    net = chain(a, b)
    flat, _ = net.getParameters()
    b.share(a, *ALL)
    flat.fill(3)
    assert (b.weight == 3).all() and shared(a, b)
    again, _ = net.getParameters()
    assert again.size == 12 and (again == 3).all() and shared(a, b)


def test_clones_outside_the_network_move_along():
    cell = nn.LSTM.create(3, 4)
    outside = [cell.clone(*ALL) for _ in range(3)]
    plain = nn.Linear(2, 2)
    borrower = nn.Linear(2, 2).share(plain, *ALL)
    flat, grad = cell.getParameters()
    plain.getParameters()
    flat.fill(5)
    grad.fill(7)
    for twin in outside:
        assert (twin["i2h"].module.weight == 5).all() and (twin["h2h"].module.gradBias == 7).all()
    assert shared(plain, borrower)


def test_it_is_idempotent():
    net = nn.LSTM.create(3, 4)
    first, first_grad = net.getParameters()
    second, second_grad = net.getParameters()
    assert np.shares_memory(first, second) and np.shares_memory(first_grad, second_grad)
    first.fill(1)
    assert (second == 1).all() and second.size == first.size


def test_strangers_without_gradients_do_not_disturb():
    bare = nn.Linear(2, 2)
    bare.gradWeight = None  # as in a file that was made light
    flat, _ = nn.Linear(3, 3).getParameters()
    assert flat.size == 12 and bare.gradWeight is None
    assert bare.clone().gradWeight is None and bare.float().gradWeight is None
    norm = nn.BatchNormalization(2)
    norm.running_mean = None
    assert norm.clone().running_mean is None and nn.Linear(2, 1).getParameters()[0].size == 3
    with pytest.raises(nn.StateError, match="has no gradient"):
        bare.getParameters()


def test_a_part_of_a_flat_network_stays_a_part():
    a, b = nn.Linear(2, 2), nn.Linear(2, 2)
    flat, _ = nn.Sequential().add(a).add(b).getParameters()
    part, _ = b.getParameters()
    assert np.shares_memory(part, flat) and part.size == 6


def test_the_same_module_twice_in_a_graph_is_listed_once():
    a = nn.Linear(3, 3)
    net = chain(a, nn.Tanh(), a)
    assert net.getParameters()[0].size == 12
    before = a.weight.copy()
    net.zeroGradParameters()
    a.gradWeight += 1
    net.updateParameters(0.5)
    assert np.allclose(a.weight, before - 0.5)


def test_non_contiguous_parameters():
    a = nn.Linear(3, 2)
    a.weight = np.arange(12.0).reshape(3, 4)[:, :2].T
    values = a.weight.copy()
    flat, grad = a.getParameters()
    assert flat.size == grad.size == 8 and np.array_equal(a.weight, values)
    flat += 1
    assert np.array_equal(a.weight, values + 1)
    assert np.shares_memory(a.getParameters()[0], flat)


def test_weights_shared_without_their_gradients_warn():
    a = nn.Linear(3, 3)
    b = a.clone("weight", "bias")
    with pytest.warns(UserWarning, match="share a parameter .* but not its gradient"):
        flat, grad = chain(a, b).getParameters()
    assert flat.size == grad.size == 12
    assert np.shares_memory(a.gradWeight, grad) and not np.shares_memory(b.gradWeight, grad)


def test_sharing_survives_clones_and_types():
    a = nn.Linear(3, 3)
    net = chain(a, a.clone(*ALL))
    for twin in (net.clone(), net.clone().float(), net.clone().float().double()):
        first, second = twin.modules[1:]
        assert shared(first, second)
        assert not np.shares_memory(first.weight, a.weight)
    net.getParameters()
    assert shared(*net.clone().modules[1:]) and shared(*net.clone().float().modules[1:])


def test_training_by_the_flat_vectors_trains_the_network():
    nn.manualSeed(1)
    net = chain(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    x, criterion = nn.randn(16, 3), nn.MSECriterion()
    target = x.sum(1, keepdims=True)
    flat, grad = net.getParameters()
    losses = []
    for _ in range(100):
        grad.fill(0)
        losses.append(criterion.forward(net.forward(x), target))
        net.backward(x, criterion.backward(net.output, target))
        flat -= 0.1 * grad
    assert losses[-1] < losses[0] / 5


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 8), st.integers(1, 3)), min_size=1, max_size=6))
def test_gather_keeps_values_and_overlaps(cuts):
    base = np.arange(60.0)
    arrays = [base[start : start + length * step : step] for start, length, step in cuts]
    values = [array.copy() for array in arrays]
    used = {int(number) for value in values for number in value}
    try:
        flat, move = gather(arrays)
    except nn.StateError:
        return
    try:
        moved = [move(array) for array in arrays]
    except nn.StateError as error:  # overlapping with unequal strides and gaps: refused, not broken
        assert "unequal strides" in str(error)
        return
    assert flat.size == len(used)
    for array, value in zip(moved, values, strict=True):
        assert np.array_equal(array, value)
        assert np.shares_memory(array, flat)


def test_no_warning_where_everything_is_shared():
    a = nn.Linear(3, 3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        chain(a, a.clone(*ALL)).getParameters()


def laid_out_alike(net):
    """Tell whether every parameter and its gradient lie at the same place of the two vectors."""
    flat, grad = net.getParameters()
    flat[...], grad[...] = np.arange(flat.size), np.arange(grad.size)
    return all(np.array_equal(p, g) for p, g in zip(*net.parameters(), strict=True))


def transposed(a, b):
    a.weight = a.weight.T.copy().T


def interleaved(a, b):
    both = nn.randn(3, 6)
    a.weight, b.weight = both[:, :3], both[:, 3:]


def interleaved_backwards(a, b):
    both = nn.randn(3, 6)
    a.weight, b.weight = both[:, ::-2], both[:, ::2].T


def tied_by_transposition(a, b):
    b.weight, b.gradWeight = a.weight.T, a.gradWeight.T


def one_memory_for_all(a, b):
    both = nn.randn(24)
    a.weight, a.bias, b.weight, b.bias = both[:9].reshape(3, 3), both[9:12], both[15:].reshape(3, 3).T, both[12:15]


@pytest.mark.parametrize(
    "arrange", [transposed, interleaved, interleaved_backwards, tied_by_transposition, one_memory_for_all]
)
def test_gradients_lie_where_their_parameters_do(arrange):
    a, b = nn.Linear(3, 3), nn.Linear(3, 3)
    arrange(a, b)
    net, x = nn.Sequential().add(a).add(nn.Tanh()).add(b), nn.randn(4, 3)
    output = net.forward(x)
    flat, grad = net.getParameters()
    assert np.array_equal(net.forward(x), output)
    assert net.getParameters()[0] is flat or np.shares_memory(net.getParameters()[0], flat)
    assert laid_out_alike(net)


def test_gradients_shared_otherwise_than_parameters_are_refused():
    a, b = nn.Linear(3, 3), nn.Linear(3, 3)
    b.weight, b.gradWeight = a.weight.T, a.gradWeight
    before = a.weight, b.weight
    with pytest.raises(nn.StateError, match="same place"):
        nn.Sequential().add(a).add(b).getParameters()
    assert all(x is y for x, y in zip((a.weight, b.weight), before, strict=True))


def test_memory_that_a_stranger_has_more_of_is_not_parted():
    whole, part = nn.Linear(4, 3), nn.Linear(4, 2)
    part.weight, part.gradWeight = whole.weight[::2], whole.gradWeight[::2]
    kept = part.weight, part.bias, whole.weight
    with pytest.raises(nn.StateError, match="would part an array of shape"):
        part.getParameters()
    assert all(a is b for a, b in zip((part.weight, part.bias, whole.weight), kept, strict=True))
    flat, _ = nn.Sequential().add(whole).add(part).getParameters()
    assert flat.size == 12 + 3 + 2 and np.shares_memory(part.weight, flat) and np.shares_memory(whole.weight, flat)


class Scaled(nn.Decorator):
    """A user's container with a parameter of its own."""

    def __init__(self, module, keep=lambda array: array):
        super().__init__(module)
        self.gain, self.gradGain = keep(np.ones(1)), keep(np.zeros(1))

    def parameters(self):
        parameters, gradients = super().parameters()
        gain, gradient = (kept if isinstance(kept, np.ndarray) else kept[0] for kept in (self.gain, self.gradGain))
        return [*parameters, gain], [*gradients, gradient]


@pytest.mark.parametrize("keep", [lambda a: a, lambda a: [a], lambda a: (a, "text"), lambda a: {0: a}])
def test_parameters_of_a_users_container_move_along(keep):
    net = nn.Sequential().add(Scaled(nn.Linear(2, 2), keep))
    flat, grad = net.getParameters()
    assert flat.size == 7
    flat.fill(3)
    grad.fill(4)
    parameters, gradients = net.parameters()
    assert all((p == 3).all() for p in parameters) and all((g == 4).all() for g in gradients)
    net.zeroGradParameters()
    assert not grad.any()
    twin = net.clone().float()
    assert all((p == 3).all() and p.dtype == np.float32 for p in twin.parameters()[0])


class Slippery(nn.Linear):
    """Lists an array that it does not keep."""

    def parameters(self):
        return [self.weight, self.bias[:]], [self.gradWeight, self.gradBias[:]]


def test_parameters_that_nobody_keeps_are_refused_and_named():
    net = nn.Sequential().add(nn.Linear(2, 2)).add(Slippery(2, 1))
    before = net.get(1).weight, net.get(2).weight
    with pytest.raises(nn.StateError, match=r"parameters\(\) of Slippery.* lists an array .* keep it as"):
        net.getParameters()
    assert all(a is b for a, b in zip((net.get(1).weight, net.get(2).weight), before, strict=True))


def test_parameters_of_two_types_are_refused():
    net = nn.Sequential().add(nn.Linear(2, 2)).add(nn.Linear(2, 2).float())
    with pytest.raises(nn.TensorTypeError, match="float64 and float32"):
        net.getParameters()
    assert net.get(2).weight.dtype == np.float32 and net.get(1).weight.dtype == np.float64


def test_a_conversion_reaches_what_lies_in_a_container_of_that_type():
    inner = nn.Linear(2, 2).float()
    net = nn.Sequential().add(nn.Sequential().add(inner))
    net.double()
    assert inner.weight.dtype == np.float64 and inner.type() == "torch.DoubleTensor"


def test_conversion_keeps_the_kinds_of_containers_in_fields():
    pair = collections.namedtuple("pair", "low high")
    module = nn.Identity()
    module.limits = pair(np.zeros(1), np.ones(1))
    module.table = collections.OrderedDict(b=np.ones(1), a=2)
    module.groups = collections.defaultdict(list, x=[np.ones(1)])
    module.float()
    assert type(module.limits) is pair and module.limits.high.dtype == np.float32
    assert type(module.table) is collections.OrderedDict and module.table["b"].dtype == np.float32
    assert module.groups["x"][0].dtype == np.float32 and module.groups["new"] == []


def test_networks_can_be_made_in_one_thread_and_flattened_in_another():
    failures, stop = [], threading.Event()

    def build():
        try:
            while not stop.is_set():
                nn.Sequential().add(nn.Linear(2, 2)).add(nn.Tanh())
        except Exception as error:
            failures.append(error)

    builders = [threading.Thread(target=build) for _ in range(2)]
    for builder in builders:
        builder.start()
    try:
        for _ in range(100):
            assert nn.Linear(3, 3).getParameters()[0].size == 12
    finally:
        stop.set()
        for builder in builders:
            builder.join()
    assert not failures


def tied():
    a, b = nn.Linear(3, 2), nn.Linear(2, 3)
    b.weight, b.gradWeight = a.weight.T, a.gradWeight.T
    return a, nn.Sequential().add(a).add(nn.Tanh()).add(b)


def test_a_weight_tied_to_its_transpose_has_true_gradients_and_takes_one_step():
    a, net = tied()
    assert check_gradients(net, nn.randn(4, 3)) < 1e-5
    before = a.weight.copy()
    net.updateParameters(0.1)
    assert np.allclose(a.weight, before - 0.1 * a.gradWeight)
    assert net.getParameters()[0].size == 11


class Hold(nn.Module):
    """Keeps its parameters in lists."""

    def __init__(self, weight, gradient):
        super().__init__()
        self.weights, self.gradients = [weight], [gradient]

    def parameters(self):
        return list(self.weights), list(self.gradients)


def test_ties_in_lists_survive_copies():
    weight, gradient = np.ones(3), np.zeros(3)
    net = nn.Sequential().add(Hold(weight, gradient)).add(nn.Linear(3, 3)).add(Hold(weight, gradient))
    for _ in range(2):
        for twin in (net.clone(), pickle.loads(pickle.dumps(net))):
            assert twin.getParameters()[0].size == 15
        assert net.getParameters()[0].size == 15


def test_views_by_strides_move_and_foreign_memory_is_refused():
    a, b = nn.Linear(3, 3), nn.Linear(3, 3)
    b.weight = np.lib.stride_tricks.as_strided(a.weight)
    b.gradWeight = np.lib.stride_tricks.as_strided(a.gradWeight)
    net = nn.Sequential().add(a).add(b)
    assert net.getParameters()[0].size == 15 and np.shares_memory(a.weight, b.weight)
    buffer = bytearray(72)
    a.weight, b.weight = (np.frombuffer(buffer, float).reshape(3, 3) for _ in range(2))
    with pytest.raises(nn.StateError, match="outside of numpy"):
        net.getParameters()


def test_networks_that_share_are_flattened_in_turn():
    failures = []

    def flatten(net):
        try:
            net.getParameters()
        except Exception as error:
            failures.append(error)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(20):
            a = nn.Sequential().add(nn.Linear(5, 5)).add(nn.Linear(5, 5))
            b = a.clone(*ALL)
            threads = [threading.Thread(target=flatten, args=(net,)) for net in (a, b)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert all(map(shared, a.modules, b.modules))
    finally:
        sys.setswitchinterval(before)
    assert not failures


def test_a_network_made_light_says_what_it_cannot_do():
    linear = nn.Linear(2, 2)
    linear.gradWeight = linear.gradBias = None
    net, x = nn.Sequential().add(linear), np.ones((1, 2))
    assert net.parameters()[1] == [None, None]
    net.zeroGradParameters()
    net.forward(x)
    for call in (
        lambda: net.backward(x, x),
        lambda: net.updateParameters(1),
        lambda: linear.accUpdateGradParameters(x, x, 1),
        net.getParameters,
    ):
        with pytest.raises(nn.StateError, match=r"has no gradient.*m.gradWeight = np.zeros_like"):
            call()
    alone, steps = nn.gModule([node := nn.Identity()()], [linear(node)]), nn.Unroll(nn.RNN.create(2, 2))
    alone.needGradInput(False)
    for module in steps.listModules():
        module.gradWeight = module.gradBias = None
    for whole, input in ((alone, x), (steps, np.ones((3, 1, 2)))):
        output = whole.forward(input)
        with pytest.raises(nn.NodeError, match="has no gradient"):
            whole.backward(input, output)
        with pytest.raises(nn.PygraphError, match="float32"):  # another error stays what it is
            whole.forward(input.astype("float32"))
    linear.gradWeight, linear.gradBias = np.zeros_like(linear.weight), np.zeros_like(linear.bias)
    net.backward(x, x)
    assert linear.gradWeight.all()


def test_what_is_no_module_or_name_is_refused_by_share_and_replace():
    net = nn.Sequential().add(nn.Linear(2, 2))
    for call in (lambda: net.share(None, "weight"), lambda: net.replace(None)):
        with pytest.raises(nn.GraphError, match="takes a"):
            call()
    for call in (lambda: net.share(net, 3), lambda: net.clone(3)):
        with pytest.raises(nn.RangeError, match="names of fields"):
            call()


def test_a_cache_of_conversions_serves_several_types():
    net, cache = nn.Linear(2, 2), {}
    net.type("torch.FloatTensor", cache).type("torch.DoubleTensor", cache)
    assert net.type() == "torch.DoubleTensor"
