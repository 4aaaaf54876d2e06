"""Pooling with a learned weight and bias for each plane."""

import math

import numpy as np

from .. import rng
from .module import Module
from .pooling import spread_sums, window_sums
from .windows import FramesLast, Planes, whole_numbers

__all__ = ["SpatialSubSampling", "TemporalSubSampling"]


class SubSampling(Planes, Module):
    """y = weight * (sum of each window) + bias, plane by plane, in any number of dimensions."""

    def _inputs(self):
        """The number of planes."""
        return self.nInputPlane

    def _allocate(self):
        self.weight = np.empty(self._inputs(), self.dtype)
        self.bias = np.empty(self._inputs(), self.dtype)
        self.gradWeight, self.gradBias = np.zeros_like(self.weight), np.zeros_like(self.bias)
        self.reset()

    def reset(self, stdv=None):
        """Draw weight and bias uniformly from +-stdv * sqrt(3), by default from +-1 / sqrt(the window's size)."""
        bound = stdv * math.sqrt(3) if stdv else 1 / math.sqrt(math.prod(self.along("k")))
        for parameter in self.parameters()[0]:
            parameter[...] = rng.uniform(-bound, bound, size=parameter.shape)
        return self

    def _by_plane(self, parameter):
        return parameter.reshape(-1, *(1,) * len(self.axes))

    def updateOutput(self, input):
        batch, windows = self.batch(input, self._inputs()), self.windows()
        output = window_sums(windows, batch, self.room(windows, batch))
        output *= self._by_plane(self.weight)
        output += self._by_plane(self.bias)
        self.output = output if batch is input else output[0]
        return self.output

    def updateGradInput(self, input, gradOutput):
        batch, windows = self.batch(input, self._inputs()), self.windows()
        gradient = self.gradient(gradOutput, (*batch.shape[:2], *self.room(windows, batch)))
        gradInput = spread_sums(windows, gradient * self._by_plane(self.weight), batch.shape[2:])
        self.gradInput = gradInput if batch is input else gradInput[0]
        return self.gradInput

    def accGradParameters(self, input, gradOutput, scale=1):
        batch, windows = self.batch(input, self._inputs()), self.windows()
        counts = self.room(windows, batch)
        gradient = self.gradient(gradOutput, (*batch.shape[:2], *counts))
        others = (0, *range(2, batch.ndim))
        self.gradWeight += scale * (gradient * window_sums(windows, batch, counts)).sum(others)
        self.gradBias += scale * gradient.sum(others)


class SpatialSubSampling(SubSampling):
    """y[i] = w[i] (sum of each kW x kH window of x[i]) + b[i].

    Parameters
    ----------
    nInputPlane : int
    kW, kH : int, the window's width and height
    dW, dH : int, default 1; how far apart the windows lie

    Input is (nInputPlane x height x width) or a batch of them. ``weight`` and ``bias`` hold nInputPlane numbers and
    start uniform in +-1/sqrt(kW kH). Raises ShapeError for an input of another rank or number of planes, or smaller
    than the window. Source: Torch7's nn/SpatialSubSampling.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> m = nn.SpatialSubSampling(1, 2, 1, 2, 1)
    >>> m.weight.fill(10); m.bias.fill(1)
    >>> m.forward(np.array([[[1.0, 2.0, 3.0, 4.0]]]))
    array([[[31., 71.]]])
    """

    def __init__(self, nInputPlane, kW, kH, dW=1, dH=1):
        super().__init__()
        whole_numbers("SpatialSubSampling", 1, nInputPlane=nInputPlane, kW=kW, kH=kH, dW=dW, dH=dH)
        self.nInputPlane = int(nInputPlane)
        self.kW, self.kH, self.dW, self.dH = map(int, (kW, kH, dW, dH))
        self._allocate()


class TemporalSubSampling(FramesLast, SubSampling):
    """y[t, f] = w[f] (x[t dW, f] + ... + x[t dW + kW - 1, f]) + b[f]: subsampling over time, whose frames are rows.

    ``dW`` is 1 by default. Input is (time x inputFrameSize), or, beyond Torch7, a batch of them; output likewise with
    floor((time - kW) / dW) + 1 frames. ``weight`` and ``bias`` hold inputFrameSize numbers and start uniform in
    +-1/sqrt(kW). Source: Torch7's nn/TemporalSubSampling.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> m = nn.TemporalSubSampling(1, 2)
    >>> m.weight.fill(10); m.bias.fill(1)
    >>> m.forward(np.array([[1.0], [2.0], [3.0]]))
    array([[31.],
           [51.]])
    """

    axes = "W"

    def __init__(self, inputFrameSize, kW, dW=1):
        super().__init__()
        whole_numbers("TemporalSubSampling", 1, inputFrameSize=inputFrameSize, kW=kW, dW=dW)
        self.inputFrameSize, self.kW, self.dW = int(inputFrameSize), int(kW), int(dW)
        self._allocate()

    def _inputs(self):
        return self.inputFrameSize
