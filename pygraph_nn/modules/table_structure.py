"""Modules that rearrange tables and leave their arrays as they are: pick, narrow, flatten, zip."""

from .. import nesting
from ..errors import RangeError, ShapeError, TensorTypeError
from ..nesting import is_table, leaves, map_table, shape_of
from . import checks
from .checks import expect_table
from .module import Module

__all__ = ["SelectTable", "NarrowTable", "FlattenTable", "ZipTable", "ZipTableOneToMany"]


class SelectTable(Module):
    """y = x[index]: one entry of a table, an array or a table itself.

    ``index`` is counted from 1 (negative from the end), or a key where the input is a dict. The gradient of the other
    entries is zero. Raises RangeError where the entry does not exist. Source: Torch7's nn/SelectTable.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.SelectTable(-1).forward([np.zeros(1), np.ones(2)])
    array([1., 1.])
    >>> nn.SelectTable("h").forward({"h": np.ones(1)})
    array([1.])
    """

    takes_integers = True

    def __init__(self, index):
        super().__init__()
        self.index = index if isinstance(index, str) else checks.dimension(index, "nn.SelectTable(index): index")

    def _key(self, input):
        if not is_table(input):
            raise TensorTypeError(f"{self!r} takes a table, got {shape_of(input)}")
        if isinstance(input, dict):
            if self.index not in input:
                raise RangeError(f"{self!r}: the input has no entry {self.index!r}, it is {shape_of(input)}")
            return self.index
        if isinstance(self.index, str) or not 1 <= abs(self.index) <= len(input):
            raise RangeError(
                f"{self!r}: the input has entries 1 to {len(input)}, not {self.index!r}; it is {shape_of(input)}"
            )
        return self.index - 1 if self.index > 0 else len(input) + self.index

    def updateOutput(self, input):
        self.output = input[self._key(input)]
        return self.output

    def updateGradInput(self, input, gradOutput):
        chosen = self._key(input)
        keys = input if isinstance(input, dict) else range(len(input))
        gradients = {key: gradOutput if key == chosen else nesting.zero(input[key]) for key in keys}
        self.gradInput = gradients if isinstance(input, dict) else list(gradients.values())
        return self.gradInput


class NarrowTable(Module):
    """y = the ``length`` entries of the table from ``offset`` on, counted from 1 (negative from the end).

    The gradient of the other entries is zero. Raises RangeError where the entries do not exist (Torch7 puts out a
    shorter table there). Source: Torch7's nn/NarrowTable.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.NarrowTable(2, 2).forward([np.zeros(1), np.ones(1), np.ones(2)])
    [array([1.]), array([1., 1.])]
    """

    takes_integers = True

    def __init__(self, offset, length=1):
        super().__init__()
        self.offset = checks.dimension(offset, "nn.NarrowTable(offset, length): offset")
        self.length = checks.size(length, "nn.NarrowTable(offset, length): length")

    def _start(self, input):
        expect_table(self, input)
        start = self.offset - 1 if self.offset > 0 else len(input) + self.offset
        if start < 0 or start + self.length > len(input):
            raise RangeError(
                f"{self!r} takes {self.length} entries from {self.offset} on, but the input has {len(input)}: "
                f"{shape_of(input)}"
            )
        return start

    def updateOutput(self, input):
        start = self._start(input)
        self.output = list(input[start : start + self.length])
        return self.output

    def updateGradInput(self, input, gradOutput):
        expect_table(self, gradOutput, self.length)
        start = self._start(input)
        before, after = input[:start], input[start + self.length :]
        self.gradInput = [*nesting.zero(before), *gradOutput, *nesting.zero(after)]
        return self.gradInput


class FlattenTable(Module):
    """y = all arrays of a nested table, in order, in one flat table.

    Source: Torch7's nn/FlattenTable.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.FlattenTable().forward([np.zeros(1), [np.ones(1), [np.ones(2)]]])
    [array([0.]), array([1.]), array([1., 1.])]
    """

    takes_integers = True

    def updateOutput(self, input):
        if not is_table(input):
            raise TensorTypeError(f"{self!r} takes a table, got {shape_of(input)}")
        self.output = list(leaves(input))
        return self.output

    def updateGradInput(self, input, gradOutput):
        expect_table(self, gradOutput, sum(1 for _ in leaves(input)))
        remaining = iter(gradOutput)
        self.gradInput = map_table(lambda _: next(remaining), input)
        return self.gradInput


class ZipTable(Module):
    """y[i][j] = x[j][i]: a table of n tables of m becomes a table of m tables of n.

    Raises ShapeError for tables of unequal lengths. Source: Torch7's nn/ZipTable.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> a, b = [np.zeros(1), np.zeros(2)], [np.ones(1), np.ones(2)]
    >>> nn.ZipTable().forward([a, b])
    [[array([0.]), array([1.])], [array([0., 0.]), array([1., 1.])]]
    """

    takes_integers = True

    def _zip(self, table):
        expect_table(self, table)
        if any(not isinstance(row, (list, tuple)) or len(row) != len(table[0]) for row in table):
            raise ShapeError(f"{self!r} takes a table of tables of one length, got {shape_of(table)}")
        return [list(column) for column in zip(*table)]

    def updateOutput(self, input):
        self.output = self._zip(input)
        return self.output

    def updateGradInput(self, input, gradOutput):
        self.gradInput = self._zip(gradOutput)
        return self.gradInput


class ZipTableOneToMany(Module):
    """y[i] = [x[1], x[2][i]]: x[1] beside every entry of the table x[2].

    Source: Torch7's nn/ZipTableOneToMany.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.ZipTableOneToMany().forward([np.zeros(1), [np.ones(1), np.ones(2)]])
    [[array([0.]), array([1.])], [array([0.]), array([1., 1.])]]
    """

    takes_integers = True

    def updateOutput(self, input):
        expect_table(self, input, 2)
        one, many = input
        expect_table(self, many)
        self.output = [[one, entry] for entry in many]
        return self.output

    def updateGradInput(self, input, gradOutput):
        expect_table(self, gradOutput, len(input[1]))
        one = None
        for first, _ in gradOutput:
            one = nesting.add(one, first)
        self.gradInput = [one, [second for _, second in gradOutput]]
        return self.gradInput
