"""Gradient descent with a step size per parameter, learnt from the gradients seen so far: adagrad to rprop."""

import math

import numpy as np

from .contract import Method, evaluate, restored_on_error
from .descent import annealed, decayed

__all__ = ["adagrad", "adadelta", "rmsprop", "adam", "adamax", "rprop"]

_ADAGRAD = Method(
    "adagrad",
    {"learningRate": 1e-3, "learningRateDecay": 0, "weightDecay": 0},
    state=("evalCounter", "paramVariance"),
    scratch=("paramStd",),
)
_ADADELTA = Method(
    "adadelta",
    {"rho": 0.9, "eps": 1e-6, "weightDecay": 0},
    state=("evalCounter", "paramVariance", "accDelta"),
    scratch=("paramStd", "delta"),
    fractions=("rho",),
)
_RMSPROP = Method(
    "rmsprop",
    {"learningRate": 1e-2, "alpha": 0.99, "epsilon": 1e-8, "weightDecay": 0, "initialMean": 0},
    state=("m",),
    scratch=("tmp",),
    fractions=("alpha",),
)
_ADAM = Method(
    "adam",
    {"learningRate": 1e-3, "learningRateDecay": 0, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weightDecay": 0},
    state=("t", "m", "v"),
    scratch=("denom",),
    fractions=("beta1", "beta2"),
)
_ADAMAX = Method(
    "adamax",
    {"learningRate": 2e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-38, "weightDecay": 0},
    state=("t", "m", "u"),
    scratch=("max",),
    fractions=("beta1", "beta2"),
)
_RPROP = Method(
    "rprop",
    {"stepsize": 0.1, "etaplus": 1.2, "etaminus": 0.5, "stepsizemax": 50.0, "stepsizemin": 1e-6, "niter": 1},
    state=("delta", "stepsize"),
    scratch=("sign", "psign", "nsign", "zsign", "dminmax"),
    wholes=("niter",),
    unbounded=("stepsizemax",),
)


def _average(mean, weight, value):
    """Move the running average ``mean`` towards ``value`` in place: mean <- weight mean + (1 - weight) value."""
    mean *= weight
    mean += (1 - weight) * value


def adagrad(feval, x, config=None, state=None):
    """Take one step of AdaGrad: each parameter's step shrinks with the sum of its squared gradients.

    With n the number of steps before this one and G zero at first::

        g <- g + wd x
        G <- G + g^2
        x <- x - lr / (1 + n lrd) g / (sqrt(G) + 1e-10)

    Parameters: ``learningRate`` lr (1e-3), ``learningRateDecay`` lrd (0), ``weightDecay`` wd (0).
    State: ``evalCounter`` n, ``paramVariance`` G. Returns x and ``[loss before the step]``.

    Source: Torch7 optim ``adagrad.lua``; Duchi et al., Adaptive subgradient methods, JMLR 2011.

    >>> import numpy as np
    >>> x, state = np.array([4.0, -2.0]), {}
    >>> for _ in range(100):
    ...     _, losses = adagrad(lambda x: (x @ x, 2 * x), x, {"learningRate": 1}, state)
    >>> bool(np.abs(x).max() < 1e-3)
    True
    """
    c, state = _ADAGRAD.open(x, config, state)
    steps = state.get("evalCounter", 0)
    loss, g = evaluate(feval, x, "adagrad")
    g = decayed(g, x, c.weightDecay)
    squares = _ADAGRAD.memory(state, "paramVariance", x)
    squares += g * g
    x -= annealed(c, steps) * g / (np.sqrt(squares) + 1e-10)
    state["evalCounter"] = steps + 1
    return x, [loss]


def adadelta(feval, x, config=None, state=None):
    """Take one step of AdaDelta, which needs no learning rate.

    With G and D zero at first::

        g <- g + wd x
        G <- rho G + (1 - rho) g^2
        d <- sqrt(D + eps) / sqrt(G + eps) g
        x <- x - d
        D <- rho D + (1 - rho) d^2

    Parameters: ``rho`` (0.9), ``eps`` (1e-6: the first steps are about sqrt(eps) long), ``weightDecay`` wd (0).
    State: ``evalCounter``, ``paramVariance`` G, ``accDelta`` D. Returns x and ``[loss before the step]``.

    Source: Torch7 optim ``adadelta.lua``; Zeiler, ADADELTA, 2012 (arXiv 1212.5701).

    >>> import numpy as np
    >>> x, state = np.array([0.4, -0.2]), {}
    >>> for _ in range(300):
    ...     _, losses = adadelta(lambda x: (x @ x, 2 * x), x, {}, state)
    >>> bool(np.abs(x).max() < 1e-2)
    True
    """
    c, state = _ADADELTA.open(x, config, state)
    loss, g = evaluate(feval, x, "adadelta")
    g = decayed(g, x, c.weightDecay)
    squares, moved = (_ADADELTA.memory(state, key, x) for key in ("paramVariance", "accDelta"))
    _average(squares, c.rho, g * g)
    delta = np.sqrt(moved + c.eps) / np.sqrt(squares + c.eps) * g
    x -= delta
    _average(moved, c.rho, delta * delta)
    state["evalCounter"] = state.get("evalCounter", 0) + 1
    return x, [loss]


def rmsprop(feval, x, config=None, state=None):
    """Take one step of RMSprop: the gradient divided by a running root mean square of itself.

    With m filled with initialMean at first::

        g <- g + wd x
        m <- alpha m + (1 - alpha) g^2
        x <- x - lr g / (sqrt(m) + epsilon)

    Parameters: ``learningRate`` lr (1e-2), ``alpha`` (0.99), ``epsilon`` (1e-8), ``weightDecay`` wd (0),
    ``initialMean`` (0). State: ``m``. Returns x and ``[loss before the step]``.

    Source: Torch7 optim ``rmsprop.lua``; Tieleman and Hinton, Lecture 6.5, 2012.

    >>> import numpy as np
    >>> x, state = np.array([0.4, -0.2]), {}
    >>> for _ in range(100):
    ...     _, losses = rmsprop(lambda x: (x @ x, 2 * x), x, {"alpha": 0.9}, state)
    >>> bool(np.abs(x).max() < 0.02)
    True
    """
    c, state = _RMSPROP.open(x, config, state)
    loss, g = evaluate(feval, x, "rmsprop")
    g = decayed(g, x, c.weightDecay)
    squares = _RMSPROP.memory(state, "m", x, c.initialMean)
    _average(squares, c.alpha, g * g)
    x -= c.learningRate * g / (np.sqrt(squares) + c.epsilon)
    return x, [loss]


def adam(feval, x, config=None, state=None):
    """Take one step of Adam: momentum over a running root mean square, both corrected for starting at zero.

    With t the number of this step, counted from 1, and m, v zero at first::

        g <- g + wd x
        m <- beta1 m + (1 - beta1) g
        v <- beta2 v + (1 - beta2) g^2
        x <- x - lr / (1 + (t - 1) lrd) sqrt(1 - beta2^t) / (1 - beta1^t) m / (sqrt(v) + epsilon)

    Parameters: ``learningRate`` lr (1e-3), ``learningRateDecay`` lrd (0), ``beta1`` (0.9), ``beta2`` (0.999),
    ``epsilon`` (1e-8, added before the correction, unlike PyTorch's), ``weightDecay`` wd (0).
    State: ``t``, ``m``, ``v``. Returns x and ``[loss before the step]``.

    Source: Torch7 optim ``adam.lua``; Kingma and Ba, Adam, 2015 (arXiv 1412.6980).

    >>> import numpy as np
    >>> def rosenbrock(x):
    ...     a, b = x
    ...     return (1 - a)**2 + 100 * (b - a*a)**2, np.array([2 * (a - 1) - 400 * a * (b - a*a), 200 * (b - a*a)])
    >>> x, state = np.array([-1.2, 1.0]), {}
    >>> for _ in range(2000):
    ...     _, losses = adam(rosenbrock, x, {"learningRate": 0.05}, state)
    >>> bool(np.abs(x - 1).max() < 1e-3), losses[0] < 1e-6
    (True, True)
    """
    c, state = _ADAM.open(x, config, state)
    loss, g = evaluate(feval, x, "adam")
    g = decayed(g, x, c.weightDecay)
    m, v = (_ADAM.memory(state, key, x) for key in ("m", "v"))
    rate = annealed(c, state.get("t", 0))
    t = state["t"] = state.get("t", 0) + 1
    _average(m, c.beta1, g)
    _average(v, c.beta2, g * g)
    x -= rate * math.sqrt(1 - c.beta2**t) / (1 - c.beta1**t) * m / (np.sqrt(v) + c.epsilon)
    return x, [loss]


def adamax(feval, x, config=None, state=None):
    """Take one step of AdaMax, Adam with a decaying maximum in place of the root mean square.

    With t the number of this step, counted from 1, and m, u zero at first::

        g <- g + wd x
        m <- beta1 m + (1 - beta1) g
        u <- max(beta2 u, |g| + epsilon)
        x <- x - lr / (1 - beta1^t) m / u

    Parameters: ``learningRate`` lr (2e-3), ``beta1`` (0.9), ``beta2`` (0.999), ``epsilon`` (1e-38), ``weightDecay`` wd
    (0). State: ``t``, ``m``, ``u``. Returns x and ``[loss before the step]``.

    Source: Torch7 optim ``adamax.lua``; Kingma and Ba, Adam, 2015 (arXiv 1412.6980), section 7.1.

    >>> import numpy as np
    >>> x, state = np.array([0.4, -0.2]), {}
    >>> for _ in range(200):
    ...     _, losses = adamax(lambda x: (x @ x, 2 * x), x, {"learningRate": 0.02}, state)
    >>> bool(np.abs(x).max() < 1e-2)
    True
    """
    c, state = _ADAMAX.open(x, config, state)
    loss, g = evaluate(feval, x, "adamax")
    g = decayed(g, x, c.weightDecay)
    m, u = (_ADAMAX.memory(state, key, x) for key in ("m", "u"))
    t = state["t"] = state.get("t", 0) + 1
    _average(m, c.beta1, g)
    np.maximum(c.beta2 * u, np.abs(g) + c.epsilon, out=u)
    x -= c.learningRate / (1 - c.beta1**t) * m / u
    return x, [loss]


def rprop(feval, x, config=None, state=None):
    """Take ``niter`` steps of resilient propagation, which follows the signs of the gradient and not its size.

    With the steps s filled with ``stepsize`` and the previous gradient p zero at first, per parameter::

        s <- s etaplus where g p > 0, s etaminus where g p < 0, kept in [stepsizemin, stepsizemax]
        g <- 0 where g p < 0
        x <- x - sign(g) s
        p <- g

    Parameters: ``stepsize`` (0.1), ``etaplus`` (1.2), ``etaminus`` (0.5), ``stepsizemax`` (50), ``stepsizemin`` (1e-6),
    ``niter`` (1). State: ``delta`` p, ``stepsize`` s. Returns x and the loss before each step. It needs the gradient
    of the whole data set: signs of mini-batch gradients are too noisy.

    Source: Torch7 optim ``rprop.lua``; Riedmiller and Braun, A direct adaptive method (RPROP), 1993.

    >>> import numpy as np
    >>> x, state = np.array([4.0, -2.0]), {}
    >>> _, losses = rprop(lambda x: (x @ x, 2 * x), x, {"niter": 60}, state)
    >>> bool(np.abs(x).max() < 1e-3), len(losses)
    (True, 60)
    """
    c, state = _RPROP.open(x, config, state)
    losses = []
    remembered = {} if state.get("delta") is None else state
    previous = _RPROP.memory(remembered, "delta", x).copy()
    steps = _RPROP.memory(remembered, "stepsize", x, c.stepsize).copy()
    with restored_on_error(x):
        for _ in range(c.niter):
            loss, g = evaluate(feval, x, "rprop")
            losses.append(loss)
            turn = np.sign(g * previous)
            steps *= np.where(turn > 0, c.etaplus, np.where(turn < 0, c.etaminus, 1))
            np.clip(steps, c.stepsizemin, c.stepsizemax, out=steps)
            previous[...] = np.where(turn < 0, 0, g)
            x -= np.sign(previous) * steps
    state.update(delta=previous, stepsize=steps)
    return x, losses
