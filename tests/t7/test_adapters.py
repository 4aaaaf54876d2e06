"""Modules whose fields in a .t7 file are not their attributes."""

import numpy as np
import pytest

import pygraph_nn as nn
from pygraph_nn.t7.adapters import ADAPTERS


@pytest.mark.parametrize("dimension", [1, 2, -1])
def test_weight_norm_makes_the_weight_that_a_file_leaves_out(dimension, tmp_path):
    net, x = nn.WeightNorm(nn.SpatialConvolution(2, 3, 2, 2), dimension), np.ones((1, 2, 3, 3))
    expected, fields = net.forward(x), {}
    ADAPTERS["WeightNorm"].write(net, fields)
    axis = dimension - 1 if dimension > 0 else dimension
    assert fields["viewOut"].array.tolist() == list(np.moveaxis(net.weight, axis, 0).shape)
    assert fields["viewIn"].array.tolist() == list(net.v.shape) and fields["bias"] is net.bias
    twin = net.clone()
    twin.modules[0].weight = twin.modules[0].gradWeight = None
    twin.weightSize = tuple(fields["weightSize"].array.tolist())
    twin.gradV = twin.gradV.reshape(fields["viewOut"].array)
    ADAPTERS["WeightNorm"].read(twin, fields, {})
    assert np.array_equal(twin.evaluate().forward(x), expected) and not hasattr(twin, "weightSize")
    nn.save(tmp_path / "net.t7", net)
    assert np.array_equal(nn.load(tmp_path / "net.t7").forward(x), expected)


def test_index_linear_comes_back_without_what_passes_left(tmp_path):
    net, x = nn.IndexLinear(5, 2).reset(), [np.array([1, 3]), np.ones(2)]
    expected = net.forward(x)
    net.backward(x, np.ones(2))
    nn.save(tmp_path / "net.t7", net)
    twin = nn.load(tmp_path / "net.t7")
    assert np.array_equal(twin.forward(x), expected) and not hasattr(twin, "running")
    twin.backward(x, np.ones(2))
    assert np.array_equal(twin.gradWeight, net.gradWeight)


def test_index_linears_that_share_a_weight_share_its_gradient(tmp_path):
    one = nn.IndexLinear(5, 2)
    nn.save(tmp_path / "net.t7", [one, one.clone("weight", "bias", "gradWeight", "gradBias"), nn.IndexLinear(5, 2)])
    one, two, other = nn.load(tmp_path / "net.t7")
    assert np.shares_memory(one.weight, two.weight) and np.shares_memory(one.gradWeight, two.gradWeight)
    assert not np.shares_memory(one.gradWeight, other.gradWeight)
