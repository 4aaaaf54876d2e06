"""What modules check about their input, in one wording: rank, width, length, dimensions counted from 1."""

import numpy as np

from ..errors import RangeError, ShapeError, TensorTypeError
from ..nesting import shape_of

__all__ = [
    "axis_behind_batch",
    "axis_of",
    "dimension",
    "expect_array",
    "expect_entries",
    "expect_gradient",
    "expect_gradient_like",
    "expect_gradients",
    "expect_plain",
    "expect_rank",
    "expect_same_shape",
    "expect_table",
    "expect_width",
    "input_dims",
    "number",
    "size",
    "sizes",
]


def dimension(value, argument="dimension"):
    """Return ``value`` if it can name a dimension: a whole number other than 0; negative ones count from the end."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise RangeError(f"{argument} must be a whole number, got {value!r}")
    if value == 0:
        raise RangeError(f"{argument} is counted from 1 as in Torch7 (the first is 1, the last is -1), got 0")
    return int(value)


def input_dims(value, argument):
    """Return ``value`` if it can say how many dimensions an input has that is no batch: a whole number, or None."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, (int, np.integer))):
        raise RangeError(f"{argument} must be a whole number of dimensions, got {value!r}")
    return value if value is None else int(value)


def number(value, argument):
    """Return ``value`` as a Python number: one of numpy's would turn float32 arrays it meets into float64."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TensorTypeError(f"{argument} must be a number, got {value!r}")
    return value


def size(value, argument):
    """Return ``value`` as an int if it can be a size: a whole number from 1."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise RangeError(f"{argument} must be a whole number from 1, got {value!r}")
    return int(value)


def sizes(values, call, infer=False):
    """Return a call's sizes, ``2, 3`` or ``[2, 3]``, as a tuple of whole numbers from 1; -1 may infer one of them."""
    if len(values) == 1 and isinstance(values[0], (list, tuple, np.ndarray)):
        values = tuple(values[0])
    if not values:
        raise RangeError(f"{call} needs at least one size, as in {call}(2, 3)")
    inferred = [value for value in values if infer and value == -1]
    if len(inferred) > 1:
        raise RangeError(f"{call}: only one size can be -1, got {values}")
    return tuple(-1 if infer and value == -1 else size(value, f"{call}: a size") for value in values)


def axis_of(module, value, ndim, argument="dimension"):
    """Translate a dimension counted from 1 (or from the end, negative) to numpy's axis for ``ndim`` dimensions."""
    axis = value - 1 if value > 0 else ndim + value
    if not 0 <= axis < ndim:
        raise RangeError(f"{_name(module)}: {argument} {value} is out of range for an input of {ndim} dimensions")
    return axis


def axis_behind_batch(module, value, ndim, nInputDims, argument="dimension"):
    """Translate as ``axis_of`` does; an input of one dimension more than ``nInputDims`` is a batch, and ``value``
    counts behind its first dimension unless it counts from the end."""
    batch = nInputDims is not None and value > 0 and ndim == nInputDims + 1
    return axis_of(module, value + batch, ndim, argument)


def _name(module):
    """What messages call a module: its title, or the text that stands for one."""
    return module if isinstance(module, str) else module.title()


def expect_array(module, input):
    """Raise TensorTypeError where a table (or anything else) came in place of an array."""
    if not isinstance(input, np.ndarray):
        hint = ": does the updateOutput before it return its output?" if input is None else ""
        raise TensorTypeError(f"{_name(module)} takes one array, got {shape_of(input)}{hint}")


def expect_plain(module, leaf, input):
    """Raise unless an entry of the input is an array as numpy makes them, with a dimension at least.

    A matrix multiplies as matrices do where modules multiply number by number, and a masked array hides numbers.
    """
    if type(leaf) is np.ndarray and leaf.ndim and leaf.dtype.isnative:
        return
    if not isinstance(leaf, np.ndarray):
        remedy = ": convert it with np.array(x)" if hasattr(leaf, "__array__") or isinstance(leaf, (int, float)) else ""
        raise TensorTypeError(
            f"{_name(module)}: the input must be a numpy array or a table (list) of them, got {shape_of(input)}{remedy}"
        )
    if type(leaf).__mul__ is not np.ndarray.__mul__:
        raise TensorTypeError(
            f"{_name(module)} takes plain numpy arrays, got a {type(leaf).__name__} ({shape_of(leaf)}), whose "
            "operators are its own: convert it with np.array(x), a masked one with x.filled(0)"
        )
    if not leaf.dtype.isnative:
        raise TensorTypeError(
            f"{_name(module)}: {shape_of(leaf)} has its bytes in the order of another kind of machine: convert it with "
            f"x.astype('{leaf.dtype.name}')"
        )
    if not leaf.ndim:
        raise ShapeError(
            f"{_name(module)} takes arrays of at least one dimension, as Torch7's tensors are, got {shape_of(leaf)}: "
            "a number is an array of one element, x.reshape(1)"
        )


def expect_gradient_like(module, gradOutput, output):
    """Raise unless ``gradOutput`` has the shape and type of the array ``output``; numpy would stretch it."""
    if gradOutput.__class__ is np.ndarray and gradOutput.shape == output.shape and gradOutput.dtype is output.dtype:
        return  # told apart quickly
    expect_gradient(module, gradOutput, output.shape)
    if gradOutput.dtype != output.dtype:
        raise TensorTypeError(
            f"{_name(module)} put out {shape_of(output)}, but its gradOutput is {shape_of(gradOutput)}: convert it "
            f"with gradOutput.astype('{output.dtype.name}')"
        )
    expect_plain(module, gradOutput, gradOutput)


def expect_gradient(module, gradOutput, shape):
    """Raise unless ``gradOutput`` is an array of the output's shape."""
    if not isinstance(gradOutput, np.ndarray) or gradOutput.shape != shape:
        kind = ShapeError if isinstance(gradOutput, np.ndarray) else TensorTypeError
        ours = "x".join(map(str, shape)) or "one number"
        got = shape_of(gradOutput)
        raise kind(f"{_name(module)} put out {ours}, so its gradOutput must be {ours}, got {got}")


def expect_gradients(called, gradOutput, count):
    """Raise unless there is a table of one gradient for each of a module's outputs; ``called`` is its title."""
    if not isinstance(gradOutput, (list, tuple)):
        raise TensorTypeError(
            f"{called} has {count} outputs: gradOutput must be a table (list) of as many, got {shape_of(gradOutput)}"
        )
    if len(gradOutput) != count:
        raise ShapeError(f"{called} has {count} outputs, got {len(gradOutput)} gradOutputs")


def expect_table(module, input, length=None):
    """Raise where an array came in place of a table, or a table of another length."""
    if not isinstance(input, (list, tuple)):
        raise TensorTypeError(f"{_name(module)} takes a table (list) of arrays, got {shape_of(input)}")
    if length is not None and len(input) != length:
        raise ShapeError(f"{_name(module)} takes a table of {length} entries, got {len(input)}: {shape_of(input)}")
    if not input:
        raise ShapeError(f"{_name(module)} takes a table of at least one entry, got an empty one")


def expect_rank(module, input, ranks, meaning=""):
    """Raise ShapeError unless the array has one of the given numbers of dimensions."""
    expect_array(module, input)
    if input.ndim not in ranks:
        allowed = " or ".join(map(str, ranks))
        raise ShapeError(f"{_name(module)} takes an input of {allowed} dimensions{meaning}, got {shape_of(input)}")


def expect_width(module, input, width, axis=-1, what="input"):
    """Raise ShapeError unless the array has ``width`` entries along ``axis``."""
    if input.shape[axis] != width:
        where = "last dimension" if axis == -1 else f"dimension {axis + 1}"
        raise ShapeError(
            f"{_name(module)} expects {width} in the {where} of its {what}, got {input.shape[axis]} ({shape_of(input)})"
        )


def expect_entries(module, input, axis):
    """Raise ShapeError where there is nothing along ``axis`` to choose from or to average."""
    if not input.shape[axis]:
        raise ShapeError(f"{_name(module)} takes at least one entry in dimension {axis + 1}, got {shape_of(input)}")


def expect_same_shape(module, arrays):
    """Raise unless ``arrays`` is a table of at least one array and all its arrays have one shape."""
    if arrays.__class__ is list and len(arrays) == 2:
        first, second = arrays
        if first.__class__ is second.__class__ is np.ndarray and first.shape == second.shape:
            return  # by far the most common table, told apart quickly
    expect_table(module, arrays)
    for array in arrays:
        expect_array_entry(module, array, arrays)
        if array.shape != arrays[0].shape:
            raise ShapeError(f"{_name(module)} takes arrays of one shape, got {shape_of(arrays)}")


def expect_array_entry(module, entry, table):
    """Raise TensorTypeError unless this entry of the table is an array."""
    if not isinstance(entry, np.ndarray):
        raise TensorTypeError(f"{_name(module)} takes a table of arrays, got {shape_of(table)}")
