"""Rows of modules/branches.py."""

import numpy as np

import pygraph_nn as nn

from . import Row, matrix, table


def filled(container, *modules):
    """The container with the modules in it."""
    for module in modules:
        container.add(module)
    return container


BAD = (np.ones((2, 4)), [np.ones(3)])

ROWS = [
    Row(
        lambda: filled(nn.ConcatTable(), nn.Linear(3, 2), nn.Tanh()),
        matrix(5, 3),
        single=lambda x: x[0],
        expect_single=lambda output: [entry[0] for entry in output],
        bad=BAD,
    ),
    Row(
        lambda: filled(nn.ConcatTable(), nn.SelectTable(1), nn.NarrowTable(1, 2), nn.Identity()),
        table(matrix(2, 3), table(matrix(4), matrix(2)), matrix(5)),
        bad=(np.ones(3), [np.ones(3)]),
    ),
    Row(
        lambda: filled(nn.Concat(2), nn.Linear(3, 2), nn.Linear(3, 1), nn.Tanh()),
        matrix(5, 3),
        bad=BAD,
    ),
    Row(lambda: filled(nn.Concat(1), nn.Linear(3, 2), nn.Tanh()), matrix(3), bad=BAD),
    Row(
        lambda: filled(nn.Concat(-1), nn.CAddTable(), nn.CMulTable()),
        table(matrix(2, 3), matrix(2, 3)),
        bad=(np.ones(3), [np.ones(2), np.ones(3)]),
    ),
    Row(
        lambda: filled(nn.DepthConcat(1), nn.Narrow(2, 1, 3), nn.Narrow(2, 2, 2), nn.Tanh()),
        matrix(2, 6),
        bad=(np.ones((2, 2)), [np.ones(3)]),
    ),
    Row(lambda: filled(nn.DepthConcat(2), nn.Narrow(3, 1, 1), nn.Narrow(2, 1, 3)), matrix(2, 4, 3)),
    Row(
        lambda: filled(nn.Parallel(2, 2), nn.Linear(3, 2), nn.Tanh(), nn.Linear(3, 1)),
        matrix(5, 3, 3),
        bad=(np.ones((5, 4, 3)), np.ones((5, 3, 4)), np.ones(3), [np.ones(3)]),
    ),
    Row(lambda: filled(nn.Parallel(1, 1), nn.Tanh(), nn.Linear(3, 2), nn.Tanh()), matrix(2, 3)),
    Row(
        lambda: nn.MapTable(nn.Linear(3, 2)),
        table(matrix(2, 3), matrix(3), matrix(4, 3)),
        bad=(np.ones(3), [np.ones((2, 4))]),
    ),
    Row(lambda: nn.MapTable(nn.Sequential().add(nn.Linear(3, 2)).add(nn.Tanh())), table(matrix(2, 3), matrix(3))),
    Row(lambda: nn.MapTable(nn.Linear(3, 2), False).resize(2), table(matrix(2, 3), matrix(3))),
]
