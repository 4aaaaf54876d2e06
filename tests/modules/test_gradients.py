"""Modules that change the gradient: what they make of it."""

import numpy as np

import pygraph_nn as nn
from pygraph_nn.testing import check_gradients


def test_reversal_turns_the_gradient_round():
    module, x = nn.GradientReversal(0.5), np.array([1.0, -2.0])
    assert module.forward(x) is x
    assert module.backward(x, np.array([2.0, 4.0])).tolist() == [-1, -2]
    module.setLambda(0)
    assert not module.backward(x, np.array([2.0, 4.0])).any()


def test_the_penalty_is_part_of_the_gradient():
    class Loss(nn.Module):
        """The penalty's own loss as an output, which makes its gradient the whole one."""

        def __init__(self, penalty):
            super().__init__()
            self.penalty = penalty

        def updateOutput(self, input):
            self.penalty.forward(input)
            self.output = np.array([self.penalty.loss])
            return self.output

        def updateGradInput(self, input, gradOutput):
            self.gradInput = gradOutput * self.penalty.updateGradInput(input, None)
            return self.gradInput

    x = np.array([[1.0, -2.0], [0.5, 3.0]])
    assert check_gradients(Loss(nn.L1Penalty(0.5, False, False)), x) < 1e-8
    assert check_gradients(Loss(nn.L1Penalty(0.5, True, False)), x) < 1e-8


def test_the_penalty_of_nothing_is_none():
    module, x = nn.L1Penalty(0.5, True), np.empty((0, 3))
    assert module.forward(x) is x and module.loss == 0
    assert module.backward(x, x).shape == (0, 3)


def test_the_penalty_adds_to_what_comes_from_behind():
    module, x = nn.L1Penalty(0.5), np.array([-1.0, 0.0, 2.0])
    module.forward(x)
    assert module.loss == 1.5
    assert module.backward(x, np.ones(3)).tolist() == [0.5, 1, 1.5]
