"""Rows of modules/table_structure.py."""

import numpy as np

import pygraph_nn as nn

from . import Row, matrix, table

PAIR = table(matrix(2, 3), matrix(4))

ROWS = [
    Row(lambda: nn.SelectTable(2), table(matrix(2, 3), PAIR), bad=(np.ones(3), [np.ones(3)])),
    Row(lambda: nn.SelectTable(-2), table(matrix(2, 3), matrix(4))),
    Row(
        lambda: nn.SelectTable("h"),
        lambda generator: {"c": generator.standard_normal(2), "h": generator.standard_normal(3)},
        bad=({"c": np.ones(3)}, [np.ones(3)]),
    ),
    Row(lambda: nn.NarrowTable(2, 2), table(matrix(2), PAIR, matrix(3)), bad=(np.ones(3), [np.ones(3), np.ones(3)])),
    Row(lambda: nn.NarrowTable(-1), table(matrix(2), matrix(3))),
    Row(lambda: nn.FlattenTable(), table(matrix(2), table(matrix(3), PAIR), matrix(1)), bad=(np.ones(3),)),
    Row(
        lambda: nn.ZipTable(),
        table(PAIR, PAIR, PAIR),
        bad=(np.ones(3), [np.ones(3)], [[np.ones(3)], [np.ones(3), np.ones(3)]]),
    ),
    Row(lambda: nn.ZipTableOneToMany(), table(matrix(2), PAIR), bad=(np.ones(3), [np.ones(3), np.ones(3)])),
]
