"""Nested tables of any shape: what the functions of nesting.py promise, and a graph that carries them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pygraph_nn as nn
from pygraph_nn import nesting

shapes = st.lists(st.integers(0, 3), min_size=1, max_size=3).map(tuple)
arrays = st.tuples(shapes, st.integers(0, 1000)).map(
    lambda pair: np.random.default_rng(pair[1]).standard_normal(pair[0])
)
tables = st.recursive(
    arrays,
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, min_size=1),
    max_leaves=8,
)


@given(tables)
def test_clone_is_equal_and_shares_nothing(value):
    twin = nesting.clone(value)
    assert nesting.compare(value, twin)
    pairs = zip(nesting.leaves(value), nesting.leaves(twin), strict=True)
    assert not any(np.shares_memory(a, b) for a, b in pairs if a.size)


@given(tables)
def test_zero_is_neutral_and_so_is_none(value):
    assert nesting.compare(nesting.add(value, nesting.zero(value)), value)
    assert nesting.compare(nesting.add(None, value), value) and nesting.compare(nesting.add(value, None), value)


@given(tables)
def test_adding_is_doing_so_leaf_by_leaf_and_writes_nowhere(value):
    kept = nesting.clone(value)
    doubled = nesting.add(value, value)
    assert nesting.compare(doubled, nesting.map_table(lambda leaf: 2 * leaf, value))
    assert nesting.compare(value, kept)


@given(tables, tables)
def test_comparing_tells_structures_apart(first, second):
    same = nesting.shape_of(first) == nesting.shape_of(second)
    if not same:
        assert not nesting.compare(first, second)
    assert nesting.compare(first, nesting.map_table(lambda leaf: leaf + 1e-9, first), atol=1e-8)


def test_unlike_structures_are_refused_with_both():
    for first, second in (
        ([np.ones(1)], np.ones(1)),
        (np.ones(1), [np.ones(1)]),
        ([np.ones(1)], [np.ones(1)] * 2),
        ({"a": np.ones(1)}, {"b": np.ones(1)}),
        ({"a": np.ones(1)}, [np.ones(1)]),
    ):
        with pytest.raises(nn.ShapeError, match="float64 1"):
            nesting.add(first, second)


def test_comparing_knows_none_and_nan():
    assert nesting.compare([None, np.array([np.nan])], [None, np.array([np.nan])])
    assert not nesting.compare([None], [np.ones(1)]) and not nesting.compare(np.ones(1), [np.ones(1)])


@given(st.recursive(arrays, lambda inner: st.lists(inner, min_size=1, max_size=3), max_leaves=6))
def test_a_graph_carries_any_table_there_and_back(value):
    x = nn.Identity()()
    net = nn.gModule([x], [nn.Identity()(nn.Identity()(x))])
    assert nesting.compare(net.forward(value), value)
    assert nesting.compare(net.backward(value, value), value)


@given(st.recursive(st.just(0), lambda inner: st.lists(inner, min_size=1, max_size=3), max_leaves=6))
def test_nest_builds_any_structure_and_split_takes_it_apart(structure):
    inputs = []

    def nodes(part):
        if isinstance(part, list):
            return [nodes(entry) for entry in part]
        inputs.append(nn.Identity()())
        return inputs[-1]

    def taken_apart(node, part):
        if not isinstance(part, list):
            return [node]
        return [leaf for n, entry in zip(node.split(len(part)), part, strict=True) for leaf in taken_apart(n, entry)]

    nested = nn.nest(nodes(structure))
    net = nn.gModule(inputs, taken_apart(nested, structure))
    values = [np.full(2, float(index)) for index in range(len(inputs))]
    passed = values if len(values) > 1 else values[0]
    assert nesting.compare(net.forward(passed), passed)
    assert nesting.compare(net.backward(passed, passed), passed)
