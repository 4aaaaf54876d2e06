"""Plain arithmetic on each element: constants to add and multiply by, powers, exponentials, absolute values."""

import numpy as np

from ..errors import ShapeError, TensorTypeError
from ..nesting import shape_of
from . import checks
from .checks import expect_array
from .elementwise import Elementwise
from .module import Module

__all__ = ["AddConstant", "MulConstant", "Power", "Square", "Sqrt", "Abs", "Exp", "Log", "Constant"]


class AddConstant(Elementwise):
    """y = x + c with a fixed c: a number, or a vector that is added to a vector or to each row of a matrix.

    ``inplace`` is kept for files and changes nothing. Raises ShapeError where a vector c does not fit the input.
    Source: Torch7's nn/AddConstant.lua; PyTorch's torch.add.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.AddConstant(2.5).forward(np.ones(2))
    array([3.5, 3.5])
    """

    def __init__(self, constant_scalar, inplace=False):
        super().__init__()
        if isinstance(constant_scalar, np.ndarray) and constant_scalar.ndim == 1:
            self.constant_scalar = constant_scalar.astype(self.dtype)
        else:
            self.constant_scalar = checks.number(constant_scalar, "constant_scalar")
        self.inplace = inplace

    def function(self, x):
        constant = self.constant_scalar
        if isinstance(constant, np.ndarray) and (x.ndim not in (1, 2) or x.shape[-1:] != constant.shape):
            raise ShapeError(
                f"{self!r} expects a vector ({constant.size}) or a matrix (rows x {constant.size}), got {shape_of(x)}"
            )
        return x + constant

    def derivative(self, x, y):
        return 1


class MulConstant(Elementwise):
    """y = c x with a fixed number c; any shape in, the same shape out.

    ``inplace`` is kept for files and changes nothing. Source: Torch7's nn/MulConstant.lua; PyTorch's torch.mul.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.MulConstant(-1.5).forward(np.ones(2))
    array([-1.5, -1.5])
    """

    def __init__(self, constant_scalar, inplace=False):
        super().__init__()
        self.constant_scalar = checks.number(constant_scalar, "constant_scalar")
        self.inplace = inplace

    def function(self, x):
        return self.constant_scalar * x

    def derivative(self, x, y):
        return self.constant_scalar


class Power(Elementwise):
    """y = x ** pow, elementwise; any shape in, the same shape out.

    As everywhere in numpy, a negative x to a power that is not whole is not a number, with a warning.
    Source: Torch7's nn/Power.lua; PyTorch's torch.pow.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.Power(3).forward(np.array([1.0, 2.0]))
    array([1., 8.])
    """

    def __init__(self, pow):
        super().__init__()
        self.pow = checks.number(pow, "pow")

    def function(self, x):
        return x**self.pow

    def derivative(self, x, y):
        return self.pow * x ** (self.pow - 1) if self.pow else 0


class Square(Elementwise):
    """y = x * x, elementwise; any shape in, the same shape out.

    Source: Torch7's nn/Square.lua; PyTorch's torch.square.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.Square().forward(np.array([-1.0, 2.0]))
    array([1., 4.])
    """

    def function(self, x):
        return x * x

    def derivative(self, x, y):
        return 2 * x


class Sqrt(Elementwise):
    """y = sqrt(x), elementwise; any shape in, the same shape out.

    The gradient at 0, which is infinite, is 0. ``eps`` is kept for files; as in Torch7 it changes nothing.
    Source: Torch7's nn/Sqrt.lua; PyTorch's torch.sqrt.

    >>> import numpy as np, pygraph_nn as nn
    >>> m = nn.Sqrt()
    >>> m.forward(np.array([0.0, 4.0])), m.backward(np.array([0.0, 4.0]), np.ones(2))
    (array([0., 2.]), array([0.  , 0.25]))
    """

    def __init__(self, eps=0):
        super().__init__()
        self.eps = checks.number(eps, "eps")

    def function(self, x):
        return np.sqrt(x)

    def derivative(self, x, y):
        return np.divide(0.5, y, out=np.zeros_like(y), where=y != 0)


class Abs(Elementwise):
    """y = |x|, elementwise; any shape in, the same shape out. The gradient at 0 is that of x.

    Source: Torch7's nn/Abs.lua; PyTorch's torch.abs.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.Abs().forward(np.array([-1.0, 2.0]))
    array([1., 2.])
    """

    def function(self, x):
        return np.abs(x)

    def derivative(self, x, y):
        return np.copysign(1, x)


class Exp(Elementwise):
    """y = exp(x), elementwise; any shape in, the same shape out.

    Source: Torch7's nn/Exp.lua; PyTorch's torch.exp.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.Exp().forward(np.zeros(2))
    array([1., 1.])
    """

    def function(self, x):
        return np.exp(x)

    def derivative(self, x, y):
        return y


class Log(Elementwise):
    """y = log(x), elementwise; any shape in, the same shape out.

    As everywhere in numpy, log(0) is -inf and the logarithm of a negative number is none, each with a warning.
    Source: Torch7's nn/Log.lua; PyTorch's torch.log.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.Log().forward(np.ones(2))
    array([0., 0.])
    """

    def function(self, x):
        return np.log(x)

    def derivative(self, x, y):
        return 1 / x


class Constant(Module):
    """y = value, whatever x is; the gradient by x is 0.

    ``value`` is a number (which gives a vector of one) or an array. With ``nInputDim``, an input of more dimensions is
    a batch, and each of its rows gets a copy of the value. Source: Torch7's nn/Constant.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.Constant(3.5, 1).forward(np.zeros((2, 4)))
    array([[3.5],
           [3.5]])
    """

    nInputDim = None  # what a file does not mention

    def __init__(self, value, nInputDim=None):
        super().__init__()
        if not isinstance(value, np.ndarray):
            value = np.array([checks.number(value, "value")])
        elif value.dtype.kind not in "fiu":
            raise TensorTypeError(f"nn.Constant(value): value must be a number or an array of numbers, got {value!r}")
        self.value = value.astype(self.dtype)
        self.nInputDim = checks.input_dims(nInputDim, "nn.Constant(value, nInputDim): nInputDim")

    def updateOutput(self, input):
        expect_array(self, input)
        batch = self.nInputDim is not None and input.ndim > self.nInputDim
        self.output = np.tile(self.value, (len(input), *(1,) * self.value.ndim)) if batch else self.value.copy()
        return self.output

    def updateGradInput(self, input, gradOutput):
        self.gradInput = np.zeros_like(input)
        return self.gradInput

    def arguments(self):
        shown = str(self.value.item()) if self.value.size == 1 else shape_of(self.value)
        return f"({shown})" if self.nInputDim is None else f"({shown}, {self.nInputDim})"
