"""Where pictures are written, and what happens without Graphviz."""

import pytest

import pygraph_nn as nn
from pygraph_nn.inspection import render


@pytest.fixture
def net():
    x = nn.Identity()().annotate(name="x")
    return nn.gModule([x], [nn.Tanh()(nn.Linear(3, 2)(x))])


@pytest.mark.graphviz
def test_a_path_gets_the_text_and_the_picture(net, tmp_path):
    text = nn.dot(net.fg, "small", tmp_path / "net.dot")
    assert (tmp_path / "net.dot").read_text(encoding="utf-8") == text
    assert (tmp_path / "net.svg").read_text(encoding="utf-8").rstrip().endswith("</svg>")


def test_without_graphviz_the_text_stays_and_the_remedy_is_said(net, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(render.shutil, "which", lambda program: None)
    nn.dot(net, path=str(tmp_path / "net"))
    said = capsys.readouterr().err
    assert "apt install graphviz" in said
    assert "net.dot is written" in said
    assert (tmp_path / "net.dot").read_text(encoding="utf-8").startswith("digraph")
    assert not (tmp_path / "net.svg").exists()


def test_another_suffix_is_refused(net, tmp_path):
    with pytest.raises(nn.RangeError, match=r"\.dot, \.svg, \.png, \.pdf.*net\.docx"):
        nn.dot(net, path=tmp_path / "net.docx")
