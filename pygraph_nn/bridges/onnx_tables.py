"""Converters to ONNX for modules of tables, pairs and distances."""

import numpy as np

from .. import modules as zoo
from ..errors import GraphError
from .onnx_functions import cast, number, places

__all__ = []


# Tables ---------------------------------------------------------------------------------------------------------------


def chain(kind):
    def convert(g, m, x, y):
        if len(x) == 1:
            g.op("Identity", x[0], out=y)
            return
        total = x[0]
        for entry in x[1:-1]:
            total = g.op(kind, total, entry)
        g.op(kind, total, x[-1], out=y)

    return convert


def several(kind):
    return lambda g, m, x, y: g.op(kind, *x, out=y)


def add_to_each(g, m, x, y):
    for entry, made in zip(x[1], y):
        g.op("Add", x[0], entry, out=made)


def table_axis(m, ndim):
    """The axis that joining and splitting modules mean."""
    batch = m.nInputDims is not None and m.dimension > 0 and ndim == m.nInputDims + 1
    return m.dimension - 1 + batch if m.dimension > 0 else ndim + m.dimension


def join(g, m, x, y):
    g.op("Concat", *x, axis=table_axis(m, x[0].ndim), out=y)


def split(g, m, x, y):
    axis = table_axis(m, x.ndim)
    for index, made in enumerate(y):
        g.op("Gather", x, np.array(index, np.int64), axis=axis, out=made)


def turned(g, x, turn):
    if not turn:
        return x
    order = list(range(x.ndim))
    order[-1], order[-2] = order[-2], order[-1]
    return g.op("Transpose", x, perm=order)


def mm(g, m, x, y):
    g.op("MatMul", turned(g, x[0], m.transA), turned(g, x[1], m.transB), out=y)


def mv(g, m, x, y):
    wide = g.op("Unsqueeze", x[1], g.integers(-1))
    g.op("Squeeze", g.op("MatMul", turned(g, x[0], m.trans), wide), g.integers(-1), out=y)


def mixture(g, m, x, y):
    gater, experts = x
    gates, whole, axis = m._unpack([gater.example, examples(experts)])
    if isinstance(experts, list):
        experts = g.op("Concat", *(g.op("Unsqueeze", e, g.integers(axis)) for e in experts), axis=axis)
    elif experts.ndim < gates.ndim:
        experts = g.op("Unsqueeze", experts, g.integers(-1))
    sizes = [1] * gates.ndim
    sizes[axis] = gater.example.shape[-1]
    sizes[0 if gater.ndim == 2 else axis] = -1
    product = g.op("Mul", g.op("Reshape", gater, g.integers(*sizes)), experts)
    g.op("ReduceSum", product, g.integers(axis), keepdims=0, out=y)


def examples(value):
    return [entry.example for entry in value] if isinstance(value, list) else value.example


def index(g, m, x, y):
    axis = m.dimension - 1 if m.dimension > 0 else x[0].ndim + m.dimension
    g.op("Gather", x[0], places(g, x[1]), axis=axis, out=y)


def masked_select(g, m, x, y):
    flat, mask = (g.op("Reshape", part, g.integers(-1)) for part in (x[0], cast(g, x[1], np.bool_)))
    g.op("Compress", flat, mask, axis=0, out=y)


def look_up(g, m, x, y):
    if m.maxNorm is not None:
        raise GraphError(f"{m!r} changes its weight as it looks rows up (maxNorm)")
    g.op("Gather", g.parameter(m, "weight"), places(g, x), axis=0, out=y)


# Distances ------------------------------------------------------------------------------------------------------------


def sum_rows(g, x, one, out=None):
    """The sum along the last dimension; of a vector, a vector of one number."""
    return g.op("ReduceSum", x, g.integers(-1), keepdims=int(one), out=out)


def dot_product(g, m, x, y):
    sum_rows(g, g.op("Mul", *x), x[0].ndim == 1, out=y)


def cosine_distance(g, m, x, y):
    one = x[0].ndim == 1
    lengths = [g.op("Add", sum_rows(g, g.op("Mul", part, part), one), number(1e-12, part)) for part in x]
    g.op("Div", sum_rows(g, g.op("Mul", *x), one), g.op("Sqrt", g.op("Mul", *lengths)), out=y)


def pairwise_distance(g, m, x, y):
    powers = g.op("Pow", g.op("Abs", g.op("Sub", *x)), number(m.norm, x[0]))
    g.op("Pow", sum_rows(g, powers, x[0].ndim == 1), number(1 / m.norm, x[0]), out=y)


def euclidean(g, m, x, y):
    difference = g.op("Sub", g.op("Unsqueeze", x, g.integers(-1)), g.parameter(m, "weight"))
    if type(m) is zoo.WeightedEuclidean:
        difference = g.op("Mul", difference, g.parameter(m, "diagCov"))
    g.op("Sqrt", g.op("ReduceSum", g.op("Mul", difference, difference), g.integers(-2), keepdims=0), out=y)


def cosine(g, m, x, y):
    length = g.op("Add", g.op("Sqrt", sum_rows(g, g.op("Mul", x, x), True)), number(1e-12, x))
    g.op("MatMul", g.op("Div", x, length), np.ascontiguousarray(m._unit(m.weight)[0].T), out=y)
