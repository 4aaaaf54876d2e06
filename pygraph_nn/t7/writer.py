"""Writing a .t7: one loop with its own stack over plain values, tables, arrays and objects, each written once."""

import os
from itertools import chain

import numpy as np

from ..errors import T7Error, TensorTypeError
from .format import (
    BOOLEAN,
    GENERATOR_BYTES,
    NIL,
    NUMBER,
    OLD_FUNCTION,
    STRING,
    TABLE,
    TENSOR_NAMES,
    TORCH,
    T7Function,
    T7Object,
    T7Pairs,
    T7Storage,
    path_of,
)
from .pause import collection_paused
from .sharing import StoragePlan, as_tensor
from .sink import all_or_nothing, make_sink, replacing

__all__ = ["write"]

_MOST = 2**31 - 1
_SCALARS = (str, bytes, bytearray, bool, int, float, type(None), np.generic)


def write(file, obj, format="binary", record=None):
    """Write an object as a .t7 file that Torch7 loads.

    Lists, tuples and dicts become tables, numpy arrays tensors, `T7Object`, `T7Storage` and `T7Function` what they
    were read from. A list, dict, array or object that appears twice is written once and comes back as one; arrays
    that share memory come back as views of one array. A tuple is a value: it is written wherever it appears.

    Args:
        file: a path, which is replaced when all is written and otherwise left as it was; or a file-like object open
            for binary writing, which a failure leaves as it was if it stood at its end and can go back.
        obj: the object.
        format: "binary" or "ascii".
        record: a function of an object of another type that returns its `T7Object`, or None if it has none.

    Raises:
        T7Error: something has no place in a .t7, such as a set or an integer that no double holds; ``path`` says
            where it stands.
        RangeError: ``format`` is neither.

    >>> import io
    >>> file = io.BytesIO()
    >>> write(file, {"a": [1, None]}, format="ascii")
    >>> file.getvalue().split()
    [b'3', b'1', b'1', b'2', b'1', b'a', b'3', b'2', b'2', b'1', b'1', b'1', b'1', b'1', b'2', b'0']
    """
    if isinstance(file, (str, bytes, os.PathLike)):
        with replacing(file) as opened:
            write(opened, obj, format, record)
    else:
        with collection_paused(), all_or_nothing(file):
            _Writer(make_sink(file, format), record).write(obj)


class _Frame:
    """A table or object whose parts are still to be written."""

    def __init__(self, parts):
        self.parts = parts
        self.key = None

    @classmethod
    def of_items(cls, items):
        frame = cls(None)
        frame.parts = frame.keyed(items)
        return frame

    def keyed(self, items):
        """Yield each key and each value, and remember under which key the present value stands."""
        for key, value in items:
            self.key = None
            yield key
            self.key = (key,)
            yield value


class _Fields:
    """The fields of an object on their way to a table of their own."""

    def __init__(self, table):
        self.table = table


class _Writer:
    """One writing of one file."""

    def __init__(self, sink, record):
        self.sink, self.record = sink, record
        self.indices, self.count = {}, 0
        self.records, self.tensors = {}, {}
        self.stack = []
        self.put = {
            type(None): self._nil,
            bool: self._boolean,
            int: self._number,
            float: self._number,
            str: self._string,
            bytes: self._string,
            list: self._list,
            tuple: self._tuple,
            dict: self._dict,
            T7Pairs: self._pairs,
            np.ndarray: self._array,
            T7Storage: self._storage_object,
            T7Function: self._function,
            T7Object: self._object,
            _Fields: self._fields,
        }

    def write(self, obj):
        """Write the object."""
        self._collect(obj)
        self.stack.append(_Frame(iter((obj,))))
        stack, put, other = self.stack, self.put, self._other
        try:
            while stack:
                depth = len(stack)
                for value in stack[-1].parts:
                    put.get(type(value), other)(value)
                    if len(stack) > depth:
                        break
                else:
                    stack.pop()
        except (TensorTypeError, UnicodeEncodeError, T7Error) as error:
            path = path_of(frame.key[0] for frame in stack if frame.key)
            raise T7Error(f"{error}" + (f" (in {path})" if path else ""), path=path) from error
        finally:
            self.put = {}  # methods of its own: the writer would keep all that it has written
        self.sink.flush()

    # ------------------------------------------------------------------------------------- what is to be written

    def _collect(self, obj):
        """Find all arrays, so that it is known which of them share a storage before the first is written."""
        arrays, seen, todo = [], set(), [obj]
        while todo:
            value = todo.pop()
            if isinstance(value, _SCALARS) or id(value) in seen:
                continue
            seen.add(id(value))
            if isinstance(value, (np.ndarray, T7Storage)):
                self._collect_array(value, arrays)
            else:
                todo.extend(self._children(value))
        self.plan = StoragePlan(arrays)

    def _collect_array(self, value, arrays):
        try:
            tensor = as_tensor(value.array if isinstance(value, T7Storage) else value)
        except TensorTypeError:
            return
        self.tensors[id(value)] = tensor
        arrays.append(tensor)

    def _children(self, value):
        """Return what a value holds, keys included."""
        if isinstance(value, T7Function):
            return (value.upvalues,)
        if type(value) not in self.put:
            value = self._record_of(value) or value
        if isinstance(value, T7Object):
            return (value.fields,)
        if isinstance(value, dict):
            return chain.from_iterable(value.items())
        return value if isinstance(value, (list, tuple)) else ()

    def _record_of(self, value):
        """Return an object's T7Object, always the same one."""
        if id(value) not in self.records:
            self.records[id(value)] = value, self.record(value) if self.record else None
        return self.records[id(value)][1]

    # --------------------------------------------------------------------------------------------- plain values

    def _nil(self, value):
        self.sink.int(NIL)

    def _boolean(self, value):
        self.sink.int(BOOLEAN)
        self.sink.int(int(value))

    def _number(self, value):
        if isinstance(value, np.integer):
            value = int(value)  # numpy rounds its own before it compares them with a float
        try:
            exact = float(value) == value or value != value
        except OverflowError:
            exact = False
        if not exact:
            raise T7Error(f"a number is a double, which cannot hold {value}: keep it in an int64 array")
        self.sink.int(NUMBER)
        self.sink.double(float(value))

    def _string(self, value):
        self.sink.int(STRING)
        self._chars(value)

    def _chars(self, value):
        if not isinstance(value, (str, bytes, bytearray)):
            raise T7Error(f"a class's name and version are a str, a function's code is bytes, not {value!r}")
        data = value if isinstance(value, (bytes, bytearray)) else value.encode("utf-8", "surrogateescape")
        self.sink.int(_fitting(len(data), "a string's length"))
        self.sink.raw(data)

    def _other(self, value):
        """Write what is of no type of the format's own: by its record, or as the type it derives from."""
        record = None if isinstance(value, np.generic) else self._record_of(value)
        if record is not None:
            self._object(record)
            return
        for type_, put in self._by_nature:
            if isinstance(value, type_):
                put(self, value)
                return
        raise T7Error(f"a .t7 has no place for a {type(value).__module__}.{type(value).__qualname__}")

    # ---------------------------------------------------------------------------------------- tables, functions

    def _begin(self, kind, identity):
        """Write a type and an index; return whether the rest must follow, for it is the first time."""
        index = self.indices.get(identity)
        self.sink.int(kind)
        if index is not None:
            self.sink.int(index)
            return False
        self.sink.int(self._next_index())
        if identity is not None:
            self.indices[identity] = self.count
        return True

    def _next_index(self):
        self.count = _fitting(self.count + 1, "the number of objects")
        return self.count

    def _table(self, size, items):
        self.sink.int(_fitting(size, "a table's length"))
        self.stack.append(_Frame.of_items(items))

    def _list(self, value):
        if self._begin(TABLE, id(value)):
            self._table(len(value), enumerate(value, 1))

    def _tuple(self, value):
        self._begin(TABLE, None)
        self._table(len(value), enumerate(value, 1))

    def _dict(self, value):
        if self._begin(TABLE, id(value)):
            self._table(len(value), _checked(value.items()))

    def _pairs(self, value):
        if self._begin(TABLE, id(value)):
            self._table(len(value), _checked(_items(value)))

    def _fields(self, value):
        self._begin(TABLE, None)
        self._table(len(value.table), _checked(_items(value.table)))

    def _function(self, value):
        if value.kind == OLD_FUNCTION:
            self.sink.int(OLD_FUNCTION)
        elif not self._begin(value.kind, id(value)):
            return
        self._chars(value.code)
        self.stack.append(_Frame(iter((value.upvalues,))))

    # --------------------------------------------------------------------------------- tensors, storages, objects

    def _begin_torch(self, identity, class_name, version="V 1"):
        if not self._begin(TORCH, identity):
            return False
        if version is not None:
            self._chars(version)
        self._chars(class_name)
        return True

    def _array(self, value):
        tensor = self.tensors[id(value)] if id(value) in self.tensors else as_tensor(value)
        if not self._begin_torch(id(value), TENSOR_NAMES[tensor.dtype]):
            return
        if not tensor.size:
            self.sink.int(0)
            self.sink.longs([1])
            self.sink.int(NIL)
            return
        storage, offset, strides = self.plan.place(tensor)
        self.sink.int(tensor.ndim)
        self.sink.longs(tensor.shape)
        self.sink.longs(strides)
        self.sink.longs([offset + 1])
        self._put_storage(id(storage), storage)

    def _storage_object(self, value):
        tensor = self.tensors[id(value)] if id(value) in self.tensors else as_tensor(value.array)
        if tensor.size:
            storage, _, strides = self.plan.place(tensor)
            if storage.size == tensor.size and strides == (1,):
                self._put_storage(id(storage), storage)
                return
        self._put_storage(id(value), np.ascontiguousarray(tensor))

    def _put_storage(self, identity, array):
        if self._begin_torch(identity, TENSOR_NAMES[array.dtype].replace("Tensor", "Storage")):
            self.sink.longs([array.size])
            self.sink.array(array)

    def _object(self, value):
        if not self._begin_torch(id(value), value.class_name, value.version):
            return
        body = self._bodies.get(value.class_name)
        if body is None:
            self.stack.append(_Frame(iter((_Fields(value.fields),))))
        else:
            body(self, value.fields)

    def _gpu(self, fields):
        known = dict(pair for pair in _items(fields) if isinstance(pair[0], str))
        header = [known.get("_type"), known.get("device")]
        self.stack.append(_Frame(iter((header, _Fields(fields)))))

    def _generator(self, fields):
        state = fields.get("state") if isinstance(fields, dict) else None
        if not isinstance(state, bytes) or len(state) != GENERATOR_BYTES[8]:
            raise T7Error(f"a torch.Generator has {{'state': {GENERATOR_BYTES[8]} bytes}}, not {fields!r:.100}")
        self.sink.raw(state)

    def _timer(self, fields):
        """A timer has no body."""

    def _vec(self, fields):
        self.sink.longs([len(fields)])
        self.stack.append(_Frame(iter(fields)))

    def _hash(self, fields):
        items = _items(fields)
        self.sink.longs([len(fields)])
        self.stack.append(_Frame.of_items(items))

    _bodies = {
        "nn.GPU": _gpu,
        "torch.Generator": _generator,
        "torch.Timer": _timer,
        "tds.Vec": _vec,
        "tds.Hash": _hash,
        "tds_vec": _vec,
        "tds_hash": _hash,
    }
    _by_nature = (
        ((bool, np.bool_), _boolean),
        ((int, float, np.integer, np.floating), _number),
        ((str, bytes, bytearray), _string),
        (np.ndarray, _array),
        (dict, _dict),
        (list, _list),
        (tuple, _tuple),
    )


def _fitting(number, what):
    if number > _MOST:
        raise T7Error(f"{what} is {number}; a .t7 holds at most {_MOST}")
    return number


def _items(table):
    """The items of a dict or of T7Pairs."""
    if isinstance(table, T7Pairs):
        for pair in table:
            if not isinstance(pair, tuple) or len(pair) != 2:
                raise T7Error(f"T7Pairs hold pairs (key, value), not {pair!r}")
        return table
    if not isinstance(table, dict):
        raise T7Error(f"the fields of a T7Object are a dict or T7Pairs, not {type(table).__name__}")
    return table.items()


def _checked(items):
    """Yield the items of a table after a look at each key, which Lua wants to be neither nil nor nan."""
    for key, value in items:
        if key is None or (isinstance(key, (float, np.floating)) and key != key):
            raise T7Error(f"a table's key cannot be {key}")
        yield key, value
