"""Convolutions: every window of the input planes times one kernel, in one, two or three dimensions."""

import math

import numpy as np

from .. import rng
from .module import Module
from .windows import FramesLast, Planes, correlate, kernel_gradient, scatter, whole_numbers

__all__ = [
    "SpatialConvolution",
    "SpatialConvolutionMM",
    "SpatialDilatedConvolution",
    "TemporalConvolution",
    "VolumetricConvolution",
    "VolumetricDilatedConvolution",
]


class Convolving(Planes, Module):
    """What all convolutions share: weight and bias with their gradients, and the three verbs.

    A subclass says how its weight stands for the matrices (groups, outputs, inputs * kernel) of ``correlate``.
    """

    groups = 1

    def _allocate(self, weight, bias):
        """Make the parameters in the given shapes and draw them."""
        self.weight = np.empty(weight, self.dtype)
        self.bias = np.empty(bias, self.dtype)
        self.gradWeight = np.zeros_like(self.weight)
        self.gradBias = np.zeros_like(self.bias)
        self.reset()

    def noBias(self):
        """Drop the bias."""
        self.bias = self.gradBias = None
        return self

    def reset(self, stdv=None):
        """Draw weight and bias uniformly from +-stdv * sqrt(3), by default from +-1 / sqrt(kernel size * inputs)."""
        bound = stdv * math.sqrt(3) if stdv else 1 / math.sqrt(math.prod(self.along("k")) * self._inputs())
        for parameter in self.parameters()[0]:
            parameter[...] = rng.uniform(-bound, bound, size=parameter.shape)
        return self

    def _inputs(self):
        """The number of input planes."""
        return self.nInputPlane

    def _matrices(self):
        """The weight as (groups, outputs, inputs * kernel)."""
        return self.weight.reshape(1, self.nOutputPlane, -1)

    def _add_gradient(self, matrices):
        """Add a gradient in the form of ``_matrices`` to gradWeight."""
        self.gradWeight += matrices.reshape(self.gradWeight.shape)

    def _bias(self):
        """The bias, one number per output plane."""
        return self.bias

    def _output_shape(self, batch, windows):
        matrices = self._matrices()
        return (len(batch), matrices.shape[0] * matrices.shape[1], *self.room(windows, batch))

    def updateOutput(self, input):
        batch, windows = self.batch(input, self._inputs()), self.windows()
        output = correlate(windows, batch, self._matrices(), self.room(windows, batch))
        if self.bias is not None:
            output += self._bias().reshape(-1, *(1,) * len(self.axes))
        self.output = output if batch is input else output[0]
        return self.output

    def updateGradInput(self, input, gradOutput):
        batch, windows = self.batch(input, self._inputs()), self.windows()
        gradient = self.gradient(gradOutput, self._output_shape(batch, windows))
        gradInput = scatter(windows, gradient, self._matrices(), batch.shape[2:])
        self.gradInput = gradInput if batch is input else gradInput[0]
        return self.gradInput

    def accGradParameters(self, input, gradOutput, scale=1):
        batch, windows = self.batch(input, self._inputs()), self.windows()
        gradient = self.gradient(gradOutput, self._output_shape(batch, windows))
        self._add_gradient(scale * kernel_gradient(windows, batch, gradient, self.groups))
        self._add_bias_gradient(gradient, scale)

    def _add_bias_gradient(self, gradient, scale):
        if self.bias is not None:
            sums = gradient.sum((0, *range(2, gradient.ndim)))
            self.gradBias += scale * sums.reshape(self.gradBias.shape[::-1]).T

    def _bias_text(self):
        return "" if self.bias is not None else " without bias"

    def arguments(self):
        return f"({self.nInputPlane} -> {self.nOutputPlane}, {self.settings()})" + self._bias_text()


class SpatialConvolution(Convolving):
    """y[o] = b[o] + sum over i, kernel of w[o, i] x[i], every window dW, dH apart: a two-dimensional convolution.

    Parameters
    ----------
    nInputPlane, nOutputPlane : int
    kW, kH : int, the kernel's width and height
    dW, dH : int, default 1; how far apart the windows lie
    padW, padH : int, default 0 and padW; zeros added at each side

    Input is (nInputPlane x height x width), or a batch with one dimension more in front; output (nOutputPlane x
    oheight x owidth) with owidth = floor((width + 2 padW - kW) / dW) + 1. ``weight`` is nOutputPlane x nInputPlane x
    kH x kW, ``bias`` nOutputPlane; both start uniform in +-1/sqrt(kW kH nInputPlane). Old files hold a matrix,
    which computes the same. As in all libraries the kernel is not flipped. Raises ShapeError for an input of another
    rank or number of planes, or smaller than the kernel. Source: Torch7's nn/SpatialConvolution.lua; PyTorch's Conv2d.

    >>> import numpy as np, pygraph_nn as nn
    >>> m = nn.SpatialConvolution(1, 1, 2, 2)
    >>> m.weight.fill(1); m.bias.fill(0.5)
    >>> m.forward(np.arange(9.0).reshape(1, 3, 3))
    array([[[ 8.5, 12.5],
            [20.5, 24.5]]])
    """

    def __init__(self, nInputPlane, nOutputPlane, kW, kH, dW=1, dH=1, padW=0, padH=None):
        super().__init__()
        padH = padW if padH is None else padH
        call = type(self).__name__
        whole_numbers(call, 1, nInputPlane=nInputPlane, nOutputPlane=nOutputPlane, kW=kW, kH=kH, dW=dW, dH=dH)
        whole_numbers(call, 0, padW=padW, padH=padH)
        self.nInputPlane, self.nOutputPlane = int(nInputPlane), int(nOutputPlane)
        self.kW, self.kH, self.dW, self.dH, self.padW, self.padH = map(int, (kW, kH, dW, dH, padW, padH))
        self._allocate(self._weight_shape(), self._bias_shape())

    def _weight_shape(self):
        return self.nOutputPlane, self.nInputPlane, self.kH, self.kW

    def _bias_shape(self):
        return self.nOutputPlane


class SpatialConvolutionMM(SpatialConvolution):
    """A SpatialConvolution whose weight is kept as a matrix: nOutputPlane x (nInputPlane kH kW).

    Arguments, shapes and figures are those of SpatialConvolution. Source: Torch7's nn/SpatialConvolutionMM.lua;
    PyTorch's Conv2d.

    >>> import numpy as np, pygraph_nn as nn
    >>> m = nn.SpatialConvolutionMM(2, 3, 5, 5)
    >>> m.weight.shape, m.forward(np.zeros((2, 8, 6))).shape
    ((3, 50), (3, 4, 2))
    """

    def _weight_shape(self):
        return self.nOutputPlane, self.nInputPlane * self.kH * self.kW


class SpatialDilatedConvolution(SpatialConvolution):
    """A SpatialConvolution whose kernel takes every dilationW-th column and every dilationH-th row only.

    ``dilationW`` and ``dilationH`` are 1 by default; the kernel then covers dilationW (kW - 1) + 1 columns. All else is
    as in SpatialConvolution. Source: Torch7's nn/SpatialDilatedConvolution.lua; PyTorch's Conv2d(dilation=...).

    >>> import numpy as np, pygraph_nn as nn
    >>> m = nn.SpatialDilatedConvolution(1, 1, 2, 1, 1, 1, 0, 0, 2, 1)
    >>> m.weight.fill(1); m.bias.fill(0)
    >>> m.forward(np.array([[[1.0, 2.0, 3.0, 4.0]]]))
    array([[[4., 6.]]])
    """

    def __init__(self, nInputPlane, nOutputPlane, kW, kH, dW=1, dH=1, padW=0, padH=None, dilationW=1, dilationH=1):
        super().__init__(nInputPlane, nOutputPlane, kW, kH, dW, dH, padW, padH)
        whole_numbers("SpatialDilatedConvolution", 1, dilationW=dilationW, dilationH=dilationH)
        self.dilationW, self.dilationH = int(dilationW), int(dilationH)

    def settings(self):
        return f"{super().settings()}, {self.spoken('dilation', ',')}"


class VolumetricConvolution(Convolving):
    """y[o] = b[o] + sum over i, kernel of w[o, i] x[i]: a three-dimensional convolution over time, height and width.

    Parameters
    ----------
    nInputPlane, nOutputPlane : int
    kT, kW, kH : int, the kernel's extent
    dT, dW, dH : int, default 1; how far apart the windows lie
    padT, padW, padH : int, default 0, padT and padW; zeros added at each side

    Input is (nInputPlane x time x height x width), or a batch of them; output likewise with nOutputPlane. ``weight`` is
    nOutputPlane x nInputPlane x kT x kH x kW, ``bias`` nOutputPlane; both start uniform in +-1/sqrt(kT kW kH
    nInputPlane). Raises ShapeError as SpatialConvolution does. Source: Torch7's nn/VolumetricConvolution.lua;
    PyTorch's Conv3d.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.VolumetricConvolution(2, 3, 2, 3, 3).forward(np.zeros((2, 4, 5, 6))).shape
    (3, 3, 3, 4)
    """

    axes = "THW"

    def __init__(self, nInputPlane, nOutputPlane, kT, kW, kH, dT=1, dW=1, dH=1, padT=0, padW=None, padH=None):
        super().__init__()
        padW = padT if padW is None else padW
        padH = padW if padH is None else padH
        call = type(self).__name__
        whole_numbers(call, 1, nInputPlane=nInputPlane, nOutputPlane=nOutputPlane, kT=kT, kW=kW, kH=kH)
        whole_numbers(call, 1, dT=dT, dW=dW, dH=dH)
        whole_numbers(call, 0, padT=padT, padW=padW, padH=padH)
        self.nInputPlane, self.nOutputPlane = int(nInputPlane), int(nOutputPlane)
        self.kT, self.kW, self.kH = int(kT), int(kW), int(kH)
        self.dT, self.dW, self.dH = int(dT), int(dW), int(dH)
        self.padT, self.padW, self.padH = int(padT), int(padW), int(padH)
        self._allocate((self.nOutputPlane, self.nInputPlane, *self.along("k")), self.nOutputPlane)


class VolumetricDilatedConvolution(VolumetricConvolution):
    """A VolumetricConvolution whose kernel takes every dilationT-th frame, dilationH-th row and dilationW-th column.

    The dilations are 1 by default. Source: Torch7's nn/VolumetricDilatedConvolution.lua; PyTorch's
    Conv3d(dilation=...).

    >>> import numpy as np, pygraph_nn as nn
    >>> m = nn.VolumetricDilatedConvolution(1, 1, 2, 2, 2, 1, 1, 1, 0, 0, 0, 2, 1, 1)
    >>> m.forward(np.zeros((1, 5, 4, 4))).shape
    (1, 3, 3, 3)
    """

    def __init__(
        self, nInputPlane, nOutputPlane, kT, kW, kH, dT=1, dW=1, dH=1, padT=0, padW=None, padH=None,
        dilationT=1, dilationW=1, dilationH=1,
    ):  # fmt: skip
        super().__init__(nInputPlane, nOutputPlane, kT, kW, kH, dT, dW, dH, padT, padW, padH)
        whole_numbers("VolumetricDilatedConvolution", 1, dilationT=dilationT, dilationW=dilationW, dilationH=dilationH)
        self.dilationT, self.dilationW, self.dilationH = int(dilationT), int(dilationW), int(dilationH)

    def settings(self):
        return f"{super().settings()}, {self.spoken('dilation', ',')}"


class TemporalConvolution(FramesLast, Convolving):
    """y[t] = b + w [x[t dW], ..., x[t dW + kW - 1]]: a convolution over time, whose frames are rows.

    Parameters
    ----------
    inputFrameSize, outputFrameSize : int; the width of a frame
    kW : int, frames in a window
    dW : int, default 1; how far apart the windows lie

    Input is (time x inputFrameSize) or a batch (N x time x inputFrameSize), output likewise with floor((time - kW) /
    dW) + 1 frames of outputFrameSize. ``weight`` is outputFrameSize x (kW inputFrameSize), frame after frame, ``bias``
    outputFrameSize; both start uniform in +-1/sqrt(kW inputFrameSize). Raises ShapeError for an input of another rank
    or width, or of fewer than kW frames. Source: Torch7's nn/TemporalConvolution.lua; PyTorch's Conv1d on the
    transposed input.

    >>> import numpy as np, pygraph_nn as nn
    >>> m = nn.TemporalConvolution(1, 1, 2)
    >>> m.weight[...] = [[1, 10]]; m.bias.fill(0)
    >>> m.forward(np.array([[1.0], [2.0], [3.0]]))
    array([[21.],
           [32.]])
    """

    axes = "W"

    def __init__(self, inputFrameSize, outputFrameSize, kW, dW=1):
        super().__init__()
        whole_numbers(
            "TemporalConvolution", 1, inputFrameSize=inputFrameSize, outputFrameSize=outputFrameSize, kW=kW, dW=dW
        )
        self.inputFrameSize, self.outputFrameSize = int(inputFrameSize), int(outputFrameSize)
        self.kW, self.dW = int(kW), int(dW)
        self._allocate((self.outputFrameSize, self.inputFrameSize * self.kW), self.outputFrameSize)

    def _inputs(self):
        return self.inputFrameSize

    def _matrices(self):
        by_frame = self.weight.reshape(self.outputFrameSize, self.kW, self.inputFrameSize)
        return by_frame.swapaxes(1, 2).reshape(1, self.outputFrameSize, -1)

    def _add_gradient(self, matrices):
        by_plane = matrices.reshape(self.outputFrameSize, self.inputFrameSize, self.kW)
        self.gradWeight += by_plane.swapaxes(1, 2).reshape(self.gradWeight.shape)

    def arguments(self):
        stride = f", {self.dW}" if self.dW != 1 else ""
        text = f"({self.inputFrameSize} -> {self.outputFrameSize}, {self.kW}{stride})"
        return text + self._bias_text()
