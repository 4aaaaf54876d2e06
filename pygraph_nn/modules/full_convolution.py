"""Transposed ("full") convolutions: every input element spreads one kernel over the output planes."""

import numpy as np

from ..errors import RangeError, ShapeError
from ..nesting import shape_of
from .convolution import Convolving
from .windows import correlate, kernel_gradient, scatter, whole_numbers

__all__ = ["SpatialFullConvolution", "VolumetricFullConvolution"]


class FullConvolving(Convolving):
    """What transposed convolutions share: ``scatter`` forward, ``correlate`` back, the weight's inputs before outputs.

    The input may be a table {input, target}; the output then gets the sizes of ``target``'s last dimensions, so far as
    the stride leaves a choice, and the gradient by ``target`` is zero.
    """

    adjT = adjH = adjW = 0

    def _adjust(self, windows, table):
        """How much larger the output is than the windows need, per axis."""
        if table is None:
            return self.along("adj")
        sizes = np.shape(table[1])[-len(self.axes) :]
        if len(sizes) < len(self.axes):
            raise ShapeError(f"{self!r}: the target's last dimensions give the output's sizes, got {shape_of(table)}")
        return tuple(
            (size + 2 * pad - kernel) % stride
            for size, kernel, stride, pad in zip(sizes, windows.kernel, windows.stride, windows.pad, strict=True)
        )

    def _unpack(self, input):
        """Return (batch, windows, the output's sizes, the table or None)."""
        table = input if isinstance(input, (list, tuple)) else None
        if table is not None and len(table) != 2:
            raise ShapeError(f"{self!r} takes an array or a table of input and target, got {shape_of(input)}")
        batch, windows = self.batch(input if table is None else table[0], self._inputs()), self.windows()
        sizes = windows.sizes(batch.shape[2:], self._adjust(windows, table))
        if min(sizes) < 1:
            raise ShapeError(
                f"{self!r}: the input is too small for this padding: {shape_of(input)} gives an output of "
                f"{'x'.join(map(str, sizes))}"
            )
        return batch, windows, sizes, table

    def _matrices(self):
        return self.weight.reshape(1, self.nInputPlane, -1)

    def updateOutput(self, input):
        batch, windows, sizes, table = self._unpack(input)
        output = scatter(windows, batch, self._matrices(), sizes)
        if self.bias is not None:
            output += self.bias.reshape(-1, *(1,) * len(self.axes))
        single = (input if table is None else table[0]).ndim < batch.ndim
        self.output = output[0] if single else output
        return self.output

    def updateGradInput(self, input, gradOutput):
        batch, windows, sizes, table = self._unpack(input)
        gradient = self.gradient(gradOutput, (len(batch), self.nOutputPlane, *sizes))
        gradInput = correlate(windows, gradient, self._matrices(), batch.shape[2:])
        first = input if table is None else table[0]
        gradInput = gradInput[0] if first.ndim < batch.ndim else gradInput
        self.gradInput = gradInput if table is None else [gradInput, np.zeros_like(table[1])]
        return self.gradInput

    def accGradParameters(self, input, gradOutput, scale=1):
        batch, windows, sizes, _ = self._unpack(input)
        gradient = self.gradient(gradOutput, (len(batch), self.nOutputPlane, *sizes))
        self._add_gradient(scale * kernel_gradient(windows, gradient, batch))
        self._add_bias_gradient(gradient, scale)

    def settings(self):
        adjusted = any(self.along("adj"))
        return super().settings() + (f", {self.spoken('adj', ',')}" if adjusted else "")

    def _check_adjustment(self):
        for axis in self.axes:
            stride, adjustment = getattr(self, "d" + axis), getattr(self, "adj" + axis)
            if adjustment > stride - 1:
                raise RangeError(
                    f"nn.{type(self).__name__}: adj{axis} must be smaller than d{axis} = {stride}, got {adjustment}"
                )


class SpatialFullConvolution(FullConvolving):
    """y[o] = b[o] + every x[i] spread by w[i, o], dW, dH apart: the transpose of a SpatialConvolution.

    Parameters
    ----------
    nInputPlane, nOutputPlane : int
    kW, kH : int, the kernel's width and height
    dW, dH : int, default 1; how far apart neighbours are spread
    padW, padH : int, default 0; what is cut off at each side of the output
    adjW, adjH : int, default 0, below dW and dH; columns and rows added at the end

    Input is (nInputPlane x height x width), or a batch of them; output (nOutputPlane x oheight x owidth) with owidth =
    (width - 1) dW - 2 padW + kW + adjW. A table {input, target} chooses adjW and adjH so that the output gets the
    target's height and width; the target's gradient is zero. ``weight`` is nInputPlane x nOutputPlane x kH x kW,
    ``bias`` nOutputPlane; both start uniform in +-1/sqrt(kW kH nInputPlane). Raises ShapeError for an input of another
    rank or number of planes, RangeError for adjW >= dW. Source: Torch7's nn/SpatialFullConvolution.lua; PyTorch's
    ConvTranspose2d.

    >>> import numpy as np, pygraph_nn as nn
    >>> m = nn.SpatialFullConvolution(1, 1, 2, 1, 2, 1)
    >>> m.weight[...] = [[[[1, 10]]]]; m.bias.fill(0)
    >>> m.forward(np.array([[[1.0, 2.0]]]))
    array([[[ 1., 10.,  2., 20.]]])
    """

    def __init__(self, nInputPlane, nOutputPlane, kW, kH, dW=1, dH=1, padW=0, padH=0, adjW=0, adjH=0):
        super().__init__()
        call = "SpatialFullConvolution"
        whole_numbers(call, 1, nInputPlane=nInputPlane, nOutputPlane=nOutputPlane, kW=kW, kH=kH, dW=dW, dH=dH)
        whole_numbers(call, 0, padW=padW, padH=padH, adjW=adjW, adjH=adjH)
        self.nInputPlane, self.nOutputPlane = int(nInputPlane), int(nOutputPlane)
        self.kW, self.kH, self.dW, self.dH, self.padW, self.padH = map(int, (kW, kH, dW, dH, padW, padH))
        self.adjW, self.adjH = int(adjW), int(adjH)
        self._check_adjustment()
        self._allocate((self.nInputPlane, self.nOutputPlane, self.kH, self.kW), self.nOutputPlane)


class VolumetricFullConvolution(FullConvolving):
    """y[o] = b[o] + every x[i] spread by w[i, o]: the transpose of a VolumetricConvolution.

    Arguments, shapes and the table {input, target} are SpatialFullConvolution's with one more axis, time, in front:
    kT, kW, kH; dT, dW, dH; padT, padW, padH; adjT, adjW, adjH. ``weight`` is nInputPlane x nOutputPlane x kT x kH x kW.
    Source: Torch7's nn/VolumetricFullConvolution.lua; PyTorch's ConvTranspose3d.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.VolumetricFullConvolution(2, 3, 2, 2, 2, 2, 1, 1).forward(np.zeros((2, 3, 3, 3))).shape
    (3, 6, 4, 4)
    """

    axes = "THW"

    def __init__(
        self, nInputPlane, nOutputPlane, kT, kW, kH, dT=1, dW=1, dH=1, padT=0, padW=0, padH=0, adjT=0, adjW=0, adjH=0
    ):
        super().__init__()
        call = "VolumetricFullConvolution"
        whole_numbers(call, 1, nInputPlane=nInputPlane, nOutputPlane=nOutputPlane, kT=kT, kW=kW, kH=kH)
        whole_numbers(call, 1, dT=dT, dW=dW, dH=dH)
        whole_numbers(call, 0, padT=padT, padW=padW, padH=padH, adjT=adjT, adjW=adjW, adjH=adjH)
        self.nInputPlane, self.nOutputPlane = int(nInputPlane), int(nOutputPlane)
        self.kT, self.kW, self.kH = int(kT), int(kW), int(kH)
        self.dT, self.dW, self.dH = int(dT), int(dW), int(dH)
        self.padT, self.padW, self.padH = int(padT), int(padW), int(padH)
        self.adjT, self.adjW, self.adjH = int(adjT), int(adjW), int(adjH)
        self._check_adjustment()
        self._allocate((self.nInputPlane, self.nOutputPlane, *self.along("k")), self.nOutputPlane)
