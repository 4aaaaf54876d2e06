"""Elementwise: what the losses share that are a sum, or an average, over the elements of the input."""

from .criterion import Criterion
from .targets import numbers_like

__all__ = ["Elementwise"]


class Elementwise(Criterion):
    """loss = sum_i l(x_i, t_i), divided by the number of elements where ``sizeAverage`` is True.

    A subclass gives the function of one element, ``_loss``, and its derivative by x, ``_slope``, both of whole arrays.
    The target has the input's shape.
    """

    def updateOutput(self, input, target):
        """Sum or average the losses of the elements."""
        self.output = float(self._loss(input, self._targets(input, target)).sum()) * self._share(input.size)
        return self.output

    def updateGradInput(self, input, target):
        """Give each element its slope, divided by the number of elements where the loss is."""
        self.gradInput = self._slope(input, self._targets(input, target)) * self._share(input.size)
        return self.gradInput

    def _targets(self, input, target):
        """The target as the functions of one element take it."""
        return numbers_like(self, input, target)

    def _loss(self, x, t):
        raise NotImplementedError(f"{self.typename()} has no _loss")

    def _slope(self, x, t):
        raise NotImplementedError(f"{self.typename()} has no _slope")
