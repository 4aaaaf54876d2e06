"""Weights of recurrent networks in other people's layouts, as dictionaries of arrays: PyTorch's, and one gate each."""

import numpy as np

from ..errors import GraphError, RangeError, ShapeError
from ..graph.gmodule import gModule
from ..nesting import shape_of
from .layers import Bidirectional, Layers
from .unroll import Unroll

__all__ = ["load_torch_weights", "torch_weights", "load_gate_weights", "gate_weights"]

# For each number of gates: in which order PyTorch's blocks of rows stand here (and ours there), and their signs here.
# LSTM: i, f, g, o there; i, f, o, g here. GRU: r, z, n, where z keeps the old state there and takes the new one here:
# 1 - sigmoid(a) = sigmoid(-a).
_ORDER = {1: (0,), 3: (0, 1, 2), 4: (0, 1, 3, 2)}
_SIGNS = {1: (1,), 3: (1, -1, 1), 4: (1, 1, 1, 1)}
# The gates of one-matrix-each dictionaries in the order of an LSTM's rows: update (input), forget, output, candidate.
_LETTERS = "ifoc"


def load_torch_weights(net, weights):
    """Set the weights of a recurrent network from arrays as PyTorch's RNN, LSTM and GRU name them; return the network.

    ``net`` is a cell (RNN, LSTM, GRU with ``reset_after=True``), an LSTM.stack, or an Unroll, Bidirectional or Layers
    of such; ``weights`` is a dict with ``weight_ih_l0``, ``weight_hh_l0``, ``bias_ih_l0``, ``bias_hh_l0``, the same
    with ``l1`` for the next layer and with ``_reverse`` behind for the backward direction (a module's ``state_dict()``,
    each turned into an array). Gates are put into the order of this package. Absent biases are zeros.

    Raises RangeError for missing or unknown names, ShapeError for an array that does not fit, GraphError for a network
    that PyTorch has no counterpart of.

    >>> import numpy as np, pygraph_nn as nn
    >>> net = nn.Unroll(nn.RNN.create(3, 2))
    >>> net = load_torch_weights(net, {"weight_ih_l0": np.ones((2, 3)), "weight_hh_l0": np.zeros((2, 2))})
    >>> net.cell["i2h"].module.weight
    array([[1., 1., 1.],
           [1., 1., 1.]])
    """
    left = dict(weights)
    places = list(_places(net))
    for name, module, gates in places:
        values = left.pop(f"weight_{name}", None), left.pop(f"bias_{name}", None)
        if values[0] is None:
            raise RangeError(f"load_torch_weights: weight_{name} is missing; there are {', '.join(weights) or 'none'}")
        for parameter, value in zip((module.weight, module.bias), values):
            _assign(parameter, 0 if value is None else _blocks(value, gates, parameter.shape, name), name)
    if left:
        raise RangeError(
            f"load_torch_weights: the network has no place for {', '.join(left)}; its weights are "
            f"{', '.join(f'weight_{name}' for name, _, _ in places)} and the biases"
        )
    return net


def torch_weights(net):
    """Return the weights of a recurrent network as ``load_torch_weights`` takes them: copies, in PyTorch's order.

    >>> import pygraph_nn as nn
    >>> list(torch_weights(nn.Unroll(nn.LSTM.create(3, 2))))
    ['weight_ih_l0', 'bias_ih_l0', 'weight_hh_l0', 'bias_hh_l0']
    """
    found = {}
    for name, module, gates in _places(net):
        found[f"weight_{name}"] = _blocks(module.weight, gates, module.weight.shape, name)
        if module.bias is not None:
            found[f"bias_{name}"] = _blocks(module.bias, gates, module.bias.shape, name)
    return found


def _places(net):
    """Yield the names of a network's weights (without ``weight_``), the Linear that holds them, and its gates."""
    for layer, directions in enumerate(_layers(net)):
        for direction, cell in enumerate(directions):
            gates = _gates(cell)
            suffix = f"l{layer}" + ("_reverse" if direction else "")
            yield f"ih_{suffix}", cell["i2h"].module, gates
            yield f"hh_{suffix}", cell["h2h"].module, gates


def _layers(net):
    """Yield the cells of each layer: one, or the one forward and the one backward."""
    if isinstance(net, Layers):
        for layer in net.modules:
            yield from _layers(layer)
    elif isinstance(net, Bidirectional):
        yield [part.cell for part in net.modules]
    elif isinstance(net, Unroll):
        yield from _layers(net.cell)
    elif isinstance(net, gModule):
        nested = [node.module for node in net.forwardnodes if isinstance(node.module, gModule)]
        yield from ([cell] for cell in nested or [net])
    else:
        raise GraphError(f"weights are those of a cell, an Unroll, Bidirectional or Layers, got {net!r}")


def _gates(cell):
    """The number of a cell's gates."""
    gates = _count_gates(cell)
    if gates not in _ORDER:
        raise GraphError(
            "PyTorch's layout is that of RNN.create, LSTM.create and GRU.create(..., reset_after=True), not of this "
            f"cell: {cell!r}"
        )
    return gates


def _count_gates(cell):
    names = {node.name for node in cell.forwardnodes}
    if not {"i2h", "h2h"} <= names or "in_gate_peephole" in names:
        return None
    rows, width = cell["h2h"].module.weight.shape
    return rows / width if len(cell["i2h"].module.weight) == rows else None


def _blocks(value, gates, shape, name):
    """The blocks of rows in the other order, theirs or ours, each with its sign."""
    value = np.asarray(value)
    if value.shape != shape:
        raise ShapeError(f"the array for {name} must be {'x'.join(map(str, shape))}, got {shape_of(value)}")
    blocks = np.split(value, int(gates))
    signs = _SIGNS[gates]
    return np.concatenate([signs[gate] * blocks[gate] for gate in _ORDER[gates]])


def _assign(parameter, value, name):
    if parameter is not None:
        parameter[...] = value
    elif np.any(value):
        raise ShapeError(f"the array bias_{name} has no place: the network's Linear has no bias")


def load_gate_weights(cell, parameters):
    """Set an LSTM's weights from one matrix for each gate, on the state and the input joined; return the cell.

    ``parameters`` is a dict of ``Wf``, ``Wi``, ``Wo`` and ``Wc`` (each n_a x (n_a + n_x), the columns of the previous
    hidden state first) and ``bf``, ``bi``, ``bo``, ``bc`` (n_a x 1, or n_a): the forget, input (update) and output
    gates and the candidate. ``Wy`` (n_y x n_a) and ``by`` go to the node named ``decoder``, a Linear, if the cell has
    one.

    Raises RangeError for a missing matrix, ShapeError for one of another shape.

    >>> import numpy as np, pygraph_nn as nn
    >>> gates = {"W" + gate: np.ones((4, 7)) for gate in "fioc"} | {"b" + gate: np.zeros((4, 1)) for gate in "fioc"}
    >>> cell = load_gate_weights(nn.LSTM.create(3, 4), gates)
    >>> cell["i2h"].module.weight.shape
    (16, 3)
    """
    i2h, h2h = _lstm(cell)
    size = h2h.weight.shape[1]
    for number, letter in enumerate(_LETTERS):
        rows = slice(number * size, (number + 1) * size)
        both = _entry(parameters, f"W{letter}", (size, size + i2h.weight.shape[1]))
        h2h.weight[rows], i2h.weight[rows] = both[:, :size], both[:, size:]
        i2h.bias[rows], h2h.bias[rows] = _entry(parameters, f"b{letter}", (size, 1))[:, 0], 0
    decoder = _decoder(cell)
    if decoder is not None:
        decoder.weight[...] = _entry(parameters, "Wy", decoder.weight.shape)
        decoder.bias[...] = _entry(parameters, "by", (len(decoder.bias), 1))[:, 0]
    return cell


def gate_weights(cell):
    """Return an LSTM's weights as ``load_gate_weights`` takes them; both biases of a gate are added.

    >>> import pygraph_nn as nn
    >>> {name: array.shape for name, array in gate_weights(nn.LSTM.create(3, 4)).items() if name in ("Wf", "bf")}
    {'Wf': (4, 7), 'bf': (4, 1)}
    """
    i2h, h2h = _lstm(cell)
    size = h2h.weight.shape[1]
    found = {}
    for number, letter in enumerate(_LETTERS):
        rows = slice(number * size, (number + 1) * size)
        found[f"W{letter}"] = np.hstack([h2h.weight[rows], i2h.weight[rows]])
        found[f"b{letter}"] = (i2h.bias[rows] + h2h.bias[rows])[:, None]
    decoder = _decoder(cell)
    if decoder is not None:
        found |= {"Wy": decoder.weight.copy(), "by": decoder.bias[:, None].copy()}
    return found


def _lstm(cell):
    """The two Linear modules of an LSTM, which may be nested in a cell with a decoder on top."""
    candidates = [cell, *(module for module in cell.modules if isinstance(module, gModule))]
    for candidate in candidates:
        if _count_gates(candidate) == 4:
            return candidate["i2h"].module, candidate["h2h"].module
    raise GraphError(f"one matrix for each gate is the layout of an LSTM, not of {cell!r}")


def _decoder(cell):
    return next((node.module for node in cell.forwardnodes if node.name == "decoder"), None)


def _entry(parameters, name, shape):
    if name not in parameters:
        raise RangeError(f"the array {name} is missing; there are {', '.join(parameters) or 'none'}")
    value = np.asarray(parameters[name])
    if name[0] == "b" and value.shape == shape[:1]:
        value = value[:, None]
    if value.shape != shape:
        raise ShapeError(f"{name} must be {'x'.join(map(str, shape))}, got {shape_of(value)}")
    return value
