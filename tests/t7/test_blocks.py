"""Storages of a middle size, which are read into blocks that they share with others, and stay storages of their own."""

import io

import numpy as np
import pytest

from pygraph_nn.memory import root
from pygraph_nn.t7 import source
from pygraph_nn.t7.reader import read
from pygraph_nn.t7.writer import write

SIZES = (3, 5000, 5001, 40_000, 1, 5003, 300_000, 4097)


def packed(arrays):
    file = io.BytesIO()
    write(file, arrays)
    return file.getvalue()


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "uint8"])
def test_every_storage_is_read_whole_and_lies_apart(dtype):
    arrays = [np.arange(n).astype(dtype) for n in SIZES]
    content = packed(arrays)
    found = read(io.BytesIO(content))
    assert all(map(np.array_equal, found, arrays))
    assert len({id(root(array)) for array in found}) == len(SIZES)
    for index, array in enumerate(found):
        assert array.flags.writeable and array.flags.aligned and array.flags.c_contiguous
        array[...] = index
    assert all((array == index).all() for index, array in enumerate(found))


def test_neighbours_in_a_block_are_written_as_storages_of_their_own():
    arrays = [np.full(5000, value, float) for value in range(4)]
    content = packed(arrays)
    assert packed(read(io.BytesIO(content))) == content
    assert len(packed([read(io.BytesIO(content))[2]])) < len(content) / 3


def test_a_block_is_no_larger_than_what_the_file_still_holds(monkeypatch):
    made, empty = [], np.empty
    content = packed([np.zeros(5000) for _ in range(5)])
    monkeypatch.setattr(
        source.np, "empty", lambda n, dtype=float: made.append(n * np.dtype(dtype).itemsize) or empty(n, dtype)
    )
    read(io.BytesIO(content))
    assert max(made) <= len(content) and sum(made) < 1.2 * len(content)


def test_a_full_block_is_followed_by_another(monkeypatch):
    monkeypatch.setattr(source, "_BLOCK", 100_000)
    arrays = [np.random.default_rng(n).random(5000 + n) for n in range(7)]
    assert all(map(np.array_equal, read(io.BytesIO(packed(arrays))), arrays))
