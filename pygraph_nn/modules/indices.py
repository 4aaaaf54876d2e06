"""Indices counted from 1: checking them, and adding rows at the places they name."""

import numpy as np

from ..errors import RangeError, TensorTypeError
from ..nesting import shape_of

__all__ = ["add_rows", "positions"]


def positions(module, index, count, what="index"):
    """Return an array of whole numbers from 1 to ``count`` as numpy's indices from 0.

    Floating arrays are taken as Torch7 takes them, as long as their numbers are whole.
    """
    if not isinstance(index, np.ndarray) or index.dtype.kind not in "iuf":
        raise TensorTypeError(f"{module!r}: each {what} must stand in an array of whole numbers, got {shape_of(index)}")
    if index.dtype.kind == "f":
        whole = np.isfinite(index) & (index == np.floor(index))
        if not whole.all():
            raise RangeError(
                f"{module!r}: each {what} must be a whole number from 1 to {count}, got {index[~whole].flat[0]}"
            )
        index = index.clip(-(2.0**53), 2.0**53)  # what no integer can hold
    found = np.array(index, np.intp)
    wrong = (found < 1) | (found > count)
    if wrong.any():
        raise RangeError(
            f"{module!r}: each {what} is counted from 1 as in Torch7 and must lie between 1 and {count}, "
            f"got {found[wrong][0]}"
        )
    found -= 1
    return found


def add_rows(target, places, rows):
    """Add each of ``rows`` to the row of ``target`` that ``places`` (from 0) names, as often as it is named.

    >>> target = np.zeros((2, 1))
    >>> add_rows(target, np.array([1, 1]), np.array([[1.0], [2.0]])); target
    array([[0.],
           [3.]])
    """
    if not places.size:
        return
    order = np.argsort(places, kind="stable")
    places = places[order]
    starts = np.flatnonzero(np.r_[True, places[1:] != places[:-1]])
    target[places[starts]] += np.add.reduceat(rows[order], starts, axis=0)
