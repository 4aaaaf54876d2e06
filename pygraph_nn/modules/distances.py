"""How near two vectors are: products, cosines and distances, of the rows of a pair or to learnt vectors."""

import math

import numpy as np

from .. import rng
from ..errors import RangeError, ShapeError
from ..nesting import shape_of
from . import checks
from .checks import expect_array_entry, expect_gradient, expect_rank, expect_table, expect_width
from .module import Module

__all__ = ["DotProduct", "CosineDistance", "PairwiseDistance", "Euclidean", "WeightedEuclidean", "Cosine"]


class _Pair(Module):
    """What the distances of a pair share: two vectors, or two matrices of one shape whose rows are compared.

    The output has one number for each row; for two vectors it is a vector of one number, as in Torch7.
    """

    def _rows(self, input):
        expect_table(self, input, 2)
        for entry in input:
            expect_array_entry(self, entry, input)
        if input[0].shape != input[1].shape or input[0].ndim not in (1, 2):
            raise ShapeError(
                f"{self!r} takes two vectors of one length or two matrices of one shape, got {shape_of(input)}"
            )
        return [np.atleast_2d(entry) for entry in input]

    def updateOutput(self, input):
        self.output = self.value(*self._rows(input))
        return self.output

    def updateGradInput(self, input, gradOutput):
        first, second = self._rows(input)
        expect_gradient(self, gradOutput, (len(first),))
        gradients = self.gradients(first, second, gradOutput[:, None])
        self.gradInput = [gradient.reshape(input[0].shape) for gradient in gradients]
        return self.gradInput


class DotProduct(_Pair):
    """y = sum over i of a[i] b[i], for the rows of two matrices, or for two vectors.

    Source: Torch7's nn/DotProduct.lua; PyTorch's torch.linalg.vecdot.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.DotProduct().forward([np.array([1.0, 2.0]), np.array([3.0, 4.0])])
    array([11.])
    """

    def value(self, first, second):
        """The output, for the rows of two matrices."""
        return (first * second).sum(1)

    def gradients(self, first, second, gradOutput):
        """The gradients by both matrices; ``gradOutput`` is a column."""
        return gradOutput * second, gradOutput * first


class CosineDistance(_Pair):
    """y = a . b / (|a| |b|), the cosine of the angle, for the rows of two matrices, or for two vectors.

    1e-12 is added to the squares of the lengths. Source: Torch7's nn/CosineDistance.lua; PyTorch's CosineSimilarity.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.CosineDistance().forward([np.array([2.0, 0.0]), np.array([1.0, 0.0])]).round(6)
    array([1.])
    """

    def value(self, first, second):
        """The output, for the rows of two matrices."""
        return (first * second).sum(1) / np.sqrt(self._square(first) * self._square(second))[:, 0]

    def gradients(self, first, second, gradOutput):
        """The gradients by both matrices; ``gradOutput`` is a column."""
        product = (first * second).sum(1, keepdims=True)
        by_length = gradOutput / np.sqrt(self._square(first) * self._square(second))
        return (
            by_length * (second - product / self._square(first) * first),
            by_length * (first - product / self._square(second) * second),
        )

    def _square(self, rows):
        return (rows * rows).sum(1, keepdims=True) + 1e-12


class PairwiseDistance(_Pair):
    """y = (sum over i of |a[i] - b[i]|^p)^(1/p), for the rows of two matrices, or for two vectors.

    ``p`` (1 or more, finite, 2 by default) is kept as ``norm``. In the gradient, 1e-6 is added to the distance, so that
    equal rows do not divide by zero; with p = 1 the gradient at equal elements is 1 or -1 by chance, as in Torch7. For
    p between 1 and 2 the gradient is the derivative (Torch7 leaves a factor out there).
    Source: Torch7's nn/PairwiseDistance.lua; PyTorch's PairwiseDistance.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.PairwiseDistance(2).forward([np.zeros(2), np.array([3.0, 4.0])])
    array([5.])
    """

    def __init__(self, p=2):
        super().__init__()
        self.norm = checks.number(p, "p")
        if not 1 <= self.norm < math.inf:
            raise RangeError(f"nn.PairwiseDistance(p): p must be 1 or more, and finite, got {p!r}")

    def value(self, first, second):
        """The output, for the rows of two matrices."""
        return (np.abs(first - second) ** self.norm).sum(1) ** (1 / self.norm)

    def gradients(self, first, second, gradOutput):
        """The gradients by both matrices; ``gradOutput`` is a column."""
        difference = first - second
        slope = np.sign(difference)
        if self.norm == 1:
            equal = difference == 0
            slope[equal] = 2 * rng.random(2, size=int(equal.sum())) - 3
        else:
            slope *= np.abs(difference) ** (self.norm - 1)
            slope *= (self.output[:, None] + 1e-6) ** (1 - self.norm)
        slope *= gradOutput
        return slope, -slope

    def arguments(self):
        return f"({self.norm})"


class _Templates(Module):
    """What the distances to learnt vectors share: their weight, its first draw, and an input of rows."""

    def __init__(self, shape):
        super().__init__()
        self.weight = np.empty(shape, self.dtype)
        self.gradWeight = np.zeros_like(self.weight)
        self.reset()

    def reset(self, stdv=None):
        """Draw weight uniformly from +-stdv * sqrt(3), by default from +-1 / sqrt(its first dimension)."""
        bound = stdv * math.sqrt(3) if stdv else 1 / math.sqrt(self.weight.shape[0])
        self.weight[...] = rng.uniform(-bound, bound, size=self.weight.shape)
        return self

    def _rows(self, input, width):
        expect_rank(self, input, (1, 2), ": a vector or a matrix of rows")
        expect_width(self, input, width)
        return np.atleast_2d(input)


class Euclidean(_Templates):
    """y[j] = |x - w[j]|, the distances of x to ``outputSize`` learnt vectors.

    Input is a vector (inputSize) or a matrix (rows x inputSize), output (outputSize) or (rows x outputSize);
    ``weight`` is inputSize x outputSize and starts uniform in +-1/sqrt(inputSize). In the gradient, 1e-7 is added to
    the distance. Source: Torch7's nn/Euclidean.lua; PyTorch's torch.cdist.

    >>> import numpy as np, pygraph_nn as nn
    >>> m = nn.Euclidean(2, 1)
    >>> m.weight[:, 0] = [3, 4]
    >>> m.forward(np.zeros(2))
    array([5.])
    """

    row_wise = True

    def __init__(self, inputSize, outputSize):
        super().__init__((checks.size(inputSize, "inputSize"), checks.size(outputSize, "outputSize")))

    def _difference(self, input):
        """x - w, rows x inputSize x outputSize."""
        return self._rows(input, self.weight.shape[0])[:, :, None] - self.weight

    def updateOutput(self, input):
        difference = self._difference(input)
        output = np.sqrt(np.einsum("rio,rio->ro", difference, difference))
        self.output = output if input.ndim == 2 else output[0]
        return self.output

    def _by_distance(self, gradOutput):
        """gradOutput over the distances, rows x outputSize."""
        return np.atleast_2d(gradOutput / (self.output + 1e-7))

    def updateGradInput(self, input, gradOutput):
        gradient = np.einsum("rio,ro->ri", self._difference(input), self._by_distance(gradOutput))
        self.gradInput = gradient.reshape(input.shape)
        return self.gradInput

    def accGradParameters(self, input, gradOutput, scale=1):
        by_distance = self._by_distance(gradOutput)
        self.gradWeight -= scale * np.einsum("rio,ro->io", self._difference(input), by_distance)

    def arguments(self):
        return f"({self.weight.shape[0]} -> {self.weight.shape[1]})"


class WeightedEuclidean(Euclidean):
    """y[j] = |c[j] * (x - w[j])|, the distances to learnt vectors, each with its own learnt weights of the dimensions.

    Shapes as in Euclidean; ``diagCov``, the weights c, has the shape of ``weight`` and starts at 1.
    Source: Torch7's nn/WeightedEuclidean.lua, which forgets ``scale`` in the gradient of c for a single vector, and
    divides by c on the way.

    >>> import numpy as np, pygraph_nn as nn
    >>> m = nn.WeightedEuclidean(2, 1)
    >>> m.weight[:, 0] = [3, 4]; m.diagCov[:, 0] = [2, 2]
    >>> m.forward(np.zeros(2))
    array([10.])
    """

    def __init__(self, inputSize, outputSize):
        super().__init__(inputSize, outputSize)
        self.gradDiagCov = np.zeros_like(self.weight)

    def parameters(self):
        return [self.weight, self.diagCov], [self.gradWeight, self.gradDiagCov]

    def reset(self, stdv=None):
        """Draw weight as Euclidean does, and set diagCov to 1."""
        if not hasattr(self, "diagCov"):
            self.diagCov = np.empty_like(self.weight)
        self.diagCov.fill(1)
        return super().reset(stdv)

    def _weighted(self, input):
        return self.diagCov * self._difference(input)

    def updateOutput(self, input):
        weighted = self._weighted(input)
        output = np.sqrt(np.einsum("rio,rio->ro", weighted, weighted))
        self.output = output if input.ndim == 2 else output[0]
        return self.output

    def updateGradInput(self, input, gradOutput):
        weighted = self._difference(input) * self.diagCov**2
        self.gradInput = np.einsum("rio,ro->ri", weighted, self._by_distance(gradOutput)).reshape(input.shape)
        return self.gradInput

    def accGradParameters(self, input, gradOutput, scale=1):
        difference, by_distance = self._difference(input), self._by_distance(gradOutput)
        self.gradWeight -= scale * np.einsum("rio,ro->io", difference, by_distance) * self.diagCov**2
        difference *= difference
        self.gradDiagCov += scale * np.einsum("rio,ro->io", difference, by_distance) * self.diagCov


class Cosine(_Templates):
    """y[j] = w[j] . x / (|w[j]| |x|), the cosines of the angles between x and ``outputSize`` learnt vectors.

    Input is a vector (inputSize) or a matrix (rows x inputSize), output (outputSize) or (rows x outputSize);
    ``weight`` is outputSize x inputSize and starts uniform in +-1/sqrt(outputSize). 1e-12 is added to the lengths.
    The gradient by the weight is added whole, whatever ``scale`` is: so does Torch7.
    Source: Torch7's nn/Cosine.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> m = nn.Cosine(2, 2)
    >>> m.weight[...] = [[5, 0], [0, 5]]
    >>> m.forward(np.array([0.0, 2.0])).round(6)
    array([0., 1.])
    """

    row_wise = True

    def __init__(self, inputSize, outputSize):
        super().__init__((checks.size(outputSize, "outputSize"), checks.size(inputSize, "inputSize")))

    def _unit(self, rows):
        """The rows at length 1, and their lengths."""
        length = np.sqrt((rows * rows).sum(1, keepdims=True)) + 1e-12
        return rows / length, length

    def updateOutput(self, input):
        x, _ = self._unit(self._rows(input, self.weight.shape[1]))
        w, _ = self._unit(self.weight)
        output = x @ w.T
        self.output = output if input.ndim == 2 else output[0]
        return self.output

    def updateGradInput(self, input, gradOutput):
        x, length = self._unit(np.atleast_2d(input))
        w, _ = self._unit(self.weight)
        gradOutput, output = np.atleast_2d(gradOutput), np.atleast_2d(self.output)
        gradient = (gradOutput @ w - x * (gradOutput * output).sum(1, keepdims=True)) / length
        self.gradInput = gradient.reshape(input.shape)
        return self.gradInput

    def accGradParameters(self, input, gradOutput, scale=1):
        x, _ = self._unit(np.atleast_2d(input))
        w, length = self._unit(self.weight)
        gradOutput, output = np.atleast_2d(gradOutput), np.atleast_2d(self.output)
        self.gradWeight += (gradOutput.T @ x - w * (gradOutput * output).sum(0)[:, None]) / length

    def arguments(self):
        return f"({self.weight.shape[1]} -> {self.weight.shape[0]})"
