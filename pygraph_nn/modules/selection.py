"""Modules that pick parts of their first input by the second: rows by index, elements by mask."""

import numpy as np

from ..errors import ShapeError
from ..nesting import shape_of
from . import checks
from .checks import axis_of, expect_array_entry, expect_table
from .indices import add_rows, positions
from .module import Module

__all__ = ["Index", "MaskedSelect"]


class Index(Module):
    """y = the slices of x[1] along ``dimension`` that the indices x[2], counted from 1, name, in their order.

    x[2] is a vector of integers (or of whole floating numbers); its own gradient is zero. Raises RangeError for an
    index outside. Source: Torch7's nn/Index.lua; PyTorch's index_select.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.Index(1).forward([np.array([5.0, 6.0, 7.0]), np.array([3, 1])])
    array([7., 5.])
    """

    takes_integers = True

    def __init__(self, dimension):
        super().__init__()
        self.dimension = checks.dimension(dimension)

    def updateOutput(self, input):
        expect_table(self, input, 2)
        source, index = input
        expect_array_entry(self, source, input)
        axis = axis_of(self, self.dimension, source.ndim)
        if np.ndim(index) != 1:
            raise ShapeError(f"{self!r} takes a vector of indices beside the array, got {shape_of(input)}")
        self.output = np.take(source, positions(self, index, source.shape[axis]), axis)
        return self.output

    def updateGradInput(self, input, gradOutput):
        source, index = input
        axis = axis_of(self, self.dimension, source.ndim)
        gradient = np.zeros_like(source)
        places = positions(self, index, source.shape[axis])
        add_rows(np.moveaxis(gradient, axis, 0), places, np.moveaxis(gradOutput, axis, 0))
        self.gradInput = [gradient, np.zeros_like(index)]
        return self.gradInput


class MaskedSelect(Module):
    """y = the elements of x[1] where the mask x[2] is not 0, as a vector, in row-major order.

    The mask has the shape of x[1] and integers or booleans in it; its own gradient is zero.
    Source: Torch7's nn/MaskedSelect.lua; PyTorch's masked_select.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.MaskedSelect().forward([np.array([5.0, 6.0]), np.array([0, 1])])
    array([6.])
    """

    takes_integers = True

    def _mask(self, input):
        expect_table(self, input, 2)
        source, mask = input
        for entry in input:
            expect_array_entry(self, entry, input)
        if source.shape != mask.shape:
            raise ShapeError(f"{self!r} takes a mask of the array's shape, got {shape_of(input)}")
        return mask != 0

    def updateOutput(self, input):
        mask = self._mask(input)
        self.output = input[0][mask]
        return self.output

    def updateGradInput(self, input, gradOutput):
        gradient = np.zeros_like(input[0])
        gradient[self._mask(input)] = gradOutput
        self.gradInput = [gradient, np.zeros_like(input[1])]
        return self.gradInput
