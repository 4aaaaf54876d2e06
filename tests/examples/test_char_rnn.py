"""char_rnn learns, samples, and can be stopped at any moment and resumed bit for bit."""

import os
import re
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import pygraph_nn as nn

EXAMPLE = Path(__file__).resolve().parent.parent.parent / "examples" / "char_rnn.py"
COUNTS = ("size", "layers", "batch", "length", "every")
SMALL = ["--size", "12", "--batch", "4", "--length", "10", "--sample", "30"]


@pytest.fixture(scope="module")
def char_rnn():
    return runpy.run_path(str(EXAMPLE))


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("the cat sat on the mat. " * 30, encoding="utf-8")
    return str(path)


def run(char_rnn, *arguments):
    said = []
    training = char_rnn["demo"]([*SMALL, *arguments], said.append)
    return training, said


def test_it_learns_and_samples(char_rnn, text):
    training, said = run(char_rnn, "--data", text, "--epochs", "15", "--rate", "0.02", "--decay-after", "99")
    assert training.losses[-1] < 0.5 < 2 < training.losses[0]
    assert training.validation[-1][1] < 1
    assert len(said[-1]) == 30 and re.search("cat|sat|the|mat", said[-1])


def test_the_text_that_comes_along_is_learnt(char_rnn):
    training, said = run(char_rnn, "--epochs", "1", "--batch", "16")
    assert said[0].startswith("20065 characters, 44 different")
    assert training.losses[-1] < training.losses[0] - 0.5


@pytest.mark.parametrize("extra", [["--dropout", "0.3", "--layers", "2"], ["--cell", "gru"], ["--cell", "rnn"]])
def test_a_resumed_run_continues_bit_for_bit(char_rnn, text, tmp_path, extra):
    whole, _ = run(char_rnn, "--data", text, "--epochs", "4", *extra)
    path = str(tmp_path / "model.npz")
    run(char_rnn, "--data", text, "--epochs", "2", "--checkpoint", path, *extra)
    resumed, _ = run(char_rnn, "--data", text, "--epochs", "4", "--checkpoint", path, "--resume")
    assert resumed.losses == whole.losses and resumed.validation == whole.validation
    assert np.array_equal(resumed.model.x, whole.model.x)


def test_a_checkpoint_in_the_middle_of_an_epoch_continues_bit_for_bit(char_rnn, text, tmp_path):
    options = {"cell": "lstm", "size": 8, "layers": 1, "dropout": 0.2, "batch": 2, "length": 8}
    options |= {"rate": 0.01, "decay": 0.9, "decay_after": 1, "clip": 5.0, "seed": 3}
    content = Path(text).read_text()
    training = char_rnn["Training"](content, options)
    for _ in range(5):
        training.step()
    training.save(tmp_path / "five.npz")
    expected = [training.step() for _ in range(7)]
    resumed = char_rnn["Training"].resume(content, tmp_path / "five.npz")
    assert [resumed.step() for _ in range(7)] == expected
    assert np.array_equal(resumed.model.x, training.model.x)


def test_killed_at_any_moment_the_last_checkpoint_loads(text, tmp_path):
    path = tmp_path / "model.npz"
    command = [sys.executable, str(EXAMPLE), *SMALL, "--data", text, "--epochs", "100000", "--every", "1"]
    process = subprocess.Popen(
        [*command, "--checkpoint", str(path)],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(EXAMPLE.parent.parent)},
    )
    deadline = time.monotonic() + 30
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    char_rnn = runpy.run_path(str(EXAMPLE))
    for _ in range(20):  # whatever moment this is, the file is whole
        assert char_rnn["load"](path)[0]["updates"] > 0
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert char_rnn["Training"].resume(Path(text).read_text(), path).updates > 0


def test_a_failure_while_saving_leaves_the_old_checkpoint(char_rnn, text, tmp_path, monkeypatch):
    path = tmp_path / "model.npz"
    training, _ = run(char_rnn, "--data", text, "--epochs", "1", "--checkpoint", str(path))
    before = path.read_bytes()
    training.step()

    def full(*arguments, **keywords):
        raise OSError("no space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="no space"):
        training.save(path)
    assert path.read_bytes() == before and list(tmp_path.glob("*.part")) == []


@pytest.mark.parametrize("name, node", [("i2h", "i2h"), ("decoder", "decoder")])
def test_not_a_number_stops_the_run_and_names_the_node(char_rnn, text, name, node):
    training, _ = run(char_rnn, "--data", text, "--epochs", "1")
    modules = {n.name: n.module for n in training.model.cell.forwardnodes}
    holder = modules.get(name) or modules["layer1"][name].module
    holder.bias[0] = np.nan
    before, updates = training.model.x.copy(), training.updates
    with pytest.raises(nn.DivergenceError, match=rf"update {updates + 1}: .*came from node {node}, nn.Linear"):
        training.step()
    assert np.array_equal(training.model.x, before, equal_nan=True) and training.updates == updates


def test_only_sample_reads_the_checkpoint(char_rnn, text, tmp_path):
    path = str(tmp_path / "model.npz")
    _, said = run(char_rnn, "--data", text, "--epochs", "2", "--checkpoint", path, "--prime", "the ")
    _, again = run(char_rnn, "--only-sample", "--checkpoint", path, "--prime", "the ")
    assert again == said[-1:] and again[0].startswith("the ") and len(again[0]) == 34
    greedy = run(char_rnn, "--only-sample", "--checkpoint", path, "--temperature", "0", "--seed", "5")[1]
    assert greedy == run(char_rnn, "--only-sample", "--checkpoint", path, "--temperature", "0", "--seed", "6")[1]


def test_sampling_does_not_change_the_training(char_rnn, text):
    losses = []
    for looks in (False, True):
        training, _ = run(char_rnn, "--data", text, "--epochs", "1", "--dropout", "0.5")
        if looks:
            char_rnn["sample"](training.model, training.text.characters, 5)
        losses.append([training.step() for _ in range(3)])
    assert losses[0] == losses[1]


def test_the_learning_rate_decays_after_the_first_epochs(char_rnn, text):
    arguments = ("--data", text, "--rate", "0.01", "--decay", "0.5", "--decay-after", "2")
    rates = [run(char_rnn, *arguments, "--epochs", str(epochs))[0].rate() for epochs in (1, 2, 3)]
    assert rates == [0.01, 0.005, 0.0025]


def test_what_is_wrong_is_said_before_the_training(char_rnn, text, tmp_path, monkeypatch):
    missing = str(tmp_path / "missing" / "model")
    empty, other, path = tmp_path / "empty.txt", tmp_path / "other.txt", str(tmp_path / "model.npz")
    empty.write_text("")
    other.write_text("0123456789 " * 50)
    run(char_rnn, "--data", text, "--epochs", "1", "--checkpoint", path)
    cases = [
        (["--data", str(empty)], "the text is empty"),
        (["--data", text, "--batch", "500"], "too short: 720 characters, but 500 sequences of 10 need about 5265"),
        (["--data", str(tmp_path / "none.txt")], "cannot read .*none.txt: No such file"),
        (["--data", text, "--prime", "Zebra"], "unknown characters 'Zbr'"),
        (["--data", text, "--temperature", "-1"], "temperature is a number from 0 up, not -1"),
        (["--data", text, "--temperature", "nan"], "temperature is a number from 0 up, not nan"),
        (["--data", text, "--decay", "-1"], "decay is a number from 0 up, not -1"),
        *((["--data", text, f"--{name}", "0"], f"{name} is a number from 1 up, not 0") for name in COUNTS),
        (["--data", text, "--seed", str(2**64)], "a seed is a whole number from 0 to 18446744073709551615, not 1844"),
        (["--data", text, "--sample", "-1"], "sample is a number from 0 up, not -1"),
        (["--data", text, "--checkpoint", missing], "missing.model cannot be written: there is no folder .*missing"),
        (["--data", text, "--checkpoint", str(tmp_path)], "cannot be written: it is a folder"),
        (["--data", str(other), "--checkpoint", path, "--resume"], "text of other characters: ' .acehmnost' there"),
        (["--checkpoint", str(tmp_path / "none.npz"), "--resume"], "there is no checkpoint"),
        (["--checkpoint", text, "--only-sample"], "is no checkpoint of this program"),
        (["--only-sample"], "need the --checkpoint"),
    ]
    monkeypatch.setitem(char_rnn["demo"].__globals__, "train", None)  # all of it is said before the training
    for arguments, message in cases:
        with pytest.raises(nn.PygraphError, match=message):
            run(char_rnn, *arguments)


def test_the_bar_tells_speed_and_time_left(char_rnn, capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    bar = char_rnn["Bar"](total=10, done=0, characters=100)
    bar.start -= 5
    bar.shown -= 5
    bar.show(5, 1.25)
    assert re.search(r"5/10 loss 1\.250 \d+ chars/s, 0:0[45] left", capsys.readouterr().err)


def test_the_losses_are_drawn(char_rnn, text, tmp_path):
    pytest.importorskip("matplotlib")
    for name, message in (
        ("missing/a.png", "there is no folder"),
        ("a.bmpp", "ends in one of .*png"),
        ("a", "ends in"),
    ):
        with pytest.raises(nn.PygraphError, match=message):
            run(char_rnn, "--data", text, "--epochs", "1", "--picture", str(tmp_path / name))
    run(char_rnn, "--data", text, "--epochs", "1", "--picture", str(tmp_path / "losses.png"))
    assert (tmp_path / "losses.png").read_bytes().startswith(b"\x89PNG")
