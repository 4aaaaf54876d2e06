"""A user's annotated program against the public names: mypy checks it (see setup.cfg), and it runs here as well."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

import pygraph_nn as nn

Array = npt.NDArray[np.float64]


class Halve(nn.Module):
    """A module of the user's own."""

    def updateOutput(self, input: Array) -> Array:
        self.output = input / 2
        return self.output

    def updateGradInput(self, input: Array, gradOutput: Array) -> Array:
        self.gradInput = gradOutput / 2
        return self.gradInput


def build(sizes: Sequence[int]) -> nn.gModule:
    """Chain layers of the given sizes."""
    x: nn.Node = nn.Identity()()
    node = x
    for width, following in zip(sizes, sizes[1:]):
        node = nn.Tanh()(nn.Linear(width, following)(node)).annotate(name=f"to {following}")
    return nn.gModule([x], [Halve()(node)])


def step(net: nn.gModule, input: Array, target: Array, rate: float) -> float:
    """One step of gradient descent."""
    criterion = nn.MSECriterion()
    loss: float = criterion.forward(net.forward(input), target)
    net.zeroGradParameters()
    net.backward(input, criterion.backward(net.output, target))
    net.updateParameters(rate)
    return loss


def test_an_annotated_program_runs() -> None:
    nn.manualSeed(1)
    net = build([3, 5, 2])
    input: Array = nn.randn(4, 3)
    target: Array = np.zeros((4, 2))
    losses = [step(net, input, target, rate=0.5) for _ in range(20)]
    assert losses[-1] < losses[0] / 2


def test_errors_are_caught_by_their_public_names() -> None:
    try:
        build([3, 2]).forward(np.zeros((1, 4)))
    except nn.PygraphError as error:
        assert "Linear(3 -> 2)" in str(error)
    else:
        raise AssertionError("a width of 4 went through Linear(3 -> 2)")
