"""Losses of numbers against numbers."""

import numpy as np

from ..errors import ShapeError
from ..nesting import shape_of
from .criterion import Criterion

__all__ = ["MSECriterion"]


class MSECriterion(Criterion):
    """loss = sum((x - t)^2) / n, the mean over all n elements; the sum where ``sizeAverage`` is False.

    Input and target have one shape. Source: Torch7's nn/MSECriterion.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.MSECriterion().backward(np.zeros(2), np.ones(2))
    array([-1., -1.])
    """

    def __init__(self, sizeAverage=True):
        super().__init__()
        self.sizeAverage = sizeAverage

    def updateOutput(self, input, target):
        if np.shape(input) != np.shape(target):
            raise ShapeError(f"{self!r} takes a target of the input's shape, got {shape_of([input, target])}")
        difference = (input - target).ravel()
        self.output = float(difference @ difference) * self._norm(input)
        return self.output

    def updateGradInput(self, input, target):
        self.gradInput = (input - target) * (2 * self._norm(input))
        return self.gradInput

    def _norm(self, input):
        return 1 / input.size if self.sizeAverage else 1
