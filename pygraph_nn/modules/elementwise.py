"""Elementwise: the shape that all functions of single elements share."""

import numpy as np

from ..tensors import ONE
from .checks import expect_array, expect_gradient
from .module import Module

__all__ = ["Elementwise", "gated"]

_BOOL = np.dtype(bool)
_ZERO = {dtype: np.zeros((), dtype) for dtype in ONE}
_BITS = {dtype: np.dtype(f"uint{8 * dtype.itemsize}") for dtype in ONE}


def gated(passes, gradient):
    """The gradient where ``passes``, 0 elsewhere, even where it is infinite or none, as a product is not.

    >>> gated(np.array([True, False]), np.array([2.0, np.inf]))
    array([2., 0.])
    """
    bits = _BITS.get(gradient.dtype) if gradient.size > 1000 else None
    if bits is None:
        return np.where(passes, gradient, _ZERO.get(gradient.dtype, 0))
    return (gradient.view(bits) * passes).view(gradient.dtype)  # the same, without a branch for each element


class Elementwise(Module):
    """y = f(x), element by element; any shape in, the same shape out.

    A subclass is two formulas, the derivative under its function:

    >>> import numpy as np, pygraph_nn as nn
    >>> from pygraph_nn.modules.elementwise import Elementwise
    >>> class Cube(Elementwise):
    ...     def function(self, x):
    ...         return x * x * x
    ...     def derivative(self, x, y):
    ...         return 3 * x * x
    >>> cube = Cube()
    >>> cube.forward(np.array([2.0])), cube.backward(np.array([2.0]), np.array([1.0]))
    (array([8.]), array([12.]))

    A not-a-number in x stays one in y. Formulas take care not to turn float32 into float64: constants are Python
    numbers, and no integer array meets x (a bool array may).
    """

    row_wise = True

    def function(self, x):
        """Return y, as a new array."""
        raise NotImplementedError(f"{self.typename()} has no function")

    def derivative(self, x, y):
        """Return dy/dx, given x and y = function(x); booleans let the gradient pass, or nothing of it."""
        raise NotImplementedError(f"{self.typename()} has no derivative")

    def updateOutput(self, input):
        if input.__class__ is not np.ndarray:
            expect_array(self, input)
        self.output = self.function(input)
        return self.output

    def updateGradInput(self, input, gradOutput):
        if gradOutput.__class__ is not np.ndarray or gradOutput.shape != input.shape:
            expect_gradient(self, gradOutput, input.shape)
        slope = self.derivative(input, self.output)
        gates = slope.__class__ is np.ndarray and slope.dtype is _BOOL
        self.gradInput = gated(slope, gradOutput) if gates else slope * gradOutput
        return self.gradInput
