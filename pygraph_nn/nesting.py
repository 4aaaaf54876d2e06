"""Nested tables: arrays inside lists (or tuples, or dicts), treated as one value.

A *nested table* is an array, or a list, tuple or dict of nested tables. ``None`` stands for "no gradient" and is the
neutral element of ``add``. Every function walks two tables of the same structure in step and returns a new table;
none of them writes into what it was given. Torch7's counterpart is ``nngraph/nesting.lua``.
"""

import copy

import numpy as np

from .errors import ShapeError

__all__ = ["is_table", "clone", "zero", "add", "map_table", "rebuilt", "leaves", "compare", "shape_of"]


def is_table(value):
    """Tell whether ``value`` is a table: a list or tuple (positions) or a dict (keys).

    >>> is_table([1]), is_table({"h": 1}), is_table(np.zeros(2))
    (True, True, False)
    """
    return isinstance(value, (list, tuple, dict))


def map_table(function, first, *others):
    """Apply ``function`` to the leaves of one or several tables of the same structure.

    >>> map_table(lambda a, b: a + b, [1, {"h": 2}], [10, {"h": 20}])
    [11, {'h': 22}]
    """
    if not is_table(first):
        return function(first, *others)
    for other in others:
        _same_keys(first, other)
    if isinstance(first, dict):
        return {key: map_table(function, first[key], *(other[key] for other in others)) for key in first}
    return [map_table(function, *row) for row in zip(first, *others, strict=True)]


def rebuilt(value, change):
    """Return ``value`` with ``change(leaf)`` for every leaf, its lists, tuples and dicts of the kinds they were.

    Where ``change`` returns every leaf as it is, the result is ``value`` itself.

    >>> rebuilt((1, {"h": 2}), lambda leaf: 10 * leaf)
    (10, {'h': 20})
    """
    if isinstance(value, dict):
        items = {key: rebuilt(item, change) for key, item in value.items()}
        if all(items[key] is item for key, item in value.items()):
            return value
        twin = copy.copy(value)
        twin.update(items)
        return twin
    if isinstance(value, (list, tuple)):
        items = [rebuilt(item, change) for item in value]
        if all(new is old for new, old in zip(items, value, strict=True)):
            return value
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    return change(value)


def _same_keys(first, other):
    """Raise ShapeError unless both tables have the same positions or keys."""
    if not is_table(other) or isinstance(first, dict) != isinstance(other, dict):
        raise ShapeError(f"tables of one structure are needed, got {shape_of(first)} and {shape_of(other)}")
    if len(first) != len(other) or (isinstance(first, dict) and first.keys() != other.keys()):
        raise ShapeError(f"tables of one structure are needed, got {shape_of(first)} and {shape_of(other)}")


def clone(value):
    """Copy every array; structure and types stay.

    >>> table = [np.ones(2), [np.zeros(1)]]
    >>> copy = clone(table); copy[0][0] = 5; table[0]
    array([1., 1.])
    """
    return map_table(np.copy, value)


def zero(value):
    """Return a table of zeros of the same structure, shapes and types.

    >>> zero([np.ones(2), None])
    [array([0., 0.]), None]
    """
    return map_table(lambda leaf: None if leaf is None else np.zeros_like(leaf), value)


def add(first, second):
    """Return the sum of two tables of one structure, as a new table; ``None`` counts as zero.

    >>> add([np.ones(2), None], [np.ones(2), np.ones(1)])
    [array([2., 2.]), array([1.])]
    """
    if first is None:
        return second
    if second is None:
        return first
    if isinstance(first, np.ndarray) and isinstance(second, np.ndarray):
        return first + second
    if not is_table(first):
        raise ShapeError(f"cannot add gradients {shape_of(first)} and {shape_of(second)}")
    _same_keys(first, second)
    if isinstance(first, dict):
        return {key: add(first[key], second[key]) for key in first}
    return [add(a, b) for a, b in zip(first, second, strict=True)]


def leaves(value):
    """Yield the leaves of a table in order.

    >>> list(leaves([1, [2, {"h": 3}]]))
    [1, 2, 3]
    """
    if isinstance(value, dict):
        value = value.values()
    elif not is_table(value):
        yield value
        return
    for item in value:
        yield from leaves(item)


def compare(first, second, rtol=0.0, atol=0.0):
    """Tell whether two tables have one structure and equal (or close) arrays; NaN equals NaN.

    >>> compare([np.ones(2)], [np.ones(2) + 1e-9], atol=1e-8)
    True
    """
    if not is_table(first) or not is_table(second):
        if first is None or second is None or is_table(first) or is_table(second):
            return first is second
        return np.shape(first) == np.shape(second) and bool(
            np.allclose(first, second, rtol=rtol, atol=atol, equal_nan=True)
        )
    if isinstance(first, dict) != isinstance(second, dict) or len(first) != len(second):
        return False
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(compare(first[k], second[k], rtol, atol) for k in first)
    return all(compare(a, b, rtol, atol) for a, b in zip(first, second, strict=True))


def shape_of(value):
    """Describe a value in few words, for messages and labels.

    >>> shape_of([np.zeros((2, 3)), None, {"h": np.zeros(4, "float32")}])
    '[float64 2x3, None, {h: float32 4}]'
    """
    if isinstance(value, np.ndarray):
        return f"{value.dtype.name} {'x'.join(map(str, value.shape)) or 'scalar'}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {shape_of(item)}" for key, item in value.items()) + "}"
    if is_table(value):
        return "[" + ", ".join(map(shape_of, value)) + "]"
    return "None" if value is None else type(value).__name__
