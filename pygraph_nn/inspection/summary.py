"""A network as a table: its nodes, their output shapes, parameters and multiply-adds."""

import math

import numpy as np

from ..errors import GraphError
from ..graph.gmodule import gModule
from ..modules.module import Module
from ..nesting import is_table
from .measuring import Counter
from .picture import shared_letters
from .text import Table, counted, name_of, table

__all__ = ["summary"]


def summary(net, input=None, *, expand=False, as_dict=False):
    """Return a table of a network's nodes; printed, it fits 100 columns.

    Parameters
    ----------
    net : gModule or Module
    input : array, shape or nested list of these, optional
        The network runs once with it, on a copy in evaluation mode, so that output shapes and multiply-adds are known:
        ``(20, 3)`` is one array of that shape, ``[(20, 3), (20, 4)]`` a table of two. Without it, the shapes are those
        of the last pass, if there was one.
    expand : bool, default False
        Also list what is inside gModules and containers.
    as_dict : bool, default False
        Return the same as numbers: ``rows`` (a list of dicts), ``parameters``, ``bytes``, ``multiply_adds``.

    Multiply-adds are those of products with weights and of products of tables. Modules with one letter share their
    weights; the totals count these once. Raises GraphError for what is no module, ShapeError for an input that is no
    array, shape or list of them.

    >>> import pygraph_nn as nn
    >>> net = nn.Sequential().add(nn.Linear(3, 4)).add(nn.Tanh())
    >>> nn.summary(net, (20, 3), as_dict=True)["rows"][0]["multiply_adds"]
    240
    """
    if not isinstance(net, Module):
        raise GraphError(f"summary lists what is in a gModule or another module, got {net!r}; a node's is node.graph")
    counter = None if input is None else Counter(net, input)
    places = list(_places(net, expand))
    arrays = _unique(net.parameters()[0])
    total = sum(array.size for array in arrays)
    letters = shared_letters((place, place.module) for place in places if not (expand and place.module.children()))
    rows = [_row(place, counter, total, letters.get(place, "")) for place in places]
    facts = {
        "name": name_of(net) or net.typename(),
        "rows": rows,
        "parameters": total,
        "bytes": sum(array.nbytes for array in arrays),
        "multiply_adds": None if counter is None else counter.counts[id(net)],
    }
    return facts if as_dict else Table(_lay_out(facts))


class _Place:
    """A node or a module inside a container, ``depth`` levels deep."""

    __slots__ = ("node", "module", "net", "depth")

    def __init__(self, node, module, net, depth):
        self.node, self.module, self.net, self.depth = node, module, net, depth


def _places(module, expand, depth=0):
    """Yield what a container has inside, in the order of the forward pass; a plain module stands for itself."""
    if isinstance(module, gModule):
        inside = [_Place(node, node.module, module, depth) for node in module.forwardnodes if node.module is not None]
    else:
        inside = [_Place(None, child, None, depth) for child in module.children()]
    if not inside:
        yield _Place(None, module, None, depth)
    for place in inside:
        yield place
        if expand and place.module.children():
            yield from _places(place.module, expand, depth + 1)


def _row(place, counter, total, letter):
    key = id(place.node or place.module)
    arrays = _unique(place.module.parameters()[0])
    count = sum(array.size for array in arrays)
    if counter is not None:
        output = counter.outputs.get(key)
    else:
        output = place.net.value(place.node) if place.node is not None else place.module.output
    return {
        "name": name_of(place.node),
        "module": place.module.title(),
        "depth": place.depth,
        "output": _shape(output),
        "parameters": count,
        "share": count / total if total else 0.0,
        "shared": letter,
        "multiply_adds": None if counter is None else counter.counts.get(key, 0),
    }


def _unique(arrays):
    """The arrays, one for each piece of memory."""
    return list({(array.__array_interface__["data"][0], array.shape): array for array in arrays}.values())


def _shape(value):
    """A shape as a tuple, a table's as a list of shapes, None where there is no value."""
    if isinstance(value, np.ndarray):
        return value.shape
    if isinstance(value, dict):
        return {key: _shape(item) for key, item in value.items()}
    return [_shape(item) for item in value] if is_table(value) else None


def _shape_text(shape):
    if isinstance(shape, tuple):
        return "×".join(map(str, shape)) or "scalar"
    if isinstance(shape, dict):
        return "{" + ", ".join(f"{key}: {_shape_text(item)}" for key, item in shape.items()) + "}"
    return "" if shape is None else "[" + ", ".join(map(_shape_text, shape)) + "]"


def _lay_out(facts):
    rows = [
        [
            "  " * row["depth"] + row["name"],
            "  " * row["depth"] * (not row["name"]) + row["module"],
            _shape_text(row["output"]),
            counted(row["parameters"]) if row["parameters"] else "",
            f"{row['share']:.1%}" if row["parameters"] else "",
            row["shared"],
            counted(row["multiply_adds"]) if row["multiply_adds"] else "",
        ]
        for row in facts["rows"]
    ]
    heads = ["name", "module", "output", ">parameters", ">share", "shared", ">multiply-adds"]
    used = [any(row[column] for row in rows) or column == 1 for column in range(len(heads))]
    kept = [head for head, use in zip(heads, used, strict=True) if use]
    lines = table(kept, [[cell for cell, use in zip(row, used, strict=True) if use] for row in rows])
    total = f"{facts['parameters']:,} parameters, {sized(facts['bytes'])}"
    if facts["multiply_adds"] is not None:
        total += f", {facts['multiply_adds']:,} multiply-adds"
    return "\n".join([facts["name"], *lines, total])


def sized(count):
    """Return a number of bytes for people: ``1.5 MiB``."""
    if count < 1024:
        return f"{count} bytes"
    power = min(3, int(math.log(count, 1024)))
    return f"{count / 1024**power:.1f} {('KiB', 'MiB', 'GiB')[power - 1]}"
