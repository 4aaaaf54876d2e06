"""PyTorch's optimisers, where they follow the same rule, reach the same points."""

import numpy as np
import pytest
from optim_problems import rosenbrock

from pygraph_nn import optim

torch = pytest.importorskip("torch", reason="PyTorch is the second judge of these rules")
pytestmark = pytest.mark.torch

SAME_RULES = {
    "sgd": ({"learningRate": 1e-3}, "SGD", {"lr": 1e-3}),
    "sgd momentum": (
        {"learningRate": 1e-3, "momentum": 0.8, "dampening": 0.1, "weightDecay": 0.1},
        "SGD",
        {"lr": 1e-3, "momentum": 0.8, "dampening": 0.1, "weight_decay": 0.1},
    ),
    "sgd nesterov": (
        {"learningRate": 1e-3, "momentum": 0.8, "dampening": 0, "nesterov": True},
        "SGD",
        {"lr": 1e-3, "momentum": 0.8, "nesterov": True},
    ),
    "adagrad": (
        {"learningRate": 0.1, "learningRateDecay": 0.01, "weightDecay": 0.1},
        "Adagrad",
        {"lr": 0.1, "lr_decay": 0.01, "weight_decay": 0.1},
    ),
    "adadelta": ({"rho": 0.8, "eps": 1e-4}, "Adadelta", {"lr": 1, "rho": 0.8, "eps": 1e-4}),
    "rmsprop": ({"learningRate": 0.01, "alpha": 0.9}, "RMSprop", {"lr": 0.01, "alpha": 0.9}),
    # PyTorch adds epsilon after the correction for starting at zero, so the rules agree without it.
    "adam": ({"learningRate": 0.1, "beta1": 0.8, "epsilon": 0}, "Adam", {"lr": 0.1, "betas": (0.8, 0.999), "eps": 0}),
    "adamax": ({"learningRate": 0.1, "epsilon": 1e-8}, "Adamax", {"lr": 0.1, "eps": 1e-8}),
    "rprop": ({"stepsize": 0.01}, "Rprop", {"lr": 0.01}),
    "asgd": (
        {"eta0": 1e-3, "lambda": 1e-2, "alpha": 0.7, "t0": 5},
        "ASGD",
        {"lr": 1e-3, "lambd": 1e-2, "alpha": 0.7, "t0": 5},
    ),
    "lbfgs": ({"maxIter": 4, "learningRate": 0.5}, "LBFGS", {"lr": 0.5, "max_iter": 4, "tolerance_grad": 0}),
}


def torch_run(name, settings, steps):
    x = torch.tensor([-1.2, 1.0], dtype=torch.float64, requires_grad=True)
    optimiser = getattr(torch.optim, name)([x], **settings)

    def closure():
        optimiser.zero_grad()
        loss = (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
        loss.backward()
        return loss

    places = []
    for _ in range(steps):
        optimiser.step(closure)
        places.append(x.detach().numpy().copy())
    return np.array(places)


@pytest.mark.parametrize("rule", SAME_RULES)
def test_pytorch_goes_the_same_way(rule):
    config, name, settings = SAME_RULES[rule]
    expected = torch_run(name, settings, 30)
    x, state, places = np.array([-1.2, 1.0]), {}, []
    for _ in range(30):
        getattr(optim, rule.split()[0])(rosenbrock, x, config, state)
        places.append(x.copy())
    np.testing.assert_allclose(places, expected, rtol=1e-7, atol=1e-8)


def test_nag_is_sgd_with_nesterov_seen_from_the_point_ahead():
    settings = {"learningRate": 1e-3, "momentum": 0.8}
    ahead, seen = torch_run("SGD", {"lr": 1e-3, "momentum": 0.8, "nesterov": True}, 20), []
    x, state = np.array([-1.2, 1.0]), {}
    for _ in range(21):
        optim.nag(lambda x: seen.append(x.copy()) or rosenbrock(x), x, settings, state)
    np.testing.assert_allclose(seen[1:], ahead, rtol=1e-9)


def test_clipping_by_norm_and_by_value():
    for clip, judge in (
        (optim.clip_by_norm, torch.nn.utils.clip_grad_norm_),
        (optim.clip_by_value, torch.nn.utils.clip_grad_value_),
    ):
        ours = [np.array([3.0, -8.0]), np.array([[1.0], [2.0]])]
        theirs = [torch.zeros(a.shape, dtype=torch.float64, requires_grad=True) for a in ours]
        for a, t in zip(ours, theirs):
            t.grad = torch.tensor(a)
        judged = judge(theirs, 2.5)
        held = clip(ours, 2.5)
        for a, t in zip(ours, theirs):
            np.testing.assert_allclose(a, t.grad.numpy(), rtol=1e-6)
        assert judged is None or held == pytest.approx(float(judged))
