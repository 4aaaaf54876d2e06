"""Gradients kept within bounds before a step: by value or by norm, in place, for one vector or a list of arrays."""

import math
import numbers

import numpy as np

from ..errors import DivergenceError, RangeError, TensorTypeError
from ..memory import memory_key

__all__ = ["clip_by_value", "clip_by_norm"]


def clip_by_value(g, limit):
    """Keep every element of ``g`` within [-limit, limit], in place; return the largest absolute value there was.

    ``g`` is an array, such as the gradient from ``getParameters()``, or a list of arrays, such as that from
    ``parameters()``. NaN stays NaN: the optimiser reports it.

    Raises: RangeError unless limit > 0; TensorTypeError for anything but a number and writable arrays of floats.

    Source: what char-rnn's ``grad_params:clamp(-5, 5)`` does.

    >>> import numpy as np
    >>> g = np.array([0.5, -7.0, 2.0])
    >>> clip_by_value(g, 5), g
    (7.0, array([ 0.5, -5. ,  2. ]))
    """
    arrays = _arrays(g, "clip_by_value", "limit", limit)
    largest = _largest(arrays)
    for a in arrays:
        np.clip(a, -limit, limit, out=a)
    return largest


def clip_by_norm(g, max_norm):
    """Scale ``g`` in place so that its Euclidean norm is at most ``max_norm``; return the norm it had.

    The norm is that of all arrays together, so that the direction stays::

        g <- g min(1, max_norm / |g|)

    Arrays that are the same memory, as those of modules that share, count and are scaled once.

    Raises: RangeError unless max_norm > 0; TensorTypeError for anything but a number and writable arrays of floats;
    DivergenceError, with g untouched, where the norm is not finite, since scaling would make every element NaN.

    Source: Pascanu et al., On the difficulty of training recurrent neural networks, 2013, algorithm 1.

    >>> import numpy as np
    >>> g = [np.array([3.0]), np.array([[0.0, 4.0]])]
    >>> clip_by_norm(g, 1), g
    (5.0, [array([0.6]), array([[0. , 0.8]])])
    """
    arrays = list({memory_key(a): a for a in _arrays(g, "clip_by_norm", "max_norm", max_norm)}.values())
    norm = _norm(arrays)
    if not math.isfinite(norm):
        raise DivergenceError(f"clip_by_norm: the gradient's norm is {norm}, which no scaling can mend; g is unchanged")
    if norm > max_norm:
        # All products are taken before the first is written, since views may overlap.
        for a, scaled in [(a, a * (max_norm / norm)) for a in arrays]:
            a[...] = scaled
    return norm


def _norm(arrays):
    # Doubles: the squares of a float32 gradient may overflow where its norm does not.
    with np.errstate(over="ignore", under="ignore"):
        norm = math.sqrt(sum(float(np.square(a, dtype=np.float64).sum()) for a in arrays))
    if 1e-140 < norm < math.inf:
        return norm
    # Squares of doubles may overflow or vanish, too; divided by the largest they do not.
    largest = _largest(arrays)
    if not 0 < largest < math.inf:
        return largest
    with np.errstate(under="ignore"):
        return largest * math.sqrt(sum(float(np.square(a / largest, dtype=np.float64).sum()) for a in arrays))


def _largest(arrays):
    return max((float(np.abs(a).max()) for a in arrays if a.size), default=0.0)


def _arrays(g, place, key, bound):
    if not isinstance(bound, numbers.Real) or isinstance(bound, bool):
        raise TensorTypeError(f"{place}: {key} is a number above 0, not {bound!r}")
    if not bound > 0:
        raise RangeError(f"{place}: {key} is a number above 0, not {bound!r}")
    arrays = list(g) if isinstance(g, (list, tuple)) else [g]
    for a in arrays:
        if not isinstance(a, np.ndarray) or not np.issubdtype(a.dtype, np.floating) or not a.flags.writeable:
            came = f"a {a.dtype} one" if isinstance(a, np.ndarray) else type(a).__name__
            raise TensorTypeError(f"{place}: g is a writable array of floats, or a list of such, not {came}")
    return arrays
