"""FistaLS solves the lasso, faster than ISTA, and L carries over."""

import numpy as np
import pytest

from pygraph_nn import optim, rng
from pygraph_nn.errors import DivergenceError, RangeError, TensorTypeError

PENALTY = 0.3


def lasso(rows=12, columns=20):
    rng.manualSeed(4)
    D, target = rng.randn(rows, columns), rng.randn(rows)

    def smooth(x):
        rest = D @ x - target
        return float(rest @ rest), 2 * D.T @ rest

    def shrink(x, L):
        x[...] = np.sign(x) * np.maximum(np.abs(x) - PENALTY / L, 0)

    return smooth, lambda x: PENALTY * float(np.abs(x).sum()), shrink


def test_the_solution_satisfies_the_lassos_optimality_conditions():
    smooth, rough, shrink = lasso()
    x = np.zeros(20)
    solution, history = optim.FistaLS(smooth, rough, shrink, x, {"maxiter": 5000, "errthres": 0, "maxline": 60})
    assert solution is x
    gradient = smooth(x)[1]
    active = np.abs(x) > 1e-6
    np.testing.assert_allclose(gradient[active], -PENALTY * np.sign(x[active]), atol=1e-4)
    assert (np.abs(gradient[~active]) <= PENALTY + 1e-4).all()
    assert history[-1]["F"] == pytest.approx(smooth(x)[0] + rough(x))


def test_fista_is_ahead_of_ista_which_never_goes_uphill():
    smooth, rough, shrink = lasso()
    settings = {"maxiter": 100, "errthres": 0, "maxline": 60}
    fast = optim.FistaLS(smooth, rough, shrink, np.zeros(20), dict(settings))[1]
    slow = optim.FistaLS(smooth, rough, shrink, np.zeros(20), settings | {"doFistaUpdate": False})[1]
    losses = [record["F"] for record in slow]
    assert all(b <= a + 1e-12 for a, b in zip(losses, losses[1:]))
    assert fast[-1]["F"] < losses[-1]


def test_params_keep_l_and_the_history_keeps_points_when_verbose():
    smooth, rough, shrink = lasso()
    params = {"verbose": True, "maxiter": 3}
    x, history = optim.FistaLS(smooth, rough, shrink, np.zeros(20), params)
    assert len(history) == 3
    assert params["L"] == history[-1]["L"] > 0.1
    assert np.array_equal(history[-1]["y"], x)
    assert set(history[0]) == {"nline", "L", "F", "Fply", "Gply", "Q", "xk", "y"}
    again = optim.FistaLS(smooth, rough, shrink, x, params | {"verbose": False})[1]
    assert again[0]["nline"] == 1
    assert again[0]["F"] < history[0]["F"]


def test_it_stops_where_the_loss_stands_still():
    smooth, rough, shrink = lasso()
    history = optim.FistaLS(smooth, rough, shrink, np.zeros(20), {"maxiter": 5000, "errthres": 1e-3})[1]
    assert len(history) < 5000
    assert abs(history[-1]["F"] - history[-2]["F"]) <= 1e-3


def test_without_a_step_that_helps_x_stays():
    x = np.ones(2)
    optim.FistaLS(lambda x: (float(x @ x), -2 * x), lambda x: 0.0, lambda x, L: None, x, {"maxline": 2, "maxiter": 1})
    assert (x == 1).all()


def test_what_it_refuses():
    smooth, rough, shrink = lasso()
    with pytest.raises(RangeError, match="FistaLS: config has no key 'maxIter'; did you mean 'maxiter'"):
        optim.FistaLS(smooth, rough, shrink, np.zeros(20), {"maxIter": 3})
    with pytest.raises(RangeError, match="FistaLS: L is a number above 0, not 0"):
        optim.FistaLS(smooth, rough, shrink, np.zeros(20), {"L": 0})
    x = np.zeros(2)
    for answer in (None, np.ones(2)):
        with pytest.raises(TensorTypeError, match="FistaLS: the loss .* is one number, not"):
            optim.FistaLS(lambda x: (float(x @ x), 2 * x), lambda x, answer=answer: answer, shrink, x)
    with pytest.raises(DivergenceError, match="FistaLS: the loss is nan"):
        optim.FistaLS(lambda x: (float("nan"), x), rough, shrink, x)
    assert (x == 0).all()
