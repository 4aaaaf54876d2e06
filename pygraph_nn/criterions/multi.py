"""Losses made of other losses and of modules."""

import warnings

import numpy as np

from ..errors import ShapeError, StateError, TensorTypeError
from ..modules.checks import expect_table, number
from ..nesting import add, map_table, shape_of, zero
from .criterion import Criterion, ModuleFromCriterion

__all__ = ["CriterionTable", "ModuleCriterion", "MultiCriterion", "ParallelCriterion"]


class WeightedCriterions(Criterion):
    """A weighted sum of the losses of ``criterions``; ``weights`` holds one number for each."""

    def __init__(self):
        super().__init__()
        self.criterions = []
        self.weights = []

    def add(self, criterion, weight=1):
        """Take one more criterion into the sum; return this one."""
        if not isinstance(criterion, Criterion):
            raise TensorTypeError(f"{self.typename()}.add takes a criterion, got {criterion!r}")
        self.criterions.append(criterion)
        self.weights.append(number(weight, f"{self.typename()}.add(criterion, weight): weight"))
        return self

    def arguments(self):
        parts = [
            f"{weight} * {criterion!r}" if weight != 1 else repr(criterion)
            for criterion, weight in zip(self.criterions, self.weights, strict=True)
        ]
        return f"({', '.join(parts)})"


class MultiCriterion(WeightedCriterions):
    """loss = sum_k weights[k] * criterions[k](x, t): several losses of the same input and target.

    Input and target are whatever every criterion takes. Source: Torch7's nn/MultiCriterion.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> loss = nn.MultiCriterion().add(nn.MSECriterion()).add(nn.AbsCriterion(), 0.5)
    >>> loss.forward(np.array([2.0, 0.0]), np.zeros(2))
    2.5
    """

    def updateOutput(self, input, target=None):
        """Add up the weighted losses."""
        pairs = zip(self.criterions, self.weights, strict=True)
        self.output = sum((weight * criterion.updateOutput(input, target) for criterion, weight in pairs), 0.0)
        return self.output

    def updateGradInput(self, input, target=None):
        """Add up the weighted gradients."""
        total = zero(input)
        for criterion, weight in zip(self.criterions, self.weights, strict=True):
            total = add(total, _scaled(criterion.updateGradInput(input, target), weight))
        self.gradInput = total
        return total


class ParallelCriterion(WeightedCriterions):
    """loss = sum_k weights[k] * criterions[k](x[k], t[k]): one loss for each entry of a table.

    Parameters
    ----------
    repeatTarget : bool, default False; True gives every criterion the whole target

    Input and target are tables with one entry per criterion; the target may be an array, whose rows are the entries.
    The gradient by entries of the input beyond the criterions is zero, as in Torch7. Source: Torch7's
    nn/ParallelCriterion.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> loss = nn.ParallelCriterion().add(nn.MSECriterion()).add(nn.ClassNLLCriterion(), 0.5)
    >>> loss.forward([np.array([2.0]), np.array([-4.0, 0.0])], [np.zeros(1), 1])
    6.0
    """

    def __init__(self, repeatTarget=False):
        super().__init__()
        self.repeatTarget = repeatTarget

    def updateOutput(self, input, target):
        """Add up the weighted losses of the entries."""
        quadruples = self._quadruples(input, target)
        self.output = sum(
            (w * criterion.updateOutput(entry, wanted) for criterion, w, entry, wanted in quadruples), 0.0
        )
        return self.output

    def updateGradInput(self, input, target):
        """Give each entry the weighted gradient of its own loss."""
        gradients = [
            _scaled(criterion.updateGradInput(entry, wanted), weight)
            for criterion, weight, entry, wanted in self._quadruples(input, target)
        ]
        self.gradInput = gradients + zero(list(input[len(gradients) :]))
        return self.gradInput

    def _quadruples(self, input, target):
        """Return the criterions, each with its weight, its input and its target."""
        expect_table(self, input)
        count = len(self.criterions)
        if len(input) < count:
            raise ShapeError(f"{self!r} takes a table of {count} inputs, got {len(input)}: {shape_of(input)}")
        if self.repeatTarget:
            target = [target] * count
        elif not isinstance(target, (list, tuple, np.ndarray)) or not getattr(target, "ndim", 1) or len(target) < count:
            raise ShapeError(
                f"{self!r} takes a table of {count} targets, got {shape_of(target)}; one target for all needs "
                "nn.ParallelCriterion(True)"
            )
        return list(zip(self.criterions, self.weights, input, target, strict=False))

    def arguments(self):
        repeated = " with one target for all" if self.repeatTarget else ""
        return super().arguments() + repeated


def _scaled(gradient, weight):
    """Return a gradient, an array or a table, times a number."""
    return map_table(lambda leaf: leaf if leaf is None else leaf * weight, gradient)


class CriterionTable(ModuleFromCriterion):
    """y = the criterion's loss, as an array of one element; input is the table [prediction, target].

    A table of the prediction alone serves a criterion that takes no target. Torch7's output is a bare number and its
    gradInput has no entry for the target; here both are as every module's, so that it fits a graph. The gradient is
    that of the loss times gradOutput, an array of one element; Torch7 ignores gradOutput, and None counts as 1. Source:
    Torch7's nn/CriterionTable.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> m = nn.CriterionTable(nn.MSECriterion())
    >>> m.forward([np.zeros(2), np.ones(2)])
    array([1.])
    >>> m.backward([np.zeros(2), np.ones(2)], None)
    [array([-1., -1.]), array([0., 0.])]
    """

    def updateOutput(self, input):
        expect_table(self, input)
        return super().updateOutput([*input, None] if len(input) == 1 else input)

    def updateGradInput(self, input, gradOutput):
        gradOutput = np.ones(1, self.dtype) if gradOutput is None else gradOutput
        super().updateGradInput([*input, np.empty(0)] if len(input) == 1 else input, gradOutput)
        self.gradInput = self.gradInput[: len(input)]
        return self.gradInput


class ModuleCriterion(Criterion):
    """loss = criterion(inputModule(x), targetModule(t)); a module that is None leaves its side as it is.

    Parameters
    ----------
    criterion : the loss
    inputModule, targetModule : modules, default None
    castTarget : bool, default True; False keeps targetModule's type when the criterion's is changed

    The gradient goes back through ``inputModule``, whose parameters no criterion can update: a warning says so where it
    has any. Source: Torch7's nn/ModuleCriterion.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> loss = nn.ModuleCriterion(nn.MSECriterion(), nn.Tanh(), nn.Tanh())
    >>> loss.forward(np.ones(2), np.ones(2))
    0.0
    """

    def __init__(self, criterion, inputModule=None, targetModule=None, castTarget=True):
        super().__init__()
        if inputModule is not None and inputModule.parameters()[0]:
            warnings.warn(
                f"{self.typename()} does not update the parameters of its inputModule, {inputModule!r}: put it into "
                "the network instead",
                stacklevel=2,
            )
        self.criterion = criterion
        self.inputModule = inputModule
        self.targetModule = targetModule
        self.castTarget = castTarget

    def check_input(self, input):
        """Leave the check to the module or criterion that gets the input first."""

    def updateOutput(self, input, target=None):
        """Run the modules, then the criterion."""
        if self.inputModule is not None:
            input = self.inputModule.forward(input)
        if self.targetModule is not None:
            target = self.targetModule.forward(target)
        self.output = self.criterion.forward(input, target)
        return self.output

    def updateGradInput(self, input, target=None):
        """Run back through the criterion and the inputModule, with what ``forward`` put out for the same input."""
        target = target if self.targetModule is None else self._output_of(self.targetModule)
        if self.inputModule is None:
            self.gradInput = self.criterion.backward(input, target)
        else:
            gradient = self.criterion.backward(self._output_of(self.inputModule), target)
            self.gradInput = self.inputModule.backward(input, gradient)
        return self.gradInput

    def _output_of(self, module):
        if module.output is None:
            raise StateError(f"{self!r}: backward needs a forward pass with the same input first")
        return module.output

    def type(self, name=None, tensorCache=None):
        """Convert to another tensor type, the targetModule only where ``castTarget`` is True."""
        kept, self.targetModule = self.targetModule, self.targetModule if self.castTarget else None
        try:
            return super().type(name, tensorCache)
        finally:
            self.targetModule = kept
