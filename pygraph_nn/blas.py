"""Which kernels numpy's BLAS computes with: OpenBLAS has several, each fast at other things."""

import ctypes
import functools

import numpy as np

__all__ = ["AVX512", "kernels"]

AVX512 = ("SkylakeX", "Cooperlake", "SapphireRapids")  # the names of the kernels that use it

# numpy's own wheels rename OpenBLAS's functions; other builds may do so or not.
_NAMES = [prefix + "openblas_get_corename" + suffix for prefix in ("scipy_", "") for suffix in ("64_", "_64", "")]


@functools.cache
def kernels():
    """Return the name of the kernels that OpenBLAS took when numpy was imported; None where that cannot be known.

    So it is with another BLAS, and where the system does not look a function up in what a library depends on (Windows).
    ``OPENBLAS_CORETYPE``, set before numpy is imported, makes OpenBLAS take others.

    >>> kernels() is None or isinstance(kernels(), str)
    True
    """
    try:
        library = ctypes.CDLL(np.linalg._umath_linalg.__file__)
    except (AttributeError, OSError):
        return None
    for name in _NAMES:
        function = getattr(library, name, None)
        if function is not None:
            function.restype = ctypes.c_char_p
            return function().decode()
    return None
