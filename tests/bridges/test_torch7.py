"""Torch7's own networks: from its .t7 files to PyTorch and ONNX, with its own figures."""

import numpy as np
import pytest

import pygraph_nn as nn
from pygraph_nn.nesting import compare, leaves, map_table
from tests.t7_files import BINARY

each_file = pytest.mark.parametrize("file", BINARY, ids=lambda file: file.stem)


def record(file):
    """The record, its network, and whether it computes the same in evaluation mode as in training."""
    found = nn.load(file)
    net = found["net"]
    modes = (nn.Dropout, nn.BatchNormalization)
    return found, net, not any(isinstance(module, modes) for module in net.listModules())


def tolerance(net):
    return 1e-5 if net.dtype == np.float32 else 1e-10


@pytest.mark.torch
@each_file
def test_pytorch_has_torch7s_figures(file):
    torch = pytest.importorskip("torch", reason="the bridge leads to PyTorch, which is not installed")
    found, net, _ = record(file)
    close = tolerance(net)
    exported = nn.to_torch(net)
    input = map_table(lambda leaf: torch.tensor(leaf, requires_grad=leaf.dtype.kind == "f"), found["input"])
    several = type(net) is nn.gModule and net.nInputs > 1
    if any(isinstance(module, nn.Dropout) for module in net.listModules()):
        exported.eval()
        net.evaluate()
        nn.to_torch(net)
        output, gradOutput = net.forward(found["input"]), found["gradOutput"]
        net.zeroGradParameters()
        gradInput, gradParams = net.backward(found["input"], gradOutput), net.parameters()[1]
    else:
        output, gradOutput, gradInput = found["output"], found["gradOutput"], found["gradInput"]
        gradParams = found["gradParams"]
    made = exported(*input) if several else exported(input)
    assert compare(map_table(lambda y: y.detach().numpy(), made), output, rtol=close, atol=close)
    torch.autograd.backward(list(leaves(made)), list(map(torch.tensor, leaves(gradOutput))))
    for leaf, expected in zip(leaves(input), leaves(gradInput), strict=True):
        assert not leaf.requires_grad or compare(leaf.grad.numpy(), expected, rtol=close, atol=close)
    sums = sorted(float((parameter.grad**2).sum()) for parameter in exported.parameters())
    seen, once = set(), []
    for parameter, gradient in zip(found["params"], gradParams, strict=True):
        key = parameter.tobytes()
        once += [] if key in seen and len(sums) < len(gradParams) else [float((gradient**2).sum())]
        seen.add(key)
    assert np.allclose(sums, sorted(once), rtol=100 * close)


@pytest.mark.onnx
@each_file
def test_onnx_has_torch7s_outputs(file):
    pytest.importorskip("onnx", reason="the bridge leads to ONNX, which is not installed")
    onnxruntime = pytest.importorskip("onnxruntime", reason="ONNX Runtime is the judge, and not installed")
    found, net, alike = record(file)
    model = nn.to_onnx(net, input=found["input"])
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    inputs = zip([value.name for value in session.get_inputs()], leaves(found["input"]), strict=True)
    expected = found["output"] if alike else net.evaluate().forward(found["input"])
    for ours, theirs in zip(leaves(expected), session.run(None, dict(inputs)), strict=True):
        assert compare(ours, theirs, rtol=tolerance(net), atol=tolerance(net))


@each_file
@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_weights_come_back(file, suffix, tmp_path):
    if suffix == ".safetensors":
        pytest.importorskip("safetensors", reason="safetensors is not installed")
    _, net, _ = record(file)
    nn.save_weights(net, tmp_path / f"net{suffix}")
    other = nn.load(file)["net"]
    for parameter in other.parameters()[0]:
        parameter.fill(0)
    nn.load_weights(other, tmp_path / f"net{suffix}")
    assert compare(other.parameters()[0], net.parameters()[0])
