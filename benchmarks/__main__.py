"""Prints every measurement as a table; with --write, docs/performance.md is made anew from them.

Each part runs in processes of its own, because BLAS reads its settings once: with one thread and two, in float32 and
float64, and where the processor can run other kernels of OpenBLAS than it takes by itself, with both. Where memory
happens to lie makes a process some percent faster or slower, so that rows with aims are the medians of several.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys

from pygraph_nn import blas
from pygraph_nn.inspection import doctor

from . import report


def run(part, *arguments, threads=1, kernels=None):
    """Run one part in a fresh process and return what it measured."""
    environment = {**os.environ, **({"OPENBLAS_CORETYPE": kernels} if kernels else {})}
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        environment[name] = str(threads)
    print(f"measuring {part} {' '.join(map(str, arguments))}, {kernels or 'usual'} kernels ...", file=sys.stderr)
    command = [sys.executable, "-m", f"benchmarks.{part}", *map(str, arguments)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def repeated(part, *arguments, processes, **setting):
    """Run a part in several processes, one after the other; return its rows, each number the median of theirs."""
    runs = [run(part, *arguments, **setting) for _ in range(processes)]
    return [_median(rows) for rows in zip(*runs, strict=True)]


def _median(rows):
    first = rows[0].items()
    return {k: statistics.median(row[k] for row in rows) if isinstance(v, float) else v for k, v in first}


def settings(quick):
    """The combinations of threads, dtype and kernels to measure, the usual kernels first."""
    other = doctor.alternative()
    for threads in (1,) if quick else (1, 2):
        for dtype in ("float32",) if quick else ("float32", "float64"):
            for kernels in (blas.kernels(), other) if other else (blas.kernels(),):
                yield threads, dtype, kernels


def machine():
    """What the figures were measured on."""
    model = "unknown processor"
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), model)
    import numpy
    import torch

    advice = [line.split(maxsplit=1)[1] for line in doctor.doctor().splitlines() if line.startswith("advice")]
    return (
        f"{model}, {os.cpu_count()} processors, {platform.system()}, Python {platform.python_version()}, "
        f"numpy {numpy.__version__} with {blas.kernels() or 'unknown'} kernels, PyTorch {torch.__version__}. "
        f"The doctor's advice here: {advice[0] if advice else 'none'}"
    )


def main():
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one thread and float32 only")
    parser.add_argument("--write", action="store_true", help="make docs/performance.md and its plots anew")
    parser.add_argument("--processes", type=int, default=5, help="how many measure the rows with aims (default 5)")
    arguments = parser.parse_args()
    results = {"machine": machine(), "cells": [], "training": []}
    for threads, dtype, kernels in settings(arguments.quick):
        setting = {"threads": threads, "dtype": dtype, "kernels": kernels}
        for part in ("cells", "training"):
            processes = arguments.processes if report.has_aims(setting) else 1
            rows = repeated(part, threads, dtype, processes=processes, threads=threads, kernels=kernels)
            results[part] += [{**setting, **row} for row in rows]
    for part in ("convolution", "scaling", "files", "startup"):
        results[part] = run(part)
    print(report.text(results))
    if arguments.write:
        report.write(results)


if __name__ == "__main__":
    main()
