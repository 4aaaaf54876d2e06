"""Modules that reduce one dimension of their input to a single number: its sum, mean, largest or smallest entry."""

import numpy as np

from . import checks
from .checks import axis_behind_batch, expect_array, expect_entries, expect_gradient
from .module import Module

__all__ = ["Sum", "Mean", "Max", "Min"]


class _Reduction(Module):
    """What all of them share: the dimension, and that a vector is reduced to a vector of one."""

    squeeze = True
    nInputDims = None  # what a file does not mention

    def __init__(self, dimension=1, nInputDims=None):
        super().__init__()
        self.dimension = checks.dimension(dimension)
        self.nInputDims = checks.input_dims(nInputDims, f"{self.typename()}: nInputDims")

    @property
    def row_wise(self):
        """True for a dimension behind the rows."""
        return self.dimension > 1

    def _axis(self, input):
        expect_array(self, input)
        return axis_behind_batch(self, self.dimension, input.ndim, self.nInputDims)

    def _put_out(self, reduced, axis):
        """Drop the reduced dimension, unless it is the only one or is to be kept."""
        self.output = reduced.squeeze(axis) if self.squeeze and reduced.ndim > 1 else reduced
        return self.output

    def _unsqueezed(self, input, gradOutput):
        """gradOutput with the reduced dimension at its place, and that place."""
        expect_gradient(self, gradOutput, self.output.shape)
        axis = self._axis(input)
        return gradOutput.reshape(input.shape[:axis] + (1,) + input.shape[axis + 1 :]), axis


class Sum(_Reduction):
    """y = the sum of x along ``dimension``, which disappears; a vector gives a vector of one.

    Parameters
    ----------
    dimension : int, default 1; counted from 1, negative from the end
    nInputDims : int, optional; an input of one more dimension is a batch, and ``dimension`` counts behind it
    sizeAverage : bool; divide by the number of summands
    squeeze : bool, default True; with False, the dimension stays, of size 1

    Raises RangeError for a dimension that the input does not have. Source: Torch7's nn/Sum.lua; PyTorch's torch.sum.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.Sum(2).forward(np.ones((2, 3)))
    array([3., 3.])
    """

    def __init__(self, dimension=1, nInputDims=None, sizeAverage=False, squeeze=True):
        super().__init__(dimension, nInputDims)
        self.sizeAverage = sizeAverage
        self.squeeze = squeeze

    def updateOutput(self, input):
        axis = self._axis(input)
        if self.sizeAverage:
            expect_entries(self, input, axis)
        reduce = np.mean if self.sizeAverage else np.sum
        return self._put_out(reduce(input, axis, keepdims=True), axis)

    def updateGradInput(self, input, gradOutput):
        gradOutput, axis = self._unsqueezed(input, gradOutput)
        self.gradInput = np.repeat(gradOutput, input.shape[axis], axis)
        if self.sizeAverage:
            self.gradInput /= input.shape[axis]
        return self.gradInput


class Mean(Sum):
    """y = the mean of x along ``dimension``: Sum with ``sizeAverage``.

    Source: Torch7's nn/Mean.lua; PyTorch's torch.mean.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.Mean(1).forward(np.array([[1.0, 2.0], [3.0, 6.0]]))
    array([2., 4.])
    """

    def __init__(self, dimension=1, nInputDims=None):
        super().__init__(dimension, nInputDims, True)


class _Extremum(_Reduction):
    """What Max and Min share: the gradient goes to the entry that was picked, the first one among equals."""

    def _pick(self, input, axis):
        """The position of the entry that is put out, along the axis."""
        raise NotImplementedError

    def updateOutput(self, input):
        axis = self._axis(input)
        expect_entries(self, input, axis)
        self._indices = np.expand_dims(self._pick(input, axis), axis)
        return self._put_out(np.take_along_axis(input, self._indices, axis), axis)

    def updateGradInput(self, input, gradOutput):
        gradOutput, axis = self._unsqueezed(input, gradOutput)
        self.gradInput = np.zeros_like(input)
        np.put_along_axis(self.gradInput, self._indices, gradOutput, axis)
        return self.gradInput

    def clearState(self):
        self._indices = None
        return super().clearState()


class Max(_Extremum):
    """y = the largest entries of x along ``dimension``, which disappears; a vector gives a vector of one.

    The gradient goes to the first of several that are equally large. ``dimension`` and ``nInputDims`` as in Sum.
    Raises RangeError for a dimension that the input does not have. Source: Torch7's nn/Max.lua; PyTorch's torch.max.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.Max(2).forward(np.array([[1.0, 2.0], [4.0, 3.0]]))
    array([2., 4.])
    """

    def _pick(self, input, axis):
        return input.argmax(axis)


class Min(_Extremum):
    """y = the smallest entries of x along ``dimension``, which disappears; a vector gives a vector of one.

    The gradient goes to the first of several that are equally small. ``dimension`` and ``nInputDims`` as in Sum.
    Raises RangeError for a dimension that the input does not have. Source: Torch7's nn/Min.lua; PyTorch's torch.min.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.Min(2).forward(np.array([[1.0, 2.0], [4.0, 3.0]]))
    array([1., 3.])
    """

    def _pick(self, input, axis):
        return input.argmin(axis)
