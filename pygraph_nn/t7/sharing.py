"""Which storages a set of arrays is written on, so that shared memory stays shared and unused memory stays out.

Torch7 writes a tensor's whole storage, used or not. Here a storage is the stretch of memory that the arrays being
written use: what overlaps is one storage, whatever happens. Parts of one array that do not overlap are one storage
too (a flat vector of parameters stays flat) as long as at least half of the stretch from the first to the last is in
use; otherwise each gapless part becomes its own, so that a batch cut from a large data set does not bring the data set
along.
"""

import numpy as np

from ..errors import TensorTypeError
from ..memory import root
from .format import TENSOR_NAMES

__all__ = ["StoragePlan", "as_tensor"]


def as_tensor(array):
    """Return an array in a form that a tensor can have: one of its types, strides not negative, one dimension or more.

    It is a view of the same memory wherever strides and type allow; a bool array becomes bytes.

    Raises:
        TensorTypeError: Torch7 has no tensor of this type.
    """
    array = np.atleast_1d(np.asarray(array))
    if array.dtype == bool:
        array = array.view(np.uint8)
    if array.dtype.newbyteorder("=") not in TENSOR_NAMES:
        raise TensorTypeError(f"Torch7 has no tensor of type {array.dtype.name}; convert it, e.g. astype('float64')")
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    width = array.itemsize
    if any(stride < 0 or stride % width for stride in array.strides):
        array = np.ascontiguousarray(array) if array.size else np.empty(0, array.dtype)
        if any(stride < 0 for stride in array.strides):
            array = array.copy()
    return array


class _Stretch:
    """A stretch of memory, from byte address ``low`` to ``high``, and the arrays that lie in it."""

    __slots__ = ("low", "high", "arrays", "root", "memory", "offsets")

    def __init__(self, low, high, array):
        self.low, self.high, self.arrays, self.root = low, high, [array], root(array)

    def join(self, other):
        self.arrays += other.arrays
        self.high = max(self.high, other.high)


class StoragePlan:
    """Storages for arrays; ``place(array)`` says where each of them lies.

    >>> flat = np.arange(6.0)
    >>> plan = StoragePlan([flat[:4], flat[3:]])
    >>> [(storage.size, offset) for storage, offset, _ in map(plan.place, plan.arrays)]
    [(6, 0), (6, 3)]
    """

    def __init__(self, arrays):
        self.arrays = [array for array in arrays if array.size]
        self.places = {}
        for stretch in _joined(_overlapping(self.arrays)):
            self._settle(stretch)

    def place(self, array):
        """Return (storage, offset, strides) of one of the arrays, counted in elements; one storage is one object."""
        return self.places[id(array)]

    def _settle(self, stretch):
        first = stretch.arrays[0]
        width = first.itemsize
        if len(stretch.arrays) == 1 and 2 * _used(first) < stretch.high - stretch.low:
            storage, strides = _compact(first)
            self.places[id(first)] = storage, 0, strides
            return
        n = (stretch.high - stretch.low) // width
        storage = np.lib.stride_tricks.as_strided(first, (n,), (width,), writeable=False)
        for array in stretch.arrays:
            strides = tuple(stride // width for stride in array.strides)
            self.places[id(array)] = storage, (_address(array) - stretch.low) // width, strides


def _address(array):
    return array.__array_interface__["data"][0]


def _span(array):
    """Return the length in bytes from an array's first to behind its last element, no stride being negative."""
    return array.itemsize + sum((size - 1) * stride for size, stride in zip(array.shape, array.strides))


def _used(array):
    """Return how many bytes an array uses, the repeats of an expanded one counted once."""
    elements = 1
    for size, stride in zip(array.shape, array.strides):
        elements *= size if stride else 1
    return elements * array.itemsize


def _compact(array):
    """Return (the elements of a sparse view without what lies between, strides), repeats written once."""
    once = array[tuple(slice(None) if stride else slice(0, 1) for stride in array.strides)]
    dense = np.ascontiguousarray(once)
    strides = tuple(new // array.itemsize if old else 0 for new, old in zip(dense.strides, array.strides))
    return dense.reshape(-1), strides


def _overlapping(arrays):
    """Return stretches of overlapping arrays, and of adjacent parts of one array, by type, in memory order."""
    groups = {}
    for array in arrays:
        low = _address(array)
        groups.setdefault((array.dtype.char, low % array.itemsize), []).append((low, len(groups), array))
    stretches = []
    for group in groups.values():
        group.sort(key=lambda entry: entry[0])
        last = None
        for low, _, array in group:
            new = _Stretch(low, low + _span(array), array)
            if last and (new.low < last.high or (new.low == last.high and new.root is last.root)):
                last.join(new)
            else:
                stretches.append(new)
                last = new
    return stretches


def _joined(stretches):
    """Return the stretches after those of one array, of which at least half is in use together, became one."""
    by_root = {}
    for stretch in stretches:
        first = stretch.arrays[0]
        key = id(stretch.root), first.dtype.char, stretch.low % first.itemsize
        by_root.setdefault(key, []).append(stretch)
    for parts in by_root.values():
        used = sum(min(part.high - part.low, sum(map(_used, part.arrays))) for part in parts)
        if 2 * used >= max(part.high for part in parts) - parts[0].low:
            for part in parts[1:]:
                parts[0].join(part)
            yield parts[0]
        else:
            yield from parts
