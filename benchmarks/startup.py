"""What it costs to begin: the time of ``import pygraph_nn`` and the size of what is installed."""

import importlib.metadata
import json
import os
import statistics
import subprocess
import sys
import time


def import_time(statement, repeats=9):
    """The median time of a fresh interpreter running ``statement``, in seconds, once its bytecode is written."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", statement], check=True, env=environment)
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def installed_size(name):
    """The bytes of all files that a distribution installed, or None where it is none, or one that points elsewhere."""
    try:
        found = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return None
    origin = json.loads(found.read_text("direct_url.json") or "{}")
    if found.read_text("RECORD") is None or origin.get("dir_info", {}).get("editable"):
        return None
    files = found.files
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
