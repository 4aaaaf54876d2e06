"""Notebooks, the browser, and the page."""

import json
import re

import numpy as np
import pytest

import pygraph_nn as nn
from pygraph_nn.inspection import notebook, render, viewer
from pygraph_nn.node import Pictured


@pytest.mark.graphviz
def test_a_notebook_shows_networks_and_nodes_as_pictures(net):
    forms = net._repr_mimebundle_()
    assert forms["text/plain"] == repr(net)
    assert "</svg>" in forms["image/svg+xml"]
    assert net._repr_svg_() == forms["image/svg+xml"]
    assert "#0050c8" in net["h"]._repr_svg_()
    assert "</svg>" in nn.Tanh()(nn.Identity()())._repr_svg_()


def test_a_notebook_shows_text_where_there_is_no_graphviz(net, monkeypatch):
    monkeypatch.setattr(render.shutil, "which", lambda program: None)
    assert net._repr_mimebundle_(include=None, exclude=None) == {"text/plain": repr(net)}
    assert net._repr_svg_() is None


def test_a_notebook_shows_text_where_graphviz_fails(net, monkeypatch):
    def fail(text):
        raise render.RenderError("no fonts")

    monkeypatch.setattr(render.shutil, "which", lambda program: "dot")
    monkeypatch.setattr(render, "render", fail)
    assert set(net._repr_mimebundle_()) == {"text/plain"}


@pytest.mark.graphviz
def test_a_notebook_shows_text_where_annotations_cannot_be_drawn(net):
    net["h"].annotate(step="one")
    assert set(net._repr_mimebundle_()) == {"text/plain"}


def test_a_notebook_shows_text_for_very_large_networks(net, monkeypatch):
    monkeypatch.setattr(notebook, "_MANY", 2)
    assert set(net._repr_mimebundle_()) == {"text/plain"}


def test_without_anybody_who_draws_there_is_text(net, monkeypatch):
    monkeypatch.setattr(Pictured, "bundle", None)
    assert net["h"]._repr_mimebundle_() == {"text/plain": repr(net["h"])}


def test_display_says_where_the_file_is_if_no_browser_opens(net, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(viewer.webbrowser, "open", lambda address: False)
    path = nn.display(net, path=tmp_path / "net.html")
    assert path == tmp_path / "net.html"
    assert str(path) in capsys.readouterr().out
    assert path.stat().st_size > 1000


@pytest.mark.parametrize("path", ["", ".", "..", "/", 5])
def test_a_path_that_names_no_file_is_refused(net, path):
    with pytest.raises(nn.RangeError, match="a picture's path names a file, such as net.svg"):
        nn.dot(net, path=path)
    with pytest.raises(nn.RangeError, match="a picture's path names a file, such as net.svg"):
        nn.display(net, path=path)


def test_a_page_is_html(net, tmp_path):
    with pytest.raises(nn.RangeError, match=r"ends in \.html"):
        nn.display(net, path=tmp_path / "net.svg")
    assert nn.display(net, path=tmp_path / "net") == tmp_path / "net.html"
    assert [path.name for path in tmp_path.iterdir()] == ["net.html"]


def test_a_page_can_be_written_whatever_the_title(net, tmp_path):
    net.name = "lone \ud800"
    nn.dot(net, path=tmp_path / "net.html")
    assert "<title>lone \\ud800</title>" in (tmp_path / "net.html").read_text(encoding="utf-8")


def test_display_opens_the_browser_where_there_is_a_screen(net, tmp_path, monkeypatch, capsys):
    opened = []
    monkeypatch.setattr(viewer, "_has_screen", lambda: True)
    monkeypatch.setattr(viewer.webbrowser, "open", lambda address: opened.append(address) or True)
    monkeypatch.setattr(viewer.tempfile, "tempdir", str(tmp_path))
    path = nn.display(net)
    assert opened == [path.as_uri()]
    assert path.parent == tmp_path
    assert capsys.readouterr().out == ""


def test_the_page_knows_what_is_known_of_a_node(net, tmp_path):
    net.forward(np.array([[1.0, 2.0, np.inf]]))
    nn.dot(net, "named", tmp_path / "net.html")
    text = (tmp_path / "net.html").read_text(encoding="utf-8")
    data = json.loads(re.search(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', text, re.DOTALL)[1])
    about = next(node for node in data["nodes"].values() if node["name"] == "h")
    assert about["module"] == "nn.Linear(3 -> 2)"
    assert about["parameters"] == 8
    assert about["shapes"]["output"] == "1×2 float64"
    assert about["values"]["weight"]["shape"] == [2, 3]
    assert re.search(r"conftest\.py:\d+$", about["source"])
    assert f"{next(key for key, node in data['nodes'].items() if node is about)} [" in data["dot"]
