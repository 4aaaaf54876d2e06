"""Rows of modules/tables.py."""

import numpy as np

import pygraph_nn as nn

from . import Row, matrix, table

ROWS = [
    Row(
        lambda: nn.CAddTable(),
        table(matrix(2, 3), matrix(2, 3), matrix(2, 3)),
        bad=(np.ones(3), [], [np.ones(2), np.ones(3)], [[np.ones(2)]]),
    ),
    Row(
        lambda: nn.CMulTable(),
        table(matrix(2, 3), matrix(2, 3), matrix(2, 3)),
        bad=(np.ones(3), [np.ones(2), np.ones(3)]),
    ),
    Row(
        lambda: nn.CSubTable(),
        table(matrix(2, 3), matrix(2, 3)),
        bad=(np.ones(3), [np.ones(2), np.ones(3)], [np.ones(2)], [np.ones(2)] * 3),
    ),
    Row(
        lambda: nn.CDivTable(),
        lambda generator: [generator.standard_normal((2, 3)), generator.uniform(1, 2, (2, 3))],
        bad=(np.ones(3), [np.ones(2), np.ones(3)], [np.ones(2)]),
    ),
    Row(
        lambda: nn.CMaxTable(),
        table(matrix(2, 3), matrix(2, 3), matrix(2, 3)),
        bad=(np.ones(3), [], [np.ones(2), np.ones(3)]),
    ),
    Row(
        lambda: nn.CMinTable(),
        table(matrix(2, 3), matrix(2, 3), matrix(2, 3)),
        bad=(np.ones(3), [], [np.ones(2), np.ones(3)]),
    ),
    Row(
        lambda: nn.CAddTensorTable(),
        table(matrix(2, 3), table(matrix(2, 3), matrix(2, 3))),
        bad=(np.ones(3), [np.ones(3), np.ones(3)], [np.ones(3), []], [np.ones(3), [np.ones(2)]]),
    ),
    Row(
        lambda: nn.JoinTable(2),
        table(matrix(2, 3), matrix(2, 4)),
        bad=(np.ones(3), [np.ones(2)], [np.ones((2, 3)), np.ones((3, 3))]),
    ),
    Row(lambda: nn.JoinTable(1, 1), table(matrix(2, 3), matrix(2, 4))),
    Row(lambda: nn.SplitTable(2), matrix(2, 3), bad=(np.ones(2), [np.ones(2)])),
    Row(lambda: nn.SplitTable(-1), matrix(2, 3, 4), bad=(np.ones(2),)),
    Row(lambda: nn.JustTable(), matrix(2, 3)),
    Row(lambda: nn.JustElement(), table(matrix(2, 3)), bad=([], np.ones(3))),
]
