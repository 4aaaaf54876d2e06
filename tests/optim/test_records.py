"""Every optimiser that Torch7 recorded goes where Torch7 went, and goes on from a saved state bit for bit."""

import pickle

import numpy as np
import pytest
from optim_problems import RECORDS, rosenbrock

from pygraph_nn import optim

each_record = pytest.mark.parametrize(
    "record", RECORDS, ids=[f"{i}-{record['method']}" for i, record in enumerate(RECORDS)]
)


def run(record, calls, x=None, config=None, state=None):
    """Return x after each call and the last loss of each."""
    x = np.array([-1.2, 1.0]) if x is None else x
    config = dict(record["config"]) if config is None else config
    places, losses = [], []
    for _ in range(calls):
        answer = getattr(optim, record["method"])(rosenbrock, x, config, state)
        assert answer[0] is x
        places.append(x.copy())
        losses.append(answer[1][-1])
    return np.array(places), np.array(losses)


@each_record
@pytest.mark.parametrize("apart", [False, True], ids=["state in config", "state apart"])
def test_goes_where_torch7_went(record, apart):
    expected = np.array([place["data"] for place in record["x"]])
    places, losses = run(record, len(expected), state={} if apart else None)
    np.testing.assert_allclose(places, expected, rtol=0, atol=1e-10)
    np.testing.assert_allclose(losses, record["f"], rtol=1e-10, atol=1e-10)


@each_record
def test_a_saved_state_continues_bit_for_bit(record):
    calls = len(record["x"])
    whole, _ = run(record, calls)
    x, state = np.array([-1.2, 1.0]), {}
    run(record, calls // 2, x, state=state)
    x, state = pickle.loads(pickle.dumps((x, state)))
    rest, _ = run(record, calls - calls // 2, x, state=state)
    assert np.array_equal(rest, whole[calls // 2 :])


@each_record
def test_config_stays_as_it_is_when_state_is_apart(record):
    config = dict(record["config"])
    run(record, 3, config=config, state={})
    assert config == record["config"]


def test_state_has_torch7s_names():
    remembered = {
        "sgd": {"evalCounter", "dfdx"},
        "nag": {"evalCounter", "dfdx"},
        "asgd": {"eta_t", "mu_t", "t", "ax"},
        "adagrad": {"evalCounter", "paramVariance"},
        "adadelta": {"evalCounter", "paramVariance", "accDelta"},
        "rmsprop": {"m"},
        "adam": {"t", "m", "v"},
        "adamax": {"t", "m", "u"},
        "rprop": {"delta", "stepsize"},
        "lbfgs": {"funcEval", "nIter", "d", "t", "old_dirs", "old_stps", "Hdiag", "g_old", "f_old"},
        "cg": {"funcEval"},
    }
    for method, keys in remembered.items():
        record = {"method": method, "config": {"momentum": 0.9} if method == "sgd" else {}}
        state = {}
        run(record, 2, state=state)
        assert set(state) == keys, method


def test_a_state_with_torch7s_work_buffers_continues():
    config, x = {"learningRate": 0.01}, np.array([-1.2, 1.0])
    optim.adam(rosenbrock, x, config)
    config["denom"] = np.ones(2)
    y, bare = (
        x.copy(),
        {key: np.copy(value) if isinstance(value, np.ndarray) else value for key, value in config.items()},
    )
    del bare["denom"]
    optim.adam(rosenbrock, x, config)
    optim.adam(rosenbrock, y, bare)
    assert np.array_equal(x, y)
