"""Whether feval's gradient is the gradient of feval's loss: checkgrad, by central differences."""

import numbers

import numpy as np

from ..errors import RangeError, TensorTypeError
from .contract import check_x, evaluate, loss_of, restored_on_error

__all__ = ["checkgrad"]


def checkgrad(feval, x, eps=None):
    """Compare the gradient that feval returns at x with central differences of its loss.

    For each element::

        estimate_i = (f(x + eps e_i) - f(x - eps e_i)) / (2 eps)
        diff       = |gradient - estimate| / |gradient + estimate|

    ``eps`` is 1e-7, as in Torch7, for float64, and 5e-3 for float32, where 1e-7 is lost in rounding: prefer float64. x
    changes while feval is asked and is then as before. It takes 2 len(x) evaluations; feval must give the same loss at
    the same x (no dropout).

    Returns ``(diff, gradient, estimate)``; diff is about 1e-7 for a right gradient of a smooth loss, and above 1e-3 for
    a wrong one.

    Source: Torch7 optim ``checkgrad.lua``.

    >>> import numpy as np
    >>> x = np.array([1.0, 2.0])
    >>> checkgrad(lambda x: (x @ x, 2 * x), x)[0] < 1e-6
    True
    >>> checkgrad(lambda x: (x @ x, 3 * x), x)[0] > 0.1
    True
    """
    check_x(x, "checkgrad")
    if eps is None:
        eps = 1e-7 if x.dtype == np.float64 else 5e-3
    if not isinstance(eps, numbers.Real) or isinstance(eps, bool):
        raise TensorTypeError(f"checkgrad: eps is a number above 0, not {eps!r}")
    if not 0 < eps < np.inf:
        raise RangeError(f"checkgrad: eps is a finite number above 0, not {eps!r}")
    with restored_on_error(x):
        gradient = evaluate(feval, x, "checkgrad")[1].copy()
        estimate = np.empty_like(gradient)
        for i in range(x.size):
            estimate[i] = _slope(feval, x, i, eps)
    difference, size = (float(np.linalg.norm(v)) for v in (gradient - estimate, gradient + estimate))
    if difference == 0:
        return 0.0, gradient, estimate
    return (difference / size if size else np.inf), gradient, estimate


def _slope(feval, x, i, eps):
    value = x[i]
    x[i] = value + eps
    after = loss_of(feval(x), "checkgrad")
    x[i] = value - eps
    before = loss_of(feval(x), "checkgrad")
    x[i] = value
    return (after - before) / (2 * eps)
