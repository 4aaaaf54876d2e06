"""The .t7 format: its specification, its numbers and names, and the generic objects that a file is made of.

A ``.t7`` file is what Torch7's ``torch.save`` writes: one object, which may hold others. This page is the whole
format; ``reader.py`` and ``writer.py`` follow it, and nothing in this room but ``classes.py`` knows a module.

Primitives
----------

======  ======================================  ==================================================================
name    binary, little-endian                   ascii
======  ======================================  ==================================================================
int     4 bytes, signed                         ``%d``, newline
long    8 bytes, signed; 4 in files made on     ``%ld``, newline
        Windows or a 32-bit machine
double  8 bytes, IEEE 754                       ``%.17g``, newline (``nan``, ``-nan``, ``inf``, ``-inf``)
char*n  n bytes                                 the same n bytes, then a newline if n > 0
array   n elements, one after another           elements with a space between them, then a newline if n > 0:
                                                integers ``%d``, floats and halves ``%.9g``, doubles ``%.17g``;
                                                bytes and chars raw, as char*n
======  ======================================  ==================================================================

Nothing in a file says whether it is binary or ascii, nor how long its longs are. The first int tells the former (its
bytes are ``t 0 0 0`` or ``'t' '\\n'``); the first tensor or storage tells the latter, since only one of the two
readings is followed by something that makes sense.

Objects
-------

An object is an int, its type, and what follows:

====  =================  =========================================================================================
type  object             what follows
====  =================  =========================================================================================
0     nil                nothing
1     number             double
2     string             int n, char*n
3     table              index; the first time: int n, then n times two objects, key and value
4     torch object       index; the first time: string v without its type, string c without its type, body
5     boolean            int, 1 for true
6     function, old      int n, char*n (Lua bytecode), an object: the list of upvalues
7     function, newer    index; the first time: as 6
8     function           index; the first time: as 6, each upvalue a table {name=, id=, value=}
====  =================  =========================================================================================

The index is an int, counted from 1 in the order of first appearance. A table, torch object or function is written out
once; wherever else it appears, its type and index stand alone. That keeps sharing and cycles: an index may refer to a
table that is still being read.

In a torch object, v is ``V 1`` (the class's version) and c the class's name. In files older than versions, v is itself
the name and c is absent. The body depends on the class:

=================  ================================================================================================
class              body
=================  ================================================================================================
torch.*Tensor      int d, long*d sizes, long*d strides, long offset (from 1), an object: its storage, or nil
torch.*Storage     long n, array of n elements; a LongStorage's elements are longs
torch.Timer        nothing
torch.Generator    the generator's C struct, raw: 5048 bytes, or 2544 where longs have 4
nn.GPU             two objects: the list {type, device}, the table of fields
tds.Hash           long n, then n times two objects, key and value
tds.Vec            long n, then n objects
any other          an object: the table of fields
=================  ================================================================================================

Element k of a tensor, k = (k_1, ..., k_d) counted from 0, is storage element offset - 1 + sum_i k_i * stride_i. Strides
and sizes are in elements. A stride may be 0 (an expanded tensor); a tensor of no dimensions is empty. A GPU's tensors
(``torch.CudaTensor``, ``torch.CudaLongTensor``, ``torch.ClTensor``, ...) have the same layout as the CPU's.

In Python
---------

=================  ================================================================================================
in the file        in Python
=================  ================================================================================================
nil                None
number             int where it is integral and below 2**53, else float
string             str, decoded as UTF-8 with ``surrogateescape``, so that any bytes survive
boolean            bool
table              list where its keys are exactly 1..n, n >= 0; else dict, or `T7Pairs` where a dict cannot hold
                   its keys (a list, an array; true beside 1)
tensor             numpy array; tensors on one storage are views of one array; an empty one has shape (0,)
storage            `T7Storage`
function           `T7Function`; it is kept, never run
other object       `T7Object`, or what the reader's ``classes`` makes of it
=================  ================================================================================================

Source: Torch7's ``File.lua``, ``lib/TH/THDiskFile.c``, ``generic/Tensor.c``, ``generic/Storage.c`` and tds's
``hash.lua`` and ``vec.lua``.
"""

import numpy as np

from ..tensors import TENSOR_TYPES

__all__ = ["T7Object", "T7Storage", "T7Function", "T7Pairs"]

NIL, NUMBER, STRING, TABLE, TORCH, BOOLEAN, OLD_FUNCTION, NEWER_FUNCTION, FUNCTION = range(9)
TYPE_NAMES = ("nil", "number", "string", "table", "torch object", "boolean", "function", "function", "function")
GENERATOR_BYTES = {8: 5048, 4: 2544}
EXACT = 2.0**53
_MOST_LABELS = 16


def _tensor_classes():
    """Return {class name: dtype} of every tensor class, and the same of every storage class."""
    tensors = dict(TENSOR_TYPES)
    for name, dtype in TENSOR_TYPES.items():
        tensors[name.replace("torch.", "torch.Cuda")] = dtype
    tensors["torch.CudaTensor"] = tensors["torch.ClTensor"] = np.dtype(np.float32)
    storages = {name.replace("Tensor", "Storage"): dtype for name, dtype in tensors.items()}
    return tensors, storages


TENSOR_CLASSES, STORAGE_CLASSES = _tensor_classes()
TENSOR_NAMES = {dtype: name for name, dtype in TENSOR_TYPES.items()}


class T7Object:
    """An object of a class that nobody here gives a meaning: its name, its version and its fields.

    ``version`` is the file's own string (None in files older than versions); ``fields`` is a dict, or T7Pairs where
    a dict cannot hold the keys; it is a list in a tds.Vec, and {"state": 5048 bytes} in a torch.Generator. Two are
    equal only if they are one.

    >>> T7Object("nn.OneHot", fields={"outputSize": 65})
    T7Object('nn.OneHot', 'V 1', {'outputSize'})
    """

    __slots__ = ("class_name", "version", "fields", "__weakref__")

    def __init__(self, class_name, version="V 1", fields=None):
        self.class_name = class_name
        self.version = version
        self.fields = {} if fields is None else fields

    def __repr__(self):
        if isinstance(self.fields, dict):
            return f"T7Object({self.class_name!r}, {self.version!r}, {{{', '.join(map(repr, self.fields))}}})"
        return f"T7Object({self.class_name!r}, {self.version!r}, {len(self.fields)} items)"


class T7Storage:
    """A storage that stands in a file by itself, such as the LongStorage of sizes in nn.View.

    ``array`` is one-dimensional; tensors on this storage are views of it.

    >>> list(T7Storage(np.array([2, 3])))
    [2, 3]
    """

    __slots__ = ("array", "__weakref__")

    def __init__(self, array):
        self.array = array

    def __len__(self):
        return len(self.array)

    def __iter__(self):
        return iter(self.array.tolist())

    def __repr__(self):
        return f"T7Storage({self.array.dtype.name}, {len(self)} elements)"


class T7Function:
    """A Lua function: its bytecode and upvalues, kept so that it can be written back. It cannot be called.

    ``kind`` is its type in the file: 8, or 7 and 6 in old files.

    >>> T7Function(b"...")
    T7Function(3 bytes, 0 upvalues)
    """

    __slots__ = ("code", "upvalues", "kind", "__weakref__")

    def __init__(self, code, upvalues=None, kind=FUNCTION):
        self.code = code
        self.upvalues = [] if upvalues is None else upvalues
        self.kind = kind

    def __repr__(self):
        return f"T7Function({len(self.code)} bytes, {len(self.upvalues)} upvalues)"


class T7Pairs(list):
    """A table that no dict can hold: the list of its (key, value) pairs, in the file's order.

    >>> T7Pairs([([1, 2], "a list as a key"), (True, "yes"), (1, "one")])[1]
    (True, 'yes')
    """

    __slots__ = ()


def first_line(thing):
    """Return the first line of how something shows itself, for a message: a whole network has many.

    >>> first_line({1})
    '{1}'
    """
    return repr(thing).split("\n", 1)[0]


def path_of(keys):
    """Return the path that leads through these keys into an object; a very long one is shortened in its middle.

    >>> path_of(["net", "modules", 3, "weight"])
    'net.modules[3].weight'
    """
    labels = [_label(key) for key in keys]
    if len(labels) > _MOST_LABELS:
        labels[_MOST_LABELS // 2 : -_MOST_LABELS // 2] = [" ... "]
    return "".join(labels).removeprefix(".")


def _label(key):
    if isinstance(key, str):
        return f".{key}" if key.isidentifier() else f"[{key[:40]!r}]"
    return f"[{key}]" if isinstance(key, (int, float)) else f"[{type(key).__name__}]"
