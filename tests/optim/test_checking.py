"""checkgrad tells right gradients from wrong ones, and leaves x alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optim_problems import quadratic, rosenbrock

from pygraph_nn import optim
from pygraph_nn.errors import RangeError, TensorTypeError


@given(st.lists(st.floats(0.1, 2), min_size=1, max_size=8))
def test_a_right_gradient_passes_and_one_wrong_element_does_not(values):
    x = np.array(values)
    before = x.copy()
    feval = quadratic(np.zeros(x.size))
    diff, gradient, estimate = optim.checkgrad(feval, x)
    assert diff < 1e-6
    np.testing.assert_allclose(estimate, gradient, rtol=1e-4, atol=1e-6)
    assert np.array_equal(gradient, feval(x)[1])
    wrong = np.ones(x.size)
    wrong[-1] = 1.5
    assert optim.checkgrad(lambda x: (feval(x)[0], feval(x)[1] * wrong), x)[0] > 1e-3
    assert np.array_equal(x, before)


def test_signs_and_buffers():
    buffer = np.zeros(2)

    def reusing(x):
        loss, buffer[...] = rosenbrock(x)
        return loss, buffer

    x = np.array([-1.2, 1.0])
    assert optim.checkgrad(reusing, x)[0] < 1e-6
    assert optim.checkgrad(lambda x: (rosenbrock(x)[0], -rosenbrock(x)[1]), x)[0] > 100
    assert optim.checkgrad(lambda x: (0.0, np.zeros(2)), x)[0] == 0


def test_float32_gets_a_wider_step():
    x = np.array([0.5, -1], dtype=np.float32)
    feval = quadratic(np.zeros(2, dtype=np.float32))
    assert optim.checkgrad(feval, x)[0] < 1e-3
    assert optim.checkgrad(lambda x: (feval(x)[0], 2 * feval(x)[1]), x)[0] > 0.1


@pytest.mark.parametrize(("eps", "error"), [("1", TensorTypeError), (True, TensorTypeError), (0, RangeError)])
def test_the_step_is_a_number_above_zero(eps, error):
    with pytest.raises(error, match="checkgrad: eps is a .*number above 0, not"):
        optim.checkgrad(lambda x: (x @ x, 2 * x), np.ones(2), eps)


def test_x_is_put_back_when_feval_fails():
    x = np.array([1.0, 2.0])
    with pytest.raises(TensorTypeError, match="checkgrad: the loss that feval.x. returns is one number, not None"):
        optim.checkgrad(lambda x: (1.0 if x[1] == 2 else None, np.zeros(2)), x)
    assert np.array_equal(x, [1, 2])
