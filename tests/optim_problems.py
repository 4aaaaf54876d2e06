"""Functions to minimise, as feval, for the tests of optim."""

import json
from pathlib import Path

import numpy as np

_TEXT = (Path(__file__).parent / "data/torch7/optim.jsonl").read_text(encoding="utf-8")
RECORDS = [json.loads(line) for line in _TEXT.splitlines()]

# Settings with which each method comes to rest on a quadratic of curvatures 0.5..2 within `calls` calls.
SETTLING = {
    "sgd": ({"learningRate": 0.2}, 400),
    "nag": ({"learningRate": 0.1, "momentum": 0.8}, 400),
    "asgd": ({"eta0": 0.2, "lambda": 1e-6}, 400),
    "adagrad": ({"learningRate": 1}, 400),
    "adadelta": ({"eps": 1e-4, "rho": 0.9}, 1500),
    "rmsprop": ({"learningRate": 0.02, "alpha": 0.9}, 600),
    "adam": ({"learningRate": 0.1, "learningRateDecay": 0.01}, 1000),
    "adamax": ({"learningRate": 0.1}, 600),
    "rprop": ({}, 400),
    "lbfgs": ({"maxIter": 50}, 4),
    "cg": ({"maxEval": 100}, 4),
    "de": ({"maxFEs": 6000, "minRegion": -4, "maxRegion": 4}, 1),
    "cmaes": ({"ftarget": 1e-6}, 1),
}
FIRST_ORDER = ("sgd", "nag", "asgd", "adagrad", "adadelta", "rmsprop", "adam", "adamax", "rprop")


def rosenbrock(x):
    """Return (1 - a)^2 + 100 (b - a^2)^2 and its gradient, in the order of operations of Torch7's records."""
    a, b = x
    return (1 - a) ** 2 + 100 * (b - a * a) ** 2, np.array([-2 * (1 - a) - 400 * a * (b - a * a), 200 * (b - a * a)])


def quadratic(centre):
    """Return feval of sum_i c_i (x_i - centre_i)^2 with curvatures 2 c from 0.5 to 2."""
    weights = np.linspace(0.25, 1, centre.size).astype(centre.dtype)

    def feval(x):
        away = x - centre
        return weights @ (away * away), 2 * weights * away

    return feval
