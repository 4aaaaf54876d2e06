"""Containers of one module that change how it runs: on fused dimensions, in its own type, on normalised weights."""

import math

import numpy as np

from .. import rng, tensors
from ..errors import GraphError, ShapeError
from ..nesting import map_table, shape_of
from . import checks
from .checks import expect_array
from .containers import Container

__all__ = ["Decorator", "Bottle", "DontCast", "GPU", "WeightNorm"]


class Decorator(Container):
    """y = f(x), the module inside as it is: the base of everything that wraps one module.

    Source: Torch7's nn/Decorator.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.Decorator(nn.Tanh())
    nn.Decorator @ nn.Tanh
    """

    def __init__(self, module):
        super().__init__()
        super().add(module)

    def add(self, *arguments):
        raise GraphError(f"{self.typename()} wraps the one module that it was made with; make another one for another")

    insert = remove = add

    @property
    def row_wise(self):
        """True if the module inside is."""
        return self.modules[0].row_wise

    def check_input(self, input):
        """The module inside checks what reaches it."""
        self.check_inside(0, input)

    def updateOutput(self, input):
        self.output = self.run(0, "updateOutput", input)
        return self.output

    def updateGradInput(self, input, gradOutput):
        self.gradInput = self.run(0, "updateGradInput", input, gradOutput)
        return self.gradInput

    def accGradParameters(self, input, gradOutput, scale=1):
        self.run(0, "accGradParameters", input, gradOutput, scale)

    def __repr__(self):
        return f"{self.typename()}{self.arguments()} @ {self.modules[0]!r}" if self.modules else self.typename()


class Bottle(Decorator):
    """y = f(x) for an input of more dimensions than the module takes: the first ones are fused for it.

    An input of ``nInputDim`` dimensions (2 by default) passes as it is. Of one with more, the first dimensions become
    one; in the output, which must have ``nOutputDim`` dimensions (as many as the input by default), they come apart.
    Source: Torch7's nn/Bottle.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.Bottle(nn.Linear(3, 2)).forward(np.zeros((4, 5, 3))).shape
    (4, 5, 2)
    """

    def __init__(self, module, nInputDim=2, nOutputDim=None):
        super().__init__(module)
        self.nInputDim = checks.size(nInputDim, "nInputDim")
        self.nOutputDim = self.nInputDim if nOutputDim is None else checks.size(nOutputDim, "nOutputDim")

    def _fused(self, array, extra):
        """The array with its first ``extra`` dimensions fused into the next."""
        return array.reshape(math.prod(array.shape[: extra + 1]), *array.shape[extra + 1 :]) if extra > 0 else array

    def updateOutput(self, input):
        expect_array(self, input)
        extra = input.ndim - self.nInputDim
        output = self.run(0, "updateOutput", self._fused(input, extra))
        if extra > 0:
            if not isinstance(output, np.ndarray) or output.ndim != self.nOutputDim:
                raise ShapeError(
                    f"{self!r} expects an output of {self.nOutputDim} dimensions of its module, got {shape_of(output)}"
                )
            lead = input.shape[:extra]
            output = output.reshape(*lead, len(output) // max(math.prod(lead), 1), *output.shape[1:])
        self.output = output
        return output

    def updateGradInput(self, input, gradOutput):
        extra = input.ndim - self.nInputDim
        gradient = self.run(0, "updateGradInput", self._fused(input, extra), self._fused(gradOutput, extra))
        self.gradInput = gradient if gradient is None else gradient.reshape(input.shape)
        return self.gradInput

    def accGradParameters(self, input, gradOutput, scale=1):
        extra = input.ndim - self.nInputDim
        self.run(0, "accGradParameters", self._fused(input, extra), self._fused(gradOutput, extra), scale)

    def arguments(self):
        return ""


class DontCast(Decorator):
    """y = f(x) by a module that keeps its type when the network around it is converted to another.

    With ``castin`` the input is converted to the module's type and the gradient by it back; with ``castout``, by
    default the same, so are the output and its gradient. ``moduleType`` is the module's type.
    Source: Torch7's nn/DontCast.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> net = nn.DontCast(nn.Linear(2, 1), True).float()
    >>> net.modules[0].weight.dtype.name, net.forward(np.ones((1, 2), "float32")).dtype.name
    ('float64', 'float32')
    """

    def __init__(self, module, castin=False, castout=None, moduleType=None):
        super().__init__(module)
        self.castin = castin
        self.castout = castin if castout is None else castout
        self.moduleType = moduleType or module.type()
        tensors.dtype_of(self.moduleType)

    def type(self, name=None, tensorCache=None):
        """Take down the type of the network around; the module inside keeps its own."""
        if name is None:
            return self._type
        dtype = tensors.dtype_of(name)
        self.output, self.gradInput = _cast(self.output, dtype), _cast(self.gradInput, dtype)
        self._type = name
        return self

    def check_input(self, input):
        """The module inside checks what reaches it, in its own type."""
        self.check_inside(0, self._inside(input, self.castin))

    def _inside(self, value, cast):
        return _cast(value, tensors.dtype_of(self.moduleType)) if cast else value

    def _outside(self, value, cast):
        return _cast(value, self.dtype) if cast else value

    def updateOutput(self, input):
        self.output = self._outside(super().updateOutput(self._inside(input, self.castin)), self.castout)
        return self.output

    def updateGradInput(self, input, gradOutput):
        input, gradOutput = self._inside(input, self.castin), self._inside(gradOutput, self.castout)
        self.gradInput = self._outside(super().updateGradInput(input, gradOutput), self.castin)
        return self.gradInput

    def accGradParameters(self, input, gradOutput, scale=1):
        input, gradOutput = self._inside(input, self.castin), self._inside(gradOutput, self.castout)
        super().accGradParameters(input, gradOutput, scale)

    def arguments(self):
        return ""


def _cast(value, dtype):
    """Convert the floating arrays of a table."""

    def convert(leaf):
        return leaf.astype(dtype, copy=False) if isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f" else leaf

    return map_table(convert, value)


class GPU(Decorator):
    """y = f(x): the module inside, which Torch7 puts on the ``device``-th GPU, computed here as any other.

    ``device`` and ``outdevice`` are kept for files. Source: Torch7's nn/GPU.lua.

    >>> import pygraph_nn as nn
    >>> nn.GPU(nn.Tanh(), 1)
    nn.GPU(1) @ nn.Tanh
    """

    def __init__(self, module, device, outdevice=None):
        super().__init__(module)
        self.outdevice = device if outdevice is None else outdevice
        self.setDevice(device)

    def setDevice(self, device):
        """Set the number of the GPU."""
        self.device = checks.size(device, "device")
        return self

    def arguments(self):
        return f"({self.device})"


class WeightNorm(Decorator):
    """y = f(x) with the module's weight as w = g v / |v|: length and direction are learnt apart.

    ``outputDim`` is the dimension of the weight that counts its outputs; ``v`` has one row for each of them, ``g`` one
    number, in a column. Before the root, 1e-4 is added to |v|^2. ``v`` starts normal, N(0, 2 / its columns), ``g`` as
    its length, the bias at 0. In training mode the weight is computed at each forward pass, otherwise once, by
    ``evaluate()``.
    The parameters are v, g and the bias. The module's gradWeight holds the gradient by w, and gradients accumulate,
    where Torch7 keeps the last one. Raises GraphError for a module without weight.
    Source: Salimans and Kingma 2016, Weight Normalization; Torch7's nn/WeightNorm.lua; PyTorch's weight_norm.

    >>> import numpy as np, pygraph_nn as nn
    >>> net = nn.WeightNorm(nn.Linear(2, 1))
    >>> net.v[...] = [[3, 4]]; net.g[...] = 10
    >>> net.forward(np.ones(2)).round(3)
    array([14.])
    """

    def __init__(self, module, outputDim=1):
        super().__init__(module)
        if getattr(module, "weight", None) is None:
            raise GraphError(f"nn.WeightNorm takes a module with a weight, got {module!r}")
        self.outputDim = checks.dimension(outputDim, "outputDim")
        rows = self._rows(module.weight)
        self.v, self.g = np.empty(rows.shape, rows.dtype), np.empty((len(rows), 1), rows.dtype)
        self.gradV, self.gradG = np.zeros_like(self.v), np.zeros_like(self.g)
        self.resetInit()

    @property
    def weight(self):
        """The weight of the module inside."""
        return self.modules[0].weight

    @property
    def gradWeight(self):
        """The gradient by the weight of the module inside."""
        return self.modules[0].gradWeight

    @property
    def bias(self):
        """The bias of the module inside, or None."""
        return getattr(self.modules[0], "bias", None)

    @property
    def gradBias(self):
        """The gradient by the bias of the module inside, or None."""
        return getattr(self.modules[0], "gradBias", None)

    def resetInit(self):
        """Draw v, and set g to its length and the bias to 0."""
        self.v[...] = rng.normal(0, math.sqrt(2 / self.v.shape[1]), size=self.v.shape)
        self.g[...] = np.sqrt((self.v * self.v).sum(1, keepdims=True))
        if self.bias is not None:
            self.bias.fill(0)

    def reset(self, stdv=None):
        """Draw fresh parameters, as the constructor does."""
        self.resetInit()
        return self

    def parameters(self):
        own = [self.v, self.g], [self.gradV, self.gradG]
        return (own[0] + [self.bias], own[1] + [self.gradBias]) if self.bias is not None else own

    def _rows(self, weight):
        """The weight with one row for each output."""
        axis = checks.axis_of(self.typename(), self.outputDim, weight.ndim, "outputDim")
        front = np.moveaxis(weight, axis, 0)
        return front.reshape(len(front), -1)

    def _norm(self):
        return np.sqrt((self.v * self.v).sum(1, keepdims=True) + 1e-4)

    def updateWeight(self):
        """Set the weight of the module inside to g v / |v|."""
        front = np.moveaxis(self.weight, checks.axis_of(self.typename(), self.outputDim, self.weight.ndim), 0)
        front[...] = (self.v * (self.g / self._norm())).reshape(front.shape)

    def evaluate(self):
        if self.train:
            self.updateWeight()
        return super().evaluate()

    def updateOutput(self, input):
        if self.train:
            self.updateWeight()
        return super().updateOutput(input)

    def accGradParameters(self, input, gradOutput, scale=1):
        before = self.gradWeight.copy()
        self.gradWeight.fill(0)
        super().accGradParameters(input, gradOutput, scale)
        slope, norm = self._rows(self.gradWeight), self._norm()
        by_g = (slope * self.v).sum(1, keepdims=True) / norm
        self.gradG += by_g
        self.gradV += self.g / norm * (slope - by_g / norm * self.v)
        self.gradWeight[...] += before

    def arguments(self):
        return ""
