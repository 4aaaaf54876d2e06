"""Losses of numbers against numbers."""

import numpy as np

from ..errors import ShapeError
from ..modules.checks import expect_array, expect_rank
from ..nesting import shape_of
from .criterion import Criterion
from .elementwise import Elementwise
from .targets import numbers_array, numbers_like, weights_given

__all__ = [
    "AbsCriterion",
    "DistKLDivCriterion",
    "L1Cost",
    "MSECriterion",
    "SmoothL1Criterion",
    "SpatialAutoCropMSECriterion",
    "WeightedMSECriterion",
]


class MSECriterion(Elementwise):
    """loss = sum((x - t)^2) / n, the mean over all n elements; the sum where ``sizeAverage`` is False.

    Input and target have one shape. Source: Torch7's nn/MSECriterion.lua; PyTorch's MSELoss.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.MSECriterion().backward(np.zeros(2), np.ones(2))
    array([-1., -1.])
    """

    def __init__(self, sizeAverage=True):
        super().__init__()
        self.sizeAverage = sizeAverage

    def _loss(self, x, t):
        difference = x - t
        return difference * difference

    def _slope(self, x, t):
        return 2 * (x - t)


class WeightedMSECriterion(MSECriterion):
    """loss = sum((x - w * t)^2) / n: the mean squared distance to the target times ``w``.

    As in Torch7, the weights multiply the target alone, not the squares. ``w`` has the input's shape, or that of one of
    its rows. The loss is averaged; set ``sizeAverage = False`` for the sum. Source: Torch7's
    nn/WeightedMSECriterion.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.WeightedMSECriterion(np.array([1.0, 2.0])).forward(np.zeros((1, 2)), np.ones((1, 2)))
    2.5
    """

    def __init__(self, w):
        super().__init__()
        self.weight = weights_given(self, w).copy()

    def _targets(self, input, target):
        weight = self.weight
        if weight.shape != input.shape and weight.shape != input.shape[1:]:
            raise ShapeError(
                f"{self!r} takes an input of its weights' shape, {shape_of(weight)}, or rows of it, got "
                f"{shape_of(input)}"
            )
        return weight * numbers_like(self, input, target)


class SpatialAutoCropMSECriterion(MSECriterion):
    """loss = mean((x - crop(t))^2), the target cropped at its centre to the height and width of the input.

    Input is (planes x height x width), or a batch of those; the target may be higher and wider. An odd margin leaves
    the extra row below and the extra column to the right. Torch7's backward takes only a target that has been cropped
    already; here it takes the one that forward takes. Source: Torch7's nn/SpatialAutoCropMSECriterion.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> target = np.arange(16.0).reshape(1, 4, 4)
    >>> nn.SpatialAutoCropMSECriterion(False).forward(np.zeros((1, 2, 2)), target)  # 5, 6, 9 and 10 squared
    242.0
    """

    def _targets(self, input, target):
        expect_rank(self, input, (3, 4))
        target = numbers_array(self, target)
        planes = target.ndim == input.ndim and target.shape[:-2] == input.shape[:-2]
        if not planes or any(large < small for large, small in zip(target.shape[-2:], input.shape[-2:], strict=True)):
            raise ShapeError(
                f"{self!r} takes a target of the input's planes and at least its height and width, got the input "
                f"{shape_of(input)} and the target {shape_of(target)}"
            )
        top, left = ((large - small) // 2 for large, small in zip(target.shape[-2:], input.shape[-2:], strict=True))
        height, width = input.shape[-2:]
        return numbers_like(self, input, target[..., top : top + height, left : left + width])


class AbsCriterion(Elementwise):
    """loss = sum(|x - t|) / n, the mean over all n elements; the sum where ``sizeAverage`` is False.

    The slope at x = t is 1. Source: Torch7's nn/AbsCriterion.lua; PyTorch's L1Loss (whose slope there is 0).

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.AbsCriterion().forward(np.array([1.0, -2.0]), np.zeros(2))
    1.5
    """

    def __init__(self, sizeAverage=True):
        super().__init__()
        self.sizeAverage = sizeAverage

    def _loss(self, x, t):
        return np.abs(x - t)

    def _slope(self, x, t):
        return np.where(x - t >= 0, x.dtype.type(1), x.dtype.type(-1))


class SmoothL1Criterion(Elementwise):
    """loss = mean of d^2 / 2 where |d| < 1 and of |d| - 1/2 elsewhere, with d = x - t.

    Also known as the Huber loss. The sum where ``sizeAverage`` is False. Input and target have one shape.
    Source: Torch7's nn/SmoothL1Criterion.lua; PyTorch's SmoothL1Loss.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.SmoothL1Criterion(False).forward(np.array([0.5, 3.0]), np.zeros(2))
    2.625
    """

    def __init__(self, sizeAverage=True):
        super().__init__()
        self.sizeAverage = sizeAverage

    def _loss(self, x, t):
        distance = np.abs(x - t)
        # min(d, 1) * (d - min(d, 1) / 2) is both branches at once.
        near = np.minimum(distance, 1)
        return near * (distance - 0.5 * near)

    def _slope(self, x, t):
        return np.clip(x - t, -1, 1)


class DistKLDivCriterion(Elementwise):
    """loss = sum(t * (log t - x)) / n over the elements with t > 0: the Kullback-Leibler divergence from exp(x) to t.

    Input holds log-probabilities, the target probabilities, in one shape; n counts all elements. The loss is averaged
    over elements, not rows; set ``sizeAverage = False`` for the sum. Source: Torch7's nn/DistKLDivCriterion.lua;
    PyTorch's KLDivLoss.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.DistKLDivCriterion().forward(np.log([0.5, 0.5]), np.array([1.0, 0.0])).__round__(4)
    0.3466
    """

    def _loss(self, x, t):
        counted = t > 0
        t = t[counted]
        return t * (np.log(t) - x[counted])

    def _slope(self, x, t):
        return -np.maximum(t, 0)


class L1Cost(Criterion):
    """loss = sum(|x|), always the sum; there is no target.

    The slope at 0 is 0. Source: Torch7's nn/L1Cost.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.L1Cost().forward(np.array([1.0, -2.0]))
    3.0
    """

    def updateOutput(self, input, target=None):
        """Sum the absolute values."""
        expect_array(self, input)
        self.output = float(np.abs(input).sum())
        return self.output

    def updateGradInput(self, input, target=None):
        """The sign of each element."""
        self.gradInput = np.sign(input)
        return self.gradInput
