"""ONNX operations around other modules: what is done before and behind them, while they are walked themselves."""

import numpy as np

from .. import modules as zoo
from ..errors import GraphError
from .onnx_functions import cast

__all__ = []


def both(function, value):
    """The pair of what a function makes of the example and of the larger one."""
    return function(value.example), None if value.larger is None else function(value.larger)


def inside(g, container, path):
    """The module in a container of one, and its path."""
    ((module, name),) = g.each(container, path)
    return module, name


def _bottle(g, m, x, path):
    module, name = inside(g, m, path)
    extra = x.ndim - m.nInputDim
    if extra <= 0:
        return g.walk(module, x, name)
    (fused,) = [g.name_all(f"{name}_fused", *both(lambda array: m._fused(array, extra), x))]
    g.reshape(x, fused, out=fused)
    made = g.walk(module, fused, name)
    y = g.name_all(f"{name}_parted", *both(m.forward, x))
    if y.dims.count(None) < 2:
        g.reshape(made, y, out=y)
        return y
    lead, rest = g.op("Slice", g.op("Shape", x), g.integers(0), g.integers(extra)), y.dims[extra + 1 :]
    if None in rest:
        raise GraphError(f"{m!r}: its module puts out more sizes that are open than one: fix the batch's")
    g.op("Reshape", made, g.op("Concat", lead, g.integers(-1, *rest), axis=0), out=y)
    return y


def _depth_concat(g, m, x, path):
    parts = [g.walk(module, x, name) for module, name in g.each(m, path)]
    axis = m.dimension - 1 if m.dimension > 0 else parts[0].ndim + m.dimension
    padded = []
    for part in parts:
        room = [
            0 if other == axis else max(p.example.shape[other] for p in parts) - part.example.shape[other]
            for other in range(part.ndim)
        ]
        pads = g.integers(*(r // 2 for r in room), *(r - r // 2 for r in room))
        padded.append(g.op("Pad", part, pads, np.zeros((), part.dtype)) if any(room) else part)
    y = g.name_all(f"{path}_joined" if path else "joined", *g.run(m, x))
    g.op("Concat", *padded, axis=axis, out=y)
    return y


def _convert(g, m, x, path):
    lacks = m._lacks_batch(x.example)
    ready = g.name_all("batched", *both(m._batched, x))
    name = x if x.dtype == m.dtype else cast(g, x, m.dtype)
    if lacks:
        g.op("Unsqueeze", name, g.integers(m.inputShape.index("b")), out=ready)
    else:
        g.op("Identity", name, out=ready)
    made = g.walk(m._converter(), ready, path)
    if not lacks:
        return made
    y = g.name_all("converted", *both(m.forward, x))
    g.op("Squeeze", made, g.integers(m.outputShape.index("b")), out=y)
    return y


def _dont_cast(g, m, x, path):
    module, name = inside(g, m, path)
    if m.castin:
        inner = g.name_all("cast", *both(lambda array: m._inside(array, True), x))
        cast(g, x, inner.dtype, out=inner)
        x = inner
    made = g.walk(module, x, name)
    if not m.castout:
        return made
    y = g.name_all("cast", *both(lambda array: m._outside(array, True), made))
    cast(g, made, y.dtype, out=y)
    return y


def _subtractive(g, m, x, path):
    estimate = g.walk(m.meanestimator, x, f"{path}.meanestimator" if path else "meanestimator")
    y = g.name_all(path or "subtracted", *both(m.forward, x))
    mean = g.op("Div", g.reshape(estimate, y), m._coefficient(x.example))
    g.op("Sub", x, mean, out=y)
    return y


def _divisive(g, m, x, path):
    estimate = g.walk(m.stdestimator, x, f"{path}.stdestimator" if path else "stdestimator")
    y = g.name_all(path or "divided", *both(m.forward, x))
    size = g.op("Div", g.reshape(estimate, y), m._coefficient(x.example))
    above = g.op("Greater", size, np.array(m.threshold, x.dtype))
    g.op("Div", x, g.op("Where", above, size, np.array(m.thresval, x.dtype)), out=y)
    return y


def _contrastive(g, m, x, path):
    return g.walk(m.normalizer, x, f"{path}.normalizer" if path else "normalizer")


def _weight_norm(g, m, x, path):
    module, name = inside(g, m, path)
    return g.walk(module, x, name)


AROUND = {
    zoo.Bottle: _bottle,
    zoo.Convert: _convert,
    zoo.DepthConcat: _depth_concat,
    zoo.DontCast: _dont_cast,
    zoo.SpatialContrastiveNormalization: _contrastive,
    zoo.SpatialDivisiveNormalization: _divisive,
    zoo.SpatialSubtractiveNormalization: _subtractive,
    zoo.WeightNorm: _weight_norm,
}
