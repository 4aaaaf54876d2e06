"""Minimisation that learns curvature from successive gradients: lbfgs and conjugate gradients (cg)."""

import math

import numpy as np

from ..errors import RangeError
from .contract import Method, evaluate, restored_on_error
from .line_search import lswolfe

__all__ = ["lbfgs", "cg"]

_LBFGS = Method(
    "lbfgs",
    {
        "maxIter": 20,
        "maxEval": None,
        "tolFun": 1e-5,
        "tolX": 1e-9,
        "nCorrection": 100,
        "lineSearch": None,
        "lineSearchOptions": None,
        "learningRate": 1,
        "verbose": False,
    },
    state=("funcEval", "nIter", "d", "t", "old_dirs", "old_stps", "Hdiag", "g_old", "f_old"),
    scratch=("tmp1", "dir_bufs", "stp_bufs", "ro", "al"),
    wholes=("maxIter", "nCorrection"),
    unbounded=("maxIter", "maxEval", "nCorrection"),
)
_CG = Method(
    "cg",
    {
        "rho": 0.01,
        "sig": 0.5,
        "int": 0.1,
        "ext": 3.0,
        "maxIter": 20,
        "ratio": 100,
        "maxEval": None,
        "verbose": False,
    },
    state=("funcEval",),
    scratch=("df0", "df1", "df2", "df3", "s", "x0"),
    unbounded=("maxIter", "maxEval", "ratio"),
)


def lbfgs(feval, x, config=None, state=None):
    """Run up to ``maxIter`` iterations of L-BFGS, and go on from there when called again with the same state.

    With s and y the last ``nCorrection`` steps and changes of the gradient, H the inverse Hessian that they imply from
    the start (s . y) / (y . y) I, each iteration does::

        d <- -H g
        t <- learningRate (in the very first iteration min(1, 1 / sum|g|) learningRate), or what lineSearch finds
        x <- x + t d

    Parameters: ``maxIter`` (20), ``maxEval`` (1.25 maxIter), ``tolFun`` (1e-5: stop where sum|g| is no larger),
    ``tolX`` (1e-9: stop where sum|t d| or the change of the loss is no larger), ``nCorrection`` (100: the number of
    steps remembered), ``learningRate`` (1),
    ``lineSearch`` (None, ``optim.lswolfe`` or its name, or a function with its arguments and results),
    ``lineSearchOptions`` (the last of those arguments), ``verbose`` (False; print why it stopped).
    State: ``funcEval``, ``nIter``, ``old_dirs`` (s), ``old_stps`` (y), ``Hdiag``, ``d``, ``t``, ``g_old``, ``f_old``.

    Returns x and the losses: first the one at the given x, last the final one (without a line search the last iteration
    of a call is not followed by an evaluation). The evaluations of all calls are counted in ``state["funcEval"]``.

    Source: Torch7 optim ``lbfgs.lua``; M. Schmidt's minFunc; Nocedal and Wright, Numerical Optimization, algorithm 7.4.

    >>> import numpy as np
    >>> def rosenbrock(x):
    ...     a, b = x
    ...     return (1 - a)**2 + 100 * (b - a*a)**2, np.array([2 * (a - 1) - 400 * a * (b - a*a), 200 * (b - a*a)])
    >>> x = np.array([-1.2, 1.0])
    >>> x, losses = lbfgs(rosenbrock, x, {"lineSearch": lswolfe, "maxIter": 60, "maxEval": 100})
    >>> bool(np.abs(x - 1).max() < 1e-4), losses[0] > 20, losses[-1] < 1e-8
    (True, True, True)
    """
    c, state = _LBFGS.open(x, config, state)
    c.maxEval = c.maxIter * 1.25 if c.maxEval is None else _LBFGS.number("maxEval", c.maxEval)
    c.lineSearch = _line_search_of(c.lineSearch)
    with restored_on_error(x):
        return x, _lbfgs_iterations(feval, x, c, state)


def _line_search_of(setting):
    if setting is None or callable(setting):
        return setting
    if setting == "lswolfe":
        return lswolfe
    raise RangeError(f"lbfgs: lineSearch is optim.lswolfe, a function like it, or None, not {setting!r}")


def _lbfgs_iterations(feval, x, c, state):
    loss, g = evaluate(feval, x, "lbfgs")
    losses, evaluations, reason = [loss], 1, None
    memory = _Memory(state, x, c.nCorrection)
    if np.abs(g).sum() <= c.tolFun:
        reason = "optimality condition below tolFun"
    iteration = 0
    while reason is None and iteration < c.maxIter:
        iteration += 1
        d = memory.direction(g)
        slope = float(g @ d)
        memory.previous(g, loss)
        if slope > -c.tolX:
            reason = "no progress to be made along the direction"
            break
        first = c.learningRate * (min(1.0, 1 / float(np.abs(g).sum())) if memory.iterations == 1 else 1)
        last = iteration == c.maxIter
        loss, g, memory.t, asked = _move(feval, x, first, d, loss, g, slope, c, last)
        losses += [loss] if asked else []
        evaluations += asked
        reason = None if last else _reason_to_stop(c, evaluations, loss - memory.loss, g, memory.t, d)
    if c.verbose:
        print("lbfgs:", reason or "reached max number of iterations")
    memory.save(state, evaluations)
    return losses


def _move(feval, x, t, d, loss, g, slope, c, last):
    """Step along d; return the loss and gradient there, the step, and how often feval was asked."""
    if c.lineSearch is not None:
        # What counts is how x changes: a search of the user's own may hand back another array.
        loss, g, found, t, asked = c.lineSearch(feval, x, t, d, loss, g, slope, c.lineSearchOptions)
        if found is not x:
            x[...] = found
        return float(loss), g, float(t), asked
    x += t * d
    if last:
        return loss, g, t, 0
    return *evaluate(feval, x, "lbfgs"), t, 1


def _reason_to_stop(c, evaluations, change, g, t, d):
    if evaluations >= c.maxEval:
        return "max nb of function evals"
    if np.abs(g).sum() <= c.tolFun:
        return "optimality condition below tolFun"
    if np.abs(t * d).sum() <= c.tolX:
        return "step size below tolX"
    if abs(change) < c.tolX:
        return "function value changing less than tolX"
    return None


class _Memory:
    """The steps and gradient changes that L-BFGS goes by, read from state at the start and put back by ``save``."""

    def __init__(self, state, x, size):
        self.size = size
        self.iterations = state.get("nIter", 0)
        self.steps = list(state.get("old_dirs") or [])
        self.changes = list(state.get("old_stps") or [])
        self.scale = state.get("Hdiag", 1)
        self.t, self.loss = state.get("t", 0.0), state.get("f_old")
        started = self.iterations > 0
        self.d, self.g = (_LBFGS.memory(state, key, x).copy() if started else None for key in ("d", "g_old"))

    def direction(self, g):
        """Return -H g, after learning from the step that led to g."""
        self.iterations += 1
        if self.iterations > 1:
            self._learn(self.t * self.d, g - self.g)
        d = -g
        pairs = [(s, y, 1 / float(y @ s)) for s, y in zip(self.steps, self.changes)]
        weights = []
        for s, y, ro in reversed(pairs):
            weights.append(float(s @ d) * ro)
            d -= weights[-1] * y
        d *= self.scale
        for s, y, ro in pairs:
            d += (weights.pop() - float(y @ d) * ro) * s
        self.d = d
        return d

    def _learn(self, s, y):
        curvature = float(y @ s)
        if curvature <= 1e-10:
            return
        self.steps.append(s)
        self.changes.append(y)
        excess = max(0, len(self.steps) - self.size)
        del self.steps[:excess], self.changes[:excess]
        self.scale = curvature / float(y @ y)

    def previous(self, g, loss):
        """Keep what the next iteration compares with."""
        self.g, self.loss = g.copy(), loss

    def save(self, state, evaluations):
        state["funcEval"] = state.get("funcEval", 0) + evaluations
        state["nIter"] = self.iterations
        if self.iterations:
            state.update(d=self.d, t=self.t, old_dirs=self.steps, old_stps=self.changes)
            state.update(Hdiag=self.scale, g_old=self.g, f_old=self.loss)


def cg(feval, x, config=None, state=None):
    """Minimise by conjugate gradients (Polak-Ribiere) with a line search by cubic interpolation.

    With g_k the gradient after line search k, the directions are::

        s_0     = -g_0
        s_{k+1} = -g_{k+1} + (g_{k+1} . g_{k+1} - g_{k+1} . g_k) / (g_k . g_k) s_k      (-g_{k+1} if that goes uphill)

    Each search ends where the strong Wolfe-Powell conditions hold with ``rho`` and ``sig``. The run ends after
    ``maxEval`` evaluations or when a search fails, x then being the best point found.

    Parameters: ``maxEval`` (1.25 maxIter), ``maxIter`` (20: evaluations in one search), ``rho`` (0.01), ``sig`` (0.5),
    ``int`` (0.1: no interpolation closer than this to an end of the bracket), ``ext`` (3: extrapolate at most so many
    times the step), ``ratio`` (100: the largest ratio of slopes), ``verbose`` (False; print each search's loss).
    State: nothing but ``funcEval``, the evaluations of all calls; each call starts anew from steepest descent.

    Returns x and the losses: the first, and one after each successful search.

    Source: Torch7 optim ``cg.lua``, after C. E. Rasmussen's ``minimize.m``; Polak and Ribiere, 1969.

    >>> import numpy as np
    >>> x = np.array([4.0, -2.0, 1.0]); curvature = np.array([1.0, 10.0, 30.0])
    >>> x, losses = cg(lambda x: (x @ (curvature * x), 2 * curvature * x), x, {"maxEval": 100})
    >>> bool(np.abs(x).max() < 1e-5), losses[0]
    (True, 86.0)
    """
    c, state = _CG.open(x, config, state)
    c.maxEval = c.maxIter * 1.25 if c.maxEval is None else _CG.number("maxEval", c.maxEval)
    # Numpy's doubles give the infinities and NaNs that the search's formulas count on, where Python's raise.
    with restored_on_error(x), np.errstate(all="ignore"):
        search = _Search(feval, x, c)
        losses = search.run()
    state["funcEval"] = state.get("funcEval", 0) + search.evaluations
    return x, losses


class _Search:
    """One run of cg. At step z from where a line search began, f, d and g are the loss, the slope and the gradient."""

    def __init__(self, feval, x, c):
        self.feval, self.x, self.c = feval, x, c
        self.evaluations = 0

    def look(self, finite=False):
        loss, g = evaluate(self.feval, self.x, "cg", finite)
        self.evaluations += 1
        return np.float64(loss), g.copy()

    def run(self):
        f, g = self.look(finite=True)
        losses = [float(f)]
        s = -g
        d = -np.float64(s @ s)
        z = 1 / (1 - d)
        while d < 0 and self.evaluations < self.c.maxEval:
            origin = self.x.copy()
            found = self.line_search(f, d, z, s)
            if found is None:
                self.x[...] = origin
                break
            z, f, new = found
            losses.append(float(f))
            if self.c.verbose:
                print(f"cg: {self.evaluations} evaluations, loss {losses[-1]:g}")
            s *= float((new @ new - new @ g) / (g @ g))
            s -= new
            g, slope = new, np.float64(new @ s)
            if slope > 0:
                s = -g
                slope = -np.float64(s @ s)
            z = z * min(self.c.ratio, d / (slope - 1e-320))
            d = slope
        return losses

    def line_search(self, f1, d1, z1, s):
        """Move x from where loss and slope are f1, d1; return the step, loss and gradient, or None if it fails."""
        c = self.c
        self.x += float(z1) * s
        f2, g = self.look()
        d2 = np.float64(g @ s)
        f3, d3, z3 = f1, d1, -z1
        left = min(c.maxIter, c.maxEval - self.evaluations)
        limit = None
        while True:
            while _overshot(f1, d1, z1, f2, d2, c) and left > 0:
                limit = z1
                z2 = _interpolated(f1, f2, d2, f3, d3, z3, c.int)
                z1, z3, left = z1 + z2, z3 - z2, left - 1
                f2, g, d2 = self.step(z2, s)
            if _overshot(f1, d1, z1, f2, d2, c):
                return None
            if d2 > c.sig * d1:
                return z1, f2, g
            if left <= 0:
                return None
            z2 = _extrapolated(z1, f2, d2, f3, d3, z3, limit, c)
            f3, d3, z3 = f2, d2, -z2
            z1, left = z1 + z2, left - 1
            f2, g, d2 = self.step(z2, s)

    def step(self, z, s):
        self.x += float(z) * s
        f, g = self.look()
        return f, g, np.float64(g @ s)


def _overshot(f1, d1, z1, f2, d2, c):
    # Written as "not low enough", so that a NaN counts as too far.
    return not (f2 <= f1 + z1 * c.rho * d1 and d2 <= -c.sig * d1)


def _cubic(f2, d2, f3, d3, z3):
    """Return A and B of the cubic through both points with their slopes."""
    return 6 * (f2 - f3) / z3 + 3 * (d2 + d3), 3 * (f3 - f2) - z3 * (d3 + 2 * d2)


def _interpolated(f1, f2, d2, f3, d3, z3, margin):
    """Return the step back towards the minimum inside the bracket, ``margin`` of its width away from both ends."""
    if f2 > f1:
        z2 = z3 - (0.5 * d3 * z3 * z3) / (d3 * z3 + f2 - f3)
    else:
        a, b = _cubic(f2, d2, f3, d3, z3)
        z2 = (np.sqrt(b * b - a * d2 * z3 * z3) - b) / a
    if not math.isfinite(z2):
        z2 = z3 / 2
    return max(min(z2, margin * z3), (1 - margin) * z3)


def _extrapolated(z1, f2, d2, f3, d3, z3, limit, c):
    """Return the step further on: to the cubic's minimum, but neither beyond ``limit`` nor ``ext`` times as far."""
    a, b = _cubic(f2, d2, f3, d3, z3)
    z2 = -d2 * z3 * z3 / (b + np.sqrt(b * b - a * d2 * z3 * z3))
    if not math.isfinite(z2) or z2 < 0:
        return z1 * (c.ext - 1) if limit is None else (limit - z1) / 2
    if limit is not None and z2 + z1 > limit:
        return (limit - z1) / 2
    if limit is None and z2 + z1 > z1 * c.ext:
        return z1 * (c.ext - 1)
    if z2 < -z3 * c.int:
        return -z3 * c.int
    if limit is not None and z2 < (limit - z1) * (1 - c.int):
        return (limit - z1) * (1 - c.int)
    return z2
