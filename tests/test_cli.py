"""The command line: its exit codes, what it says when something fails, and the demo."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pygraph_nn import cli
from pygraph_nn.errors import ShapeError
from pygraph_nn.version import __version__

CHECKOUT = Path(__file__).resolve().parent.parent


def run_program(*arguments, **options):
    """Run ``python -m pygraph_nn`` as a user would."""
    command = [sys.executable, "-m", "pygraph_nn", *arguments]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=120, **options)


@pytest.fixture
def failing(monkeypatch):
    """Return a function that gives the command line one command, ``fail``, which raises what it is told to."""

    def install(error):
        def handler(_options):
            raise error

        def add_fail(subparsers):
            cli._add_command(subparsers, "fail", handler, "fail", ["", "--traceback"])

        monkeypatch.setattr(cli, "_COMMANDS", (add_fail,))

    return install


def test_version_names_the_program_and_its_version(capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"pygraph-nn {__version__}\n"


def test_no_command_shows_the_commands_and_fails_as_usage(capsys):
    assert cli.main([]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "demo" in said.err


@pytest.mark.parametrize("arguments", [["juggle"], ["demo", "--seed", "many"], ["demo", "--colour"], ["demo", "extra"]])
def test_wrong_usage_is_exit_code_2_and_says_the_usage(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(arguments)
    assert end.value.code == 2
    assert "usage: pygraph-nn" in capsys.readouterr().err


def test_every_command_explains_itself_with_examples(capsys):
    for add in cli._COMMANDS:
        name = add.__name__.removeprefix("add_")
        with pytest.raises(SystemExit) as end:
            cli.main([name, "--help"])
        said = capsys.readouterr().out
        assert end.value.code == 0
        assert "examples:" in said
        assert f"  pygraph-nn {name}" in said


def test_an_error_of_ours_is_one_line_without_a_traceback(failing, capsys):
    failing(ShapeError("3 columns, not 4"))
    assert cli.main(["fail"]) == 1
    assert capsys.readouterr().err == "pygraph-nn fail: 3 columns, not 4\n"


def test_a_missing_file_is_named(failing, capsys):
    failing(FileNotFoundError(2, "No such file or directory", "net.t7"))
    assert cli.main(["fail"]) == 1
    said = capsys.readouterr().err
    assert "'net.t7'" in said
    assert "Traceback" not in said


def test_an_unforeseen_error_names_its_type_and_points_to_traceback(failing, capsys):
    failing(KeyError("weight"))
    assert cli.main(["fail"]) == 1
    said = capsys.readouterr().err
    assert "KeyError: 'weight'" in said
    assert "--traceback" in said
    assert "Traceback (most" not in said


def test_traceback_on_request(failing, capsys):
    failing(ShapeError("3 columns, not 4"))
    assert cli.main(["fail", "--traceback"]) == 1
    said = capsys.readouterr().err
    assert "Traceback (most recent call last)" in said
    assert said.endswith("pygraph-nn fail: 3 columns, not 4\n")


def test_interrupting_is_no_error_message(failing, capsys):
    failing(KeyboardInterrupt())
    assert cli.main(["fail"]) == 130
    assert capsys.readouterr().err == ""


def test_a_reader_that_goes_away_is_no_error():
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed_pipe:
        command = [sys.executable, "-m", "pygraph_nn", "demo", "--seed", "123"]
        ended = subprocess.run(
            command, cwd=CHECKOUT, stdout=closed_pipe, stderr=subprocess.PIPE, text=True, check=False, timeout=120
        )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_examples_are_found_or_named(tmp_path, monkeypatch):
    assert cli._example("stacked_lstm") == CHECKOUT / "examples" / "stacked_lstm.py"
    monkeypatch.setattr(cli, "__file__", str(tmp_path / "site-packages" / "pygraph_nn" / "cli.py"))
    installed = tmp_path / "site-packages" / "pygraph_nn" / "examples" / "stacked_lstm.py"
    with pytest.raises(FileNotFoundError, match=r"stacked_lstm\.py.*install again"):
        cli._example("stacked_lstm")
    installed.parent.mkdir(parents=True)
    installed.touch()
    assert cli._example("stacked_lstm") == installed


def test_the_module_and_the_program_are_one(capsys):
    assert cli.main(["demo", "--seed", "123"]) == 0
    program = run_program("demo", "--seed", "123")
    assert (program.returncode, program.stderr) == (0, "")
    assert program.stdout == capsys.readouterr().out
