"""Weights of recurrent networks in other people's layouts, as dictionaries of arrays: PyTorch's, and one gate each."""

import numpy as np

from ..errors import GraphError, RangeError, ShapeError, TensorTypeError
from ..graph.gmodule import gModule
from ..modules.linear import Linear
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

    Raises RangeError for missing or unknown names, ShapeError for an array that does not fit, TensorTypeError for what
    is no array of numbers, GraphError for a network that PyTorch has no counterpart of; the network is then as it was.

    >>> import numpy as np, pygraph_nn as nn
    >>> net = nn.Unroll(nn.RNN.create(3, 2))
    >>> net = load_torch_weights(net, {"weight_ih_l0": np.ones((2, 3)), "weight_hh_l0": np.zeros((2, 2))})
    >>> net.cell["i2h"].module.weight
    array([[1., 1., 1.],
           [1., 1., 1.]])
    """
    left = dict(_expect_dict(weights, "load_torch_weights"))
    places, found = list(_places(net)), []
    for name, module, gates in places:
        weight, bias = left.pop(f"weight_{name}", None), left.pop(f"bias_{name}", None)
        if weight is None:
            raise RangeError(f"load_torch_weights: weight_{name} is missing; there are {_names(weights)}")
        found.append((module.weight, _blocks(weight, gates, module.weight.shape, f"weight_{name}")))
        if module.bias is not None:
            found.append((module.bias, 0 if bias is None else _blocks(bias, gates, module.bias.shape, f"bias_{name}")))
        elif bias is not None and _numbers(bias, f"bias_{name}").any():
            raise ShapeError(f"load_torch_weights: bias_{name} has no place: the network's Linear has no bias")
    if left:
        raise RangeError(
            f"load_torch_weights: the network has no place for {_names(left)}; its weights are "
            f"{', '.join(f'weight_{name}' for name, _, _ in places)} and the biases"
        )
    _write(found)
    return net


def torch_weights(net):
    """Return the weights of a recurrent network as ``load_torch_weights`` takes them: copies, in PyTorch's order.

    >>> import pygraph_nn as nn
    >>> list(torch_weights(nn.Unroll(nn.LSTM.create(3, 2))))
    ['weight_ih_l0', 'bias_ih_l0', 'weight_hh_l0', 'bias_hh_l0']
    """
    found = {}
    for name, module, gates in _places(net):
        for kind, parameter in (("weight", module.weight), ("bias", module.bias)):
            if parameter is not None:
                found[f"{kind}_{name}"] = _blocks(parameter, gates, parameter.shape, f"{kind}_{name}")
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
    i2h, h2h = cell["i2h"].module, cell["h2h"].module
    if not isinstance(i2h, Linear) or not isinstance(h2h, Linear):
        return None
    rows, width = h2h.weight.shape
    return rows / width if len(i2h.weight) == rows else None


def _blocks(value, gates, shape, name):
    """The blocks of rows in the other order, theirs or ours, each with its sign."""
    blocks = np.split(_shaped(_numbers(value, name), shape, name), int(gates))
    signs = _SIGNS[gates]
    return np.concatenate([signs[gate] * blocks[gate] for gate in _ORDER[gates]])


def _numbers(value, name):
    """The value as an array of numbers; one of another framework comes by its own conversion."""
    try:
        array = np.asarray(value)
    except Exception as error:
        raise TensorTypeError(f"{name} is an array of numbers, got one that makes none: {error}") from error
    if array.dtype.kind not in "fiu":
        raise TensorTypeError(f"{name} is an array of numbers, got {shape_of(array)}")
    return array


def _shaped(value, shape, name):
    if value.shape != shape:
        raise ShapeError(f"{name} must be {'x'.join(map(str, shape))}, got {shape_of(value)}")
    return value


def _expect_dict(arrays, call):
    if not isinstance(arrays, dict):
        raise TensorTypeError(f"{call} takes a dict from names to arrays, got {shape_of(arrays)}")
    return arrays


def _names(arrays):
    return ", ".join(map(str, arrays)) or "none"


def _write(found):
    """Write arrays into parameters, once all of them have been found to fit."""
    for parameter, value in found:
        parameter[...] = value


def load_gate_weights(cell, parameters):
    """Set an LSTM's weights from one matrix for each gate, on the state and the input joined; return the cell.

    ``parameters`` is a dict of ``Wf``, ``Wi``, ``Wo`` and ``Wc`` (each n_a x (n_a + n_x), the columns of the previous
    hidden state first) and ``bf``, ``bi``, ``bo``, ``bc`` (n_a x 1, or n_a): the forget, input (update) and output
    gates and the candidate. ``Wy`` (n_y x n_a) and ``by`` go to the node named ``decoder``, a Linear, if the cell has
    one.

    Raises RangeError for a missing matrix, ShapeError for one of another shape, TensorTypeError for what is no array of
    numbers, GraphError for a cell that is not one LSTM; the cell is then as it was.

    >>> import numpy as np, pygraph_nn as nn
    >>> gates = {"W" + gate: np.ones((4, 7)) for gate in "fioc"} | {"b" + gate: np.zeros((4, 1)) for gate in "fioc"}
    >>> cell = load_gate_weights(nn.LSTM.create(3, 4), gates)
    >>> cell["i2h"].module.weight.shape
    (16, 3)
    """
    i2h, h2h = _lstm(cell)
    _expect_dict(parameters, "load_gate_weights")
    size, found = h2h.weight.shape[1], [(h2h.bias, 0)]
    for number, letter in enumerate(_LETTERS):
        rows = slice(number * size, (number + 1) * size)
        both = _entry(parameters, f"W{letter}", (size, size + i2h.weight.shape[1]))
        found += [(h2h.weight[rows], both[:, :size]), (i2h.weight[rows], both[:, size:])]
        found.append((i2h.bias[rows], _entry(parameters, f"b{letter}", (size, 1))[:, 0]))
    decoder = _decoder(cell)
    if decoder is not None:
        found.append((decoder.weight, _entry(parameters, "Wy", decoder.weight.shape)))
        found.append((decoder.bias, _entry(parameters, "by", (len(decoder.bias), 1))[:, 0]))
    _write(found)
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
    parts = (cell, *cell.children()) if isinstance(cell, gModule) else ()
    lstms = [part for part in parts if isinstance(part, gModule) and _count_gates(part) == 4]
    if len(lstms) != 1 or any(lstms[0][name].module.bias is None for name in ("i2h", "h2h")):
        raise GraphError(
            "one matrix and one bias for each gate is the layout of a cell with one LSTM in it that has biases "
            f"(unroll.cell of an Unroll, the node layer1's module of a stack), not of {cell!r}"
        )
    return lstms[0]["i2h"].module, lstms[0]["h2h"].module


def _decoder(cell):
    return next((node.module for node in cell.forwardnodes if node.name == "decoder"), None)


def _entry(parameters, name, shape):
    if name not in parameters:
        raise RangeError(f"the array {name} is missing; there are {_names(parameters)}")
    value = _numbers(parameters[name], name)
    return _shaped(value[:, None] if name[0] == "b" and value.shape == shape[:1] else value, shape, name)
