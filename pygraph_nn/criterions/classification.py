"""Losses of scores against classes, which are counted from 1."""

import numpy as np

from ..errors import RangeError, ShapeError
from ..modules.checks import expect_entries, expect_rank, number
from ..modules.softmax import LogSoftMax
from ..nesting import shape_of
from .criterion import Criterion
from .regression import MSECriterion
from .targets import class_positions, class_weights, numbers_array

__all__ = [
    "ClassNLLCriterion",
    "ClassSimplexCriterion",
    "CrossEntropyCriterion",
    "MultiLabelMarginCriterion",
    "MultiMarginCriterion",
    "SpatialClassNLLCriterion",
]


class ClassNLLCriterion(Criterion):
    """loss = -sum_i w[t_i] * x[i, t_i] / sum_i w[t_i]: the negative log-likelihood of the classes t.

    Parameters
    ----------
    weights : vector with one number per class, default all 1
    sizeAverage : bool, default True; False leaves the division out
    ignoreIndex : a target that does not count, default -100

    Input holds log-probabilities, (classes) or (rows x classes), as an nn.LogSoftMax makes them; the target is one
    class, or one per row, counted from 1, in integers or whole floats. Where no target counts, loss and gradient are 0.
    Source: Torch7's nn/ClassNLLCriterion.lua; PyTorch's NLLLoss, which counts from 0.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.ClassNLLCriterion().forward(np.log([[0.5, 0.5], [0.2, 0.8]]), np.array([1, 2])).__round__(4)
    0.4581
    """

    weights = None
    ignoreIndex: int | None = -100
    _ranks: tuple[int, ...] = (1, 2)
    _axis = -1

    def __init__(self, weights=None, sizeAverage=True, ignoreIndex=-100):
        super().__init__()
        self.weights = class_weights(self, weights)
        self.sizeAverage = sizeAverage
        self.ignoreIndex = ignoreIndex

    def updateOutput(self, input, target):
        """Add up the weighted scores of the targets."""
        position, weight = self._targets(input, target)
        picked = np.take_along_axis(input, position, self._axis)
        picked[weight == 0] = 0  # what does not count may be infinite
        self.output = float((picked * -weight).sum() + 0.0) * self._share(weight.sum())
        return self.output

    def updateGradInput(self, input, target):
        """Minus its weight at each target, 0 elsewhere."""
        position, weight = self._targets(input, target)
        self.gradInput = np.zeros_like(input)
        np.put_along_axis(self.gradInput, position, -weight * self._share(weight.sum()), self._axis)
        return self.gradInput

    def _targets(self, input, target):
        """Return, for each sample, the place of its target on the classes' axis and what it weighs: 0 if ignored."""
        expect_rank(self, input, self._ranks)
        classes = input.shape[self._axis]
        if self.weights is not None and self.weights.size != classes:
            raise ShapeError(f"{self!r} has weights for {self.weights.size} classes, got an input of {shape_of(input)}")
        shape = np.delete(input.shape, self._axis)
        position = class_positions(self, target, tuple(shape.tolist()), classes, self.ignoreIndex)
        counted = np.ones(position.shape, bool) if self.ignoreIndex is None else position != self.ignoreIndex - 1
        position = np.where(counted, position, 0)
        weight = counted.astype(input.dtype) if self.weights is None else self.weights[position] * counted
        return np.expand_dims(position, self._axis), np.expand_dims(weight, self._axis)


class SpatialClassNLLCriterion(ClassNLLCriterion):
    """loss = -sum w[t] * x[t] / sum w[t] over the pixels: the negative log-likelihood of a class per pixel.

    Parameters
    ----------
    weights : vector with one number per class, default all 1
    sizeAverage : bool, default True; False leaves the division out

    Input holds log-probabilities, (batch x classes x height x width), as an nn.SpatialLogSoftMax makes them; the target
    is (batch x height x width), counted from 1. Source: Torch7's nn/SpatialClassNLLCriterion.lua; PyTorch's NLLLoss.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.SpatialClassNLLCriterion().forward(np.log(np.full((1, 2, 3, 3), 0.5)), np.ones((1, 3, 3))).__round__(4)
    0.6931
    """

    ignoreIndex = None
    _ranks = (4,)
    _axis = 1

    def __init__(self, weights=None, sizeAverage=True):
        super().__init__(weights, sizeAverage, None)


class CrossEntropyCriterion(Criterion):
    """loss = ClassNLLCriterion of LogSoftMax(x): the cross-entropy of the scores x and the classes t.

    Parameters
    ----------
    weights : vector with one number per class, default all 1
    sizeAverage : bool, default True; setting it later is setting ``nll.sizeAverage``

    Input is (classes) or (rows x classes), any numbers; further dimensions of size 1, as a convolution leaves them, do
    not matter. The target is one class, or one per row, counted from 1. Source: Torch7's nn/CrossEntropyCriterion.lua;
    PyTorch's CrossEntropyLoss, which counts from 0.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.CrossEntropyCriterion().forward(np.zeros((3, 4)), np.array([1, 2, 4])).__round__(4)
    1.3863
    """

    def __init__(self, weights=None, sizeAverage=True):
        super().__init__()
        self.lsm = LogSoftMax()
        self.nll = ClassNLLCriterion(weights, sizeAverage)

    @property
    def sizeAverage(self):
        """Whether the loss is averaged, which the ClassNLLCriterion inside knows."""
        return self.nll.sizeAverage

    @sizeAverage.setter
    def sizeAverage(self, value):
        self.nll.sizeAverage = value

    def updateOutput(self, input, target):
        """Take the likelihood of the targets."""
        scores, target = self._rows(input, target)
        self.output = self.nll.updateOutput(self.lsm.updateOutput(scores), target)
        return self.output

    def updateGradInput(self, input, target):
        """The probabilities, less 1 at the target."""
        scores, target = self._rows(input, target)
        gradient = self.nll.updateGradInput(self.lsm.updateOutput(scores), target)
        self.gradInput = self.lsm.updateGradInput(scores, gradient).reshape(input.shape)
        return self.gradInput

    def _rows(self, input, target):
        """Drop the dimensions of size 1, the target's as well, and check both."""
        expect_rank(self, input, (1, 2, 3, 4, 5))
        scores = input.squeeze() if input.ndim > 2 else input
        expect_rank(self, scores, (1, 2), ", dimensions of size 1 aside")
        target = numbers_array(self, target)
        target = target.squeeze() if target.ndim > 1 else target
        # The likelihood checks its target itself, but would refuse it in its own name.
        class_positions(self, target, scores.shape[:-1], scores.shape[-1], self.nll.ignoreIndex)
        return scores, target

    def arguments(self):
        return self.nll.arguments()


class ClassSimplexCriterion(MSECriterion):
    """loss = mean((x - s[t])^2) with s[1], ..., s[nClasses] the corners of a regular simplex, one for each class.

    Input is (nClasses) or (rows x nClasses); an nn.Normalize(2) in front puts it on the sphere of the corners. The
    target is one class, or one per row, counted from 1. ``simplex`` holds the corners as rows: of length 1, equally far
    from each other, their last coordinate 0. Set ``sizeAverage = False`` for the sum. Source: Torch7's
    nn/ClassSimplexCriterion.lua; "Scale-invariant learning and convolutional networks", arXiv:1506.08230.

    >>> import numpy as np, pygraph_nn as nn
    >>> loss = nn.ClassSimplexCriterion(3)
    >>> loss.forward(loss.simplex.copy(), np.array([1, 2, 3])), loss.getTopPrediction(loss.simplex)
    (0.0, array([1, 2, 3]))
    """

    def __init__(self, nClasses):
        super().__init__()
        if isinstance(nClasses, bool) or not isinstance(nClasses, (int, np.integer)) or nClasses < 2:
            raise RangeError(f"{self.typename()}(nClasses): nClasses must be a whole number from 2, got {nClasses!r}")
        self.nClasses = nClasses
        self.simplex = _simplex(nClasses - 1).astype(self.dtype)

    def _targets(self, input, target):
        self._check(input)
        return self.simplex[class_positions(self, target, input.shape[:-1], self.nClasses)]

    def getPredictions(self, input):
        """Return the likeness (the inner product) of each row of the input and each class, as a matrix."""
        self._check(input)
        return np.atleast_2d(input) @ self.simplex.T

    def getTopPrediction(self, input):
        """Return the likeliest class of each row of the input, counted from 1."""
        return self.getPredictions(input).argmax(1) + 1

    def _check(self, input):
        expect_rank(self, input, (1, 2))
        if input.shape[-1] != self.nClasses:
            raise ShapeError(f"{self!r} takes rows of {self.nClasses} numbers, got {shape_of(input)}")


def _simplex(n):
    """Return the n + 1 corners of a regular simplex around 0 as rows of n + 1 numbers, the last of which is 0.

    Corner k is 0 beyond its k-th number, and every pair of corners has the inner product -1/n.
    """
    corners = np.zeros((n + 1, n + 1))
    for k in range(n):
        height = np.sqrt(1 - (corners[k, :k] ** 2).sum())
        corners[k, k] = height
        corners[k + 1 :, k] = (height**2 - 1 - 1 / n) / height
    return corners


class MultiMarginCriterion(Criterion):
    """loss = sum_i sum_{j != t_i} w[t_i] * max(0, margin - x[i, t_i] + x[i, j])^p / (classes * rows).

    Parameters
    ----------
    p : 1 (default) or 2
    weights : vector with one number per class, default all 1
    margin : number, default 1

    Input is (classes) or (rows x classes); the target is one class, or one per row, counted from 1. Set
    ``sizeAverage = False`` to leave the division by the rows out. Source: Torch7's nn/MultiMarginCriterion.lua;
    PyTorch's MultiMarginLoss, which counts from 0.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.MultiMarginCriterion().forward(np.array([0.25, 1.0]), 1)
    0.875
    """

    weights = None
    p = 1

    def __init__(self, p=1, weights=None, margin=1):
        super().__init__()
        if p not in (1, 2):
            raise RangeError(f"nn.MultiMarginCriterion(p): p must be 1 or 2, got {p!r}")
        self.p = p
        self.weights = class_weights(self, weights)
        self.margin = number(margin, f"{self.typename()}(margin)")

    def updateOutput(self, input, target):
        """Add up what each wrong class lacks to the margin."""
        excess, _, weight = self._excess(input, target)
        losses = excess if self.p == 1 else excess * excess
        self.output = float((losses * weight).sum()) / input.shape[-1] * self._share(len(excess))
        return self.output

    def updateGradInput(self, input, target):
        """Push down the wrong classes within the margin, and as much in all, up the target."""
        excess, position, weight = self._excess(input, target)
        slope = (excess > 0).astype(input.dtype) if self.p == 1 else 2 * excess
        slope = slope * weight * (self._share(len(excess)) / input.shape[-1])
        np.put_along_axis(slope, position, -slope.sum(1, keepdims=True), 1)
        self.gradInput = slope.reshape(input.shape)
        return self.gradInput

    def _excess(self, input, target):
        """Return how far each wrong class reaches into the margin, the targets' columns and the rows' weights."""
        expect_rank(self, input, (1, 2))
        expect_entries(self, input, input.ndim - 1)
        classes = input.shape[-1]
        if self.weights is not None and self.weights.size != classes:
            raise ShapeError(f"{self!r} has weights for {self.weights.size} classes, got an input of {shape_of(input)}")
        position = np.atleast_1d(class_positions(self, target, input.shape[:-1], classes))[:, None]
        rows = np.atleast_2d(input)
        excess = np.maximum(self.margin - np.take_along_axis(rows, position, 1) + rows, 0)
        np.put_along_axis(excess, position, 0, 1)
        return excess, position, 1 if self.weights is None else self.weights[position]


class MultiLabelMarginCriterion(Criterion):
    """loss = sum_i sum_{t in T_i} sum_{j not in T_i} max(0, 1 - x[i, t] + x[i, j]) / (classes * rows).

    Input is (classes) or (rows x classes); the target has the same shape: a row lists its classes T_i, counted from 1,
    and the first 0 ends the list. Set ``sizeAverage = False`` to leave the division by the rows out. Source: Torch7's
    nn/MultiLabelMarginCriterion.lua; PyTorch's MultiLabelMarginLoss, which counts from 0 and ends with -1.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.MultiLabelMarginCriterion().forward(np.array([0.1, 0.2, 0.4, 0.8]), np.array([4, 1, 0, 0])).__round__(4)
    0.85
    """

    def updateOutput(self, input, target):
        """Add up what each class that is no target lacks to the margin below each that is one."""
        excess, _, _ = self._excess(input, target)
        self.output = float(excess.sum()) / input.shape[-1] * self._share(len(np.atleast_2d(input)))
        return self.output

    def updateGradInput(self, input, target):
        """Push down each class within the margin, and as much in all, up the target that it offends."""
        excess, row, label = self._excess(input, target)
        offends = (excess > 0).astype(input.dtype)
        gradient = np.zeros_like(np.atleast_2d(input))
        np.add.at(gradient, row, offends)
        np.subtract.at(gradient, (row, label), offends.sum(1))
        gradient *= self._share(len(gradient)) / input.shape[-1]
        self.gradInput = gradient.reshape(input.shape)
        return self.gradInput

    def _excess(self, input, target):
        """Return, for each target of each row, how far each class reaches into its margin, the row and the target."""
        expect_rank(self, input, (1, 2))
        expect_entries(self, input, input.ndim - 1)
        positions = np.atleast_2d(class_positions(self, target, input.shape, input.shape[-1], 0))
        listed = np.logical_and.accumulate(positions >= 0, 1)
        row, place = np.nonzero(listed)
        label = positions[row, place]
        rows = np.atleast_2d(input)
        is_target = np.zeros(rows.shape, bool)
        is_target[row, label] = True
        excess = np.maximum(1 - rows[row, label][:, None] + rows[row], 0)
        excess[is_target[row]] = 0
        return excess, row, label
