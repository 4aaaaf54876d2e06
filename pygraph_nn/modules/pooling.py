"""Pooling: one number for each window of each plane, the largest or the mean."""

import math

import numpy as np

from ..errors import RangeError
from .module import Module
from .windows import FramesLast, Planes, whole_numbers

__all__ = [
    "SpatialAveragePooling",
    "SpatialDilatedMaxPooling",
    "SpatialMaxPooling",
    "TemporalMaxPooling",
    "VolumetricAveragePooling",
    "VolumetricDilatedMaxPooling",
    "VolumetricMaxPooling",
]


def spread(gradient, indices, sizes):
    """Add each number of ``gradient`` (N, C, *counts) to its index in a plane of ``sizes``, from 1; 0 is nowhere."""
    planes, size = gradient.shape[0] * gradient.shape[1], int(np.prod(sizes))
    flat = indices.reshape(planes, math.prod(indices.shape[2:])) - 1
    weights = np.where(flat < 0, 0, gradient.reshape(flat.shape))
    flat = np.maximum(flat, 0) + size * np.arange(planes)[:, None]
    total = np.bincount(flat.ravel(), weights.ravel(), planes * size)
    return total.astype(gradient.dtype, copy=False).reshape(*gradient.shape[:2], *sizes)


class Maxima(Planes, Module):
    """What max poolings share: each output is one input element, whose place ``indices`` keeps, counted from 1.

    A subclass chooses them in ``_choose(batch)``, which returns values and indices within their planes.
    """

    indices = None

    def updateOutput(self, input):
        batch = self.batch(input)
        output, indices = self._choose(batch)
        self._remember_sizes(batch.shape[2:])
        single = input.ndim < batch.ndim
        self.indices = indices[0] if single else indices
        self.output = output[0] if single else output
        return self.output

    def updateGradInput(self, input, gradOutput):
        batch = self.batch(input)
        indices = self.indices if self.indices.ndim == batch.ndim else self.indices[None]
        gradInput = spread(self.gradient(gradOutput, indices.shape), indices, batch.shape[2:])
        self.gradInput = gradInput if batch is input else gradInput[0]
        return self.gradInput

    def _remember_sizes(self, sizes):
        """Keep the input's sizes as fields, as Torch7 does: the unpooling modules need them."""
        for axis, size in zip(self.axes, sizes, strict=True):
            setattr(self, {"T": "itime", "H": "iheight", "W": "iwidth"}[axis], size)

    def clearState(self):
        """Forget also where the maxima were."""
        self.indices = None
        return super().clearState()


class Windowed(Planes):
    """What poolings over a sliding window share: its settings and the choice of rounding."""

    def _keep(self, **settings):
        """Check the constructor's arguments and keep them as fields."""
        call = type(self).__name__
        for name, value in settings.items():
            whole_numbers(call, 0 if name.startswith("pad") else 1, **{name: value})
            setattr(self, name, int(value))
        for axis in self.axes:
            pad, kernel = getattr(self, "pad" + axis), getattr(self, "k" + axis)
            if pad > kernel // 2:
                raise RangeError(
                    f"nn.{call}: pad{axis} must be at most half of k{axis}, or windows would see padding alone; got "
                    f"{pad} for a kernel of {kernel}"
                )

    def ceil(self):
        """Let windows hang over the end: output sizes are rounded up."""
        self.ceil_mode = True
        return self

    def floor(self):
        """Leave out what no whole window covers: output sizes are rounded down (the default)."""
        self.ceil_mode = False
        return self

    def arguments(self):
        text = f"({self.spoken('k', 'x')}, {self.spoken('d', ',')}"
        return text + (f", {self.spoken('pad', ',')})" if any(self.along("pad")) else ")")


def steps(windows, sizes, counts):
    """(windows, sizes, counts) of the passes that pooling takes: one, or for large windows one along each axis.

    The last axis comes first, so that of equal elements the first one in the plane is the first of the first row.
    """
    if math.prod(windows.kernel) <= 2 * sum(windows.kernel):
        return [(windows, sizes, counts)]
    passes = []
    for axis in reversed(range(len(sizes))):
        before, sizes = sizes, (*sizes[:axis], *counts[axis:])
        passes.append((windows.along(axis), before, sizes))
    return passes


class MaxPooling(Windowed, Maxima):
    """Max pooling over a sliding window, in any number of dimensions."""

    def _choose(self, batch):
        windows, plane = self.windows(), batch.shape[2:]
        numbers = np.arange(1, math.prod(plane) + 1).reshape(1, 1, *plane)
        for step, sizes, counts in steps(windows, plane, self.room(windows, batch)):
            places = list(step.places(sizes, counts))
            output = np.full((*batch.shape[:2], *counts), -np.inf, batch.dtype)
            for _, inside, taken in places:
                part = output[taken]
                np.maximum(part, batch[inside], out=part)
            indices = np.zeros(output.shape, np.int64)
            # Backwards, so that of equal elements the first one is kept. NaN equals nothing and keeps the index 0.
            for _, inside, taken in reversed(places):
                np.copyto(indices[taken], numbers[inside], where=batch[inside] == output[taken])
            batch, numbers = output, indices
        return batch, numbers


class SpatialMaxPooling(MaxPooling):
    """y = the largest element of each kW x kH window of each plane, the windows dW, dH apart.

    Parameters
    ----------
    kW, kH : int, the window's width and height
    dW, dH : int, default kW and kH
    padW, padH : int, default 0, at most half of the window; padding is never the largest

    Input is (planes x height x width) or a batch of them, output likewise with floor((width + 2 padW - kW) / dW) + 1
    columns; after ``ceil()`` the quotient is rounded up, except that no window starts behind the end. ``indices`` keeps
    where the maxima were, as positions in their planes counted from 1; of equal ones the first. NaN in a window makes
    its output NaN (Torch7 passes over it), without a gradient. Raises ShapeError for an input of another rank or
    smaller than the window. Source: Torch7's nn/SpatialMaxPooling.lua; PyTorch's MaxPool2d.

    >>> import numpy as np, pygraph_nn as nn
    >>> m = nn.SpatialMaxPooling(2, 2)
    >>> m.forward(np.array([[[1.0, 5.0, 2.0, 0.0], [3.0, 4.0, 8.0, 6.0]]]))
    array([[[5., 8.]]])
    >>> m.indices
    array([[[2, 7]]])
    """

    def __init__(self, kW, kH, dW=None, dH=None, padW=0, padH=0):
        super().__init__()
        dW, dH = kW if dW is None else dW, kH if dH is None else dH
        self._keep(kW=kW, kH=kH, dW=dW, dH=dH, padW=padW, padH=padH)
        self.ceil_mode = False


class SpatialDilatedMaxPooling(SpatialMaxPooling):
    """A SpatialMaxPooling whose windows take every dilationW-th column and every dilationH-th row only.

    ``dilationW`` and ``dilationH`` are 1 by default. Source: Torch7's nn/SpatialDilatedMaxPooling.lua; PyTorch's
    MaxPool2d(dilation=...).

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.SpatialDilatedMaxPooling(2, 1, 1, 1, 0, 0, 2, 1).forward(np.array([[[1.0, 9.0, 2.0, 0.0]]]))
    array([[[2., 9.]]])
    """

    def __init__(self, kW, kH, dW=None, dH=None, padW=0, padH=0, dilationW=1, dilationH=1):
        super().__init__(kW, kH, dW, dH, padW, padH)
        self._keep(dilationW=dilationW, dilationH=dilationH)

    def arguments(self):
        return f"{super().arguments()[:-1]}, {self.spoken('dilation', ',')})"


class TemporalMaxPooling(FramesLast, MaxPooling):
    """y[t, f] = the largest of x[t dW .. t dW + kW - 1, f]: max pooling over time, whose frames are rows.

    ``dW`` is kW by default. Input is (time x features) or a batch (N x time x features), output likewise with
    floor((time - kW) / dW) + 1 frames. ``indices`` keeps the frames of the maxima from 1, features first. Raises
    ShapeError for an input of another rank or of fewer than kW frames. Source: Torch7's nn/TemporalMaxPooling.lua;
    PyTorch's MaxPool1d on the transposed input.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.TemporalMaxPooling(2).forward(np.array([[1.0, 8.0], [3.0, 7.0], [9.0, 9.0]]))
    array([[3., 8.]])
    """

    axes = "W"

    def __init__(self, kW, dW=None):
        super().__init__()
        self._keep(kW=kW, dW=kW if dW is None else dW)


class VolumetricMaxPooling(MaxPooling):
    """y = the largest element of each kT x kH x kW window of each plane.

    Parameters
    ----------
    kT, kW, kH : int, the window's extent
    dT, dW, dH : int, default kT, kW and kH
    padT, padW, padH : int, default 0, at most half of the window

    Input is (planes x time x height x width) or a batch of them; all else is as in SpatialMaxPooling. ``indices`` are
    positions in the plane from 1, where Torch7 packs the position within the window into bytes. Source: Torch7's
    nn/VolumetricMaxPooling.lua; PyTorch's MaxPool3d.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.VolumetricMaxPooling(2, 2, 2).forward(np.arange(8.0).reshape(1, 2, 2, 2))
    array([[[[7.]]]])
    """

    axes = "THW"

    def __init__(self, kT, kW, kH, dT=None, dW=None, dH=None, padT=0, padW=0, padH=0):
        super().__init__()
        dT, dW, dH = (k if d is None else d for k, d in ((kT, dT), (kW, dW), (kH, dH)))
        self._keep(kT=kT, kW=kW, kH=kH, dT=dT, dW=dW, dH=dH, padT=padT, padW=padW, padH=padH)
        self.ceil_mode = False


class VolumetricDilatedMaxPooling(VolumetricMaxPooling):
    """A VolumetricMaxPooling whose windows take every dilationT-th frame, dilationH-th row and dilationW-th column.

    The dilations are 1 by default. Source: Torch7's nn/VolumetricDilatedMaxPooling.lua; PyTorch's
    MaxPool3d(dilation=...).

    >>> import numpy as np, pygraph_nn as nn
    >>> m = nn.VolumetricDilatedMaxPooling(2, 1, 1, 1, 1, 1, 0, 0, 0, 2, 1, 1)
    >>> m.forward(np.arange(3.0).reshape(1, 3, 1, 1))
    array([[[[2.]]]])
    """

    def __init__(
        self, kT, kW, kH, dT=None, dW=None, dH=None, padT=0, padW=0, padH=0, dilationT=1, dilationW=1, dilationH=1
    ):
        super().__init__(kT, kW, kH, dT, dW, dH, padT, padW, padH)
        self._keep(dilationT=dilationT, dilationW=dilationW, dilationH=dilationH)

    def arguments(self):
        return f"{super().arguments()[:-1]}, {self.spoken('dilation', ',')})"


def window_sums(windows, batch, counts):
    """The sum of every window of every plane."""
    for step, sizes, ends in steps(windows, batch.shape[2:], counts):
        output = np.zeros((*batch.shape[:2], *ends), batch.dtype)
        for _, inside, taken in step.places(sizes, ends):
            output[taken] += batch[inside]
        batch = output
    return batch


def spread_sums(windows, gradient, sizes):
    """The transpose of ``window_sums``: add each number to every element of its window."""
    for step, ends, counts in reversed(steps(windows, sizes, gradient.shape[2:])):
        total = np.zeros((*gradient.shape[:2], *ends), gradient.dtype)
        for _, inside, taken in step.places(ends, counts):
            total[inside] += gradient[taken]
        gradient = total
    return gradient


class AveragePooling(Windowed, Module):
    """Average pooling over a sliding window, in any number of dimensions."""

    count_include_pad = True
    divide = True

    def setCountIncludePad(self):
        """Divide by the window's size, padding included (the default)."""
        self.count_include_pad = True
        return self

    def setCountExcludePad(self):
        """Divide by how many elements of the input a window sees."""
        self.count_include_pad = False
        return self

    def _divisors(self, windows, sizes, counts, dtype):
        """What each window's sum is divided by; an array that broadcasts against the output."""
        divisors = np.ones((), dtype)
        for size, count, kernel, stride, pad in zip(
            sizes, counts, windows.kernel, windows.stride, windows.pad, strict=True
        ):
            start = np.arange(count) * stride - pad
            if self.count_include_pad:
                length = np.minimum(start + kernel, size + pad) - start
            else:
                length = np.minimum(start + kernel, size) - np.maximum(start, 0)
            divisors = divisors[..., None] * length.astype(dtype)
        return divisors if self.divide else divisors / np.prod(windows.kernel).astype(dtype)

    def updateOutput(self, input):
        batch, windows = self.batch(input), self.windows()
        counts = self.room(windows, batch)
        output = window_sums(windows, batch, counts)
        output /= self._divisors(windows, batch.shape[2:], counts, batch.dtype)
        self.output = output if batch is input else output[0]
        return self.output

    def updateGradInput(self, input, gradOutput):
        batch, windows = self.batch(input), self.windows()
        sizes, counts = batch.shape[2:], self.room(windows, batch)
        gradient = self.gradient(gradOutput, (*batch.shape[:2], *counts))
        gradInput = spread_sums(windows, gradient / self._divisors(windows, sizes, counts, batch.dtype), sizes)
        self.gradInput = gradInput if batch is input else gradInput[0]
        return self.gradInput


class SpatialAveragePooling(AveragePooling):
    """y = the mean of each kW x kH window of each plane, the windows dW, dH apart.

    Parameters
    ----------
    kW, kH : int, the window's width and height
    dW, dH : int, default 1
    padW, padH : int, default 0, at most half of the window; zeros added at each side

    Input is (planes x height x width) or a batch of them; output sizes are those of SpatialMaxPooling, ``ceil()``
    included. Padding counts as zeros, unless ``setCountExcludePad()`` divides by what is seen of the input alone.
    Raises ShapeError for an input of another rank or smaller than the window. Source: Torch7's
    nn/SpatialAveragePooling.lua; PyTorch's AvgPool2d.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.SpatialAveragePooling(2, 2).forward(np.array([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]))
    array([[[3., 4.]]])
    """

    # Very old files know no such field; what they hold took sums.
    divide = False

    def __init__(self, kW, kH, dW=1, dH=1, padW=0, padH=0):
        super().__init__()
        self._keep(kW=kW, kH=kH, dW=dW, dH=dH, padW=padW, padH=padH)
        self.ceil_mode, self.count_include_pad, self.divide = False, True, True


class VolumetricAveragePooling(AveragePooling):
    """y = the mean of each kT x kH x kW window of each plane.

    ``dT``, ``dW`` and ``dH`` are kT, kW and kH by default. Input is (planes x time x height x width) or a batch of
    them. Source: Torch7's nn/VolumetricAveragePooling.lua; PyTorch's AvgPool3d.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.VolumetricAveragePooling(2, 2, 2).forward(np.arange(8.0).reshape(1, 2, 2, 2))
    array([[[[3.5]]]])
    """

    axes = "THW"

    def __init__(self, kT, kW, kH, dT=None, dW=None, dH=None):
        super().__init__()
        dT, dW, dH = (k if d is None else d for k, d in ((kT, dT), (kW, dW), (kH, dH)))
        self._keep(kT=kT, kW=kW, kH=kH, dT=dT, dW=dW, dH=dH)
