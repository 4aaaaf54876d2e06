"""The stacked LSTM demo prints what Torch7 printed."""

import json
import re
import runpy
from pathlib import Path

import numpy as np
import pytest

TESTS = Path(__file__).resolve().parent.parent
EXAMPLE = TESTS.parent / "examples" / "stacked_lstm.py"
RECORDS = [json.loads(line) for line in (TESTS / "data" / "torch7" / "stacked_lstm.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def demo():
    return runpy.run_path(str(EXAMPLE))["demo"]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: f"seed {record['seed']}")
def test_the_printed_numbers_are_torch7s(demo, record, capsys):
    demo(seed=record["seed"])
    printed = [float(number) for number in re.findall(r"-?\d+\.\d+", capsys.readouterr().out)]
    expected = [number for layer in record["next_state"] for table in layer for number in table["data"]]
    np.testing.assert_allclose(printed, expected + record["output"]["data"], rtol=0, atol=1e-12)


def test_without_a_seed_every_run_differs(demo, capsys):
    demo()
    first = capsys.readouterr().out
    demo()
    assert capsys.readouterr().out != first


def test_dot_saves_the_cells_graph(demo, tmp_path):
    demo(seed=1, dot=str(tmp_path / "lstm.dot"))
    text = (tmp_path / "lstm.dot").read_text(encoding="utf-8")
    assert text.lstrip().startswith("digraph")
    assert "Linear(3 -> 16)" in text
