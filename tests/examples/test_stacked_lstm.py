"""The stacked LSTM demo prints what Torch7 printed."""

import json
import re
import runpy
from pathlib import Path

import numpy as np
import pytest

import pygraph_nn as nn

TESTS = Path(__file__).resolve().parent.parent
EXAMPLE = TESTS.parent / "examples" / "stacked_lstm.py"
RECORDS = [json.loads(line) for line in (TESTS / "data" / "torch7" / "stacked_lstm.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def example():
    return runpy.run_path(str(EXAMPLE))


@pytest.fixture(scope="module")
def demo(example):
    return example["demo"]


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


def test_several_steps_and_back_equal_the_clones_by_hand(example, capsys):
    by_x, gradients = example["through_time"](4, seed=7)
    assert "output after 4 steps" in capsys.readouterr().out

    nn.manualSeed(7)
    network = [nn.LSTM.create(3, 4), nn.LSTM.create(4, 4), nn.LSTM.create(4, 3)]
    stack = nn.Sequential()
    for cell in network:
        stack.add(cell)
    _, expected = stack.getParameters()
    x = nn.randn(4, 1, 3)
    shared = ("weight", "bias", "gradWeight", "gradBias")
    steps = [[cell.clone(*shared) for cell in network] for _ in x]
    states = [[np.zeros((1, size)), np.zeros((1, size))] for size in (4, 4, 3)]
    inputs = []
    for t, cells in enumerate(steps):
        below, inputs_now = x[t], []
        for l, cell in enumerate(cells):
            inputs_now.append([below, *states[l]])
            states[l] = cell.forward(inputs_now[-1])
            below = states[l][1]
        inputs.append(inputs_now)
    carried = [[np.zeros((1, size)), np.zeros((1, size))] for size in (4, 4, 3)]
    first = None
    for t in reversed(range(4)):
        above = np.ones((1, 3))
        for l in reversed(range(3)):
            above, *carried[l] = steps[t][l].backward(inputs[t][l], [carried[l][0], carried[l][1] + above])
        first = above
    np.testing.assert_allclose(gradients, expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(by_x[0], first, rtol=0, atol=1e-12)
