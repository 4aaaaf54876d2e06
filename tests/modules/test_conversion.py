"""Copy and Convert: types that come in, types that go out."""

import numpy as np
import pytest

import pygraph_nn as nn


def test_a_copy_of_the_same_type_is_a_view_unless_forced():
    x = np.ones(2)
    assert nn.Copy().forward(x) is x
    forced = nn.Copy("torch.DoubleTensor", "torch.DoubleTensor", True).forward(x)
    assert not np.shares_memory(forced, x)
    assert np.array_equal(forced, x)


def test_a_copys_gradient_has_the_type_that_came_in():
    module, x = nn.Copy("torch.FloatTensor", "torch.DoubleTensor"), np.ones(2, "float32")
    assert module.forward(x).dtype == np.float64
    assert module.backward(x, np.ones(2)).dtype == np.float32


def test_dont_cast_keeps_the_types_of_a_network_that_is_converted():
    fixed = nn.Copy("torch.DoubleTensor", "torch.FloatTensor", False, True)
    net = nn.Sequential().add(fixed).add(nn.Linear(2, 2)).float()
    x = np.ones((1, 2))
    assert net.forward(x).dtype == np.float32
    assert net.backward(x, np.ones((1, 2), "float32")).dtype == np.float64
    assert nn.Copy("torch.DoubleTensor", "torch.FloatTensor").float().intype == "torch.FloatTensor"


def test_a_copy_of_an_unknown_type_is_refused():
    with pytest.raises(nn.TensorTypeError, match="CudaTensor"):
        nn.Copy("torch.CudaTensor")


@pytest.mark.parametrize("dtype", ["float64", "uint8"])
def test_convert_brings_its_input_to_the_networks_type(dtype):
    module, x = nn.Convert("bchw", "bf").float(), np.ones((2, 3, 1, 2), dtype)
    assert module.forward(x).dtype == np.float32
    assert module.backward(x, np.ones((2, 6), "float32")).dtype == (dtype if dtype == "float64" else "float32")


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        ((None, "bf"), "inputShape"),
        ((3, "bf"), "words"),
        (("bf", ["b"]), "words"),
        (("b*", "bf"), "none"),
        (("bchw", "bc"), "cannot"),
        (("bt", "bf"), "cannot"),
    ],
)
def test_convert_refuses_shapes_that_it_does_not_know(shapes, words):
    with pytest.raises(nn.RangeError, match=words):
        nn.Convert(*shapes)
