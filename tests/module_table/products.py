"""Rows of modules/products.py."""

import numpy as np

import pygraph_nn as nn

from . import Row, matrix, table

ROWS = [
    Row(
        lambda: nn.MM(),
        table(matrix(2, 3, 4), matrix(2, 4, 5)),
        single=lambda pair: [pair[0][0], pair[1][0]],
        bad=(np.ones(3), [np.ones((2, 3)), np.ones((2, 3))], [np.ones((2, 3)), np.ones(3)]),
        torch=lambda module: lambda pair: pair[0] @ pair[1],
    ),
    Row(lambda: nn.MM(True, False), table(matrix(3, 2), matrix(3, 5)), bad=([np.ones((2, 3)), np.ones((3, 2))],)),
    Row(lambda: nn.MM(False, True), table(matrix(2, 3), matrix(5, 3))),
    Row(
        lambda: nn.MM(True, True),
        table(matrix(2, 4, 3), matrix(2, 5, 4)),
        bad=([np.ones((2, 4, 3)), np.ones((3, 5, 4))],),
    ),
    Row(
        lambda: nn.MV(),
        table(matrix(2, 3, 4), matrix(2, 4)),
        single=lambda pair: [pair[0][0], pair[1][0]],
        bad=(np.ones(3), [np.ones((2, 3)), np.ones(2)], [np.ones((2, 3, 4)), np.ones(4)]),
    ),
    Row(lambda: nn.MV(True), table(matrix(2, 4, 3), matrix(2, 4)), single=lambda pair: [pair[0][0], pair[1][0]]),
    Row(
        lambda: nn.MixtureTable(),
        table(matrix(2, 3), table(matrix(2, 4), matrix(2, 4), matrix(2, 4))),
        single=lambda pair: [pair[0][0], [expert[0] for expert in pair[1]]],
        bad=(np.ones(3), [np.ones((2, 3)), [np.ones((2, 4))] * 2], [np.ones((2, 2)), [np.ones(4), np.ones(3)]]),
    ),
    Row(
        lambda: nn.MixtureTable(3),
        table(matrix(2, 3), matrix(2, 4, 3, 2)),
        bad=([np.ones((2, 3)), np.ones((2, 4, 2))], [np.ones((2, 3)), np.ones((1, 4, 3))]),
    ),
    Row(lambda: nn.MixtureTable(2), table(matrix(3), matrix(4, 3))),
    Row(lambda: nn.MixtureTable(), table(matrix(1, 1), table(matrix(1, 4)))),
    Row(lambda: nn.MixtureTable(-1), table(matrix(3), matrix(3)), bad=([np.ones(3), np.ones(2)],)),
]
