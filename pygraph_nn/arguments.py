"""Checks of the arguments that random draws share; ``call`` is the function that a refusal names.

Whole numbers may come as floats without a fraction, since Lua has no other numbers.
"""

import math
from numbers import Integral, Real

import numpy as np

from .errors import RangeError, TensorTypeError
from .tensors import TENSOR_TYPES, dtype_of

__all__ = [
    "whole_number",
    "real_number",
    "positive_number",
    "shape_of",
    "sizes_of",
    "result_dtype",
    "check_fits",
    "float_array",
]


def whole_number(value, call, what, low, high):
    """Return ``value`` as an int, refusing what is none in [low, high].

    >>> whole_number(3.0, "randperm", "n", 1, 10)
    3
    """
    number = math.nan
    if isinstance(value, Real) and not isinstance(value, bool):
        # Not through a float, which large numbers do not fit exactly.
        number = int(value) if isinstance(value, Integral) else float(value)
    if not low <= number <= high or number != int(number):
        raise RangeError(f"{call}: {what} is a whole number from {low} to {high}, not {value!r}")
    return int(number)


def real_number(value, call, what, dtype):
    """Return ``value`` as a finite float, rounded to ``dtype`` as Torch7 rounds a tensor method's arguments.

    >>> real_number(0.1, "uniform", "a", np.dtype("float32"))
    0.10000000149011612
    """
    if not isinstance(value, Real):
        raise TensorTypeError(f"{call}: {what} is a number, not {value!r}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if dtype is not None and abs(number) <= float(np.finfo(dtype).max):
        return float(dtype.type(number))
    if dtype is not None or not math.isfinite(number):
        raise RangeError(f"{call}: {what} is a finite number, not {value!r}")
    return number


def positive_number(value, call, what, dtype):
    """Return ``value`` as ``real_number`` does, refusing what is not above zero.

    >>> positive_number(2, "normal", "stdv", None)
    2.0
    """
    number = real_number(value, call, what, dtype)
    if number <= 0:
        raise RangeError(f"{call}: {what} must be strictly positive, not {value!r}")
    return number


def shape_of(size, call):
    """Return ``size``, an int or a sequence of ints, as a tuple.

    >>> shape_of([2, 3], "uniform"), shape_of(4, "uniform")
    ((2, 3), (4,))
    """
    return tuple(whole_number(length, call, "a size", 0, 2**63 - 1) for length in _listed(size))


def _listed(size):
    """Return the entries of a sequence or an array; what is neither is the only entry."""
    if isinstance(size, np.ndarray):
        return np.atleast_1d(size).tolist()
    return size if isinstance(size, (tuple, list)) else (size,)


def sizes_of(sizes, call):
    """Return the sizes of ``rand(2, 3)`` or ``rand((2, 3))`` as a tuple.

    >>> sizes_of((2, 3), "rand"), sizes_of(((2, 3),), "rand")
    ((2, 3), (2, 3))
    """
    if len(sizes) == 1:
        sizes = _listed(sizes[0])
    if not sizes:
        raise RangeError(f"{call}() needs at least one size, as in {call}(2, 3); one number comes from uniform, normal")
    return shape_of(sizes, call)


def result_dtype(dtype, size, call, kinds):
    """Return the dtype of a call's result, None where it is a single number; ``kinds`` are numpy's kind letters.

    >>> result_dtype("torch.FloatTensor", 5, "uniform", "f")
    dtype('float32')
    """
    if size is None:
        if dtype is not None:
            raise TensorTypeError(f"{call}: dtype={dtype!r} is for arrays; give size= too, or leave dtype out")
        return None
    if dtype is None:
        return dtype_of()
    try:
        dtype = np.dtype(TENSOR_TYPES.get(dtype, dtype) if isinstance(dtype, str) else dtype)
    except TypeError:
        raise TensorTypeError(f"{call}: {dtype!r} is no type; give 'float32' or 'torch.FloatTensor', say") from None
    if dtype.kind not in kinds:
        allowed = "a floating type" if kinds == "f" else "a floating or integer type"
        raise TensorTypeError(f"{call} fills arrays of {allowed}, not {dtype.name}")
    return dtype


def check_fits(low, high, dtype, call):
    """Refuse an integer type that a draw of [low, high] could overflow.

    >>> check_fits(1, 255, np.dtype("uint8"), "random")
    """
    if dtype is not None and dtype.kind in "iu":
        limits = np.iinfo(dtype)
        if low < limits.min or high > limits.max:
            raise RangeError(f"{call}: numbers from {low} to {high} do not fit {dtype.name}; choose a wider dtype")


def float_array(numbers, call):
    """Return probabilities as a float64 array.

    >>> float_array([0, 1], "bernoulli")
    array([0., 1.])
    """
    try:
        return np.asarray(numbers, np.float64)
    except (TypeError, ValueError):
        raise TensorTypeError(f"{call}: probabilities are a number or an array of numbers, not {numbers!r}") from None
