"""Modules that watch what passes and change nothing: its size, its time, whether it is a number."""

import itertools
import time

import numpy as np

from ..errors import DivergenceError
from ..nesting import leaves, shape_of
from . import checks
from .decorators import Decorator
from .module import Module

__all__ = ["NaN", "PrintSize", "Profile"]

_numbers = itertools.count(1)


def _has_nan(value):
    return any(np.asarray(leaf).dtype.kind == "f" and np.isnan(leaf).any() for leaf in leaves(value))


class NaN(Decorator):
    """y = f(x); raises DivergenceError as soon as a NaN comes out of the module inside, and says where it came from.

    ``id`` tells several of them apart; by default they are counted. Source: Torch7's nn/NaN.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> net = nn.NaN(nn.Tanh(), 1)
    >>> net.forward(np.array([np.nan]))
    Traceback (most recent call last):
        ...
    pygraph_nn.errors.DivergenceError: NaN found in the input of nn.NaN(1) @ nn.Tanh
    """

    def __init__(self, module, id=None):
        super().__init__(module)
        self.id = next(_numbers) if id is None else id

    def _check(self, **values):
        """Raise for the first value with a NaN in it, if the last one has any."""
        if _has_nan(list(values.values())[-1]):
            culprit = next(name for name, value in values.items() if _has_nan(value))
            raise DivergenceError(f"NaN found in the {culprit} of {self!r}")

    def updateOutput(self, input):
        output = super().updateOutput(input)
        self._check(input=input, parameters=self.parameters()[0], output=output)
        return output

    def updateGradInput(self, input, gradOutput):
        gradInput = super().updateGradInput(input, gradOutput)
        self._check(gradOutput=gradOutput, gradInput=gradInput)
        return gradInput

    def accGradParameters(self, input, gradOutput, scale=1):
        super().accGradParameters(input, gradOutput, scale)
        self._check(gradParameters=self.parameters()[1])

    def arguments(self):
        return f"({self.id})"


class Profile(Decorator):
    """y = f(x); prints after every ``print_interval`` passes how long they took, forward and backward apart.

    ``name`` stands in the line, by default the module's type. ``numFwds``, ``summedFwdTime`` (seconds), ``numBwds`` and
    ``summedBwdTime`` hold what has not been printed yet. Source: Torch7's nn/Profile.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> net = nn.Profile(nn.Tanh(), 2)
    >>> output = net.forward(np.zeros(1)); net.numFwds
    1
    """

    def __init__(self, module, print_interval=100, name=None):
        super().__init__(module)
        self.print_interval = checks.size(print_interval, "print_interval")
        self.name = module.typename() if name is None else name
        self.numFwds = self.numBwds = 0
        self.summedFwdTime = self.summedBwdTime = 0.0

    def _report(self, count, seconds, direction):
        """Print where the interval is over; return what is then left of both sums."""
        if count < self.print_interval:
            return count, seconds
        print(f"{self.name} took {seconds:.3f} seconds for {count} {direction} passes")
        return 0, 0.0

    def updateOutput(self, input):
        start = time.perf_counter()
        output = super().updateOutput(input)
        seconds = self.summedFwdTime + time.perf_counter() - start
        self.numFwds, self.summedFwdTime = self._report(self.numFwds + 1, seconds, "forward")
        return output

    def updateGradInput(self, input, gradOutput):
        start = time.perf_counter()
        gradInput = super().updateGradInput(input, gradOutput)
        seconds = self.summedBwdTime + time.perf_counter() - start
        self.numBwds, self.summedBwdTime = self._report(self.numBwds + 1, seconds, "backward")
        return gradInput

    def arguments(self):
        return ""


class PrintSize(Module):
    """y = x; prints the types and shapes of what passes, the input forward and its gradient backward.

    Source: Torch7's nn/PrintSize.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> output = nn.PrintSize("hidden").forward(np.zeros((2, 3)))
    hidden:input
    float64 2x3
    """

    row_wise = True
    takes_integers = True

    def __init__(self, prefix="PrintSize"):
        super().__init__()
        self.prefix = prefix

    def updateOutput(self, input):
        print(f"{self.prefix}:input\n{shape_of(input)}")
        self.output = input
        return input

    def updateGradInput(self, input, gradOutput):
        print(f"{self.prefix}:gradOutput\n{shape_of(gradOutput)}")
        self.gradInput = gradOutput
        return gradOutput
