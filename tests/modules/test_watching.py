"""What the watchers print and refuse."""

import numpy as np
import pytest

import pygraph_nn as nn


def test_nan_names_where_it_first_appeared():
    net = nn.NaN(nn.Linear(2, 2), 4)
    good, bad = np.ones((1, 2)), np.full((1, 2), np.nan)
    with pytest.raises(nn.DivergenceError, match=r"NaN found in the input of nn.NaN\(4\) @ nn.Linear\(2 -> 2\)"):
        net.forward(bad)
    net.forward(good)
    with pytest.raises(nn.DivergenceError, match="the gradOutput"):
        net.backward(good, bad)
    with pytest.raises(nn.DivergenceError, match="the gradParameters"):
        net.accGradParameters(bad, good)
    net.modules[0].weight.fill(np.nan)
    with pytest.raises(nn.DivergenceError, match="the parameters"):
        net.forward(good)
    with pytest.raises(nn.DivergenceError, match="the gradInput"):
        net.updateGradInput(good, good)
    with pytest.raises(nn.DivergenceError, match="the output"), np.errstate(invalid="ignore"):
        nn.NaN(nn.Log()).forward(-good)


def test_nan_looks_at_numbers_and_passes_what_is_none():
    class Strange(nn.Module):
        def updateOutput(self, input):
            self.output = input["puts out"]
            return self.output

        def check_input(self, input):
            pass

    net = nn.NaN(Strange(), 1)
    assert net.forward({"puts out": [1.0, "text", None]})[1] == "text"
    with pytest.raises(nn.DivergenceError, match="NaN found in the input"):
        net.forward({"puts out": float("nan")})


def test_nan_counts_itself():
    first, second = nn.NaN(nn.Tanh()), nn.NaN(nn.Tanh())
    assert second.id == first.id + 1


def test_profile_prints_at_intervals(capsys):
    net, x = nn.Profile(nn.Tanh(), 2, "middle"), np.ones(2)
    for _ in range(3):
        net.forward(x)
        net.updateGradInput(x, x)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 and net.numFwds == net.numBwds == 1
    assert lines[0].startswith("middle took 0.0") and lines[0].endswith("seconds for 2 forward passes")
    assert lines[1].endswith("seconds for 2 backward passes")
    assert nn.Profile(nn.Tanh()).name == "nn.Tanh" and net.summedFwdTime > 0


def test_print_size_prints_tables_too(capsys):
    net, x = nn.PrintSize(), [np.ones(2), np.ones((2, 3))]
    net.forward(x)
    net.backward(x, x)
    assert capsys.readouterr().out == (
        "PrintSize:input\n[float64 2, float64 2x3]\nPrintSize:gradOutput\n[float64 2, float64 2x3]\n"
    )
