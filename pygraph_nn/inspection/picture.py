"""What a picture of a network shows, before it is written in any language."""

import numpy as np

from ..errors import GraphError, RangeError
from ..graph.gmodule import gModule
from ..modules.containers import Container
from ..modules.module import Module
from ..node import Node
from .grid import unrolled
from .painter import Painter
from .parts import Picture

__all__ = ["picture", "shared_letters", "LARGE"]

LARGE = 1500  # boxes; beyond, what takes long to lay out is done without


def picture(what, title=None, *, simple=False, expand=False, steps=None):
    """Return the Picture of a gModule, of its ``fg`` or ``bg`` or a part of these, of any module, or of a Node.

    Parameters
    ----------
    what : gModule, networkx.DiGraph of Nodes, Module or Node
        A module that is no gModule is drawn opened, a Node with everything that it depends on.
    simple : bool
        Leave out Identity modules and the nodes that only route.
    expand : bool, int or "graphs"
        How many levels of containers inside to open, each as a frame; True opens all, "graphs" opens gModules only.
    steps : int, optional
        Draw a recurrent cell, or a module that runs one, over so many steps in time.
    """
    if steps is not None:
        what, simple = unrolled(what, steps), True
    net, wires, backward = _survey(what)
    levels = _levels(expand)
    title = title if title is not None else getattr(net, "name", None)
    painter = Painter(Picture(title, net, backward), simple, gModule if expand == "graphs" else Container)
    if wires is None:
        painter.module_alone(what, max(levels, 1))
    else:
        painter.graph(net, wires, None, None, levels)
    boxes = painter.picture.boxes
    if len(boxes) > LARGE:
        painter.cut_long_links()
    for box, letter in shared_letters((box, box.module) for box in boxes if box.kind == "module").items():
        box.shared = letter
    return painter.picture


def _levels(expand):
    """How many levels of what is inside are to be opened."""
    if expand is True or expand == "graphs":
        return 10**6
    if not isinstance(expand, (int, np.integer)) or expand < 0:
        raise RangeError(f"expand is True, False, a number of levels from 0, or 'graphs', got {expand!r}")
    return int(expand)


def _survey(what):
    """Return the net, what feeds each node (nodes in forward order), and whether to draw the gradients' way."""
    if isinstance(what, gModule):
        return what, {node: what.sources(node) for node in what.forwardnodes}, False
    if isinstance(what, Module):
        return None, None, False
    if isinstance(what, Node):
        return what.graph, _post_order([what], lambda node: node.inputs), False
    plain = hasattr(what, "succ") and not what.is_multigraph()
    if not plain or not all(isinstance(node, Node) for node in what):
        raise GraphError(
            "a picture is made of a gModule, its fg or bg (a networkx.DiGraph of Nodes), a module or a Node, "
            f"got {what!r}"
        )
    backward = _is_backward(what)
    before, after = (what.succ, what.pred) if backward else (what.pred, what.succ)

    def sources(node):
        pairs = ((place, source) for source, edge in before[node].items() for place in edge.get("positions", (0,)))
        return [source for _, source in sorted(pairs, key=lambda pair: pair[0])]

    wires = _post_order([node for node in what if not after[node]], sources)
    ends = [node.graph for node in what if node.graph is not None and node is node.graph.outnode]
    nets = ends or [node.graph for node in what]
    return (nets[0] if nets else None), wires, backward


def _is_backward(graph):
    """Tell whether the edges of a graph of nodes run along the gradients."""
    for source, target in graph.edges:
        if source in target.inputs:
            return False
        if target in source.inputs:
            return True
    return any(target.graph and source not in target.graph.sources(target) for source, target in graph.edges)


def _post_order(last, sources):
    """Return {node: its sources}, sources first, depth first from the ``last`` nodes, without recursion."""
    wires, opened, waiting = {}, set(), list(reversed(last))
    while waiting:
        node = waiting[-1]
        if node in opened:
            waiting.pop()
            if node not in wires:
                wires[node] = sources(node)
        else:
            opened.add(node)
            waiting.extend(source for source in reversed(sources(node)) if source not in opened)
    return wires


def shared_letters(pairs):
    """Return the letter of each owner (of pairs: owner, module) whose module's parameters another one also holds.

    The same letter says: the same parameters, in memory.
    """
    users = {}
    for owner, module in pairs:
        for array in module.parameters()[0]:
            users.setdefault((array.__array_interface__["data"][0], array.shape), {})[owner] = None
    groups, letters = {}, {}
    for sharers in users.values():
        if len(sharers) > 1:
            letter = groups.setdefault(tuple(sharers), _letter(len(groups)))
            for owner in sharers:
                letters.setdefault(owner, letter)
    return letters


def _letter(index):
    """A, B, ... Z, A2, B2, ..."""
    return chr(ord("A") + index % 26) + (str(index // 26 + 1) if index >= 26 else "")
