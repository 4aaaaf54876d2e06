"""What a picture is made of: boxes, the wires that leave them, links between them, and clusters around them."""

from numbers import Real
from typing import NamedTuple

from ..errors import GraphError
from ..graph.gmodule import gModule
from ..modules.module import Module
from ..nesting import leaves
from ..node import Node
from .families import family_of
from .text import name_of

__all__ = ["Box", "Cluster", "Wire", "Link", "Picture", "step_of"]


class Box:
    """One box: a node, a module inside of a container, or an end (an input or output) of the network.

    Attributes
    ----------
    id : str; unique in the picture.
    kind : str; ``module``, ``route``, ``input`` or ``output``.
    node, module, net : the Node, its module, and the gModule whose pass gives the node's values; each may be None.
    role : str; ``input 1`` and the like, or empty.
    cluster : Cluster or None
    shared : str; a letter that the boxes with the same weights have in common, or empty.
    step : the node's annotation ``step``, a column of the picture, or None.
    """

    __slots__ = ("id", "kind", "node", "module", "net", "role", "cluster", "shared", "step")

    def __init__(self, id, kind, node, module, net, role, cluster):
        self.id, self.kind, self.node, self.module, self.net = id, kind, node, module, net
        self.role, self.cluster, self.shared = role, cluster, ""
        self.step = cluster.step if cluster is not None else None
        if self.step is None and node is not None:
            self.step = step_of(node)

    @property
    def name(self):
        """The node's annotated name, or an empty text."""
        return "" if self.kind == "output" else name_of(self.node)

    @property
    def family(self):
        """The key of the box's family in ``FAMILIES``."""
        return "end" if self.kind in ("input", "output") else family_of(self.module)

    @property
    def text(self):
        """The module with its arguments, or the role in routing, on one line."""
        if self.node is not None and self.module is self.node.module:
            return self.node.title()
        return "" if self.module is None else self.module.title()


def step_of(node):
    """Return a node's annotation ``step``, or None; raise GraphError where it is no number."""
    step = node.annotations.get("step")
    if step is not None and not isinstance(step, Real):
        raise GraphError(f"the annotation step is a number, a column of the picture; got {step!r} at {node!r}")
    return step


class Cluster(NamedTuple):
    """A frame around the boxes of a network inside the network; ``parent`` is the frame around it, or None."""

    id: str
    label: str
    parent: "Cluster | None"
    step: object = None
    node: "Node | None" = None


class Wire(NamedTuple):
    """Where a value comes from: the box that it leaves, and whose output it is.

    That of ``node`` (of ``net``), or else of ``module``, by default the box's; ``path`` leads to an entry of a table.
    """

    box: Box | None
    net: gModule | None = None
    node: Node | None = None
    module: Module | None = None
    path: tuple[int, ...] = ()

    def entry(self, index):
        """The wire of one entry, counted from 1, of the table that goes along this one."""
        return self._replace(path=(*self.path, index))

    @property
    def name(self):
        """The name of the value, where it is another one than the box's: that of a select that is not drawn."""
        elsewhere = self.node is not self.box.node and self.box.kind == "module"
        return name_of(self.node) if elsewhere else ""

    def value(self, backward):
        """The value of the last forward pass, or the gradient of the last backward pass; None before it."""
        if self.node is None:
            owner = self.module or (self.box and self.box.module)
            value = None if backward or owner is None else owner.output
        elif self.net is None or self.node not in self.net.fg:
            return None
        else:
            value = self.net.gradient(self.node) if backward else self.net.value(self.node)
        for index in self.path:
            if isinstance(value, (list, tuple)):
                value = value[index - 1] if index <= len(value) else None
        return None if all(leaf is None for leaf in leaves(value)) else value


class Link(NamedTuple):
    """An arrow: ``wire`` says where the value comes from; ``position`` is its place among the target's inputs.

    ``back`` is True where the value goes back, to be taken at the next time.
    """

    wire: Wire
    target: Box
    position: int
    back: bool = False


class Picture:
    """Boxes in the order of the forward pass, links, clusters; ``backward`` is True where links carry gradients."""

    def __init__(self, title, net, backward):
        self.title, self.net, self.backward = title, net, backward
        self.boxes, self.links, self.clusters = [], [], []
