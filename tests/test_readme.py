"""Every code block of the README does what it says."""

import contextlib
import doctest
import io
import re
import shlex
from pathlib import Path

import pytest

from pygraph_nn.cli import main

README = Path(__file__).parents[1] / "README.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def blocks(language):
    return [text for name, text in BLOCKS if name == language]


def run_all():
    """Run the Python blocks one after the other, as a reader would; return what they printed and their names."""
    names, printed = {}, io.StringIO()
    with contextlib.redirect_stdout(printed):
        for text in blocks("python"):
            exec(compile(text, str(README), "exec"), names)
    return printed.getvalue(), names


def test_every_block_has_a_language_that_is_checked_here():
    assert {name for name, _ in BLOCKS} == {"console", "python", "pycon", "lua"}


def test_the_python_blocks_run_and_print_what_their_comments_say(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    printed, _ = run_all()
    lines = printed.splitlines()
    shown = re.findall(r"print\(lstm\S+|print\(net\S+", "\n".join(blocks("python")))
    assert len(shown) == 4
    for line, comment in zip(lines[:3], ["(2, 12)", "(2, 16)", "nn.Linear(3 -> 16)"], strict=True):
        assert line == comment
    assert "forward failed at node 'i2h' (nn.Linear(3 -> 16)), declared at" in printed
    assert "ShapeError: nn.Linear(3 -> 16) expects a vector (3) or a matrix (rows x 3), got float64 2x5" in printed
    assert lines[-1] == "(16, 3)"
    assert (tmp_path / "lstm.dot").exists() and (tmp_path / "lstm.t7").exists()


def test_the_console_examples_print_what_they_show(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    _, names = run_all()
    capsys.readouterr()
    examples = doctest.DocTestParser().get_doctest("\n".join(blocks("pycon")), names, "README", str(README), 0)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    runner.run(examples)
    assert runner.summarize(verbose=False).failed == 0


def test_the_demo_prints_what_the_readme_shows(capsys):
    (text,) = (text for text in blocks("console") if "demo --seed" in text)
    command, _, expected = text.partition("\n")
    assert main(shlex.split(command)[2:]) == 0
    assert capsys.readouterr().out == expected


def test_the_lua_is_the_python_in_other_punctuation():
    (lua,) = blocks("lua")
    python = next(text for text in blocks("python") if "prev_c = " in text).replace("import pygraph_nn as nn", "")
    plain = lua.replace("local ", "").translate(str.maketrans("{}", "[]"))
    assert re.sub(r"\s", "", plain) == re.sub(r"\s", "", python)


@pytest.mark.parametrize("target", sorted(set(re.findall(r"make (\w+)", "\n".join(blocks("console"))))))
def test_the_make_targets_exist(target):
    assert re.search(rf"^{target}:", (README.parent / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
