"""Modules that pass their input on as it is and change the gradient on its way back."""

import numpy as np

from ..nesting import zero
from . import checks
from .checks import expect_array, expect_gradient
from .module import Module

__all__ = ["GradientReversal", "L1Penalty", "ZeroGrad"]


class GradientReversal(Module):
    """y = x; the gradient comes back times -lambda, so that what is before learns against what is behind.

    The field has Torch7's name, a Python keyword: ``getattr(module, "lambda")``, or ``setLambda``.
    Source: Ganin and Lempitsky 2015, Unsupervised Domain Adaptation by Backpropagation; Torch7's
    nn/GradientReversal.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> m = nn.GradientReversal(0.5)
    >>> m.forward(np.ones(2)), m.backward(np.ones(2), np.ones(2))
    (array([1., 1.]), array([-0.5, -0.5]))
    """

    row_wise = True

    def __init__(self, lam=1):
        super().__init__()
        self.setLambda(lam)

    def setLambda(self, lam):
        """Set the factor."""
        setattr(self, "lambda", checks.number(lam, "lam"))

    def updateOutput(self, input):
        expect_array(self, input)
        self.output = input
        return input

    def updateGradInput(self, input, gradOutput):
        expect_gradient(self, gradOutput, input.shape)
        self.gradInput = -getattr(self, "lambda") * gradOutput
        return self.gradInput

    def arguments(self):
        return f"({getattr(self, 'lambda')})"


class L1Penalty(Module):
    """y = x; the gradient of ``loss`` = l1weight * sum(|x|) is added on the way back, which draws x towards 0.

    With ``sizeAverage`` the loss is divided by the number of elements. Without ``provideOutput`` the gradient that
    comes from behind is left out. Source: Torch7's nn/L1Penalty.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> m = nn.L1Penalty(0.5)
    >>> m.forward(np.array([-1.0, 2.0])), m.loss, m.backward(np.array([-1.0, 2.0]), np.ones(2))
    (array([-1.,  2.]), 1.5, array([0.5, 1.5]))
    """

    def __init__(self, l1weight, sizeAverage=False, provideOutput=True):
        super().__init__()
        self.l1weight = checks.number(l1weight, "l1weight")
        self.sizeAverage = sizeAverage
        self.provideOutput = provideOutput

    def _factor(self, input):
        return self.l1weight / max(input.size, 1) if self.sizeAverage else self.l1weight

    def updateOutput(self, input):
        expect_array(self, input)
        self.loss = self._factor(input) * float(np.abs(input).sum())
        self.output = input
        return input

    def updateGradInput(self, input, gradOutput):
        self.gradInput = self._factor(input) * np.sign(input)
        if self.provideOutput:
            expect_gradient(self, gradOutput, input.shape)
            self.gradInput += gradOutput
        return self.gradInput


class ZeroGrad(Module):
    """y = x; the gradient that comes back is zero, so that nothing before learns from what is behind.

    The input may be a table. Source: Torch7's nn/ZeroGrad.lua; PyTorch's ``detach``.

    >>> import numpy as np, pygraph_nn as nn
    >>> m = nn.ZeroGrad()
    >>> m.forward(np.ones(2)), m.backward(np.ones(2), np.ones(2))
    (array([1., 1.]), array([0., 0.]))
    """

    row_wise = True
    takes_integers = True

    def updateOutput(self, input):
        self.output = input
        return input

    def updateGradInput(self, input, gradOutput):
        self.gradInput = zero(input)
        return self.gradInput
