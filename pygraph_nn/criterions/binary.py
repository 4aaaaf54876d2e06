"""Losses of a yes-or-no answer per element: targets 1 and 0, or 1 and -1."""

import numpy as np

from ..errors import RangeError, ShapeError
from ..modules.checks import number
from ..nesting import shape_of
from .elementwise import Elementwise
from .targets import class_weights

__all__ = ["BCECriterion", "MarginCriterion", "MultiLabelSoftMarginCriterion", "SoftMarginCriterion"]


def sigmoid(x):
    """1 / (1 + exp(-x)) without overflow and, for x far below 0, without loss of digits."""
    return np.exp(-np.logaddexp(0, -x))


class WeightedElementwise(Elementwise):
    """A loss of elements each of which counts ``weights`` times, one number per column of the input."""

    weights = None

    def __init__(self, weights=None, sizeAverage=True):
        super().__init__()
        self.weights = class_weights(self, weights)
        self.sizeAverage = sizeAverage

    def _weighted(self, values):
        if self.weights is None:
            return values
        if values.shape[-1:] != self.weights.shape:
            raise ShapeError(
                f"{self!r} has {self.weights.size} weights, one per entry of the last dimension, got an input of "
                f"{shape_of(values)}"
            )
        return values * self.weights


class BCECriterion(WeightedElementwise):
    """loss = -sum(w * (t * log(x) + (1 - t) * log(1 - x))) / n: the binary cross-entropy of probabilities x.

    Parameters
    ----------
    weights : vector with one number per column of the input, default all 1
    sizeAverage : bool, default True

    Input holds probabilities and the target numbers from 0 to 1, in one shape. n counts elements, whatever their
    weights. 1e-12 is added to what a logarithm is taken of. Raises RangeError for an input outside of 0 to 1 (a Sigmoid
    belongs in front). Source: Torch7's nn/BCECriterion.lua; PyTorch's BCELoss.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.BCECriterion().backward(np.array([0.5, 0.5]), np.array([1, 0]))
    array([-1.,  1.])
    """

    eps = 1e-12

    def _loss(self, x, t):
        if x.size and not (x.min() >= 0 and x.max() <= 1):
            raise RangeError(
                f"{self!r} takes probabilities, 0 to 1, as its input, got numbers from {x.min():g} to {x.max():g}: put "
                "an nn.Sigmoid in front"
            )
        return self._weighted(-(np.log(x + self.eps) * t + np.log(1 - x + self.eps) * (1 - t)))

    def _slope(self, x, t):
        return self._weighted((x - t) / ((1 - x + self.eps) * (x + self.eps)))


class MultiLabelSoftMarginCriterion(WeightedElementwise):
    """loss = -sum(w * (t * log(p) + (1 - t) * log(1 - p))) / n with p = 1 / (1 + exp(-x)), one answer per element.

    Parameters
    ----------
    weights : vector with one number per column of the input, default all 1
    sizeAverage : bool, default True

    Input and target, which holds numbers from 0 to 1, have one shape; n counts elements. Computed in the form
    log(1 + exp(x)) - t * x, which cannot overflow. Source: Torch7's nn/MultiLabelSoftMarginCriterion.lua; PyTorch's
    MultiLabelSoftMarginLoss.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.MultiLabelSoftMarginCriterion().forward(np.array([1e4, -1e4]), np.array([1, 0]))
    0.0
    """

    def _loss(self, x, t):
        return self._weighted(np.logaddexp(0, x) - t * x)

    def _slope(self, x, t):
        return self._weighted(sigmoid(x) - t)


class MarginCriterion(Elementwise):
    """loss = sum(max(0, margin - t * x)) / n: the hinge loss of a two-class answer, t = 1 or -1.

    Input and target have one shape. The loss is averaged over elements; set ``sizeAverage = False`` for the sum.
    Source: Torch7's nn/MarginCriterion.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.MarginCriterion().forward(np.array([0.5, 3.0]), np.array([1, -1]))
    2.25
    """

    def __init__(self, margin=1):
        super().__init__()
        self.margin = number(margin, f"{self.typename()}(margin)")

    def _loss(self, x, t):
        return np.maximum(self.margin - x * t, 0)

    def _slope(self, x, t):
        return -t * (x * t < self.margin)


class SoftMarginCriterion(Elementwise):
    """loss = sum(log(1 + exp(-t * x))) / n: the logistic loss of a two-class answer, t = 1 or -1.

    Input and target have one shape. Computed so that it cannot overflow. The loss is averaged over elements; set
    ``sizeAverage = False`` for the sum. Source: Torch7's nn/SoftMarginCriterion.lua; PyTorch's SoftMarginLoss.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.SoftMarginCriterion().forward(np.array([1e4, -1e4]), np.array([1, 1]))
    5000.0
    """

    def _loss(self, x, t):
        return np.logaddexp(0, -t * x)

    def _slope(self, x, t):
        return -t * sigmoid(-t * x)
