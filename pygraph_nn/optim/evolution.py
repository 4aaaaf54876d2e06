"""Minimisation by populations of random candidates, without gradients: differential evolution (de) and cmaes."""

import math

import numpy as np

from .. import rng
from ..errors import DivergenceError, RangeError
from .contract import Method, loss_of, restored_on_error

__all__ = ["de", "cmaes"]

_DE = Method(
    "de",
    {
        "popsize": None,
        "scaleFactor": 0.5,
        "crossoverRate": 0.9,
        "maxFEs": None,
        "maxRegion": 30,
        "minRegion": -30,
        "seed": 1,
    },
    state=("funcEval",),
    signed=("maxRegion", "minRegion"),
    wholes=("popsize", "seed"),
)
_CMAES = Method(
    "cmaes",
    {"sigma": 0.5, "maxEval": None, "ftarget": None, "popsize": None, "min_iterations": 1, "verb_disp": 0},
    state=("funcEval",),
    signed=("ftarget",),
    wholes=("popsize",),
    unbounded=("ftarget", "maxEval"),
)


class _Objective:
    """feval as a function of a candidate, which is written into x first; it counts, and keeps the best."""

    def __init__(self, feval, x, method):
        self.feval, self.x, self.method = feval, x, method
        self.history = []
        self.best, self.best_x = math.inf, x.copy()

    def __call__(self, candidate):
        self.x[...] = candidate
        loss = loss_of(self.feval(self.x), self.method)
        loss = math.inf if math.isnan(loss) else loss
        self.history.append(loss)
        if loss < self.best:
            self.best, self.best_x = loss, self.x.copy()
        return loss

    def close(self, state):
        """Leave the best candidate in x, and the number of evaluations in state; raise where there is no best."""
        if self.best == math.inf:
            raise DivergenceError(
                f"{self.method}: none of {len(self.history)} losses is a finite number. x was left as it was. "
                "Begin where the loss is finite, or let feval return a large number where it is not"
            )
        self.x[...] = self.best_x
        state["funcEval"] = state.get("funcEval", 0) + len(self.history)


def _open(method, x, config, state):
    """Return the settings, from state too where Torch7 looked for cmaes's, and the dict that remembers."""
    if isinstance(state, dict) and state is not config and (config is None or isinstance(config, dict)):
        merged = (config or {}) | {key: state[key] for key in method.defaults if key in state}
        return method.open(x, merged, None)[0], state
    return method.open(x, config, state)


def de(feval, x, config=None, state=None):
    """Search a box by differential evolution, the variant DE/best/1/bin; x's value at the start plays no part.

    From a population p drawn evenly from the box, every generation makes a child of each member i, with two other
    members r1, r2 chosen at random, and per coordinate::

        child <- best + scaleFactor (p_r1 - p_r2) with probability crossoverRate, else p_i

    and the child takes its parent's place if its loss is no larger. A loss of NaN counts as infinite; DivergenceError
    is raised where all are.

    Parameters: ``popsize`` (10 per element of x, at least 3), ``scaleFactor`` (0.5), ``crossoverRate`` (0.9),
    ``maxFEs`` (100 per member: evaluations of the loss), ``minRegion`` and ``maxRegion`` (-30, 30:
    the box the first population comes from). ``seed`` (1) is that of its own random generator: Torch7 always takes 1;
    other seeds are other runs.

    Returns x, which becomes the best candidate seen, and the losses of all candidates in order. ``feval(x)`` may return
    the loss alone. State: nothing but ``funcEval``; each call starts anew.

    Source: Torch7 optim ``de.lua``; Storn and Price, Differential evolution, 1997. The generations are Torch7's, draw
    for draw, with what sets them apart from the paper: ``best`` starts as the *worst* of the first population, and the
    one member whose number is drawn from 1..len(x), rather than one coordinate of each, takes all of its child.

    >>> import numpy as np
    >>> x = np.zeros(2)
    >>> x, losses = de(lambda x: float((x - 3) @ (x - 3)), x, {"popsize": 20, "maxFEs": 1000})
    >>> bool(np.abs(x - 3).max() < 1e-3), len(losses)
    (True, 1000)
    """
    c, state = _open(_DE, x, config, state)
    size = 10 * x.size if c.popsize is None else _DE.number("popsize", c.popsize)
    budget = 100 * size if c.maxFEs is None else _DE.number("maxFEs", c.maxFEs)
    if size < 3:
        raise RangeError(f"de: a child has three different parents, so that popsize is at least 3, not {size}")
    if budget < size:
        raise RangeError(f"de: maxFEs is {budget}, not enough to look at a population of {size} even once")
    if not c.minRegion < c.maxRegion:
        raise RangeError(f"de: minRegion lies below maxRegion, but they are {c.minRegion} and {c.maxRegion}")
    generator = rng.Generator()
    generator.manualSeed(c.seed)
    look = _Objective(feval, x, "de")
    with restored_on_error(x):
        _evolve(look, generator, size, budget, c)
        look.close(state)
    return x, look.history


def _evolve(look, generator, size, budget, c):
    x = look.x
    population = generator.uniform(c.minRegion, c.maxRegion, size=(size, x.size), dtype=x.dtype)
    losses = [look(member) for member in population]
    worst = int(np.argmax(losses))
    base, base_loss = population[worst].copy(), losses[worst]
    while len(look.history) + size <= budget:
        children = np.empty_like(population)
        for i in range(size):
            children[i] = _child(generator, population, i, base, c)
        # Nothing is replaced before the whole generation has been looked at.
        outcomes = [look(child) for child in children]
        for i, loss in enumerate(outcomes):
            if loss <= losses[i]:
                population[i], losses[i] = children[i], loss
                if loss < base_loss:
                    base, base_loss = children[i].copy(), loss


def _child(generator, population, i, base, c):
    size, width = population.shape
    r1 = r2 = i
    while r1 == i:
        r1 = generator.random(1, size) - 1
    while r2 in (i, r1):
        r2 = generator.random(1, size) - 1
    drawn = generator.random(1, width) - 1
    crossed = generator.uniform(0, 1, size=width, dtype=np.float64) < c.crossoverRate
    return np.where(crossed | (i == drawn), base + c.scaleFactor * (population[r1] - population[r2]), population[i])


def cmaes(feval, x, config=None, state=None):
    """Minimise by evolving a normal distribution around x: CMA-ES, for rugged losses of up to about 100 parameters.

    With w the weights of the better half, x_k the candidates in order of loss and D, B the square roots of the
    eigenvalues and the eigenvectors of C, each iteration does::

        x_k   <- mean + sigma B D z_k,  z_k ~ N(0, I),  k = 1..popsize
        mean  <- sum_k w_k x_k
        ps    <- (1 - cs) ps + sqrt(cs (2 - cs) mueff) C^(-1/2) (mean - old) / sigma
        pc    <- (1 - cc) pc + h sqrt(cc (2 - cc) mueff) (mean - old) / sigma
        C     <- (1 - c1' - cmu) C + c1 pc pc' + cmu sum_k w_k (x_k - old) (x_k - old)' / sigma^2
        sigma <- sigma exp(min(0.6, cs / damps (|ps|^2 / N - 1) / 2))

    It ends after ``maxEval`` evaluations, at ``ftarget``, when C is too long in one direction (1e7), when all losses of
    an iteration (1e-12) or all steps (1e-11) have become alike, or when the steps grow without bound (1e100).
    A loss of NaN counts as infinite; DivergenceError is raised where all are.

    Parameters: ``sigma`` (0.5: the standard deviation of the first candidates, about a quarter of the region of
    interest), ``maxEval`` (1000 len(x)^2), ``ftarget`` (None), ``popsize`` (4 + floor(3 log len(x)), at least 2),
    ``min_iterations`` (1), ``verb_disp`` (0; print every so many iterations). As in Torch7 they may stand in state.

    Returns x, which becomes the best point seen, and the losses: at the given x, the best of each iteration, the best
    of all. ``feval(x)`` may return the loss alone. The candidates come from ``pygraph_nn.rng``: seed it with
    ``manualSeed``. State: nothing but ``funcEval``; each call starts anew.

    Source: Torch7 optim ``cmaes.lua``, after N. Hansen's barecmaes2; Hansen, The CMA evolution strategy: a tutorial.

    >>> import numpy as np
    >>> from pygraph_nn import rng
    >>> rng.manualSeed(1)
    >>> x, losses = cmaes(lambda x: float((x - 3) @ (x - 3)), np.zeros(3), {"ftarget": 1e-8})
    >>> bool(np.abs(x - 3).max() < 1e-3), losses[0], losses[-1] < 1e-8
    (True, 27.0, True)
    """
    c, state = _open(_CMAES, x, config, state)
    size = 4 + int(3 * math.log(x.size)) if c.popsize is None else _CMAES.number("popsize", c.popsize)
    budget = 1e3 * x.size**2 if c.maxEval is None else _CMAES.number("maxEval", c.maxEval)
    target = -math.inf if c.ftarget is None else _CMAES.number("ftarget", c.ftarget)
    if size < 2 or c.sigma == 0:
        raise RangeError(f"cmaes: popsize is at least 2 and sigma above 0, not {size} and {c.sigma}")
    look = _Objective(feval, x, "cmaes")
    with restored_on_error(x):
        losses = [look(x.copy())]
        search = _Distribution(look.best_x.astype(np.float64), c.sigma, size)
        while not (reason := search.reason_to_stop(budget, target)) or search.iteration < c.min_iterations:
            losses.append(search.iterate(look))
            if c.verb_disp and search.iteration % c.verb_disp == 0:
                print(f"cmaes: {search.evaluations} evaluations, loss {losses[-1]:g}, sigma {search.sigma:.1e}")
        look.close(state)
    if c.verb_disp:
        print(f"cmaes: stopped by {reason}, best loss {look.best:g}")
    return x, [*losses, look.best]


class _Distribution:
    """The normal distribution that cmaes draws from, and how it learns."""

    def __init__(self, mean, sigma, size):
        n = mean.size
        self.mean, self.sigma, self.size, self.n = mean, sigma, size, n
        half = size / 2
        weights = math.log(half + 0.5) - np.log(np.arange(1, int(half) + 1))
        self.weights = weights / weights.sum()
        self.mueff = mueff = 1 / float(self.weights @ self.weights)
        self.cc = (4 + mueff / n) / (n + 4 + 2 * mueff / n)
        self.cs = (mueff + 2) / (n + mueff + 5)
        self.c1 = 2 / ((n + 1.3) ** 2 + mueff)
        self.cmu = min(1 - self.c1, 2 * (mueff - 2 + 1 / mueff) / ((n + 2) ** 2 + mueff))
        self.damps = 2 * mueff / size + 0.3 + self.cs
        self.pc, self.ps = np.zeros(n), np.zeros(n)
        self.C, self.B, self.D, self.inverse_root = np.eye(n), np.eye(n), np.ones(n), np.eye(n)
        self.evaluations = self.decomposed_at = self.iteration = 0
        self.losses = None

    def iterate(self, look):
        """Draw candidates, look at them, learn from them; return the smallest loss."""
        self.iteration += 1
        candidates = self._draw()
        losses = np.array([look(candidate) for candidate in candidates])
        order = np.argsort(losses, kind="stable")
        self.losses = losses[order]
        self.evaluations += self.size
        self._learn(candidates[order[: len(self.weights)]])
        return float(self.losses[0])

    def _draw(self):
        # The decomposition costs O(N^3), so it waits until C has changed noticeably.
        if self.evaluations - self.decomposed_at > self.size / (self.c1 + self.cmu) / self.n / 10:
            self.decomposed_at = self.evaluations
            self.C = np.triu(self.C) + np.triu(self.C, 1).T
            variances, self.B = np.linalg.eigh(self.C)
            # Rounding may leave a variance at or below 0; this floor is where reason_to_stop ends the run anyway.
            self.D = np.sqrt(np.maximum(variances, 1e-16 * variances.max()))
            self.inverse_root = (self.B / self.D) @ self.B.T
        z = rng.normal(0, 1, size=(self.size, self.n), dtype=np.float64)
        return self.mean + self.sigma * ((z * self.D) @ self.B.T)

    def _learn(self, better):
        old = self.mean
        self.mean = self.weights @ better
        step = (self.mean - old) / self.sigma
        self.ps += math.sqrt(self.cs * (2 - self.cs) * self.mueff) * (self.inverse_root @ step) - self.cs * self.ps
        length = float(self.ps @ self.ps)
        fading = 1 - (1 - self.cs) ** (2 * self.evaluations / self.size)
        steady = length / fading / self.n < 2 + 4 / (self.n + 1)
        self.pc += steady * math.sqrt(self.cc * (2 - self.cc) * self.mueff) * step - self.cc * self.pc
        c1 = self.c1 - (not steady) * self.c1 * self.cc * (2 - self.cc)
        steps = (better - old) / self.sigma
        learnt = self.c1 * np.outer(self.pc, self.pc) + self.cmu * (steps.T * self.weights) @ steps
        self.C += learnt - (c1 + self.cmu) * self.C
        self.sigma *= math.exp(min(0.6, self.cs / self.damps * (length / self.n - 1) / 2))

    def reason_to_stop(self, budget, target):
        """Return why the run is over, or None."""
        if self.losses is None:
            return None
        if self.evaluations >= budget:
            return "maxEval"
        if self.losses[0] <= target:
            return "ftarget"
        if self.D.max() > 1e7 * self.D.min():
            return "a distribution 1e7 times longer than wide"
        if math.isfinite(self.losses[0]) and self.losses[-1] - self.losses[0] < 1e-12:
            return "losses all alike"
        if not 1e-11 <= self.sigma * self.D.max() <= 1e100:
            return "steps all alike, or without bound"
        return None
