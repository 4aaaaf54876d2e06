"""Smooth and clipping functions applied to each element of an array: sigmoids, soft and hard ones, shrinkages."""

import numpy as np

from ..errors import RangeError
from ..tensors import ONE
from . import checks
from .elementwise import Elementwise
from .module import Module

__all__ = [
    "Sigmoid",
    "LogSigmoid",
    "Tanh",
    "TanhShrink",
    "HardTanh",
    "Clamp",
    "SoftPlus",
    "SoftSign",
    "SoftShrink",
    "HardShrink",
]

# Above these, exp(x) overflows; sigmoid has long been 1 there.
_CEILING_AND_ONE = {dtype: (np.array(709 if dtype.itemsize == 8 else 88, dtype), one) for dtype, one in ONE.items()}


class Sigmoid(Module):
    """y = 1 / (1 + exp(-x)), elementwise; any shape in, the same shape out.

    It neither warns nor loses digits however large x is: few elements are computed as exp(x) / (exp(x) + 1), many as
    written above, where what lies below the smallest normal number (x < -88 in float32, -708 in float64) may be 0.
    Source: Torch7's nn/Sigmoid.lua; PyTorch's Sigmoid.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.Sigmoid().forward(np.array([-1e4, 0.0, 1e4])).round(3)
    array([0. , 0.5, 1. ])
    """

    row_wise = True
    ignores_input = True

    def updateOutput(self, input):
        try:
            ceiling, one = _CEILING_AND_ONE[input.dtype]
        except (AttributeError, KeyError):
            checks.expect_array(self, input)
            self.check_input(input)
            raise
        if input.size < 2000:
            growth = np.minimum(input, ceiling)
            np.exp(growth, growth)
            output = growth + one
            np.divide(growth, output, output)
        else:  # a costlier call, but a quarter less time per element
            output = np.negative(input)
            with np.errstate(over="ignore"):  # infinity gives the 0 that it should
                np.exp(output, output)
            output += one
            np.divide(one, output, output)
        self.output = output
        return output

    def updateGradInput(self, input, gradOutput):
        output = self.output
        slope = ONE[output.dtype] - output
        slope *= output
        slope *= gradOutput
        self.gradInput = slope
        return slope


def _log_of_one_plus_exp(z):
    """log(1 + exp(z)), whose exp is of no positive number and so overflows for no z."""
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


class LogSigmoid(Elementwise):
    """y = log(1 / (1 + exp(-x))), elementwise; any shape in, the same shape out.

    Computed so that it neither overflows nor loses digits however large x is. Source: Torch7's nn/LogSigmoid.lua;
    PyTorch's LogSigmoid.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.LogSigmoid().forward(np.array([-1e4, 0.0, 1e4])).round(3)
    array([-1.00e+04, -6.93e-01, -0.00e+00])
    """

    def function(self, x):
        return -_log_of_one_plus_exp(-x)

    def derivative(self, x, y):
        return -np.expm1(y)  # 1 - sigmoid(x)


class Tanh(Module):
    """y = tanh(x), elementwise; any shape in, the same shape out.

    Source: Torch7's nn/Tanh.lua; PyTorch's Tanh.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.Tanh().forward(np.zeros(2))
    array([0., 0.])
    """

    row_wise = True
    ignores_input = True

    def updateOutput(self, input):
        if input.__class__ is not np.ndarray:
            checks.expect_array(self, input)
        self.output = np.tanh(input)
        return self.output

    def updateGradInput(self, input, gradOutput):
        slope = self.output * self.output
        np.subtract(ONE[slope.dtype], slope, slope)
        slope *= gradOutput
        self.gradInput = slope
        return slope


class TanhShrink(Elementwise):
    """y = x - tanh(x), elementwise; any shape in, the same shape out.

    Source: Torch7's nn/TanhShrink.lua; PyTorch's Tanhshrink.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.TanhShrink().forward(np.array([-1.0, 0.0, 10.0])).round(3)
    array([-0.238,  0.   ,  9.   ])
    """

    def function(self, x):
        return x - np.tanh(x)

    def derivative(self, x, y):
        slope = np.tanh(x)  # x - y has lost it where x is large
        return slope * slope


class HardTanh(Elementwise):
    """y = min(max(x, min_val), max_val), elementwise; any shape in, the same shape out.

    The gradient is 0 at and beyond the bounds. ``inplace`` is kept for files and changes nothing.
    Raises RangeError unless the bounds are ``min_value`` < ``max_value``. Source: Torch7's nn/HardTanh.lua; PyTorch's
    Hardtanh.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.HardTanh(-2, 0.5).forward(np.array([-3.0, 0.0, 1.0]))
    array([-2. ,  0. ,  0.5])
    """

    min_val, max_val = -1, 1  # what a file does not mention

    def __init__(self, min_value=-1, max_value=1, inplace=False):
        super().__init__()
        self.min_val = checks.number(min_value, "min_value")
        self.max_val = checks.number(max_value, "max_value")
        self.inplace = inplace
        if not self.min_val < self.max_val:
            raise RangeError(f"{self.typename()}: max_value must be above min_value, got {min_value} and {max_value}")

    def function(self, x):
        return np.clip(x, self.min_val, self.max_val)

    def derivative(self, x, y):
        return (x > self.min_val) & (x < self.max_val)

    def arguments(self):
        return f"({self.min_val}, {self.max_val})"


class Clamp(HardTanh):
    """y = min(max(x, min_value), max_value), elementwise: HardTanh by the name of what it does.

    Source: Torch7's nn/Clamp.lua; PyTorch's Tensor.clamp.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.Clamp(0, 0.5).forward(np.array([-3.0, 0.25, 1.0]))
    array([0.  , 0.25, 0.5 ])
    """

    def __init__(self, min_value=-1, max_value=1):
        super().__init__(min_value, max_value)


class SoftPlus(Elementwise):
    """y = log(1 + exp(beta x)) / beta, elementwise; a smooth ReLU that is the sharper, the larger ``beta`` is.

    Where beta x is above ``threshold`` (20), y = x. Any shape in, the same shape out; nothing overflows however large
    x is. Raises RangeError for a ``beta`` of 0. Source: Torch7's nn/SoftPlus.lua; PyTorch's Softplus.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.SoftPlus().forward(np.array([-1e4, 0.0, 1e4])).round(3)
    array([0.00e+00, 6.93e-01, 1.00e+04])
    """

    def __init__(self, beta=1):
        super().__init__()
        self.beta = checks.number(beta, "beta")
        self.threshold = 20
        if beta == 0:
            raise RangeError("nn.SoftPlus(beta): beta must not be 0")

    def function(self, x):
        z = self.beta * x
        return np.where(z > self.threshold, x, _log_of_one_plus_exp(z) / self.beta)

    def derivative(self, x, y):
        z = self.beta * y
        return np.where(z > self.threshold, 1, -np.expm1(-z))  # sigmoid(beta x)


class SoftSign(Elementwise):
    """y = x / (1 + |x|), elementwise; any shape in, the same shape out.

    Source: Torch7's nn/SoftSign.lua; PyTorch's Softsign.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.SoftSign().forward(np.array([-1.0, 0.0, 3.0]))
    array([-0.5 ,  0.  ,  0.75])
    """

    def function(self, x):
        return x / (1 + np.abs(x))

    def derivative(self, x, y):
        root = 1 / (1 + np.abs(x))
        return root * root


class _Shrink(Elementwise):
    """What both shrinkages share: a band of +-lambda that is cut out, and the derivative outside of it.

    The field has Torch7's name, ``lambda``, a word that Python reserves: read it as ``getattr(module, "lambda")``.
    """

    def __init__(self, lam=0.5):
        super().__init__()
        setattr(self, "lambda", checks.number(lam, "lam"))
        if lam < 0:
            raise RangeError(f"{self.typename()}(lam): lam must not be negative, got {lam}")

    def derivative(self, x, y):
        return np.abs(x) > getattr(self, "lambda")

    def arguments(self):
        return f"({getattr(self, 'lambda')})"


class SoftShrink(_Shrink):
    """y = x - lam where x > lam, x + lam where x < -lam, 0 between them; any shape in, the same shape out.

    The field has Torch7's name, a Python keyword: ``getattr(module, "lambda")``. Raises RangeError for a negative
    ``lam``. Source: Torch7's nn/SoftShrink.lua; PyTorch's Softshrink.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.SoftShrink().forward(np.array([-1.0, 0.25, 1.0]))
    array([-0.5,  0. ,  0.5])
    """

    def function(self, x):
        lam = getattr(self, "lambda")
        return x - np.clip(x, -lam, lam)


class HardShrink(_Shrink):
    """y = x where |x| > lam, 0 elsewhere; any shape in, the same shape out.

    The field has Torch7's name, a Python keyword: ``getattr(module, "lambda")``. Raises RangeError for a negative
    ``lam``. Source: Torch7's nn/HardShrink.lua; PyTorch's Hardshrink.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.HardShrink().forward(np.array([-1.0, 0.25, 1.0]))
    array([-1.,  0.,  1.])
    """

    def function(self, x):
        return np.where(np.abs(x) <= getattr(self, "lambda"), 0, x)
