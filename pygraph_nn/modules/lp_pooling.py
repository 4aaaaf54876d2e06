"""Pooling by the p-norm: the p-th root of a window's sum of p-th powers."""

import math

import numpy as np

from ..errors import RangeError, ShapeError
from ..nesting import shape_of
from .arithmetic import MulConstant, Power, Sqrt, Square
from .checks import expect_gradient, number
from .containers import Sequential
from .module import Module
from .pooling import SpatialAveragePooling, spread_sums, window_sums
from .windows import Windows, whole_numbers

__all__ = ["FeatureLPPooling", "SpatialLPPooling"]


def _power(value, argument):
    """Return the p of a p-norm if it is a number that can be one."""
    power = number(value, argument)
    if power == 0 or not math.isfinite(power):
        raise RangeError(f"{argument} must be finite and not 0, or there is no root of that power, got {value!r}")
    return power


class SpatialLPPooling(Sequential):
    """y = (sum over each kW x kH window of x ** pnorm) ** (1 / pnorm), plane by plane.

    Parameters
    ----------
    nInputPlane : int, not used
    pnorm : number; 2 gives the Euclidean norm
    kW, kH : int, the window's width and height
    dW, dH : int, default kW and kH

    Input is (planes x height x width) or a batch of them. As in Torch7 it is a Sequential of elementwise modules around
    a SpatialAveragePooling, so that an odd pnorm does not take absolute values, and the derivative at a window of zeros
    is that of the root. Source: Torch7's nn/SpatialLPPooling.lua; PyTorch's LPPool2d.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.SpatialLPPooling(1, 2, 2, 1).forward(np.array([[[3.0, 4.0, 0.0, 2.0]]]))
    array([[[5., 2.]]])
    """

    def __init__(self, nInputPlane, pnorm, kW, kH, dW=None, dH=None):
        super().__init__()
        pnorm = _power(pnorm, "nn.SpatialLPPooling: pnorm")
        dW, dH = kW if dW is None else dW, kH if dH is None else dH
        self.kW, self.kH, self.dW, self.dH = kW, kH, dW, dH
        self.add(Square() if pnorm == 2 else Power(pnorm))
        self.add(SpatialAveragePooling(kW, kH, dW, dH))
        self.add(MulConstant(kW * kH))
        self.add(Sqrt() if pnorm == 2 else Power(1 / pnorm))

    def check_input(self, input):
        """Check the type here: nothing before the pooling would."""
        Module.check_input(self, input)


class FeatureLPPooling(Module):
    """y[f] = (sum of x[f stride .. f stride + width - 1] ** power) ** (1 / power), over neighbouring features.

    Parameters
    ----------
    width : int from 2 to 16, features in a window
    stride : int from 1 to 4, how far apart the windows lie
    power : number
    batch_mode : bool, default False; True where the features are the second dimension, behind the batch

    Input is (features), (features x a) or (features x a x b), with ``batch_mode`` one dimension more in front; output
    likewise with floor((features - width) / stride) + 1 features. Where y is 0, the gradient is 0. Raises RangeError
    for another width or stride, ShapeError for another rank or fewer than width features. Source: Torch7's
    nn/FeatureLPPooling.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.FeatureLPPooling(2, 1, 2).forward(np.array([3.0, 4.0, 0.0]))
    array([5., 4.])
    """

    def __init__(self, width, stride, power, batch_mode=False):
        super().__init__()
        whole_numbers("FeatureLPPooling", 2, width=width)
        whole_numbers("FeatureLPPooling", 1, stride=stride)
        if width > 16 or stride > 4:
            raise RangeError(
                f"nn.FeatureLPPooling: width lies between 2 and 16 and stride between 1 and 4, got {width} and {stride}"
            )
        self.width, self.stride, self.batch_mode = int(width), int(stride), bool(batch_mode)
        self.power = _power(power, "nn.FeatureLPPooling: power")

    @property
    def row_wise(self):
        """True with ``batch_mode``: otherwise the rows are the features."""
        return self.batch_mode

    def _axis(self, input):
        """The features' axis; raise ShapeError for another rank or too few features."""
        axis, ranks = (1, (2, 3, 4)) if self.batch_mode else (0, (1, 2, 3))
        if not isinstance(input, np.ndarray) or input.ndim not in ranks or input.shape[axis] < self.width:
            raise ShapeError(
                f"{self!r} takes {ranks[0]} to {ranks[-1]} dimensions and at least {self.width} features in dimension "
                f"{axis + 1}, got {shape_of(input)}"
            )
        return axis

    def _last(self, array, axis):
        """The array as (1, others, features)."""
        return np.moveaxis(array, axis, -1).reshape(1, -1, array.shape[axis])

    def _back(self, array, like, axis):
        """Undo ``_last`` for an array whose other dimensions are those of ``like``."""
        others = np.delete(like.shape, axis)
        return np.ascontiguousarray(np.moveaxis(array.reshape(*others, array.shape[-1]), -1, axis))

    def updateOutput(self, input):
        axis, windows = self._axis(input), Windows((self.width,), (self.stride,))
        powers = self._last(input, axis) ** self.power
        sums = window_sums(windows, powers, windows.counts((input.shape[axis],)))
        self.output = self._back(sums ** (1 / self.power), input, axis)
        return self.output

    def updateGradInput(self, input, gradOutput):
        axis, windows = self._axis(input), Windows((self.width,), (self.stride,))
        expect_gradient(self, gradOutput, self.output.shape)
        # (x / y) ** (p - 1), with y taken out of the sum: 0 where y is.
        output = self._last(self.output, axis)
        zero = output == 0
        part = self._last(gradOutput, axis) * np.where(zero, 1, output) ** (1 - self.power)
        part[zero] = 0
        spread = spread_sums(windows, part, (input.shape[axis],))
        self.gradInput = self._back(spread * self._last(input, axis) ** (self.power - 1), input, axis)
        return self.gradInput

    def arguments(self):
        return f"(w{self.width} s{self.stride} power {self.power:g} batch {int(self.batch_mode)})"
