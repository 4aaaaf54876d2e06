"""What pip gets: the metadata agree with the code, nothing is left out, and the core needs no more than it says."""

import ast
import configparser
import fnmatch
import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import pygraph_nn
from pygraph_nn.version import __version__

CHECKOUT = Path(__file__).resolve().parent.parent
PACKAGE = CHECKOUT / "pygraph_nn"
SOURCES = sorted(PACKAGE.rglob("*.py"))


@pytest.fixture(scope="module")
def setup():
    """Return setup.cfg."""
    parser = configparser.RawConfigParser()
    parser.read(CHECKOUT / "setup.cfg", encoding="utf-8")
    return parser


def distributions(requirements):
    """Return the names in a list of requirements, one a line."""
    return {re.match(r"[\w-]+", line).group() for line in requirements.split("\n") if line}


def in_subprocess(program):
    """Return what a fresh interpreter prints."""
    command = [sys.executable, "-c", program]
    compiled_once = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    ended = subprocess.run(
        command, cwd=CHECKOUT, env=compiled_once, capture_output=True, text=True, check=True, timeout=120
    )
    return ended.stdout


def test_the_version_has_one_place(setup):
    assert setup["metadata"]["version"] == "attr: pygraph_nn.version.__version__"
    assert pygraph_nn.__version__ == __version__
    assert re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", __version__)


def test_the_changelog_begins_with_this_version():
    newest = re.search(r"^## (\S+)", (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest.group(1) == __version__


def test_the_program_is_declared_and_exists(setup):
    program, target = setup["options.entry_points"]["console_scripts"].strip().split(" = ")
    module, function = target.split(":")
    assert program == "pygraph-nn"
    assert callable(getattr(importlib.import_module(module), function))


def test_every_room_is_a_package():
    rooms = {source.parent for source in SOURCES}
    assert [room for room in rooms if not (room / "__init__.py").is_file()] == []


def test_every_other_file_is_shipped(setup):
    patterns = setup["options.package_data"]["*"].split(", ")
    others = [path for path in PACKAGE.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")]
    assert PACKAGE / "py.typed" in others
    left_out = [path for path in others if not any(fnmatch.fnmatch(path.name, pattern) for pattern in patterns)]
    assert left_out == []


@pytest.mark.parametrize("example", [path.stem for path in sorted((CHECKOUT / "examples").glob("[a-z]*.py"))])
def test_every_example_can_be_imported_as_a_module(example):
    if example == "distributed_char_rnn":
        pytest.importorskip("torch", reason="the example trains with PyTorch, which is not installed")
    assert in_subprocess(f"import examples.{example}") == ""


def imported_distributions(source):
    """Return what a file imports from outside the standard library and this package, which is also what to install."""
    names = set()
    for statement in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(statement, ast.Import):
            names.update(alias.name.split(".")[0] for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom) and statement.level == 0:
            names.add(statement.module.split(".")[0])
    return names - set(sys.stdlib_module_names) - {"pygraph_nn"}


def test_whatever_is_imported_is_declared(setup):
    declared = distributions(setup["options"]["install_requires"])
    for extra in set(setup["options.extras_require"]) - {"docs", "test", "dev"}:
        declared |= distributions(setup["options.extras_require"][extra])
    undeclared = {str(source): imported_distributions(source) - declared for source in SOURCES}
    assert {source: names for source, names in undeclared.items() if names} == {}


def extras_in_errors():
    """Yield the extra that each MissingExtraError(package, extra, purpose) in the package names, with its file."""
    for source in SOURCES:
        for call in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", None) == "MissingExtraError":
                by_name = {keyword.arg: keyword.value for keyword in call.keywords}
                extra = by_name["extra"] if "extra" in by_name else call.args[1]
                if isinstance(extra, ast.Constant):
                    yield extra.value, source


def test_every_extra_that_is_named_can_be_installed(setup):
    known = set(setup["options.extras_require"])
    assert known >= {"torch", "onnx", "safetensors", "plot", "docs", "test", "dev"}
    assert [(extra, source) for extra, source in extras_in_errors() if extra not in known] == []
    for page in [CHECKOUT / "README.md", CHECKOUT / "setup.cfg", *(CHECKOUT / "docs").rglob("*.md")]:
        lists = re.findall(r"pygraph_nn\[([\w,]+)\]", page.read_text(encoding="utf-8"))
        assert {extra for names in lists for extra in names.split(",")} <= known, page


def test_the_core_imports_numpy_and_networkx_only():
    loaded = in_subprocess(
        "import sys\n"
        "before = set(sys.modules)\n"
        "import pygraph_nn, pygraph_nn.cli\n"
        "assert 'networkx' not in sys.modules, 'networkx waits for the first graph'\n"
        "pygraph_nn.LSTM.create(1, 1)\n"
        "print(*sorted({name.split('.')[0] for name in set(sys.modules) - before}))\n"
    )
    foreign = set(loaded.split()) - set(sys.stdlib_module_names) - {"cython_runtime"}
    assert {name for name in foreign if not name.startswith("_")} == {"networkx", "numpy", "pygraph_nn"}


def test_the_packages_own_share_of_the_import_is_small():
    # Processor time, best of several: what else runs on the machine is none of our affair, nor is what numpy takes.
    program = "import time, numpy\nstart = time.process_time()\nimport pygraph_nn\nprint(time.process_time() - start)\n"
    assert min(float(in_subprocess(program)) for _ in range(4)) < 0.1
