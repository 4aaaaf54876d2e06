"""Arrays as views of memory: which arrays share it, and how to convert, save or gather them without parting them."""

import bisect

import numpy as np

from .errors import StateError, TensorTypeError

__all__ = ["FOREIGN", "Window", "root", "convert", "gather", "memory_key", "places_within", "span"]

FOREIGN = (
    "getParameters(): parameters share memory that lies outside of numpy, of a buffer or another framework, so that "
    "nobody can move them together: copy it into an array first, and take views of that"
)


def root(array):
    """Return the array that owns the memory that ``array`` is a view of (itself, when it owns it)."""
    while True:
        base = array.base
        if not isinstance(base, np.ndarray):
            base = getattr(base, "base", None)  # that of a view made by as_strided stands between
            if not isinstance(base, np.ndarray):
                return array
        array = base


def memory_key(array, any_order=False):
    """Return what two arrays have in common exactly when they are the same view of the same memory.

    With ``any_order``, an array and its transpose count as the same.

    >>> a = np.ones(4)
    >>> memory_key(a[1:]) == memory_key(a[1:]), memory_key(a) == memory_key(a.copy())
    (True, False)
    """
    start = array.__array_interface__["data"][0]
    if any_order:
        return start, *sorted(zip(array.strides, array.shape, strict=True))
    return start, array.shape, array.strides


def places_within(array, base):
    """Return where the elements of a view lie in the memory of ``base``: the first one, and the steps to the next ones.

    >>> w = np.arange(6.0).reshape(2, 3)
    >>> places_within(w[1:, 1:], w)
    (4, [None, 1])
    """
    steps = [s // array.itemsize if n > 1 else None for n, s in zip(array.shape, array.strides, strict=True)]
    return _offset(array, base) // array.itemsize if array.size else None, steps


def _offset(array, base):
    """The distance in bytes from the start of ``base``'s memory to the first element of ``array``."""
    return array.__array_interface__["data"][0] - base.__array_interface__["data"][0]


def _flat(base):
    """All memory of an owning array as one dimension, in memory order, as a view."""
    return base.ravel(order="K")


class Window:
    """A view in a form that can be copied and pickled: the owner of the memory, and where the view lies in it.

    Several windows on one owner come back as views of one owner.

    >>> weights = np.arange(6.0)
    >>> Window.of(weights[2:4]).open()
    array([2., 3.])
    """

    def __init__(self, base, offset, shape, strides):
        self.base, self.offset, self.shape, self.strides = base, offset, shape, strides

    @classmethod
    def of(cls, array):
        """Describe ``array`` as a window on the memory it shares."""
        base = root(array)
        return cls(base, _offset(array, base), array.shape, array.strides)

    def open(self):
        """Return the view."""
        flat = _flat(self.base)
        return np.ndarray(self.shape, flat.dtype, flat, self.offset, self.strides)


def convert(array, dtype, cache):
    """Return ``array`` in another dtype; views of one memory, converted with one ``cache``, share memory again.

    >>> base, cache = np.arange(4.0), {}
    >>> a, b = (convert(view, np.dtype("float32"), cache) for view in (base[:2], base[1:]))
    >>> np.shares_memory(a, b)
    True
    """
    if array.dtype == dtype:
        return array
    base = root(array)
    if id(base) not in cache:
        cache[id(base)] = base, _flat(base).astype(dtype)
    flat = cache[id(base)][1]
    old, new = array.itemsize, flat.itemsize
    strides = tuple(stride // old * new for stride in array.strides)
    return np.ndarray(array.shape, flat.dtype, flat, _offset(array, base) // old * new, strides)


def gather(arrays):
    """Lay arrays out in one new flat vector; return it and a function that moves any view of the old memory along.

    Arrays follow each other in the order given, each in row order. Those that share elements share them in the vector,
    too; gaps between the used elements are closed. When the arrays already fill one stretch of memory in this order,
    the vector is that stretch and nothing moves. Raises TensorTypeError for arrays of several types.

    >>> w = np.arange(6.0).reshape(2, 3)
    >>> flat, move = gather([w, w[0]])
    >>> moved = move(w[:, ::2]); moved[0, 0] = 7; flat is w, flat
    (False, array([7., 1., 2., 3., 4., 5.]))
    """
    dtypes = {array.dtype.name: None for array in arrays}
    if len(dtypes) > 1:
        raise TensorTypeError(
            f"getParameters() makes one vector of one type, but the parameters are of types {' and '.join(dtypes)}: "
            "convert the network with net.float() or net.double() first, or flatten its parts apart"
        )
    blocks = _blocks([array for array in arrays if array.size])
    clusters = sorted((cluster for block in blocks for cluster in block.clusters), key=lambda c: c.turn)
    stretch = _one_stretch(clusters)
    if stretch is not None:
        return stretch, lambda array: array
    flat, start = np.empty(sum(cluster.size for cluster in clusters), arrays[0].dtype), 0
    for cluster in clusters:
        start = cluster.move_to(flat, start)
    by_base = {}
    for block in blocks:
        by_base.setdefault(id(block.base), []).append(block)

    def move(array):
        there = by_base.get(id(root(array)), ())
        if not there or not array.size:
            return array
        low, high = _span(array, root(array))
        following = bisect.bisect_right(there, low, key=lambda block: block.high)
        touched = [c for block in there[following:] if block.low < high for c in block.clusters if c.touches(array)]
        return touched[0].moved(array) if touched else array

    return flat, move


def span(array):
    """Return the addresses of the first byte that an array uses, and of the one behind the last.

    >>> a = np.arange(6.0)
    >>> start, end = span(a[4:0:-2]); end - start, start - span(a)[0]
    (24, 16)
    """
    start = array.__array_interface__["data"][0]
    reach = [(length - 1) * stride for length, stride in zip(array.shape, array.strides, strict=True)]
    low, high = (sum(step for step in reach if sign * step > 0) for sign in (-1, 1))
    return start + low, start + high + array.itemsize


def _span(array, base):
    """The positions of the first and behind the last element of ``array`` in the memory of ``base``, in elements."""
    start, end = span(array)
    low = (start - base.__array_interface__["data"][0]) // base.itemsize
    return low, low + (end - start) // base.itemsize


def _blocks(arrays):
    """Group arrays whose spans of one memory meet; the blocks of a memory come in its order."""
    spans = sorted((id(root(array)), *_span(array, root(array)), turn) for turn, array in enumerate(arrays))
    groups = []
    base, end = None, 0
    _expect_one_owner(arrays)
    for memory, low, high, turn in spans:
        if memory != base or low >= end:
            groups.append([])
            base, end = memory, high
        groups[-1].append(turn)
        end = max(end, high)
    return [_Block([(turn, arrays[turn]) for turn in sorted(turns)]) for turns in groups]


def _expect_one_owner(arrays):
    """Raise StateError where arrays meet in memory that no array of numpy's owns for all of them."""
    owners = {id(owner): owner for owner in map(root, arrays)}.values()
    spans = sorted((owner.__array_interface__["data"][0], owner.nbytes) for owner in owners)
    for (start, size), (following, _) in zip(spans, spans[1:], strict=False):
        if following < start + size:
            raise StateError(FOREIGN)


class _Block:
    """Arrays whose spans of one memory meet, in clusters of those that share elements of it."""

    def __init__(self, entries):
        self.base = root(entries[0][1])
        spans = [_span(array, self.base) for _, array in entries]
        self.low, self.high = min(low for low, _ in spans), max(high for _, high in spans)
        different = {memory_key(array): (turn, array) for turn, array in reversed(entries)}
        groups = [list(different.values())[::-1]]
        if len(groups[0]) > 1:
            groups = self._sharing(groups[0])
        self.clusters = [_Cluster(self.base, group) for group in groups]

    def _sharing(self, entries):
        """Group the entries that share elements."""
        owner = np.full(self.high - self.low, -1)
        groups = {}
        for turn, array in entries:
            places = _places(array, self.base) - self.low
            met = [int(number) for number in np.unique(owner[places]) if number >= 0]
            owner[places] = turn
            groups[turn] = [(turn, array)]
            for number in met:
                owner[owner == number] = turn
                groups[turn] = groups.pop(number) + groups[turn]
        return list(groups.values())


def _one_stretch(clusters):
    """Return the stretch of memory that the clusters fill one after the other without gaps, or None."""
    if not clusters or not all(cluster.solid for cluster in clusters):
        return None
    for cluster, following in zip(clusters, clusters[1:], strict=False):
        if cluster.base is not following.base or cluster.high != following.low:
            return None
    return _flat(clusters[0].base)[clusters[0].low : clusters[-1].high]


class _Cluster:
    """Arrays that share elements: which elements of their memory they use, in which order, and where these go.

    The order is that of the rows of an array which has all of the elements, or else that of the memory.
    """

    def __init__(self, base, entries):
        self.base = base
        self.turn = min(turn for turn, _ in entries)
        arrays = [array for _, array in entries]
        spans = [_span(array, base) for array in arrays]
        self.low, self.high = min(low for low, _ in spans), max(high for _, high in spans)
        self.size = self.high - self.low
        self.solid = any(array.flags.c_contiguous and array.size == self.size for array in arrays)
        if self.solid:
            return
        used = np.zeros(self.size, bool)
        for array in arrays:
            used[_places(array, base) - self.low] = True
        self.size = int(used.sum())
        whole = [array for array in arrays if array.size == self.size]
        whole = [array for array in whole if np.unique(_places(array, base)).size == self.size]
        self.elements = _places(whole[0], base).ravel() - self.low if whole else np.flatnonzero(used)
        self.solid = self.size == len(used) and bool((np.diff(self.elements) == 1).all())
        self.position = np.full(len(used), -1)
        self.position[self.elements] = np.arange(self.size)

    def move_to(self, flat, start):
        stretch = _flat(self.base)[self.low : self.high]
        flat[start : start + self.size] = stretch if self.solid else stretch[self.elements]
        self.flat, self.start = flat, start
        return start + self.size

    def _positions(self, array):
        """Where the elements of ``array`` are in the cluster's order; -1 for those that are not in it."""
        places = _places(array, self.base) - self.low
        inside = (places >= 0) & (places < self.high - self.low)
        if self.solid:
            return np.where(inside, places, -1)
        return np.where(inside, self.position[np.where(inside, places, 0)], -1)

    def touches(self, array):
        """Tell whether an element of ``array`` is one that moved."""
        low, high = _span(array, self.base)
        if low >= self.high or high <= self.low:
            return False
        return (self.solid and self.low <= low and high <= self.high) or bool((self._positions(array) >= 0).any())

    def moved(self, array):
        """The view of the new memory that stands for ``array``."""
        low, high = _span(array, self.base)
        item = self.flat.itemsize
        if self.solid and self.low <= low and high <= self.high:
            corner = _offset(array, self.base) // item - self.low + self.start
            return np.ndarray(array.shape, self.flat.dtype, self.flat, corner * item, array.strides)
        positions = self._positions(array)
        if (positions < 0).any():
            raise StateError(
                f"getParameters() would part an array of shape {array.shape} from the parameters that share a part of "
                "its memory: flatten the network that has all of it, or give one of them memory of its own"
            )
        places = positions + self.start
        corner = int(places.flat[0])
        steps = [
            int(np.take(places, 1, axis).flat[0]) - corner if length > 1 else 1
            for axis, length in enumerate(places.shape)
        ]
        if not np.array_equal(_lattice(corner, places.shape, steps), places):
            raise StateError(
                "getParameters() cannot close the gaps between parameters that overlap with unequal strides "
                f"(shape {array.shape}, strides {array.strides}); give one of them memory of its own"
            )
        return np.ndarray(array.shape, self.flat.dtype, self.flat, corner * item, tuple(step * item for step in steps))


def _places(array, base):
    """The position of every element of ``array`` within the memory of ``base``, in elements."""
    item = base.itemsize
    return _lattice(_offset(array, base) // item, array.shape, [stride // item for stride in array.strides])


def _lattice(corner, shape, steps):
    """The positions ``corner + i * steps[0] + j * steps[1] + ...`` for all indices of ``shape``."""
    places = np.full(shape, corner, dtype=np.intp)
    for axis, (length, step) in enumerate(zip(shape, steps, strict=True)):
        places += (np.arange(length) * step).reshape((-1,) + (1,) * (len(shape) - axis - 1))
    return places
