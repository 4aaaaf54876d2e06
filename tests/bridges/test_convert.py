"""The command line's way from .t7 to other frameworks."""

import numpy as np
import pytest

import pygraph_nn as nn
from pygraph_nn import bridges, cli
from pygraph_nn.nesting import compare


@pytest.fixture
def file(tmp_path):
    nn.manualSeed(1)
    x = nn.Identity()().annotate(name="x")
    net = nn.gModule([x], [nn.Tanh()(nn.Linear(3, 2)(x).annotate(name="i2h"))])
    nn.save(tmp_path / "net.t7", net)
    return tmp_path / "net.t7"


@pytest.mark.torch
def test_to_pytorch(file):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    assert cli.main(["convert", str(file), str(file.with_suffix(".pt"))]) == 0
    loaded = torch.load(file.with_suffix(".pt"), weights_only=False)
    x = nn.randn(4, 3)
    assert compare(loaded(torch.tensor(x)).detach().numpy(), nn.load(file).forward(x), atol=1e-12)


@pytest.mark.onnx
def test_to_onnx(file, capsys):
    pytest.importorskip("onnx", reason="ONNX is not installed")
    onnxruntime = pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
    target = file.with_suffix(".onnx")
    assert cli.main(["convert", str(file), str(target)]) == 1
    assert "--input" in capsys.readouterr().err
    for given in ("'a'", "2.5", "-1", "1,True"):
        assert cli.main(["convert", str(file), str(target), f"--input={given}"]) == 1
        said = capsys.readouterr().err
        assert "convert: an input" in said and "--traceback" not in said
    assert not target.exists()
    assert cli.main(["convert", str(file), str(target), "--input", "1,3"]) == 0
    x = nn.randn(4, 3)
    runner = onnxruntime.InferenceSession(target, providers=["CPUExecutionProvider"])
    assert compare(runner.run(None, {"x": x})[0], nn.load(file).forward(x), atol=1e-12)


def test_to_safetensors(file):
    pytest.importorskip("safetensors", reason="safetensors is not installed")
    target = file.with_suffix(".safetensors")
    assert cli.main(["convert", str(file), str(target)]) == 0
    other = nn.load(file)
    other.reset()
    assert compare(nn.load_weights(other, target).parameters()[0], nn.load(file).parameters()[0])


@pytest.mark.torch
def test_what_cannot_be_converted_is_listed_and_nothing_is_written(tmp_path, capsys):
    pytest.importorskip("torch", reason="PyTorch is not installed")
    pool = nn.SpatialMaxPooling(2, 2)
    x = nn.Identity()()
    net = nn.gModule([x], [nn.SpatialMaxUnpooling(pool)(x).annotate(name="back")])
    nn.save(tmp_path / "net.t7", net)
    assert cli.main(["convert", str(tmp_path / "net.t7"), str(tmp_path / "net.pt")]) == 1
    assert "back: nn.SpatialMaxUnpooling" in capsys.readouterr().err
    assert not (tmp_path / "net.pt").exists()


def test_a_table_is_no_network(tmp_path, capsys):
    nn.save(tmp_path / "table.t7", {"net": nn.Linear(3, 2), "x": np.zeros(2)})
    assert cli.main(["convert", str(tmp_path / "table.t7"), str(tmp_path / "net.pt")]) == 1
    assert "its entries are net, x" in capsys.readouterr().err


def test_what_is_no_network_is_refused(tmp_path):
    pytest.importorskip("torch", reason="PyTorch is not installed")
    pytest.importorskip("onnx", reason="ONNX is not installed")
    for call in (
        lambda: nn.to_torch("net"),
        lambda: nn.to_onnx("net", input=np.zeros(1)),
        lambda: nn.save_weights("net", tmp_path / "net.npz"),
        lambda: nn.load_state_dict(nn.Linear(1, 1), "state"),
    ):
        with pytest.raises(nn.TensorTypeError, match="takes a|by name"):
            call()
    for batch in (0, [1, 2], (1, 0)):
        with pytest.raises(nn.RangeError, match="batch"):
            nn.to_onnx(nn.Linear(3, 2), input=np.zeros((1, 3)), batch=batch)


@pytest.mark.parametrize(
    ("call", "package", "extra"),
    [
        (lambda: nn.to_torch(nn.Tanh()), "torch", "torch"),
        (lambda: nn.from_torch(None), "torch", "torch"),
        (lambda: nn.to_onnx(nn.Tanh(), input=np.zeros(1)), "onnx", "onnx"),
        (lambda: nn.save_weights(nn.Linear(1, 1), "net.safetensors"), "safetensors", "safetensors"),
    ],
)
def test_without_the_framework_the_error_says_what_to_install(call, package, extra, monkeypatch):
    monkeypatch.setattr(bridges.importlib.util, "find_spec", lambda name: None if name == package else object())
    with pytest.raises(nn.MissingExtraError, match=rf"pip install 'pygraph_nn\[{extra}\]'"):
        call()
