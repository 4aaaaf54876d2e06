"""StochasticGradient steps along one example after the other, as Torch7's does."""

import numpy as np
import pytest

import pygraph_nn as nn

PAIRS = [(np.zeros(2), np.zeros(1))]


def dataset():
    return [(x, x[:1] - 2 * x[1:]) for x in np.random.default_rng(0).standard_normal((6, 2))]


def trainer(**settings):
    nn.manualSeed(1)
    made = nn.StochasticGradient(nn.Linear(2, 1), nn.MSECriterion())
    vars(made).update({"verbose": False, "maxIteration": 3, "learningRate": 0.1, **settings})
    return made


@pytest.mark.parametrize("shuffle", [False, True])
def test_the_steps_are_torch7s(shuffle):
    made = trainer(learningRateDecay=0.5, shuffleIndices=shuffle)
    weight, bias = made.module.weight.copy(), made.module.bias.copy()
    examples, order = dataset(), range(6)
    if shuffle:
        state = nn.rng.getRNGState()
        order = nn.randperm(6, dtype="int64") - 1
        nn.rng.setRNGState(state)
    error = made.train(examples)
    for rate in (0.1, 0.1 / (1 + 2 * 0.5), 0.1 / (1 + 3 * 0.5)):
        losses = []
        for index in order:
            x, t = examples[index]
            difference = weight @ x + bias - t
            losses.append(difference[0] ** 2)
            weight -= rate * 2 * difference[:, None] * x
            bias -= rate * 2 * difference
    np.testing.assert_allclose(made.module.weight, weight, rtol=0, atol=1e-14)
    np.testing.assert_allclose(made.module.bias, bias, rtol=0, atol=1e-14)
    assert error == pytest.approx(np.mean(losses), abs=1e-14)


def test_hooks_see_every_example_and_iteration():
    seen, errors = [], []
    made = trainer(shuffleIndices=False)
    made.hookExample = lambda trainer, example: seen.append(example)
    made.hookIteration = lambda trainer, iteration, error: errors.append((iteration, error))
    examples = dataset()
    last = made.train(examples)
    assert [id(example) for example in seen] == [id(example) for example in examples] * 3
    assert [iteration for iteration, _ in errors] == [1, 2, 3] and errors[-1][1] == last < errors[0][1]


def test_without_a_maximum_it_goes_on_until_a_hook_stops_it():
    made = trainer(maxIteration=0)

    def stop(trainer, iteration, error):
        if iteration == 30:
            raise StopIteration

    made.hookIteration = stop
    with pytest.raises(StopIteration):
        made.train(dataset())


def test_it_says_what_it_does(capsys):
    trainer(verbose=True, maxIteration=1).train(dataset())
    first, error, end, last = capsys.readouterr().out.splitlines()
    assert first == "# StochasticGradient: training" and error.startswith("# current error = ")
    assert "maximum number of iterations" in end and last.startswith("# training error = ")


def test_a_graph_with_several_inputs_learns():
    a, b = nn.Identity()(), nn.Identity()()
    net = nn.gModule([a, b], [nn.CAddTable()([nn.Linear(1, 1)(a), nn.Linear(1, 1)(b)])])
    made = nn.StochasticGradient(net, nn.MSECriterion())
    made.verbose, made.learningRate = False, 0.05
    assert made.train([([x[:1], x[1:]], t) for x, t in dataset()]) < 0.01


def test_a_loss_of_nan_is_found_before_its_step():
    made = trainer(shuffleIndices=False, maxIteration=1)
    first, second = dataset()[:2]
    with pytest.raises(
        nn.DivergenceError, match="an example's loss is nan, at the rate 0.1; no step was taken from it"
    ):
        made.train([first, (second[0] * np.nan, second[1])])
    once = trainer(shuffleIndices=False, maxIteration=1)
    once.train([first])
    assert np.array_equal(made.module.weight, once.module.weight)


@pytest.mark.parametrize(
    "examples, settings, error, message",
    [
        ([], {}, nn.ShapeError, "no examples"),
        ([np.zeros(2)], {}, nn.TensorTypeError, r"a pair \(input, target\), got float64 2"),
        ([(np.zeros(2),)], {}, nn.TensorTypeError, "a pair"),
        ([(np.zeros(2), np.zeros(1))], {"maxIteration": -1}, nn.RangeError, "from 0 to .*, not -1"),
        (PAIRS, {"maxIteration": 2.5}, nn.RangeError, "maxIteration is a whole number from 0 to .*, not 2.5"),
        (PAIRS, {"maxIteration": "3"}, nn.RangeError, "maxIteration is a whole number from 0 to .*, not '3'"),
        (PAIRS, {"learningRate": "0.1"}, nn.TensorTypeError, "learningRate is a number, not '0.1'"),
        (PAIRS, {"learningRate": float("inf")}, nn.RangeError, "learningRate is a finite number, not inf"),
        (PAIRS, {"learningRateDecay": float("nan")}, nn.RangeError, "learningRateDecay is a finite number, not nan"),
        (iter(PAIRS), {}, nn.TensorTypeError, "a sequence of pairs .*, such as a list, not a list_iterator"),
        (None, {}, nn.TensorTypeError, "a sequence of pairs .*, not a NoneType"),
        (dict(enumerate(PAIRS)), {}, nn.TensorTypeError, "a sequence of pairs .*, not a dict"),
        (set("ab"), {}, nn.TensorTypeError, "a sequence of pairs .*, not a set"),
    ],
)
def test_what_does_not_fit_is_refused(examples, settings, error, message):
    made = trainer(**settings)
    before = made.module.weight.copy()
    with pytest.raises(error, match=message):
        made.train(examples)
    assert np.array_equal(made.module.weight, before)
