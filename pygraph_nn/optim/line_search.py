"""How far to go along a direction: the strong Wolfe search lswolfe and the interpolation polyinterp that guides it."""

import math
from typing import NamedTuple

import numpy as np

from ..errors import RangeError, ShapeError, TensorTypeError
from .contract import Method, check_x, checked_vector, evaluate, restored_on_error

__all__ = ["polyinterp", "lswolfe"]

_LSWOLFE = Method(
    "lswolfe", {"c1": 1e-4, "c2": 0.9, "tolX": 1e-9, "maxIter": 20, "verbose": False}, wholes=("maxIter",)
)
_TINY = 1e-12


def polyinterp(points, xminBound=None, xmaxBound=None):
    """Return where the polynomial through the points, with their slopes, is smallest between the bounds.

    ``points`` has one row (x, f, f') per point. For two points without bounds this is the cubic's minimum between
    them::

        d1 = f'1 + f'2 - 3 (f1 - f2) / (x1 - x2)
        d2 = sqrt(d1^2 - f'1 f'2)
        x  = x2 - (x2 - x1) (f'2 + d2 - d1) / (f'2 - f'1 + 2 d2)

    and their middle where d2 is not real. Otherwise the polynomial of degree 2n - 1 is fitted, and its critical points,
    the bounds and the points themselves are compared. Bounds default to the outermost points.

    Source: Torch7 optim ``polyinterp.lua``; M. Schmidt's minFunc; Nocedal and Wright, Numerical Optimization, (3.59).

    >>> round(polyinterp([[0, 4, -4], [3, 1, 2]]), 12)
    2.0
    >>> round(polyinterp([[0, 4, -4], [1, 1, -2]], 1.5, 10), 12)
    2.0
    """
    try:
        points = np.asarray(points, dtype=np.float64)
    except (TypeError, ValueError):
        raise TensorTypeError(
            f"polyinterp: points has one row (x, f, slope) of numbers per point, not {points!r}"
        ) from None
    if points.ndim != 2 or points.shape[1] != 3 or not len(points):
        raise ShapeError(f"polyinterp: points has one row (x, f, slope) per point, not the shape {points.shape}")
    if len(points) == 2 and xminBound is None and xmaxBound is None:
        return _cubic_minimum(*sorted(points.tolist(), key=lambda point: point[0]))
    low = points[:, 0].min() if xminBound is None else xminBound
    high = points[:, 0].max() if xmaxBound is None else xmaxBound
    return _bounded_minimum(points, float(low), float(high))


def _cubic_minimum(left, right):
    (x1, f1, g1), (x2, f2, g2) = left, right
    with np.errstate(all="ignore"):
        d1 = g1 + g2 - 3 * np.float64(f1 - f2) / (x1 - x2)
        d2 = np.sqrt(d1**2 - g1 * g2)
        x = float(x2 - (x2 - x1) * ((g2 + d2 - d1) / (g2 - g1 + 2 * d2)))
    return (x1 + x2) / 2 if math.isnan(x) else min(max(x, x1), x2)


def _bounded_minimum(points, low, high):
    candidates = [low, high, *points[:, 0].tolist()]
    degree = 2 * len(points) - 1
    exponents = np.arange(degree, -1, -1)
    with np.errstate(all="ignore"):
        powers = points[:, :1] ** exponents
        slopes = exponents * points[:, :1] ** np.maximum(exponents - 1, 0)
    system, values = np.vstack([powers, slopes]), points[:, 1:].T.reshape(-1)
    if not (np.isfinite(system).all() and np.isfinite(values).all()):
        return (low + high) / 2
    polynomial = np.linalg.lstsq(system, values, rcond=None)[0]
    polynomial[np.abs(polynomial) <= _TINY] = 0
    derivative = polynomial[:-1] * exponents[:-1]
    derivative[np.abs(derivative) < _TINY] = 0
    roots = np.roots(derivative)
    candidates += roots[np.isreal(roots)].real.tolist()
    inside = [x for x in candidates if low <= x <= high]
    return min(inside, key=lambda x: np.polyval(polynomial, x), default=(low + high) / 2)


class _Trial(NamedTuple):
    """A point of the search: the step t, the loss f and gradient g there, and the slope along the direction."""

    t: float
    f: float
    g: np.ndarray
    slope: float


def lswolfe(feval, x, t, d, f, g, gtd, options=None):
    """Move x along ``d`` by a step that satisfies the strong Wolfe conditions; the line search for lbfgs.

    Searched is a step t, beginning with the given one, such that, with phi(t) = f(x + t d)::

        phi(t) <= phi(0) + c1 t phi'(0)        and        |phi'(t)| <= -c2 phi'(0)

    ``f``, ``g`` and ``gtd`` = g . d belong to the starting point. First the step grows until a bracket holds such a
    point, then interpolation (polyinterp) shrinks the bracket. A step to where loss or slope is not a finite number
    counts as too long.

    Options: ``c1`` (1e-4), ``c2`` (0.9), ``tolX`` (1e-9: the smallest bracket times slope), ``maxIter`` (20),
    ``verbose`` (False).

    Returns ``(f, g, x, t, evaluations)``: loss and gradient at the new x, which is the same array, and the step.

    Source: Torch7 optim ``lswolfe.lua``; M. Schmidt's minFunc; Nocedal and Wright, Numerical Optimization, 3.5 and 3.6.

    >>> import numpy as np
    >>> feval = lambda x: (x @ x, 2 * x)
    >>> x = np.array([3.0]); f, g = feval(x); d = -g
    >>> f, g, x, t, evaluations = lswolfe(feval, x, 0.01, d, f, g, g @ d)
    >>> bool(abs(x[0]) < 2.7), evaluations > 1
    (True, True)
    """
    check_x(x, "lswolfe")
    _LSWOLFE.check_keys({} if options is None else options)
    c = _LSWOLFE.settings(options or {})
    checked_vector(d, x, "lswolfe: the direction d", "one value per parameter")
    checked_vector(g, x, "lswolfe: the gradient g", "one value per parameter")
    if not math.isfinite(t):
        raise RangeError(f"lswolfe: the first step t is a finite number, not {t}")
    origin, start = x.copy(), _Trial(0.0, f, g.copy(), float(gtd))
    count = 0

    def look(step):
        nonlocal count
        count += 1
        x[...] = origin
        x[...] += step * d
        loss, gradient = evaluate(feval, x, "lswolfe", finite=False)
        slope = float(gradient @ d)
        bad = not (math.isfinite(loss) and math.isfinite(slope))
        return _Trial(step, math.inf if bad else loss, gradient.copy(), slope)

    with restored_on_error(x):
        bracket, done = _bracket(look, start, t, c)
        if not done and count <= c.maxIter:
            bracket = _zoom(look, bracket, start, c, c.maxIter - count + 1)
    if c.verbose and count > c.maxIter:
        print("lswolfe: reached max number of iterations")
    best = min(bracket, key=lambda trial: trial.f)
    x[...] = origin
    x += best.t * d
    return best.f, best.g, x, best.t, count


def _too_high(trial, start, c):
    return trial.f > start.f + c.c1 * trial.t * start.slope


def _bracket(look, start, t, c):
    """Lengthen the step until an interval must hold a Wolfe point; return its ends, or the point itself, and which."""
    previous, trial = start, look(t)
    for iteration in range(c.maxIter):
        if _too_high(trial, start, c) or (iteration > 1 and trial.f >= previous.f):
            return [previous, trial], False
        if abs(trial.slope) <= -c.c2 * start.slope:
            return [trial], True
        if trial.slope >= 0:
            return [previous, trial], False
        ends = [(previous.t, previous.f, previous.slope), (trial.t, trial.f, trial.slope)]
        step = polyinterp(ends, trial.t + 0.01 * (trial.t - previous.t), trial.t * 10)
        previous, trial = trial, look(step)
    return [start, trial], False


def _zoom(look, bracket, start, c, iterations):
    """Shrink the interval, keeping a Wolfe point inside, until its lower end is one, and return its ends."""
    stalled = False
    for _ in range(iterations):
        low = 0 if bracket[0].f <= bracket[1].f else 1
        high = 1 - low
        step, stalled = _next_step(bracket, stalled)
        trial = look(step)
        done = False
        if _too_high(trial, start, c) or trial.f >= bracket[low].f:
            bracket[high] = trial
        else:
            done = abs(trial.slope) <= -c.c2 * start.slope
            if not done and trial.slope * (bracket[high].t - bracket[low].t) >= 0:
                bracket[high] = bracket[low]
            bracket[low] = trial
        if done or abs((bracket[0].t - bracket[1].t) * trial.slope) < c.tolX:
            break
    return bracket


def _next_step(bracket, stalled):
    """Return the interpolated step, moved inwards if it hugs an end of the interval for the second time running."""
    step = polyinterp([(end.t, end.f, end.slope) for end in bracket])
    low, high = sorted(end.t for end in bracket)
    if min(high - step, step - low) >= 0.1 * (high - low):
        return step, False
    if not (stalled or step >= high or step <= low):
        return step, True
    nearer_high = abs(step - high) < abs(step - low)
    return (high - 0.1 * (high - low) if nearer_high else low + 0.1 * (high - low)), False
