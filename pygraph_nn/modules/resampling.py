"""Enlarging of planes: by repetition, by interpolation, by laying planes out side by side."""

import numpy as np

from ..errors import RangeError, ShapeError
from ..nesting import shape_of
from .checks import expect_gradient, expect_rank
from .module import Module
from .windows import mix, whole_numbers

__all__ = ["PixelShuffle", "SpatialUpSamplingBilinear", "SpatialUpSamplingNearest", "UpSampling"]


def interpolation(size, wanted, dtype):
    """The matrix (wanted x size) that interpolates linearly between ``size`` points, the ends meeting the ends.

    The places are rounded to float32 on the way, as Torch7 rounds them, whatever the network's type.
    """
    step = np.float32(size - 1) / np.float32(wanted - 1) if wanted > 1 else np.float32(0)
    places = step * np.arange(wanted, dtype=np.float32)
    low = places.astype(np.intp)
    part = (places - low.astype(np.float32)).astype(dtype)
    if size == wanted:
        low, part = np.arange(size), np.zeros(size, dtype)
    matrix, rows = np.zeros((wanted, size), dtype), np.arange(wanted)
    matrix[rows, low] = 1 - part
    matrix[rows, np.minimum(low + 1, size - 1)] += part
    return matrix


class Enlarging(Module):
    """What the upsamplings share: ``mode``, a ``scale_factor`` or the wanted sizes, and the verbs."""

    row_wise = True
    mode = "nearest"
    ranks = (3, 4)
    scale_factor = odepth = oheight = owidth = None

    def _keep_size(self, params):
        """Keep the constructor's argument: a factor, or a dict with oheight, owidth and perhaps odepth."""
        call = type(self).__name__
        if not isinstance(params, dict):
            whole_numbers(call, 1, scale_factor=params)
            self.scale_factor = int(params)
            return
        if self.mode == "nearest":
            raise RangeError(f"nn.{call}: repetition takes a scale factor, not the sizes {params}")
        if not {"oheight", "owidth"} <= set(params) <= {"odepth", "oheight", "owidth"}:
            raise RangeError(f"nn.{call}: the sizes are oheight and owidth (and odepth for volumes), got {params}")
        whole_numbers(call, 1, **params)
        for name, size in params.items():
            setattr(self, name, int(size))

    def _axes(self, input):
        """How many of the last axes grow."""
        return 2

    def _wanted(self, input):
        """The output's sizes along the axes that grow."""
        axes = self._axes(input)
        if self.scale_factor is not None:
            return tuple(size * self.scale_factor for size in input.shape[-axes:])
        if axes == 3 and self.odepth is None:
            raise ShapeError(f"{self!r}: a volume needs odepth as well, got {shape_of(input)}")
        return (self.odepth, self.oheight, self.owidth)[-axes:]

    def _matrices(self, input):
        sizes = zip(input.shape[-self._axes(input) :], self._wanted(input), strict=True)
        return [interpolation(size, wanted, input.dtype) for size, wanted in sizes]

    def updateOutput(self, input):
        expect_rank(self, input, self.ranks)
        if self.mode == "linear":
            self.output = mix(input, self._matrices(input))
            return self.output
        output = input
        for axis in range(-self._axes(input), 0):
            output = output.repeat(self.scale_factor, axis)
        self.output = output
        return output

    def updateGradInput(self, input, gradOutput):
        shape = input.shape[: -self._axes(input)] + self._wanted(input)
        expect_gradient(self, gradOutput, shape)
        if self.mode == "linear":
            self.gradInput = mix(gradOutput, [matrix.T for matrix in self._matrices(input)])
            return self.gradInput
        axes = self._axes(input)
        split = [part for size in input.shape[-axes:] for part in (size, self.scale_factor)]
        repeated = tuple(range(-2 * axes + 1, 0, 2))
        self.gradInput = gradOutput.reshape(*input.shape[:-axes], *split).sum(repeated)
        return self.gradInput

    def _size_text(self):
        """The wanted sizes joined by x."""
        return "x".join(str(size) for size in (self.odepth, self.oheight, self.owidth) if size is not None)


class SpatialUpSamplingNearest(Enlarging):
    """y = x with every element repeated ``scale`` times in each row and each column.

    ``scale`` is a whole number from 1. Input is (planes x height x width) or a batch of them. Source: Torch7's
    nn/SpatialUpSamplingNearest.lua; PyTorch's Upsample(mode="nearest").

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.SpatialUpSamplingNearest(2).forward(np.array([[[1.0, 2.0]]]))
    array([[[1., 1., 2., 2.],
            [1., 1., 2., 2.]]])
    """

    def __init__(self, scale):
        super().__init__()
        self._keep_size(scale)

    def arguments(self):
        return f"({self.scale_factor})"


class SpatialUpSamplingBilinear(Enlarging):
    """y = x interpolated linearly along rows and columns, the corners of y being those of x.

    Parameters
    ----------
    params : int, the factor by which height and width grow, or a dict {"oheight": ..., "owidth": ...}

    Input is (planes x height x width) or a batch of them. The places are computed in float32 as in Torch7, so that
    weights have seven digits in a double network, too. Source: Torch7's nn/SpatialUpSamplingBilinear.lua; PyTorch's
    Upsample(mode="bilinear", align_corners=True).

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.SpatialUpSamplingBilinear({"oheight": 1, "owidth": 5}).forward(np.array([[[1.0, 2.0, 3.0]]]))
    array([[[1. , 1.5, 2. , 2.5, 3. ]]])
    """

    mode = "linear"

    def __init__(self, params):
        super().__init__()
        self._keep_size(params)

    def arguments(self):
        return f"({self.scale_factor})" if self.scale_factor is not None else f"({self.oheight}, {self.owidth})"


class UpSampling(Enlarging):
    """y = x enlarged, by repetition or by linear interpolation, in two or three dimensions.

    Parameters
    ----------
    params : int, the factor by which all sizes grow; for "linear" also a dict of oheight, owidth (and odepth)
    mode : "nearest" (the default) or "linear"; "bilinear" and "trilinear" are the same, all else is "nearest"

    Input is a batch (N x planes x height x width) or (N x planes x depth x height x width). Raises ShapeError for
    another rank. Source: Torch7's nn/UpSampling.lua; PyTorch's Upsample (with align_corners=True).

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.UpSampling(2, "nearest").forward(np.array([[[[1.0, 2.0]]]]))
    array([[[[1., 1., 2., 2.],
             [1., 1., 2., 2.]]]])
    """

    ranks = (4, 5)

    def __init__(self, params, mode=None):
        super().__init__()
        self.mode = "linear" if mode in ("linear", "bilinear", "trilinear") else "nearest"
        self._keep_size(params)

    def _axes(self, input):
        return input.ndim - 2

    def arguments(self):
        size = f"{self.scale_factor}x" if self.scale_factor is not None else self._size_text()
        return f"({size}, {self.mode})"


class PixelShuffle(Module):
    """y[c, h r + i, w r + j] = x[c r r + i r + j, h, w]: r x r planes become one plane r times as large each way.

    ``upscaleFactor`` is r. Input is (channels r r x height x width) or a batch of them, output (channels x r height x
    r width). Raises ShapeError for another rank or where the planes are no multiple of r r. Source: Torch7's
    nn/PixelShuffle.lua; PyTorch's PixelShuffle.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.PixelShuffle(2).forward(np.arange(4.0).reshape(4, 1, 1))
    array([[[0., 1.],
            [2., 3.]]])
    """

    def __init__(self, upscaleFactor):
        super().__init__()
        whole_numbers("PixelShuffle", 1, upscaleFactor=upscaleFactor)
        self.upscaleFactor = int(upscaleFactor)
        self.upscaleFactorSquared = self.upscaleFactor**2

    def _split(self, input):
        """The sizes (..., channels, r, r, height, width) that the input's planes consist of."""
        expect_rank(self, input, (3, 4))
        planes, height, width = input.shape[-3:]
        if planes % self.upscaleFactorSquared:
            raise ShapeError(
                f"{self!r} takes a multiple of {self.upscaleFactorSquared} planes, got {planes} ({shape_of(input)})"
            )
        factor = self.upscaleFactor
        return *input.shape[:-3], planes // self.upscaleFactorSquared, factor, factor, height, width

    def updateOutput(self, input):
        *outer, channels, factor, _, height, width = self._split(input)
        parts = np.einsum("...crshw->...chrws", input.reshape(*outer, channels, factor, factor, height, width))
        self.output = parts.reshape(*outer, channels, height * factor, width * factor)
        return self.output

    def updateGradInput(self, input, gradOutput):
        *outer, channels, factor, _, height, width = self._split(input)
        expect_gradient(self, gradOutput, (*outer, channels, height * factor, width * factor))
        parts = np.einsum("...chrws->...crshw", gradOutput.reshape(*outer, channels, height, factor, width, factor))
        self.gradInput = parts.reshape(input.shape)
        return self.gradInput
