"""Modules that select or place elements without computing: slices, padding, one-hot vectors."""

import functools

import numpy as np

from ..errors import RangeError, ShapeError
from ..nesting import shape_of
from . import checks
from .checks import axis_of, expect_array, expect_gradient
from .indices import positions
from .module import Module

__all__ = ["Identity", "Narrow", "Select", "Padding", "OneHot"]


class Identity(Module):
    """y = x, whatever x is: an array or a table.

    ``Identity()()`` is the usual input node of a graph. Source: Torch7's nn/Identity.lua; PyTorch's Identity.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.Identity().forward(np.ones(2))
    array([1., 1.])
    """

    row_wise = True
    stateless = True
    ignores_input = True
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
    negative ``offset`` takes all but ``length`` elements from the start. Source: Torch7's nn/Narrow.lua;
    PyTorch's Tensor.narrow.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.Narrow(1, 2, 2).forward(np.arange(4.0))
    array([1., 2.])
    """

    takes_integers = True
    stateless = True
    ignores_input = True

    def __init__(self, dimension, offset, length=1):
        super().__init__()
        self.dimension = checks.dimension(dimension)
        self.index = checks.dimension(offset, "offset")
        self.length = checks.dimension(length, "length")

    @property
    def row_wise(self):
        """True unless it narrows the rows, which only the last dimension, counted from the end, is sure not to be."""
        return self.dimension > 1 or self.dimension == -1

    @property
    def part(self):
        """Which part it takes, so that whoever asked before sees whether it is another one now."""
        return self.dimension, self.index, self.length

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

    def addGradInput(self, input, gradOutput, total, blank=False):
        """Add the gradient by the input to ``total``, which has the input's shape, in place.

        Where ``total`` is ``blank``, holding no numbers yet, write the part that is not zero and leave the rest alone.
        """
        region = _region(self.dimension, self.index, self.length, input.shape)
        if blank:
            total[region] = gradOutput
        else:
            total[region] += gradOutput

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


class Select(Module):
    """y = x[index] along ``dimension``, both counted from 1 (negative from the end); a view of one dimension less.

    Raises ShapeError for a vector, which has no dimension to spare, RangeError for a dimension or an index that the
    input does not have. Source: Torch7's nn/Select.lua; PyTorch's Tensor.select.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.Select(1, 2).forward(np.arange(4.0).reshape(2, 2))
    array([2., 3.])
    """

    takes_integers = True

    def __init__(self, dimension, index):
        super().__init__()
        self.dimension = checks.dimension(dimension)
        self.index = checks.dimension(index, "index")

    @property
    def row_wise(self):
        """True unless it selects one of the rows."""
        return self.dimension > 1

    def _place(self, input):
        """The index into the input."""
        expect_array(self, input)
        if input.ndim < 2:
            raise ShapeError(f"{self!r} takes an input of at least 2 dimensions, got {shape_of(input)}")
        axis = axis_of(self, self.dimension, input.ndim)
        size = input.shape[axis]
        index = self.index - 1 if self.index > 0 else size + self.index
        if not 0 <= index < size:
            raise RangeError(f"{self!r}: index {self.index} is out of range, dimension {self.dimension} has {size}")
        return (slice(None),) * axis + (index,)

    def updateOutput(self, input):
        self.output = input[self._place(input)]
        return self.output

    def updateGradInput(self, input, gradOutput):
        expect_gradient(self, gradOutput, self.output.shape)
        self.gradInput = np.zeros_like(input)
        self.gradInput[self._place(input)] = gradOutput
        return self.gradInput


class Padding(Module):
    """y = x with |pad| times ``value`` put in along ``dim``: before its start for a negative pad, else behind its end.

    Parameters
    ----------
    dim : int; counted from 1, negative from the end
    pad : int; how many, and from which end ``index`` counts
    nInputDim : int, optional; an input of more dimensions is a batch, and ``dim`` counts behind its first dimension
    value : number, default 0
    index : int, default 1; so many elements less one are between the padding and its end

    Raises RangeError for a dimension or index that the input does not have. Source: Torch7's nn/Padding.lua;
    PyTorch's functional.pad.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.Padding(1, -1).forward(np.ones(2)), nn.Padding(1, 2, 1, 5).forward(np.ones(2))
    (array([0., 1., 1.]), array([1., 1., 5., 5.]))
    """

    takes_integers = True
    nInputDim = None  # what a file does not mention

    def __init__(self, dim, pad, nInputDim=None, value=0, index=1):
        super().__init__()
        self.dim = checks.dimension(dim, "dim")
        self.pad = checks.dimension(pad, "pad") if pad else 0
        self.nInputDim = checks.input_dims(nInputDim, "nn.Padding: nInputDim")
        self.value = checks.number(value, "value")
        self.index = checks.size(index, "index")

    @property
    def row_wise(self):
        """True unless it pads the rows."""
        return self.dim > 1

    def _gap(self, input):
        """The axis, and the place along it that the padding is put in at."""
        expect_array(self, input)
        batch = self.nInputDim is not None and self.dim > 0 and input.ndim > self.nInputDim
        axis = axis_of(self, self.dim + batch, input.ndim, "dim")
        size = input.shape[axis]
        if self.index > size + 1:
            raise RangeError(f"{self!r}: index {self.index} is out of range, dimension {self.dim} has {size}")
        return axis, size - self.index + 1 if self.pad > 0 else self.index - 1

    def updateOutput(self, input):
        axis, place = self._gap(input)
        before, behind = np.split(input, [place], axis)
        shape = (*input.shape[:axis], abs(self.pad), *input.shape[axis + 1 :])
        self.output = np.concatenate([before, np.full(shape, self.value, input.dtype), behind], axis)
        return self.output

    def updateGradInput(self, input, gradOutput):
        expect_gradient(self, gradOutput, self.output.shape)
        axis, place = self._gap(input)
        self.gradInput = np.delete(gradOutput, slice(place, place + abs(self.pad)), axis)
        return self.gradInput


class OneHot(Module):
    """y = for each index in x, counted from 1, a vector of ``outputSize`` that is 1 at the index and 0 elsewhere.

    Input is an array of whole numbers, of integer or of the network's type, or one number; the output has one more
    dimension. The gradient by the input is 0. Raises RangeError for an index that is not in 1 .. outputSize.
    Source: Torch7's nn/OneHot.lua; PyTorch's one_hot, which counts from 0.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.OneHot(3).forward(np.array([3, 1]))
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """

    row_wise = True
    takes_integers = True

    def __init__(self, outputSize):
        super().__init__()
        self.outputSize = checks.size(outputSize, "outputSize")

    def check_input(self, input):
        if isinstance(input, bool) or not isinstance(input, (int, float)):
            super().check_input(input)

    def updateOutput(self, input):
        places = positions(self, np.array(input) if isinstance(input, (int, float)) else input, self.outputSize)
        self.output = np.zeros((*places.shape, self.outputSize), self.dtype)
        np.put_along_axis(self.output, places[..., None], 1, -1)
        return self.output

    def updateGradInput(self, input, gradOutput):
        self.gradInput = np.zeros(np.shape(input), self.dtype) if isinstance(input, np.ndarray) else 0
        return self.gradInput
