"""Which kernels numpy's BLAS computes with, and products of matrices as those are fastest at them.

OpenBLAS packs both sides of a product before it multiplies; where a few rows meet a large weight, that takes
longer than the product. Its kernels for AVX-512 take a small product as it lies, so a larger one goes in strips.
Source: OpenBLAS's ``kernel/x86_64/sgemm_small_kernel_permit_skylakex.c``, which says what is small.
"""

import ctypes
import functools

import numpy as np

__all__ = ["AVX512", "kernels", "product", "products", "multiplier"]

AVX512 = ("SkylakeX", "Cooperlake", "SapphireRapids")  # the names of the kernels that use it


def _function(name):
    """Return OpenBLAS's function of this name, or None.

    numpy's own wheels rename the functions; other builds may do so or not.
    """
    try:
        library = ctypes.CDLL(np.linalg._umath_linalg.__file__)
    except (AttributeError, OSError):
        return None
    names = [f"{prefix}openblas_{name}{suffix}" for prefix in ("scipy_", "") for suffix in ("64_", "_64", "")]
    return next(filter(None, (getattr(library, each, None) for each in names)), None)


@functools.cache
def kernels():
    """Return the name of the kernels that OpenBLAS took when numpy was imported; None where that cannot be known.

    So it is with another BLAS, and where the system does not look a function up in what a library depends on (Windows).
    ``OPENBLAS_CORETYPE``, set before numpy is imported, makes OpenBLAS take others.

    >>> kernels() is None or isinstance(kernels(), str)
    True
    """
    function = _function("get_corename")
    if function is None:
        return None
    function.restype = ctypes.c_char_p
    return function().decode()


# What is taken as it lies: so many multiplications, and if the second matrix is a transpose, so many results, each of
# so many multiplications or more.
_SMALL = 1_000_000 if kernels() in AVX512 else 0
_SMALL_RESULT, _LONG = 1200, 32
_WORTH = 100_000  # below so many multiplications, the call is all that counts
_PER_THREAD = 1 << 18  # OpenBLAS shares a product out to threads, so many multiplications or more to each
_threads = _function("get_num_threads") or (lambda: 1)
_CACHE_LINE = 64  # bytes, and the width of the widest vector registers


def product(a, b, out=None):
    """Return a b, for two matrices, or for a vector and a matrix; in ``out``, if given.

    >>> product(np.ones((2, 3)), np.full((3, 2), 2.0))
    array([[6., 6.],
           [6., 6.]])
    """
    columns = b.shape[1]
    if (
        not _SMALL
        or a.size * columns < _WORTH
        or not (a.ndim == 2 and a.flags.forc and b.flags.forc and a.dtype == b.dtype)
    ):
        return a.dot(b, out)
    way, strip = _way(*a.shape, columns, not b.flags.c_contiguous, a.itemsize, _threads())
    if out is None:
        out = np.empty((len(a), columns), a.dtype)
    way(a, b, strip, out)
    return out


def products(a, b, out=None):
    """Return the products of the matrices of two stacks, one by one; in ``out``, if given.

    >>> products(np.ones((1, 2, 3)), np.full((1, 3, 1), 2.0))
    array([[[6.],
            [6.]]])
    """
    if len(a) != 1:
        return np.matmul(a, b, out)
    return product(a[0], b[0], None if out is None else out[0])[None]


def multiplier(b):
    """Return a function that multiplies matrices by b from the right, of which it keeps a copy laid out for speed.

    >>> multiplier(np.full((3, 2), 2.0))(np.ones((1, 3)))
    array([[6., 6.]])
    """
    columns, layouts = b.shape[1], {}

    def multiply(a):
        rows = len(a)
        if rows not in layouts:
            layouts[rows] = _lay_out(b, rows)
        strips, width = layouts[rows]
        if not width:
            return product(a, strips)
        output = np.empty((rows, columns), a.dtype)
        np.matmul(a, strips, _strips(output, width))
        return output

    return multiply


def _lay_out(b, rows):
    """Return b as many products with so many rows are fastest with it: a stack of strips and how wide, or b and 0."""
    inner, columns = b.shape

    def in_strips(transposed):
        way, strip = _way(rows, inner, columns, transposed, b.itemsize, _threads())
        return strip if way is _by_columns else 0

    strip = in_strips(not b.flags.c_contiguous)
    if strip and b.nbytes > 1 << 20:  # what a core's own cache does not hold
        for width in (32, 16):
            if columns % width == 0 and rows * inner * width <= _SMALL:
                return _aligned_copy(_strips(b, width)), width
        return b, 0
    b, strip = _aligned_copy(b), in_strips(False)
    if not strip or columns % strip:
        return b, 0
    return _strips(b, strip), strip


@functools.lru_cache(1 << 12)
def _way(rows, inner, columns, transposed, itemsize, threads):
    """How to take a product, which is a function, and how many columns or rows at a time."""
    least = min(rows, inner, columns)
    if least <= 1:
        return _whole, 0
    threads = min(threads, rows * inner * columns // _PER_THREAD)
    if threads > 1 and threads * least > 16:  # faster together than one of them is at strips
        return _turned if transposed and itemsize == 4 and rows <= 64 else _whole, 0
    wide, tall = _SMALL // (rows * inner), _SMALL // (inner * columns)
    if transposed:
        wide, least_wide = min(wide, _SMALL_RESULT // rows) if inner >= _LONG else 0, 2 * itemsize
    else:  # short pieces of long rows come slowly
        least_wide = max(tall, 32 if columns * itemsize <= 4096 else 64)
    if wide >= columns:
        return _whole, 0
    if wide >= least_wide:
        return _by_columns, _even(wide, columns)
    if tall >= 8 and (not transposed or rows >= 500):  # strips of rows want the transpose copied
        return _by_rows, _even(tall, rows)
    return _whole, 0


def _whole(a, b, strip, out):
    a.dot(b, out)


def _turned(a, b, strip, out):
    out[...] = b.T.dot(a.T).T


def _by_columns(a, b, strip, out):
    rest = b.shape[1] % strip
    if rest:
        np.matmul(a, b[:, -rest:], out[:, -rest:])
        b, out = b[:, :-rest], out[:, :-rest]
    np.matmul(a, _strips(b, strip), _strips(out, strip))


def _by_rows(a, b, strip, out):
    _by_columns(np.ascontiguousarray(b).T, a.T, strip, out.T)


def _strips(matrix, width):
    """The stack of a matrix's strips of so many columns; a view."""
    return matrix.reshape(len(matrix), -1, width).swapaxes(0, 1)


def _even(strip, size):
    """The largest multiple of four up to ``strip`` that divides ``size``, unless that is below half of it."""
    strip -= strip % 4
    return next((each for each in range(strip, strip // 2, -4) if size % each == 0), strip)


def _aligned_copy(array):
    """Return a copy in row order that begins at a cache line, where BLAS reads it up to 8% faster.

    >>> copy = _aligned_copy(np.eye(3).T)
    >>> copy.ctypes.data % 64, copy.flags.c_contiguous, bool((copy == np.eye(3)).all())
    (0, True, True)
    """
    room = np.empty(array.nbytes + _CACHE_LINE, np.uint8)
    start = -room.ctypes.data % _CACHE_LINE
    copy = room[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy
