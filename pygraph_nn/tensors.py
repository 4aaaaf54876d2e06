"""Torch7's tensor types by name, the numpy dtypes behind them, and the default type of new networks."""

import numpy as np

from .errors import TensorTypeError

__all__ = ["ONE", "TENSOR_TYPES", "setdefaulttensortype", "getdefaulttensortype", "dtype_of", "type_name"]

TENSOR_TYPES = {
    "torch.DoubleTensor": np.dtype(np.float64),
    "torch.FloatTensor": np.dtype(np.float32),
    "torch.HalfTensor": np.dtype(np.float16),
    "torch.LongTensor": np.dtype(np.int64),
    "torch.IntTensor": np.dtype(np.int32),
    "torch.ShortTensor": np.dtype(np.int16),
    "torch.CharTensor": np.dtype(np.int8),
    "torch.ByteTensor": np.dtype(np.uint8),
}
# numpy takes an array of no dimensions at half the cost of a Python number: small networks feel it at every node.
ONE = {np.dtype(name): np.ones((), name) for name in ("float64", "float32")}
_NETWORK_TYPES = ("torch.DoubleTensor", "torch.FloatTensor")
_NAMES = {dtype: name for name, dtype in TENSOR_TYPES.items()}
_default = "torch.DoubleTensor"


def setdefaulttensortype(name):
    """Make ``name`` the type of networks and random arrays built from now on.

    Torch7's ``torch.setdefaulttensortype``; ``"torch.DoubleTensor"`` (float64) at the start.

    >>> setdefaulttensortype("torch.FloatTensor"); getdefaulttensortype()
    'torch.FloatTensor'
    >>> setdefaulttensortype("torch.DoubleTensor")
    """
    global _default
    dtype_of(name)
    _default = name


def getdefaulttensortype():
    """Return the name of the type that new networks and random arrays have."""
    return _default


def dtype_of(name=None):
    """Return the numpy dtype of a network's tensor type; of the default type when ``name`` is None.

    >>> dtype_of("torch.FloatTensor")
    dtype('float32')
    """
    name = _default if name is None else name
    if name not in _NETWORK_TYPES:
        raise TensorTypeError(
            f"a network's type is one of {', '.join(_NETWORK_TYPES)}, not {name!r}; for a GPU, hand the network "
            "on with to_torch(net)"
        )
    return TENSOR_TYPES[name]


def type_name(dtype):
    """Return Torch7's name of a numpy dtype, or the dtype's own name where Torch7 has none.

    >>> type_name("float32")
    'torch.FloatTensor'
    """
    dtype = np.dtype(dtype)
    return _NAMES.get(dtype, dtype.name)
