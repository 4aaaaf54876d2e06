"""Which kernels the BLAS takes."""

import os
import platform
import subprocess
import sys

import numpy as np
import pytest

from pygraph_nn import blas


def test_a_core_type_set_before_numpy_is_imported_is_what_the_kernels_are_called():
    if blas.kernels() is None or platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip("no OpenBLAS for x86-64")
    code = "from pygraph_nn import blas; print(blas.kernels())"
    environment = {**os.environ, "OPENBLAS_CORETYPE": "Haswell", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "Haswell"


def test_they_are_unknown_where_nothing_tells(monkeypatch, tmp_path):
    monkeypatch.setattr(np.linalg._umath_linalg, "__file__", str(tmp_path / "none.so"))
    assert blas.kernels.__wrapped__() is None
    monkeypatch.delattr(np.linalg._umath_linalg, "__file__")
    assert blas.kernels.__wrapped__() is None
