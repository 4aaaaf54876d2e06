"""Bridges to other frameworks, each in files of its own that are imported when they are first used."""

import importlib
import importlib.util

from ..errors import MissingExtraError
from .weights import load_weights, save_weights

__all__ = ["to_torch", "save_torch", "from_torch", "load_state_dict", "to_onnx", "save_weights", "load_weights"]


def _load(file, package, extra, purpose):
    """Import one of the files here; say what to install where its framework is not."""
    if importlib.util.find_spec(package) is None:
        raise MissingExtraError(package, extra, purpose)
    return importlib.import_module(f"{__name__}.{file}")


def to_torch(net):
    """Return the network as a torch.fx.GraphModule; see ``pygraph_nn.bridges.torch.to_torch``."""
    return _load("torch", "torch", "torch", "to_torch").to_torch(net)


def from_torch(module):
    """Return a network of ours that computes what a PyTorch module does; see ``pygraph_nn.bridges.torch_import``."""
    return _load("torch_import", "torch", "torch", "from_torch").from_torch(module)


def save_torch(net, path):
    """Write ``to_torch(net)`` to a file; see ``pygraph_nn.bridges.torch.save_torch``."""
    _load("torch", "torch", "torch", "save_torch").save_torch(net, path)


def load_state_dict(net, state):
    """Set a network's weights from those of its PyTorch export; see ``pygraph_nn.bridges.torch.load_state_dict``."""
    return _load("torch", "torch", "torch", "load_state_dict").load_state_dict(net, state)


def to_onnx(net, path=None, *, input, batch=1):
    """Write the network as an ONNX model and return the model; see ``pygraph_nn.bridges.onnx.to_onnx``."""
    return _load("onnx", "onnx", "onnx", "to_onnx").to_onnx(net, path, input=input, batch=batch)
