"""Gradient descent with one step size for all parameters: plain, with momentum (sgd, nag) and averaged (asgd)."""

import numpy as np

from ..errors import RangeError
from .contract import Method, checked_vector, evaluate, restored_on_error

__all__ = ["sgd", "nag", "asgd"]

_SGD = Method(
    "sgd",
    {
        "learningRate": 1e-3,
        "learningRateDecay": 0,
        "weightDecay": 0,
        "weightDecays": None,
        "momentum": 0,
        "dampening": None,
        "nesterov": False,
        "learningRates": None,
    },
    state=("evalCounter", "dfdx"),
    scratch=("decayParameters", "deltaParameters"),
)
_NAG = Method(
    "nag",
    {
        "learningRate": 1e-3,
        "learningRateDecay": 0,
        "weightDecay": 0,
        "momentum": 0.9,
        "dampening": None,
        "learningRates": None,
    },
    state=("evalCounter", "dfdx"),
    scratch=("deltaParameters",),
)
_ASGD = Method(
    "asgd",
    {"eta0": 1e-4, "lambda": 1e-4, "alpha": 0.75, "t0": 1e6},
    state=("eta_t", "mu_t", "t", "ax"),
    scratch=("tmp",),
    unbounded=("t0",),
)


def decayed(gradient, x, weightDecay):
    """Return the gradient with that of ``weightDecay / 2 * |x|^2`` added, as a new array."""
    return gradient + weightDecay * x if weightDecay else gradient


def annealed(settings, steps):
    """Return the learning rate after ``steps`` updates: lr / (1 + steps lrd)."""
    return settings.learningRate / (1 + steps * settings.learningRateDecay)


def _check_scales(settings, x, method):
    """Refuse settings that do not have one value per parameter, before anything is computed."""
    for key in ("weightDecays", "learningRates"):
        scales = getattr(settings, key, None)
        if scales is not None:
            checked_vector(scales, x, f"{method}: {key}", "one value per parameter")
            if not np.isfinite(scales).all():
                raise RangeError(f"{method}: {key} holds finite numbers, not {scales[~np.isfinite(scales)][0]}")


def _scaled(vector, scales):
    """Return ``scales * vector``, where ``scales`` has one value per parameter, or is None for all 1."""
    return vector if scales is None else scales * vector


def sgd(feval, x, config=None, state=None):
    """Take one step of stochastic gradient descent, with momentum, weight decay and a falling learning rate.

    With g the gradient at x and n the number of steps before this one::

        g <- g + wd x
        v <- g on the first step, then mom v + (1 - damp) g      (only if mom != 0)
        g <- g + mom v if nesterov else v                        (only if mom != 0)
        x <- x - lr / (1 + n lrd) g

    Parameters: ``learningRate`` lr (1e-3), ``learningRateDecay`` lrd (0), ``weightDecay`` wd (0), ``momentum`` mom (0),
    ``dampening`` damp (as large as the momentum: set it to 0 for the classical rule), ``nesterov`` (False),
    ``learningRates`` and ``weightDecays`` (one value per parameter; the latter where weightDecay is 0).
    State: ``evalCounter`` n, ``dfdx`` v.

    Returns x and ``[loss before the step]``. Raises RangeError for nesterov without momentum or with dampening.

    Source: Torch7 optim ``sgd.lua``; Sutskever et al., On the importance of initialization and momentum, 2013.

    >>> import numpy as np
    >>> x, state = np.array([4.0, -2.0]), {}
    >>> for _ in range(50):
    ...     _, losses = sgd(lambda x: (x @ x, 2 * x), x, {"learningRate": 0.1}, state)
    >>> bool(np.abs(x).max() < 1e-4), state["evalCounter"]
    (True, 50)
    """
    c, state = _SGD.open(x, config, state)
    _check_scales(c, x, "sgd")
    damp = c.momentum if c.dampening is None else _SGD.number("dampening", c.dampening)
    if c.nesterov and (c.momentum == 0 or damp != 0):
        raise RangeError(
            f"sgd: nesterov needs a momentum above 0 and a dampening of 0, not momentum {c.momentum} and dampening "
            f"{damp}; set config['dampening'] = 0 (it is as large as the momentum where it is not given)"
        )
    steps = state.get("evalCounter", 0)
    loss, g = evaluate(feval, x, "sgd")
    if c.weightDecay == 0 and c.weightDecays is not None:
        g = g + _scaled(x, c.weightDecays)
    g = decayed(g, x, c.weightDecay)
    if c.momentum != 0:
        g = _with_momentum(g, state, c.momentum, damp, c.nesterov)
    x -= annealed(c, steps) * _scaled(g, c.learningRates)
    state["evalCounter"] = steps + 1
    return x, [loss]


def _with_momentum(g, state, momentum, damp, nesterov):
    if state.get("dfdx") is None:
        velocity = state["dfdx"] = g.copy()
    else:
        velocity = _SGD.memory(state, "dfdx", g)
        velocity *= momentum
        velocity += (1 - damp) * g
    return g + momentum * velocity if nesterov else velocity


def nag(feval, x, config=None, state=None):
    """Take one step of Nesterov's accelerated gradient, asking for the gradient where the momentum leads.

    With n the number of steps before this one and v zero at first::

        x <- x + mom v
        g <- gradient at this x + wd x
        v <- mom v - lr / (1 + n lrd) g
        x <- x - lr / (1 + n lrd) g

    Parameters: ``learningRate`` lr (1e-3), ``learningRateDecay`` lrd (0), ``weightDecay`` wd (0), ``momentum`` mom
    (0.9, above 0), ``learningRates`` (one value per parameter); ``dampening`` is accepted and, as in Torch7, not used.
    State: ``evalCounter`` n, ``dfdx`` v.

    Returns x and ``[loss at the point ahead]``. Raises RangeError for a momentum of 0.

    Source: Torch7 optim ``nag.lua``; Sutskever et al., On the importance of initialization and momentum, 2013.

    >>> import numpy as np
    >>> x, state = np.array([4.0, -2.0]), {}
    >>> for _ in range(100):
    ...     _, losses = nag(lambda x: (x @ x, 2 * x), x, {"learningRate": 0.05, "momentum": 0.8}, state)
    >>> bool(np.abs(x).max() < 1e-4)
    True
    """
    c, state = _NAG.open(x, config, state)
    _check_scales(c, x, "nag")
    if c.momentum == 0:
        raise RangeError("nag: Nesterov's accelerated gradient needs a momentum above 0; without one, use sgd")
    steps = state.get("evalCounter", 0)
    with restored_on_error(x):
        if state.get("dfdx") is not None:
            x += c.momentum * _NAG.memory(state, "dfdx", x)
        loss, g = evaluate(feval, x, "nag")
        step = annealed(c, steps) * _scaled(decayed(g, x, c.weightDecay), c.learningRates)
    velocity = _NAG.memory(state, "dfdx", x)
    velocity *= c.momentum
    velocity -= step
    x -= step
    state["evalCounter"] = steps + 1
    return x, [loss]


def asgd(feval, x, config=None, state=None):
    """Take one step of averaged stochastic gradient descent; ``state["ax"]`` is the average of the visited points.

    With t the number of steps before this one, eta_0 = eta0 and mu_0 = 1 at first::

        x  <- (1 - lambda eta_t) x - eta_t g
        ax <- ax + mu_t (x - ax)
        eta_{t+1} = eta0 / (1 + lambda eta0 (t + 1))^alpha
        mu_{t+1}  = 1 / max(1, t + 1 - t0)

    Parameters: ``eta0`` (1e-4), ``lambda`` (1e-4), ``alpha`` (0.75), ``t0`` (1e6: the step where averaging begins;
    until then ax is x). State: ``eta_t``, ``mu_t``, ``t``, ``ax``.

    Returns x and ``[loss before the step]``; Torch7's third value is ``state["ax"]``.

    Source: Torch7 optim ``asgd.lua``, after L. Bottou's sgd-2.0; Polyak and Juditsky, Acceleration of stochastic
    approximation by averaging, 1992.

    >>> import numpy as np
    >>> x, state = np.array([4.0, -2.0]), {}
    >>> for _ in range(100):
    ...     _, losses = asgd(lambda x: (x @ x, 2 * x), x, {"eta0": 0.1, "t0": 20}, state)
    >>> bool(np.abs(state["ax"]).max() < 0.01)
    True
    """
    c, state = _ASGD.open(x, config, state)
    decay = getattr(c, "lambda")
    eta, mu, t = state.get("eta_t", c.eta0), state.get("mu_t", 1), state.get("t", 0) + 1
    loss, g = evaluate(feval, x, "asgd")
    average = _ASGD.memory(state, "ax", x)
    x *= 1 - decay * eta
    x -= eta * g
    if mu == 1:
        average[...] = x
    else:
        average += mu * (x - average)
    state["t"] = t
    state["eta_t"] = c.eta0 / (1 + decay * c.eta0 * t) ** c.alpha
    state["mu_t"] = 1 / max(1, t - c.t0)
    return x, [loss]
