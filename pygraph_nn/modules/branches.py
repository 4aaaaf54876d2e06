"""Containers whose modules take the same input, or a slice or entry of it, and whose outputs are put together."""

from itertools import zip_longest

import numpy as np

from .. import nesting
from ..errors import GraphError, ShapeError
from ..nesting import shape_of
from . import checks
from .checks import axis_of, expect_array, expect_array_entry, expect_gradient, expect_table
from .containers import SideBySide

__all__ = ["ConcatTable", "Concat", "DepthConcat", "Parallel", "MapTable"]


def _sum(first, second):
    """Add two gradients; an entry that one table lacks counts as zero there."""
    if isinstance(first, list) and isinstance(second, (list, tuple)):
        return [_sum(a, b) for a, b in zip_longest(first, second)]
    return nesting.add(first, second)


class _Branches(SideBySide):
    """What the containers share whose modules all take the same input: the gradients by it add."""

    def gather(self, input, gradients):
        """The sum of the modules' gradients."""
        total = None
        for number, gradient in enumerate(gradients, 1):
            if isinstance(input, (list, tuple)) and gradient is not None and len(gradient) != len(input):
                raise ShapeError(
                    f"{self.typename()}: the input has {len(input)} entries, but module {number} gives gradients for "
                    f"{len(gradient)}: {shape_of(gradient)}"
                )
            total = _sum(total, gradient)
        return total


class ConcatTable(_Branches):
    """y[i] = f_i(x): every module takes the whole input; the output is the table of their outputs.

    The gradients by the input add, entry by entry where it is a table (of any depth); an entry for which a module gives
    no gradient counts as zero. Source: Torch7's nn/ConcatTable.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> net = nn.ConcatTable().add(nn.Identity()).add(nn.Tanh())
    >>> net
    nn.ConcatTable {
      input
        |`-> (1): nn.Identity
         `-> (2): nn.Tanh
         ... -> output
    }
    >>> net.forward(np.zeros(1))
    [array([0.]), array([0.])]
    """

    @property
    def row_wise(self):
        """True if every module inside is."""
        return all(module.row_wise for module in self.modules)


class Concat(_Branches):
    """y = f_1(x), f_2(x), ... joined along ``dimension``: every module takes the whole input.

    The gradients by the input add. Raises ShapeError where the outputs differ in another dimension.
    Source: Torch7's nn/Concat.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> net = nn.Concat(1).add(nn.Identity()).add(nn.Tanh())
    >>> net.forward(np.zeros(2))
    array([0., 0., 0., 0.])
    """

    def __init__(self, dimension):
        super().__init__()
        self.dimension = checks.dimension(dimension)

    @property
    def row_wise(self):
        """True if every module inside is, and rows are not what is joined."""
        return self.dimension > 1 and all(module.row_wise for module in self.modules)

    def _measure(self, outputs):
        """Take down the shapes of the modules' outputs, and the axis and places at which they meet."""
        expect_table(self, outputs)
        for output in outputs:
            expect_array_entry(self, output, outputs)
        if len({output.ndim for output in outputs}) > 1:
            raise ShapeError(f"{self.typename()} joins outputs of one rank, got {shape_of(outputs)}")
        self._axis = axis_of(self.typename(), self.dimension, outputs[0].ndim)
        self._shapes = [output.shape for output in outputs]
        self._ends = np.cumsum([shape[self._axis] for shape in self._shapes])

    def collect(self, outputs):
        """The outputs, joined."""
        self._measure(outputs)
        axis = self._axis
        if len({shape[:axis] + shape[axis + 1 :] for shape in self._shapes}) > 1:
            raise ShapeError(
                f"{self.typename()} joins outputs that differ in dimension {self.dimension} only, "
                f"got {shape_of(outputs)}"
            )
        return np.concatenate(outputs, axis)

    def share_out(self, gradOutput):
        """The part of the gradient that belongs to each module."""
        expect_gradient(self, gradOutput, self.output.shape)
        return np.split(gradOutput, self._ends[:-1], self._axis)

    def clearState(self):
        for name in ("_axis", "_shapes", "_ends"):
            vars(self).pop(name, None)
        return super().clearState()


class DepthConcat(Concat):
    """y = f_1(x), f_2(x), ... joined along ``dimension``, the smaller ones in the middle of zeros.

    In every other dimension the output is as long as the longest of the modules' outputs.
    Source: Szegedy and others 2014, Going Deeper with Convolutions; Torch7's nn/DepthConcat.lua, whose ``backward``
    forgets ``scale``.

    >>> import numpy as np, pygraph_nn as nn
    >>> net = nn.DepthConcat(1).add(nn.Identity()).add(nn.Narrow(2, 1, 1))
    >>> net.forward(np.ones((1, 3)))
    array([[1., 1., 1.],
           [0., 1., 0.]])
    """

    def _windows(self, array):
        """The part of ``array`` that belongs to each module, as views."""
        for shape, end in zip(self._shapes, self._ends):
            window = []
            for axis, length in enumerate(shape):
                start = end - length if axis == self._axis else (array.shape[axis] - length) // 2
                window.append(slice(start, start + length))
            yield array[tuple(window)]

    def collect(self, outputs):
        """The outputs, joined, with zeros around the smaller ones."""
        self._measure(outputs)
        shape = list(map(max, *self._shapes, self._shapes[0]))
        shape[self._axis] = self._ends[-1]
        joined = np.zeros(shape, outputs[0].dtype)
        for window, output in zip(self._windows(joined), outputs):
            window[...] = output
        return joined

    def share_out(self, gradOutput):
        """The part of the gradient that belongs to each module."""
        expect_gradient(self, gradOutput, self.output.shape)
        return list(self._windows(gradOutput))


class Parallel(Concat):
    """y = f_1(x_1), f_2(x_2), ... joined along ``outputDimension``; x_i is the i-th slice along ``inputDimension``.

    Raises ShapeError where the input has more slices than there are modules; where it has fewer, the last modules take
    no part. Source: Torch7's nn/Parallel.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> net = nn.Parallel(1, 1).add(nn.Identity()).add(nn.Tanh())
    >>> net.forward(np.zeros((2, 3)))
    array([0., 0., 0., 0., 0., 0.])
    """

    row_wise = False

    def __init__(self, inputDimension, outputDimension):
        super().__init__(outputDimension)
        self.inputDimension = checks.dimension(inputDimension, "inputDimension")
        self.outputDimension = self.dimension

    def deal(self, input):
        """The slices of the input."""
        expect_array(self, input)
        axis = axis_of(self.typename(), self.inputDimension, input.ndim, "inputDimension")
        if input.shape[axis] > len(self.modules):
            raise ShapeError(
                f"{self.typename()} needs one module for each slice along dimension {self.inputDimension}: it has "
                f"{len(self.modules)}, the input is {shape_of(input)}"
            )
        return list(np.moveaxis(input, axis, 0))

    def gather(self, input, gradients):
        """The modules' gradients, one slice each."""
        return np.stack(gradients, axis_of(self.typename(), self.inputDimension, input.ndim))


class MapTable(SideBySide):
    """y[i] = f(x[i]): one module for all entries of a table, of any length.

    For the i-th entry a copy of the module works, which shares ``sharedparams`` (weight, bias and their gradients)
    unless ``shared`` is False; copies are made when a longer table comes. ``clearState`` drops the copies, but not
    those with parameters of their own (Torch7 loses these). Source: Torch7's nn/MapTable.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> net = nn.MapTable(nn.Tanh())
    >>> net
    nn.MapTable {
      nn.Tanh
    }
    >>> net.forward([np.zeros(1), np.zeros(2)])
    [array([0.]), array([0., 0.])]
    """

    def __init__(self, module=None, shared=True):
        super().__init__()
        self.shared = shared
        self.sharedparams = ["weight", "bias", "gradWeight", "gradBias"]
        if module is not None:
            self.add(module)

    @property
    def module(self):
        """The module whose copies work on the entries."""
        return self.modules[0] if self.modules else None

    def add(self, module):
        """Set the module; a second one is refused."""
        if self.modules:
            raise GraphError(f"{self.typename()} takes a single module and has one: {self.module!r}")
        return super().add(module)

    def resize(self, n):
        """Have ``n`` copies of the module, the module itself included."""
        self._extend(n)
        del self.modules[max(n, 1) :]
        return self

    def _extend(self, n):
        if not self.modules:
            raise GraphError(f"{self.typename()} has no module: add one with add(module)")
        names = self.sharedparams if self.shared else ()
        self.modules += [self.module.clone(*names) for _ in range(n - len(self.modules))]

    def deal(self, input):
        """The entries of the input."""
        expect_table(self, input)
        self._extend(len(input))
        return input

    def gather(self, input, gradients):
        """The table of the modules' gradients."""
        return gradients

    def _counterparts(self, other):
        """Pair every copy with that of ``other``; both get equally many copies."""
        if isinstance(other, MapTable) and self.modules and other.modules:
            most = max(len(self.modules), len(other.modules))
            self._extend(most)
            other._extend(most)
        return super()._counterparts(other)

    def replace(self, callback):
        """As Module.replace; copies that share their parameters are made anew from the substitute."""
        if self.shared:
            del self.modules[1:]
        return super().replace(callback)

    def clearState(self):
        if self.shared:
            del self.modules[1:]
        return super().clearState()

    def __repr__(self):
        if not self.modules:
            return f"{self.typename()} {{ }}"
        return self._indented(repr(self.module).split("\n"))
