"""Load and save a 317 MB .t7 file, a chain of 300 Linear(256, 256) and Tanh in double precision."""

import json
import os
import tempfile
from pathlib import Path

import numpy as np

import pygraph_nn as nn

from .timing import alternate


def network(layers=300, width=256):
    """The chain, as a gModule."""
    node = x = nn.Identity()()
    for _ in range(layers):
        node = nn.Tanh()(nn.Linear(width, width)(node))
    return nn.gModule([x], [node])


def measure():
    """Return sizes in bytes and median times in seconds; plain reading and writing of as many bytes beside them."""
    with tempfile.TemporaryDirectory() as folder:
        path, plain, net = Path(folder) / "net.t7", Path(folder) / "plain", network()
        nn.save(path, net)
        content = np.fromfile(path, np.uint8)

        def write():
            with open(plain, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())

        calls = {
            "load": lambda: nn.load(path),
            "read": lambda: np.fromfile(path, np.uint8),
            "save": lambda: nn.save(path, net),
            "write": write,
        }
        return {"size": content.size, **alternate(calls, repeats=5)}


if __name__ == "__main__":
    print(json.dumps(measure()))
