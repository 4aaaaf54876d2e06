"""Functions applied to each element, or to each row, of an array."""

import numpy as np

from .module import Module

__all__ = ["Sigmoid", "Tanh", "ReLU"]


class Sigmoid(Module):
    """y = 1 / (1 + exp(-x)), elementwise; any shape in, the same shape out.

    Computed so that it neither overflows nor warns however large x is. Source: Torch7's nn/Sigmoid.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.Sigmoid().forward(np.array([-1e4, 0.0, 1e4])).round(3)
    array([0. , 0.5, 1. ])
    """

    row_wise = True

    def updateOutput(self, input):
        # Bounded from below so that exp cannot overflow; sigmoid is a denormal there, as good as 0.
        output = np.maximum(input, -88 if input.dtype == np.float32 else -709)
        np.negative(output, output)
        np.exp(output, output)
        output += 1
        np.reciprocal(output, output)
        self.output = output
        return output

    def updateGradInput(self, input, gradOutput):
        output = self.output
        slope = 1 - output
        slope *= output
        slope *= gradOutput
        self.gradInput = slope
        return slope


class Tanh(Module):
    """y = tanh(x), elementwise; any shape in, the same shape out.

    Source: Torch7's nn/Tanh.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.Tanh().forward(np.zeros(2))
    array([0., 0.])
    """

    row_wise = True

    def updateOutput(self, input):
        self.output = np.tanh(input)
        return self.output

    def updateGradInput(self, input, gradOutput):
        slope = self.output * self.output
        np.subtract(1, slope, slope)
        slope *= gradOutput
        self.gradInput = slope
        return slope


class ReLU(Module):
    """y = max(0, x), elementwise; any shape in, the same shape out.

    ``inplace`` is kept for files and changes nothing. Source: Torch7's nn/ReLU.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.ReLU().forward(np.array([-1.0, 2.0]))
    array([0., 2.])
    """

    row_wise = True

    def __init__(self, inplace=False):
        super().__init__()
        self.inplace = inplace

    def updateOutput(self, input):
        self.output = np.maximum(input, 0)
        return self.output

    def updateGradInput(self, input, gradOutput):
        self.gradInput = gradOutput * (input > 0)
        return self.gradInput
