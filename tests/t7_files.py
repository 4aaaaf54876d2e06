"""Torch7's own .t7 files, files built byte by byte, and the comparison of two object graphs with their sharing."""

import struct
from itertools import combinations
from pathlib import Path

import numpy as np

from pygraph_nn.memory import root
from pygraph_nn.t7.format import T7Function, T7Object, T7Storage
from pygraph_nn.t7.sink import _BinarySink

FILES = sorted((Path(__file__).parent / "data" / "torch7").glob("*.t7"))
GRAPHS = [file for file in FILES if file.name != "modules.t7"]
BINARY = [file for file in GRAPHS if ".ascii." not in file.name]
_PLAIN = (str, int, float, bool, type(None))


class Bytes:
    """A binary .t7 built piece by piece, for files that no writer would write."""

    def __init__(self, long="q"):
        self.data, self.long = b"", long

    def int(self, *values):
        self.data += struct.pack(f"<{len(values)}i", *values)
        return self

    def longs(self, *values):
        self.data += struct.pack(f"<{len(values)}{self.long}", *values)
        return self

    def chars(self, text):
        text = text.encode() if isinstance(text, str) else text
        self.int(len(text))
        self.data += text
        return self

    def number(self, value):
        self.int(1)
        self.data += struct.pack("<d", value)
        return self

    def string(self, text):
        return self.int(2).chars(text)

    def table(self, index, size):
        return self.int(3, index, size)

    def torch(self, index, name, version="V 1"):
        return self.int(4, index).chars(version).chars(name)

    def tensor(self, index, name, sizes, strides, offset=1):
        return self.torch(index, name).int(len(sizes)).longs(*sizes).longs(*strides).longs(offset)

    def storage(self, index, name, values, dtype, size=None):
        self.torch(index, name).longs(len(values) if size is None else size)
        self.data += np.asarray(values, dtype).tobytes()
        return self


class ShortLongs(_BinarySink):
    """What a machine with longs of four bytes writes."""

    def longs(self, values):
        self.put(struct.pack(f"<{len(values)}i", *values))

    def array(self, array):
        super().array(array.astype(np.int32) if array.dtype == np.int64 else array)


def assert_same(one, other):
    """Assert that two object graphs are equal in every value, type and field, and in what is shared within each."""
    partner, todo, arrays, others = {}, [(one, other)], [], []
    while todo:
        a, b = todo.pop()
        assert type(a) is type(b)
        if isinstance(a, _PLAIN):
            assert (a != a and b != b) or struct.pack("<d", a) == struct.pack("<d", b) if type(a) is float else a == b
            continue
        if id(a) in partner:
            assert partner[id(a)] is b
            continue
        partner[id(a)] = b
        if isinstance(a, np.ndarray):
            assert a.dtype == b.dtype and a.shape == b.shape
            assert np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
            arrays.append(a)
            others.append(b)
        else:
            todo.extend(_parts(a, b))
    assert len(set(map(id, partner.values()))) == len(partner)
    _assert_same_memory(arrays, others)
    _assert_same_memory(others, arrays)


def _parts(a, b):
    if isinstance(a, T7Object):
        assert (a.class_name, a.version) == (b.class_name, b.version)
        return [(a.fields, b.fields)]
    if isinstance(a, T7Storage):
        return [(a.array, b.array)]
    if isinstance(a, T7Function):
        assert (a.code, a.kind) == (b.code, b.kind)
        return [(a.upvalues, b.upvalues)]
    assert len(a) == len(b)
    if isinstance(a, dict):
        if all(isinstance(key, _PLAIN) for key in a):
            assert set(a) == set(b)
            return [(a[key], b[key]) for key in a]
        return [*zip(a, b), *zip(a.values(), b.values())]
    if isinstance(a, bytes):
        assert a == b
        return []
    return list(zip(a, b))


def _assert_same_memory(arrays, others):
    groups = {}
    for a, b in zip(arrays, others):
        groups.setdefault(id(root(a)), []).append((a, b))
    for group in groups.values():
        for (a, b), (c, d) in combinations(group, 2):
            assert np.may_share_memory(a, c) == np.may_share_memory(b, d)
            if np.may_share_memory(a, c):
                assert _distance(a, c) == _distance(b, d)


def _distance(a, b):
    return a.__array_interface__["data"][0] - b.__array_interface__["data"][0]
