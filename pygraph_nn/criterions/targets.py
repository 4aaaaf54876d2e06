"""What criterions accept as targets: numbers as many as the input's, classes counted from 1, signs."""

import math
from numbers import Real

import numpy as np

from ..errors import RangeError, ShapeError, TensorTypeError
from ..modules.checks import expect_array, expect_plain
from ..nesting import shape_of

__all__ = ["class_positions", "class_weights", "numbers_array", "numbers_like", "signs_like", "weights_given"]


def numbers_like(criterion, input, target):
    """Return ``target`` in the input's shape and type.

    Shapes may differ by dimensions of size 1: (n) is welcome where the input is (n x 1). Integers and booleans are
    converted, a Python number serves an input of one element.
    """
    expect_array(criterion, input)
    if type(target) is np.ndarray and target.shape == input.shape and target.dtype == input.dtype:
        return target
    array = numbers_array(criterion, target)
    if array.dtype.kind == "f" and array.dtype != input.dtype and isinstance(target, np.ndarray):
        raise TensorTypeError(
            f"{criterion!r}: the input is {shape_of(input)}, but the target {shape_of(target)}: convert the target "
            f"with target.astype('{input.dtype.name}')"
        )
    if _without_ones(array.shape) != _without_ones(input.shape):
        raise ShapeError(
            f"{criterion!r} takes a target of the input's shape, got the input {shape_of(input)} and the target "
            f"{shape_of(array)}"
        )
    return array.reshape(input.shape).astype(input.dtype, copy=False)


def signs_like(criterion, input, target):
    """Return ``target`` in the input's shape and type, once every number in it is 1 or -1."""
    signs = numbers_like(criterion, input, target)
    if not (np.abs(signs) == 1).all():
        wrong = signs[np.abs(signs) != 1].flat[0]
        raise RangeError(f"{criterion!r} takes targets 1 (alike) and -1 (unlike), got {wrong:g}")
    return signs


def class_positions(criterion, target, shape, classes, besides=None):
    """Return class targets as an integer array of ``shape``, counted from 0.

    ``target`` counts from 1, in integers or whole floats; a Python number serves a single sample. The number
    ``besides`` is let through as it is, less 1.
    """
    array = numbers_array(criterion, target)
    if array.shape != shape and not (array.size == 1 and math.prod(shape) == 1):
        raise ShapeError(
            f"{criterion!r} takes one class per sample, a target of {'x'.join(map(str, shape)) or 'one number'} for "
            f"this input, got {shape_of(array)}"
        )
    numbers = array.reshape(shape)
    allowed = (numbers >= 1) & (numbers <= classes)
    if besides is not None:
        allowed |= numbers == besides
    if array.dtype.kind == "f":
        allowed &= numbers == np.floor(numbers)
    if not allowed.all():
        raise RangeError(
            f"{criterion!r}: class targets are whole numbers counted from 1 as in Torch7, here 1 to {classes}, got "
            f"{numbers[~allowed].flat[0]:g}"
        )
    return numbers.astype(np.intp) - 1


def class_weights(criterion, weights):
    """Return the weights given to a constructor as a vector of the criterion's type, or None where there are none."""
    if weights is None:
        return None
    weights = weights_given(criterion, weights)
    if weights.ndim != 1:
        raise ShapeError(f"{criterion.typename()}: weights are a vector, a number per class, got {shape_of(weights)}")
    return weights


def weights_given(criterion, weights):
    """Return what a constructor was given as an array of the criterion's type, once every number in it is finite."""
    try:
        array = np.asarray(weights, criterion.dtype)
    except (TypeError, ValueError):
        raise TensorTypeError(f"{criterion.typename()}: weights are an array of numbers, got {weights!r}") from None
    if not np.isfinite(array).all():
        raise RangeError(f"{criterion.typename()}: weights are finite numbers, got {weights!r}")
    return array


def numbers_array(criterion, target):
    """Return numbers, however they came, as an array."""
    if isinstance(target, np.ma.MaskedArray):
        expect_plain(criterion, target, target)
    if isinstance(target, (np.ndarray, Real, list, tuple)):
        try:
            array = np.asarray(target)
        except ValueError:  # rows of different lengths
            array = np.empty(0, object)
        if array.dtype.kind in "iubf":
            return array
    raise TensorTypeError(f"{criterion!r} takes numbers as its target, an array of them, got {shape_of(target)}")


def _without_ones(shape):
    return [length for length in shape if length != 1]
