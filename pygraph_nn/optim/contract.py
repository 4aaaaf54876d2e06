"""What every optimiser agrees on: how config, state and x are read, and how the function to minimise is asked.

An optimiser is a function ``(feval, x, config=None, state=None) -> (x, losses)``. ``feval(x)`` returns the loss and
its gradient; ``x`` is a flat vector and changes in place. ``config`` holds settings under Torch7's names; ``state``
holds what must be remembered between calls, also under Torch7's names, and is ``config`` itself where it is not given.
Nothing else is remembered anywhere: save x and state, and the run continues bit for bit. The gradient that feval hands
over is never written to, and if feval raises, x is left as it was before the call.
"""

import difflib
import math
import numbers
import sys
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np

from ..errors import DivergenceError, RangeError, ShapeError, TensorTypeError

__all__ = ["Method", "check_x", "checked_vector", "evaluate", "loss_of", "restored_on_error"]


class Method:
    """The vocabulary of one optimiser: its settings with their defaults, and the names of what it remembers.

    A default of None marks a setting without one (a vector, a function, or a number derived from others). Numbers are
    at least 0 unless named in ``signed``, and finite unless named in ``unbounded``; those in ``fractions`` lie in
    [0, 1), those in ``wholes`` have no fraction. ``scratch`` names Torch7's work buffers: accepted in a state that
    Torch7 saved, and not needed.
    """

    def __init__(self, name, defaults, state=(), scratch=(), fractions=(), signed=(), wholes=(), unbounded=()):
        self.name = name
        self.defaults = defaults
        self.state = frozenset(state)
        self.scratch = frozenset(scratch)
        self.fractions = frozenset(fractions)
        self.signed = frozenset(signed)
        self.wholes = frozenset(wholes)
        self.unbounded = frozenset(unbounded)

    def open(self, x, config, state):
        """Check x, config and state; return the settings as attributes, and the dict that remembers."""
        check_x(x, self.name)
        config = {} if config is None else config
        self.check_keys(config)
        if state is None or state is config:
            return self.settings(config), config
        if not isinstance(state, dict):
            raise TensorTypeError(f"{self.name}: state is a dict, not {type(state).__name__}; begin with an empty one")
        for key in state:
            if key in self.defaults and key not in self.state:
                raise RangeError(f"{self.name}: {key!r} is a setting and belongs in config, not in state")
        return self.settings(config), state

    def settings(self, config):
        """Return every setting as an attribute: from ``config`` where it is there and not None, else the default."""
        values = {key: self._setting(key, config.get(key)) for key in self.defaults}
        return SimpleNamespace(**values)

    def check_keys(self, config):
        if not isinstance(config, dict):
            raise TensorTypeError(
                f"{self.name}: config is a dict such as {{{next(iter(self.defaults))!r}: ...}}, "
                f"not {type(config).__name__}"
            )
        known = [*self.defaults, *self.state, *self.scratch]
        for key in config:
            if key not in known:
                raise RangeError(self._unknown(key))

    def _unknown(self, key):
        lower = {name.lower(): name for name in self.defaults}
        near = difflib.get_close_matches(str(key).lower(), lower, n=1)
        remedy = f"did you mean {lower[near[0]]!r}?" if near else "each optimiser needs a dict of its own."
        return f"{self.name}: config has no key {key!r}; {remedy} Its settings are {', '.join(self.defaults)}"

    def _setting(self, key, value):
        default = self.defaults[key]
        if value is None or (key in self.state and isinstance(value, np.ndarray)):
            return default
        if default is None:
            return value
        if isinstance(default, bool):
            return bool(value)
        return self.number(key, value)

    def number(self, key, value):
        """Return a setting's value as a plain number, or say which rule it breaks."""
        if not isinstance(value, numbers.Real) or isinstance(value, bool):
            raise TensorTypeError(f"{self.name}: {key} is a number, not {value!r}")
        number = int(value) if isinstance(value, numbers.Integral) else float(value)
        if number != number or (number < 0 and key not in self.signed):
            raise RangeError(f"{self.name}: {key} is a number from 0 up, not {value!r}")
        if key in self.fractions and number >= 1:
            raise RangeError(f"{self.name}: {key} lies in [0, 1), not at {value!r}")
        if abs(number) > sys.float_info.max:
            if key not in self.unbounded:
                raise RangeError(f"{self.name}: {key} is a finite number, not {value!r}")
            return math.copysign(math.inf, number)
        if key in self.wholes and number != int(number):
            raise RangeError(f"{self.name}: {key} is a whole number, not {value!r}")
        return int(number) if key in self.wholes else number

    def memory(self, state, key, x, start=0.0):
        """Return the vector that state remembers under ``key``; one filled with ``start`` where there is none yet."""
        if state.get(key) is None:
            state[key] = np.full_like(x, start)
        return checked_vector(state[key], x, f"{self.name}: state[{key!r}]", "begin with an empty state")


def check_x(x, place):
    """Raise unless x is what every optimiser works on: a flat, writable vector of floats that is not empty."""
    if not isinstance(x, np.ndarray) or not np.issubdtype(x.dtype, np.floating):
        came = f"an array of {x.dtype}" if isinstance(x, np.ndarray) else type(x).__name__
        raise TensorTypeError(f"{place}: x is a numpy array of floats, changed in place, not {came}")
    if x.ndim != 1 or x.size == 0:
        raise ShapeError(
            f"{place}: x is a flat vector with at least one element, not of shape {x.shape}; "
            "getParameters() gives a network's, x.reshape(-1) a contiguous array's"
        )
    if not x.flags.writeable:
        raise TensorTypeError(f"{place}: x is changed in place, but this array is read-only; pass a copy")


def checked_vector(value, x, place, remedy):
    """Return ``value`` if it is an array of x's shape and dtype; raise otherwise, naming both."""
    if not isinstance(value, np.ndarray):
        raise TensorTypeError(f"{place} is a numpy array like x, not {type(value).__name__}; {remedy}")
    if value.shape != x.shape:
        raise ShapeError(f"{place} has shape {value.shape}, but x has {x.shape}; {remedy}")
    if value.dtype != x.dtype:
        raise TensorTypeError(f"{place} is {value.dtype}, but x is {x.dtype}; {remedy}")
    return value


def loss_of(answer, place):
    """Return the loss in what feval answered, as a float; the gradient, if it came along, is left aside."""
    loss = answer[0] if isinstance(answer, (tuple, list)) and answer else answer
    if isinstance(loss, numbers.Real):
        return float(loss)
    if isinstance(loss, np.ndarray) and loss.size == 1:
        return float(loss.item())
    came = f"an array of shape {loss.shape}" if isinstance(loss, np.ndarray) else repr(loss)
    raise TensorTypeError(f"{place}: the loss that feval(x) returns is one number, not {came}")


def evaluate(feval, x, place, finite=True):
    """Ask feval for loss and gradient at x, and check both.

    A loss of NaN, or a gradient with NaN or infinity in it, raises DivergenceError before it can spoil x; a line
    search, which may step too far and come back, passes ``finite=False``. The gradient is copied only where it shares
    memory with x.
    """
    answer = feval(x)
    if not isinstance(answer, (tuple, list)) or len(answer) < 2:
        raise TensorTypeError(f"{place}: feval(x) returns (loss, gradient), not {type(answer).__name__} alone")
    loss = loss_of(answer, place)
    gradient = checked_vector(answer[1], x, f"{place}: the gradient", "feval(x) returns (loss, gradient)")
    if finite:
        _check_finite(loss, gradient, place)
    return loss, gradient.copy() if np.may_share_memory(gradient, x) else gradient


def _check_finite(loss, gradient, place):
    # One sum finds nearly every healthy gradient; only a suspicious sum pays for a look at each element.
    with np.errstate(over="ignore", invalid="ignore"):
        suspicious = not np.isfinite(gradient.sum())
    bad = np.flatnonzero(~np.isfinite(gradient)) if suspicious else ()
    if np.isnan(loss) or len(bad):
        where = (
            f"; {len(bad)} of {gradient.size} gradient elements are not finite, at {bad[0]} first" if len(bad) else ""
        )
        raise DivergenceError(
            f"{place}: the loss is {loss:g}{where}. x was left as it was. "
            "A lower learning rate, or optim.clip_by_norm on the gradient, usually helps"
        )


@contextmanager
def restored_on_error(x):
    """Put x back if the block raises: for methods that ask feval about other points than the one they were given."""
    origin = x.copy()
    try:
        yield
    except BaseException:
        x[...] = origin
        raise
