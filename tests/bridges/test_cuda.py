"""The exported network on a GPU: the same numbers, and training steps."""

import numpy as np
import pytest

import pygraph_nn as nn

torch = pytest.importorskip("torch", reason="the bridge leads to PyTorch, which is not installed")
pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch finds no GPU here"),
]


@pytest.mark.parametrize(
    "make", [lambda: nn.Unroll(nn.LSTM.create(3, 4)), lambda: nn.Layers(nn.Unroll(nn.LSTM.create(3, 4)))]
)
def test_the_same_numbers_there(make):
    nn.manualSeed(1)
    net = make()
    x = nn.randn(5, 2, 3)
    exported = nn.to_torch(net).to("cuda")
    made = exported(torch.tensor(x, device="cuda"))
    np.testing.assert_allclose(made.detach().cpu().numpy(), net.forward(x), rtol=1e-10, atol=1e-12)
    made.square().sum().backward()
    with torch.no_grad():
        for parameter in exported.parameters():
            parameter -= 0.1 * parameter.grad
    after = exported(torch.tensor(x, device="cuda")).detach().cpu().numpy()
    np.testing.assert_allclose(nn.load_state_dict(net, exported).forward(x), after, rtol=1e-10, atol=1e-12)


def test_our_own_code_computes_on_the_processor_and_comes_back():
    exported = nn.to_torch(nn.FeatureLPPooling(2, 2, 2, True)).to("cuda")
    x = torch.rand(3, 4, dtype=torch.float64, device="cuda", requires_grad=True)
    y = exported(x)
    y.sum().backward()
    assert y.device == x.grad.device == x.device
