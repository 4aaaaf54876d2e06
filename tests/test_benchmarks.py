"""The benchmarks run, at sizes that take no time, and what they print are tables."""

import numpy as np
import pytest

import pygraph_nn as nn
from benchmarks import __main__ as command
from benchmarks import floor, report, scaling, timing


def test_the_floor_computes_what_the_graph_computes():
    generator = np.random.default_rng(0)
    cell, layer = nn.LSTM.create(3, 4), floor.Layer(3, 4, "float64", generator)
    for name, weight in (("i2h", layer.W), ("h2h", layer.U)):
        cell[name].module.weight[...] = weight
        cell[name].module.bias.fill(0)
    x, dy = generator.standard_normal((5, 2, 3)), generator.standard_normal((5, 2, 4))
    c, h = generator.standard_normal((2, 2, 4))
    for ours, theirs in zip(cell.forward([x[0], c, h]), layer.step(x[0], c, h), strict=True):
        np.testing.assert_allclose(ours, theirs, 1e-12)
    unrolled = nn.Unroll(cell)
    unrolled.zeroGradParameters()
    np.testing.assert_allclose(unrolled.forward(x), layer.forward(x), 1e-12)
    np.testing.assert_allclose(unrolled.backward(x, dy), layer.backward(dy, True), 1e-9)
    np.testing.assert_allclose(cell["i2h"].module.gradWeight, layer.dW, 1e-9)
    np.testing.assert_allclose(cell["h2h"].module.gradWeight, layer.dU, 1e-9)
    np.testing.assert_allclose(cell["h2h"].module.gradBias, layer.db, 1e-9)


def test_calls_take_turns():
    turns = []
    times = timing.alternate({"a": lambda: turns.append("a"), "b": lambda: turns.append("b")}, repeats=2, least=0)
    assert turns[-4:] == ["a", "b", "a", "b"] and set(times) == {"a", "b"}


@pytest.mark.parametrize(
    ("seconds", "text"), [(2.5, "2.5 s"), (0.01234, "12.3 ms"), (4.2e-5, "42 us"), (3e-8, "30 ns"), (0.9996, "1 s")]
)
def test_a_duration_has_the_unit_that_suits_it(seconds, text):
    assert timing.span(seconds) == text


def _results():
    """What a run measures, in little."""
    setting = {"threads": 1, "dtype": "float32", "kernels": "Haswell"}
    cell = {"size": [1, 3, 4], "ours": 2e-5, "torch": 4e-5, "numpy": 1e-5, "ours both": 3e-5, "torch both": 9e-5}
    step = {"size": 128, "ours": 0.05, "nn.LSTM": 0.05, "LSTMCell loop": 0.1, "numpy": 0.04}
    return {
        "machine": "one",
        "cells": [{**setting, **cell}],
        "training": [{**setting, **step}],
        "convolution": [{"name": "SpatialMaxPooling(2, 2)", "pass": "forward", "ours": 1e-3, "torch": 2e-3}],
        "scaling": {
            "nodes": list(scaling.by_nodes(counts=(10,))),
            "length": list(scaling.by_length(lengths=(2,))),
            "batch": list(scaling.by_batch(sizes=(1,))),
        },
        "files": {"size": 1_000_000, "load": 1e-3, "read": 1e-3, "save": 1e-3, "write": 1e-3},
        "startup": {"import": {"pygraph_nn": 0.1, "numpy": 0.05}, "bytes": {"pygraph_nn": None, "numpy": 5_000_000}},
    }


def test_a_report_is_tables_of_as_many_columns_as_their_heads():
    tables = report.text(_results()).split("### ")[1:]
    assert len(tables) == 8
    for table in tables:
        columns = {line.count("|") for line in table.splitlines() if line.startswith("|")}
        assert len(columns) == 1, table
    assert "| float32, 1 thread, Haswell kernels | 1, 3, 4 | 20 us | 40 us | 0.50 | 0.75 | 0.25 | 0.33 |" in tables[0]


def test_writing_keeps_the_prose_and_replaces_the_tables(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib", reason="plots are drawn with matplotlib, which is not installed")
    (tmp_path / "images").mkdir()
    page = tmp_path / "performance.md"
    page.write_text(f"prose\n\n{report.MARK}\n\nold\n", encoding="utf-8")
    monkeypatch.setattr(report, "DOCS", tmp_path)
    report.write(_results())
    written = page.read_text(encoding="utf-8")
    assert written.startswith(f"prose\n\n{report.MARK}\n\n{report.PLOT}\n\nMachine: one.") and "old" not in written
    assert (tmp_path / "images" / "performance.svg").stat().st_size > 1000


def test_the_contenders_run():
    pytest.importorskip("torch", reason="the benchmarks' opponent is PyTorch, which is not installed")
    from benchmarks import cells, training

    for dtype in ("float32", "float64"):
        for call in [*cells.calls(2, 3, 4, dtype).values(), *training.calls(4, dtype).values()]:
            call()


def test_rows_of_several_processes_are_their_medians(monkeypatch):
    times = iter([0.3, 0.1, 0.2])
    monkeypatch.setattr(command, "run", lambda part, threads, dtype: [{"size": [1, 3, 4], "ours": next(times)}])
    assert command.repeated("cells", 1, "float32", processes=3) == [{"size": [1, 3, 4], "ours": 0.2}]


def test_a_quick_run_measures_one_setting_with_all_kernels(monkeypatch):
    monkeypatch.setattr(command.blas, "kernels", lambda: "SkylakeX")
    monkeypatch.setattr(command.doctor, "alternative", lambda: "Haswell")
    assert list(command.settings(quick=True)) == [(1, "float32", "SkylakeX"), (1, "float32", "Haswell")]
    assert len(list(command.settings(quick=False))) == 8
    monkeypatch.setattr(command.doctor, "alternative", lambda: None)
    assert list(command.settings(quick=True)) == [(1, "float32", "SkylakeX")]
