"""Populations find minima, draw as Torch7 draws, and leave the best they saw in x."""

import re

import numpy as np
import pytest
from optim_problems import rosenbrock

from pygraph_nn import optim, rng
from pygraph_nn.errors import DivergenceError


def rugged(x):
    """Rastrigin's function around 1: a local minimum near every whole number, 0 at x = 1."""
    return float(np.sum((x - 1) ** 2 + 10 * (1 - np.cos(2 * np.pi * (x - 1)))))


def torch7_de(f, width, popsize, scale, crossover, budget, low=-30.0, high=30.0):
    """The generations of Torch7's de, one draw at a time: every loss in order."""
    draw = rng.Generator()
    draw.manualSeed(1)
    population = [[draw.uniform(low, high) for _ in range(width)] for _ in range(popsize)]
    losses = [f(np.array(member)) for member in population]
    history = list(losses)
    best_loss = max(losses)
    best = population[losses.index(best_loss)]
    while len(history) + 1 < budget:
        children = []
        for i in range(1, popsize + 1):
            while (r1 := draw.random(1, popsize)) == i:
                pass
            while (r2 := draw.random(1, popsize)) in (r1, i):
                pass
            jrand = draw.random(1, width)
            child = []
            for j in range(width):
                taken = draw.uniform(0, 1) < crossover or i == jrand
                mutant = best[j] + scale * (population[r1 - 1][j] - population[r2 - 1][j])
                child.append(mutant if taken else population[i - 1][j])
            children.append(child)
        outcomes = [f(np.array(child)) for child in children]
        history += outcomes
        for i, (child, loss) in enumerate(zip(children, outcomes)):
            if loss <= losses[i]:
                population[i], losses[i] = child, loss
                if loss < best_loss:
                    best, best_loss = child, loss
    return history


@pytest.mark.parametrize("width", [1, 2, 5])
def test_de_looks_at_the_same_candidates_as_torch7(width):
    config = {"popsize": 12, "scaleFactor": 0.5, "crossoverRate": 0.6, "maxFEs": 240}
    _, losses = optim.de(rugged, np.zeros(width), config)
    assert losses == torch7_de(rugged, width, 12, 0.5, 0.6, 240)


def test_de_finds_rosenbrocks_valley_with_the_settings_of_torch7s_own_test():
    x = np.zeros(2)
    _, losses = optim.de(rosenbrock, x, {"popsize": 50, "scaleFactor": 0.5, "crossoverRate": 0.9, "maxFEs": 3000})
    np.testing.assert_allclose(x, 1, atol=1e-2)
    assert len(losses) == 3000
    assert rosenbrock(x)[0] == min(losses)


def test_de_finds_the_deepest_of_many_minima():
    x = np.zeros(3)
    optim.de(rugged, x, {"popsize": 60, "scaleFactor": 0.7, "crossoverRate": 0.5, "maxFEs": 18000, "maxRegion": 10})
    np.testing.assert_allclose(x, 1, atol=1e-3)


def test_de_never_exceeds_its_budget_and_returns_the_best_it_saw():
    for budget in (10, 11, 25, 39):
        x = np.zeros(2)
        _, losses = optim.de(rugged, x, {"popsize": 10, "maxFEs": budget})
        assert len(losses) == budget // 10 * 10
        assert rugged(x) == min(losses)


def test_de_repeats_itself_unless_seeded_otherwise_and_leaves_the_shared_generator_alone():
    rng.manualSeed(5)
    expected = rng.uniform()
    rng.manualSeed(5)
    runs = [optim.de(rugged, np.zeros(2), {"popsize": 10, "seed": seed})[1] for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]
    assert rng.uniform() == expected


def test_cmaes_draws_its_first_candidates_from_the_shared_generator():
    seen, x = [], np.array([1.0, 2.0, 3.0])
    rng.manualSeed(7)
    optim.cmaes(lambda x: seen.append(x.copy()) or rugged(x), x, {"sigma": 0.25, "popsize": 6, "maxEval": 6})
    rng.manualSeed(7)
    expected = [[rng.normal() for _ in range(3)] for _ in range(6)]
    np.testing.assert_array_equal(seen[0], [1, 2, 3])
    np.testing.assert_allclose(seen[1:], [1, 2, 3] + 0.25 * np.array(expected), rtol=1e-14)
    assert rugged(x) == min(rugged(y) for y in seen)


def test_cmaes_follows_a_ten_dimensional_valley():
    def valley(x):
        return float(np.sum((1 - x[:-1]) ** 2 + 100 * (x[1:] - x[:-1] ** 2) ** 2))

    rng.manualSeed(1)
    x, state = np.zeros(10), {}
    _, losses = optim.cmaes(valley, x, {"maxEval": 10000, "sigma": 0.5, "verb_disp": 0}, state)
    assert losses[0] == 9
    assert losses[-1] == valley(x) < 1e-9
    assert state["funcEval"] <= 10001 + 10


def test_cmaes_learns_a_badly_scaled_bowl():
    scales = 10.0 ** np.arange(4)
    rng.manualSeed(2)
    x = np.ones(4)
    optim.cmaes(lambda x: float(scales @ (x * x)), x, {"sigma": 1, "ftarget": 1e-10})
    assert scales @ (x * x) <= 1e-10


@pytest.mark.parametrize(
    ("f", "config", "reason"),
    [
        (lambda x: float(x @ x), {"maxEval": 20}, "maxEval"),
        (lambda x: float(x @ x), {"ftarget": 0.5}, "ftarget"),
        (lambda x: 0.0, {}, "losses all alike"),
        (lambda x: float(x[0]), {}, "without bound|1e7 times"),
        (lambda x: float(abs(x).sum()), {}, "steps all alike|losses all alike"),
    ],
)
def test_cmaes_says_why_it_stopped(f, config, reason, capsys):
    rng.manualSeed(1)
    x = np.ones(2)
    optim.cmaes(f, x, config | {"verb_disp": 5})
    assert re.search(rf"stopped by .*({reason})", capsys.readouterr().out)
    assert np.isfinite(x).all()


def test_cmaes_reads_its_settings_from_state_as_in_torch7():
    state = {"sigma": 0.1, "maxEval": 30}
    rng.manualSeed(1)
    x, y = np.ones(3), np.ones(3)
    optim.cmaes(rugged, x, None, state)
    rng.manualSeed(1)
    optim.cmaes(rugged, y, {"sigma": 0.1, "maxEval": 30})
    assert np.array_equal(x, y)
    assert set(state) == {"sigma", "maxEval", "funcEval"}


@pytest.mark.parametrize("method", ["de", "cmaes"])
def test_nan_is_the_worst_loss_and_a_good_start_is_not_lost(method):
    rng.manualSeed(1)
    x = np.full(2, 0.5)
    config = {"minRegion": -4, "maxRegion": 4} if method == "de" else {}
    getattr(optim, method)(lambda x: float(x @ x) if x[0] > 0 else float("nan"), x, config)
    assert 0 < x[0] < 0.05
    with pytest.raises(DivergenceError, match=f"{method}: none of .* losses is a finite number. x was left as it was"):
        getattr(optim, method)(lambda x: float("nan"), x, config | {"popsize": 4}, state := {})
    assert 0 < x[0] < 0.05
    assert state == {}
    best = np.zeros(2)
    _, losses = optim.cmaes(lambda x: float(x @ x), best, {"maxEval": 10})
    assert (best == 0).all()
    assert losses[-1] == 0
