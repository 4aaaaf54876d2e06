"""Torch7's random generator, draw for draw: the package's only source of randomness.

The generator is the Mersenne Twister MT19937 (Matsumoto and Nishimura 1998, seeded as in their 2002 revision), whose
32-bit outputs every function below turns into its own distribution as Torch7's TH library does: after the same
``manualSeed`` the same calls return the same numbers. Arguments stand in Torch7's order. A call without ``size=``
returns one Python number; with it, an array that holds what so many single calls would have returned, in row-major
order. The functions draw from one shared ``Generator``; make another for a stream of one's own.

An array is of the default tensor type (``setdefaulttensortype``) unless ``dtype=`` names another. A float32 array takes
the same draws, computed in double precision and rounded; as in Torch7 the arguments of a continuous distribution are
rounded to float32 first.
"""

import math
import os
from bisect import bisect_left

import numpy as np

from .arguments import (
    check_fits,
    float_array,
    positive_number,
    real_number,
    result_dtype,
    shape_of,
    sizes_of,
    whole_number,
)
from .errors import RangeError, ShapeError, StateError, TensorTypeError

__all__ = [
    "Generator",
    "manualSeed",
    "initialSeed",
    "seed",
    "getRNGState",
    "setRNGState",
    "random",
    "uniform",
    "normal",
    "exponential",
    "cauchy",
    "logNormal",
    "geometric",
    "bernoulli",
    "multinomial",
    "rand",
    "randn",
    "randperm",
]

_SCALE = 1.0 / 2**32
_WORDS = 624
_SMALL_SHARE = 1e-10
_ABOVE_ZERO = 5e-324

# What getRNGState returns, byte for byte: TH's struct THGenerator as 64-bit Linux and macOS lay it out.
_STATE = np.dtype(
    [
        ("the_initial_seed", "<u8"),
        ("left", "<i4"),
        ("seeded", "<i4"),
        ("next", "<u8"),
        ("state", "<u8", _WORDS),
        ("normal_x", "<f8"),
        ("normal_y", "<f8"),
        ("normal_rho", "<f8"),
        ("normal_is_valid", "<i4"),
        ("padding", "<i4"),
    ]
)


def _apply(function, numbers):
    """Return ``function(numbers)``, with a lone number rounded exactly as it would be among others.

    numpy may send one element through another loop than an array's, hence its company.
    """
    if len(numbers) == 1:
        return function(np.repeat(numbers, 2, axis=0))[:1]
    return function(numbers)


def _box_muller(uniforms):
    """Return two normals for each row (x, y) of ``uniforms``."""
    rho = _rho(uniforms[:, 1])
    angle = 2 * math.pi * uniforms[:, 0]
    normals = np.empty(uniforms.shape)
    np.multiply(rho, np.cos(angle), out=normals[:, 0])
    np.multiply(rho, np.sin(angle), out=normals[:, 1])
    return normals


def _rho(y):
    return np.sqrt(-2.0 * np.log(1.0 - y))


class Generator:
    """A stream of random numbers with a state of its own, as ``torch.Generator``; seeded by the operating system.

    Its methods are this module's functions, which belong to one Generator that all modules share.

    >>> one, other = Generator(), Generator()
    >>> one.manualSeed(0); other.manualSeed(0)
    >>> one.random(), one.random(), other.random()
    (2357136044, 2546248239, 2357136044)
    """

    def __init__(self):
        self._bits = np.random.MT19937(0)
        self.seed()

    def __getstate__(self):
        return {"state": self.getRNGState()}

    def __setstate__(self, state):
        self._bits = np.random.MT19937(0)
        self.setRNGState(state["state"])

    # Seeds and states

    def manualSeed(self, number):
        """Start the stream that belongs to ``number``; a half-used pair of normals is forgotten.

        Torch7 seeds with the lowest 32 bits only, so numbers that differ by a multiple of 2**32 are the same seed.

        Raises: RangeError unless ``number`` is a whole number from 0 to 2**64 - 1.

        >>> manualSeed(123); random()
        2991312382
        """
        number = whole_number(number, "manualSeed", "a seed", 0, 2**64 - 1)
        # Of numpy's seedings, RandomState's alone is MT19937's own (init_genrand); it writes into the shared bits.
        np.random.RandomState(self._bits).seed(number & 0xFFFFFFFF)
        self._initial_seed = number
        self._pair = None

    def initialSeed(self):
        """Return the number that seeded the stream.

        >>> manualSeed(123); initialSeed()
        123
        """
        return self._initial_seed

    def seed(self):
        """Seed with 32 bits from the operating system and return them, so that the stream can be had again.

        >>> number = seed(); first = uniform()
        >>> manualSeed(number); uniform() == first
        True
        """
        number = int.from_bytes(os.urandom(4), "little")
        self.manualSeed(number)
        return number

    def getRNGState(self):
        """Return the stream's whole state, a waiting normal included, as an array of 5048 bytes (uint8).

        The bytes are laid out as in Torch7's own ByteTensor on 64-bit Linux and macOS.

        >>> manualSeed(123); uniform()
        0.6964691872708499
        >>> state = getRNGState(); uniform()
        0.7129553214181215
        >>> state is setRNGState(state); uniform()
        True
        0.7129553214181215
        """
        twister = self._bits.state["state"]
        record = np.zeros(1, _STATE)
        record["the_initial_seed"] = self._initial_seed
        record["left"] = _WORDS + 1 - twister["pos"]
        record["seeded"] = 1
        record["next"] = twister["pos"]
        record["state"] = twister["key"]
        if self._pair is not None:
            x, y, _ = self._pair
            record["normal_x"], record["normal_y"], record["normal_rho"] = x, y, _apply(_rho, np.array([y]))[0]
            record["normal_is_valid"] = 1
        return record.view(np.uint8)

    def setRNGState(self, state):
        """Continue from a state that ``getRNGState`` returned, here or in Torch7; returns ``state``.

        Raises: TensorTypeError, ShapeError, StateError for an array that is no such state.

        >>> state = getRNGState(); first = normal()
        >>> _ = setRNGState(state); normal() == first
        True
        """
        record = _state_record(state)
        twister = {"key": record["state"].astype(np.uint32), "pos": _WORDS + 1 - int(record["left"])}
        self._bits.state = {"bit_generator": "MT19937", "state": twister}
        self._initial_seed = int(record["the_initial_seed"])
        self._pair = None
        if record["normal_is_valid"]:
            x, y, rho = (record[name].item() for name in ("normal_x", "normal_y", "normal_rho"))
            self._pair = (x, y, rho * _apply(np.sin, np.array([2 * math.pi * x])).item())
        return state

    # Uniform and normal numbers, from which all others are made

    def _uniforms(self, count):
        return self._bits.random_raw(count) * _SCALE

    def _normals(self, count):
        """Return ``count`` standard normals; an odd one's twin waits in ``_pair`` for the next call."""
        waiting = []
        if self._pair is not None and count:
            waiting, self._pair = [self._pair[2]], None
        missing = count - len(waiting)
        uniforms = self._uniforms(missing + missing % 2).reshape(-1, 2)
        normals = _apply(_box_muller, uniforms)
        if missing % 2:
            self._pair = (*uniforms[-1].tolist(), normals[-1, 1].item())
        normals = normals.ravel()[:missing]
        return np.concatenate([waiting, normals]) if waiting else normals

    def _from_uniforms(self, function, size, dtype, call):
        """Return ``function`` of fresh uniforms: a number where ``size`` is None, an array otherwise."""
        shape = () if size is None else shape_of(size, call)
        draws = _apply(function, self._uniforms(math.prod(shape)))
        return draws.item() if size is None else draws.astype(dtype, copy=False).reshape(shape)

    def _from_normals(self, mean, stdv, function, size, dtype, call):
        """Return ``function`` of normals with this mean and standard deviation, as ``_from_uniforms`` does."""
        dtype = result_dtype(dtype, size, call, "f")
        mean = real_number(mean, call, "the mean", dtype)
        stdv = positive_number(stdv, call, "the standard deviation stdv", dtype)
        shape = () if size is None else shape_of(size, call)
        draws = _apply(function, self._normals(math.prod(shape)) * stdv + mean)
        return draws.item() if size is None else draws.astype(dtype, copy=False).reshape(shape)

    # Distributions

    def random(self, a=None, b=None, *, size=None, dtype=None):
        """Return a whole number of [a, b]; ``random(b)`` means [1, b], ``random()`` any 32-bit number, from 0.

        The number is ``output % (b + 1 - a) + a``. Without bounds an array keeps what its type can hold: the output
        modulo 2**53 + 1 (float64), 2**24 + 1 (float32), 2**63 (int64), 2**31 (int32), 2**8 (uint8), ...

        Raises: RangeError if a > b, if b < 1 stands alone, or if [a, b] does not fit an integer dtype.

        >>> manualSeed(1); random(), random(10), random(1, 10)
        (1791095845, 10, 5)
        >>> random(1, 6, size=4)
        array([3., 2., 2., 6.])
        """
        dtype = result_dtype(dtype, size, "random", "fiu")
        low, count = _bounds(a, b, dtype)
        shape = () if size is None else shape_of(size, "random")
        draws = (self._bits.random_raw(math.prod(shape)) % np.uint64(count)).astype(np.int64) + low
        return draws.item() if size is None else draws.astype(dtype).reshape(shape)

    def uniform(self, a=0, b=1, *, size=None, dtype=None):
        """Return numbers spread evenly over [a, b): ``u * (b - a) + a`` of u in [0, 1).

        >>> manualSeed(1); uniform(), uniform(-2, 3)
        (0.4170219984371215, 2.98592404066585)
        >>> uniform(size=(2, 1))
        array([[0.72032449],
               [0.93255736]])
        """
        dtype = result_dtype(dtype, size, "uniform", "f")
        a, b = real_number(a, "uniform", "a", dtype), real_number(b, "uniform", "b", dtype)
        return self._from_uniforms(lambda u: u * (b - a) + a, size, dtype, "uniform")

    def normal(self, mean=0, stdv=1, *, size=None, dtype=None):
        """Return normally distributed numbers by the method of Box and Muller (1958).

        Of two uniforms x and y, ``rho = sqrt(-2 log(1 - y))`` gives ``rho cos(2 pi x)`` and, to the next normal,
        ``rho sin(2 pi x)``; each is then scaled as ``z * stdv + mean``.

        Raises: RangeError unless stdv > 0.

        >>> manualSeed(1); round(normal(), 12), round(normal(1, 2), 12)
        (-2.97182903093, 4.413902126823)
        """
        return self._from_normals(mean, stdv, np.positive, size, dtype, "normal")

    def exponential(self, lambd, *, size=None, dtype=None):
        """Return numbers of density ``lambd exp(-lambd x)``: ``-1 / lambd * log(1 - u)``.

        Raises: RangeError unless lambd > 0.

        >>> manualSeed(1); round(exponential(2), 12)
        0.269802913256
        """
        dtype = result_dtype(dtype, size, "exponential", "f")
        lambd = positive_number(lambd, "exponential", "the rate lambd", dtype)
        return self._from_uniforms(lambda u: -1.0 / lambd * np.log(1 - u), size, dtype, "exponential")

    def cauchy(self, median=0, sigma=1, *, size=None, dtype=None):
        """Return numbers of density ``sigma / (pi (sigma**2 + (x - median)**2))``.

        Each is ``median + sigma tan(pi (u - 1/2))``; the distribution has no mean.

        Raises: RangeError unless sigma > 0.

        >>> manualSeed(1); round(cauchy(0, 1), 12)
        -0.266753094738
        """
        dtype = result_dtype(dtype, size, "cauchy", "f")
        median = real_number(median, "cauchy", "the median", dtype)
        sigma = positive_number(sigma, "cauchy", "the width sigma", dtype)
        return self._from_uniforms(lambda u: median + sigma * np.tan(math.pi * (u - 0.5)), size, dtype, "cauchy")

    def logNormal(self, mean=1, stdv=2, *, size=None, dtype=None):
        """Return ``exp(normal(mean, stdv))``: the mean and standard deviation are those of the logarithm.

        Raises: RangeError unless stdv > 0.

        >>> manualSeed(1); round(logNormal(1, 2), 12)
        0.00712847422
        """
        return self._from_normals(mean, stdv, np.exp, size, dtype, "logNormal")

    def geometric(self, p, *, size=None, dtype=None):
        """Return whole numbers i >= 1 of probability ``(1 - p) p**(i - 1)``: ``floor(log(1 - u) / log(p)) + 1``.

        Raises: RangeError unless 0 < p < 1, or if an integer dtype cannot hold the largest number possible.

        >>> manualSeed(1); geometric(0.3), geometric(0.3)
        (1, 5)
        >>> geometric(0.3, size=3)
        array([2., 3., 1.])
        """
        dtype = result_dtype(dtype, size, "geometric", "fiu")
        p = real_number(p, "geometric", "the probability p", None)
        if not 0 < p < 1:
            raise RangeError(f"geometric: the probability p must be > 0 and < 1, not {p!r}")
        check_fits(1, math.log(_SCALE) / math.log(p) + 1, dtype, "geometric")
        draws = self._from_uniforms(lambda u: np.trunc(np.log(1 - u) / math.log(p)) + 1, size, dtype, "geometric")
        return int(draws) if size is None else draws

    def bernoulli(self, p=0.5, *, size=None, dtype=None):
        """Return 1 with probability p and 0 otherwise: ``u <= p``; an array ``p`` gives an array of its shape.

        Raises: RangeError unless 0 <= p <= 1; ShapeError if ``size`` is not the shape of an array ``p``.

        >>> manualSeed(1); bernoulli(0.5), bernoulli(0.5)
        (1, 0)
        >>> bernoulli(0.3, size=4)
        array([0., 0., 1., 1.])
        >>> bernoulli([0, 1])
        array([0., 1.])
        """
        p = float_array(p, "bernoulli")
        if not np.all((p >= 0) & (p <= 1)):
            wrong = p[~((p >= 0) & (p <= 1))].item(0)
            raise RangeError(f"bernoulli: a probability must be >= 0 and <= 1, not {wrong}")
        shape = p.shape if size is None else shape_of(size, "bernoulli")
        if p.ndim and shape != p.shape:
            raise ShapeError(f"bernoulli: size={size} is not the shape {p.shape} of the probabilities; leave size out")
        single = size is None and not p.ndim
        dtype = result_dtype(dtype, None if single else shape, "bernoulli", "fiu")
        draws = self._uniforms(math.prod(shape)).reshape(shape) <= p
        return int(draws) if single else draws.astype(dtype)

    def multinomial(self, probabilities, n, replacement=False):
        """Return ``n`` category numbers, counted from 1, for the vector or for each row of the matrix of weights.

        Each draw is the first category whose cumulative weight reaches u; the weights need not sum to one. Without
        replacement a drawn category's weight is taken away and the rest rescaled.

        Shapes: weights (K) give int64 (n); weights (rows, K) give (rows, n).

        Raises: RangeError for negative, infinite or NaN weights, a row without any weight, n < 1, or, without
        replacement, more draws than a row has categories of weight > 0; ShapeError for other ranks.

        >>> manualSeed(1); multinomial([0.1, 0.2, 0.3, 0.4], 8, True)
        array([3, 4, 4, 4, 1, 2, 3, 4])
        >>> manualSeed(1); multinomial([0.1, 0.2, 0.3, 0.4], 3)
        array([3, 4, 2])
        """
        weights = _weights(probabilities)
        n = whole_number(n, "multinomial", "the number of samples n", 1, 2**31 - 1)
        rows = np.atleast_2d(weights)
        choices = int(np.count_nonzero(rows, axis=1).min())
        if not replacement and n > choices:
            raise RangeError(
                f"multinomial: cannot draw n = {n} samples without replacement from {choices} categories of "
                "probability > 0; draw fewer, or with replacement: multinomial(probabilities, n, True)"
            )
        cumulative = _cumulative(rows)
        # A uniform of 0, which comes once in 2**32 draws, would fall to a first category of weight 0.
        uniforms = np.maximum(self._uniforms(len(rows) * n), _ABOVE_ZERO).reshape(len(rows), n)
        pick = _pick_with_replacement if replacement else _pick_without_replacement
        picks = np.array([pick(*row) for row in zip(rows, cumulative, uniforms)], np.int64) + 1
        return picks if weights.ndim == 2 else picks[0]

    def rand(self, *sizes, dtype=None):
        """Return an array of numbers spread evenly over [0, 1).

        >>> manualSeed(1); rand(2, 2)
        array([[0.417022  , 0.99718481],
               [0.72032449, 0.93255736]])
        """
        return self.uniform(size=sizes_of(sizes, "rand"), dtype=dtype)

    def randn(self, *sizes, dtype=None):
        """Return an array of standard normal numbers.

        >>> manualSeed(1); randn(2)
        array([-2.97182903,  1.70695106])
        """
        return self.normal(size=sizes_of(sizes, "randn"), dtype=dtype)

    def randperm(self, n, *, dtype=None):
        """Return the numbers 1 to n, shuffled by Fisher and Yates: place i takes the one at i + output % (n - i).

        Raises: RangeError unless n is a whole number >= 1.

        >>> manualSeed(1); randperm(5, dtype="int64")
        array([1, 5, 3, 4, 2])
        """
        n = whole_number(n, "randperm", "n", 1, 2**63 - 1)
        dtype = result_dtype(dtype, n, "randperm", "fiu")
        check_fits(1, n, dtype, "randperm")
        order = list(range(1, n + 1))
        offsets = self._bits.random_raw(n - 1) % np.arange(n, 1, -1, dtype=np.uint64)
        for place, offset in enumerate(offsets.tolist()):
            other = place + offset
            order[place], order[other] = order[other], order[place]
        return np.array(order, dtype)


def _bounds(a, b, dtype):
    """Return (lowest number, how many) for the three forms of ``random``."""
    if a is None and b is not None:
        raise RangeError(f"random: b = {b!r} came without a; give both, as in random(1, 6), or random(6)")
    if a is None:
        return 0, _capacity(dtype)
    limit = 2**62
    if b is None:
        low, high = 1, whole_number(a, "random", "an upper bound that stands alone", 1, limit)
    else:
        low = whole_number(a, "random", "the lower bound a", -limit, limit)
        high = whole_number(b, "random", "the upper bound b", -limit, limit)
    if high < low:
        raise RangeError(f"random: the upper bound must not be below the lower bound, but a = {low}, b = {high}")
    check_fits(low, high, dtype, "random")
    return low, high + 1 - low


def _capacity(dtype):
    """Return how many whole numbers from 0 on ``random()`` draws for a type, at most."""
    if dtype is None:
        return 2**32
    if dtype.kind == "f":
        return 2 ** (np.finfo(dtype).nmant + 1) + 1
    return min(int(np.iinfo(dtype).max) + 1, 2**63)


def _weights(probabilities):
    weights = float_array(probabilities, "multinomial")
    if weights.ndim not in (1, 2) or not weights.size:
        raise ShapeError(
            f"multinomial: the probabilities are a vector or a matrix with one distribution a row, not of shape "
            f"{weights.shape}"
        )
    wrong = weights[~((weights >= 0) & np.isfinite(weights))]
    if wrong.size:
        raise RangeError(f"multinomial: probabilities are finite and >= 0, but {wrong[0]} came")
    with np.errstate(over="ignore"):
        sums = weights.sum(axis=-1)
    if not np.all((sums > 0) & np.isfinite(sums)):
        raise RangeError("multinomial: the probabilities of a distribution must have a finite sum > 0, but one has not")
    return weights


def _pick_with_replacement(_weights, cumulative, uniforms):
    return np.searchsorted(cumulative, uniforms)


def _pick_without_replacement(weights, cumulative, uniforms):
    """Return one position per uniform, none twice; overwrites ``cumulative``."""
    left, picks, share = weights.copy(), [], 1.0
    for uniform_sample in uniforms:
        if picks:
            mass = cumulative[picks[-1]] - (cumulative[picks[-1] - 1] if picks[-1] else 0.0)
            share *= 1.0 - mass
            # Where nearly all weight has been drawn, subtracting leaves rounding errors: add up what is left instead.
            if share < _SMALL_SHARE:
                cumulative, share = _cumulative(left), 1.0
            else:
                cumulative[picks[-1] :] -= mass
                cumulative /= 1.0 - mass
        cumulative[-1] = 1
        # bisect_left is TH's binary search step for step, which matters once rounding has left a small dip.
        pick = bisect_left(cumulative, uniform_sample)
        if not left[pick]:
            cumulative, share = _cumulative(left), 1.0
            pick = bisect_left(cumulative, uniform_sample)
        left[pick] = 0
        picks.append(pick)
    return picks


def _cumulative(weights):
    """Return the cumulative sums of ``weights``, along the last axis, as shares of their sum."""
    sums = np.cumsum(weights, axis=-1)
    sums /= sums[..., -1:]
    return sums


def _state_record(state):
    """Return the fields of a generator's state, or raise for bytes that are none."""
    if not isinstance(state, np.ndarray) or state.dtype != np.uint8:
        came = f"{state.dtype.name} array" if isinstance(state, np.ndarray) else type(state).__name__
        raise TensorTypeError(f"setRNGState: a state is the uint8 array that getRNGState() returns, not a {came}")
    if state.shape != (_STATE.itemsize,):
        raise ShapeError(
            f"setRNGState: RNG state is wrong size: {_STATE.itemsize} bytes belong in it, the shape is {state.shape}"
        )
    record = np.ascontiguousarray(state).view(_STATE)[0]
    # A fresh seed of Torch7's has next == 0; whenever left == 1, the words are renewed before the next one is read.
    valid = record["seeded"] == 1 and 0 < record["left"] <= _WORDS
    valid = valid and (record["left"] == 1 or record["left"] + record["next"] == _WORDS + 1)
    valid = valid and record["state"].max() < 2**32 and record["state"].any()
    if not valid or not all(np.isfinite(record[name]) for name in ("normal_x", "normal_y", "normal_rho")):
        raise StateError("setRNGState: invalid RNG state: the bytes are not those that getRNGState() returned")
    return record


_shared = Generator()
manualSeed = _shared.manualSeed
initialSeed = _shared.initialSeed
seed = _shared.seed
getRNGState = _shared.getRNGState
setRNGState = _shared.setRNGState
random = _shared.random
uniform = _shared.uniform
normal = _shared.normal
exponential = _shared.exponential
cauchy = _shared.cauchy
logNormal = _shared.logNormal
geometric = _shared.geometric
bernoulli = _shared.bernoulli
multinomial = _shared.multinomial
rand = _shared.rand
randn = _shared.randn
randperm = _shared.randperm
