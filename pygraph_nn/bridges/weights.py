"""A network's weights alone, by name, in a .npz or a .safetensors file."""

import importlib.util
from pathlib import Path

import numpy as np

from ..errors import MissingExtraError, RangeError, ShapeError
from ..modules import LinearWeightNorm, WeightNorm
from ..t7.sink import replacing
from .naming import named_tensors

__all__ = ["save_weights", "load_weights"]


def save_weights(net, path):
    """Write a network's parameters and running statistics, by name, to a .npz or .safetensors file.

    Names are those of ``to_torch``: the nodes', then the field's, as in ``i2h.weight``. What is shared is written once,
    under the first of its names. The file is there whole or not at all. Raises RangeError for another ending,
    MissingExtraError where safetensors is not installed.

    >>> import os, tempfile, pygraph_nn as nn
    >>> path = os.path.join(tempfile.mkdtemp(), "net.npz")
    >>> nn.save_weights(nn.Linear(3, 2), path)
    >>> other = nn.load_weights(nn.Linear(3, 2), path)
    """
    arrays = {name: np.ascontiguousarray(array) for name, array in named_tensors(net).items()}
    if _kind(path) == ".npz":
        with replacing(path) as file:
            np.savez(file, **arrays)
    else:
        from safetensors.numpy import save

        with replacing(path) as file:
            file.write(save(arrays))


def load_weights(net, path):
    """Set a network's parameters and running statistics from a file of ``save_weights``; return the network.

    Raises RangeError for missing and unknown names, ShapeError for other shapes and for numbers of another type, each
    with a list of all of them; then nothing is changed.
    """
    found = _read(path)
    own = named_tensors(net)
    names = [f"{name} is missing" for name in own if name not in found]
    names += [f"{name} is unknown" for name in found if name not in own]
    if names:
        raise RangeError(f"{path} does not fit the network: {'; '.join(names)}")
    wrong = [
        f"{name} is {_described(found[name])}, but {_described(array)} in the network"
        for name, array in own.items()
        if _described(found[name]) != _described(array)
    ]
    if wrong:
        raise ShapeError(f"{path} does not fit the network: {'; '.join(wrong)}")
    for name, array in own.items():
        array[...] = found[name]
    return recompute(net)


def recompute(net):
    """Compute the weights that are made of other parameters, which evaluation mode takes as they are."""
    for module in net.listModules():
        if isinstance(module, WeightNorm):
            module.updateWeight()
        elif isinstance(module, LinearWeightNorm):
            module.updateWeightMatrix()
    return net


def _kind(path):
    """The ending of a file that can hold weights."""
    kind = Path(path).suffix
    if kind not in (".npz", ".safetensors"):
        raise RangeError(f"weights go to a .npz or a .safetensors file, not to {str(path)!r}")
    if kind == ".safetensors" and importlib.util.find_spec("safetensors") is None:
        raise MissingExtraError("safetensors", "safetensors", "a .safetensors file")
    return kind


def _read(path):
    """The arrays of a file by name."""
    if _kind(path) == ".safetensors":
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            arrays = load_file(path)
            lacking = {array.dtype.name for array in arrays.values() if array.dtype.kind == "V"}  # of other packages
            if lacking:
                raise TypeError(", ".join(sorted(lacking)))
        except SafetensorError as error:
            raise ShapeError(f"{path} is no .safetensors file: {error}") from error
        except TypeError as error:
            raise ShapeError(
                f"{path} holds numbers that numpy has no type for, save them as float32: {error}"
            ) from error
        return arrays
    with open(path, "rb") as file:
        try:
            found = np.load(file, allow_pickle=False)
            if isinstance(found, np.ndarray):
                raise ShapeError("it holds one array without a name, as a .npy")
            with found:
                return dict(found)
        except Exception as error:  # whatever damaged bytes make numpy, zipfile and the readers below them raise
            raise ShapeError(f"{path} is no .npz file of arrays: {error}") from error


def _described(array):
    return f"{array.dtype.name} {'x'.join(map(str, array.shape)) or 'number'}"
