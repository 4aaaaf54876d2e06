"""Learnt offsets and factors: modules that add a parameter to their input or multiply the input by it."""

import math

import numpy as np

from .. import rng
from ..errors import ShapeError
from ..nesting import shape_of
from . import checks
from .checks import expect_array, expect_gradient
from .module import Module

__all__ = ["Add", "Mul", "CAdd", "CMul"]


class _Broadcast(Module):
    """What all of them share: one parameter, laid out along the input, and its gradient, summed where it repeats."""

    @property
    def row_wise(self):
        """True for a parameter that serves all rows: one number, a vector, or sizes that start with 1."""
        shape = self.parameters()[0][0].shape
        return len(shape) == 1 or shape[0] == 1

    def reset(self, stdv=None):
        """Draw the parameter uniformly from +-stdv * sqrt(3), by default from +-1 / sqrt(its number of elements)."""
        (parameter,), _ = self.parameters()
        bound = stdv * math.sqrt(3) if stdv else 1 / math.sqrt(parameter.size)
        parameter[...] = rng.uniform(-bound, bound, size=parameter.shape, dtype=parameter.dtype)
        return self

    def _laid_out(self, parameter, input):
        """The parameter in the shape that meets the input: whole, along each dimension, or repeated for each row."""
        expect_array(self, input)
        if parameter.size == 1:
            return parameter.reshape((1,) * input.ndim)
        if parameter.size == input.size:
            return parameter.reshape(input.shape)
        if parameter.ndim == input.ndim:
            if all(ours in (1, theirs) for ours, theirs in zip(parameter.shape, input.shape)):
                return parameter
        elif input.ndim and math.prod(input.shape[1:]) == parameter.size:
            return parameter.reshape((1, *input.shape[1:]))
        sizes = "x".join(map(str, parameter.shape))
        raise ShapeError(
            f"{self!r} expects an input of {parameter.size} numbers ({sizes}) or rows of as many, got {shape_of(input)}"
        )


def _summed(gradient, shape):
    """The sum of ``gradient`` over the dimensions in which ``shape`` has 1."""
    axes = tuple(axis for axis, length in enumerate(shape) if length == 1)
    return gradient.sum(axes, keepdims=True)


class CAdd(_Broadcast):
    """y = x + b, element by element, with a learnt b of the given sizes.

    An input of as many numbers as b takes them one by one; in an input of as many dimensions, b repeats along those
    where it has size 1; otherwise the first dimension of the input is a batch, and each row takes the whole of b.
    ``bias`` starts uniform in +-1/sqrt(its number of elements). Raises ShapeError where none of these fits.
    Source: Torch7's nn/CAdd.lua; PyTorch's torch.add.

    >>> import numpy as np, pygraph_nn as nn
    >>> m = nn.CAdd(1, 2)
    >>> m.bias[...] = [[1, 2]]
    >>> m.forward(np.zeros((2, 2)))
    array([[1., 2.],
           [1., 2.]])
    """

    stateless = True

    def __init__(self, *sizes):
        super().__init__()
        self.size = checks.sizes(sizes, self.typename())
        self.bias = np.empty(self.size, self.dtype)
        self.gradBias = np.zeros_like(self.bias)
        self.reset()

    def updateOutput(self, input):
        self.output = input + self._laid_out(self.bias, input)
        return self.output

    def updateGradInput(self, input, gradOutput):
        expect_gradient(self, gradOutput, input.shape)
        self.gradInput = gradOutput.copy()
        return self.gradInput

    def accGradParameters(self, input, gradOutput, scale=1):
        shape = self._laid_out(self.bias, input).shape
        self.gradBias += scale * _summed(gradOutput, shape).reshape(self.bias.shape)

    def arguments(self):
        return f"({', '.join(map(str, self.bias.shape))})"


class CMul(_Broadcast):
    """y = x * w, element by element, with a learnt w of the given sizes, which meets the input as CAdd's b does.

    ``weight`` starts uniform in +-1/sqrt(its number of elements). Raises ShapeError where it does not fit.
    Source: Torch7's nn/CMul.lua; PyTorch's torch.mul.

    >>> import numpy as np, pygraph_nn as nn
    >>> m = nn.CMul(2)
    >>> m.weight[...] = [1, 2]
    >>> m.forward(np.ones((2, 2)))
    array([[1., 2.],
           [1., 2.]])
    """

    stateless = True

    def __init__(self, *sizes):
        super().__init__()
        self.size = checks.sizes(sizes, self.typename())
        self.weight = np.empty(self.size, self.dtype)
        self.gradWeight = np.zeros_like(self.weight)
        self.reset()

    def updateOutput(self, input):
        self.output = input * self._laid_out(self.weight, input)
        return self.output

    def updateGradInput(self, input, gradOutput):
        expect_gradient(self, gradOutput, input.shape)
        self.gradInput = gradOutput * self._laid_out(self.weight, input)
        return self.gradInput

    def accGradParameters(self, input, gradOutput, scale=1):
        shape = self._laid_out(self.weight, input).shape
        self.gradWeight += scale * _summed(gradOutput * input, shape).reshape(self.weight.shape)

    def arguments(self):
        return f"({', '.join(map(str, self.weight.shape))})"


class Add(CAdd):
    """y = x + b with a learnt vector b, added to the input or to each of its rows; one number with ``scalar``.

    ``bias`` has ``inputSize`` elements (one with ``scalar``) and starts uniform in +-1/sqrt(their number).
    Raises ShapeError for rows of another number of elements. Source: Torch7's nn/Add.lua; PyTorch's torch.add.

    >>> import numpy as np, pygraph_nn as nn
    >>> m = nn.Add(2)
    >>> m.bias[...] = [1, 2]
    >>> m.forward(np.zeros((2, 2)))
    array([[1., 2.],
           [1., 2.]])
    """

    def __init__(self, inputSize, scalar=False):
        super().__init__(1 if scalar else checks.size(inputSize, "nn.Add(inputSize): inputSize"))
        self.scalar = bool(scalar)


class Mul(CMul):
    """y = w x with one learnt number w; any shape in, the same shape out.

    ``weight`` is a vector of one element and starts uniform in +-1. Source: Torch7's nn/Mul.lua; PyTorch's torch.mul.

    >>> import numpy as np, pygraph_nn as nn
    >>> m = nn.Mul()
    >>> m.weight.fill(3)
    >>> m.forward(np.ones(2))
    array([3., 3.])
    """

    def __init__(self):
        super().__init__(1)

    def arguments(self):
        return ""
