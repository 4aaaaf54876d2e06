"""The examples that run an LSTM forward give the numbers that their sources imply."""

import importlib.util
import runpy
from pathlib import Path

import numpy as np
import pytest

import pygraph_nn as nn

EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples"


def example(name):
    return runpy.run_path(str(EXAMPLES / f"{name}.py"))


def test_naive_lstm_gives_tanh_2():
    h, c = example("naive_lstm")["naive_lstm"]()
    assert h.shape == c.shape == (1, 20)
    np.testing.assert_allclose(c, 2, atol=1e-6)
    np.testing.assert_allclose(h, np.tanh(2), atol=1e-6)


def test_naive_lstms_networks_agree_with_pytorch_and_with_its_stored_figures(capsys):
    naive = example("naive_lstm")
    assert max(naive["demo"]()) < 1e-12
    printed = capsys.readouterr().out
    judge = "PyTorch" if importlib.util.find_spec("torch") else "stored figures"
    assert printed.count(f"differs from {judge}") == 3 and "0.96402" in printed
    x = naive["numbers"](5, 2, 3)
    for name, options in naive["NETWORKS"].items():
        y = naive["build"](**options).forward(x)
        np.testing.assert_allclose(naive["figures"](y), naive["FIGURES"][name], rtol=0, atol=1e-12)


def test_numpy_lstm_equals_the_graph(capsys):
    assert example("numpy_lstm")["demo"]() < 1e-14
    assert capsys.readouterr().out.count("differs by at most") == 2


def test_numpy_lstm_puts_out_one_row_for_each_one_hot_step():
    numpy_lstm = example("numpy_lstm")
    parameters = numpy_lstm["draw_parameters"]()
    assert numpy_lstm["numpy_lstm"](np.eye(6), parameters).shape == (6, 7)


# What the course's exercise prints, for numpy's seed 1.
A_NEXT = [-0.66408471, 0.0036921, 0.02088357, 0.22834167, -0.85575339, 0.00138482, 0.76566531, 0.34631421]
A_NEXT += [-0.00215674, 0.43827275]
C_NEXT = [0.63267805, 1.00570849, 0.35504474, 0.20690913, -1.64566718, 0.11832942, 0.76449811, -0.0981561]
C_NEXT += [-0.74348425, -0.26810932]
YT = [0.79913913, 0.15986619, 0.22412122, 0.15606108, 0.97057211, 0.31146381, 0.00943007, 0.12666353]
YT += [0.39380172, 0.07828381]
CACHE = [-0.16263996, 1.03729328, 0.72938082, -0.54101719, 0.02752074, -0.30821874, 0.07651101, -1.03752894]
CACHE += [1.41219977, -0.37647422]


def test_lstm_by_hand_gives_the_exercises_values_for_one_step():
    by_hand = example("lstm_by_hand")
    xt, (a_prev, c_prev), parameters = by_hand["exercise"](3, 10)
    a_next, c_next, yt, cache = by_hand["lstm_cell_forward"](xt, a_prev, c_prev, parameters)
    assert a_next.shape == c_next.shape == (5, 10) and yt.shape == (2, 10) and len(cache) == 10
    for found, expected in [(a_next[4], A_NEXT), (c_next[2], C_NEXT), (yt[1], YT), (cache[1][3], CACHE)]:
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-8)


def test_lstm_by_hand_gives_the_exercises_values_for_all_steps():
    by_hand = example("lstm_by_hand")
    x, (a0,), parameters = by_hand["exercise"](3, 10, 7)
    a, y, c, caches = by_hand["lstm_forward"](x, a0, parameters)
    assert a.shape == c.shape == (5, 10, 7) and y.shape == (2, 10, 7)
    assert a[4][3][6] == pytest.approx(0.172117767533, abs=1e-11)
    assert y[1][4][3] == pytest.approx(0.95087346185, abs=1e-11)
    assert c[1][2][1] == pytest.approx(-0.855544916718, abs=1e-11)
    x1 = [0.82797464, 0.23009474, 0.76201118, -0.22232814, -0.20075807, 0.18656139, 0.41005165]
    np.testing.assert_allclose(caches[1][1][1], x1, rtol=0, atol=1e-8)
    unrolled = by_hand["lstm_forward_unrolled"](x, a0, parameters)
    for found, expected in zip(unrolled, (y, a[:, :, -1], c[:, :, -1])):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-14)


def test_lstm_by_hand_keeps_each_step_in_its_cache(capsys):
    by_hand = example("lstm_by_hand")
    by_hand["demo"]()
    assert "a_next[4] = [-0.66408471" in capsys.readouterr().out
    x, (a0,), parameters = by_hand["exercise"](3, 10, 7)
    a, _, _, (caches, kept) = by_hand["lstm_forward"](x, a0, parameters)
    assert kept is x
    for t, cache in enumerate(caches):
        a_next, c_next, _, c_prev, ft, it, cct, ot, xt, _ = cache
        np.testing.assert_array_equal(a_next, a[:, :, t])
        np.testing.assert_array_equal(xt, x[:, :, t])
        np.testing.assert_allclose(c_next, ft * c_prev + it * cct, rtol=0, atol=1e-14)
        np.testing.assert_allclose(a_next, ot * np.tanh(c_next), rtol=0, atol=1e-14)


@pytest.mark.parametrize("cell", ["lstm", "gru", "peephole", "rnn"])
def test_sin_to_cos_learns(cell, capsys):
    losses = example("sin_to_cos")["demo"](cell, updates=300 if cell == "lstm" else 120)
    assert losses[-1] < (0.01 if cell == "lstm" else 0.1) < losses[0]
    assert f"{cell}: loss" in capsys.readouterr().out


def test_sin_to_cos_needs_an_update():
    with pytest.raises(nn.RangeError, match="updates is a number from 1 up, not 0"):
        example("sin_to_cos")["demo"](updates=0)


def test_sin_to_cos_shows_progress_where_somebody_watches(capsys, monkeypatch):
    bar = example("sin_to_cos")["bar"]
    bar(1, 2, 0.5)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    bar(1, 2, 0.5)
    assert capsys.readouterr().err == f"\r[{'#' * 15}{'.' * 15}] 1/2 loss 0.50000"


def test_sin_to_cos_draws(tmp_path):
    pytest.importorskip("matplotlib")
    for name in ("sin_to_cos.bmpp", "sin_to_cos", "missing/sin_to_cos.png"):
        with pytest.raises(nn.RangeError, match="in a folder that is there, and its name ends in .*png"):
            example("sin_to_cos")["demo"](updates=12, path=str(tmp_path / name))
    path = tmp_path / "sin_to_cos.png"
    example("sin_to_cos")["demo"](updates=12, path=str(path), progress=None)
    assert path.read_bytes().startswith(b"\x89PNG")
