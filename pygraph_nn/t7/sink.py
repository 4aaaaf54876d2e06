"""The primitives of a .t7 file written one by one, binary or ascii, to a file that appears whole or not at all."""

import io
import os
import secrets
import stat
import struct
import sys
from contextlib import contextmanager, suppress

import numpy as np

from ..errors import RangeError, T7Error
from .format import first_line

__all__ = ["all_or_nothing", "make_sink", "replacing"]

_BUFFER = 1 << 16
_PIECE = 1 << 16
_FORMATS = {np.dtype(np.float64): "%.17g", np.dtype(np.float32): "%.9g", np.dtype(np.float16): "%.9g"}


def make_sink(file, format):
    """Return the sink that writes to ``file`` in ``format``, "binary" or "ascii"."""
    if format not in ("binary", "ascii"):
        raise RangeError(f"a .t7 file's format is 'binary' or 'ascii', not {format!r}")
    if isinstance(file, io.TextIOBase) or not hasattr(file, "write"):
        raise T7Error(f"a .t7 is written to a path or a file opened in binary mode ('wb'), not to {first_line(file)}")
    return _BinarySink(file) if format == "binary" else _AsciiSink(file)


@contextmanager
def all_or_nothing(file):
    """Cut an open file off where it ended before if the block fails; one that cannot go back keeps what it got."""
    start = None
    with suppress(AttributeError, OSError, ValueError):
        place, end = file.tell(), file.seek(0, io.SEEK_END)
        file.seek(place)
        start = end if place == end else None
    try:
        yield
    except BaseException:
        if start is not None:
            with suppress(OSError, ValueError):
                file.seek(start)
                file.truncate()
        raise


@contextmanager
def replacing(path):
    """Open a new file that takes the place of ``path`` when the block ends well, and vanishes when it does not.

    A link keeps pointing where it points; an old file's permissions pass on; something that is no regular file (a
    pipe, a terminal) is written to directly.
    """
    target = os.path.realpath(os.fsdecode(path))
    old = os.stat(target) if os.path.exists(target) else None
    if old is not None and not stat.S_ISREG(old.st_mode):
        with open(target, "wb", buffering=0) as file:
            yield file
        return
    directory, name = os.path.split(target)
    temporary = os.path.join(directory, f"{name[:50]}.{secrets.token_hex(8)}.part")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(temporary, flags, 0o666)
    except OSError as error:
        error.filename = target  # the name that the caller knows
        raise
    try:
        with open(descriptor, "wb", buffering=0) as file:
            if old is not None:
                os.chmod(temporary, stat.S_IMODE(old.st_mode))
            yield file
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_directory(directory)


def _sync_directory(directory):
    """Make the new name last, where the system lets directories be synced."""
    with suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class _Sink:
    """A buffer before a file; large pieces go past it."""

    def __init__(self, file):
        self.file, self.buffer = file, bytearray()

    def put(self, data):
        self.buffer += data
        if len(self.buffer) > _BUFFER:
            self.flush()

    def put_large(self, data):
        """Write a contiguous piece of memory without copying it first."""
        if len(data) < _BUFFER // 2:
            self.put(data)
        else:
            self.flush()
            self._write(data)

    def flush(self):
        if self.buffer:
            self._write(self.buffer)
            self.buffer = bytearray()

    def _write(self, data):
        view = memoryview(data)
        while len(view):
            written = self.file.write(view)
            if written is None:
                break
            view = view[written:]


class _BinarySink(_Sink):
    """Little-endian binary with longs of 8 bytes."""

    _int, _double = struct.Struct("<i").pack, struct.Struct("<d").pack

    def int(self, value):
        self.buffer += self._int(value)
        if len(self.buffer) > _BUFFER:
            self.flush()

    def double(self, value):
        self.put(self._double(value))

    def longs(self, values):
        self.put(struct.pack(f"<{len(values)}q", *values))

    def raw(self, data):
        self.put_large(data)

    def array(self, array):
        if sys.byteorder == "big":
            array = array.byteswap()
        if array.size:
            self.put_large(memoryview(array).cast("B"))


class _AsciiSink(_Sink):
    """Numbers in the words that Torch7 prints, strings raw."""

    def int(self, value):
        self.put(b"%d\n" % value)

    def double(self, value):
        self.put(_words([value], "%.17g") + b"\n")

    def longs(self, values):
        if values:
            self.put(" ".join(map(str, values)).encode() + b"\n")

    def raw(self, data):
        if len(data):
            self.put_large(data)
            self.put(b"\n")

    def array(self, array):
        if array.itemsize == 1:
            self.raw(memoryview(array).cast("B") if array.size else b"")
            return
        form = _FORMATS.get(array.dtype)
        for start in range(0, array.size, _PIECE):
            piece = array[start : start + _PIECE].tolist()
            self.put(b" " * (start > 0) + (_words(piece, form) if form else " ".join(map(str, piece)).encode()))
        if array.size:
            self.put(b"\n")


def _words(numbers, form):
    """Return floating-point numbers as C prints them, with a space between them; C shows the sign of a nan."""
    words = [form % number for number in numbers]
    if "nan" in words:
        words = ["-nan" if w == "nan" and np.signbit(x) else w for w, x in zip(words, numbers)]
    return " ".join(words).encode()
