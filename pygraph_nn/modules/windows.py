"""Strided windows over the last dimensions of an array: the one core of convolution and pooling, in any number of them.

A kernel of size k, spread by a dilation, comes to lie at every ``stride`` steps over an axis that is padded on both
ends. ``Windows`` knows where; ``correlate``, ``scatter`` and ``kernel_gradient`` are the three linear maps that a
convolution, its transpose and their gradients consist of. Each is one matrix product per tile of columns ("im2col"):
a tile holds as many samples, or as many rows of one sample, as keep it within the processor's cache.
"""

import itertools
import math

import numpy as np
from numpy.lib.stride_tricks import as_strided

from .. import blas
from ..errors import RangeError, ShapeError
from ..nesting import shape_of
from .checks import expect_gradient

__all__ = []

# Columns of a few megabytes stay in the cache between being laid out and being multiplied; more gains nothing.
TILE_BYTES = 4 << 20
# Where tiles would read a large weight again and again, columns may take more, but no more than this.
BUFFER_BYTES = 256 << 20


def whole_numbers(call, least, **arguments):
    """Raise RangeError unless every argument is a whole number from ``least`` on."""
    for name, value in arguments.items():
        if isinstance(value, bool) or not isinstance(value, (int, float, np.integer)) or value % 1 != 0:
            raise RangeError(f"nn.{call}: {name} must be a whole number, got {value!r}")
        if value < least:
            raise RangeError(f"nn.{call}: {name} must be a whole number from {least}, got {value!r}")


class Windows:
    """Where a kernel comes to lie: sizes per axis, in the order of the array's last dimensions.

    >>> windows = Windows((2,), (1,), (0,))
    >>> windows.counts((4,))
    (3,)
    >>> windows.over(np.arange(4.0).reshape(1, 1, 4), (3,))[0, 0].T
    array([[0., 1.],
           [1., 2.],
           [2., 3.]])
    """

    def __init__(self, kernel, stride, pad=None, dilation=None):
        self.kernel, self.stride = kernel, stride
        self.pad = pad or (0,) * len(kernel)
        self.dilation = dilation or (1,) * len(kernel)

    def _axes(self):
        return zip(self.kernel, self.stride, self.pad, self.dilation, strict=True)

    def along(self, axis):
        """The windows along one axis alone; along the others, every element is one."""

        def only(values, other):
            return tuple(value if place == axis else other for place, value in enumerate(values))

        return Windows(only(self.kernel, 1), only(self.stride, 1), only(self.pad, 0), only(self.dilation, 1))

    def counts(self, sizes, ceil=False):
        """How many windows fit along each axis; with ``ceil``, one that hangs over the end counts as well."""
        found = []
        for size, (kernel, stride, pad, dilation) in zip(sizes, self._axes(), strict=True):
            room = size + 2 * pad - dilation * (kernel - 1) - 1
            found.append((-(-room // stride) if ceil else room // stride) + 1)
        if ceil:
            # A window that would start behind the end sees nothing: it is none.
            found = [
                count - ((count - 1) * stride >= size + pad)
                for count, size, (_, stride, pad, _) in zip(found, sizes, self._axes(), strict=True)
            ]
        return tuple(found)

    def sizes(self, counts, extra):
        """The size of the axes that ``counts`` windows cover, plus ``extra``: a transposed convolution's output."""
        return tuple(
            (count - 1) * stride - 2 * pad + dilation * (kernel - 1) + 1 + more
            for count, more, (kernel, stride, pad, dilation) in zip(counts, extra, self._axes(), strict=True)
        )

    def over(self, array, counts, fill=0):
        """View ``array`` (N, C, *sizes), padded by ``fill``, as its windows (N, C, *kernel, *counts), read-only."""
        padded = self._padded(array, counts, fill)
        outer, inner = padded.strides[:2], padded.strides[2:]
        strides = (
            *outer,
            *(step * dilation for step, dilation in zip(inner, self.dilation, strict=True)),
            *(step * stride for step, stride in zip(inner, self.stride, strict=True)),
        )
        return as_strided(padded, (*padded.shape[:2], *self.kernel, *counts), strides, writeable=False)

    def _padded(self, array, counts, fill):
        """The array with its padding, and with what windows that hang over the end need."""
        sizes = array.shape[2:]
        needed = tuple(
            max((count - 1) * stride + dilation * (kernel - 1) + 1, size + pad)
            for size, count, (kernel, stride, pad, dilation) in zip(sizes, counts, self._axes(), strict=True)
        )
        if needed == sizes:
            return array
        padded = np.full((*array.shape[:2], *needed), fill, array.dtype)
        inside = (..., *(slice(pad, pad + size) for pad, size in zip(self.pad, sizes, strict=True)))
        padded[inside] = array
        return padded

    def places(self, sizes, counts, first=0):
        """Yield, for every position within the kernel, (position, slices of the axes, slices of the windows).

        Element by element, the first slices select what the windows in the second ones see at that position; windows
        that see padding there are left out. The windows are number ``first`` and following along the first axis.
        """
        firsts = (first, *(0 for _ in counts[1:]))
        for position in itertools.product(*map(range, self.kernel)):
            meets = [
                _overlap(offset * dilation - pad + start * stride, stride, count, size)
                for offset, start, count, size, (_, stride, pad, dilation) in zip(
                    position, firsts, counts, sizes, self._axes(), strict=True
                )
            ]
            if all(meets):
                inside, taken = zip(*meets, strict=True)
                yield position, (..., *inside), (..., *taken)

    def fold(self, columns, target, first=0):
        """Add every window of ``columns`` (C, *kernel, N, *counts) to its place in ``target`` (N, C, *sizes).

        ``first`` is the number of windows along the first axis that come before those in ``columns``.
        """
        counts, turned = columns.shape[-len(self.kernel) :], target.swapaxes(0, 1)
        for position, inside, taken in self.places(target.shape[2:], counts, first):
            place = (slice(None), *position)
            turned[inside] += columns[place][taken]

    def tiles(self, samples, planes, counts, itemsize):
        """Yield (samples, rows) as slices, so that the columns of each tile stay within TILE_BYTES where they can."""
        row = itemsize * planes * math.prod(self.kernel) * math.prod(counts[1:])
        at_once = TILE_BYTES // max(1, row * counts[0])
        rows = counts[0] if at_once else max(1, TILE_BYTES // row)
        for sample in range(0, samples, max(1, at_once)):
            for start in range(0, counts[0], rows):
                yield slice(sample, sample + max(1, at_once)), slice(start, min(start + rows, counts[0]))


def _overlap(start, stride, count, size):
    """Which of the positions start, start + stride, ... lie in 0 .. size - 1: (slice of the axis, slice of them)."""
    low = max(0, -(start // stride))
    high = min(count, (size - 1 - start) // stride + 1)
    if low >= high:
        return None
    begin = start + low * stride
    return slice(begin, begin + (high - low - 1) * stride + 1, stride), slice(low, high)


def correlate(windows, array, weight, counts):
    """Multiply every window of ``array`` (N, G * C, *sizes) by ``weight`` (G, O, C * kernel): (N, G * O, *counts).

    The planes fall into G groups, each of which meets its own weights only; a plain convolution has one group.
    """
    groups, planes, _ = weight.shape
    view = windows.over(array, counts)
    output, buffer = np.empty((len(array), groups * planes, *counts), array.dtype), None
    for samples, rows in windows.tiles(*array.shape[:2], counts, array.itemsize):
        buffer, columns = _columns(windows, view, samples, rows, groups, buffer)
        product = blas.products(weight, columns)
        place = output[samples, :, rows].swapaxes(0, 1)
        place[...] = product.reshape(place.shape)
    return output


def scatter(windows, array, weight, sizes):
    """The transpose of ``correlate``: spread ``array`` (N, G * O, *counts) over (N, G * C, *sizes)."""
    groups, _, width = weight.shape
    planes = groups * width // math.prod(windows.kernel)
    counts = array.shape[2:]
    output, buffer = np.zeros((len(array), planes, *sizes), array.dtype), None
    turned = weight.swapaxes(1, 2)
    for samples, rows in windows.tiles(len(array), planes, counts, array.itemsize):
        part = array[samples, :, rows].swapaxes(0, 1)
        matrices = part.reshape(groups, part.shape[0] // groups, -1)
        shape = (groups, width, matrices.shape[2])
        buffer = np.empty(math.prod(shape), array.dtype) if buffer is None else buffer
        columns = blas.products(turned, matrices, buffer[: math.prod(shape)].reshape(shape))
        windows.fold(columns.reshape(planes, *windows.kernel, *part.shape[1:]), output[samples], rows.start)
    return output


def kernel_gradient(windows, array, gradient, groups=1):
    """The gradient by the weight of ``correlate``: windows of ``array`` times ``gradient``: (G, O, C * kernel)."""
    counts = gradient.shape[2:]
    view = windows.over(array, counts)
    width = array.shape[1] // groups * math.prod(windows.kernel)
    total, buffer = np.zeros((groups, gradient.shape[1] // groups, width), array.dtype), None
    for samples, rows in windows.tiles(*array.shape[:2], counts, array.itemsize):
        buffer, columns = _columns(windows, view, samples, rows, groups, buffer)
        part = gradient[samples, :, rows].swapaxes(0, 1)
        total += blas.products(part.reshape(groups, part.shape[0] // groups, -1), columns.swapaxes(1, 2))
    return total


def _columns(windows, view, samples, rows, groups, buffer):
    """One tile of the windows as matrices (G, C * kernel, N * counts), laid out in the buffer, which is made if None.

    The first tile is the largest one, so that one buffer serves all.
    """
    axes = len(windows.kernel)
    tile = np.moveaxis(view[samples], 0, axes + 1)
    tile = tile[(slice(None),) * (axes + 2) + (rows,)]
    if buffer is None:
        buffer = np.empty(tile.size, tile.dtype)
    columns = buffer[: tile.size].reshape(tile.shape)
    columns[...] = tile
    return buffer, columns.reshape(groups, math.prod(tile.shape[: axes + 1]) // groups, -1)


class Planes:
    """What the modules share that slide a window over planes: sizes per axis, batches and single inputs.

    ``axes`` names the axes in the array's order: "W", "HW" or "THW"; the module's fields are kW, dW, padW, ... A batch
    has one dimension more than a single input: (N, planes, *sizes) and (planes, *sizes).
    """

    axes = "HW"
    frames_last = False
    ceil_mode = False
    padT = padH = padW = 0
    dilationT = dilationH = dilationW = 1

    def along(self, prefix):
        """The fields of that prefix, one per axis: ``along("k")`` is (kH, kW)."""
        return tuple(int(getattr(self, prefix + axis)) for axis in self.axes)

    def windows(self):
        """Where this module's kernel lies."""
        return Windows(self.along("k"), self.along("d"), self.along("pad"), self.along("dilation"))

    def spoken(self, prefix, joint):
        """The fields of that prefix as text, in the constructor's order: T, W, H."""
        return joint.join(f"{getattr(self, prefix + axis):g}" for axis in "TWH" if axis in self.axes)

    def settings(self):
        """The kernel's size, and where they say something, stride and padding, as Torch7 prints them."""
        text = self.spoken("k", "x")
        if any(self.along("pad")) or set(self.along("d")) != {1}:
            text += f", {self.spoken('d', ',')}"
        return text + (f", {self.spoken('pad', ',')}" if any(self.along("pad")) else "")

    def batch(self, input, planes=None):
        """Return the input as a batch; raise ShapeError for another rank or number of planes.

        The type is looked at, too: containers call ``updateOutput`` of what is inside, not ``forward``.
        """
        rank = len(self.axes) + 1
        fits = isinstance(input, np.ndarray) and input.ndim in (rank, rank + 1)
        if not fits or planes is not None and input.shape[-rank] != planes:
            if fits and self.frames_last:
                input = input.swapaxes(-1, -2)
            raise ShapeError(f"{self!r} takes {self.expected(planes)}, got {shape_of(input)}")
        if input.dtype != self.dtype:
            self.check_input(input)
        return input if input.ndim > rank else input[None]

    def expected(self, planes=None):
        """Say which shapes are welcome."""
        names = {"T": "time", "H": "height", "W": "width" if len(self.axes) > 1 else "time"}
        sizes = [str(planes or "planes"), *(names[axis] for axis in self.axes)]
        shape = " x ".join(reversed(sizes) if self.frames_last else sizes)
        return f"an array ({shape}) or a batch of them (N x {shape})"

    def room(self, windows, batch):
        """Return the number of windows per axis; raise ShapeError where not one fits."""
        counts = windows.counts(batch.shape[2:], self.ceil_mode)
        if min(counts) < 1:
            raise ShapeError(
                f"{self!r}: the input is too small: {'x'.join(map(str, batch.shape[2:]))} with padding "
                f"{'x'.join(map(str, windows.pad))} holds no window of {'x'.join(map(str, windows.kernel))} "
                f"(dilation {'x'.join(map(str, windows.dilation))})"
            )
        return counts

    def gradient(self, gradOutput, shape):
        """Return gradOutput as a batch of that shape; raise ShapeError if it has another."""
        if isinstance(gradOutput, np.ndarray) and gradOutput.ndim == len(shape) - 1:
            gradOutput = gradOutput[None]
        expect_gradient(self, gradOutput, shape)
        return gradOutput


class FramesLast:
    """Mixed in before modules whose planes are the last dimension: (time x planes) or (N x time x planes)."""

    frames_last = True

    def updateOutput(self, input):
        self.output = self.turn_back(super().updateOutput(self.turn(input)))
        return self.output

    def updateGradInput(self, input, gradOutput):
        self.gradInput = self.turn_back(super().updateGradInput(self.turn(input), self.turn(gradOutput)))
        return self.gradInput

    def accGradParameters(self, input, gradOutput, scale=1):
        super().accGradParameters(self.turn(input), self.turn(gradOutput), scale)

    def turn(self, frames):
        """Put the planes first, which costs no copy."""
        if not self.frames_last:
            return frames
        if not isinstance(frames, np.ndarray) or frames.ndim not in (2, 3):
            raise ShapeError(f"{self!r} takes {self.expected()}, got {shape_of(frames)}")
        return frames.swapaxes(-1, -2)

    def turn_back(self, planes):
        """Put the planes last again."""
        return np.ascontiguousarray(planes.swapaxes(-1, -2)) if self.frames_last else planes


def mix(array, matrices):
    """Multiply each of the last axes of ``array`` by its matrix (new size x size).

    >>> mix(np.ones((1, 2)), [np.array([[1.0, 10.0]])])
    array([[11.]])
    """
    for axis, matrix in enumerate(matrices, -len(matrices)):
        array = np.moveaxis(np.tensordot(array, matrix, (axis, 1)), -1, axis)
    return np.ascontiguousarray(array)
