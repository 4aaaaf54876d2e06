"""Modules whose output is a weighted sum of their input."""

import math

import numpy as np

from .. import blas, rng
from ..errors import RangeError, ShapeError, TensorTypeError
from ..nesting import shape_of
from . import checks
from .checks import expect_array, expect_gradient, expect_rank, expect_table, expect_width
from .indices import positions
from .module import Module

__all__ = ["Linear", "LinearWeightNorm", "PartialLinear", "Bilinear"]


class Linear(Module):
    """y = x W' + b.

    Parameters
    ----------
    inputSize, outputSize : int
    bias : bool, default True

    Input is a vector (inputSize) or a matrix (rows x inputSize), output (outputSize) or (rows x outputSize).
    ``weight`` is outputSize x inputSize, ``bias`` outputSize; both start uniform in +-1/sqrt(inputSize).
    Raises ShapeError for an input of another rank or width. Source: Torch7's nn/Linear.lua; PyTorch's Linear.

    >>> import numpy as np, pygraph_nn as nn
    >>> m = nn.Linear(3, 2)
    >>> m.weight.fill(1); m.bias.fill(0.5)
    >>> m.forward(np.ones((1, 3)))
    array([[3.5, 3.5]])
    """

    row_wise = True
    stateless = True
    bias = gradBias = None  # what a file does not mention

    def __init__(self, inputSize, outputSize, bias=True):
        super().__init__()
        for name, size in (("inputSize", inputSize), ("outputSize", outputSize)):
            if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < 1:
                raise RangeError(
                    f"nn.Linear(inputSize, outputSize): {name} must be a whole number from 1, got {size!r}"
                )
        self.weight = np.empty((outputSize, inputSize), self.dtype)
        self.gradWeight = np.zeros_like(self.weight)
        self.bias = np.empty(outputSize, self.dtype) if bias else None
        self.gradBias = np.zeros_like(self.bias) if bias else None
        self.reset()

    def noBias(self):
        """Drop the bias."""
        self.bias = self.gradBias = None
        return self

    def reset(self, stdv=None):
        """Draw weight and bias uniformly from +-stdv * sqrt(3), by default from +-1 / sqrt(inputSize)."""
        bound = stdv * math.sqrt(3) if stdv else 1 / math.sqrt(self.weight.shape[1])
        for parameter in self.parameters()[0]:
            parameter[...] = rng.uniform(-bound, bound, size=parameter.shape)
        return self

    def updateOutput(self, input):
        weight, bias = self.weight, self.bias
        try:
            many = len(input) > 1 and input.ndim == 2
            output = blas.product(input, weight.T) if many else input.dot(weight.T)
            if output.dtype != weight.dtype or output.ndim > 2:
                raise ValueError
        except (ValueError, AttributeError, TypeError):
            self._explain(input)
            raise
        if bias is not None:
            # a sum of equal shapes takes half the time of a broadcast, and a single row is common in recurrent networks
            output += bias if many or output.ndim == 1 else bias[None]
        self.output = output
        return output

    def repeatedly(self, times):
        """For many calls, lay the transpose out once: a product of few rows with it is up to a third faster."""
        if times < 32:
            return self.updateOutput
        weight, multiply, bias, tiles = self.weight, blas.multiplier(self.weight.T), self.bias, {}

        def run(input):
            if input.__class__ is not np.ndarray or input.ndim != 2 or input.dtype != weight.dtype:
                return self.updateOutput(input)
            if input.shape[1] != weight.shape[1]:
                return self.updateOutput(input)
            output = multiply(input)
            if bias is not None:
                rows = len(input)
                if rows not in tiles:
                    tiles[rows] = np.broadcast_to(bias, output.shape).copy()
                output += tiles[rows]
            self.output = output
            return output

        return run

    def updateGradInput(self, input, gradOutput):
        self.gradInput = blas.product(gradOutput, self.weight)
        return self.gradInput

    def accGradParameters(self, input, gradOutput, scale=1):
        if input.ndim == 1:
            input, gradOutput = input[None], gradOutput[None]
        if scale != 1:
            gradOutput = scale * gradOutput
        if self.bias is not None:  # first, since it reads gradOutput in order and so brings it into the cache
            rows = len(gradOutput)  # a product with ones takes half the time of a sum, and rounds less
            self.gradBias += gradOutput[0] if rows == 1 else np.ones(rows, gradOutput.dtype).dot(gradOutput)
        self.gradWeight += blas.product(gradOutput.T, input)

    def _explain(self, input):
        """Say why the product failed; looked into only once it has."""
        expect_array(self, input)
        weight = self.weight
        if isinstance(weight, np.ndarray):
            if input.ndim not in (1, 2) or input.shape[-1] != weight.shape[1]:
                width = weight.shape[1]
                raise ShapeError(
                    f"{self!r} expects a vector ({width}) or a matrix (rows x {width}), got {shape_of(input)}"
                )
            self.check_input(input)
        if not isinstance(weight, np.ndarray) or weight.dtype != self.dtype:
            raise TensorTypeError(
                f"{self.typename()} is of type {self.dtype.name}, but its weight is {shape_of(weight)}: write numbers "
                "into the weight, m.weight[...] = numbers, or convert the module with m.type(name)"
            )

    def arguments(self):
        outputs, inputs = self.weight.shape
        return f"({inputs} -> {outputs})" + ("" if self.bias is not None else " without bias")


class LinearWeightNorm(Linear):
    """y = x W' + b with row k of W = g[k] v[k] / |v[k]|: the rows' lengths and directions are learnt apart.

    ``v`` is outputSize x inputSize and drawn as Linear's weight, ``g`` outputSize x 1 and at first the lengths of v's
    rows (at least ``eps``), ``bias`` as Linear's. ``weight`` is no parameter: in training each pass computes it anew,
    ``evaluate()`` does so for the last time, and what is done to v and g afterwards has no effect until ``training()``.
    Gradients accumulate over several backward passes; Torch7 loses those of the passes before.
    Raises ShapeError for an input of another rank or width.
    Source: Salimans and Kingma 2016, Weight Normalization; Torch7's nn/LinearWeightNorm.lua; PyTorch's weight_norm.

    >>> import numpy as np, pygraph_nn as nn
    >>> m = nn.LinearWeightNorm(2, 1, False)
    >>> m.v[...] = [[3, 4]]; m.g.fill(10)
    >>> m.forward(np.ones(2)), m.weight
    (array([14.]), array([[6., 8.]]))
    """

    def __init__(self, inputSize, outputSize, bias=True, eps=1e-16):
        Module.__init__(self)
        self.inputSize = checks.size(inputSize, "nn.LinearWeightNorm(inputSize, outputSize): inputSize")
        self.outputSize = checks.size(outputSize, "nn.LinearWeightNorm(inputSize, outputSize): outputSize")
        self.eps = checks.number(eps, "eps")
        self.v = np.empty((outputSize, inputSize), self.dtype)
        self.g = np.empty((outputSize, 1), self.dtype)
        self.gradV, self.gradG = np.zeros_like(self.v), np.zeros_like(self.g)
        self.bias = np.empty(outputSize, self.dtype) if bias else None
        self.gradBias = np.zeros_like(self.bias) if bias else None
        self.reset()

    @classmethod
    def fromLinear(cls, linear):
        """Return a module that computes what ``linear`` does."""
        outputs, inputs = linear.weight.shape
        module = cls(inputs, outputs, linear.bias is not None).type(linear.type())
        if linear.bias is not None:
            module.bias[...] = linear.bias
        return module.initFromWeight(linear.weight)

    def toLinear(self):
        """Return a Linear that computes what this module does."""
        self.updateWeightMatrix()
        linear = Linear(self.inputSize, self.outputSize, self.bias is not None).type(self.type())
        linear.weight[...] = self.weight
        if self.bias is not None:
            linear.bias[...] = self.bias
        return linear

    def initFromWeight(self, weight=None):
        """Set v and g so that they make ``weight`` (by default the present one); return the module."""
        weight = self.weight if weight is None else weight
        if np.shape(weight) != self.v.shape:
            wanted = "x".join(map(str, self.v.shape))
            raise ShapeError(f"{self.typename()}.initFromWeight takes a weight of {wanted}, got {shape_of(weight)}")
        self.v[...] = weight
        self.g[...] = self._norm()
        self.updateWeightMatrix()
        return self

    def reset(self, stdv=None):
        """Draw v and bias uniformly from +-stdv * sqrt(3), by default from +-1 / sqrt(inputSize); g follows v."""
        bound = stdv * math.sqrt(3) if stdv else 1 / math.sqrt(self.inputSize)
        self.initFromWeight(rng.uniform(-bound, bound, size=self.v.shape, dtype=self.v.dtype))
        if self.bias is not None:
            self.bias[...] = rng.uniform(-bound, bound, size=self.bias.shape, dtype=self.bias.dtype)
        return self

    def parameters(self):
        """Return v, g and the bias, and their gradients."""
        bias = [] if self.bias is None else [(self.bias, self.gradBias)]
        parameters, gradients = zip((self.v, self.gradV), (self.g, self.gradG), *bias, strict=True)
        return list(parameters), list(gradients)

    def _norm(self):
        """The lengths of v's rows, at least eps."""
        return np.maximum(np.linalg.norm(self.v, axis=1, keepdims=True), self.eps)

    def updateWeightMatrix(self):
        """Compute ``weight`` from v and g."""
        self.weight = self.v * (self.g / self._norm())

    def evaluate(self):
        """Switch to evaluation mode, with the weight that v and g make now."""
        if self.train:
            self.updateWeightMatrix()
        return super().evaluate()

    def updateOutput(self, input):
        if self.train or self.weight is None:
            self.updateWeightMatrix()
        return super().updateOutput(input)

    def accGradParameters(self, input, gradOutput, scale=1):
        if input.ndim == 1:
            input, gradOutput = input[None], gradOutput[None]
        gradWeight = scale * blas.product(gradOutput.T, input)
        norm = self._norm()
        direction = self.v / norm
        along = (gradWeight * direction).sum(1, keepdims=True)
        self.gradG += along
        self.gradV += self.g / norm * (gradWeight - direction * along)
        if self.bias is not None:
            self.gradBias += scale * gradOutput.sum(0)


class PartialLinear(Module):
    """y = x W' + b, of whose outputs ``setPartition`` picks some; the others are neither computed nor learnt.

    Input is a matrix (rows x inputsize), output (rows x as many as the partition has). ``weight`` is outputsize x
    inputsize and starts standard normal, ``bias`` 1 x outputsize and starts at 0. (In Torch7 the weight is that of a
    LookupTable inside.) Raises ShapeError for an input of another rank or width.
    Source: Torch7's nn/PartialLinear.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> m = nn.PartialLinear(2, 3)
    >>> m.weight[...] = [[1, 1], [2, 2], [3, 3]]
    >>> m.setPartition([3, 1]); m.forward(np.ones((1, 2)))
    array([[6., 2.]])
    >>> m.resetPartition(); m.forward(np.ones((1, 2)))
    array([[2., 4., 6.]])
    """

    row_wise = True
    bias = gradBias = None  # what a file does not mention

    def __init__(self, inputsize, outputsize, bias=True):
        super().__init__()
        self.inputsize = checks.size(inputsize, "nn.PartialLinear(inputsize, outputsize): inputsize")
        self.outputsize = checks.size(outputsize, "nn.PartialLinear(inputsize, outputsize): outputsize")
        self.weight = np.empty((outputsize, inputsize), self.dtype)
        self.gradWeight = np.zeros_like(self.weight)
        self.bias = np.empty((1, outputsize), self.dtype) if bias else None
        self.gradBias = np.zeros_like(self.bias) if bias else None
        self.resetPartition()
        self.reset()

    def reset(self, stdv=1):
        """Draw the weight from a normal distribution of standard deviation ``stdv``, set the bias to 0."""
        self.weight[...] = rng.normal(0, stdv or 1, size=self.weight.shape, dtype=self.weight.dtype)
        if self.bias is not None:
            self.bias.fill(0)
        return self

    def setPartition(self, indices):
        """Compute the outputs of these indices, counted from 1, in this order."""
        indices = np.asarray(indices)
        if indices.ndim != 1:
            raise RangeError(f"{self!r}: a partition is a list of indices from 1 to {self.outputsize}, got {indices}")
        self.partition = positions(self, indices, self.outputsize) + 1

    def resetPartition(self):
        """Compute all outputs."""
        self.partition = np.arange(1, self.outputsize + 1)

    def updateOutput(self, input):
        expect_rank(self, input, (2,))
        expect_width(self, input, self.inputsize)
        picked = self.partition - 1
        self.output = blas.product(input, self.weight[picked].T)
        if self.bias is not None:
            self.output += self.bias[:, picked]
        return self.output

    def updateGradInput(self, input, gradOutput):
        expect_gradient(self, gradOutput, self.output.shape)
        self.gradInput = blas.product(gradOutput, self.weight[self.partition - 1])
        return self.gradInput

    def accGradParameters(self, input, gradOutput, scale=1):
        picked = self.partition - 1
        np.add.at(self.gradWeight, picked, scale * blas.product(gradOutput.T, input))
        if self.bias is not None:
            np.add.at(self.gradBias[0], picked, scale * gradOutput.sum(0))

    def arguments(self):
        return f"({self.inputsize} -> {self.outputsize})" + ("" if self.bias is not None else " without bias")


class Bilinear(Module):
    """y[k] = x1 W[k] x2' + b[k]: a form in two inputs for each output.

    Input is the table [x1, x2] of matrices (rows x inputSize1) and (rows x inputSize2), output (rows x outputSize).
    ``weight`` is outputSize x inputSize1 x inputSize2, ``bias`` outputSize; both start uniform in +-1/sqrt(inputSize1).
    As in Torch7, the ``scale`` of a backward pass applies to the bias alone, not to the weight.
    Raises ShapeError for inputs of another rank or width, or of different numbers of rows.
    Source: Torch7's nn/Bilinear.lua; PyTorch's Bilinear.

    >>> import numpy as np, pygraph_nn as nn
    >>> m = nn.Bilinear(2, 2, 1)
    >>> m.weight[...] = [[[1, 0], [0, 2]]]; m.bias.fill(0.5)
    >>> m.forward([np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])])
    array([[19.5]])
    """

    row_wise = True
    stateless = True
    bias = gradBias = None  # what a file does not mention

    def __init__(self, inputSize1, inputSize2, outputSize, bias=True):
        super().__init__()
        sizes = {"outputSize": outputSize, "inputSize1": inputSize1, "inputSize2": inputSize2}
        shape = [checks.size(value, f"nn.Bilinear: {name}") for name, value in sizes.items()]
        self.weight = np.empty(shape, self.dtype)
        self.gradWeight = np.zeros_like(self.weight)
        self.bias = np.empty(outputSize, self.dtype) if bias else None
        self.gradBias = np.zeros_like(self.bias) if bias else None
        self.reset()

    def reset(self, stdv=None):
        """Draw weight and bias uniformly from +-stdv * sqrt(3), by default from +-1 / sqrt(inputSize1)."""
        bound = stdv * math.sqrt(3) if stdv else 1 / math.sqrt(self.weight.shape[1])
        for parameter in self.parameters()[0]:
            parameter[...] = rng.uniform(-bound, bound, size=parameter.shape, dtype=parameter.dtype)
        return self

    def _check(self, input):
        expect_table(self, input, 2)
        for entry, width, what in zip(input, self.weight.shape[1:], ("first", "second"), strict=True):
            expect_rank(self, entry, (2,))
            expect_width(self, entry, width, what=f"{what} input")
        if len(input[0]) != len(input[1]):
            raise ShapeError(f"{self!r} takes two inputs of the same number of rows, got {shape_of(input)}")

    def updateOutput(self, input):
        self._check(input)
        x1, x2 = input
        self.output = np.matmul(np.tensordot(x1, self.weight, (1, 1)), x2[:, :, None])[:, :, 0]
        if self.bias is not None:
            self.output += self.bias
        return self.output

    def updateGradInput(self, input, gradOutput):
        x1, x2 = input
        expect_gradient(self, gradOutput, (len(x1), len(self.weight)))
        forms = np.tensordot(gradOutput, self.weight, (1, 0))  # each row's own form: rows x inputSize1 x inputSize2
        self.gradInput = [np.matmul(forms, x2[:, :, None])[:, :, 0], np.matmul(x1[:, None, :], forms)[:, 0]]
        return self.gradInput

    def accGradParameters(self, input, gradOutput, scale=1):
        x1, x2 = input
        weighted = gradOutput[:, :, None] * x1[:, None, :]
        self.gradWeight += np.tensordot(weighted, x2, (0, 0))
        if self.bias is not None:
            self.gradBias += scale * gradOutput.sum(0)

    def arguments(self):
        outputs, first, second = self.weight.shape
        return f"({first}x{second} -> {outputs})" + ("" if self.bias is not None else " without bias")
