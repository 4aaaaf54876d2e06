"""Rectified linear units: functions of each element that bend at a threshold."""

import numpy as np

from .. import rng
from ..errors import RangeError, ShapeError
from ..nesting import shape_of
from . import checks
from .activations import HardTanh
from .elementwise import Elementwise

__all__ = ["Threshold", "ReLU", "ReLU6", "LeakyReLU", "PReLU", "RReLU", "ELU"]


class Threshold(Elementwise):
    """y = x where x > threshold, ``value`` elsewhere; any shape in, the same shape out.

    ``inplace`` is kept for files and changes nothing. Source: Torch7's nn/Threshold.lua; PyTorch's Threshold.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.Threshold(0.5, -1).forward(np.array([0.25, 0.5, 0.75]))
    array([-1.  , -1.  ,  0.75])
    """

    def __init__(self, threshold=1e-6, value=0, inplace=False):
        super().__init__()
        self.threshold = checks.number(threshold, "threshold")
        self.val = checks.number(value, "value")
        self.inplace = inplace

    def function(self, x):
        return np.where(x <= self.threshold, self.val, x)

    def derivative(self, x, y):
        return x > self.threshold

    def arguments(self):
        return f"({self.threshold}, {self.val})"


class ReLU(Threshold):
    """y = max(0, x), elementwise; any shape in, the same shape out.

    ``inplace`` is kept for files and changes nothing. Source: Torch7's nn/ReLU.lua; PyTorch's ReLU.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.ReLU().forward(np.array([-1.0, 2.0]))
    array([0., 2.])
    """

    def __init__(self, inplace=False):
        super().__init__(0, 0, inplace)

    def function(self, x):
        return np.maximum(x, 0)

    def derivative(self, x, y):
        return x > 0

    def arguments(self):
        return ""


class ReLU6(HardTanh):
    """y = min(max(0, x), 6), elementwise; any shape in, the same shape out.

    ``inplace`` is kept for files and changes nothing. Source: Torch7's nn/ReLU6.lua; PyTorch's ReLU6.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.ReLU6().forward(np.array([-1.0, 2.0, 8.0]))
    array([0., 2., 6.])
    """

    min_val, max_val = 0, 6

    def __init__(self, inplace=False):
        Elementwise.__init__(self)
        self.inplace = inplace

    def arguments(self):
        return ""


class LeakyReLU(Elementwise):
    """y = x where x > 0, negval x elsewhere; any shape in, the same shape out.

    ``LeakyReLU(True)`` sets ``inplace``, as in Torch7; it is kept for files and changes nothing.
    Source: Torch7's nn/LeakyReLU.lua; PyTorch's LeakyReLU.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.LeakyReLU(0.5).forward(np.array([-1.0, 2.0]))
    array([-0.5,  2. ])
    """

    def __init__(self, negval=1 / 100, inplace=False):
        super().__init__()
        if isinstance(negval, bool):
            negval, inplace = 1 / 100, negval
        self.negval = checks.number(negval, "negval")
        self.inplace = inplace and negval >= 0

    def function(self, x):
        return x * _slopes(x, self.negval)

    def derivative(self, x, y):
        return _slopes(x, self.negval)

    def arguments(self):
        return f"({self.negval:g})"


class ELU(Elementwise):
    """y = x where x > 0, alpha (exp(x) - 1) elsewhere; any shape in, the same shape out.

    ``inplace`` is kept for files and changes nothing. Source: Clevert, Unterthiner and Hochreiter 2015, Fast and
    Accurate Deep Network Learning by Exponential Linear Units; Torch7's nn/ELU.lua; PyTorch's ELU.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.ELU().forward(np.array([-1e4, 0.0, 2.0]))
    array([-1.,  0.,  2.])
    """

    def __init__(self, alpha=1, inplace=False):
        super().__init__()
        self.alpha = checks.number(alpha, "alpha")
        self.inplace = inplace

    def function(self, x):
        return np.maximum(x, 0) + self.alpha * np.expm1(np.minimum(x, 0))

    def derivative(self, x, y):
        return _slopes(x, self.alpha * np.exp(np.minimum(x, 0)))

    def arguments(self):
        return f" (alpha:{self.alpha:f})"


class PReLU(Elementwise):
    """y = x where x > 0, w x elsewhere, with a slope w that is learnt.

    Without ``nOutputPlane`` one slope serves all elements, of any shape. With it there is one for each plane: each
    entry of a vector, else of the second dimension. ``weight`` starts at 0.25 and draws nothing.
    Raises ShapeError for another number of planes. Source: He et al. 2015, Delving Deep into Rectifiers; Torch7's
    nn/PReLU.lua; PyTorch's PReLU.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.PReLU(2).forward(np.array([[-1.0, 2.0]]))
    array([[-0.25,  2.  ]])
    """

    stateless = True

    def __init__(self, nOutputPlane=0):
        super().__init__()
        self.nOutputPlane = nOutputPlane if nOutputPlane in (0, None) else checks.size(nOutputPlane, "nOutputPlane")
        self.nOutputPlane = self.nOutputPlane or 0
        self.weight = np.full(self.nOutputPlane or 1, 0.25, self.dtype)
        self.gradWeight = np.zeros_like(self.weight)

    def reset(self, stdv=None):
        """Set all slopes to 0.25."""
        self.weight.fill(0.25)
        return self

    def function(self, x):
        return x * _slopes(x, self._slope(x))

    def derivative(self, x, y):
        return _slopes(x, self._slope(x))

    def accGradParameters(self, input, gradOutput, scale=1):
        products = np.minimum(input, 0) * gradOutput
        axes = tuple(axis for axis in range(input.ndim) if self.nOutputPlane == 0 or axis != _plane_axis(input))
        self.gradWeight += scale * products.sum(axes)

    def _slope(self, x):
        """The weight, laid out so that it multiplies the planes of x."""
        if self.nOutputPlane == 0:
            return self.weight[0]
        axis = _plane_axis(x)
        if x.ndim == 0 or x.shape[axis] != self.nOutputPlane:
            raise ShapeError(
                f"{self!r} expects {self.nOutputPlane} planes (entries of a vector, else of the second dimension), "
                f"got {shape_of(x)}"
            )
        return self.weight.reshape((-1,) + (1,) * (x.ndim - axis - 1))


class RReLU(Elementwise):
    """y = x where x > 0, r x elsewhere, with a random slope r.

    In training, r is drawn from [lower, upper) for each element that is not above 0; in evaluation, it is the mean of
    the bounds. Any shape in, the same shape out. ``inplace`` is kept for files and changes
    nothing. Raises RangeError unless 0 <= lower <= upper. Source: Xu et al. 2015, Empirical Evaluation of Rectified
    Activations; Torch7's nn/RReLU.lua; PyTorch's RReLU.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.RReLU(0.25, 0.75).evaluate().forward(np.array([-1.0, 2.0]))
    array([-0.5,  2. ])
    """

    def __init__(self, lower=1 / 8, upper=1 / 3, inplace=False):
        super().__init__()
        self.lower = checks.number(lower, "lower")
        self.upper = checks.number(upper, "upper")
        if not 0 <= self.lower <= self.upper:
            raise RangeError(f"nn.RReLU(lower, upper): 0 <= lower <= upper is the rule, got {lower} and {upper}")
        self.noise = None
        self.inplace = inplace

    @property
    def row_wise(self):
        """True in evaluation; in training, the numbers drawn depend on all rows."""
        return not self.train

    def function(self, x):
        self.noise = None
        if not self.train:
            return x * _slopes(x, (self.lower + self.upper) / 2)
        self.noise = np.ones_like(x)
        below = x <= 0
        self.noise[below] = rng.uniform(self.lower, self.upper, size=np.count_nonzero(below), dtype=x.dtype)
        return x * self.noise

    def derivative(self, x, y):
        return _slopes(x, (self.lower + self.upper) / 2) if self.noise is None else self.noise

    def clearState(self):
        self.noise = None
        return super().clearState()

    def arguments(self):
        return f" (l:{self.lower:f}, u:{self.upper:f})"


def _slopes(x, below):
    """1 where x > 0, ``below`` elsewhere, in the type of x; several times as fast as a choice for each element."""
    above = (x > 0).astype(x.dtype)
    return above + below * (1 - above)


def _plane_axis(x):
    """The axis that counts planes: the only one of a vector, else the one behind the batch."""
    return 1 if x.ndim > 1 else 0
