"""Words for arrays and tables: their shapes, their ranges, and what in them is not finite."""

import numpy as np

from ..nesting import is_table, leaves, shape_of

__all__ = ["brief", "flags_of", "ranges"]


_MANY = 3  # entries of a table that an arrow can tell one by one


def brief(value):
    """Describe a value on an arrow: shape and type; of a long table, its first entries and how many there are.

    >>> brief([np.zeros((2, 3)), np.zeros(4, "float32")])
    '[2×3 float64, 4 float32]'
    >>> brief([np.zeros(1), np.zeros(2), np.zeros(3), np.zeros(4)])
    '[1 float64, 2 float64, ... 4 entries]'
    """
    if is_table(value):
        shown = len(value) if len(value) <= _MANY else _MANY - 1
        rest = [f"... {len(value)} entries"] if len(value) > shown else []
        if isinstance(value, dict):
            return "{" + ", ".join([f"{key}: {brief(value[key])}" for key in list(value)[:shown]] + rest) + "}"
        return "[" + ", ".join([*map(brief, value[:shown]), *rest]) + "]"
    if isinstance(value, np.ndarray):
        return f"{'×'.join(map(str, value.shape)) or 'scalar'} {value.dtype.name}"
    return "none" if value is None else type(value).__name__


def flags_of(value):
    """Return the list of ``NaN`` and ``inf``, as far as they occur in the arrays and numbers of a value."""
    arrays = [array for array in map(np.asarray, leaves(value)) if array.dtype.kind == "f"]
    found = []
    if any(np.isnan(array).any() for array in arrays):
        found.append("NaN")
    if any(np.isinf(array).any() for array in arrays):
        found.append("inf")
    return found


def ranges(value):
    """Describe a value with the range of its finite numbers, and what is not finite.

    >>> ranges([np.array([1.0, -2.5]), np.array([np.nan, 0, np.inf])])
    '[float64 2 from -2.5 to 1, float64 3 from 0 to 0 with 1 NaN, 1 inf]'
    """
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {ranges(item)}" for key, item in value.items()) + "}"
    if is_table(value):
        return "[" + ", ".join(map(ranges, value)) + "]"
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiu" or not value.size:
        return shape_of(value)
    finite = value[np.isfinite(value)]
    text = shape_of(value)
    if finite.size:
        text += f" from {finite.min():.4g} to {finite.max():.4g}"
    counts = [(int(np.isnan(value).sum()), "NaN"), (int(np.isinf(value).sum()), "inf")]
    odd = ", ".join(f"{count} {what}" for count, what in counts if count)
    return text + (f" with {odd}" if odd else "")
