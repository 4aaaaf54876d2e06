"""Modules that select or rearrange elements without computing: views, slices, padding."""

import functools

import numpy as np

from ..errors import RangeError
from . import checks
from .checks import axis_of, expect_array
from .module import Module

__all__ = ["Identity", "Narrow"]


class Identity(Module):
    """y = x, whatever x is: an array or a table.

    ``Identity()()`` is the usual input node of a graph. Source: Torch7's nn/Identity.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.Identity().forward(np.ones(2))
    array([1., 1.])
    """

    row_wise = True
    takes_integers = True

    def updateOutput(self, input):
        self.output = input
        return input

    def updateGradInput(self, input, gradOutput):
        self.gradInput = gradOutput
        return gradOutput


class Narrow(Module):
    """y = x[offset .. offset + length - 1] along ``dimension``, all counted from 1; a view of x.

    A negative ``dimension`` counts from the last. A negative ``length`` leaves -length - 1 elements off at the end. A
    negative ``offset`` takes all but ``length`` elements from the start. Source: Torch7's nn/Narrow.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.Narrow(1, 2, 2).forward(np.arange(4.0))
    array([1., 2.])
    """

    takes_integers = True

    def __init__(self, dimension, offset, length=1):
        super().__init__()
        self.dimension = checks.dimension(dimension)
        self.index = checks.dimension(offset, "offset")
        self.length = checks.dimension(length, "length")

    @property
    def row_wise(self):
        """True unless it narrows the rows."""
        return self.dimension != 1

    def updateOutput(self, input):
        try:
            self.output = input[_region(self.dimension, self.index, self.length, input.shape)]
        except AttributeError:
            expect_array(self, input)
            raise
        return self.output

    def updateGradInput(self, input, gradOutput):
        gradInput = np.zeros(input.shape, input.dtype)
        gradInput[_region(self.dimension, self.index, self.length, input.shape)] = gradOutput
        self.gradInput = gradInput
        return gradInput

    def arguments(self):
        return f"({self.dimension}, {self.index}, {self.length})"


@functools.lru_cache(maxsize=4096)
def _region(dimension, index, length, shape):
    """The slices that narrow an array of this shape; kept, because a network asks for the same ones at every pass."""
    name = f"nn.Narrow({dimension}, {index}, {length})"
    axis = axis_of(name, dimension, len(shape))
    size, start = shape[axis], index - 1
    if length < 0:
        length += size - index + 2
    if start < 0:
        start, length = 0, size - length
    if length < 1 or start + length > size:
        raise RangeError(
            f"{name} reaches from {start + 1} to {start + length}, but dimension {dimension} of the input has {size} "
            f"({'x'.join(map(str, shape))})"
        )
    return (slice(None),) * axis + (slice(start, start + length),)
