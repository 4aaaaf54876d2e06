"""Products as each family of OpenBLAS's kernels wants them asked for, whichever this machine has."""

from contextlib import contextmanager

import pytest

from pygraph_nn import blas


@contextmanager
def as_if_small(multiplications, threads=1):
    """Have products asked for as if kernels took so many multiplications without packing: 0 for those that never do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blas, "_SMALL", multiplications)
        patch.setattr(blas, "_threads", lambda: threads)
        blas._way.cache_clear()
        yield
    blas._way.cache_clear()
