"""Sharing means the same memory, and getParameters never parts what is shared."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pygraph_nn as nn
from pygraph_nn.memory import gather

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
    with pytest.raises(nn.ShapeError, match="its gradient None"):
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
