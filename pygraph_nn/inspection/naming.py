"""Names for nodes: those of the variables that hold them."""

import sys

from ..node import Node

__all__ = ["annotateNodes"]


def annotateNodes():
    """Name the nodes in the caller's local variables after these variables.

    A node in a list gets ``name[1]``, ``name[2]`` and so on, one in a dict ``name[key]``. Names given before stay, and
    a node that several variables hold is named after the first; variables that begin with ``_`` do not count. Call it
    at the end of the function, file or notebook cell that makes the nodes. Source: Torch7's nngraph.annotateNodes.

    >>> import pygraph_nn as nn
    >>> def block():
    ...     x = nn.Identity()()
    ...     parts = [nn.Tanh()(x), nn.Sigmoid()(x)]
    ...     nn.annotateNodes()
    ...     return nn.gModule([x], parts)
    >>> [node.name for node in block().forwardnodes if node.module]
    ['x', 'parts[1]', 'parts[2]']
    """
    variables = sys._getframe(1).f_locals
    # "Out" is where a notebook keeps the results of its cells.
    plain = {name: value for name, value in variables.items() if name[0] != "_" and name != "Out"}
    # A variable of its own says more about a node than its place in a list.
    for name, value in plain.items():
        if isinstance(value, Node):
            _name(value, (None, name))
    _name_entries(plain)


def _name_entries(variables):
    """Name the nodes in nested lists and dicts, each of which is looked through once."""
    seen, waiting = set(), [(value, (None, name)) for name, value in reversed(variables.items())]
    while waiting:
        value, path = waiting.pop()
        if isinstance(value, Node):
            _name(value, path)
        elif isinstance(value, (list, tuple, dict)) and id(value) not in seen:
            seen.add(id(value))
            entries = value.items() if isinstance(value, dict) else enumerate(value, 1)
            waiting.extend((entry, (path, key)) for key, entry in reversed(list(entries)))


def _name(node, path):
    """Name a node, unless it has a name; a path is a place and the key there, put together where it is needed."""
    if node.name is None:
        keys = []
        while path is not None:
            path, key = path
            keys.append(key)
        name, *keys = reversed(keys)
        node.annotate(name=name + "".join(f"[{key}]" for key in keys))
