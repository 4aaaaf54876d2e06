"""Draws the pictures of this documentation: ``make pictures``, or ``python docs/make_pictures.py``.

Running it again gives the same files, as long as the networks, the drawing code and Graphviz stay the same.
"""

import configparser
import html
import importlib
import os
import runpy
import sys
import textwrap
from pathlib import Path

import numpy as np

import pygraph_nn as nn
from pygraph_nn.inspection.render import render

ROOT = Path(__file__).resolve().parent.parent


def lstm():
    """The cell of the README."""
    return nn.dot(nn.LSTM.create(3, 4).fg, "LSTM cell")


def lstm_after():
    """The same after a forward pass: shapes and types on the arrows."""
    cell = nn.LSTM.create(3, 4)
    cell.forward([np.zeros((20, 3)), np.zeros((20, 4)), np.zeros((20, 4))])
    return nn.dot(cell.fg, "LSTM cell, after a pass of 20 rows")


def lstm_over_time():
    """Four steps, side by side."""
    cell = nn.LSTM.create(3, 4)
    cell.name = "LSTM"
    return nn.dot(cell, steps=4)


def network():
    """A network with two networks inside, opened."""
    x, c, h = nn.Identity()(), nn.Identity()(), nn.Identity()()
    next_c, next_h = nn.LSTM.create(3, 4)([x, c, h]).split(2)
    decoder = nn.Sequential().add(nn.Linear(4, 3)).add(nn.Tanh())
    y = decoder(next_h)
    nn.annotateNodes()
    return nn.dot(nn.gModule([x, c, h], [next_c, next_h, y]), "a cell and a decoder", expand=True, simple=True)


def stacked_lstm():
    """The gallery's three cells on top of each other."""
    return nn.dot(nn.LSTM.stack(3, 4, 3), "three stacked LSTM cells", simple=True)


def lstm_by_hand():
    """The gallery's cell with a decoder, opened."""
    sizes = {**{f"W{gate}": (5, 8) for gate in "fico"}, **{f"b{gate}": (5, 1) for gate in "fico"}}
    parameters = {name: np.zeros(size) for name, size in {**sizes, "Wy": (2, 5), "by": (2, 1)}.items()}
    build = _example("lstm_by_hand")["build"]
    return nn.dot(build(parameters), "an LSTM by hand", expand=True, simple=True)


def char_rnn():
    """The gallery's language model, one character."""
    model = _example("char_rnn")["Model"](30, "lstm", 128, 2, 0)
    return nn.dot(model.cell, "two layers guess the next character", simple=True)


def sin_to_cos(folder):
    """The gallery's curves; needs matplotlib."""
    example = _example("sin_to_cos")
    path = folder / "sin_to_cos.png"
    figure = example["empty_figure"](path)
    example["picture"](figure, *example["train"]("lstm", 300, 1, None))
    figure.savefig(path)


def _example(name):
    return runpy.run_path(str(ROOT / "examples" / f"{name}.py"))


def architecture():
    """The house: the floors of the import contract in setup.cfg, and in each room its file's opening sentence."""
    contract = configparser.ConfigParser()
    contract.read(ROOT / "setup.cfg")
    floors = contract["importlinter:contract:floors"]["layers"].split("\n")
    rows = [[room.strip(" ()") for room in floor.split("|")] for floor in floors if floor.strip()]
    lines = [
        "digraph architecture {",
        '  graph [bgcolor="white", ranksep=0.12, pad=0.2];',
        '  node [shape=plaintext, margin=0, fontname="Helvetica,Arial,sans-serif", fontsize=12];',
        '  edge [color="#23456b", penwidth=1.5, arrowsize=0.7];',
        '  floor0 [label="import pygraph_nn as nn", fontname="monospace", margin=0.1];',
    ]
    shown = [[room for room in rooms if room not in ("__main__", "version")] for rooms in rows]
    for number, rooms in enumerate(filter(None, shown), 1):
        lines.append(f"  floor{number} [label=<{_floor(rooms)}>];")
        lines.append(f"  floor{number - 1} -> floor{number};")
    return "\n".join([*lines, "}", ""])


def _floor(rooms):
    """The rooms of one floor side by side, as Graphviz's table."""
    style = 'border="1" style="rounded" color="#23456b" bgcolor="#eef3f8" cellpadding="7"'
    cells = "".join(f"<td {style}>{_room(room)}</td>" for room in rooms)
    return f'<table border="0" cellspacing="6" cellpadding="0"><tr>{cells}</tr></table>'


def _room(name):
    """A room's name, and below it what its file's opening sentence says."""
    sentence = importlib.import_module(f"pygraph_nn.{name}").__doc__.split("\n\n")[0].replace("``", "")
    text = "<br/>".join(map(html.escape, textwrap.wrap(sentence, 38)))
    return f'<b>{name}</b><br/><font point-size="9">{text}</font>'


PICTURES = (lstm, lstm_after, lstm_over_time, network, stacked_lstm, lstm_by_hand, char_rnn, architecture)


def main(folder):
    """Write the picture of every graph as SVG."""
    folder.mkdir(parents=True, exist_ok=True)
    for draw in PICTURES:
        (folder / f"{draw.__name__}.svg").write_bytes(render(draw()))


if __name__ == "__main__":
    os.chdir(ROOT)  # tooltips name files relative to it
    images = Path(*sys.argv[1:]) if sys.argv[1:] else ROOT / "docs" / "images"
    main(images)
    sin_to_cos(images)
