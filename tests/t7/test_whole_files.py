"""Where .t7 files come from and go to: paths, streams, and an old file that stays until the new one is whole."""

import errno
import gc
import io
import os
import stat
import threading
import weakref

import numpy as np
import pytest
from t7_files import BINARY, FILES

import pygraph_nn as nn
from pygraph_nn.errors import T7Error
from pygraph_nn.memory import root
from pygraph_nn.t7.reader import read
from pygraph_nn.t7.writer import write


def test_paths_of_any_kind(tmp_path):
    for path in (tmp_path / "a.t7", str(tmp_path / "b.t7"), os.fsencode(tmp_path / "c.t7")):
        write(path, [1, "two"])
        assert read(path) == [1, "two"]
    assert sorted(os.listdir(tmp_path)) == ["a.t7", "b.t7", "c.t7"]


def test_a_relative_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write("a.t7", {"x": 1})
    assert read("a.t7") == {"x": 1}


def test_a_failure_leaves_the_old_file_and_no_litter(tmp_path):
    path = tmp_path / "net.t7"
    write(path, "old")
    with pytest.raises(T7Error, match="no place"):
        write(path, [np.zeros(100_000), object()])
    assert read(path) == "old" and os.listdir(tmp_path) == ["net.t7"]


def test_a_failure_leaves_an_open_file_as_it_was(tmp_path):
    with open(tmp_path / "nets.t7", "w+b") as file:
        write(file, "first")
        with pytest.raises(T7Error, match="no place"):
            write(file, [np.zeros(100_000), object()])
        write(file, "second")
        file.seek(0)
        assert [read(file), read(file), file.read()] == ["first", "second", b""]
    with open(tmp_path / "nets.t7", "rb") as file, pytest.raises(OSError, match="write"):
        write(file, "third")
    assert read(tmp_path / "nets.t7") == "first"


def test_a_full_disk_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch):
    path = tmp_path / "net.t7"
    write(path, "old")

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write(path, "new")
    assert read(path) == "old" and os.listdir(tmp_path) == ["net.t7"]


def test_an_interruption_leaves_the_old_file(tmp_path):
    path = tmp_path / "net.t7"
    write(path, "old")

    class Stop:
        pass

    def record(value):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(path, [Stop()], record=record)
    assert read(path) == "old" and os.listdir(tmp_path) == ["net.t7"]


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o660])
def test_an_old_files_permissions_pass_on(tmp_path, mode):
    path = tmp_path / "net.t7"
    write(path, 1)
    path.chmod(mode)
    write(path, 2)
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path):
    write(tmp_path / "net.t7", 1)
    (tmp_path / "other").write_bytes(b"")
    assert (tmp_path / "net.t7").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_link_keeps_pointing_where_it_points(tmp_path):
    (tmp_path / "there").mkdir()
    link = tmp_path / "latest.t7"
    link.symlink_to(tmp_path / "there" / "net.t7")
    write(link, 1)
    assert link.is_symlink() and read(tmp_path / "there" / "net.t7") == 1
    write(link, 2)
    assert link.is_symlink() and read(tmp_path / "there" / "net.t7") == 2


def test_a_pipe_is_written_to_and_read_from(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    obj = {"a": np.arange(50_000.0)}
    writer = threading.Thread(target=write, args=(pipe, obj))
    writer.start()
    got = read(pipe)
    writer.join()
    assert np.array_equal(got["a"], obj["a"]) and stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("format", ["binary", "ascii"])
def test_several_objects_in_one_stream(format):
    file = io.BytesIO()
    file.write(b"before")
    for obj in ({"a": 1}, [np.arange(9000.0), "x"], "last"):
        write(file, obj, format)
    file.seek(6)
    assert read(file) == {"a": 1}
    assert read(file)[1] == "x"
    assert read(file) == "last"
    assert not file.read()


def test_a_stream_that_cannot_be_sought():
    class Pipe(io.RawIOBase):
        def __init__(self, data):
            self.data = io.BytesIO(data)

        def readable(self):
            return True

        def readinto(self, target):
            return self.data.readinto(memoryview(target)[:7])

    assert read(Pipe(BINARY[0].read_bytes())).keys() == read(BINARY[0]).keys()


def test_a_stream_that_reads_and_writes_little_at_a_time(tmp_path):
    class Slow(io.BytesIO):
        def read(self, n=-1):
            return super().read(min(n, 1000) if n > 0 else n)

        def readinto(self, target):
            return super().readinto(memoryview(target)[:1000])

        def write(self, data):
            return super().write(bytes(data)[:1000])

    obj = {"a": np.arange(20_000.0), "b": "text" * 5000}
    file = Slow()
    write(file, obj)
    file.seek(0)
    got = read(file)
    assert np.array_equal(got["a"], obj["a"]) and got["b"] == obj["b"]


def test_a_file_open_as_text_is_an_error_that_says_so():
    with pytest.raises(T7Error, match="read from a path or a file opened in binary mode"):
        read(io.StringIO("3\n1\n0\n"))
    with open(BINARY[0]) as file, pytest.raises(T7Error, match="read from a path or a file opened in binary mode"):
        read(file)
    with pytest.raises(T7Error, match="written to a path or a file opened in binary mode"):
        write(io.StringIO(), 1)


@pytest.mark.parametrize("place", [None, 5, {"a": 1}])
def test_what_is_no_file_is_an_error_that_says_so(place):
    with pytest.raises(T7Error, match=r"read from a path or a file.*, not from (None|5|\{'a')"):
        read(place)
    with pytest.raises(T7Error, match=r"written to a path or a file.*, not to (None|5|\{'a')"):
        write(place, "an object")


@pytest.mark.parametrize("letter", ["a", "é", "網", "😀"])
def test_a_name_may_be_as_long_as_the_system_lets_it(tmp_path, letter):
    path = tmp_path / (letter * (255 // len(letter.encode())))
    write(path, 1)
    assert read(path) == 1 and list(tmp_path.iterdir()) == [path]


def test_a_missing_file_and_a_missing_directory_are_the_systems_errors(tmp_path):
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none.t7")
    with pytest.raises(FileNotFoundError):
        write(tmp_path / "none" / "net.t7", 1)


def test_progress_runs_up_to_the_whole_file():
    seen = []
    read(FILES[0], progress=lambda done, size: seen.append((done, size)))
    assert seen == sorted(seen) and 0 < seen[0][0] <= seen[-1][0] <= FILES[0].stat().st_size == seen[0][1]


def test_large_arrays_are_read_into_place(tmp_path):
    arrays = [np.random.default_rng(i).standard_normal(n) for i, n in enumerate([4000, 5000, 1, 70_000, 3, 4096])]
    write(tmp_path / "a.t7", arrays)
    for got, array in zip(read(tmp_path / "a.t7"), arrays):
        assert np.array_equal(got, array) and got.flags.aligned and root(got).nbytes == array.nbytes


def test_what_is_loaded_or_saved_goes_when_nobody_has_it(tmp_path):
    gc.collect()
    gc.disable()
    try:
        for made in (lambda: nn.Sequential().add(nn.Linear(3, 2)), lambda: nn.load(tmp_path / "net.t7")):
            net = made()
            nn.save(tmp_path / "net.t7", net)
            gone = weakref.ref(net.get(1))
            del net
            assert gone() is None
    finally:
        gc.enable()


def test_a_folder_that_is_missing_is_named_with_the_callers_own_name(tmp_path):
    path = tmp_path / "missing" / "net.t7"
    with pytest.raises(FileNotFoundError) as caught:
        nn.save(path, 1)
    assert caught.value.filename == str(path)


def test_a_network_in_the_place_of_the_file_is_named_in_one_line():
    net = nn.LSTM.create(3, 4)
    with pytest.raises(T7Error, match="written to a path .* not to nn.gModule {$"):
        nn.save(net, "net.t7")
    with pytest.raises(T7Error, match="read from a path .* not from nn.gModule { "):
        nn.load(net)
