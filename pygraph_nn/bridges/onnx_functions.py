"""Converters to ONNX for single elements, rows, places and shapes.

A converter takes the graph under construction, the module, the value that comes in and the value that goes out, and
appends operations of which the last one puts out the latter. Operations whose attributes ONNX keeps in float32 are
avoided: doubles keep their digits.
"""

import math

import numpy as np
from onnx import helper

from ..errors import GraphError

__all__ = []


class Fixed(Exception):
    """Something in the file depends on a size that was to stay open."""


def steady(x, *axes):
    """Make sure that the sizes of these axes are not open."""
    if any(x.dims[axis] is None for axis in axes):
        raise Fixed


def refuse(reason):
    """A converter that refuses."""

    def convert(g, m, x, y):
        raise GraphError(f"{m!r} {reason}")

    convert.refuses = True
    return convert


def number(value, like):
    """A number in the type of a value."""
    return np.array(value, like.dtype)


def unary(kind):
    """A converter: one operation of one input."""
    return lambda g, m, x, y: g.op(kind, x, out=y)


# Elements -------------------------------------------------------------------------------------------------------------


def clip(g, m, x, y):
    g.op("Clip", x, number(m.min_val, x), number(m.max_val, x), out=y)


def softplus_of(g, z, like):
    """log(1 + exp(z)) without overflow."""
    small = g.op("Exp", g.op("Neg", g.op("Abs", z)))
    return g.op("Add", g.op("Max", z, number(0, like)), g.op("Log", g.op("Add", small, number(1, like))))


def log_sigmoid(g, m, x, y):
    g.op("Neg", softplus_of(g, g.op("Neg", x), x), out=y)


def softplus(g, m, x, y):
    z = g.op("Mul", x, number(m.beta, x))
    soft = g.op("Div", softplus_of(g, z, x), number(m.beta, x))
    g.op("Where", g.op("Greater", z, number(m.threshold, x)), x, soft, out=y)


def softsign(g, m, x, y):
    g.op("Div", x, g.op("Add", g.op("Abs", x), number(1, x)), out=y)


def tanh_shrink(g, m, x, y):
    g.op("Sub", x, g.op("Tanh", x), out=y)


def soft_shrink(g, m, x, y):
    bound = getattr(m, "lambda")
    g.op("Sub", x, g.op("Clip", x, number(-bound, x), number(bound, x)), out=y)


def hard_shrink(g, m, x, y):
    bound = number(getattr(m, "lambda"), x)
    g.op("Where", g.op("LessOrEqual", g.op("Abs", x), bound), number(0, x), x, out=y)  # a NaN, which is neither, stays


def above(g, x, threshold, otherwise, y):
    g.op("Where", g.op("Greater", x, number(threshold, x)), x, otherwise, out=y)


def threshold(g, m, x, y):
    g.op("Where", g.op("LessOrEqual", x, number(m.threshold, x)), number(m.val, x), x, out=y)


def slope(slope):
    return lambda g, m, x, y: above(g, x, 0, g.op("Mul", x, number(slope(m), x)), y)


def elu(g, m, x, y):
    low = g.op("Sub", g.op("Exp", g.op("Min", x, number(0, x))), number(1, x))
    above(g, x, 0, g.op("Mul", low, number(m.alpha, x)), y)


def prelu(g, m, x, y):
    shape = (-1, *(1,) * (x.ndim - 2)) if m.nOutputPlane and x.ndim > 1 else (-1,)
    above(g, x, 0, g.op("Mul", x, g.parameter(m, "weight", np.reshape(m.weight, shape).shape)), y)


def crelu(g, m, x, y):
    g.op("Concat", g.op("Relu", x), g.op("Relu", g.op("Neg", x)), axis=m._axis(x.example), out=y)


def add_constant(g, m, x, y):
    g.op("Add", x, np.asarray(m.constant_scalar, x.dtype), out=y)


def constant(g, m, x, y):
    if y.dims == list(m.value.shape):
        g.op("Identity", m.value, out=y)
        return
    rows = g.op("Slice", g.op("Shape", x), g.integers(0), g.integers(1))
    shape = g.op("Concat", rows, g.integers(*m.value.shape), axis=0)
    g.op("Expand", m.value, shape, out=y)


def broadcast(kind, field):
    def convert(g, m, x, y):
        shape = m._laid_out(getattr(m, field), x.example).shape
        g.op(kind, x, g.parameter(m, field, shape), out=y)

    return convert


def dropout(g, m, x, y):
    if m.stochastic_inference and m.p > 0:
        raise GraphError(f"{m!r} draws at random in evaluation mode, too")
    if m.v2 or m.p == 0:
        g.op("Identity", x, out=y)
    else:
        g.op("Mul", x, number(1 - m.p, x), out=y)


# Rows -----------------------------------------------------------------------------------------------------------------


def softmax(kind):
    return lambda g, m, x, y: g.op(kind, x, axis=1 - x.ndim % 2, out=y)


def softmin(g, m, x, y):
    g.op("Softmax", g.op("Neg", x), axis=1 - x.ndim % 2, out=y)


def linear_of(g, x, weight, bias, y):
    if x.ndim == 2:
        g.op("Gemm", x, weight, *([] if bias is None else [bias]), transB=1, out=y)
    else:
        product = g.op("MatMul", weight, x, out=None if bias is not None else y)
        if bias is not None:
            g.op("Add", product, bias, out=y)


def linear(g, m, x, y):
    linear_of(g, x, g.parameter(m, "weight"), g.parameter(m, "bias"), y)


def partial_linear(g, m, x, y):
    picked = m.partition - 1
    linear_of(g, x, m.weight[picked], None if m.bias is None else m.bias[0, picked], y)


def bilinear(g, m, x, y):
    bias = g.parameter(m, "bias")
    forms = g.op("Einsum", x[0], g.parameter(m, "weight"), equation="ni,oij->noj")
    total = g.op("Einsum", forms, x[1], equation="noj,nj->no", out=None if bias else y)
    if bias:
        g.op("Add", total, bias, out=y)


def normalize(g, m, x, y):
    size = g.op("Abs", x)
    if m.p == math.inf:
        norm = g.op("Add", g.op("ReduceMax", size, axes=[-1], keepdims=1), number(m.eps, x))
    else:
        powers = g.op("Mul", x, x) if m.p == 2 else g.op("Pow", size, number(m.p, x))
        total = g.op("ReduceSum", powers, g.integers(-1), keepdims=1)
        norm = g.op("Pow", g.op("Add", total, number(m.eps, x)), number(1 / m.p, x))
    g.op("Div", x, norm, out=y)


def batch_norm(g, m, x, y):
    scale = m._running_scale() if m.weight is None else m._running_scale() * m.weight
    offset = (0 if m.bias is None else m.bias) - m.running_mean * scale
    shape = (-1, *(1,) * (m.nDim - 2))
    factor, shift = (np.asarray(part, x.dtype).reshape(shape) for part in (scale, offset))
    g.op("Add", g.op("Mul", x, factor), shift, out=y)


def reduce(kind):
    def convert(g, m, x, y):
        axis, kept = m._axis(x.example), int(y.ndim == x.ndim)
        if kind == "Sum" and not m.sizeAverage:
            g.op("ReduceSum", x, g.integers(axis), keepdims=kept, out=y)
        else:
            g.op("ReduceMean" if kind == "Sum" else f"Reduce{kind}", x, axes=[axis], keepdims=kept, out=y)

    return convert


# Places and shapes ----------------------------------------------------------------------------------------------------

LAST = np.iinfo(np.int64).max


def cut(g, x, axis, start, stop, out=None, step=1):
    """A slice along one axis."""
    ends = (g.integers(start), g.integers(stop), g.integers(axis))
    return g.op("Slice", x, *ends, *([g.integers(step)] if step != 1 else []), out=out)


def narrow(g, m, x, y):
    axis = m.dimension - 1 if m.dimension > 0 else x.ndim + m.dimension
    regions = []
    for shape in (x.example.shape, *([] if x.larger is None else [x.larger.shape])):
        size, start, length = shape[axis], m.index - 1, m.length
        if length < 0:
            length += size - m.index + 2
        if start < 0:
            start, length = 0, size - length
        regions.append((start, start + length, start + length - size))
    if len({region[1] for region in regions}) == 1:
        stop = regions[0][1]
    else:
        stop = regions[0][2] or LAST
    cut(g, x, axis, regions[0][0], stop, out=y)


def select(g, m, x, y):
    axis = m.dimension - 1 if m.dimension > 0 else x.ndim + m.dimension
    g.op("Gather", x, np.array(m.index - 1 if m.index > 0 else m.index, np.int64), axis=axis, out=y)


def padding(g, m, x, y):
    axis, _ = m._gap(x.example)
    amount, behind = abs(m.pad), m.pad > 0
    sides = [0] * (2 * x.ndim)
    sides[axis + (x.ndim if behind or m.index > 1 else 0)] = amount
    pads, value = g.integers(*sides), number(m.value, x)
    if m.index == 1:
        g.op("Pad", x, pads, value, out=y)
        return
    place = 1 - m.index if behind else m.index - 1
    first, rest = cut(g, x, axis, 0, place), cut(g, x, axis, place, LAST)
    g.op("Concat", g.op("Pad", first, pads, value), rest, axis=axis, out=y)


def integer(g, x):
    """Whole numbers as integers of 64 bits."""
    return x if x.dtype == np.int64 else g.op("Cast", x, to=helper.np_dtype_to_tensor_dtype(np.dtype(np.int64)))


def places(g, x):
    """Indices counted from 1 as indices from 0."""
    return g.op("Sub", integer(g, x), np.array(1, np.int64))


def cast(g, x, dtype, out=None):
    """A value in another type."""
    return g.op("Cast", x, to=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), out=out)


def one_hot(g, m, x, y):
    wide = g.op("Unsqueeze", integer(g, x), g.integers(-1))
    cast(g, g.op("Equal", wide, np.arange(1, m.outputSize + 1)), y.dtype, out=y)


def reshaping(g, m, x, y):
    g.reshape(x, y, out=y)


def transpose(g, m, x, y):
    g.op("Transpose", x, perm=m._order(x.example), out=y)


def replicate(g, m, x, y):
    axis = m._axis(x.example)
    sizes = [1] * y.ndim
    sizes[axis] = m.nfeatures
    g.op("Expand", g.op("Unsqueeze", x, g.integers(axis)), g.integers(*sizes), out=y)


def glu(g, m, x, y):
    axis = m._axis(x.example)
    steady(x, axis)
    half = x.example.shape[axis] // 2
    gate = g.op("Sigmoid", cut(g, x, axis, half, 2 * half))
    g.op("Mul", cut(g, x, axis, 0, half), gate, out=y)
