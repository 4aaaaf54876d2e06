"""The guide to seeing a network: its programs run, and its pictures can be drawn again."""

import importlib.util
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.graphviz
def test_the_guide_runs_from_top_to_bottom(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    programs = re.findall(
        r"^```python\n(.*?)^```", (DOCS / "seeing.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    space = {}
    for program in programs:
        exec(compile(program, "seeing.md", "exec"), space)
    said = capsys.readouterr()
    assert said.err == ""
    assert "forward failed at node 'c_forget'" in said.out
    assert "['x', 'next_h', 'hidden', 'y']" in said.out
    written = {path.name for path in tmp_path.iterdir()}
    assert {"net.svg", "net.html", "decoder.svg", "heat.svg", "time.svg", "net.graphml"} <= written
    assert "tikzpicture" in space["latex"]


@pytest.mark.graphviz
def test_the_pictures_of_the_pages_can_be_drawn_again(tmp_path, monkeypatch):
    monkeypatch.chdir(DOCS.parent)
    found = importlib.util.spec_from_file_location("make_pictures", DOCS / "make_pictures.py")
    script = importlib.util.module_from_spec(found)
    found.loader.exec_module(script)
    script.main(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} <= {path.name for path in (DOCS / "images").glob("*.svg")}
    first = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    script.main(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == first
