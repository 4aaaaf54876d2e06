"""The commands info and convert, and what they are made of."""

import numpy as np
import pytest

import pygraph_nn as nn
from pygraph_nn import cli
from pygraph_nn.t7 import contents
from pygraph_nn.t7.format import T7Object
from tests.t7_files import GRAPHS, Bytes

LSTM = next(file for file in GRAPHS if file.name == "lstm_cell.t7")


@pytest.fixture
def checkpoint(tmp_path):
    """A file with two networks that share weights, a vector of them all, and tables."""
    net = nn.Sequential().add(nn.Linear(2, 3)).add(nn.Dropout(0.5))
    twin = net.clone("weight", "bias", "gradWeight", "gradBias")
    flat, _ = net.getParameters()
    loader = T7Object("Loader", fields={"n": 5})
    path = tmp_path / "checkpoint.t7"
    nn.save(path, {"net": net, "twin": [twin], "flat": flat, "losses": list(range(30)), "loader": loader})
    return path


def test_info_shows_tables_networks_and_parameters(checkpoint, capsys):
    assert cli.main(["info", str(checkpoint)]) == 0
    said = capsys.readouterr().out
    assert f"{checkpoint}: table of 5 entries" in said
    for line in ("net     nn.Sequential, 2 modules inside", "flat    float64 9, torch.DoubleTensor",
                 "... and 10 more", "loader  Loader(n=5)", "twin[1], torch.DoubleTensor:", "9 parameters",
                 "modules[1].weight  3x2"):  # fmt: skip
        assert line in said
    assert cli.main(["info", str(checkpoint), "--all", "--depth", "1"]) == 0
    assert "more" not in (said := capsys.readouterr().out) and "twin    list of 1 entry\n  flat" in said


def test_info_says_what_is_shared(capsys):
    file = next(file for file in GRAPHS if file.name == "shared_weights.t7")
    assert cli.main(["info", str(file)]) == 0
    assert "shared" in capsys.readouterr().out


def test_a_big_file_shows_its_progress(monkeypatch, capsys):
    monkeypatch.setattr(cli, "_BIG", 1)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert cli.main(["info", str(LSTM)]) == 0
    assert "%" in capsys.readouterr().err


def test_convert_to_ascii_and_float(checkpoint, tmp_path):
    target = tmp_path / "float.t7"
    assert cli.main(["convert", str(checkpoint), str(target), "--format", "ascii", "--type", "float"]) == 0
    assert target.read_bytes()[:2] == b"3\n"
    found = nn.load(target)
    assert found["net"].type() == "torch.FloatTensor" and found["flat"].dtype == np.float32
    found["flat"].fill(7)
    assert (found["net"].modules[0].weight == 7).all() and (found["twin"][0].modules[0].bias == 7).all()
    assert cli.main(["convert", str(target), str(target), "--type", "double", "--clear-state"]) == 0
    assert nn.load(target)["flat"].dtype == np.float64


def test_convert_a_gpus_file(tmp_path):
    file = Bytes().tensor(1, "torch.CudaTensor", [2], [1]).storage(2, "torch.CudaStorage", [1.5, 2], np.float32)
    (tmp_path / "gpu.t7").write_bytes(file.data)
    assert cli.main(["convert", str(tmp_path / "gpu.t7"), str(tmp_path / "cpu.t7")]) == 0
    assert b"Cuda" not in (tmp_path / "cpu.t7").read_bytes()


def test_convert_one_entry_to_npz(checkpoint, tmp_path):
    target = tmp_path / "weights.npz"
    assert cli.main(["convert", str(checkpoint), str(target), "--entry", "twin.1"]) == 0
    with np.load(target) as found:
        assert set(found) == {f"modules[1].{name}" for name in ("weight", "bias", "gradWeight", "gradBias")}
        assert np.array_equal(found["modules[1].weight"], nn.load(checkpoint)["net"].modules[0].weight)


def test_convert_refuses_what_it_cannot_write(checkpoint, tmp_path, capsys):
    assert cli.main(["convert", str(checkpoint), str(tmp_path / "net.docx")]) == 1
    assert "must end in .t7, .npz" in capsys.readouterr().err and not (tmp_path / "net.docx").exists()
    assert cli.main(["convert", str(checkpoint), str(tmp_path / "net.t7"), "--entry", "best"]) == 1
    assert "no 'best' among net, twin" in capsys.readouterr().err


def test_a_table_that_holds_itself_has_an_end():
    table = {"x": [1]}
    table["self"] = table
    assert contents.tree(table, most=5)[-1].strip().startswith("self")
    assert contents.arrays(table) == {} and contents.retype(table, "torch.FloatTensor") is table
