"""The documentation does what it says: its code runs, its examples print what they show, its reference is whole."""

import doctest
import importlib.util
import inspect
import re
import sys
import textwrap
import types
from pathlib import Path

import pytest

import pygraph_nn as nn

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
# A block of any indentation, as pages with tabs have them.
BLOCK = re.compile(r"^( *)```(\w+)[^\n]*\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
# What a page's code needs beyond the core: <!-- needs: torch, onnx --> anywhere in the page.
NEEDS = re.compile(r"<!-- needs: ([\w, ]+) -->")
LANGUAGES = {"python", "pycon", "lua", "console", "sh", "text"}


def blocks(page):
    """The code blocks of a page: language, code, line."""
    text = page.read_text(encoding="utf-8")
    return [
        (match[2], textwrap.dedent(match[3]), text[: match.start()].count("\n") + 2) for match in BLOCK.finditer(text)
    ]


def reference():
    """docs/reference.py, which is no part of the package."""
    spec = importlib.util.spec_from_file_location("reference", DOCS / "reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pages():
    return reference().pages()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_code_of_a_page_runs_from_top_to_bottom(page, tmp_path, monkeypatch):
    for package in ",".join(NEEDS.findall(page.read_text(encoding="utf-8"))).replace(" ", "").split(","):
        if package:
            pytest.importorskip(package, reason=f"this page's code needs {package}")
    monkeypatch.chdir(tmp_path)
    module = types.ModuleType(page.stem)  # a module as any, so that what it defines can be pickled
    monkeypatch.setitem(sys.modules, page.stem, module)
    names = vars(module)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    for language, code, line in blocks(page):
        if language == "python":
            exec(compile("\n" * (line - 1) + code, str(page), "exec"), names)
        elif language == "pycon":
            example = doctest.DocTestParser().get_doctest(code, names, page.stem, str(page), line - 1)
            runner.run(example, clear_globs=False)
            names.update(example.globs)  # doctest works on a copy
    assert runner.summarize(verbose=False).failed == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_block_says_its_language(page):
    assert {language for language, _, _ in blocks(page)} <= LANGUAGES
    fences = re.findall(r"^ *```", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(fences) == 2 * len(blocks(page))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_to_other_files_lead_somewhere(page, pages):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        found = (page.parent / target).resolve()
        assert found.exists() or found.relative_to(DOCS.resolve()).as_posix() in pages, target


def test_every_module_and_criterion_is_in_the_reference_with_its_equation(pages):
    everything = "\n".join(pages.values())
    layers = [
        thing for thing in vars(nn).values() if inspect.isclass(thing) and issubclass(thing, (nn.Module, nn.Criterion))
    ]
    assert len(layers) > 170
    for thing in layers:
        assert f"## {thing.__name__} {{ #{thing.__name__} }}" in everything
        assert re.search(rf"^\| \[{thing.__name__}\]\([\w.]*#{thing.__name__}\) \| .+ \|", everything, re.MULTILINE)


def test_every_public_name_of_the_front_door_is_in_the_reference(pages):
    everything = "\n".join(pages.values())
    public = {name: thing for name, thing in vars(nn).items() if name[0] != "_" and not inspect.ismodule(thing)}
    assert {name for name in public if f"{{ #{name} }}" not in everything} == set()


def test_the_reference_names_the_counterparts(pages):
    table = pages["reference/modules.convolution.md"]
    (row,) = re.findall(r"^\| \[SpatialConvolution\].*", table, re.MULTILINE)
    assert "torch/nn/blob/master/SpatialConvolution.lua" in row and "`Conv2d`" in row


def test_every_example_is_in_the_gallery():
    gallery = (DOCS / "gallery.md").read_text(encoding="utf-8")
    examples = [path.name for path in (DOCS.parent / "examples").glob("[a-z]*.py")]
    assert len(examples) > 5 and [name for name in examples if f"examples/{name}" not in gallery] == []


def test_the_examples_in_the_program_that_writes_the_reference():
    assert doctest.testmod(reference()) == (0, 1)


def test_docstrings_keep_their_text_as_markdown():
    written = reference().markdown(
        "y = a * b[1], for ``x < 1``.\n\nRule::\n\n    f = x\n\n"
        "Raises\n------\nShapeError : for a\n    matrix\n\n>>> 1\n1",
        equation=True,
    )
    assert written.split("\n\n") == [
        '<p class="equation">y = a * b[1], for <code>x &lt; 1</code>.</p>',
        "Rule:",
        "```python\nf = x\n```",
        "**Raises**",
        "- **ShapeError**: for a matrix",
        "```pycon\n>>> 1\n1\n```",
    ]


def test_the_site_names_every_page():
    settings = (DOCS.parent / "mkdocs.yml").read_text(encoding="utf-8")
    assert [page.name for page in PAGES if f" {page.relative_to(DOCS).as_posix()}\n" not in settings] == []


def test_the_picture_of_the_house_shows_every_room():
    floors = (DOCS.parent / "setup.cfg").read_text(encoding="utf-8").partition("layers =\n")[2].partition("\n\n")[0]
    rooms = set(re.findall(r"\w+", floors)) - {"__main__", "version"}
    shown = set(re.findall(r">(\w+)</text>", (DOCS / "images" / "architecture.svg").read_text(encoding="utf-8")))
    assert rooms <= shown


def test_the_doors_to_other_frameworks_show_what_lies_behind_them(pages):
    assert "Return the network as a torch.fx.GraphModule, which computes" in pages["reference/bridges.md"]
