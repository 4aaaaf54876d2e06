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
            _name(value, name)
    for name, value in plain.items():
        _name_entries(value, name, ())


def _name(node, name):
    if node.name is None:
        node.annotate(name=name)


def _name_entries(value, name, around):
    """Name the nodes in nested lists and dicts; ``around`` holds those that are being looked through."""
    if isinstance(value, (list, tuple)):
        entries = enumerate(value, 1)
    elif isinstance(value, dict):
        entries = list(value.items())
    else:
        return
    if any(value is outer for outer in around):
        return
    for key, entry in entries:
        if isinstance(entry, Node):
            _name(entry, f"{name}[{key}]")
        else:
            _name_entries(entry, f"{name}[{key}]", (*around, value))
