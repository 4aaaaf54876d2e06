"""The command line, ``pygraph-nn COMMAND ...``: one ``add_*`` function and one handler per command.

A new command is a function that calls ``_add_command`` and adds its arguments, a handler that takes the parsed
arguments, and the first one's name in ``_COMMANDS``. A handler prints its result and raises on failure; what a
command needs beyond the core is imported by the handler, so that the others start fast and work without it.

Exit codes: 0 success, 1 the command failed, 2 it was called wrongly, 130 interrupted.
"""

import argparse
import os
import runpy
import sys
import traceback
from pathlib import Path

from .errors import PygraphError
from .version import __version__

__all__ = ["main"]

_PROGRAM = "pygraph-nn"


def main(arguments=None):
    """Run one command, and return the exit code.

    Parameters
    ----------
    arguments : list of str, optional
        The command and its arguments; those of the process by default.

    Raises
    ------
    SystemExit
        With code 2 where the arguments make no sense, with 0 after ``--help`` and ``--version``.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help(sys.stderr)
        return 2
    try:
        options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader went away (`| head`): no error, and nothing may be flushed into the closed pipe at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        _report(error, options)
        return 1
    return 0


def _report(error, options):
    """Say what went wrong on one line, or with the whole traceback where that was asked for."""
    if options.traceback:
        traceback.print_exception(error)
    expected = isinstance(error, (PygraphError, OSError))
    message = str(error) if expected else f"{type(error).__name__}: {error}"
    print(f"{_PROGRAM} {options.command}: {message}", file=sys.stderr)
    if not expected and not options.traceback:
        print("(--traceback shows where this comes from)", file=sys.stderr)


def _parser():
    """Return the parser of the whole command line."""
    parser = argparse.ArgumentParser(
        prog=_PROGRAM, description="Torch7's neural graphs in Python.", epilog=f"{_PROGRAM} COMMAND --help says more."
    )
    parser.add_argument("--version", action="version", version=f"{_PROGRAM} {__version__}")
    subparsers = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND")
    for add in _COMMANDS:
        add(subparsers)
    return parser


def _add_command(subparsers, name, handler, summary, examples):
    """Add the command ``name``, which calls ``handler(options)``; return its parser for the arguments to be added."""
    lines = "".join(f"  {_PROGRAM} {name} {example}".rstrip() + "\n" for example in examples)
    parser = subparsers.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=f"examples:\n{lines}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--traceback", action="store_true", help="when the command fails, show where in the code")
    parser.set_defaults(run=handler)
    return parser


# ----------------------------------------------------------------------------------------------------------- demo


def add_demo(subparsers):
    """``pygraph-nn demo``: the first thing that a newcomer runs."""
    examples = ["", "--seed 123", "--dot lstm.dot"]
    parser = _add_command(subparsers, "demo", _demo, "run three stacked LSTM cells for one step", examples)
    parser.add_argument("--seed", type=int, metavar="N", help="the generator's seed; 123 gives Torch7's own numbers")
    parser.add_argument("--dot", metavar="PATH", help="save the picture of one cell's graph as DOT text, and as SVG")


def _demo(options):
    """Run examples/stacked_lstm.py."""
    runpy.run_path(str(_example("stacked_lstm")))["demo"](options.seed, options.dot)


def _example(name):
    """Return the path of an example: inside the package once installed, beside it in a checkout."""
    package = Path(__file__).resolve().parent
    candidates = [folder / "examples" / f"{name}.py" for folder in (package, package.parent)]
    for path in candidates:
        if path.is_file():
            return path
    raise FileNotFoundError(f"the example {name}.py is neither {candidates[0]} nor {candidates[1]}: install again")


_COMMANDS = (add_demo,)
