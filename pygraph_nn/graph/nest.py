"""nest: one node that stands for a nested table of nodes."""

from ..errors import GraphError
from ..modules.module import Module, expect_nodes
from ..modules.shapes import Identity
from ..modules.tables import JustTable
from ..node import Node

__all__ = ["nest"]


def nest(nodes):
    """Return a node whose output is the nested table of the nodes' outputs.

    A node stands for itself, a list of one node for a table of one entry. Source: Torch7's nngraph/nest.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> a, b = nn.Identity()(), nn.Identity()()
    >>> net = nn.gModule([a, b], [nn.nest([a, [b]])])
    >>> net.forward([np.zeros(1), np.ones(1)])
    [array([0.]), [array([1.])]]
    """
    if isinstance(nodes, Node):
        return nodes
    if not isinstance(nodes, (list, tuple)) or not nodes:
        if isinstance(nodes, Module) or nodes is None:
            expect_nodes([nodes], "nest")
        raise GraphError(f"nest takes a Node or a non-empty nested list of Nodes, got {nodes!r}")
    if len(nodes) == 1:
        return JustTable()(nest(nodes[0]))
    return Identity()([nest(node) for node in nodes])
