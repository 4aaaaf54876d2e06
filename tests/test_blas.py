"""Which kernels the BLAS takes, and products in strips."""

import os
import platform
import subprocess
import sys

import numpy as np
import pytest
from blas_families import as_if_small
from hypothesis import given, settings
from hypothesis import strategies as st

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


LAYOUTS = {
    "rows": np.ascontiguousarray,
    "columns": np.asfortranarray,
    "window": lambda matrix: np.pad(matrix, 1)[1:-1, 1:-1],
    "every other": lambda matrix: np.repeat(matrix, 2, axis=1)[:, ::2],
    "backwards": lambda matrix: matrix[::-1, ::-1].copy()[::-1, ::-1],
}
SIZES = st.one_of(st.integers(1, 40), st.integers(41, 700))
LAYOUT = st.sampled_from(sorted(LAYOUTS))


@settings(max_examples=150, deadline=None)
@given(
    st.tuples(SIZES, SIZES, SIZES), LAYOUT, LAYOUT, st.sampled_from([np.float32, np.float64]), st.sampled_from([1, 4])
)
def test_a_product_is_the_product_however_the_matrices_lie(sizes, first, second, dtype, threads):
    rows, inner, columns = sizes
    generator = np.random.default_rng(0)
    a = LAYOUTS[first](generator.integers(-9, 10, (rows, inner)).astype(dtype))
    b = LAYOUTS[second](generator.integers(-9, 10, (inner, columns)).astype(dtype))
    expected = a.astype(int) @ b.astype(int)  # of whole numbers, so exact in any order
    for small in (0, 1_000_000):
        with as_if_small(small, threads):
            for result in (blas.product(a, b), blas.multiplier(b)(a)):
                assert result.dtype == dtype and np.array_equal(result, expected)


def test_matrices_of_two_types_make_the_wider_one():
    generator = np.random.default_rng(0)
    a, b = generator.random((20, 200)), generator.random((200, 300)).astype(np.float32)
    with as_if_small(1_000_000):
        for result in (blas.product(a, b), blas.product(b.T, a.T).T, blas.product(a, b.T.copy().T)):
            assert result.dtype == np.float64
            np.testing.assert_allclose(result, a @ b, rtol=1e-12)


@pytest.mark.parametrize(
    "rows, inner, columns, transposed",
    [
        (50, 512, 2048, True),
        (20, 128, 512, True),
        (2500, 128, 512, True),
        (50, 128, 512, False),
        (2500, 512, 128, False),
    ],
)
def test_strips_are_so_small_that_openblas_does_not_pack_them(rows, inner, columns, transposed):
    with as_if_small(1_000_000):
        way, strip = blas._way(rows, inner, columns, transposed, 4, 1)
    taken = {blas._by_columns: (rows, inner, strip), blas._by_rows: (strip, inner, columns)}[way]
    assert strip and np.prod(taken) <= 1_000_000
    assert not transposed or way is blas._by_rows or rows * strip <= 1200


def test_several_threads_take_a_product_of_many_rows_in_one_go():
    with as_if_small(1_000_000):
        assert blas._way(50, 512, 2048, True, 4, 1)[0] is blas._by_columns
        assert blas._way(50, 512, 2048, True, 4, 2)[0] is blas._turned
        assert blas._way(50, 512, 2048, True, 8, 2)[0] is blas._whole
        assert blas._way(5, 512, 2048, True, 4, 2)[0] is blas._by_columns
