"""What this machine offers to the package: versions, the BLAS and its speed, threads, Graphviz, extras."""

import os
import platform
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import numpy as np

from ..version import __version__
from . import render

__all__ = ["doctor", "examine", "measure_blas"]

_EXTRAS = {"torch": "torch", "onnx": "onnx", "onnxruntime": "onnx", "safetensors": "safetensors", "matplotlib": "plot"}
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
_CORE = "OPENBLAS_CORETYPE"
_WIDE = ("SkylakeX", "Cooperlake", "SapphireRapids")  # kernels that use AVX-512; newer versions take them by themselves
_WORTH_IT = 1.15  # a gain below this is lost in the noise of the measurement

# Runs in a process of its own: OpenBLAS chooses its kernels when numpy is imported. OPENBLAS_VERBOSE lets it say which.
_PROBE = """
import sys, time
import numpy as np
m, k, n = map(int, sys.argv[1:])
a = np.linspace(-1, 1, m * k, dtype="float32").reshape(m, k)
b = np.linspace(-1, 1, k * n, dtype="float32").reshape(k, n)
best = float("inf")
a @ b
for _ in range(7):
    start = time.perf_counter()
    a @ b
    best = min(best, time.perf_counter() - start)
print(2e-9 * m * k * n / best)
"""


def doctor(measure=True):
    """Return the findings about this machine as text, with advice where there is any.

    ``measure=False`` leaves out the speed of the BLAS, which takes some seconds. On AMD processors with AVX-512 it is
    measured twice: OpenBLAS takes its AVX2 kernels there, unless told otherwise before numpy is imported.
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
    blas = np.show_config(mode="dicts").get("Build Dependencies", {}).get("blas", {})
    return f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip()


def measure_blas(core=None, size=(2500, 512, 2048), timeout=120):
    """Return the speed of a float32 matrix product in GFLOP/s, and the name of the kernels that OpenBLAS took.

    A process of its own does the product, with ``OPENBLAS_CORETYPE`` set to ``core``, or as it is for None; the name is
    None where the BLAS is another one. Returns None where the process fails: a core type that the processor lacks.
    """
    environment = dict(os.environ, OPENBLAS_VERBOSE="2") | ({_CORE: core} if core else {})
    command = [sys.executable, "-c", _PROBE, *map(str, size)]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=timeout)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return None
    kernels = re.search(r"^Core: *(\S+)", done.stdout + "\n" + done.stderr, re.MULTILINE)
    return float(done.stdout.split()[-1]), kernels[1] if kernels else None


def _speed():
    """The lines about the speed of the BLAS."""
    usual = measure_blas()
    if usual is None:
        return ["speed       could not be measured: a process with numpy failed"]
    rate, kernels = usual
    lines = [f"speed       {rate:.0f} GFLOP/s in a float32 product, {kernels or 'unknown'} kernels"]
    model, flags = processor()
    if _CORE in os.environ or "AMD" not in model or "avx512f" not in flags or kernels in (None, *_WIDE):
        return lines
    other = measure_blas("SkylakeX")
    return lines + ([] if other is None else _advice(rate, other[0]))


def _advice(rate, other):
    """What to set, if it helps: ``rate`` is the speed as it is, ``other`` that with the AVX-512 kernels."""
    lines = [f"            {other:.0f} GFLOP/s with {_CORE}=SkylakeX"]
    if other > _WORTH_IT * rate:
        lines.append(f"advice      matrix products run {other / rate:.1f} times as fast after: export {_CORE}=SkylakeX")
        lines.append("            (set before numpy is imported; sums may round differently in the last digit)")
    else:
        lines.append("advice      leave it: the other kernels gain nothing here")
    return lines
