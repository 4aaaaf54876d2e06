"""Tests that need Graphviz are left out where it is not installed: the package works without it."""

import shutil

import pytest

import pygraph_nn as nn


def pytest_collection_modifyitems(config, items):
    if shutil.which("dot") is None:
        without = [item for item in items if item.get_closest_marker("graphviz")]
        config.hook.pytest_deselected(items=without)
        items[:] = [item for item in items if item not in without]


@pytest.fixture
def net():
    """Return y = tanh(W x), with both nodes named."""
    x = nn.Identity()().annotate(name="x")
    h = nn.Linear(3, 2)(x).annotate(name="h")
    return nn.gModule([x], [nn.Tanh()(h).annotate(name="y")])


@pytest.fixture
def nested():
    """Return a network with a cell and a Sequential inside."""
    x, c, h = (nn.Identity()().annotate(name=name) for name in ("x", "c", "h"))
    cell = nn.LSTM.create(3, 4)
    cell.name = "cell"
    next_c, next_h = cell([x, c, h]).annotate(name="step").split(2)
    decoder = nn.Sequential().add(nn.Linear(4, 3)).add(nn.Tanh())
    return nn.gModule([x, c, h], [next_c, decoder(next_h).annotate(name="out")])
