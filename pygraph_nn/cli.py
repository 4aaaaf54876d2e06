"""The command line, ``pygraph-nn COMMAND ...``: one ``add_*`` function and one handler per command.

A new command is a function that calls ``_add_command`` and adds its arguments, a handler that takes the parsed
arguments, and the first one's name in ``_COMMANDS``. A handler prints its result and raises on failure; what a
command needs beyond the core is imported by the handler, so that the others start fast and work without it.

Exit codes: 0 success, 1 the command failed, 2 it was called wrongly, 130 interrupted.
"""

import argparse
import ast
import json
import os
import runpy
import sys
import traceback
from pathlib import Path

import numpy as np

from . import bridges, inspection, t7
from .errors import PygraphError, RangeError, ShapeError, StateError
from .graph.gmodule import gModule
from .inspection.doctor import doctor
from .inspection.measuring import as_input
from .modules import Module
from .t7 import contents
from .t7.sink import replacing
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


# ---------------------------------------------------------------------------------------------------- dot, summary


def add_dot(subparsers):
    """``pygraph-nn dot``: the picture of a network."""
    examples = [
        "net.t7",
        "net.t7 -o net.pdf --simple",
        "checkpoint.t7 --entry protos.rnn -o rnn.html",
        f"{_LSTM} -o l.svg",
    ]
    parser = _add_command(subparsers, "dot", _dot, "draw a network", examples)
    _add_network(parser)
    parser.add_argument(
        "-o", "--output", metavar="PATH", help="write NAME.dot and the picture: PATH may end in .svg, .png, .pdf, .html"
    )
    parser.add_argument("--title", help="what to write above the picture")
    parser.add_argument("--simple", action="store_true", help="leave out Identity modules and nodes that only route")
    parser.add_argument("--expand", action="store_true", help="open the networks inside the network")
    parser.add_argument("--backward", action="store_true", help="draw the way of the gradients")


def _dot(options):
    """Draw a network into files, or print the DOT text."""
    net = _network(options)
    if options.backward and not isinstance(net, gModule):
        raise StateError(f"--backward draws the gradients' way through a gModule, which nn.{type(net).__name__} is not")
    graph = net.bg if options.backward else net
    text = inspection.dot(graph, options.title, options.output, simple=options.simple, expand=options.expand)
    if options.output is None:
        print(text, end="")


def add_summary(subparsers):
    """``pygraph-nn summary``: a network as a table."""
    examples = ["net.t7", "net.t7 --input 20,3", f'{_LSTM} --input "[(20, 3), (20, 4), (20, 4)]"']
    parser = _add_command(subparsers, "summary", _summary, "list a network's nodes, parameters and shapes", examples)
    _add_network(parser)
    parser.add_argument("--input", metavar="SHAPES", help="the input's shape, or a nested list: run once to see shapes")
    parser.add_argument("--expand", action="store_true", help="also list what is inside the networks inside")
    parser.add_argument("--json", action="store_true", help="print the same as JSON")


def _summary(options):
    """Print the table."""
    net = _network(options)
    shapes = None if options.input is None else _literal(options.input)
    found = inspection.summary(net, shapes, expand=options.expand, as_dict=options.json)
    print(json.dumps(found, indent=2) if options.json else found)


_LSTM = '"nn.LSTM.create(3, 4)"'


def _add_network(parser):
    parser.add_argument("network", help="a .t7 file, or an expression in Python where nn is this package")
    parser.add_argument(
        "--entry", metavar="NAME.NAME", help="where in the file's tables the network is; lists count from 1"
    )


def _network(options):
    """Return the network that the options name."""
    package = sys.modules[__package__]
    if os.path.isfile(options.network) or options.network.endswith(".t7"):
        found = package.load(options.network)
    else:
        found = _evaluate(options.network, package)
    for name in (options.entry or "").split(".") if options.entry else ():
        found = _entry(found, name)
    if not isinstance(found, package.Module):
        inside = f"; its entries are {', '.join(_keys(found))}: name one with --entry" if _keys(found) else ""
        raise StateError(f"{options.network}: a network is needed, got a {type(found).__name__}{inside}")
    return found


def _evaluate(text, package):
    """Return what an expression of the caller says."""
    try:
        return eval(compile(text, "the command line", "eval"), {"nn": package})
    except SyntaxError:
        raise FileNotFoundError(f"{text} is neither a file nor an expression in Python") from None
    except NameError as error:
        raise FileNotFoundError(f"there is no file {text}, and as an expression: {error}; nn is this package") from None


def _entry(table, name):
    """Return the entry of a table that one part of --entry names."""
    keys = _keys(table)
    if name not in keys:
        raise RangeError(f"--entry: there is no {name!r} among {', '.join(keys) or 'no entries'}")
    return list(table.values() if isinstance(table, dict) else table)[keys.index(name)]


def _keys(table):
    if isinstance(table, dict):
        return [str(key) for key in table]
    return [str(index) for index in range(1, len(table) + 1)] if isinstance(table, (list, tuple)) else []


def _literal(text):
    """Return the shapes written in Python's way; ``20,3`` is one shape."""
    try:
        return ast.literal_eval(text)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        raise ShapeError(
            f"--input takes a shape such as 20,3 or a list such as [(20, 3), (20, 4)], got {text!r}"
        ) from None


# --------------------------------------------------------------------------------------------------------- doctor


def add_doctor(subparsers):
    """``pygraph-nn doctor``: what this machine offers."""
    examples = ["", "--no-speed"]
    parser = _add_command(
        subparsers, "doctor", _doctor, "examine versions, BLAS, threads, graphviz and extras", examples
    )
    parser.add_argument("--no-speed", action="store_true", help="do not measure the speed of matrix products")


def _doctor(options):
    """Print the findings."""
    print(doctor(measure=not options.no_speed))


# -------------------------------------------------------------------------------------------------- info, convert


def add_info(subparsers):
    """``pygraph-nn info``: what is in a .t7 file."""
    examples = ["net.t7", "checkpoint.t7 --depth 2", "checkpoint.t7 --all"]
    parser = _add_command(subparsers, "info", _info, "show what is in a .t7 file", examples)
    parser.add_argument("file", metavar="FILE.t7")
    parser.add_argument("--depth", type=int, default=4, metavar="N", help="how deep to open tables (4)")
    parser.add_argument("--all", action="store_true", help="show every entry of long tables")


def _info(options):
    """Print the tree of tables, and a summary of each network."""
    found = t7.load(options.file, _progress(options.file))
    lines = contents.tree(found, options.depth, sys.maxsize if options.all else 20)
    print(f"{options.file}: {lines[0]}", *lines[1:], sep="\n")
    for path, net in contents.networks(found):
        print(f"\n{path or 'the network'}, {net.type()}:", inspection.summary(net, expand=True), sep="\n")
        print(*contents.parameter_lines(net), sep="\n")


def _progress(path):
    """Return what shows on a terminal how far a big file is read; None for a small one."""
    if not sys.stderr.isatty() or Path(path).stat().st_size < _BIG:
        return None

    def show(done, total):
        print(f"\r{done / total:4.0%}" if done < total else "\r    \r", end="", file=sys.stderr, flush=True)

    return show


def add_convert(subparsers):
    """``pygraph-nn convert``: from a .t7 to another format or type."""
    examples = [
        "net.t7 net.ascii.t7 --format ascii",
        "gpu.t7 cpu.t7 --type float --clear-state",
        "net.t7 net.npz",
        "net.t7 net.onnx --input 1,3",
        "net.t7 net.pt",
    ]
    summary = "write a .t7 anew: for the CPU, in another type or format, for PyTorch or ONNX"
    parser = _add_command(subparsers, "convert", _convert, summary, examples)
    parser.add_argument("file", metavar="FILE.t7")
    parser.add_argument("output", metavar="OUT", help=f"what to write: its name ends in {', '.join(_WRITERS)}")
    parser.add_argument("--format", choices=("binary", "ascii"), default="binary", help="of a .t7 (binary)")
    parser.add_argument("--type", choices=("float", "double"), help="of all networks and floating-point tensors")
    parser.add_argument("--clear-state", action="store_true", help="forget what passes left in the networks")
    parser.add_argument("--entry", metavar="NAME.NAME", help="convert this entry of the file's tables alone")
    parser.add_argument("--input", metavar="SHAPES", help="of .onnx: the input's shape or a nested list, batch first")


def _convert(options):
    """Load, change, write."""
    suffix = Path(options.output).suffix
    if suffix not in _WRITERS:
        raise RangeError(f"{options.output}: the name must end in {', '.join(_WRITERS)}, got {suffix or 'no ending'}")
    found = t7.load(options.file, _progress(options.file))
    for name in options.entry.split(".") if options.entry else ():
        found = _entry(found, name)
    if options.type:
        found = contents.retype(found, {"float": "torch.FloatTensor", "double": "torch.DoubleTensor"}[options.type])
    if options.clear_state:
        for _, net in contents.networks(found):
            net.clearState()
    _WRITERS[suffix](found, options)


def _write_t7(found, options):
    t7.save(options.output, found, options.format)


def _write_npz(found, options):
    """All arrays by their path; the file takes its place when it is complete."""
    with replacing(options.output) as file:
        np.savez(file, **contents.arrays(found))


def _one_network(found, options):
    """Return what was loaded if it is a network, which alone the other formats can hold."""
    if not isinstance(found, Module):
        inside = f"; its entries are {', '.join(_keys(found))}: name the network with --entry" if _keys(found) else ""
        raise StateError(f"{options.output} holds one network, but {options.file} a {type(found).__name__}{inside}")
    return found


def _write_onnx(found, options):
    if options.input is None:
        raise ShapeError(f"{options.output}: say the input's shape with --input, such as 1,3 or [(1, 3), (1, 4)]")
    net = _one_network(found, options)
    bridges.to_onnx(net, options.output, input=as_input(net, _literal(options.input)))


def _write_torch(found, options):
    bridges.save_torch(_one_network(found, options), options.output)


def _write_safetensors(found, options):
    bridges.save_weights(_one_network(found, options), options.output)


_BIG = 1 << 26
# How each ending is written: a function of what was loaded and the options. A new format is a new row.
_WRITERS = {
    ".t7": _write_t7,
    ".npz": _write_npz,
    ".onnx": _write_onnx,
    ".pt": _write_torch,
    ".safetensors": _write_safetensors,
}

_COMMANDS = (add_demo, add_dot, add_summary, add_info, add_convert, add_doctor)
