"""Criterion: the contract of every loss, and the module that makes a loss a node of a graph."""

import copy

import numpy as np

from .. import tensors
from ..errors import GraphError, ShapeError, TensorTypeError
from ..modules.checks import expect_plain, expect_table
from ..modules.module import Module, refuse_nodes
from ..nesting import is_table, leaves, map_table, shape_of, zero
from ..node import Node

__all__ = ["Criterion", "ModuleFromCriterion"]


class Criterion:
    """The contract of a loss: ``forward(input, target)`` is a number, ``backward(input, target)`` its gradient.

    A subclass overrides ``updateOutput`` and ``updateGradInput``. A loss of several numbers is their average where
    ``sizeAverage`` is True and their sum where it is False. A criterion called on nodes is a ModuleFromCriterion's
    node. Source: Torch7's nn/Criterion.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> loss = nn.MSECriterion()
    >>> loss.forward(np.zeros(2), np.ones(2))
    1.0
    """

    _type = None  # until __init__ has run
    sizeAverage = True

    def __new__(cls, *args, **kwargs):
        refuse_nodes(cls, args)
        return super().__new__(cls)

    def __init__(self):
        self.output = 0.0
        self.gradInput = None
        self._type = tensors.getdefaulttensortype()

    def updateOutput(self, input, target):
        """Compute the loss, keep it as ``self.output`` and return it."""
        raise NotImplementedError(f"{self.typename()} has no updateOutput")

    def updateGradInput(self, input, target):
        """Compute the gradient of the loss by ``input``, keep it as ``self.gradInput`` and return it."""
        raise NotImplementedError(f"{self.typename()} has no updateGradInput")

    def forward(self, input, target=None):
        """Check the input's type and run ``updateOutput``."""
        self.check_input(input)
        return self.updateOutput(input, target)

    def backward(self, input, target=None):
        """Run ``updateGradInput``."""
        return self.updateGradInput(input, target)

    def __call__(self, *inputs):
        """On nodes, make a node of the loss; on arrays, run ``forward(input, target)`` or ``forward(input)``."""
        if len(inputs) == 2 and any(isinstance(input, Node) for input in inputs):
            raise GraphError(f"{self!r} takes its nodes as one table: use [prediction, target]")
        if len(inputs) == 2 or inputs and isinstance(inputs[0], np.ndarray):
            return self.forward(*inputs)
        return ModuleFromCriterion(self)(*inputs)

    def check_input(self, input):
        """Raise TensorTypeError unless every array in ``input`` has the criterion's type."""
        for leaf in leaves(input):
            expect_plain(self, leaf, input)
            if leaf.dtype != self.dtype:
                method = {"float32": "float", "float64": "double"}.get(leaf.dtype.name)
                remedy = f", or the criterion with criterion.{method}()" if method else ""
                raise TensorTypeError(
                    f"{self!r} computes with {self.dtype.name} ({self._type}), but the input is {shape_of(leaf)}: "
                    f"convert it with input.astype('{self.dtype.name}'){remedy}"
                )

    def _share(self, count):
        """What one of ``count`` losses weighs in the whole: the rule of averaging, the same for every criterion."""
        return 1 / float(count) if self.sizeAverage and count else 1.0

    dtype = Module.dtype
    float = Module.float
    double = Module.double
    type = Module.type
    __repr__ = Module.__repr__
    title = Module.title
    arguments = Module.arguments
    typename = classmethod(Module.typename.__func__)  # type: ignore[attr-defined]

    def _own_memory(self):
        return set()

    def clone(self):
        """Return a deep copy."""
        return copy.deepcopy(self)


class ModuleFromCriterion(Module):
    """y = the criterion's loss, as an array of one element; input is the table [prediction, target].

    The gradient by the target is zero. Source: Torch7's nngraph/ModuleFromCriterion.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> prediction, target = nn.Identity()(), nn.Identity()()
    >>> net = nn.gModule([prediction, target], [nn.MSECriterion()([prediction, target])])
    >>> net.forward([np.zeros(2), np.ones(2)])
    array([1.])
    """

    takes_integers = True

    def __init__(self, criterion):
        super().__init__()
        self.criterion = criterion

    def updateOutput(self, input):
        expect_table(self, input, 2)
        self.output = np.full(1, self.criterion.updateOutput(*input), self.dtype)
        return self.output

    def check_gradient(self, gradOutput):
        """Leave it to updateGradInput: a gradient of one element has many shapes."""

    def updateGradInput(self, input, gradOutput):
        if not isinstance(gradOutput, np.ndarray) or gradOutput.size != 1:
            raise ShapeError(f"{self!r} takes as its gradOutput an array of one element, got {shape_of(gradOutput)}")
        factor = gradOutput.item()
        gradient = map_table(lambda leaf: leaf * factor, self.criterion.updateGradInput(*input))
        self.gradInput = [gradient, zero(input[1]) if is_table(input[1]) else np.zeros_like(input[1])]
        return self.gradInput

    def arguments(self):
        return f"({self.criterion!r})"
