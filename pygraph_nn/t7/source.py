"""The primitives of a .t7 file read one by one, from binary or from ascii, never past its end.

Every method raises T7Error with the byte offset where the file breaks its rule, and none allocates more than the file
still holds, whatever lengths it claims.
"""

import io
import re
import struct
import sys

import numpy as np

from ..errors import T7Error
from .format import GENERATOR_BYTES, NIL, STRING, TORCH, first_line
from .signatures import recognise

__all__ = ["open_source"]

_INT, _DOUBLE = struct.Struct("<i"), struct.Struct("<d")
_CHUNK = 1 << 15
# Storages of a middle size lie side by side in blocks: fresh memory comes page by page, and large blocks in huge pages.
# A block lives as long as any array in it.
_LARGE, _BLOCK, _ALIGNMENT = 1 << 21, 1 << 24, 64
_ASCII_PIECE = 1 << 20
_ASCII_START = re.compile(rb"\s*[0-8]\s")
_ASCII_INT = re.compile(rb"\s*([+-]?\d{1,19})\n?")
_ASCII_DOUBLE = re.compile(rb"\s*(\S{1,64})\n?")
_CRLF = re.compile(rb"[0-8]\r\n")
_SPACE = re.compile(rb"\s")
_RAW = (np.dtype(np.int8), np.dtype(np.uint8))


def open_source(file, long_size=None):
    """Return a source for the .t7 that starts where ``file``, open for binary reading, stands.

    Raises:
        T7Error: it is no file or no .t7; the error says what it looks like.
    """
    if isinstance(file, io.TextIOBase) or not hasattr(file, "read"):
        raise T7Error(
            f"a .t7 is read from a path or a file opened in binary mode ('rb'), not from {first_line(file)}", offset=0
        )
    file, size = _measured(file)
    start = file.tell()
    head = file.read(min(512, size)) or b""
    file.seek(start)
    if len(head) >= 4 and head[0] <= 8 and head[1:4] == b"\0\0\0" and (size == 4 or head.strip(b"\0")):
        return _BinarySource(file, size, long_size)
    if _CRLF.match(head):
        raise T7Error("the line ends of this ascii .t7 were changed to CR LF, as git and mail do; change them back", 1)
    if _ASCII_START.match(head):
        return _AsciiSource(file, size)
    raise T7Error(f"this is no .t7 file, it looks like {recognise(head)}", offset=0)


def _measured(file):
    """Return (a file that can be sought in, its size from where it stands); a pipe is read whole."""
    if not (hasattr(file, "seekable") and file.seekable()):
        file = io.BytesIO(file.read())
    start = file.tell()
    size = file.seek(0, 2) - start
    file.seek(start)
    return file, size


class _Source:
    """A window of bytes on a file: ``window[pos:]`` is what was fetched and not yet taken."""

    def __init__(self, file, size):
        self.file, self.size = file, size
        self.start = file.tell()
        self.fetched = 0
        self.window, self.pos, self.stop = b"", 0, 0

    @property
    def offset(self):
        """The position in the file, from its start, of the next byte to be taken."""
        return self.start + self.fetched - self.stop + self.pos

    @property
    def remaining(self):
        """How many bytes the file still holds."""
        return self.size - self.fetched + self.stop - self.pos

    def close(self):
        """Leave the file standing behind what was taken."""
        self.file.seek(self.offset)

    def fetch(self, n, ahead=_CHUNK):
        """See to it that the window holds n bytes more, if the file does."""
        have = self.stop - self.pos
        if n > self.remaining:
            self.truncated(n)
        parts = [self.window[self.pos :]]
        wanted = min(max(n, ahead) - have, self.size - self.fetched)
        while wanted > 0:
            part = self.file.read(wanted)
            if not part:
                break
            parts.append(part)
            wanted -= len(part)
            self.fetched += len(part)
        self.window, self.pos = b"".join(parts), 0
        self.stop = len(self.window)
        if self.stop < n:
            self.truncated(n)

    def truncated(self, n):
        left = max(self.remaining, 0)
        raise T7Error(f"the file ends too early: {n} bytes are needed here, {left} are left", self.offset)

    def take(self, n):
        """Return the next n bytes."""
        if self.pos + n > self.stop:
            self.fetch(n)
        self.pos += n
        return self.window[self.pos - n : self.pos]

    def length(self, n, least, what):
        """Check a claimed length against what the file still holds at ``least`` bytes each; return it."""
        if n < 0:
            raise T7Error(f"{what} cannot be negative, this says {n}", self.offset)
        if n * least > self.remaining + 1:
            raise T7Error(f"{what} {n} is more than the {self.remaining} bytes left in the file can hold", self.offset)
        return n

    def string(self):
        """Return a string as bytes."""
        return self.raw(self.length(self.int(), 1, "a string's length"))


class _BinarySource(_Source):
    """Little-endian binary; longs of 4 or 8 bytes, found out at the first one."""

    least_pair, least_object = 12, 4

    def __init__(self, file, size, long_size=None):
        super().__init__(file, size)
        self.long_size = long_size
        self.block = memoryview(b"")

    def int(self):
        pos = self.pos
        if pos + 4 > self.stop:
            self.fetch(4)
            pos = 0
        self.pos = pos + 4
        return _INT.unpack_from(self.window, pos)[0]

    def double(self):
        pos = self.pos
        if pos + 8 > self.stop:
            self.fetch(8)
            pos = 0
        self.pos = pos + 8
        return _DOUBLE.unpack_from(self.window, pos)[0]

    def longs(self, n):
        self.length(n, self.long_size, "a count of")
        return np.frombuffer(self.take(n * self.long_size), f"<i{self.long_size}").tolist()

    raw = _Source.take

    def generator(self):
        """Return the bytes of a random generator's state."""
        return _widened(self.take(GENERATOR_BYTES[self.long_size or 8]))

    def array(self, dtype, n):
        """Return the next n elements as a new array of ``dtype``, read into place."""
        stored = np.dtype(np.int32) if dtype == np.int64 and self.long_size == 4 else dtype
        self.length(n, stored.itemsize, "a storage's size")
        array = self._room(n, stored)
        if n:
            self._fill(memoryview(array).cast("B"))
        if sys.byteorder == "big":
            array.byteswap(inplace=True)
        return array.astype(dtype, copy=False)

    def _room(self, n, dtype):
        """Return a new array to be filled; it is no view of another array, wherever it lies."""
        size = n * dtype.itemsize
        if not _CHUNK < size <= _LARGE:
            return np.empty(n, dtype)
        if size > len(self.block):
            self.block = memoryview(np.empty(min(_BLOCK, self.remaining), np.uint8))
        part, self.block = self.block[:size], self.block[-size // _ALIGNMENT * -_ALIGNMENT :]
        return np.frombuffer(part, dtype)

    def _fill(self, target):
        """Fill a buffer: small ones by way of the window, of large ones what lies beyond it straight from the file."""
        n = len(target)
        if n > _CHUNK and n > self.stop - self.pos:
            have = self.stop - self.pos
            target[:have] = self.window[self.pos :]
            self.window, self.pos, self.stop = b"", 0, 0
            while have < n:
                got = self.file.readinto(target[have:])
                if not got:
                    self.truncated(n - have)
                have += got
                self.fetched += got
        else:
            target[:] = self.take(n)

    # ------------------------------------------------------------------------------- how long the file's longs are

    def settle_tensor(self, dimensions):
        """Find out the size of longs at the first tensor, which follows: sizes, strides, offset, storage."""
        if self.long_size is None:
            longs = 2 * dimensions + 1
            fits = [size for size in (8, 4) if self._fits_tensor(size, longs, dimensions)]
            self.long_size = fits[0] if fits else 8

    def _fits_tensor(self, size, longs, dimensions):
        if longs * size + 4 > self.remaining:
            return False
        head = self._peek(0, longs * size + 8)
        *values, offset = np.frombuffer(head, f"<i{size}", longs).tolist()
        tag = _INT.unpack_from(head, longs * size)[0]
        if offset < 1 or any(v < 1 for v in values[:dimensions]) or any(v < 0 for v in values[dimensions:]):
            return False
        if tag == NIL:
            return dimensions == 0
        return tag == TORCH and len(head) >= longs * size + 8 and _INT.unpack_from(head, longs * size + 4)[0] > 0

    def settle_storage(self, dtype):
        """Find out the size of longs at a first storage that stands by itself: its size and elements follow."""
        if self.long_size is None:
            fits = [size for size in (8, 4) if self._fits_storage(size, dtype)]
            self.long_size = fits[0] if fits else 8

    def _fits_storage(self, size, dtype):
        if size > self.remaining:
            return False
        n = int(np.frombuffer(self._peek(0, size), f"<i{size}")[0])
        end = size + n * (size if dtype == np.int64 else dtype.itemsize)
        if n < 0 or end > self.remaining:
            return False
        return end == self.remaining or self._sensible(self._peek(end, 12))

    def _sensible(self, head):
        """Whether these bytes can begin an object."""
        if len(head) < 4 or head[1:4] != b"\0\0\0" or head[0] > 8:
            return False
        if head[0] == STRING and len(head) >= 8:
            return 0 <= _INT.unpack_from(head, 4)[0] <= self.remaining
        return head[0] == NIL or len(head) >= 8

    def settle_count(self):
        """Find out the size of longs at a first count of objects."""
        if self.long_size is None:
            self.long_size = 8 if self._peek(0, 8)[4:] == b"\0\0\0\0" else 4

    def _peek(self, ahead, n):
        """Return up to n bytes that stand ``ahead`` bytes from here, and take nothing."""
        n = max(min(n, self.remaining - ahead), 0)
        if ahead + n <= _CHUNK:
            self.fetch(ahead + n)
            return self.window[self.pos + ahead : self.pos + ahead + n]
        back = self.file.tell()
        self.file.seek(self.offset + ahead)
        found = self.file.read(n) or b""
        self.file.seek(back)
        return found


class _AsciiSource(_Source):
    """Numbers in words, separated by white space; strings raw. The whole file is the window."""

    least_pair, least_object = 5, 2

    def __init__(self, file, size):
        super().__init__(file, size)
        self.fetch(size, ahead=size)

    def settle_tensor(self, dimensions):
        """Nothing to find out: numbers in words have no size."""

    settle_storage = settle_tensor

    def settle_count(self):
        """Nothing to find out."""

    def _match(self, pattern, what):
        match = pattern.match(self.window, self.pos)
        if match is None:
            if not self.window[self.pos :].strip():
                raise T7Error(f"the file ends too early: {what} is needed here", self.offset)
            raise T7Error(f"{what} is needed here, not {self.window[self.pos : self.pos + 20]!r}", self.offset)
        self.pos = match.end()
        return match[1]

    def int(self):
        return int(self._match(_ASCII_INT, "a whole number"))

    def double(self):
        at = self.offset
        word = self._match(_ASCII_DOUBLE, "a number")
        try:
            return float(word)
        except ValueError:
            raise T7Error(f"a number is needed here, not {word[:20]!r}", at) from None

    def longs(self, n):
        return self.array(np.dtype(np.int64), n).tolist()

    def raw(self, n):
        """Return n bytes, and take the newline after them."""
        taken = self.take(n)
        if n:
            self._newline()
        return taken

    def _newline(self):
        if self.window[self.pos : self.pos + 1] == b"\n":
            self.pos += 1

    def generator(self):
        """Return the bytes of a random generator's state; its newline tells how long they are."""
        long, short = GENERATOR_BYTES[8], GENERATOR_BYTES[4]
        return _widened(self.raw(long if self.window[self.pos + long : self.pos + long + 1] == b"\n" else short))

    def array(self, dtype, n):
        """Return the n elements of the next line as a new array of ``dtype``."""
        if dtype in _RAW:
            self.length(n, 1, "a storage's size")
            return np.frombuffer(self.raw(n), dtype).copy()
        self.length(n, 2, "a storage's size")
        if n == 0:
            return np.empty(0, dtype)
        end = self.window.find(b"\n", self.pos)
        end = self.stop if end < 0 else end
        array = self._line(dtype, n, end)
        self.pos = end
        self._newline()
        return array

    def _line(self, dtype, n, end):
        """Return the n numbers between here and ``end``, read in pieces so that words do not fill the memory."""
        array, count, pos = np.empty(n, dtype), 0, self.pos
        convert = _integers if dtype.kind == "i" else _floats
        while pos < end:
            gap = _SPACE.search(self.window, min(pos + _ASCII_PIECE, end), end)
            stop = gap.start() if gap else end
            words = self.window[pos:stop].split()
            pos = stop + 1
            if count + len(words) > n:
                count = n + 1
                break
            try:
                array[count : count + len(words)] = convert(words, dtype)
            except (ValueError, OverflowError) as error:
                raise T7Error(f"{n} numbers of type {dtype.name} are needed here: {error}", self.offset) from None
            count += len(words)
        if count != n:
            held = "more" if count > n else count
            raise T7Error(f"{n} numbers are needed on this line, it holds {held}", self.offset)
        return array


def _widened(state):
    """Return a generator's C struct with longs of 8 bytes: its seed, its place and the 624 words of its state."""
    if len(state) == GENERATOR_BYTES[8]:
        return state
    seed, left, seeded, following = struct.unpack_from("<IiiI", state)
    words = np.frombuffer(state, "<u4", 624, 16).astype("<u8")
    return struct.pack("<QiiQ", seed, left, seeded, following) + words.tobytes() + state[-32:]


def _integers(words, dtype):
    numbers = np.array(list(map(int, words)), np.int64)
    limits = np.iinfo(dtype)
    if numbers.size and not limits.min <= numbers.min() <= numbers.max() <= limits.max:
        raise OverflowError(f"{numbers.min()} to {numbers.max()} is beyond {dtype.name}")
    return numbers


def _floats(words, dtype):
    with np.errstate(over="ignore"):  # too much for a float is inf, as in C
        return np.array(list(map(float, words)), np.float64).astype(dtype)
