"""Reading a .t7: one loop with its own stack, so that depth is no limit, over tables, torch objects and functions."""

import os
from math import copysign, isnan

import numpy as np

from ..errors import T7Error
from .format import (
    EXACT,
    FUNCTION,
    NEWER_FUNCTION,
    OLD_FUNCTION,
    STORAGE_CLASSES,
    TABLE,
    TENSOR_CLASSES,
    TORCH,
    TYPE_NAMES,
    T7Function,
    T7Object,
    T7Pairs,
    T7Storage,
    path_of,
)
from .pause import collection_paused
from .source import open_source

__all__ = ["read"]

_MOST_DIMENSIONS = 32
_SHORT = 32  # names of fields and classes come again and again; one str of each is enough
_PUSHED = object()


def read(file, classes=None, long_size=None, progress=None):
    """Return the object that a .t7 file holds: generic objects, numpy arrays, lists, dicts and plain values.

    Args:
        file: a path, or a file-like object open for binary reading. It may hold several objects, one after another;
            the first is read, and a file-like object is left standing behind it.
        classes: a function of (class name, version number) that returns None, for a `T7Object`, or a pair
            (object, fill). The object takes its place at once, so that cycles close on it; when the whole file has
            been read, ``fill(fields)`` is called with its fields, inner objects before those that hold them.
            It is not asked for tensors and storages.
        long_size: 4 or 8 to say how long the longs of a binary file are; found out by itself otherwise.
        progress: a function of (bytes read, bytes in all) that is called after each storage.

    Raises:
        T7Error: the file is truncated, corrupted or no .t7; ``offset`` says where in the file, ``path`` where inside
            the object, by the file's own keys (Lua counts a list from 1).

    >>> import io
    >>> lines = ["3", "1", "2", "2", "1", "a", "1", "0.5", "2", "1", "b", "5", "1"]
    >>> read(io.BytesIO("\\n".join(lines).encode()))
    {'a': 0.5, 'b': True}
    """
    if isinstance(file, (str, bytes, os.PathLike)):
        with open(file, "rb", buffering=0) as opened:
            return read(opened, classes, long_size, progress)
    try:
        source = open_source(file, long_size)
    except T7Error as error:
        raise _placed(error, error.offset, "", file) from None
    return _Reader(source, classes, progress).read()


def _placed(error, offset, path, file):
    """Return an error with its place: the byte, the path inside the object, and the file's name if it has one."""
    name = getattr(file, "name", None)
    where = f"byte {offset}" + (f", in {path}" if path else "") + (f", of {name}" if isinstance(name, str) else "")
    return T7Error(f"{error} ({where})", offset, path)


class _Frame:
    """An object whose parts are still being read. It stands for a table until that exists."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, want, finish, value=None):
        self.want, self.finish, self.value = want, finish, value
        self.parts = []
        self.holds_open = False

    def place(self):
        """Return (the key under which the next part will stand,), or () where it has none."""
        return (self.parts[-1],) if self.finish.__name__ in _KEYED and len(self.parts) % 2 else ()


class _Reader:
    """One reading of one file."""

    def __init__(self, source, classes, progress):
        self.source, self.classes, self.progress = source, classes, progress
        self.objects, self.kinds, self.texts = {}, {}, {}
        self.stack = []
        self.patches, self.fills = [], []
        self.begin = (
            self._nil,
            self._number,
            self._string,
            self._table,
            self._torch,
            self._boolean,
            self._old_function,
            self._newer_function,
            self._function,
        )
        self.bodies = {
            "torch.Generator": self._generator,
            "torch.Timer": self._timer,
            "nn.GPU": self._gpu,
            "tds.Vec": self._vec,
            "tds.Hash": self._hash,
            "tds_vec": self._vec,
            "tds_hash": self._hash,
        }

    def read(self):
        """Return the file's object."""
        try:
            return self._read()
        finally:
            self.begin = self.bodies = None  # methods of its own: the reader would keep all that it has read

    def _read(self):
        self.at = self.source.offset
        try:
            with collection_paused():
                root = self._run()
        except T7Error as error:
            offset = self.at if error.offset is None else error.offset
            path = path_of(key for frame in self.stack for key in frame.place())
            raise _placed(error, offset, path, self.source.file) from None
        for patch in self.patches:
            patch()
        self.source.close()
        for fill, fields in self.fills:
            fill(fields)
        return root

    def _run(self):
        """Read values into the innermost open frame; a full frame becomes a value of the frame around it."""
        root = _Frame(1, _only)
        stack, begin, source = self.stack, self.begin, self.source
        stack.append(root)
        while True:
            frame = stack[-1]
            parts, want = frame.parts, frame.want
            while len(parts) < want:
                self.at = source.offset
                kind = source.int()
                if not 0 <= kind <= FUNCTION:
                    raise T7Error(f"an object's type is 0 to 8, not {kind}", self.at)
                value = begin[kind]()
                if value is _PUSHED:
                    break
                parts.append(value)
            else:
                value = frame.finish(frame)
                stack.pop()
                if not stack:
                    return value
                stack[-1].parts.append(value)

    def _push(self, want, finish, value=None):
        frame = _Frame(want, finish, value)
        self.stack.append(frame)
        return frame

    # --------------------------------------------------------------------------------------------- plain values

    def _nil(self):
        return None

    def _number(self):
        value = self.source.double()
        if value.is_integer() and -EXACT <= value <= EXACT and (value or copysign(1, value) > 0):
            return int(value)
        return value

    def _string(self):
        data = self.source.string()
        if len(data) > _SHORT:
            return data.decode("utf-8", "surrogateescape")
        text = self.texts.get(data)
        if text is None:
            text = self.texts[data] = data.decode("utf-8", "surrogateescape")
        return text

    def _boolean(self):
        value = self.source.int()
        if value not in (0, 1):
            raise T7Error(f"a boolean is 0 or 1, not {value}", self.at)
        return value == 1

    # --------------------------------------------------------------------------------------------------- indices

    def _index(self, kind):
        """Read an index; return (it, whether it is new)."""
        index = self.source.int()
        if index < 1:
            raise T7Error(f"an index counts from 1, this is {index}", self.at)
        known = self.kinds.setdefault(index, None)
        if known is None:
            self.kinds[index] = kind
        elif known != kind:
            raise T7Error(f"object {index} is a {TYPE_NAMES[known]}, not a {TYPE_NAMES[kind]}", self.at)
        return index, known is None

    def _seen(self, index):
        """Return the object of an index that was read before; a frame, where it is a table still being read."""
        value = self.objects.get(index, _PUSHED)
        if value is _PUSHED:
            raise T7Error(f"object {index} holds itself, which a tensor cannot", self.at)
        if type(value) is _Frame:
            self.stack[-1].holds_open = True
        return value

    # ---------------------------------------------------------------------------------------------------- tables

    def _table(self):
        index, new = self._index(TABLE)
        if not new:
            return self._seen(index)
        n = self.source.length(self.source.int(), self.source.least_pair, "a table's length")
        around = self.stack[-1].finish
        frame = self._push(2 * n, self._finish_fields if around == self._finish_object else self._finish_table)
        frame.index = index
        self.objects[index] = frame
        return _PUSHED

    def _finish_fields(self, frame):
        return self._keep(frame, self._as_dict(frame))

    def _finish_table(self, frame):
        keys, values = frame.parts[0::2], frame.parts[1::2]
        if not _is_list(keys):
            return self._keep(frame, self._as_dict(frame))
        if keys != list(range(1, len(keys) + 1)):
            values = [value for _, value in sorted(zip(keys, values), key=_first)]
        self._mend_later(frame, values, enumerate(values))
        return self._keep(frame, values)

    def _as_dict(self, frame):
        """Return the table as a dict, or as T7Pairs where its keys do not allow one."""
        keys, values = frame.parts[0::2], frame.parts[1::2]
        if any(key is None or (type(key) is float and isnan(key)) for key in keys):
            raise T7Error("a table's key cannot be nil or nan", self.at)
        try:
            table = dict(zip(keys, values))
        except TypeError:
            return self._as_pairs(keys, values)
        if len(table) < len(keys) and any(type(key) is bool for key in keys):
            return self._as_pairs(keys, values)
        self._mend_later(frame, table, table.items())
        return table

    def _as_pairs(self, keys, values):
        pairs = T7Pairs(zip(keys, values))

        def mend():
            pairs[:] = [tuple(part.value if type(part) is _Frame else part for part in pair) for pair in pairs]

        self.patches.append(mend)
        return pairs

    def _mend_later(self, frame, container, items):
        """Note the places that refer to a table which does not exist yet."""
        if frame.holds_open:
            open_places = [(key, value) for key, value in items if type(value) is _Frame]

            def mend():
                for key, value in open_places:
                    container[key] = value.value

            self.patches.append(mend)

    def _keep(self, frame, table):
        frame.value = self.objects[frame.index] = table
        return table

    # ------------------------------------------------------------------------------------------------- functions

    def _old_function(self):
        return self._begin_function(OLD_FUNCTION, None, True)

    def _newer_function(self):
        return self._begin_function(NEWER_FUNCTION, *self._index(FUNCTION))

    def _function(self):
        return self._begin_function(FUNCTION, *self._index(FUNCTION))

    def _begin_function(self, kind, index, new):
        if not new:
            return self._seen(index)
        function = T7Function(self.source.string(), None, kind)
        if index is not None:
            self.objects[index] = function
        self._push(1, self._finish_function, function)
        return _PUSHED

    def _finish_function(self, frame):
        upvalues = frame.parts[0]
        if not isinstance(upvalues, (list, dict)):
            raise T7Error("a function's upvalues are a table of their own", self.at)
        frame.value.upvalues = upvalues
        return frame.value

    # ------------------------------------------------------------------------------------- tensors and storages

    def _torch(self):
        index, new = self._index(TORCH)
        if not new:
            return self._seen(index)
        version = self._string()
        number = _version_number(version)
        class_name = version if number is None else self._string()
        if class_name in TENSOR_CLASSES:
            return self._tensor(index, class_name)
        if class_name in STORAGE_CLASSES:
            return self._storage(index, STORAGE_CLASSES[class_name])
        return self._object(index, class_name, version if number is not None else None, number or 0)

    def _storage(self, index, dtype):
        source = self.source
        source.settle_storage(dtype)
        storage = T7Storage(source.array(dtype, source.longs(1)[0]))
        self.objects[index] = storage
        if self.progress:
            self.progress(source.offset - source.start, source.size)
        return storage

    def _tensor(self, index, class_name):
        source = self.source
        dimensions = source.int()
        if not 0 <= dimensions <= _MOST_DIMENSIONS:
            raise T7Error(f"a tensor has 0 to {_MOST_DIMENSIONS} dimensions, not {dimensions}", self.at)
        source.settle_tensor(dimensions)
        sizes, strides = source.longs(dimensions), source.longs(dimensions)
        frame = self._push(1, self._finish_tensor, (class_name, sizes, strides, source.longs(1)[0] - 1))
        frame.index = index
        frame.at = self.at
        return _PUSHED

    def _finish_tensor(self, frame):
        class_name, sizes, strides, offset = frame.value
        dtype, storage = TENSOR_CLASSES[class_name], frame.parts[0]
        if storage is not None and (type(storage) is not T7Storage or storage.array.dtype != dtype):
            raise T7Error(f"a {class_name} lies on a storage of its type, not on {_describe(storage)}", self.at)
        if not sizes:
            array = np.empty(0, dtype)
        else:
            array = _view(storage, sizes, strides, offset, dtype, frame.at)
        self.objects[frame.index] = array
        return array

    # ------------------------------------------------------------------------------------------- other objects

    def _object(self, index, class_name, version, number):
        made = self.classes and self.classes(class_name, number)
        value, fill = made or (T7Object(class_name, version), None)
        self.objects[index] = value
        begin = self.bodies.get(class_name)
        if begin is not None:
            return begin(value, fill)
        self._push(1, self._finish_object, (value, fill))
        return _PUSHED

    def _fill(self, value, fill, fields):
        """Give an object its fields: a T7Object at once, another's when the whole file has been read."""
        if fill is None:
            value.fields = fields
        else:
            self.fills.append((fill, fields))
        return value

    def _finish_object(self, frame):
        fields = frame.parts[-1]
        if isinstance(fields, list) and not isinstance(fields, T7Pairs):
            fields = dict(enumerate(fields, 1))
        if not isinstance(fields, (dict, T7Pairs)):
            raise T7Error(f"an object's fields are a table of their own, not {_describe(fields)}", self.at)
        return self._fill(*frame.value, fields)

    def _gpu(self, value, fill):
        self._push(2, self._finish_object, (value, fill))
        return _PUSHED

    def _generator(self, value, fill):
        return self._fill(value, fill, {"state": self.source.generator()})

    def _timer(self, value, fill):
        return self._fill(value, fill, {})

    def _vec(self, value, fill):
        self._push(self._count(self.source.least_object), self._finish_vec, (value, fill))
        return _PUSHED

    def _finish_vec(self, frame):
        self._mend_later(frame, frame.parts, enumerate(frame.parts))
        return self._fill(*frame.value, frame.parts)

    def _hash(self, value, fill):
        self._push(2 * self._count(self.source.least_pair), self._finish_hash, (value, fill))
        return _PUSHED

    def _finish_hash(self, frame):
        return self._fill(*frame.value, self._as_dict(frame))

    def _count(self, least):
        self.source.settle_count()
        return self.source.length(self.source.longs(1)[0], least, "a count")


_KEYED = {"_finish_table", "_finish_fields", "_finish_hash"}


def _only(frame):
    return frame.parts[0]


def _is_list(keys):
    """Whether keys are the numbers from 1 to as many as they are, in any order."""
    n = len(keys)
    return n == 0 or (set(map(type, keys)) == {int} and min(keys) == 1 and max(keys) == n == len(set(keys)))


def _first(pair):
    return pair[0]


def _version_number(version):
    """Return the number in "V 1", or None where the string is no version."""
    if not version.startswith("V "):
        return None
    try:
        number = float(version[2:])
    except ValueError:
        return None
    return int(number) if number.is_integer() else number


def _describe(value):
    if isinstance(value, T7Storage):
        return f"a storage of {value.array.dtype.name}"
    if type(value) is _Frame:
        return "a table that is still being read"
    return "nil" if value is None else f"a {type(value).__name__}"


def _view(storage, sizes, strides, offset, dtype, at):
    """Return the view of a storage that a tensor is, after making sure that all of it lies on the storage."""
    held = 0 if storage is None else len(storage)
    if min(sizes) < 1:
        raise T7Error(f"a tensor's sizes are 1 or more, not {sizes}", at)
    if min(strides) < 0 or max(strides) >= 2**59:
        raise T7Error(f"a tensor's strides are 0 or more, not {strides}", at)
    last = offset + sum((size - 1) * stride for size, stride in zip(sizes, strides))
    if offset < 0 or last >= held:
        raise T7Error(
            f"a tensor of sizes {sizes} and strides {strides} spans elements {offset + 1} to {last + 1} "
            f"of a storage of {held}",
            at,
        )
    try:
        width = dtype.itemsize
        return np.ndarray(sizes, dtype, storage.array, offset * width, [stride * width for stride in strides])
    except ValueError as error:
        raise T7Error(f"a tensor of sizes {sizes} is more than numpy can address: {error}", at) from None
