"""Activations: huge numbers, kinks, types, and the draws of RReLU."""

import numpy as np
import pytest

import pygraph_nn as nn
from pygraph_nn import rng

EVERY_SIZE = np.array([-np.inf, -1e4, -745.2, -88.8, -20.0, -1.0, -0.0, 0.0, 1.0, 20.0, 88.8, 709.9, 1e4, np.inf])
TYPES = {"float64": "torch.DoubleTensor", "float32": "torch.FloatTensor"}
RISING = ["Sigmoid", "Tanh", "LogSigmoid", "SoftPlus", "ELU", "HardTanh", "ReLU", "ReLU6", "LeakyReLU", "PReLU"]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", RISING)
def test_no_number_is_too_large(name, dtype):
    module, x = getattr(nn, name)().type(TYPES[dtype]), EVERY_SIZE.astype(dtype)
    output = module.forward(x)
    gradInput = module.backward(x, np.ones_like(x))
    assert output.dtype == gradInput.dtype == dtype
    assert not np.isnan(output).any()
    assert np.isfinite(gradInput).all()
    assert (gradInput >= 0).all()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_sigmoid_of_many_numbers_is_that_of_few(dtype):
    few = np.append(EVERY_SIZE, np.linspace(-100, 100, 301)).astype(dtype)
    many = np.tile(few, (20, 1))
    module, smallest = nn.Sigmoid().type(TYPES[dtype]), np.finfo(dtype).smallest_normal
    expected = module.forward(few)
    output = module.forward(many)
    assert output.dtype == dtype
    for row in output:
        np.testing.assert_allclose(row, expected, rtol=4 * np.finfo(dtype).eps, atol=smallest)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_slopes_keep_their_limits(dtype):
    x = np.array([1e3, -1e18, 1e30, -np.finfo(dtype).max], dtype)
    for module, limit in ((nn.TanhShrink(), 1), (nn.SoftSign(), 0)):
        module.type(TYPES[dtype]).forward(x)
        np.testing.assert_allclose(module.backward(x, np.ones_like(x)), np.full(4, limit), atol=1e-5)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("build", [nn.SoftMax, nn.SoftMin, nn.LogSoftMax], ids=lambda build: build.__name__)
def test_no_score_is_too_large(build, dtype):
    module = build().type(TYPES[dtype])
    x = np.array([[-1e4, 0, 1e4], [-1e30, 1e30, 1e30], [5, 5, 5]], dtype)
    output = module.forward(x)
    probabilities = np.exp(output) if build is nn.LogSoftMax else output
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-6)
    gradInput = module.backward(x, np.ones_like(x))
    assert output.dtype == gradInput.dtype == dtype
    assert np.isfinite(gradInput).all()


def test_a_sigmoids_logarithm_keeps_its_digits():
    x = np.array([-50.0, 40.0])
    np.testing.assert_allclose(nn.LogSigmoid().forward(x), [-50, -np.exp(-40)], rtol=1e-14)
    module = nn.SoftPlus()
    np.testing.assert_allclose(module.forward(-x), [50, np.exp(-40)], rtol=1e-14)


@pytest.mark.parametrize(
    ("module", "x", "gradient"),
    [
        (nn.ReLU(), 0.0, 0),
        (nn.Threshold(1, 0), 1.0, 0),
        (nn.ReLU6(), 6.0, 0),
        (nn.HardTanh(), -1.0, 0),
        (nn.Clamp(0, 2), 2.0, 0),
        (nn.LeakyReLU(0.25), 0.0, 0.25),
        (nn.PReLU(), 0.0, 0.25),
        (nn.ELU(0.5), 0.0, 0.5),
        (nn.SoftShrink(), 0.5, 0),
        (nn.HardShrink(), 0.5, 0),
        (nn.Abs(), 0.0, 1),
        (nn.Sqrt(), 0.0, 0),
        (nn.Power(0), 0.0, 0),
    ],
    ids=repr,
)
def test_the_gradient_at_a_kink_is_torch7s(module, x, gradient):
    module.forward(np.array([x]))
    assert module.backward(np.array([x]), np.ones(1)).tolist() == [gradient]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("times", [1, 1000])
def test_what_is_closed_lets_no_infinite_gradient_through(dtype, times):
    x, gradOutput = (
        np.tile(np.array([-9.0, 0.25, 9.0], dtype), times),
        np.tile(np.array([np.inf, 2, np.nan], dtype), times),
    )
    for module in (nn.ReLU(), nn.Threshold(0.1, 0), nn.SoftShrink(), nn.HardShrink(), nn.HardTanh(), nn.ReLU6()):
        module.type(TYPES[dtype])
        module.forward(x)
        slopes = module.backward(x, np.ones_like(x))
        gradInput = module.backward(x, gradOutput)
        assert gradInput.dtype == dtype
        np.testing.assert_array_equal(gradInput, np.where(slopes == 0, 0, gradOutput), repr(module))
    module = nn.CReLU(1).type(TYPES[dtype])
    module.forward(x)
    gradInput = module.backward(x, np.concatenate([gradOutput, -gradOutput]))
    np.testing.assert_array_equal(gradInput, np.where(x < 0, np.inf, gradOutput))


def test_a_root_behind_a_rectifier_can_be_learnt():
    net = nn.Sequential().add(nn.Linear(2, 2)).add(nn.ReLU()).add(nn.Power(0.5))
    net.get(1).weight[...], net.get(1).bias[...] = [[1, 1], [-1, -1]], 0
    x = np.ones((1, 2))
    net.forward(x)
    with np.errstate(divide="ignore"):
        assert np.isfinite(net.backward(x, np.ones((1, 2)))).all() and np.isfinite(net.get(1).gradWeight).all()


def test_not_a_number_stays_one():
    for module in (nn.Threshold(), nn.ReLU(), nn.HardTanh(), nn.LeakyReLU(), nn.ELU(), nn.SoftPlus(), nn.HardShrink()):
        assert np.isnan(module.forward(np.array([np.nan]))).all(), module


def test_what_is_not_an_array_of_numbers_is_refused():
    with pytest.raises(nn.TensorTypeError, match="takes no integers"):
        nn.ReLU().forward(np.array([1]))
    with pytest.raises(nn.TensorTypeError, match=r"nn\.ELU.*takes one array"):
        nn.ELU().forward([np.ones(1)])
    module = nn.SoftPlus()
    module.forward(np.ones((2, 3)))
    with pytest.raises(nn.ShapeError, match="must be 2x3, got float64 2"):
        module.backward(np.ones((2, 3)), np.ones(2))


@pytest.mark.parametrize(
    "build",
    [
        lambda: nn.HardTanh(1, 1),
        lambda: nn.Clamp(2, 1),
        lambda: nn.RReLU(0.5, 0.25),
        lambda: nn.RReLU(-1, 0.25),
        lambda: nn.SoftShrink(-1),
        lambda: nn.SoftPlus(0),
        lambda: nn.PReLU(-1),
        lambda: nn.GatedLinearUnit(0),
        lambda: nn.Maxout(2, None, 2),
        lambda: nn.Maxout(2, 2, "2"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(build):
    with pytest.raises(nn.RangeError):
        build()


def test_arguments_that_are_no_numbers_are_refused():
    for build in (nn.Threshold, nn.ELU, nn.SoftPlus, nn.LeakyReLU, nn.HardShrink):
        with pytest.raises(nn.TensorTypeError, match="must be a number"):
            build("0.5")


def test_a_numpy_number_as_an_argument_does_not_widen_float32():
    for module in (nn.LeakyReLU(np.float64(0.1)), nn.HardTanh(np.float64(-1), np.float64(1)), nn.ELU(np.float64(1))):
        assert module.float().forward(np.ones(2, "float32")).dtype == np.float32


def test_leaky_relu_of_a_bool_is_in_place():
    module = nn.LeakyReLU(True)
    assert module.inplace
    assert module.negval == 0.01
    assert not nn.LeakyReLU(-1, True).inplace


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_rrelu_draws_one_number_for_each_element_that_is_not_above_zero(dtype):
    x = np.array([[-1.0, 2.0, 0.0], [3.0, -4.0, -5.0]], dtype)
    module = nn.RReLU(0.25, 0.75).type(TYPES[dtype])
    nn.manualSeed(5)
    output = module.forward(x)
    nn.manualSeed(5)
    slopes = rng.uniform(0.25, 0.75, size=4, dtype=dtype)
    expected = np.array([[slopes[0], 1, slopes[1]], [1, slopes[2], slopes[3]]], dtype)
    np.testing.assert_array_equal(output, x * expected)
    assert np.array_equal(module.backward(x, np.ones_like(x)), module.noise)


def test_rrelus_gradient_is_that_of_its_last_pass():
    module, x = nn.RReLU(0.25, 0.75), np.array([-1.0, -2.0])
    slopes = -module.forward(x) / [1, 2]
    assert np.array_equal(module.evaluate().backward(x, np.ones(2)), slopes)
    module.forward(x)
    assert module.training().backward(x, np.ones(2)).tolist() == [0.5, 0.5]


def test_prelu_learns_one_slope_for_each_plane():
    module, x = nn.PReLU(2), np.array([[[-1.0, 2.0], [-3.0, -4.0]]])
    module.forward(x)
    module.zeroGradParameters()
    module.backward(x, np.ones_like(x), 2)
    assert module.gradWeight.tolist() == [-2, -14]
    module.weight.fill(1)
    assert module.reset().weight.tolist() == [0.25, 0.25]


def test_texts_are_torch7s():
    shown = [nn.ELU(), nn.RReLU(), nn.LeakyReLU(), nn.ReLU(True), nn.ReLU6(), nn.Tanh(), nn.HardTanh(), nn.SoftShrink()]
    assert [repr(module) for module in shown] == [
        "nn.ELU (alpha:1.000000)",
        "nn.RReLU (l:0.125000, u:0.333333)",
        "nn.LeakyReLU(0.01)",
        "nn.ReLU",
        "nn.ReLU6",
        "nn.Tanh",
        "nn.HardTanh(-1, 1)",
        "nn.SoftShrink(0.5)",
    ]
