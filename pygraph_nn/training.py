"""Training loops: a module, a criterion and examples, seen one at a time."""

import numpy as np

from . import rng
from .arguments import real_number, whole_number
from .errors import DivergenceError, ShapeError, TensorTypeError
from .nesting import shape_of

__all__ = ["StochasticGradient"]


class StochasticGradient:
    """Gradient descent on one example after the other: ``module`` learns to keep ``criterion`` low.

    Each iteration goes once through the data set, in one random order drawn at the start, and steps along each
    example's gradient. The rate is learningRate in the first iteration, and learningRate / (1 + n * learningRateDecay)
    in the n-th (n > 1). Source: Torch7's nn/StochasticGradient.lua.

    Attributes
    ----------
    learningRate : float, 0.01
    learningRateDecay : float, 0
    maxIteration : int, 25; 0 goes on until a hook raises.
    shuffleIndices : bool, True; False keeps the data set's order.
    hookExample : callable or None; called as ``hookExample(self, example)`` after each example.
    hookIteration : callable or None; called as ``hookIteration(self, iteration, currentError)`` after each iteration.
    verbose : bool, True; print the mean loss of each iteration.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.manualSeed(1)
    >>> examples = [(x, x[:1] - x[1:]) for x in nn.randn(20, 2)]
    >>> net = nn.Linear(2, 1)
    >>> trainer = nn.StochasticGradient(net, nn.MSECriterion())
    >>> trainer.learningRate, trainer.verbose = 0.1, False
    >>> trainer.train(examples) < 1e-6
    True
    >>> net.weight.round(2)
    array([[ 1., -1.]])
    """

    hookExample = hookIteration = None  # what a file does not mention

    def __init__(self, module, criterion):
        self.module, self.criterion = module, criterion
        self.learningRate = 0.01
        self.learningRateDecay = 0
        self.maxIteration = 25
        self.shuffleIndices = True
        self.verbose = True

    def train(self, dataset):
        """Run ``maxIteration`` times through ``dataset``; return the mean loss of the last time.

        ``dataset`` is a sequence of pairs (input, target). Raises TensorTypeError for what is no sequence, an example
        that is no pair, and a rate that is no number; ShapeError for no examples; RangeError unless ``maxIteration`` is
        a whole number from 0 up and the rates are finite; DivergenceError, before its step, for a loss of NaN.
        """
        if isinstance(dataset, dict) or not (hasattr(dataset, "__len__") and hasattr(dataset, "__getitem__")):
            raise TensorTypeError(
                "nn.StochasticGradient: the data set is a sequence of pairs (input, target), such as a list, not a "
                f"{type(dataset).__name__}"
            )
        if len(dataset) == 0:
            raise ShapeError("nn.StochasticGradient: the data set has no examples")
        maxIteration = whole_number(self.maxIteration, "nn.StochasticGradient", "maxIteration", 0, 2**63 - 1)
        rate, _ = (self._number(name) for name in ("learningRate", "learningRateDecay"))
        order = rng.randperm(len(dataset), dtype="int64") - 1 if self.shuffleIndices else np.arange(len(dataset))
        self._say("# StochasticGradient: training")
        iteration = 1
        # Torch7 draws one order for all iterations, and skips the decay of n = 1.
        while True:
            currentError = sum(self._learn(dataset[int(index)], rate) for index in order) / len(dataset)
            if self.hookIteration:
                self.hookIteration(self, iteration, currentError)
            self._say(f"# current error = {currentError}")
            iteration += 1
            rate = self._number("learningRate") / (1 + iteration * self._number("learningRateDecay"))
            if 0 < maxIteration < iteration:
                self._say("# StochasticGradient: you have reached the maximum number of iterations")
                self._say(f"# training error = {currentError}")
                return currentError

    def _number(self, name):
        return real_number(getattr(self, name), "nn.StochasticGradient", name, None)

    def _learn(self, example, rate):
        """Step along one example's gradient; return its loss."""
        if not isinstance(example, (tuple, list)) or len(example) != 2:
            raise TensorTypeError(
                f"nn.StochasticGradient: an example is a pair (input, target), got {shape_of(example)}"
            )
        input, target = example
        module, criterion = self.module, self.criterion
        loss = criterion.forward(module.forward(input), target)
        if loss != loss:  # true of NaN alone
            raise DivergenceError(
                f"nn.StochasticGradient: an example's loss is nan, at the rate {rate:g}; no step was taken from it. A "
                "lower learningRate usually helps"
            )
        slope = criterion.backward(module.output, target)
        module.updateGradInput(input, slope)
        module.accUpdateGradParameters(input, slope, rate)
        if self.hookExample:
            self.hookExample(self, example)
        return loss

    def _say(self, line):
        if self.verbose:
            print(line)
