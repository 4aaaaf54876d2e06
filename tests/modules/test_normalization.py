"""What normalizing modules promise beyond their rows: running statistics, modes, extremes."""

import math

import numpy as np
import pytest

import pygraph_nn as nn
from pygraph_nn.nesting import compare

BATCH = np.random.default_rng(4).standard_normal((6, 3)) * [1, 5, 0.1] + [0, 10, -3]


def test_the_running_statistics_follow_the_batches():
    m = nn.BatchNormalization(3, None, 0.25)
    m.forward(BATCH)
    assert np.allclose(m.running_mean, 0.25 * BATCH.mean(0))
    assert np.allclose(m.running_var, 0.75 + 0.25 * BATCH.var(0, ddof=1))
    assert np.allclose(m.save_mean, BATCH.mean(0))
    assert np.allclose(m.save_std, 1 / np.sqrt(BATCH.var(0) + 1e-5))
    m.reset()
    assert not m.running_mean.any() and (m.running_var == 1).all()


def test_evaluation_uses_the_running_statistics_and_leaves_them():
    m = nn.BatchNormalization(3)
    m.forward(BATCH)
    m.evaluate()
    kept = m.running_mean.copy(), m.running_var.copy()
    expected = (BATCH - kept[0]) / np.sqrt(kept[1] + 1e-5) * m.weight + m.bias
    assert np.allclose(m.forward(BATCH), expected, rtol=1e-12)
    assert np.allclose(m.forward(BATCH[2]), expected[2], rtol=1e-12)
    assert np.array_equal(m.running_mean, kept[0]) and np.array_equal(m.running_var, kept[1])
    assert np.allclose(m.backward(BATCH[2], np.ones(3)), m.weight / np.sqrt(kept[1] + 1e-5))


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (nn.BatchNormalization, (1, 3)),
        (nn.SpatialBatchNormalization, (1, 3, 4, 5)),
        (nn.VolumetricBatchNormalization, (1, 3, 2, 4, 5)),
    ],
)
def test_a_batch_of_one_is_measured_by_the_running_statistics(make, shape):
    m, input = make(3), np.random.default_rng(1).standard_normal(shape)
    output = m.forward(input)
    assert compare(output, m.clone().evaluate().forward(input))
    assert not m.running_mean.any() and m.save_mean is None
    gradient = m.backward(input, np.ones(shape))
    m.evaluate().forward(input)
    assert compare(gradient, m.updateGradInput(input, np.ones(shape)))


def test_statistics_are_those_of_planes():
    m = nn.SpatialBatchNormalization(3, 0, 1, False)
    input = np.random.default_rng(1).standard_normal((4, 3, 5, 2)) * 7 + 2
    output = m.forward(input)
    assert np.allclose(output.mean((0, 2, 3)), 0, atol=1e-12) and np.allclose(output.var((0, 2, 3)), 1)
    assert np.allclose(m.running_mean, input.mean((0, 2, 3)))
    flat = nn.BatchNormalization(3, 0, 1, False)
    assert np.allclose(
        flat.forward(input.transpose(0, 2, 3, 1).reshape(-1, 3)), output.transpose(0, 2, 3, 1).reshape(-1, 3)
    )


def test_float32_keeps_its_digits_far_from_zero():
    input = (np.random.default_rng(1).standard_normal((4, 2, 64, 64)) + 1000).astype("float32")
    m = nn.SpatialBatchNormalization(2, None, None, False).float()
    output = m.forward(input)
    expected = input.astype("float64") - input.mean((0, 2, 3), dtype="float64")[:, None, None]
    expected /= np.sqrt(input.astype("float64").var((0, 2, 3)) + 1e-5)[:, None, None]
    assert output.dtype == "float32" and np.abs(output - expected).max() < 1e-3
    assert m.running_mean.dtype == m.running_var.dtype == m.save_std.dtype == np.float32


@pytest.mark.parametrize("eps", [0, 1e-5])
def test_a_constant_feature_is_centred(eps):
    m = nn.BatchNormalization(1, eps)
    input = np.full((3, 1), 2.5)
    assert not m.forward(input).any()
    assert np.isfinite(m.backward(input, np.array([[1.0], [2.0], [4.0]]))).all()


def test_copies_that_share_running_statistics_share_them_in_every_type():
    m = nn.BatchNormalization(3)
    net = nn.Sequential().add(m).add(m.clone("weight", "bias", "gradWeight", "gradBias", "running_mean", "running_var"))
    net.get(1).forward(BATCH)
    assert net.get(2).running_mean.any()
    net.float()
    net.get(1).running_mean.fill(7)
    assert (net.get(2).running_mean == 7).all()


def test_without_affine_there_is_nothing_to_learn():
    m = nn.BatchNormalization(3, None, None, False)
    assert m.parameters() == ([], []) and m.eps == 1e-5 and m.momentum == 0.1
    assert repr(m) == "nn.BatchNormalization (2D) (3)"


def test_weights_start_in_torch7s_order():
    nn.manualSeed(3)
    expected = nn.rng.uniform(size=4)
    nn.manualSeed(3)
    assert np.array_equal(nn.SpatialBatchNormalization(4).weight, expected)


@pytest.mark.parametrize("features", [0, -1, 2.5, None])
def test_features_are_counted(features):
    with pytest.raises(
        nn.RangeError, match=r"nn\.SpatialBatchNormalization\(nOutput\): nOutput must be a whole number"
    ):
        nn.SpatialBatchNormalization(features)


def test_refusals_say_what_is_due():
    m = nn.BatchNormalization(3)
    with pytest.raises(nn.ShapeError, match=r"takes batches, inputs of 2 dimensions, got float64 3$"):
        m.forward(np.ones(3))
    with pytest.raises(nn.ShapeError, match=r"inputs of 2 or 1 dimensions"):
        m.evaluate().forward(np.ones((1, 3, 1)))
    m.training().forward(BATCH)
    with pytest.raises(nn.ShapeError, match="6x3"):
        m.backward(BATCH, np.ones((5, 3)))
    m.clearState()
    with pytest.raises(nn.StateError, match="forward pass in training"):
        m.updateGradInput(BATCH, BATCH)


def test_the_scale_reaches_the_gradients_of_the_parameters():
    m = nn.BatchNormalization(3)
    m.forward(BATCH)
    gradOutput = np.random.default_rng(2).standard_normal(BATCH.shape)
    m.accGradParameters(BATCH, gradOutput, 0.5)
    normal = (BATCH - BATCH.mean(0)) / np.sqrt(BATCH.var(0) + 1e-5)
    assert np.allclose(m.gradBias, 0.5 * gradOutput.sum(0))
    assert np.allclose(m.gradWeight, 0.5 * (gradOutput * normal).sum(0))


def test_norms():
    x = np.array([[3.0, -4.0], [0.0, 0.0]])
    for p, norm in ((1, 7), (2, 5), (math.inf, 4)):
        m = nn.Normalize(p)
        assert np.allclose(m.forward(x), [[3 / norm, -4 / norm], [0, 0]])
        assert np.isfinite(m.backward(x, np.ones((2, 2)))).all()
    with pytest.raises(nn.RangeError, match="p > 0, got 0"):
        nn.Normalize(0)
    assert repr(nn.Normalize(2)) == repr(nn.Normalize(2.0)) == "nn.Normalize(2)"
    assert repr(nn.Normalize(math.inf)) == "nn.Normalize(inf)"
    assert repr(nn.Normalize(2.5)) == "nn.Normalize(2.500000)"


def test_the_largest_norm_has_an_exact_gradient_whatever_eps():
    m, x = nn.Normalize(math.inf, 0.5), np.array([1.0, -2.0, 0.5])
    m.forward(x)
    gradient = m.backward(x, np.ones(3))
    differences = [(m.forward(x + h).sum() - m.forward(x - h).sum()) / 2e-6 for h in 1e-6 * np.eye(3)]
    assert np.allclose(gradient, differences, rtol=1e-6)


def test_images_without_positions_leave_the_running_statistics():
    module, x = nn.SpatialBatchNormalization(2), np.empty((3, 2, 0, 4))
    assert module.forward(x).shape == x.shape
    assert module.running_mean.tolist() == [0, 0] and module.running_var.tolist() == [1, 1]
    assert module.backward(x, x).shape == x.shape
