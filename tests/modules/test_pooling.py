"""What the rows of the module table cannot say about pooling."""

import numpy as np
import pytest

import pygraph_nn as nn
from pygraph_nn.testing import check_gradients


@pytest.mark.parametrize("sizes", [(1, 3), (5, 4), (8, 7)])
@pytest.mark.parametrize("kernel", [(1, 2), (3, 2), (4, 5), (6, 6)])
@pytest.mark.parametrize("stride", [(1, 1), (2, 3), (5, 4)])
@pytest.mark.parametrize("halves", [(0, 0), (0.5, 0.5), (0.5, 0)])
@pytest.mark.parametrize("ceil", [False, True])
def test_every_geometry_agrees_with_pytorch(sizes, kernel, stride, halves, ceil):
    torch = pytest.importorskip("torch", reason="the second judge is PyTorch, which is not installed")
    functional = torch.nn.functional
    pad = tuple(int(half * k) for half, k in zip(halves, kernel, strict=True))
    sides = [*kernel[::-1], *stride[::-1], *pad[::-1]]
    input = np.random.default_rng(2).standard_normal((2, 2, *sizes))
    excluding = nn.SpatialAveragePooling(*sides).setCountExcludePad()
    cases = [
        (nn.SpatialMaxPooling(*sides), lambda x: functional.max_pool2d(x, kernel, stride, pad, 1, ceil)),
        (nn.SpatialAveragePooling(*sides), lambda x: functional.avg_pool2d(x, kernel, stride, pad, ceil)),
        (excluding, lambda x: functional.avg_pool2d(x, kernel, stride, pad, ceil, False)),
    ]
    for module, judge in cases:
        module.ceil() if ceil else module.floor()
        x = torch.tensor(input, requires_grad=True)
        try:
            expected = judge(x)
        except RuntimeError:
            with pytest.raises(nn.ShapeError, match="too small"):
                module.forward(input)
            continue
        expected.backward(torch.cos(torch.arange(expected.numel(), dtype=torch.float64)).reshape(expected.shape))
        output = module.forward(input)
        np.testing.assert_allclose(output, expected.detach().numpy(), rtol=1e-12)
        gradInput = module.backward(input, np.cos(np.arange(float(output.size))).reshape(output.shape))
        np.testing.assert_allclose(gradInput, x.grad.numpy(), rtol=1e-10, atol=1e-12)


def test_a_large_mean_keeps_its_digits_in_float32():
    module, input = nn.SpatialAveragePooling(400, 300).float(), np.full((1, 300, 400), 0.1, "float32")
    np.testing.assert_allclose(module.forward(input), [[[0.1]]], rtol=1e-5)
    volume = np.random.default_rng(0).standard_normal((2, 6, 7, 8))
    module = nn.VolumetricAveragePooling(4, 5, 3, 2, 1, 3)
    assert check_gradients(module, volume) < 1e-8
    np.testing.assert_allclose(module.forward(volume)[:, 1, 0, 2], volume[:, 2:6, :3, 2:7].mean((1, 2, 3)))


def test_of_equal_elements_the_first_one_gets_the_gradient():
    module, input = nn.SpatialMaxPooling(2, 2, 1, 1), np.ones((1, 3, 3))
    module.forward(input)
    assert module.indices.ravel().tolist() == [1, 2, 4, 5]
    assert module.backward(input, np.ones((1, 2, 2)))[0].tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 0]]
    module, input = nn.SpatialMaxPooling(6, 6, 1, 1), np.zeros((1, 7, 7))
    input[0, 2, 5] = input[0, 3, 1] = input[0, 5, 3] = input[0, 5, 6] = 1
    module.forward(input)
    assert module.indices.tolist() == [[[20, 20], [20, 20]]]


def test_nan_shows_and_infinity_is_pooled():
    module = nn.SpatialMaxPooling(2, 1)
    input = np.array([[[np.nan, 1.0, -np.inf, -np.inf, 2.0, np.inf]]])
    np.testing.assert_array_equal(module.forward(input), [[[np.nan, -np.inf, np.inf]]])
    assert module.backward(input, np.ones((1, 1, 3))).ravel().tolist() == [0, 0, 1, 0, 0, 1]


def test_a_window_of_padding_alone_passes_nothing_on():
    module, input = nn.SpatialDilatedMaxPooling(2, 1, 1, 1, 1, 0, 2, 1), np.ones((1, 1, 1))
    assert module.forward(input).tolist() == [[[-np.inf]]]
    assert module.indices.tolist() == [[[0]]]
    assert module.backward(input, np.ones((1, 1, 1))).tolist() == [[[0]]]


def test_indices_are_positions_in_the_plane_from_one():
    volumetric = nn.VolumetricMaxPooling(2, 1, 1)
    volumetric.forward(np.arange(8.0).reshape(1, 2, 2, 2))
    assert volumetric.indices.ravel().tolist() == [5, 6, 7, 8]
    temporal = nn.TemporalMaxPooling(2)
    temporal.forward(np.array([[1.0, 9.0], [2.0, 8.0]]))
    assert temporal.indices.tolist() == [[2], [1]]
    assert temporal.clearState().indices is None


def test_old_files_sum_instead_of_averaging():
    module, input = nn.SpatialAveragePooling(2, 2), np.arange(4.0).reshape(1, 2, 2)
    del module.divide
    assert module.forward(input).tolist() == [[[6]]]
    assert module.backward(input, np.ones((1, 1, 1))).tolist() == [[[1, 1], [1, 1]]]


def test_unpooling_follows_its_pooling_module():
    pool = nn.SpatialMaxPooling(2, 2)
    unpool = nn.SpatialMaxUnpooling(pool)
    with pytest.raises(nn.StateError, match="must run forward"):
        unpool.forward(np.ones((1, 1, 1)))
    net = nn.Sequential().add(pool).add(unpool)
    input = np.array([[[1.0, 2.0, 0.0], [4.0, 3.0, 0.0]]])
    assert net.forward(input).tolist() == [[[0, 0, 0], [4, 0, 0]]]
    assert net.backward(input, np.full((1, 2, 3), 7.0)).tolist() == [[[0, 0, 0], [7, 0, 0]]]
    twin = net.clone()
    assert twin.modules[1].pooling is twin.modules[0]
    assert repr(unpool) == "nn.SpatialMaxUnpooling associated to nn.SpatialMaxPooling(2x2, 2,2)"
    with pytest.raises(nn.ShapeError, match="gradOutput"):
        unpool.backward(pool.output, np.ones((1, 2, 2)))


def test_unpooling_takes_a_pooling_module_without_overlap():
    with pytest.raises(nn.TensorTypeError, match="SpatialMaxPooling"):
        nn.SpatialMaxUnpooling(nn.SpatialAveragePooling(2, 2))
    with pytest.raises(nn.RangeError, match="as large as its stride"):
        nn.VolumetricMaxUnpooling(nn.VolumetricMaxPooling(2, 2, 2, 1, 1, 1))


@pytest.mark.parametrize("axes", [2, 3])
def test_unpooling_takes_a_batch_without_rows(axes):
    make, back = [
        (nn.SpatialMaxPooling, nn.SpatialMaxUnpooling),
        (nn.VolumetricMaxPooling, nn.VolumetricMaxUnpooling),
    ][axes - 2]
    pool, input = make(*[2] * axes), np.empty((0, 3, *[4] * axes))
    net = nn.Sequential().add(pool).add(back(pool))
    assert net.forward(input).shape == input.shape
    assert net.backward(input, input).shape == input.shape


def test_a_pooling_that_failed_leaves_the_places_of_the_last_one():
    pool, input = nn.SpatialMaxPooling(2, 2), np.arange(16.0).reshape(1, 4, 4)
    output = pool.forward(input)
    with pytest.raises(nn.ShapeError, match="too small"):
        pool.forward(np.ones((1, 1, 1)))
    assert nn.SpatialMaxUnpooling(pool).forward(output).shape == input.shape


def test_unpooling_leaves_out_what_came_from_nowhere():
    pool = nn.SpatialMaxPooling(2, 1)
    pool.forward(np.array([[[np.nan, 1.0, 2.0, 3.0]]]))
    unpool, input = nn.SpatialMaxUnpooling(pool), np.array([[[5.0, 6.0]]])
    assert unpool.forward(input).tolist() == [[[0, 0, 0, 6]]]
    assert unpool.backward(input, np.ones((1, 1, 4))).tolist() == [[[0, 1]]]


def test_printed_as_torch7_prints():
    assert repr(nn.SpatialMaxPooling(3, 2)) == "nn.SpatialMaxPooling(3x2, 3,2)"
    assert repr(nn.SpatialAveragePooling(3, 2, 1, 1, 1, 0)) == "nn.SpatialAveragePooling(3x2, 1,1, 1,0)"
    assert repr(nn.VolumetricMaxPooling(2, 3, 4)) == "nn.VolumetricMaxPooling(2x3x4, 2,3,4)"
    dilated = nn.SpatialDilatedMaxPooling(2, 2, 1, 1, 0, 0, 2, 3)
    assert repr(dilated) == "nn.SpatialDilatedMaxPooling(2x2, 1,1, 2,3)"


def test_arguments_out_of_range_are_refused():
    with pytest.raises(nn.RangeError, match="padW must be at most half of kW"):
        nn.SpatialMaxPooling(3, 3, 1, 1, 2, 0)
    with pytest.raises(nn.RangeError, match="dH must be a whole number from 1"):
        nn.SpatialAveragePooling(3, 3, 1, 0)
    with pytest.raises(nn.ShapeError, match="gradOutput"):
        module = nn.SpatialMaxPooling(2, 2)
        module.forward(np.ones((1, 4, 4)))
        module.backward(np.ones((1, 4, 4)), np.ones((1, 3, 3)))
