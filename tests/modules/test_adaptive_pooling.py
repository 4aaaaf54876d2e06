"""What the rows of the module table cannot say about adaptive, fractional and p-norm pooling."""

import numpy as np
import pytest

import pygraph_nn as nn


@pytest.mark.parametrize("size", [(1, 1), (4, 9), (7, 5)])
@pytest.mark.parametrize("wanted", [(1, 1), (3, 2), (7, 5), (10, 11)])
def test_every_size_agrees_with_pytorch(size, wanted):
    torch = pytest.importorskip("torch", reason="the second judge is PyTorch, which is not installed")
    functional = torch.nn.functional
    input = np.random.default_rng(1).standard_normal((2, 3, *size))
    for module, judge in [
        (nn.SpatialAdaptiveMaxPooling(*wanted[::-1]), functional.adaptive_max_pool2d),
        (nn.SpatialAdaptiveAveragePooling(*wanted[::-1]), functional.adaptive_avg_pool2d),
    ]:
        x = torch.tensor(input, requires_grad=True)
        expected = judge(x, wanted)
        expected.backward(torch.cos(torch.arange(expected.numel(), dtype=torch.float64)).reshape(expected.shape))
        output = module.forward(input)
        np.testing.assert_allclose(output, expected.detach().numpy(), rtol=1e-12)
        gradInput = module.backward(input, np.cos(np.arange(float(output.size))).reshape(output.shape))
        np.testing.assert_allclose(gradInput, x.grad.numpy(), rtol=1e-10, atol=1e-12)


def test_of_equal_elements_the_first_one_gets_the_gradient():
    module = nn.SpatialAdaptiveMaxPooling(2, 1)
    module.forward(np.array([[[1.0, 2.0, 0.0], [3.0, 0.0, 3.0], [3.0, 3.0, 3.0]]]))
    assert module.indices.tolist() == [[[4, 6]]]
    module.forward(np.zeros((1, 5, 5)))
    assert module.indices.tolist() == [[[1, 3]]]


def by_hand(plane, samples, pools, counts):
    """Fractional max pooling of one plane (height x width) as Graham's paper says it."""

    def starts(u, size, count, pool):
        step = (size - pool) / (count - 1)
        return [int((i + u) * step) - int(u * step) for i in range(count - 1)] + [size - pool]

    (u_w, u_h), (pool_w, pool_h), (out_w, out_h) = samples, pools, counts
    rows = starts(u_h, plane.shape[0], out_h, pool_h)
    columns = starts(u_w, plane.shape[1], out_w, pool_w)
    return [[plane[r : r + pool_h, c : c + pool_w].max() for c in columns] for r in rows]


def test_fractional_windows_follow_from_the_samples():
    input = np.random.default_rng(1).standard_normal((2, 3, 9, 11))
    module = nn.SpatialFractionalMaxPooling(2, 3, 5, 4)
    nn.manualSeed(4)
    output = module.forward(input)
    nn.manualSeed(4)
    samples = nn.rand(2, 3, 2)
    np.testing.assert_array_equal(module.randomSamples, samples)
    for n, c in np.ndindex(2, 3):
        np.testing.assert_array_equal(output[n, c], by_hand(input[n, c], samples[n, c], (2, 3), (5, 4)))
    chosen = np.take_along_axis(input.reshape(2, 3, -1), module.indices.reshape(2, 3, -1) - 1, 2)
    np.testing.assert_array_equal(chosen.reshape(output.shape), output)


def test_fractional_regions_can_be_fixed():
    input = np.random.default_rng(1).standard_normal((3, 9, 11))
    module = nn.SpatialFractionalMaxPooling(2, 2, 0.5, 0.5)
    module.forward(input)
    first = module.randomSamples
    module.forward(input)
    assert not np.array_equal(module.randomSamples, first)
    kept = module.fixPoolingRegions().forward(input)
    assert module.fixPoolingRegions() is module
    np.testing.assert_array_equal(module.forward(input), kept)
    other = np.random.default_rng(2).standard_normal((4, 9, 11))
    assert module.forward(other).shape == (4, 4, 5)
    module.fixPoolingRegions(False).forward(other)
    assert module.clearState().randomSamples is None


def test_files_hold_either_sizes_or_ratios():
    input = np.random.default_rng(1).standard_normal((3, 9, 11))
    for sizes in ((0.5, 0.5), (5, 4)):
        module = nn.SpatialFractionalMaxPooling(2, 2, *sizes)
        for name in [name for name, value in vars(module).items() if value is None]:
            delattr(module, name)
        assert module.forward(input).shape == (3, 4, 5)


def test_one_volumetric_window_sees_the_end():
    input = np.arange(60.0).reshape(1, 5, 4, 3)
    module = nn.VolumetricFractionalMaxPooling(2, 2, 2, 1, 1, 1)
    assert module.forward(input).tolist() == [[[[59]]]]
    assert module.indices.tolist() == [[[[60]]]]
    assert repr(module) == "nn.VolumetricFractionalMaxPooling(1x1x1, 2,2,2)"


def test_nan_shows():
    input = np.array([[[np.nan, 1.0, 2.0, -np.inf]]])
    np.testing.assert_array_equal(nn.SpatialAdaptiveMaxPooling(2, 1).forward(input), [[[np.nan, 2]]])
    np.testing.assert_array_equal(nn.SpatialAdaptiveMaxPooling(4, 1).forward(input), input)
    module = nn.TemporalDynamicKMaxPooling(2)
    np.testing.assert_array_equal(module.forward(input.reshape(4, 1)), [[np.nan], [2]])


@pytest.mark.parametrize("make", [nn.SpatialAdaptiveMaxPooling, nn.SpatialAdaptiveAveragePooling])
def test_a_plane_without_elements_is_refused(make):
    for shape, dimension in (((2, 3, 0, 4), 3), ((2, 3, 4, 0), 4)):
        with pytest.raises(nn.ShapeError, match=f"at least one entry in dimension {dimension}"):
            make(2, 2).forward(np.ones(shape))
    assert make(2, 2).forward(np.ones((0, 3, 4, 5))).shape == (0, 3, 2, 2)


def test_k_grows_with_the_sequence_and_equal_elements_keep_the_earlier():
    module = nn.TemporalDynamicKMaxPooling(1, 0.5)
    assert module.forward(np.arange(5.0)[:, None]).ravel().tolist() == [2, 3, 4]
    assert module.forward(np.ones((4, 1))).shape == (2, 1) and module.indices.ravel().tolist() == [1, 2]
    with pytest.raises(nn.ShapeError, match="gradOutput"):
        module.backward(np.ones((4, 1)), np.ones((3, 1)))
    assert module.clearState().indices is None


def test_p_norms_are_what_they_say_and_pass_nothing_on_at_zero():
    input = np.random.default_rng(1).uniform(0.5, 2, (6, 4))
    module = nn.FeatureLPPooling(3, 1, 3.5)
    for column in range(4):
        expected = [np.linalg.norm(input[start : start + 3, column], 3.5) for start in range(4)]
        np.testing.assert_allclose(module.forward(input)[:, column], expected)
    zeros = np.zeros(3)
    euclidean = nn.FeatureLPPooling(2, 1, 2)
    assert euclidean.forward(zeros).tolist() == [0, 0]
    assert euclidean.backward(zeros, np.ones(2)).tolist() == [0, 0, 0]
    assert repr(euclidean) == "nn.FeatureLPPooling(w2 s1 power 2 batch 0)"


def test_a_numpy_number_as_a_power_does_not_widen_float32():
    for module in (nn.FeatureLPPooling(2, 1, np.float64(3)), nn.SpatialLPPooling(1, np.float64(3), 2, 1)):
        assert module.float().forward(np.ones((2, 2, 2), "float32")).dtype == np.float32


def test_arguments_out_of_range_are_refused():
    for build in (lambda p: nn.FeatureLPPooling(2, 1, p), lambda p: nn.SpatialLPPooling(1, p, 2, 2)):
        for power in (0, np.inf, np.nan):
            with pytest.raises(nn.RangeError, match="must be finite and not 0"):
                build(power)
        with pytest.raises(nn.TensorTypeError, match="LPPooling: p.* must be a number"):
            build("2")
    for factor in (-0.5, 1.5, np.nan):
        with pytest.raises(nn.RangeError, match="factor lies between 0 and 1"):
            nn.TemporalDynamicKMaxPooling(1, factor)
    with pytest.raises(nn.TensorTypeError, match="outW must be a number"):
        nn.SpatialFractionalMaxPooling(2, 2, "3", 3)
    with pytest.raises(nn.RangeError, match="width lies between 2 and 16"):
        nn.FeatureLPPooling(17, 1, 2)
    with pytest.raises(nn.RangeError, match="poolSizeW must be a whole number from 2"):
        nn.SpatialFractionalMaxPooling(1, 2, 3, 3)
    with pytest.raises(nn.RangeError, match="between 0 and 1"):
        nn.SpatialFractionalMaxPooling(2, 2, 0.5, 3)
    with pytest.raises(nn.ShapeError, match="gradOutput"):
        module = nn.FeatureLPPooling(2, 1, 2)
        module.forward(np.ones(4))
        module.backward(np.ones(4), np.ones(4))
