"""Pooling whose windows follow from the input's size: evenly adapted, or drawn at random."""

import math

import numpy as np

from .. import rng
from ..errors import RangeError, ShapeError
from . import checks
from .checks import expect_gradient, expect_rank
from .module import Module
from .pooling import Maxima
from .windows import Planes, mix, whole_numbers

__all__ = [
    "SpatialAdaptiveAveragePooling",
    "SpatialAdaptiveMaxPooling",
    "SpatialFractionalMaxPooling",
    "TemporalDynamicKMaxPooling",
    "VolumetricFractionalMaxPooling",
]


def adapted(size, wanted):
    """The windows that cover ``size`` elements for ``wanted`` outputs, as (starts, ends); neighbours may share one."""
    number = np.arange(wanted)
    return number * size // wanted, -(-(number + 1) * size // wanted)


def expect_elements(module, batch):
    """Raise ShapeError where the planes have none."""
    for axis in range(2, batch.ndim):
        checks.expect_entries(module, batch, axis)


def keep_larger(output, indices, value, number):
    """Put the values that are larger, and their numbers, into ``output`` and ``indices``; NaN is larger than all."""
    better = (value > output) | (np.isnan(value) & ~np.isnan(output))
    np.copyto(output, value, where=better)
    np.copyto(indices, number, where=better)


def largest(batch, places, offsets):
    """The first largest element among ``places + offset`` for each offset, and its index in the plane from 1.

    ``places`` (N or 1, C or 1, outputs) are positions in the flattened planes of ``batch``; the ``offsets`` broadcast
    against them, the first one being 0.
    """
    flat = batch.reshape(*batch.shape[:2], math.prod(batch.shape[2:]))
    places = np.broadcast_to(places, (*batch.shape[:2], places.shape[-1]))
    output, indices = np.take_along_axis(flat, places, 2), places + 1
    for offset in offsets[1:]:
        seen = places + offset
        keep_larger(output, indices, np.take_along_axis(flat, seen, 2), seen + 1)
    return output, indices


class SpatialAdaptiveMaxPooling(Maxima):
    """y = the largest elements of W x H windows that cover each plane evenly, whatever its size.

    Parameters
    ----------
    W, H : int, the output's width and height

    Window j of W spans the columns floor(j width / W) to ceil((j + 1) width / W) - 1, rows likewise, in whole numbers
    (Torch7 rounds the quotients to float32 on the way, which may move a window by one). Input is (planes x
    height x width) or a batch of them, output (planes x H x W). ``indices`` holds positions in the plane from 1, where
    Torch7 keeps row and column within the window. Source: Torch7's nn/SpatialAdaptiveMaxPooling.lua; PyTorch's
    AdaptiveMaxPool2d.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.SpatialAdaptiveMaxPooling(2, 1).forward(np.array([[[1.0, 2.0, 9.0, 4.0, 5.0]]]))
    array([[[9., 9.]]])
    """

    def __init__(self, W, H):
        super().__init__()
        whole_numbers("SpatialAdaptiveMaxPooling", 1, W=W, H=H)
        self.W, self.H = int(W), int(H)

    def _choose(self, batch):
        expect_elements(self, batch)
        height, width = batch.shape[2:]
        numbers = np.arange(1, height * width + 1).reshape(1, 1, height, width)
        # Along the rows first, so that of equal elements the first one in the plane is taken.
        for axis, size, wanted in ((3, width, self.W), (2, height, self.H)):
            starts, ends = adapted(size, wanted)
            output = batch.take(starts, axis)
            indices = np.broadcast_to(numbers.take(starts, axis), output.shape).copy()
            for step in range(1, int((ends - starts).max())):
                seen = np.minimum(starts + step, ends - 1)  # shorter windows see their last element once more
                keep_larger(output, indices, batch.take(seen, axis), numbers.take(seen, axis))
            batch, numbers = output, indices
        return batch, numbers


class SpatialAdaptiveAveragePooling(Planes, Module):
    """y = the means of W x H windows that cover each plane evenly, whatever its size.

    Arguments, shapes and windows are those of SpatialAdaptiveMaxPooling. Source: Torch7's
    nn/SpatialAdaptiveAveragePooling.lua; PyTorch's AdaptiveAvgPool2d.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.SpatialAdaptiveAveragePooling(2, 1).forward(np.array([[[1.0, 2.0, 3.0, 4.0, 5.0]]]))
    array([[[2., 4.]]])
    """

    row_wise = True

    def __init__(self, W, H):
        super().__init__()
        whole_numbers("SpatialAdaptiveAveragePooling", 1, W=W, H=H)
        self.W, self.H = int(W), int(H)

    def _matrices(self, batch):
        """For each axis the matrix that takes the means."""
        expect_elements(self, batch)
        matrices = []
        for size, wanted in zip(batch.shape[2:], (self.H, self.W), strict=True):
            starts, ends = adapted(size, wanted)
            number = np.arange(size)
            inside = (number >= starts[:, None]) & (number < ends[:, None])
            matrices.append((inside / (ends - starts)[:, None]).astype(batch.dtype))
        return matrices

    def updateOutput(self, input):
        batch = self.batch(input)
        output = mix(batch, self._matrices(batch))
        self.output = output if batch is input else output[0]
        return self.output

    def updateGradInput(self, input, gradOutput):
        batch = self.batch(input)
        gradient = self.gradient(gradOutput, (*batch.shape[:2], self.H, self.W))
        gradInput = mix(gradient, [matrix.T for matrix in self._matrices(batch)])
        self.gradInput = gradInput if batch is input else gradInput[0]
        return self.gradInput


class FractionalMaxPooling(Maxima):
    """Max pooling over windows of one size at random places, in two or three dimensions.

    ``randomSamples`` (N x planes x axes) are the numbers from [0, 1) that the places follow from: new ones in every
    forward pass, unless ``fixPoolingRegions()`` was called. ``order`` names the axes as Torch7 counts the samples.
    """

    order = "WH"
    randomSamples = None
    newRandomPool = False
    # Torch7 keeps either sizes or ratios.
    outT = outW = outH = ratioT = ratioW = ratioH = None

    def _keep(self, pools, sizes):
        """Keep window sizes and output sizes, or ratios where these are below 1."""
        call = type(self).__name__
        for axis, pool in zip(self.order, pools, strict=True):
            whole_numbers(call, 2, **{f"poolSize{axis}": pool})
            setattr(self, f"poolSize{axis}", int(pool))
        sizes = [checks.number(size, f"nn.{call}: out{axis}") for axis, size in zip(self.order, sizes, strict=True)]
        exact = all(size >= 1 for size in sizes)
        for axis, size in zip(self.order, sizes, strict=True):
            if exact:
                whole_numbers(call, 1, **{f"out{axis}": size})
            elif not 0 < size < 1:
                raise RangeError(f"nn.{call}: a ratio lies between 0 and 1, both excluded, got {size!r}")
            setattr(self, f"out{axis}", int(size) if exact else None)
            setattr(self, f"ratio{axis}", None if exact else size)

    def fixPoolingRegions(self, val=True):
        """Keep the regions of the next pass for all later ones; with False, draw new ones again."""
        self.newRandomPool = val is None or bool(val)
        return self

    def _counts(self, sizes):
        """The output's sizes in the order of ``axes``."""
        counts = []
        for axis, size in zip(self.axes, sizes, strict=True):
            ratio, pool = getattr(self, f"ratio{axis}"), getattr(self, f"poolSize{axis}")
            count = getattr(self, f"out{axis}") if ratio is None else math.floor(size * ratio)
            if count < 1 or count + pool - 1 > size:
                raise ShapeError(
                    f"{self!r}: the input is too small: {count} windows of {pool} do not fit into {size} elements"
                )
            counts.append(count)
        return counts

    def _samples(self, batch):
        """Draw, or keep, the numbers that the windows' places follow from."""
        shape = (*batch.shape[:2], len(self.order))
        kept = self.randomSamples
        if kept is None or kept.shape != shape or not self.newRandomPool:
            self.randomSamples = rng.uniform(size=shape, dtype=batch.dtype)
        return self.randomSamples

    def _starts(self, sample, size, count, pool):
        """Where the windows start along one axis: (N, C, count), the last one at the end."""
        starts = np.empty((*sample.shape, count), np.intp)
        if count > 1:
            alpha = sample.dtype.type(size - pool) / sample.dtype.type(count - 1)
            number = np.arange(count - 1, dtype=sample.dtype)
            shift = (sample * alpha).astype(np.intp)
            starts[..., :-1] = ((number + sample[..., None]) * alpha).astype(np.intp) - shift[..., None]
        starts[..., -1] = size - pool
        return starts

    def _choose(self, batch):
        sizes = batch.shape[2:]
        counts, samples = self._counts(sizes), self._samples(batch)
        pools = [getattr(self, f"poolSize{axis}") for axis in self.axes]
        places, offsets = np.zeros((*batch.shape[:2], 1), np.intp), np.zeros(1, np.intp)
        for axis, size, count, pool in zip(self.axes, sizes, counts, pools, strict=True):
            starts = self._starts(samples[..., self.order.index(axis)], size, count, pool)
            places = places[..., None] * size + starts[..., None, :]
            places = places.reshape(*batch.shape[:2], math.prod(places.shape[2:]))
            offsets = (offsets[:, None] * size + np.arange(pool)).ravel()
        output, indices = largest(batch, places, offsets)
        shape = (*batch.shape[:2], *counts)
        return output.reshape(shape), indices.reshape(shape)

    def clearState(self):
        """Forget also the random numbers."""
        self.randomSamples = None
        return super().clearState()

    def arguments(self):
        wanted = (getattr(self, f"out{axis}") or getattr(self, f"ratio{axis}") for axis in self.order)
        pools = (getattr(self, f"poolSize{axis}") for axis in self.order)
        return f"({'x'.join(f'{size:g}' for size in wanted)}, {','.join(map(str, pools))})"


class SpatialFractionalMaxPooling(FractionalMaxPooling):
    """y = the largest elements of poolSizeW x poolSizeH windows at random, about evenly spread places.

    Parameters
    ----------
    poolSizeW, poolSizeH : int from 2, the window's width and height
    outW, outH : int, the output's width and height; or, below 1, its ratios to the input's

    With a = (width - poolSizeW) / (outW - 1) and u drawn from [0, 1) for each plane, window i starts at column
    floor((i + u) a) - floor(u a), the last one at the end. Input is (planes x height x width) or a batch of them.
    Evaluation mode draws as well, as in Torch7; ``fixPoolingRegions()`` stops the drawing. Raises ShapeError where the
    windows do not fit. Source: Graham, "Fractional Max-Pooling" (2014); Torch7's nn/SpatialFractionalMaxPooling.lua;
    PyTorch's FractionalMaxPool2d.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.SpatialFractionalMaxPooling(2, 2, 0.5, 0.5).forward(np.zeros((3, 9, 6))).shape
    (3, 4, 3)
    """

    def __init__(self, poolSizeW, poolSizeH, outW, outH):
        super().__init__()
        self._keep((poolSizeW, poolSizeH), (outW, outH))


class VolumetricFractionalMaxPooling(FractionalMaxPooling):
    """y = the largest elements of poolSizeT x poolSizeW x poolSizeH windows at random, about evenly spread places.

    The three-dimensional SpatialFractionalMaxPooling, with the arguments poolSizeT, poolSizeW, poolSizeH, outT, outW,
    outH. As in Torch7, and unlike in all its other volumetric modules, time is the last axis here: input is (planes x
    height x width x time) or a batch of them. Source: Torch7's nn/VolumetricFractionalMaxPooling.lua; PyTorch's
    FractionalMaxPool3d.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.VolumetricFractionalMaxPooling(2, 2, 2, 2, 3, 4).forward(np.zeros((3, 9, 6, 5))).shape
    (3, 4, 3, 2)
    """

    axes = "HWT"
    order = "TWH"

    def __init__(self, poolSizeT, poolSizeW, poolSizeH, outT, outW, outH):
        super().__init__()
        self._keep((poolSizeT, poolSizeW, poolSizeH), (outT, outW, outH))


class TemporalDynamicKMaxPooling(Module):
    """y = the k largest elements of each feature over time, in their order in time; k = max(minK, ceil(factor time)).

    ``factor`` is 0 by default. Input is (time x features) or a batch (N x time x features), output likewise with k
    frames. Of equal elements the earlier ones count as larger; NaN counts as larger than all. Raises ShapeError for
    fewer than k frames. Source: Kalchbrenner, Grefenstette, Blunsom, "A Convolutional Neural Network for Modelling
    Sentences" (2014); Torch7's nn/TemporalDynamicKMaxPooling.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.TemporalDynamicKMaxPooling(2).forward(np.array([[3.0], [1.0], [5.0], [2.0]]))
    array([[3.],
           [5.]])
    """

    indices = None

    def __init__(self, minK, factor=0):
        super().__init__()
        whole_numbers("TemporalDynamicKMaxPooling", 1, minK=minK)
        self.minK, self.factor = int(minK), checks.number(factor, "nn.TemporalDynamicKMaxPooling(minK, factor): factor")
        if not 0 <= self.factor <= 1:
            raise RangeError(f"nn.TemporalDynamicKMaxPooling: factor lies between 0 and 1, got {factor!r}")

    def updateOutput(self, input):
        expect_rank(self, input, (2, 3))
        time = input.shape[-2]
        k = max(self.minK, math.ceil(self.factor * time))
        if time < k:
            raise ShapeError(f"{self!r}: the input is too short: it has {time} frames, of which {k} are to be kept")
        largest_first = np.argsort(np.where(np.isnan(input), -np.inf, -input), -2, kind="stable")
        kept = np.sort(largest_first[..., :k, :], -2)
        self.indices = kept + 1
        self.output = np.take_along_axis(input, kept, -2)
        return self.output

    def updateGradInput(self, input, gradOutput):
        expect_gradient(self, gradOutput, self.indices.shape)
        self.gradInput = np.zeros_like(input)
        np.put_along_axis(self.gradInput, self.indices - 1, gradOutput, -2)
        return self.gradInput

    def clearState(self):
        """Forget also which frames were kept."""
        self.indices = None
        return super().clearState()
