"""What modules check about their input, in one wording: rank, width, length, dimensions counted from 1."""

import numpy as np

from ..errors import RangeError, ShapeError, TensorTypeError
from ..nesting import shape_of

__all__ = ["axis_of", "dimension", "expect_array", "expect_rank", "expect_same_shape", "expect_table", "expect_width"]


def dimension(value, argument="dimension"):
    """Return ``value`` if it can name a dimension: a whole number other than 0; negative ones count from the end."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise RangeError(f"{argument} must be a whole number, got {value!r}")
    if value == 0:
        raise RangeError(f"{argument} is counted from 1 as in Torch7 (the first is 1, the last is -1), got 0")
    return int(value)


def axis_of(module, value, ndim, argument="dimension"):
    """Translate a dimension counted from 1 (or from the end, negative) to numpy's axis for ``ndim`` dimensions."""
    axis = value - 1 if value > 0 else ndim + value
    if not 0 <= axis < ndim:
        raise RangeError(f"{module!r}: {argument} {value} is out of range for an input of {ndim} dimensions")
    return axis


def expect_array(module, input):
    """Raise TensorTypeError where a table (or anything else) came in place of an array."""
    if not isinstance(input, np.ndarray):
        raise TensorTypeError(f"{module!r} takes one array, got {shape_of(input)}")


def expect_table(module, input, length=None):
    """Raise where an array came in place of a table, or a table of another length."""
    if not isinstance(input, (list, tuple)):
        raise TensorTypeError(f"{module!r} takes a table (list) of arrays, got {shape_of(input)}")
    if length is not None and len(input) != length:
        raise ShapeError(f"{module!r} takes a table of {length} entries, got {len(input)}: {shape_of(input)}")
    if not input:
        raise ShapeError(f"{module!r} takes a table of at least one entry, got an empty one")


def expect_rank(module, input, ranks, meaning=""):
    """Raise ShapeError unless the array has one of the given numbers of dimensions."""
    expect_array(module, input)
    if input.ndim not in ranks:
        allowed = " or ".join(map(str, ranks))
        raise ShapeError(f"{module!r} takes an input of {allowed} dimensions{meaning}, got {shape_of(input)}")


def expect_width(module, input, width, axis=-1, what="input"):
    """Raise ShapeError unless the array has ``width`` entries along ``axis``."""
    if input.shape[axis] != width:
        where = "last dimension" if axis == -1 else f"dimension {axis + 1}"
        raise ShapeError(
            f"{module!r} expects {width} in the {where} of its {what}, got {input.shape[axis]} ({shape_of(input)})"
        )


def expect_same_shape(module, arrays):
    """Raise unless all arrays of a table have one shape."""
    first = arrays[0].shape if isinstance(arrays[0], np.ndarray) else None
    for array in arrays:
        expect_array_entry(module, array, arrays)
        if array.shape != first:
            raise ShapeError(f"{module!r} takes arrays of one shape, got {shape_of(arrays)}")


def expect_array_entry(module, entry, table):
    """Raise TensorTypeError unless this entry of the table is an array."""
    if not isinstance(entry, np.ndarray):
        raise TensorTypeError(f"{module!r} takes a table of arrays, got {shape_of(table)}")
