"""What this machine offers to the package: versions, the BLAS and its speed, threads, Graphviz, extras."""

import math
import os
import platform
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import numpy as np

from .. import blas
from ..version import __version__
from . import render

__all__ = ["alternative", "doctor", "examine", "measure_blas"]

_EXTRAS = {"torch": "torch", "onnx": "onnx", "onnxruntime": "onnx", "safetensors": "safetensors", "matplotlib": "plot"}
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
_CORE = "OPENBLAS_CORETYPE"
_WORTH_IT = 1.1  # a gain below this is lost in the noise of the measurement

# What a Linear is timed at: rows, inputs, outputs.
_LAYERS = {"with many rows": (2500, 512, 2048), "with few": (50, 512, 2048), "in a narrow layer": (20, 128, 512)}

# Runs in a process of its own: OpenBLAS chooses its kernels when numpy is imported.
_PROBE = """
import sys, time
sys.path.insert(0, sys.argv[1])
import numpy as np
import pygraph_nn as nn
from pygraph_nn import blas
rates = []
for layer in sys.argv[2:]:
    rows, inputs, outputs = map(int, layer.split("x"))
    m = nn.Linear(inputs, outputs).float()
    x, dy = (np.linspace(-1, 1, rows * n, dtype="float32").reshape(rows, n) for n in (inputs, outputs))
    flops, best = 6 * rows * inputs * outputs, float("inf")
    calls = min(1000, 1 + int(2e8 / flops))
    for _ in range(15):
        start = time.perf_counter()
        for _ in range(calls):
            m.forward(x)
            m.backward(x, dy)
        best = min(best, (time.perf_counter() - start) / calls)
    rates.append(1e-9 * flops / best)
print(blas.kernels(), *rates)
"""


def doctor(measure=True):
    """Return the findings about this machine as text, with advice where there is any.

    ``measure=False`` leaves out the speed of the BLAS, which takes some seconds. On processors with AVX-512 it is
    measured twice: OpenBLAS has kernels with it and without, does not always take the faster ones, and can be told to
    before numpy is imported.
    """
    lines = [f"{name:<12}{text}" for name, text in examine()]
    if measure:
        lines += _speed()
    return "\n".join(lines)


def examine():
    """Return pairs of a name and what there is: nothing is measured and no extra is imported."""
    model, flags = processor()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    set_threads = [f"{name}={os.environ[name]}" for name in _THREADS if name in os.environ]
    facts = [
        ("pygraph_nn", __version__),
        ("python", f"{platform.python_version()} ({platform.python_implementation()}) on {platform.platform()}"),
        ("processor", model + (", with AVX-512" if "avx512f" in flags else "")),
        ("numpy", np.__version__),
        ("networkx", _version("networkx") or "missing: pip install networkx"),
        ("BLAS", _blas()),
        (
            "threads",
            f"{cores} processors; " + (", ".join(set_threads) or f"{_THREADS[0]} is not set: the BLAS decides"),
        ),
        ("graphviz", render.version() or render.INSTALL),
    ]
    for package, extra in _EXTRAS.items():
        facts.append((package, _version(package) or f"not installed: pip install 'pygraph_nn[{extra}]'"))
    return facts


def processor():
    """Return the processor's name and the set of its features, as far as the system tells."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine(), frozenset()
    fields = dict(re.findall(r"^(model name|vendor_id|flags)\s*: *(.*)$", text, re.MULTILINE))
    name = fields.get("model name", platform.machine())
    vendor = fields.get("vendor_id", "")
    shown = name if "AMD" in name or "Intel" in name or not vendor else f"{name} ({vendor})"
    return shown, frozenset(fields.get("flags", "").split())


def _version(package):
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _blas():
    """The name and version of the BLAS that numpy was built with."""
    built = np.show_config(mode="dicts").get("Build Dependencies", {}).get("blas", {})
    return f"{built.get('name', 'unknown')} {built.get('version', '')}".strip()


def measure_blas(core=None, layers=None, timeout=120):
    """Return the name of the kernels that OpenBLAS took, and for each layer the speed of a Linear in GFLOP/s.

    A layer is (rows, inputs, outputs), by default each of three; timed are forward and backward in float32, by a
    process of its own with ``OPENBLAS_CORETYPE`` set to ``core``, or as it is for None. The name is None where the BLAS
    is another one. Returns None where the process fails: a core type that the processor lacks.
    """
    environment = dict(os.environ) | ({_CORE: core} if core else {})
    sizes = ["x".join(map(str, layer)) for layer in layers or _LAYERS.values()]
    command = [sys.executable, "-c", _PROBE, str(Path(__file__).parents[2]), *sizes]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=timeout)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return None
    name, *rates = done.stdout.split()
    return None if name == "None" else name, [float(rate) for rate in rates]


def alternative():
    """Return the core type of the kernels that OpenBLAS did not take, though this processor can run them, or None.

    With AVX-512 there are two families to choose from, one with it and one without.
    """
    if blas.kernels() is None or "avx512f" not in processor()[1]:
        return None
    return "Haswell" if blas.kernels() in blas.AVX512 else "SkylakeX"


def _speed():
    """The lines about the speed of the BLAS, and what to set if it helps."""
    usual = measure_blas()
    if usual is None:
        return ["speed       could not be measured: a process with numpy failed"]
    kernels, rates = usual
    lines = [f"speed       of a Linear in GFLOP/s, {kernels or 'unknown'} kernels: {_rates(rates)}"]
    core = alternative()
    other = None if core is None or _CORE in os.environ else measure_blas(core)
    if other is None:
        return lines
    lines.append(f"            with {_CORE}={core}: {_rates(other[1])}")
    gain = math.prod(new / old for new, old in zip(other[1], rates, strict=True)) ** (1 / len(rates))
    if gain < _WORTH_IT:
        return [*lines, "advice      leave it: on the whole the other kernels gain nothing here"]
    lines.append(f"advice      layers run {gain:.1f} times as fast after: export {_CORE}={core}")
    lines.append("            (set before numpy is imported; sums may round differently in the last digit)")
    return lines


def _rates(rates):
    """The speeds in words."""
    return ", ".join(f"{rate:.0f} {layer}" for rate, layer in zip(rates, _LAYERS, strict=True))
