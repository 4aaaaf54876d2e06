"""Files that are truncated, corrupted, hostile or no .t7 at all: an error with its place, soon, in little memory."""

import gc
import gzip
import io
import pickle
import random
import struct
import time
import tracemalloc
import zipfile

import numpy as np
import pytest
from t7_files import FILES, Bytes

from pygraph_nn.errors import T7Error
from pygraph_nn.memory import root
from pygraph_nn.t7.format import T7Function, T7Object, T7Storage
from pygraph_nn.t7.reader import read
from pygraph_nn.t7.writer import write

SECOND = 1.0


def load(data):
    return read(io.BytesIO(data.data if isinstance(data, Bytes) else data))


def refuse(data, words, path=None, offset=None):
    """Assert that the reader refuses the data with these words, at this place, soon, and with little memory."""
    data = data.data if isinstance(data, Bytes) else data
    tracemalloc.start()
    start = time.process_time()
    try:
        with pytest.raises(T7Error, match=words or None) as caught:
            load(data)
        assert time.process_time() - start < SECOND
        assert tracemalloc.get_traced_memory()[1] < 1_000_000 + 50 * len(data)
    finally:
        tracemalloc.stop()
    assert path is None or caught.value.path == path
    assert offset is None or caught.value.offset == offset
    assert caught.value.offset is not None and f"byte {caught.value.offset}" in str(caught.value)


# -------------------------------------------------------------------------------------------------------- no .t7 at all


def _zip():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", b"x")
    return file.getvalue()


STRANGERS = {
    "an empty file": b"",
    "a zip archive .*PyTorch": _zip(),
    "a Python pickle": pickle.dumps({"a": 1}, 4),
    "a file of PyTorch before 1.6": pickle.dumps(0x1950A86A20F9469CFC6C, 2) + b"more",
    "a web page .*download": b"\n<!DOCTYPE html>\n<html><body>404</body></html>",
    "XML": b"<?pi version='1'?>",
    "a Git LFS pointer.*git lfs pull": b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
    "gzip data: unpack": gzip.compress(b"3"),
    "an HDF5 file": b"\x89HDF\r\n\x1a\n" + bytes(20),
    "a numpy array": b"\x93NUMPY\x01\0" + bytes(20),
    "Lua bytecode": b"\x1bLJ\2\n",
    "JSON text": b'{"a": 1}',
    "a safetensors file": struct.pack("<q", 20) + b'{"weight": 1}',
    "text: 'hello": b"hello there",
    "a file of zeros": bytes(1000),
    "big-endian": b"\0\0\0\3\0\0\0\1\0\0\0\0",
    "a tar archive": b"net.t7".ljust(257, b"\0") + b"ustar\0" + bytes(249),
    "binary data of another kind: fe ed": b"\xfe\xed\xfa\xce" + bytes(range(20)),
}


@pytest.mark.parametrize("words", STRANGERS)
def test_a_file_that_is_no_t7_is_named_for_what_it_looks_like(words):
    refuse(STRANGERS[words], f"no .t7 file, it looks like .*{words}", offset=0)


def test_line_ends_that_were_changed_are_named():
    refuse(b"3\r\n1\r\n0\r\n", "CR LF")


def test_the_error_names_the_file(tmp_path):
    path = tmp_path / "net.t7"
    path.write_bytes(Bytes().table(1, 1).string("a").int(99).data)
    with pytest.raises(T7Error, match=r"type is 0 to 8, not 99 \(byte 21, in a, of .*net.t7\)"):
        read(path)


# ------------------------------------------------------------------------------------------------------------ truncated


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_truncated_file_is_refused_wherever_it_ends(path):
    data = path.read_bytes()
    for end in range(0, len(data) - 20, len(data) // 40):  # a cut inside the last number of a text leaves a number
        with pytest.raises(T7Error):
            load(data[:end])


def test_every_truncation_of_a_small_file():
    fields = {"weight": np.ones((2, 2)), "f": T7Function(b"code"), "x": [True, None]}
    obj = {"net": T7Object("nn.Linear", fields=fields)}
    for format in ("binary", "ascii"):
        file = io.BytesIO()
        write(file, obj, format)
        data = file.getvalue().rstrip(b"\n")
        assert load(data)["net"].class_name == "nn.Linear"
        for end in range(len(data)):
            with pytest.raises(T7Error):
                load(data[:end])


def test_a_truncated_array_says_where_it_stands():
    data = Bytes().table(1, 1).string("net").torch(2, "nn.Linear").table(3, 1).string("modules").table(4, 1).number(3)
    data.torch(5, "nn.Linear").table(6, 1).string("weight")
    data.tensor(7, "torch.DoubleTensor", (3,), (1,)).storage(8, "torch.DoubleStorage", [1, 2], "float64", size=3)
    refuse(data, "a storage's size 3 is more than the 16 bytes left", "net.modules[3].weight", len(data.data) - 16)


# -------------------------------------------------------------------------------------------------------- tall stories

HUGE = 2**62


@pytest.mark.parametrize("size", [HUGE, -1, -(2**63), 2**31, 2**40 // 8, 10])
def test_storages_that_claim_more_than_there_is(size):
    refuse(Bytes().storage(1, "torch.DoubleStorage", [1.0], "float64", size=size), "size|negative", "")
    for name in ("Char", "Double", "Long"):
        refuse(f"4\n1\n3\nV 1\n{13 + len(name)}\ntorch.{name}Storage\n{size}\n1\n".encode(), "size|negative")


@pytest.mark.parametrize("size", [2**31 - 1, -1, -(2**31), 100])
def test_tables_strings_and_functions_that_claim_more_than_there_is(size):
    refuse(Bytes().table(1, size).string("a"), "a table's length", "")
    refuse(Bytes().table(1, 1).string("a").int(2, size), "a string's length", "a")
    refuse(Bytes().int(8, 1, size), "a string's length")
    refuse(Bytes().int(4, 1, size), "a string's length")
    refuse(f"3\n1\n{size}\n2\n".encode(), "a table's length", "")
    refuse(f"2\n{size}\n".encode(), "a string's length")


@pytest.mark.parametrize("count", [2**32 - 1, -1, 2**31])
def test_counts_that_claim_more_than_there_is(count):
    refuse(Bytes().torch(1, "tds.Vec").longs(count).number(1), "a count")
    refuse(Bytes().torch(1, "tds.Hash").longs(count).number(1), "a count")


@pytest.mark.parametrize("dimensions", [-1, 33, 2**31 - 1, -(2**31)])
def test_numbers_of_dimensions(dimensions):
    refuse(Bytes().torch(1, "torch.DoubleTensor").int(dimensions), "0 to 32 dimensions")


GEOMETRIES = [
    ((2, 3), (3, 1), 0, "spans elements 0 to 5"),
    ((2, 3), (3, 1), -5, "spans"),
    ((2, 3), (3, 1), 2, "spans elements 2 to 7 of a storage of 6"),
    ((2, 3), (3, 1), HUGE, "spans"),
    ((3, 3), (3, 1), 1, "spans elements 1 to 9"),
    ((2, 3), (-3, 1), 4, "strides are 0 or more"),
    ((2, 3), (HUGE, 1), 1, "strides"),
    ((2, 3), (2**40, 1), 1, "spans"),
    ((1, 3), (2**60, 1), 1, "strides"),
    ((0, 3), (3, 1), 1, "sizes are 1 or more"),
    ((-2, 3), (3, 1), 1, "sizes are 1 or more"),
    ((HUGE, 3), (0, 1), 1, "more than numpy can address"),
    ((HUGE, HUGE, HUGE), (0, 0, 0), 1, "more than numpy can address"),
    ((HUGE,), (HUGE,), 1, "strides"),
    ((2**32, 2**32), (2**27, 2**27), 1, "spans"),
]


@pytest.mark.parametrize(("sizes", "strides", "offset", "words"), GEOMETRIES)
def test_tensors_that_do_not_lie_on_their_storage(sizes, strides, offset, words):
    data = Bytes().table(1, 2).string("s").storage(2, "torch.FloatStorage", range(6), "float32").string("t")
    refuse(data.tensor(3, "torch.FloatTensor", sizes, strides, offset).int(4, 2), words, "t")


def test_an_expanded_tensor_is_legal_and_costs_nothing():
    data = Bytes().tensor(1, "torch.FloatTensor", (2**40, 2), (0, 1))
    got = load(data.storage(2, "torch.FloatStorage", [1, 2], "float32"))
    assert got.shape == (2**40, 2) and got[2**39].tolist() == [1, 2]
    file = io.BytesIO()
    write(file, got)
    assert len(file.getvalue()) < 200


def test_storages_that_are_none():
    tensor = Bytes().tensor(1, "torch.FloatTensor", (2,), (1,)).data
    for storage in (
        Bytes().int(0),
        Bytes().number(1),
        Bytes().string("torch.FloatStorage"),
        Bytes().table(2, 0),
        Bytes().storage(2, "torch.DoubleStorage", [1, 2], "float64"),
        Bytes().torch(2, "nn.Linear").table(3, 0),
        Bytes().tensor(2, "torch.FloatTensor", (2,), (1,)).storage(3, "torch.FloatStorage", [1, 2], "float32"),
    ):
        refuse(tensor + storage.data, "lies on a storage of its type|spans elements 1 to 2 of a storage of 0")


# -------------------------------------------------------------------------------------------------------- wrong indices


def test_references_that_lead_nowhere():
    refuse(Bytes().table(0, 0), "counts from 1")
    refuse(Bytes().table(-1, 0), "counts from 1")
    refuse(Bytes().table(1, 1).string("a").int(4, 1), "object 1 is a table, not a torch object", "a")
    refuse(Bytes().table(1, 1).string("a").int(8, 1), "object 1 is a table, not a function", "a")
    refuse(Bytes().tensor(1, "torch.FloatTensor", (2,), (1,)).int(4, 1), "holds itself")
    refuse(Bytes().torch(1, "nn.Linear").int(4, 1), "fields are a table")
    refuse(Bytes().torch(1, "nn.Linear").number(1), "fields are a table of their own, not a int")
    refuse(Bytes().torch(1, "nn.Linear").int(0), "fields are a table of their own, not nil")
    refuse(Bytes().table(1, 1).string("a").torch(2, "nn.Linear").int(3, 1), "table that is still being read", "a")
    refuse(Bytes().int(8, 1).chars("code").number(1), "upvalues are a table")
    refuse(Bytes().table(1, 1).string("a").int(8, 2).chars("code").int(3, 1), "upvalues are a table", "a")


def test_values_that_are_none():
    refuse(Bytes().int(9), "no .t7")
    refuse(Bytes().table(1, 1).string("a").int(-1), "type is 0 to 8, not -1", "a", 21)
    refuse(Bytes().table(1, 1).string("a").int(5, 2), "a boolean is 0 or 1, not 2", "a")
    refuse(Bytes().table(1, 1).int(0).number(1), "cannot be nil")
    refuse(Bytes().table(1, 1).number(float("nan")).number(1), "nil or nan")
    refuse(b"3\n1\n1\n2\n1\na\n1\nfive\n", "a number is needed here, not b'five'", "a", 14)
    refuse(b"3\n1\nmany\n", "a whole number is needed here, not b'many", "", 4)
    refuse(b"3\n1\n99999999999999999999\n", "type|length|index|whole|early")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"1 2", "more than|it holds 2"),
        (b"1 2 3 4", "it holds more"),
        (b"1 x 3", "could not convert"),
        (b"", "more than|it holds 0"),
    ],
)
def test_lines_of_numbers(line, words):
    refuse(b"4\n1\n3\nV 1\n19\ntorch.DoubleStorage\n3\n" + line + b"\n", words)
    refuse(b"4\n1\n3\nV 1\n16\ntorch.IntStorage\n3\n" + line + b"\n", "more than|holds|invalid literal")


def test_numbers_beyond_their_type():
    refuse(b"4\n1\n3\nV 1\n18\ntorch.ShortStorage\n1\n70000\n", "int16")
    refuse(b"4\n1\n3\nV 1\n17\ntorch.LongStorage\n1\n99999999999999999999\n", "int64")


@pytest.mark.parametrize("depth", [1000, 10_000])
def test_a_deep_file_that_breaks_off(depth):
    data = Bytes()
    data.data = b"".join(Bytes().table(i + 1, 1).string("a").data for i in range(depth))
    refuse(data, "a table's length 1 is more than the 9 bytes left")


# ---------------------------------------------------------------------------------------------------- random damage


def damage(rng, data):
    """Return data with one to four random injuries: bytes or ints changed, pieces cut, doubled or copied."""
    data = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data))
        kind = rng.randrange(8)
        if kind == 0:
            data[at] = rng.randrange(256)
        elif kind == 1:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 2:
            data[at : at + 4] = struct.pack("<i", rng.choice([0, 1, -1, 2**31 - 1, -(2**31), 65536, rng.randrange(99)]))
        elif kind == 3:
            data[at : at + 8] = struct.pack("<q", rng.choice([0, -1, 2**63 - 1, 2**40, 2**32, rng.randrange(9999)]))
        elif kind == 4:
            del data[at : at + rng.choice([1, 4, 8, 100, 100_000])]
        elif kind == 5:
            data[at:at] = data[at : at + rng.choice([1, 4, 8, 100])]
        elif kind == 6:
            data[at : at + 2] = rng.choice([b"-1", b"99", b"\n9", b"0\n", b"  ", b"1e", b"na"])
        else:
            there = rng.randrange(len(data))
            data[at : at + 12] = data[there : there + 12]
        if not data:
            break
    return bytes(data)


def arrays_of(obj):
    """Yield every array of an object, iteratively."""
    seen, todo = set(), [obj]
    while todo:
        value = todo.pop()
        if id(value) in seen or isinstance(value, (str, int, float, bytes, type(None))):
            continue
        seen.add(id(value))
        if isinstance(value, np.ndarray):
            yield value
        elif isinstance(value, T7Storage):
            yield value.array
        elif isinstance(value, T7Object):
            todo.append(value.fields)
        elif isinstance(value, T7Function):
            todo.append(value.upvalues)
        else:
            todo.extend([*value, *value.values()] if isinstance(value, dict) else value)


def survive(data):
    """Read damaged data; assert a T7Error, or arrays that lie on their storages; return whether it was refused."""
    start = time.process_time()
    try:
        obj = load(data)
    except T7Error as error:
        assert time.process_time() - start < SECOND
        assert 0 <= error.offset <= len(data) and error.path is not None
        return True
    assert time.process_time() - start < SECOND
    for array in arrays_of(obj):
        base = root(array)
        low = array.__array_interface__["data"][0] - base.__array_interface__["data"][0]
        span = sum((size - 1) * stride for size, stride in zip(array.shape, array.strides)) + array.itemsize
        assert array.size == 0 or 0 <= low <= low + span <= base.nbytes
        assert base.nbytes <= 8 * len(data)
    file = io.BytesIO()
    write(file, obj)
    load(file.getvalue())
    return False


def run(seeds):
    contents = [path.read_bytes() for path in FILES if path.stat().st_size < 60_000]
    refused = 0
    gc.freeze()  # to look through all that other tests have left takes longer than any file
    try:
        for seed in seeds:
            rng = random.Random(seed)
            data = damage(rng, rng.choice(contents))
            try:
                refused += survive(data)
            except Exception as error:
                raise AssertionError(f"seed {seed}: {error!r}") from error
    finally:
        gc.unfreeze()
    return refused


@pytest.mark.parametrize("part", range(4))
def test_a_few_hundred_damaged_files(part):
    refused = run(range(part * 100, part * 100 + 100))
    assert 20 < refused < 100


def test_damaged_files_take_little_memory():
    contents = [path.read_bytes() for path in FILES if path.stat().st_size < 30_000]
    tracemalloc.start()
    for seed in range(60):
        rng = random.Random(-seed)
        data = damage(rng, rng.choice(contents))
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        try:
            load(data)
        except T7Error as error:
            assert error.offset <= len(data)
        assert tracemalloc.get_traced_memory()[1] - before < 1_000_000 + 50 * len(data)
    tracemalloc.stop()


@pytest.mark.soak
@pytest.mark.parametrize("part", range(40))
def test_tens_of_thousands_of_damaged_files(part):
    assert run(range(1_000_000 + part * 1000, 1_000_000 + part * 1000 + 1000)) > 200
