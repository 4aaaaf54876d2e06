"""Losses of how alike two things are: distances, pairs and triplets."""

import numpy as np

from .. import rng
from ..modules.checks import expect_rank, expect_same_shape, expect_table, number
from .binary import sigmoid
from .criterion import Criterion
from .elementwise import Elementwise
from .targets import numbers_like, signs_like

__all__ = [
    "CosineEmbeddingCriterion",
    "DistanceRatioCriterion",
    "HingeEmbeddingCriterion",
    "L1HingeEmbeddingCriterion",
    "MarginRankingCriterion",
]


class HingeEmbeddingCriterion(Elementwise):
    """loss = mean of x where t = 1, of max(0, margin - x) where t = -1: x is a distance, of things alike or unlike.

    Input and target have one shape; a number is a target for an input of one element. Set ``sizeAverage = False`` for
    the sum. Raises RangeError for targets other than 1 and -1. Source: Torch7's nn/HingeEmbeddingCriterion.lua;
    PyTorch's HingeEmbeddingLoss.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.HingeEmbeddingCriterion().forward(np.array([0.5, 0.25]), np.array([1, -1]))
    0.625
    """

    def __init__(self, margin=1):
        super().__init__()
        self.margin = number(margin, f"{self.typename()}(margin)")

    def _targets(self, input, target):
        return signs_like(self, input, target)

    def _loss(self, x, t):
        return np.where(t > 0, x, np.maximum(self.margin - x, 0))

    def _slope(self, x, t):
        return t * ((t > 0) | (x <= self.margin))


class PairCriterion(Criterion):
    """A loss of a table of two arrays of one shape."""

    def _pair(self, input):
        expect_table(self, input, 2)
        expect_same_shape(self, input)
        return input


class L1HingeEmbeddingCriterion(PairCriterion):
    """loss = d where t = 1, max(0, margin - d) where t = -1; d = sum(|x1 - x2|) over all elements.

    Input is a table of two arrays of one shape, the target a number, 1 or -1. Where an element of x1 equals its twin,
    the gradient there is 1 or -1 at random (drawn as Torch7 draws it), so that equal things can part. There is nothing
    to average over: ``sizeAverage`` is without effect. Source: Torch7's nn/L1HingeEmbeddingCriterion.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.L1HingeEmbeddingCriterion(2).forward([np.array([1.0, 2.0]), np.array([1.5, 2.0])], -1)
    1.5
    """

    def __init__(self, margin=1):
        super().__init__()
        self.margin = number(margin, f"{self.typename()}(margin)")

    def updateOutput(self, input, target):
        """Take the distance, or what it lacks to the margin."""
        difference, sign = self._difference(input, target)
        distance = float(np.abs(difference).sum())
        self.output = distance if sign > 0 else max(0.0, self.margin - distance)
        return self.output

    def updateGradInput(self, input, target):
        """Draw alike things together; push unlike ones apart up to the margin."""
        difference, sign = self._difference(input, target)
        slope = np.sign(difference)
        equal = slope == 0
        if equal.any():
            slope[equal] = 2 * rng.random(2, size=int(equal.sum()), dtype=slope.dtype) - 3
        slope = slope * sign
        if sign < 0 and np.abs(difference).sum() > self.margin:
            slope[...] = 0
        self.gradInput = [slope, -slope]
        return self.gradInput

    def _difference(self, input, target):
        first, second = self._pair(input)
        sign = signs_like(self, np.empty(1, self.dtype), target)
        return first - second, sign.item()


class CosineEmbeddingCriterion(PairCriterion):
    """loss = mean of 1 - cos(x1, x2) where t = 1, of max(0, cos(x1, x2) - margin) where t = -1.

    Input is a table of two vectors with a number as target, or of two matrices with one number per row. 1e-12 is added
    to the squared norms. Set ``sizeAverage = False`` for the sum. Raises RangeError for targets other than 1 and -1.
    Source: Torch7's nn/CosineEmbeddingCriterion.lua; PyTorch's CosineEmbeddingLoss.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.CosineEmbeddingCriterion(0.25).forward([np.array([3.0, 4.0]), np.array([6.0, 8.0])], -1).__round__(4)
    0.75
    """

    def __init__(self, margin=0):
        super().__init__()
        self.margin = number(margin, f"{self.typename()}(margin)")

    def updateOutput(self, input, target):
        """Average the losses of the rows."""
        first, second, sign = self._rows(input, target)
        losses = self._losses(self._cosine(first, second)[0], sign)
        self.output = float(losses.sum()) * self._share(len(losses))
        return self.output

    def updateGradInput(self, input, target):
        """Turn each row's arrays towards each other or, within the margin, apart."""
        first, second, sign = self._rows(input, target)
        cosine, product, square1, square2 = self._cosine(first, second)
        factor = -sign * (self._losses(cosine, sign) > 0) * self._share(len(sign)) / np.sqrt(square1 * square2)
        self.gradInput = [
            (factor * (second - product / square1 * first)).reshape(input[0].shape),
            (factor * (first - product / square2 * second)).reshape(input[1].shape),
        ]
        return self.gradInput

    def _rows(self, input, target):
        """Return both arrays as matrices and the targets as a column."""
        first, second = self._pair(input)
        expect_rank(self, first, (1, 2))
        rows = np.atleast_2d(first)
        return rows, np.atleast_2d(second), signs_like(self, rows[:, :1], target)

    def _cosine(self, first, second):
        """Return, as columns, the cosine, the inner product and the squares of the two norms."""
        product = (first * second).sum(1, keepdims=True)
        square1 = (first * first).sum(1, keepdims=True) + 1e-12
        square2 = (second * second).sum(1, keepdims=True) + 1e-12
        return product / np.sqrt(square1 * square2), product, square1, square2

    def _losses(self, cosine, sign):
        return np.where(sign > 0, 1 - cosine, np.maximum(cosine - self.margin, 0))


class MarginRankingCriterion(PairCriterion):
    """loss = sum(max(0, margin - t * (x1 - x2))) / rows: x1 should be the larger where t = 1, x2 where t = -1.

    Input is a table of two arrays of one shape, which the target has, too; a number is a target for arrays of one
    element. As in Torch7, the average is over the first dimension, whatever the others. Set ``sizeAverage = False`` for
    the sum. Source: Torch7's nn/MarginRankingCriterion.lua; PyTorch's MarginRankingLoss.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.MarginRankingCriterion(0.5).forward([np.array([1.0, 2.0]), np.array([3.0, 1.0])], np.array([1, 1]))
    1.25
    """

    def __init__(self, margin=1):
        super().__init__()
        self.margin = number(margin, f"{self.typename()}(margin)")

    def updateOutput(self, input, target):
        """Average what the differences lack to the margin."""
        lacks, _ = self._lacks(input, target)
        self.output = float(np.maximum(lacks, 0).sum()) * self._share(len(lacks))
        return self.output

    def updateGradInput(self, input, target):
        """Push apart what is within the margin, or just at it."""
        lacks, sign = self._lacks(input, target)
        slope = sign * (lacks >= 0) * self._share(len(lacks))
        self.gradInput = [-slope, slope]
        return self.gradInput

    def _lacks(self, input, target):
        """Return how much each difference lacks to the margin, and the targets."""
        first, second = self._pair(input)
        sign = numbers_like(self, first, target)
        return self.margin - sign * (first - second), sign


class DistanceRatioCriterion(PairCriterion):
    """loss = mean of -log(exp(-x1) / (exp(-x1) + exp(-x2))): x1 are distances of things alike, x2 of things unlike.

    Input is a table of two arrays of one shape, averaged over the first dimension, whatever the others; there is no
    target. Computed as log(1 + exp(x1 - x2)), which cannot overflow. Source: Torch7's nn/DistanceRatioCriterion.lua;
    "Deep metric learning using triplet network", arXiv:1610.00243.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.DistanceRatioCriterion().forward([np.array([1e4]), np.array([0.0])])
    10000.0
    """

    def __init__(self, sizeAverage=True):
        super().__init__()
        self.sizeAverage = sizeAverage

    def updateOutput(self, input, target=None):
        """Average the losses of the pairs."""
        alike, unlike = self._pair(input)
        self.output = float(np.logaddexp(0, alike - unlike).sum()) * self._share(len(alike))
        return self.output

    def updateGradInput(self, input, target=None):
        """Shorten the distances of things alike, and lengthen the others as much."""
        alike, unlike = self._pair(input)
        slope = sigmoid(alike - unlike) * self._share(len(alike))
        self.gradInput = [slope, -slope]
        return self.gradInput
