"""ONNX operations for what slides over planes, enlarges or pads them.

ONNX Runtime has no convolution and no average pooling of doubles on the processor: for them, windows are sliced one
position of the kernel after the other, and multiplied as matrices.
"""

import itertools
import math

import numpy as np

from .. import modules as zoo
from ..errors import GraphError
from .onnx_functions import steady

__all__ = []


class Frame:
    """The way of a value into (batch x planes x sizes) and of the result back into the form that came."""

    def __init__(self, g, m, x, frames_last=None):
        self.g, self.frames_last = g, m.frames_last if frames_last is None else frames_last
        self.single = x.ndim == len(m.axes) + 1
        example = x.example.swapaxes(-1, -2) if self.frames_last else x.example
        steady(x, *(axis - self.frames_last for axis in range(-len(m.axes), 0)))
        self.shape = example.shape[-len(m.axes) - 1 :]
        self.name = x
        if self.frames_last:
            self.name = g.op("Transpose", x, perm=_swapped(x.ndim))
        if self.single:
            self.name = g.op("Unsqueeze", self.name, g.integers(0))
        self.batch = example if not self.single else example[None]

    def place(self, y):
        """Where the last operation is to put its result: at once into y where nothing is left to do."""
        return None if self.single or self.frames_last else y

    def finish(self, made, y):
        """Bring a result back into the form of the input."""
        if self.single:
            made = self.g.op("Squeeze", made, self.g.integers(0), out=None if self.frames_last else y)
        if self.frames_last:
            self.g.op("Transpose", made, perm=_swapped(y.ndim), out=y)


def _swapped(ndim):
    return [*range(ndim - 2), ndim - 1, ndim - 2]


def _pads(windows, sizes, counts):
    """The padding (before, after) of each axis with which exactly ``counts`` windows fit."""
    found = []
    for size, count, kernel, stride, pad, dilation in zip(
        sizes, counts, windows.kernel, windows.stride, windows.pad, windows.dilation
    ):
        found.append((pad, max(0, (count - 1) * stride + dilation * (kernel - 1) + 1 - size - pad)))
    return found


def pad(g, name, ndim, sides, value, mode="constant", out=None):
    """Padding of the last axes, (before, after) each; negative numbers crop."""
    before, after = ([side[end] for side in sides] for end in (0, 1))
    lead = [0] * (ndim - len(sides))
    pads = g.integers(*lead, *before, *lead, *after)
    return g.op("Pad", name, pads, value, mode=mode, out=out)


def patches(g, name, windows, sizes, counts, dtype):
    """The slices (N x C x counts) that every position within the kernel sees, in order."""
    sides = _pads(windows, sizes, counts)
    if any(map(any, sides)):
        name = pad(g, name, len(sizes) + 2, sides, np.zeros((), dtype))
    axes = g.integers(*range(2, len(sizes) + 2))
    found = []
    for position in itertools.product(*map(range, windows.kernel)):
        starts = [p * d for p, d in zip(position, windows.dilation)]
        stops = [start + (n - 1) * s + 1 for start, n, s in zip(starts, counts, windows.stride)]
        found.append(g.op("Slice", name, g.integers(*starts), g.integers(*stops), axes, g.integers(*windows.stride)))
    return found


def columns(g, name, windows, sizes, counts, dtype):
    """The windows as (N x C x kernel x counts)."""
    slices = patches(g, name, windows, sizes, counts, dtype)
    return g.op("Concat", *(g.op("Unsqueeze", part, g.integers(2)) for part in slices), axis=2)


def total(g, names):
    """The sum of values."""
    return names[0] if len(names) == 1 else g.op("Sum", *names)


# Convolutions ---------------------------------------------------------------------------------------------------------


def convolution(g, m, x, y):
    """Any convolution whose weight stands for one matrix a group."""
    frame, windows, matrices = Frame(g, m, x), m.windows(), m._matrices()
    groups, outputs, _ = matrices.shape
    weight = matrices.reshape(groups * outputs, -1, *windows.kernel)
    bias = None if m.bias is None else m._bias().reshape(-1)
    names = (
        g.parameter(m, "weight", array=weight),
        None if bias is None else g.parameter(m, "bias", array=bias),
    )
    counts = m.room(windows, frame.batch)
    made = convolve(g, frame.name, names, weight, bias, windows, (frame.shape[1:], counts), groups, frame.place(y))
    frame.finish(made, y)


def convolve(g, name, names, weight, bias, windows, sizes, groups, out):
    """One convolution: an operation of its own in float32, windows times matrices in float64."""
    sizes, counts = sizes
    if weight.dtype == np.float32:
        sides = _pads(windows, sizes, counts)
        return g.op(
            "Conv", name, *(part for part in names if part), kernel_shape=windows.kernel, strides=windows.stride,
            dilations=windows.dilation, group=groups, pads=[*(s[0] for s in sides), *(s[1] for s in sides)], out=out,
        )  # fmt: skip
    spread, places = columns(g, name, windows, sizes, counts, weight.dtype), math.prod(counts)
    width = weight[0].size
    matrix = g.op("Reshape", names[0], g.integers(groups, len(weight) // groups, width))
    product = g.op("MatMul", matrix, g.op("Reshape", spread, g.integers(-1, groups, width, places)))
    planes = g.op("Reshape", product, g.integers(-1, len(weight), *counts), out=out if bias is None else None)
    if bias is None:
        return planes
    return g.op("Add", planes, g.op("Reshape", names[1], g.integers(-1, *(1,) * len(counts))), out=out)


def local_convolution(g, m, x, y):
    """A convolution whose kernel differs from place to place."""
    frame, windows = Frame(g, m, x), m.windows()
    counts = (m.oH, m.oW)
    spread = columns(g, frame.name, windows, frame.shape[1:], counts, x.dtype)
    width = frame.shape[0] * math.prod(windows.kernel)
    by_place = g.op("Transpose", g.op("Reshape", spread, g.integers(-1, width, math.prod(counts))), perm=[2, 1, 0])
    product = g.op("MatMul", g.parameter(m, "weight", array=m._matrices()), by_place)
    planes = g.op("Transpose", product, perm=[2, 1, 0])
    last = frame.place(y)
    made = g.op("Reshape", planes, g.integers(-1, m.nOutputPlane, *counts), out=last if m.bias is None else None)
    if m.bias is not None:
        made = g.op("Add", made, g.parameter(m, "bias"), out=last)
    frame.finish(made, y)


def full_convolution(g, m, x, y):
    """A transposed convolution; of a table {input, target}, in the target's sizes."""
    table = [x[0].example, x[1].example] if isinstance(x, list) else None
    x = x[0] if table else x
    frame, windows = Frame(g, m, x), m.windows()
    _, _, sizes, _ = m._unpack(x.example if table is None else table)
    weight = m._matrices().reshape(m.nInputPlane, m.nOutputPlane, *windows.kernel)
    bias = None if m.bias is None else g.parameter(m, "bias")
    if weight.dtype == np.float32:
        made = g.op(
            "ConvTranspose", frame.name, g.parameter(m, "weight", array=weight), *([bias] if bias else []),
            kernel_shape=windows.kernel, strides=windows.stride, pads=[*windows.pad, *windows.pad],
            output_padding=m._adjust(windows, table), out=frame.place(y),
        )  # fmt: skip
        frame.finish(made, y)
        return
    apart, apart_sizes = _apart(g, frame, windows.stride)
    before = [k - 1 - p for k, p in zip(windows.kernel, windows.pad)]
    sides = [(b, n + k - 1 - s - b) for n, k, s, b in zip(sizes, windows.kernel, apart_sizes, before)]
    ready = pad(g, apart, len(sizes) + 2, sides, np.zeros((), x.dtype))
    flipped = np.flip(weight.swapaxes(0, 1), tuple(range(2, weight.ndim)))
    padded = tuple(n + k - 1 for n, k in zip(sizes, windows.kernel))
    names = g.parameter(m, "weight", array=flipped), bias
    plain = type(windows)(windows.kernel, (1,) * len(sizes))
    made = convolve(g, ready, names, flipped, m.bias, plain, (padded, sizes), 1, frame.place(y))
    frame.finish(made, y)


def _apart(g, frame, strides):
    """The elements of the last axes ``stride`` apart, zeros between them; and the sizes that this gives."""
    name, sizes = frame.name, list(frame.shape)
    for axis, stride in enumerate(strides, 1):
        if stride > 1:
            wide = g.op("Unsqueeze", name, g.integers(axis + 2))
            tail = [(0, stride - 1), *((0, 0) for _ in sizes[axis + 1 :])]
            wide = pad(g, wide, len(sizes) + 2, tail, np.zeros((), frame.batch.dtype))
            length = (sizes[axis] - 1) * stride + 1
            sizes[axis] *= stride
            flat = g.op("Reshape", wide, g.integers(-1, *sizes))
            name = g.op("Slice", flat, g.integers(0), g.integers(length), g.integers(axis + 1))
            sizes[axis] = length
    return name, sizes[1:]


# Pooling --------------------------------------------------------------------------------------------------------------


def max_pooling(g, m, x, y):
    """The largest of each window."""
    frame, windows = Frame(g, m, x), m.windows()
    sides, name = _pads(windows, frame.shape[1:], m.room(windows, frame.batch)), frame.name
    wide = any(after >= kernel for (_, after), kernel in zip(sides, windows.kernel))
    if wide:  # more than ONNX Runtime takes there: rows that never win
        name = pad(g, name, len(sides) + 2, sides, np.array(-np.inf, x.dtype))
        sides = [(0, 0)] * len(sides)
    made = g.op(
        "MaxPool", name, kernel_shape=windows.kernel, strides=windows.stride, dilations=windows.dilation,
        pads=[*(s[0] for s in sides), *(s[1] for s in sides)],
        out=[frame.place(y) or g.fresh(f"{g.path}_maxima"), g.fresh(f"{g.path}_places")],
    )  # fmt: skip
    if not wide:
        g.pooled[id(m)] = made[1], x
    frame.finish(made[0], y)


def unpooling(g, m, x, y):
    """Each element at the place that the pooling module, which ran before, found it at."""
    if id(m.pooling) not in g.pooled:
        raise GraphError(
            f"{m!r} asks its pooling module for places, which is no node before it, or pads by more than its window"
        )
    places, source = g.pooled[id(m.pooling)]
    zeros = g.op("Expand", np.zeros((), x.dtype), g.op("Reshape", g.op("Size", source), g.integers(1)))
    flat = [g.op("Reshape", part, g.integers(-1)) for part in (places, x)]
    g.op("Reshape", g.op("ScatterElements", zeros, *flat, axis=0), g.op("Shape", source), out=y)


def _sums(g, m, frame, dtype):
    """The sum of each window."""
    windows = m.windows()
    counts = m.room(windows, frame.batch)
    return total(g, patches(g, frame.name, windows, frame.shape[1:], counts, dtype))


def average_pooling(g, m, x, y):
    """The mean of each window."""
    frame, windows = Frame(g, m, x), m.windows()
    counts, kernel = m.room(windows, frame.batch), math.prod(windows.kernel)
    divisors = np.broadcast_to(m._divisors(windows, frame.shape[1:], counts, x.dtype), counts)
    plain = x.dtype == np.float32 and bool((divisors == kernel).all())
    if plain:
        sides = _pads(windows, frame.shape[1:], counts)
        made = g.op(
            "AveragePool", frame.name, kernel_shape=windows.kernel, strides=windows.stride, count_include_pad=1,
            pads=[*(s[0] for s in sides), *(s[1] for s in sides)], out=frame.place(y),
        )  # fmt: skip
    else:
        made = g.op("Div", _sums(g, m, frame, x.dtype), np.array(divisors), out=frame.place(y))
    frame.finish(made, y)


def subsampling(g, m, x, y):
    """The sum of each window, times a weight and plus a bias for each plane."""
    frame = Frame(g, m, x)
    shape = (-1, *(1,) * len(m.axes))
    weight, bias = (g.parameter(m, field, np.reshape(getattr(m, field), shape).shape) for field in ("weight", "bias"))
    product = g.op("Mul", _sums(g, m, frame, x.dtype), weight)
    frame.finish(g.op("Add", product, bias, out=frame.place(y)), y)


def adaptive_average(g, m, x, y):
    """The means of windows that cover each plane evenly."""
    batch = m.batch(x.example)
    mix(g, x, m._matrices(batch), y)


def adaptive_max(g, m, x, y):
    """The largest elements of windows that cover each plane evenly."""
    steady(x, -2, -1)
    height, width = x.example.shape[-2:]
    rows = []
    for top, bottom in _spans(height, m.H):
        band = g.op("Slice", x, g.integers(top), g.integers(bottom), g.integers(-2))
        band = g.op("ReduceMax", band, axes=[-2], keepdims=1)
        cells = [g.op("Slice", band, g.integers(a), g.integers(b), g.integers(-1)) for a, b in _spans(width, m.W)]
        cells = [g.op("ReduceMax", cell, axes=[-1], keepdims=1) for cell in cells]
        rows.append(g.op("Concat", *cells, axis=-1))
    g.op("Concat", *rows, axis=-2, out=y)


def _spans(size, wanted):
    return [(i * size // wanted, -(-(i + 1) * size // wanted)) for i in range(wanted)]


def feature_pooling(g, m, x, y):
    """The p-norm of neighbouring features."""
    axis = m._axis(x.example)
    steady(x, axis)
    count = y.example.shape[axis]
    powers = g.op("Pow", x, np.array(m.power, x.dtype))
    slices = [
        g.op(
            "Slice", powers, g.integers(start), g.integers(start + (count - 1) * m.stride + 1), g.integers(axis),
            g.integers(m.stride),
        )
        for start in range(m.width)
    ]  # fmt: skip
    g.op("Pow", total(g, slices), np.array(1 / m.power, x.dtype), out=y)


def k_max_pooling(g, m, x, y):
    """The k largest elements of each feature, in their order in time."""
    steady(x, -2)
    k = g.integers(y.example.shape[-2])
    _, kept = g.op("TopK", x, k, axis=-2, n=2)
    _, order = g.op("TopK", kept, k, axis=-2, largest=0, n=2)
    g.op("GatherElements", x, g.op("GatherElements", kept, order, axis=-2), axis=-2, out=y)


def cross_map(g, m, x, y):
    """x divided by a power of the sum of its neighbours' squares."""
    steady(x, -3)
    half, planes = m.size // 2, x.example.shape[-3]
    padded = pad(g, g.op("Mul", x, x), x.ndim, [(half, half), (0, 0), (0, 0)], np.zeros((), x.dtype))
    slices = [
        g.op("Slice", padded, g.integers(start), g.integers(start + planes), g.integers(-3)) for start in range(m.size)
    ]
    scaled = g.op("Mul", total(g, slices), np.array(m.alpha / m.size, x.dtype))
    power = g.op("Pow", g.op("Add", scaled, np.array(m.k, x.dtype)), np.array(-m.beta, x.dtype))
    g.op("Mul", x, power, out=y)


# Padding and enlarging ------------------------------------------------------------------------------------------------


def side_padding(g, m, x, y):
    """Zeros, mirror images or copies of the edge at the sides."""
    if type(m) is zoo.SpatialZeroPadding:
        sides = [(getattr(m, before), getattr(m, after)) for before, after in m.sides]
        pad(g, x, x.ndim, sides, np.zeros((), x.dtype), out=y)
        return
    axes = m._axes(x.example)
    steady(x, *(axis for axis, *_ in axes))
    name = x
    for number, (axis, size, before, after) in enumerate(axes, 1):
        places = np.arange(-before, size + after)
        outside = (places < 0) | (places >= size)
        sources = np.where(outside, 0, places)
        sources[outside] = m._sources(places[outside], size)
        name = g.op("Gather", name, sources, axis=x.ndim + axis, out=y if number == len(axes) else None)


def upsampling(g, m, x, y):
    """Repetition or linear interpolation."""
    if m.mode == "linear":
        mix(g, x, m._matrices(x.example), y)
        return
    axes = m._axes(x.example)
    steady(x, *range(-axes, 0))
    name = x
    for axis in range(x.ndim - axes, x.ndim):
        places = np.repeat(np.arange(x.example.shape[axis]), m.scale_factor)
        name = g.op("Gather", name, places, axis=axis, out=y if axis == x.ndim - 1 else None)


def mix(g, x, matrices, y):
    """Multiply each of the last axes by its matrix (new size x size)."""
    steady(x, *range(-len(matrices), 0))
    sizes = list(x.example.shape)
    last = len(matrices) - 1
    name = x
    for number, matrix in enumerate(matrices):
        axis, out = x.ndim - len(matrices) + number, y if number == last else None
        if axis == x.ndim - 1:
            name = g.op("MatMul", name, np.ascontiguousarray(matrix.T), out=out)
        elif axis == x.ndim - 2:
            name = g.op("MatMul", matrix, name, out=out)
        else:
            rest = math.prod(sizes[axis + 1 :])
            flat = g.op("Reshape", name, g.integers(-1, *sizes[1:axis], sizes[axis], rest))
            name = g.op(
                "Reshape", g.op("MatMul", matrix, flat), g.integers(-1, *sizes[1:axis], len(matrix), *sizes[axis + 1 :])
            )
        sizes[axis] = len(matrix)


def pixel_shuffle(g, m, x, y):
    """r x r planes become one plane r times as large."""
    wide = g.op("Unsqueeze", x, g.integers(0)) if x.ndim == 3 else x
    made = g.op("DepthToSpace", wide, blocksize=m.upscaleFactor, mode="CRD", out=y if x.ndim == 4 else None)
    if x.ndim == 3:
        g.op("Squeeze", made, g.integers(0), out=y)
