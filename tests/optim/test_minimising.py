"""What all optimisers have in common: they minimise, in place, and touch nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optim_problems import FIRST_ORDER, SETTLING, quadratic, rosenbrock

import pygraph_nn
from pygraph_nn import optim, rng

each_method = pytest.mark.parametrize("method", SETTLING)
each_first_order_method = pytest.mark.parametrize("method", FIRST_ORDER)


def settle(method, feval, x):
    config, calls = SETTLING[method]
    state = {}
    for _ in range(calls):
        answer = getattr(optim, method)(feval, x, dict(config), state)
        assert answer[0] is x
        assert all(type(loss) is float for loss in answer[1])
    return x


@each_method
@settings(max_examples=4)
@given(data=st.data())
def test_minimises_a_convex_quadratic(method, data):
    size = data.draw(st.integers(1, 4 if method in ("de", "cmaes") else 40))
    centre = np.array(data.draw(st.lists(st.floats(-2, 2), min_size=size, max_size=size)))
    rng.manualSeed(1)
    x = settle(method, quadratic(centre), np.ones(size))
    assert np.abs(x - centre).max() < 0.02


@each_method
def test_float32_stays_float32(method):
    centre = np.array([0.5, -1, 0.25], dtype=np.float32)
    x = np.ones(3, dtype=np.float32)
    config, state = dict(SETTLING[method][0]), {}
    for _ in range(3):
        getattr(optim, method)(quadratic(centre), x, config, state)
    assert x.dtype == np.float32
    held = [v for value in state.values() for v in (value if isinstance(value, list) else [value])]
    assert all(v.dtype == np.float32 for v in held if isinstance(v, np.ndarray))


@each_method
def test_works_on_a_view_and_leaves_its_neighbours(method):
    whole = np.full(9, 7.0)
    x = whole[1:8:2]
    x[...] = 1
    rng.manualSeed(1)
    settle(method, quadratic(np.full(4, 0.5)), x)
    assert np.abs(x - 0.5).max() < 0.02
    assert (whole[::2] == 7).all()


@each_method
def test_feval_is_asked_about_x_itself(method):
    x, asked = np.ones(3), []
    feval = quadratic(np.zeros(3))

    def watched(y):
        asked.append(y is x)
        return feval(y)

    getattr(optim, method)(watched, x, dict(SETTLING[method][0]))
    assert asked and all(asked)


@each_method
def test_one_gradient_buffer_for_all_calls_gives_the_same_and_is_only_read(method):
    feval, buffer = quadratic(np.array([0.5, -1.0])), np.zeros(2)

    def reusing(x):
        loss, buffer[...] = feval(x)
        reusing.last = buffer.copy()
        return loss, buffer

    places = []
    for f in (feval, reusing):
        rng.manualSeed(3)
        x, config = np.array([2.0, 2.0]), dict(SETTLING[method][0])
        for _ in range(3):
            getattr(optim, method)(f, x, config)
        places.append(x)
    assert np.array_equal(*places)
    assert np.array_equal(buffer, reusing.last)


@pytest.mark.parametrize("config", [{"weightDecay": 0.1}, {"weightDecay": 0.1, "learningRate": 0.5}])
@pytest.mark.parametrize("method", ["sgd", "nag", "adagrad", "rmsprop", "adam", "adamax"])
def test_weight_decay_adds_to_a_copy_of_the_gradient(method, config):
    g, x = np.array([1.0, -2.0]), np.array([3.0, 4.0])
    getattr(optim, method)(lambda x: (0.0, g), x, dict(config))
    assert np.array_equal(g, [1, -2])


@each_first_order_method
def test_a_gradient_that_is_x_itself_is_copied(method):
    x, y = np.array([3.0, 4.0]), np.array([3.0, 4.0])
    first, second = {}, {}
    for _ in range(3):
        getattr(optim, method)(lambda x: (x @ x / 2, x), x, {}, first)
        getattr(optim, method)(lambda y: (y @ y / 2, y.copy()), y, {}, second)
    assert np.array_equal(x, y)


@each_method
def test_an_exception_in_feval_leaves_x_and_state_as_they_were(method):
    feval, x, state = quadratic(np.zeros(3)), np.full(3, 2.0), {}
    config = dict(SETTLING[method][0])
    optim_method = getattr(optim, method)
    optim_method(feval, x, config, state)
    before, remembered, left = x.copy(), repr(state), 1 if method in FIRST_ORDER or method == "lbfgs" else 3

    def failing(y):
        nonlocal left
        left -= 1
        if left <= 0:
            raise KeyError("no more data")
        return feval(y)

    with pytest.raises(KeyError):
        optim_method(failing, x, config, state)
    assert np.array_equal(x, before)
    assert repr(state) == remembered


@each_first_order_method
def test_settings_none_and_config_none_mean_the_defaults(method):
    x, y = np.ones(2), np.ones(2)
    names = {"weightDecay": None} if method not in ("asgd", "rprop") else {}
    getattr(optim, method)(quadratic(np.zeros(2)), x)
    getattr(optim, method)(quadratic(np.zeros(2)), y, names, {})
    assert np.array_equal(x, y)
    assert not np.array_equal(x, np.ones(2))


def test_sgd_with_a_rate_and_a_decay_per_parameter():
    rates, decays = np.array([1.0, 0.0, 2.0]), np.array([0.0, 1.0, 0.5])
    x = np.array([1.0, 2.0, 4.0])
    optim.sgd(lambda x: (0.0, np.ones(3)), x, {"learningRate": 0.1, "learningRates": rates, "weightDecays": decays}, {})
    np.testing.assert_allclose(x, [1 - 0.1, 2, 4 - 0.1 * 2 * (1 + 0.5 * 4)])


def test_nag_with_a_rate_per_parameter_moves_only_those_above_zero():
    x = np.array([1.0, 2.0])
    state = {}
    for _ in range(3):
        optim.nag(lambda x: (0.0, np.ones(2)), x, {"learningRates": np.array([0.0, 1.0])}, state)
    assert x[0] == 1
    assert x[1] < 2


def test_asgd_averages_from_t0_on():
    x, state, visited = np.array([4.0]), {}, []
    for _ in range(10):
        optim.asgd(lambda x: (x @ x, 2 * x), x, {"eta0": 0.1, "t0": 4}, state)
        visited.append(x[0])
    # The first point after t0 still has weight 1, so the average is that of all from there on.
    np.testing.assert_allclose(state["ax"], np.mean(visited[5:]))


def test_rprop_takes_niter_steps_like_so_many_calls():
    x, y, state = np.array([-1.2, 1.0]), np.array([-1.2, 1.0]), {}
    _, losses = optim.rprop(rosenbrock, x, {"niter": 7, "stepsize": 0.01})
    singles = [optim.rprop(rosenbrock, y, {"stepsize": 0.01}, state)[1][0] for _ in range(7)]
    assert np.array_equal(x, y)
    assert losses == singles


def test_lbfgs_solves_a_quadratic_whatever_its_memory():
    for size in (0, 1, 3):
        x = np.full(6, 3.0)
        optim.lbfgs(quadratic(np.zeros(6)), x, {"nCorrection": size, "maxIter": 200, "lineSearch": optim.lswolfe})
        assert np.abs(x).max() < 1e-4


def test_lbfgs_remembers_no_more_than_asked_and_counts_its_evaluations():
    x, state, asked = np.array([-1.2, 1.0]), {}, []
    for _ in range(4):
        optim.lbfgs(lambda x: asked.append(1) or rosenbrock(x), x, {"nCorrection": 2, "maxIter": 5}, state)
    assert len(state["old_dirs"]) == len(state["old_stps"]) == 2
    assert state["funcEval"] == len(asked)


def test_lbfgs_stays_at_a_minimum_and_starts_again_from_near_one():
    x, state = np.zeros(3), {}
    assert optim.lbfgs(quadratic(np.zeros(3)), x, {}, state)[1] == [0.0]
    assert state["nIter"] == 0
    x[...] = 8e-6
    for _ in range(2):
        optim.lbfgs(quadratic(np.zeros(3)), x, {}, state)
    assert np.abs(x).max() <= 8e-6


def test_lbfgs_says_why_it_stopped(capsys):
    optim.lbfgs(quadratic(np.zeros(3)), np.ones(3), {"verbose": True})
    optim.lbfgs(rosenbrock, np.array([-1.2, 1.0]), {"verbose": True, "maxIter": 3, "maxEval": 100})
    optim.lbfgs(rosenbrock, np.array([-1.2, 1.0]), {"verbose": True, "maxEval": 3})
    optim.lbfgs(rosenbrock, np.array([-1.2, 1.0]), {"verbose": True, "learningRate": 1e-12})
    optim.lbfgs(lambda x: (1.0, np.array([3.0])), np.ones(1), {"verbose": True})
    optim.lbfgs(lambda x: (1.0, np.array([2e-5])), np.ones(1), {"verbose": True})
    assert capsys.readouterr().out.splitlines() == [
        "lbfgs: optimality condition below tolFun",
        "lbfgs: reached max number of iterations",
        "lbfgs: max nb of function evals",
        "lbfgs: step size below tolX",
        "lbfgs: function value changing less than tolX",
        "lbfgs: no progress to be made along the direction",
    ]


def test_lbfgs_takes_a_line_search_of_ones_own():
    def halving(feval, x, t, d, f, g, gtd, options):
        asked, start = 0, x.copy()
        while True:
            new = start + t * d
            loss, gradient = feval(new)
            asked += 1
            if loss <= f + options["c1"] * t * gtd:
                return loss, gradient, new, t, asked
            t /= 2

    x = np.array([-1.2, 1.0])
    config = {"lineSearch": halving, "lineSearchOptions": {"c1": 1e-4}, "maxIter": 200, "maxEval": 400}
    optim.lbfgs(rosenbrock, x, config)
    np.testing.assert_allclose(x, 1, atol=1e-4)


def test_cg_keeps_to_its_budget_and_never_goes_uphill():
    for budget in (1, 2, 5, 17, 60):
        asked, x = [], np.array([-1.2, 1.0])
        _, losses = optim.cg(lambda x, asked=asked: asked.append(1) or rosenbrock(x), x, {"maxEval": budget})
        assert len(asked) <= budget + 1
        assert losses == sorted(losses, reverse=True)
        assert rosenbrock(x)[0] == pytest.approx(losses[-1], rel=1e-9)


@pytest.mark.parametrize("sig", [0.5, 0.1, 0.01, 1e-5])
def test_cg_solves_rosenbrock_however_exact_its_line_search(sig, capsys):
    x, state = np.array([-1.2, 1.0]), {}
    _, losses = optim.cg(rosenbrock, x, {"sig": sig, "rho": sig / 4, "maxEval": 200, "verbose": True}, state)
    np.testing.assert_allclose(x, 1, atol=1e-8)
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == len(losses) - 1
    assert printed[-1].startswith("cg: ")
    assert 20 < state["funcEval"] <= 200


def test_cg_stays_at_a_minimum():
    x = np.zeros(3)
    assert optim.cg(quadratic(np.zeros(3)), x)[1] == [0.0]
    assert (x == 0).all()


def test_config_given_as_state_too_is_one_dict():
    x, y, both, alone = np.ones(2), np.ones(2), {"learningRate": 0.1}, {"learningRate": 0.1}
    for _ in range(3):
        optim.adam(quadratic(np.zeros(2)), x, both, both)
        optim.adam(quadratic(np.zeros(2)), y, alone)
    assert np.array_equal(x, y)
    assert both["t"] == 3


def test_lbfgs_with_a_line_search_stays_in_float32():
    x, state = np.ones(4, dtype=np.float32), {}
    centre = np.array([0.5, -1, 0.25, 2], dtype=np.float32)
    for _ in range(3):
        optim.lbfgs(quadratic(centre), x, {"lineSearch": optim.lswolfe, "maxIter": 3}, state)
    assert {a.dtype for key in ("old_dirs", "old_stps") for a in state[key]} == {np.dtype(np.float32)}
    np.testing.assert_allclose(x, centre, atol=1e-3)


def test_settings_may_be_numpys_numbers():
    x, y = np.ones(2, dtype=np.float32), np.ones(2, dtype=np.float32)
    optim.sgd(quadratic(np.zeros(2, dtype=np.float32)), x, {"learningRate": np.float64(0.1), "momentum": np.float32(0)})
    optim.sgd(quadratic(np.zeros(2, dtype=np.float32)), y, {"learningRate": 0.1})
    assert np.array_equal(x, y)


def test_optim_is_at_the_front_door():
    assert pygraph_nn.optim.adam is optim.adam
    assert len(set(optim.__all__)) == len(optim.__all__)
    assert all(hasattr(optim, name) for name in optim.__all__)
