"""Minimisation of a smooth loss plus one that is not, such as an L1 penalty: FISTA with backtracking (FistaLS)."""

import math

from ..errors import RangeError
from .contract import Method, check_x, evaluate, loss_of, restored_on_error

__all__ = ["FistaLS"]

_FISTA = Method(
    "FistaLS",
    {
        "L": 0.1,
        "Lstep": 1.5,
        "maxiter": 50,
        "maxline": 20,
        "errthres": 1e-4,
        "doFistaUpdate": True,
        "verbose": False,
    },
    scratch=("xkm", "y", "ply"),
    wholes=("maxline",),
    unbounded=("maxiter",),
)


def FistaLS(f, g, pl, xinit, params=None):
    """Minimise f + g, f smooth and g simple, by FISTA, beginning at ``xinit``, which changes in place.

    With y = x = xinit, t = 1 at first, each iteration makes L larger by ``Lstep`` until Q is no smaller than f::

        x+ <- pl(y - grad f(y) / L, L),       Q = f(y) + grad f(y) . (x+ - y) + L / 2 |x+ - y|^2
        t+ <- (1 + sqrt(1 + 4 t^2)) / 2
        y  <- x+ + (t - 1) / t+ (x+ - x)      (y <- x+ for ISTA)

    and it ends after ``maxiter`` iterations, or where f + g changes by no more than ``errthres``.

    Arguments: ``f(x)`` returns (loss, gradient); ``g(x)`` returns a number; ``pl(x, L)`` changes x in place into the
    minimum over z of g(z) + L / 2 |z - x|^2 (for g = lambda |x|_1 the shrinkage by lambda / L).

    Parameters: ``L`` (0.1; the last one used is put back into ``params`` for the next call), ``Lstep`` (1.5),
    ``maxiter`` (50), ``maxline`` (20: tries of L per iteration), ``errthres`` (1e-4), ``doFistaUpdate`` (True;
    False for ISTA), ``verbose`` (False; True keeps ``xk`` and ``y`` in the history).

    Returns xinit, at the solution y, and one dict per iteration: ``nline``, ``L``, ``F`` = ``Fply`` + ``Gply``, ``Q``.

    Source: Torch7 optim ``fista.lua``; Beck and Teboulle, SIAM J. Imaging Sciences 2(1), 2009. Unlike the Lua file this
    one begins at xinit rather than at zero, and does FISTA unless told otherwise, as Torch7's page says; f is asked
    for both its values every time, without the argument ``'dx'``.

    >>> import numpy as np
    >>> def shrink(x, L):
    ...     x[...] = np.sign(x) * np.maximum(np.abs(x) - 1 / L, 0)
    >>> target = np.array([3.0, -0.2])
    >>> x, history = FistaLS(lambda x: (0.5 * ((x - target)**2).sum(), x - target),
    ...                      lambda x: np.abs(x).sum(), shrink, np.zeros(2))
    >>> x.round(1) + 0
    array([2., 0.])
    """
    check_x(xinit, "FistaLS")
    params = {} if params is None else params
    _FISTA.check_keys(params)
    c = _FISTA.settings(params)
    if c.L == 0:
        raise RangeError("FistaLS: L is a number above 0, not 0; steps are 1 / L long")
    x, y, momentum, history = xinit.copy(), xinit.copy(), 1.0, []
    with restored_on_error(xinit):
        while len(history) < c.maxiter:
            new, tries, Q = _backtrack(f, pl, x, y, c)
            following = (1 + math.sqrt(1 + 4 * momentum**2)) / 2
            y = new + (momentum - 1) / following * (new - x) if c.doFistaUpdate else new.copy()
            x, momentum = new, following
            smooth, rough = evaluate(f, y, "FistaLS", finite=False)[0], loss_of(g(y), "FistaLS")
            record = {"nline": tries, "L": c.L, "F": smooth + rough, "Fply": smooth, "Gply": rough, "Q": Q}
            history.append(record | ({"xk": x.copy(), "y": y.copy()} if c.verbose else {}))
            if len(history) > 1 and abs(history[-1]["F"] - history[-2]["F"]) <= c.errthres:
                break
        xinit[...] = y
    params["L"] = c.L
    return xinit, history


def _backtrack(f, pl, x, y, c):
    """Return the step from y whose quadratic bound Q holds, or x where none is found; how many were tried; and Q."""
    loss, gradient = evaluate(f, y, "FistaLS")
    gradient = gradient.copy()
    for tries in range(1, c.maxline + 2):
        new = y - gradient / c.L
        pl(new, c.L)
        moved = new - y
        Q = loss + float(gradient @ moved) + c.L / 2 * float(moved @ moved)
        if evaluate(f, new, "FistaLS", finite=False)[0] <= Q:
            return new, tries, Q
        if tries <= c.maxline:
            c.L *= c.Lstep
    return x.copy(), tries, Q
