"""Activations that put out another number of features than come in: gated, doubled and competing units."""

import numpy as np

from ..errors import ShapeError
from ..nesting import shape_of
from . import checks
from .activations import Sigmoid
from .checks import axis_of, expect_array, expect_gradient, expect_rank
from .containers import Sequential
from .elementwise import gated
from .linear import Linear
from .module import Module
from .reductions import Max
from .reshaping import View

__all__ = ["GatedLinearUnit", "CReLU", "Maxout"]


class GatedLinearUnit(Module):
    """y = a * sigmoid(b), where a and b are the halves of x along ``dim``, by default the last dimension.

    Raises ShapeError where that dimension is odd. Source: Dauphin et al. 2017, Language Modeling with Gated
    Convolutional Networks; Torch7's nn/GatedLinearUnit.lua; PyTorch's GLU.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.GatedLinearUnit().forward(np.array([[1.0, 2.0, 0.0, 0.0]]))
    array([[0.5, 1. ]])
    """

    dim = None  # what a file does not mention

    def __init__(self, dim=None):
        super().__init__()
        self.dim = None if dim is None else checks.dimension(dim, "dim")

    @property
    def row_wise(self):
        """True where no rows are halved."""
        return self.dim is None or self.dim > 1

    def _axis(self, input):
        expect_array(self, input)
        axis = axis_of(self, self.dim or -1, input.ndim, "dim")
        if input.shape[axis] % 2:
            raise ShapeError(f"{self!r} halves dimension {axis + 1}, which must be even, got {shape_of(input)}")
        return axis

    def updateOutput(self, input):
        value, gate = np.split(input, 2, self._axis(input))
        self.output = value * Sigmoid().updateOutput(gate)
        return self.output

    def updateGradInput(self, input, gradOutput):
        expect_gradient(self, gradOutput, self.output.shape)
        axis = self._axis(input)
        value, gate = np.split(input, 2, axis)
        sigmoid = Sigmoid()
        opening = sigmoid.updateOutput(gate)
        parts = [gradOutput * opening, sigmoid.updateGradInput(gate, gradOutput * value)]
        self.gradInput = np.concatenate(parts, axis)
        return self.gradInput


class CReLU(Module):
    """y = [max(0, x), max(0, -x)], joined along the features: the first dimension, or the second of a batch.

    An input has ``nInputDims`` dimensions, a batch one more. ``inplace`` is kept for files and changes nothing. (Torch7
    makes it a Sequential of five modules; here it is one formula.) Raises ShapeError for another rank.
    Source: Shang et al. 2016, Understanding and Improving Convolutional Neural Networks via Concatenated Rectified
    Linear Units; Torch7's nn/CReLU.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.CReLU(1).forward(np.array([[-1.0, 2.0]]))
    array([[0., 2., 1., 0.]])
    """

    def __init__(self, nInputDims, inplace=False):
        super().__init__()
        self.nInputDims = checks.size(nInputDims, "nn.CReLU(nInputDims): nInputDims")
        self.inplace = inplace

    def _axis(self, input):
        expect_rank(self, input, (self.nInputDims, self.nInputDims + 1))
        return input.ndim - self.nInputDims

    def updateOutput(self, input):
        axis = self._axis(input)
        self.output = np.concatenate([np.maximum(input, 0), np.maximum(-input, 0)], axis)
        return self.output

    def updateGradInput(self, input, gradOutput):
        expect_gradient(self, gradOutput, self.output.shape)
        positive, negative = np.split(gradOutput, 2, self._axis(input))
        self.gradInput = gated(input > 0, positive) - gated(input < 0, negative)
        return self.gradInput


class Maxout(Sequential):
    """y[i] = the largest of ``maxoutNumber`` linear functions of x, for each i in 1 .. outputSize.

    Input is a vector (inputSize) or a matrix (rows x inputSize), output (outputSize) or (rows x outputSize). Inside are
    a Linear, a View, ``preprocess`` (a module) if there is one, and a Max.
    Source: Goodfellow et al. 2013, Maxout Networks; Torch7's nn/Maxout.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> m = nn.Maxout(1, 1, 2)
    >>> m.get(1).weight[...] = [[1], [-1]]; m.get(1).bias.fill(0)
    >>> m.forward(np.array([[-3.0], [2.0]]))
    array([[3.],
           [2.]])
    """

    def __init__(self, inputSize, outputSize, maxoutNumber, preprocess=None):
        super().__init__()
        for name, value in (("outputSize", outputSize), ("maxoutNumber", maxoutNumber)):
            checks.size(value, f"nn.Maxout(inputSize, outputSize, maxoutNumber): {name}")
        self.add(Linear(inputSize, outputSize * maxoutNumber))
        self.add(View(maxoutNumber, outputSize).setNumInputDims(1))
        if preprocess is not None:
            self.add(preprocess)
        self.add(Max(1, 2))
