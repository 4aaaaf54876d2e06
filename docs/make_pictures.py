"""Draws the pictures of this documentation: ``make pictures``, or ``python docs/make_pictures.py``.

Running it again gives the same files, as long as the networks, the drawing code and Graphviz stay the same.
"""

import os
import sys
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


PICTURES = (lstm, lstm_after, lstm_over_time, network)


def main(folder=ROOT / "docs" / "images"):
    """Write every picture as SVG."""
    folder.mkdir(parents=True, exist_ok=True)
    for draw in PICTURES:
        (folder / f"{draw.__name__}.svg").write_bytes(render(draw()))


if __name__ == "__main__":
    os.chdir(ROOT)  # tooltips name files relative to it
    main(*map(Path, sys.argv[1:]))
