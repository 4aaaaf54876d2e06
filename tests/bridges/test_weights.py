"""Weights alone: there and back, once for what is shared, and refused where they do not fit."""

from contextlib import suppress

import numpy as np
import pytest

import pygraph_nn as nn
from pygraph_nn.bridges import weights
from pygraph_nn.bridges.naming import named_tensors
from pygraph_nn.nesting import clone, compare


@pytest.fixture(params=[".npz", ".safetensors"])
def path(request, tmp_path):
    if request.param == ".safetensors":
        pytest.importorskip("safetensors", reason="safetensors is not installed")
    return tmp_path / f"net{request.param}"


def network(size=4):
    x = nn.Identity()().annotate(name="x")
    first = nn.Linear(size, size)
    twin = first.clone("weight", "bias", "gradWeight", "gradBias")
    h = nn.BatchNormalization(size)(first(x).annotate(name="i2h")).annotate(name="norm")
    return nn.gModule([x], [nn.CAddTable()([twin(h).annotate(name="again"), first(h)])])


def test_there_and_back(path):
    nn.manualSeed(1)
    net = network()
    net.forward(nn.randn(5, 4))
    nn.save_weights(net, path)
    other = nn.load_weights(network(), path)
    x = nn.randn(3, 4)
    assert compare(other.evaluate().forward(x), net.evaluate().forward(x))
    names = ["i2h.weight", "i2h.bias", "norm.weight", "norm.bias", "norm.running_mean", "norm.running_var"]
    assert sorted(named_tensors(net)) == sorted(names)
    assert len(weights._read(path)) == 6
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_flat_parameters_are_saved_as_any(path):
    net = network()
    net.getParameters()
    nn.save_weights(net, path)
    nn.load_weights(network(), path)


def test_weights_that_are_made_of_parameters_follow(path):
    def build():
        return nn.Sequential().add(nn.WeightNorm(nn.Linear(3, 4))).add(nn.LinearWeightNorm(4, 2)).evaluate()

    net, x = build(), nn.randn(5, 3)
    nn.save_weights(net, path)
    assert compare(nn.load_weights(build(), path).forward(x), net.forward(x))


def test_what_does_not_fit_is_listed_and_nothing_changes(path):
    nn.save_weights(network(), path)
    wide = network(5)
    before = clone(wide.parameters()[0])
    with pytest.raises(nn.ShapeError, match=r"i2h\.weight is float64 4x4, but float64 5x5.*norm\.bias is"):
        nn.load_weights(wide, path)
    with pytest.raises(nn.ShapeError, match="float64 4x4, but float32 4x4"):
        nn.load_weights(network().float(), path)
    with pytest.raises(nn.RangeError, match=r"linear\.weight is missing.*i2h\.weight is unknown"):
        nn.load_weights(nn.Linear(4, 4), path)
    assert compare(before, wide.parameters()[0])


def test_damaged_and_unknown_files(path):
    path.write_bytes(b"no weights")
    with pytest.raises(nn.ShapeError, match="is no"):
        nn.load_weights(network(), path)
    with pytest.raises(nn.RangeError, match="npz or a .safetensors"):
        nn.save_weights(network(), path.with_suffix(".weights"))


def test_files_that_others_wrote(tmp_path):
    net, path = nn.Linear(3, 2), tmp_path / "net.npz"
    arrays = {"linear.weight": np.ones((2, 3)), "linear.bias": np.ones(2)}
    np.savez_compressed(path, **{name: array.astype(">f8") for name, array in arrays.items()})
    assert (nn.load_weights(net, path).weight == 1).all()
    whole = path.read_bytes()
    for place in range(0, len(whole), 3):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            nn.load_weights(net, path)
        except nn.PygraphError as error:
            assert str(path) in str(error)
    with open(path, "wb") as file:
        np.save(file, np.ones(3))
    with pytest.raises(nn.ShapeError, match="one array without a name"):
        nn.load_weights(net, path)


def test_a_file_damaged_anywhere_is_refused_or_read(path):
    nn.save_weights(network(), path)
    whole = path.read_bytes()
    for place in range(0, len(whole), max(len(whole) // 300, 1)):
        for damaged in (
            whole[:place],
            whole[:place] + b"\xff\xff" + whole[place + 2 :],
            whole[:place] + whole[place + 9 :],
        ):
            path.write_bytes(damaged)
            with suppress(nn.ShapeError, nn.RangeError):
                nn.load_weights(network(), path)


@pytest.mark.parametrize("registered", [False, True])
def test_numbers_that_numpy_lacks_are_named(tmp_path, registered):
    torch = pytest.importorskip("torch")
    if registered:
        pytest.importorskip("ml_dtypes")  # comes with onnx, and gives numpy such types
    path = tmp_path / "net.safetensors"
    pytest.importorskip("safetensors.torch").save_file({"linear.bias": torch.ones(2, dtype=torch.bfloat16)}, path)
    with pytest.raises(nn.ShapeError, match="numpy has no type for.*bfloat16"):
        nn.load_weights(nn.Linear(3, 2), path)


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "net.npz"
    nn.save_weights(network(), path)
    before = path.read_bytes()

    def fail(place, **arrays):
        raise OSError("the disk is full")

    monkeypatch.setattr(np, "savez", fail)
    with pytest.raises(OSError, match="disk is full"):
        nn.save_weights(network(), path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
