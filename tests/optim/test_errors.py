"""What an optimiser refuses, and that it says which rule was broken, by what, and what to do."""

import copy

import numpy as np
import pytest
from optim_problems import FIRST_ORDER, SETTLING, quadratic, rosenbrock

from pygraph_nn import optim
from pygraph_nn.errors import DivergenceError, RangeError, ShapeError, TensorTypeError

each_method = pytest.mark.parametrize("method", SETTLING)
with_gradient = pytest.mark.parametrize("method", [m for m in SETTLING if m not in ("de", "cmaes")])


def call(method, x=None, config=None, state=None, feval=None):
    x = np.ones(2) if x is None else x
    return getattr(optim, method)(feval or quadratic(np.zeros(2)), x, config, state)


@pytest.mark.parametrize(
    ("method", "typo", "meant"),
    [
        ("sgd", "learningrate", "learningRate"),
        ("adam", "learning_rate", "learningRate"),
        ("adam", "Beta1", "beta1"),
        ("rmsprop", "weightdecay", "weightDecay"),
        ("lbfgs", "max_iter", "maxIter"),
        ("de", "pop_size", "popsize"),
    ],
)
def test_a_misspelt_setting_names_the_nearest(method, typo, meant):
    x = np.ones(2)
    with pytest.raises(RangeError, match=f"{method}: config has no key '{typo}'; did you mean '{meant}'"):
        call(method, x, {typo: 0.1})
    assert (x == 1).all()


@each_method
def test_a_setting_of_another_kind_is_refused(method):
    with pytest.raises(RangeError, match="config has no key 'colour'.* Its settings are"):
        call(method, config={"colour": 3})
    with pytest.raises(TensorTypeError, match="config is a dict .* not float"):
        call(method, config=0.1)
    with pytest.raises(TensorTypeError, match="state is a dict, not list"):
        call(method, config={}, state=[])


def test_another_optimisers_state_is_refused():
    config = {"learningRate": 0.1}
    call("sgd", config=config)
    with pytest.raises(RangeError, match="no key 'evalCounter'; each optimiser needs a dict of its own"):
        call("adam", config=config)


def test_a_setting_in_state_is_refused():
    with pytest.raises(RangeError, match="'learningRate' is a setting and belongs in config"):
        call("sgd", config={}, state={"learningRate": 0.1})


@pytest.mark.parametrize(
    ("method", "config", "error", "message"),
    [
        ("sgd", {"learningRate": "0.1"}, TensorTypeError, "learningRate is a number, not '0.1'"),
        ("sgd", {"learningRate": True}, TensorTypeError, "learningRate is a number, not True"),
        ("sgd", {"learningRate": -0.1}, RangeError, "learningRate is a number from 0 up, not -0.1"),
        ("adam", {"learningRate": float("nan")}, RangeError, "learningRate is a number from 0 up, not nan"),
        ("sgd", {"learningRate": float("inf")}, RangeError, "learningRate is a finite number, not inf"),
        ("sgd", {"learningRate": 10**400}, RangeError, "learningRate is a finite number, not 1000"),
        ("rprop", {"niter": float("inf")}, RangeError, "niter is a finite number, not inf"),
        ("rprop", {"niter": 2.5}, RangeError, "niter is a whole number, not 2.5"),
        ("de", {"popsize": float("inf")}, RangeError, "popsize is a finite number, not inf"),
        ("de", {"seed": 1.5}, RangeError, "seed is a whole number, not 1.5"),
        ("cmaes", {"popsize": 7.5}, RangeError, "popsize is a whole number, not 7.5"),
        ("lbfgs", {"nCorrection": 1.5}, RangeError, "nCorrection is a whole number, not 1.5"),
        (
            "lbfgs",
            {"lineSearch": "lswolfe", "lineSearchOptions": {"maxIter": float("inf")}},
            RangeError,
            "lswolfe: maxIter is a finite number, not inf",
        ),
        ("adam", {"beta1": 1}, RangeError, r"beta1 lies in \[0, 1\), not at 1"),
        ("adadelta", {"rho": 1.5}, RangeError, r"rho lies in \[0, 1\)"),
        ("sgd", {"nesterov": True}, RangeError, "needs a momentum above 0 and a dampening of 0, not momentum 0"),
        ("sgd", {"nesterov": True, "momentum": 0.9}, RangeError, "set config\\['dampening'\\] = 0"),
        ("sgd", {"learningRates": np.ones(3)}, ShapeError, "learningRates has shape .3,., but x has .2,."),
        ("sgd", {"weightDecays": [0.1, 0.1]}, TensorTypeError, "weightDecays is a numpy array like x, not list"),
        (
            "sgd",
            {"learningRates": np.ones(2, "float32")},
            TensorTypeError,
            "is float32, but x is float64",
        ),
        ("sgd", {"learningRates": np.array([1, np.nan])}, RangeError, "learningRates holds finite numbers, not nan"),
        ("sgd", {"weightDecays": np.array([np.inf, 1])}, RangeError, "weightDecays holds finite numbers, not inf"),
        ("nag", {"learningRates": np.ones(3)}, ShapeError, "nag: learningRates has shape .3,., but x has .2,."),
        ("nag", {"momentum": 0}, RangeError, "needs a momentum above 0; without one, use sgd"),
        ("lbfgs", {"lineSearch": "armijo"}, RangeError, "lineSearch is optim.lswolfe, .* not 'armijo'"),
        ("lbfgs", {"maxEval": -1}, RangeError, "maxEval is a number from 0 up"),
        ("lbfgs", {"lineSearch": "lswolfe", "lineSearchOptions": {"C1": 1}}, RangeError, "did you mean 'c1'"),
        ("de", {"popsize": 2}, RangeError, "popsize is at least 3, not 2"),
        ("de", {"maxFEs": 5}, RangeError, "maxFEs is 5, not enough to look at a population of 20 even once"),
        ("de", {"minRegion": 1, "maxRegion": 1}, RangeError, "minRegion lies below maxRegion"),
        ("cmaes", {"popsize": 1}, RangeError, "popsize is at least 2 and sigma above 0"),
        ("cmaes", {"sigma": 0}, RangeError, "sigma above 0"),
    ],
)
def test_a_setting_out_of_range_is_refused(method, config, error, message):
    x = np.ones(2)
    state = {}
    with pytest.raises(error, match=message):
        call(method, x, config, state)
    assert (x == 1).all()
    assert state == {}


def test_what_limits_nothing_may_be_infinite():
    inf = float("inf")
    for method, config in (
        ("rprop", {"stepsizemax": inf}),
        ("lbfgs", {"maxIter": inf, "nCorrection": inf}),
        ("cg", {"maxIter": inf, "maxEval": 30}),
        ("asgd", {"t0": inf}),
        ("cmaes", {"maxEval": inf, "ftarget": -inf}),
    ):
        assert np.isfinite(call(method, config=config)[0]).all()


def test_wrong_learning_rates_leave_the_momentum_alone():
    x, state = np.ones(2), {}
    call("sgd", x, {"momentum": 0.9}, state)
    x_before, dfdx = x.copy(), state["dfdx"].copy()
    with pytest.raises(ShapeError, match="sgd: learningRates has shape"):
        call("sgd", x, {"momentum": 0.9, "learningRates": np.ones(3)}, state)
    assert np.array_equal(x, x_before)
    assert np.array_equal(state["dfdx"], dfdx)


@each_method
@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        ([1.0, 2.0], TensorTypeError, "a numpy array of floats, changed in place, not list"),
        (np.array([1, 2]), TensorTypeError, "not an array of int64"),
        (np.ones((2, 1)), ShapeError, r"flat vector .* not of shape \(2, 1\); getParameters\(\)"),
        (np.array(1.0), ShapeError, "flat vector"),
        (np.ones(0), ShapeError, "at least one element"),
        (np.broadcast_to(1.0, 2), TensorTypeError, "read-only"),
    ],
)
def test_x_is_a_flat_writable_vector_of_floats(method, x, error, message):
    with pytest.raises(error, match=f"{method}: x is.*{message}"):
        call(method, x, {})


@with_gradient
@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (3.0, TensorTypeError, r"feval\(x\) returns \(loss, gradient\), not float alone"),
        (None, TensorTypeError, r"not NoneType alone"),
        ((1.0, np.ones(3)), ShapeError, "the gradient has shape .3,., but x has .2,."),
        ((1.0, np.ones((2, 1))), ShapeError, "the gradient has shape .2, 1.,"),
        ((1.0, np.ones(2, "float32")), TensorTypeError, "the gradient is float32, but x is float64"),
        ((1.0, [1.0, 1.0]), TensorTypeError, "the gradient is a numpy array like x, not list"),
        ((None, np.ones(2)), TensorTypeError, "the loss .* is one number, not None"),
        ((np.ones(2), np.ones(2)), TensorTypeError, "one number, not an array of shape .2,."),
    ],
)
def test_feval_returns_a_loss_and_a_gradient(method, answer, error, message):
    x = np.ones(2)
    with pytest.raises(error, match=message):
        call(method, x, {}, feval=lambda x: answer)
    assert (x == 1).all()


def test_a_loss_may_be_any_single_number():
    for loss in (1, np.float32(1), np.array(1.0), np.array([[1.0]])):
        assert call("sgd", feval=lambda x, loss=loss: (loss, np.ones(2)))[1] == [1.0]


@with_gradient
@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((np.nan, np.ones(2)), "the loss is nan"),
        ((1.0, np.array([1, np.nan])), "1 of 2 gradient elements are not finite, at 1 first"),
        ((1.0, np.array([np.inf, -np.inf])), "2 of 2 gradient elements are not finite, at 0 first"),
    ],
)
def test_nan_stops_before_it_reaches_x(method, answer, message):
    x, state = np.ones(2), {}
    with pytest.raises(DivergenceError, match=f"{method}: .*{message}.*clip_by_norm"):
        call(method, x, {}, state, feval=lambda x: answer)
    assert (x == 1).all()
    assert state == {}


@with_gradient
def test_feval_that_fails_on_its_way_leaves_x_and_state_as_they_were(method):
    config = {"rprop": {"niter": 5}, "lbfgs": {"maxIter": 5}}.get(method, {})
    x, state = np.array([-1.2, 1.0]), {}
    call(method, x, config, state, rosenbrock)
    x_before, before = x.copy(), copy.deepcopy(state)
    calls = []

    def interrupted(x):
        calls.append(1)
        if len(calls) == (3 if method in ("rprop", "lbfgs", "cg") else 1):
            raise KeyboardInterrupt
        return rosenbrock(x)

    with pytest.raises(KeyboardInterrupt):
        call(method, x, config, state, interrupted)
    assert np.array_equal(x, x_before)
    assert state.keys() == before.keys()
    for key, value in before.items():
        np.testing.assert_array_equal(state[key], value)


def test_a_large_finite_gradient_is_none_of_its_business():
    x = np.zeros(2)
    optim.sgd(lambda x: (np.inf, np.array([1e308, 1e308])), x, {"learningRate": 1e-308})
    np.testing.assert_allclose(x, -1)


def test_lbfgs_with_fixed_steps_puts_x_back_when_a_step_leads_to_nan():
    x, config = np.array([-1.2, 1.0]), {"learningRate": 1e200, "maxIter": 5}
    with np.errstate(all="ignore"), pytest.raises(DivergenceError):
        optim.lbfgs(rosenbrock, x, config)
    assert np.array_equal(x, [-1.2, 1])
    assert set(config) == {"learningRate", "maxIter"}


@pytest.mark.parametrize("method", [*FIRST_ORDER, "lbfgs"])
def test_a_state_of_another_network_is_refused(method):
    config = {"momentum": 0.9} if method == "sgd" else {}
    state = {}
    for _ in range(2):
        getattr(optim, method)(quadratic(np.zeros(3)), np.ones(3), config, state)
    with pytest.raises(ShapeError, match=r"'\] has shape \(3,\), but x has \(2,\); begin with an empty state"):
        call(method, config=config, state=state)
    with pytest.raises(TensorTypeError, match=r"state\['\w+'\] is float64, but x is float32"):
        zeros = np.zeros(3, dtype=np.float32)
        getattr(optim, method)(quadratic(zeros), zeros + 1, config, state)
