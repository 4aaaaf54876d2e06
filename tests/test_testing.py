"""The gradient checker itself: what it lets pass, what it finds, and what it leaves behind."""

import numpy as np
import pytest

import pygraph_nn as nn
from pygraph_nn.testing import check_gradients


class Slip(nn.Module):
    """y = 2x with whatever backward it is given."""

    def __init__(self, backward):
        super().__init__()
        self.slope = backward

    def updateOutput(self, input):
        self.output = 2 * input if isinstance(input, np.ndarray) else 2 * input[0]
        return self.output

    def updateGradInput(self, input, gradOutput):
        self.gradInput = self.slope(gradOutput)
        return self.gradInput


@pytest.mark.parametrize(
    ("backward", "right"),
    [
        (lambda dy: 2 * dy, True),
        (lambda dy: dy, False),
        (lambda dy: None, False),
        (lambda dy: np.full_like(dy, np.nan), False),
        (lambda dy: np.full_like(dy, np.inf), False),
    ],
    ids=["right", "wrong", "none", "nan", "inf"],
)
def test_it_finds_wrong_gradients(backward, right):
    assert (check_gradients(Slip(backward), nn.randn(2, 3)) < 1e-7) == right


@pytest.mark.parametrize(
    ("input", "backward"),
    [
        (np.ones((2, 3)), lambda dy: 2 * dy[:1]),
        (np.ones((2, 3)), lambda dy: [2 * dy]),
        ([np.ones(2), np.ones(2)], lambda dy: [2 * dy]),
        ([np.ones(2), np.ones(2)], lambda dy: 2 * dy),
    ],
)
def test_a_gradient_of_another_structure_is_named(input, backward):
    with pytest.raises(nn.ShapeError, match=r"backward of Slip.* returned .* for the input"):
        check_gradients(Slip(backward), input)


def test_none_is_zero_for_what_does_not_count():
    assert check_gradients(Slip(lambda dy: [2 * dy, None]), [nn.randn(3), nn.randn(3)]) < 1e-7


def test_inputs_without_wanted_gradients_stay():
    x, y = nn.Identity()(), nn.Identity()()
    net = nn.gModule([x, y], [nn.CAddTable()([nn.Linear(3, 2)(x), nn.Linear(3, 2)(y)])])
    assert check_gradients(net.needGradInput(False, True), [nn.randn(2, 3), nn.randn(2, 3)]) < 1e-7
    z = nn.Identity()()
    assert check_gradients(nn.gModule([z], [nn.Linear(3, 2)(z)]).needGradInput(False), nn.randn(2, 3)) < 1e-7


class Failing(nn.Linear):
    """Fails in its fourth pass."""

    passes = 0

    def updateOutput(self, input):
        self.passes += 1
        if self.passes == 4:
            raise ArithmeticError
        return super().updateOutput(input)


def test_parameters_come_back_after_a_failure():
    module = Failing(3, 2)
    before = module.weight.copy()
    with pytest.raises(ArithmeticError):
        check_gradients(module, nn.randn(2, 3))
    assert np.array_equal(module.weight, before)


def test_a_network_of_another_type_is_refused_with_the_remedy():
    with pytest.raises(nn.TensorTypeError, match=r"need float64, but nn.Tanh put out float32 3: .* net.double\(\)"):
        check_gradients(nn.Tanh().float(), np.ones(3, "f"))
