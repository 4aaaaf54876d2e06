"""Where pictures are written, and what happens without Graphviz."""

import pytest

import pygraph_nn as nn
from pygraph_nn.inspection import render


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


def test_a_page_is_written_on_request_and_where_graphviz_is_missing(net, tmp_path, monkeypatch, capsys):
    nn.dot(net, "a page", tmp_path / "asked.html")
    assert "<title>a page</title>" in (tmp_path / "asked.html").read_text(encoding="utf-8")
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(render.shutil, "which", lambda program: None)
    nn.dot(net, path=tmp_path / "instead.svg")
    assert "instead.html for the browser" in capsys.readouterr().err
    assert (tmp_path / "instead.html").stat().st_size > 1000


@pytest.mark.graphviz
@pytest.mark.parametrize(("suffix", "magic"), [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml")])
def test_the_suffix_says_the_format(net, tmp_path, suffix, magic):
    nn.dot(net, path=tmp_path / f"net.{suffix}")
    assert (tmp_path / f"net.{suffix}").read_bytes().startswith(magic)
    assert (tmp_path / "net.dot").exists()


@pytest.mark.graphviz
def test_text_that_is_no_graph_fails_with_what_graphviz_says():
    with pytest.raises(render.RenderError, match="syntax error"):
        render.render("digraph {{")


def test_an_unknown_format_and_a_slow_layout_are_refused(monkeypatch):
    with pytest.raises(render.RenderError, match="svg, png, pdf, got 'bmp'"):
        render.render("digraph {}", "bmp")

    def slow(*_arguments, **options):
        raise render.subprocess.TimeoutExpired("dot", options["timeout"])

    monkeypatch.setattr(render.shutil, "which", lambda program: "/usr/bin/dot")
    monkeypatch.setattr(render.subprocess, "run", slow)
    with pytest.raises(render.RenderError, match=r"within 3 s.*simple=True"):
        render.render("digraph {}", timeout=3)


def test_the_version_is_read_or_missing(monkeypatch):
    monkeypatch.setattr(render.shutil, "which", lambda program: None)
    assert render.version() is None
