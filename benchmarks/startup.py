"""What it costs to begin: the time of ``import pygraph_nn`` and the size of what is installed."""

import importlib.metadata
import json
import statistics
import subprocess
import sys
import time


def import_time(statement, repeats=9):
    """The median time of a fresh interpreter running ``statement``, in seconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", statement], check=True)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def installed_size(name):
    """The bytes of all files that a distribution installed, or None where it is not installed."""
    try:
        files = importlib.metadata.files(name)
    except importlib.metadata.PackageNotFoundError:
        return None
    return sum(path.locate().stat().st_size for path in files or () if path.locate().is_file())


def measure():
    """Import times beyond the bare interpreter's, and sizes."""
    bare = import_time("pass")
    modules = {"pygraph_nn": "import pygraph_nn", "numpy": "import numpy", "networkx": "import networkx"}
    modules["torch"] = "import torch"
    return {
        "import": {name: import_time(statement) - bare for name, statement in modules.items()},
        "bytes": {name: installed_size(name) for name in modules},
    }


if __name__ == "__main__":
    print(json.dumps(measure()))
