"""Prints every measurement as a table; with --write, docs/performance.md is made anew from them.

Each part runs in a process of its own, because BLAS reads its settings once: with one thread and two, in float32 and
float64, with and without the setting that ``pygraph-nn doctor`` advises.
"""

import argparse
import json
import os
import platform
import subprocess
import sys

from . import report

ADVICE = {"OPENBLAS_CORETYPE": "SkylakeX"}


def run(part, *arguments, threads=1, advice=False):
    """Run one part in a fresh process and return what it measured."""
    environment = {**os.environ, **(ADVICE if advice else {})}
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        environment[name] = str(threads)
    print(f"measuring {part} {' '.join(map(str, arguments))}, advice {'on' if advice else 'off'} ...", file=sys.stderr)
    command = [sys.executable, "-m", f"benchmarks.{part}", *map(str, arguments)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def settings(quick):
    """The combinations of threads, dtype and advice to measure."""
    for threads in (1,) if quick else (1, 2):
        for dtype in ("float32",) if quick else ("float32", "float64"):
            for advice in (False, True):
                yield threads, dtype, advice


def machine():
    """What the figures were measured on."""
    model = "unknown processor"
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), model)
    import numpy
    import torch

    return (
        f"{model}, {os.cpu_count()} processors, {platform.system()}, Python {platform.python_version()}, "
        f"numpy {numpy.__version__}, PyTorch {torch.__version__}"
    )


def main():
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one thread and float32 only")
    parser.add_argument("--write", action="store_true", help="make docs/performance.md and its plots anew")
    arguments = parser.parse_args()
    results = {"machine": machine(), "cells": [], "training": []}
    for threads, dtype, advice in settings(arguments.quick):
        setting = {"threads": threads, "dtype": dtype, "advice": advice}
        for part in ("cells", "training"):
            rows = run(part, threads, dtype, threads=threads, advice=advice)
            results[part] += [{**setting, **row} for row in rows]
    for part in ("convolution", "scaling", "files", "startup"):
        results[part] = run(part)
    print(report.text(results))
    if arguments.write:
        report.write(results)


if __name__ == "__main__":
    main()
