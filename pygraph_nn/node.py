"""A Node is a module's place in a graph: which nodes feed it, how it is annotated, where it was declared."""

import itertools
import sys
import weakref
from typing import Any

from .errors import GraphError, RangeError
from .nesting import shape_of

__all__ = ["Node"]

# Frames of these files are machinery: a node's declaring line is the first frame outside them.
_MACHINERY = {"pygraph_nn.node", "pygraph_nn.modules.module", "pygraph_nn.criterions.criterion"}
_serial = itertools.count(1)


class Pictured:
    """What a notebook shows as a picture; ``bundle`` makes it, and whoever can draw sets that."""

    bundle: Any = None

    def _repr_mimebundle_(self, include=None, exclude=None):
        """The forms in which a notebook can show this."""
        return {"text/plain": repr(self)} if self.bundle is None else self.bundle(self)

    def _repr_svg_(self):
        """The picture as SVG, or None where there is none."""
        return self._repr_mimebundle_().get("image/svg+xml")


class Node(Pictured):
    """A module's place in a graph.

    Calling a module on nodes makes one, and so does ``-``; users seldom call ``Node(...)`` themselves.

    >>> import pygraph_nn as nn
    >>> x = nn.Identity()()                      # a node without inputs: an input of the graph
    >>> h = nn.Tanh()(nn.Linear(3, 2)(x))        # modules called on nodes
    >>> same = x - nn.Linear(3, 2) - nn.Tanh()   # the same, written as the data flows
    >>> h.annotate(name="hidden").name
    'hidden'

    Attributes
    ----------
    module : Module or None
        What the node computes; None for the nodes that only route (``split``, a graph's input and output nodes).
    inputs : list of Node
        The nodes that feed it, in order. With one, its output itself is the module's input; with several, the list.
    annotations : dict
        ``name``, ``description``, ``graphAttributes`` (for the picture) and whatever else the user keeps there.
    declared : str
        ``file:line`` of the call that made the node.
    input, output, gradOutput : arrays or tables
        What passed through in the last ``forward`` and ``backward`` of the graph, or None before it.

    Source: Torch7's nngraph/node.lua.
    """

    def __init__(self, module=None, inputs=(), *, selectindex=None, nSplitOutputs=None):
        self._module = module
        self.inputs = list(inputs)
        self.consumers = []
        self.annotations = {}
        self.selectindex = selectindex
        self.nSplitOutputs = nSplitOutputs
        self.declared = _declaring_line()
        self.serial = next(_serial)
        self._graphs = ()
        for source in dict.fromkeys(self.inputs):
            source.consumers.append(self)

    @property
    def module(self):
        """The module that the node runs; assigning another one edits the graphs that the node is part of."""
        return self._module

    @module.setter
    def module(self, module):
        if module is not None and (isinstance(module, type) or not hasattr(module, "updateOutput")):
            raise GraphError(f"{self!r}: node.module is a module, got {module!r}: a class needs parentheses")
        if module is not self._module:
            self._module = module
            for graph in self.graphs():
                graph.rewire()

    @property
    def graph(self):
        """The gModule that the node is part of, or None; of several, the one that ran last."""
        return max(self.graphs(), key=lambda graph: graph._turn, default=None)

    def graphs(self):
        """Return the gModules that the node is part of, the newest first."""
        living = [entry() if isinstance(entry, weakref.ref) else entry for entry in self._graphs]
        return [graph for graph in living if graph is not None]

    def join(self, graph):
        """Become part of a gModule; earlier ones stay in view for as long as somebody has them."""
        self._graphs = graph, *map(weakref.ref, self.graphs())

    def __reduce_ex__(self, protocol):
        if self.graph is None:
            return super().__reduce_ex__(protocol)
        return _node_of, (self.graph, self.graph.forwardnodes.index(self))

    @property
    def name(self):
        """The annotated name, or None."""
        return self.annotations.get("name")

    def annotate(self, name=None, description=None, graphAttributes=None, **annotations):
        """Keep a name, a description, Graphviz attributes or anything else with the node; return the node.

        >>> import pygraph_nn as nn
        >>> x = nn.Identity()().annotate(name="x", graphAttributes={"color": "red"})
        >>> x.annotations["graphAttributes"]
        {'color': 'red'}
        """
        given = {"name": name, "description": description, "graphAttributes": graphAttributes, **annotations}
        self.annotations.update((key, value) for key, value in given.items() if value is not None)
        return self

    def split(self, n):
        """Return ``n`` nodes, one for each entry of the table that this node puts out.

        All of them must be used, and the table must have exactly ``n`` entries when the graph runs.

        >>> import pygraph_nn as nn
        >>> first, second = nn.SplitTable(1)(nn.Identity()()).split(2)
        """
        if isinstance(n, bool) or not isinstance(n, int) or n < 1:
            raise RangeError(f"split(n) needs a whole number n of at least 1, got {n!r} (at {_declaring_line()})")
        router = Node(inputs=[self], nSplitOutputs=n)
        return tuple(Node(inputs=[router], selectindex=index) for index in range(1, n + 1))

    def __sub__(self, module):
        """``node - module`` is ``module(node)``."""
        if not callable(module):
            raise GraphError(f"node - module needs a module on the right, got {module!r} (at {_declaring_line()})")
        return module(self)

    @property
    def output(self):
        """What the node put out in the graph's last forward pass."""
        return None if self.graph is None else self.graph.value(self)

    @property
    def gradOutput(self):
        """The sum of the gradients that reached the node in the last backward pass."""
        return None if self.graph is None else self.graph.gradient(self)

    @property
    def input(self):
        """What the node took in in the last forward pass: its input's output, or the list of them."""
        if self.graph is None:
            return None
        values = [self.graph.value(source) for source in self.graph.sources(self)]
        return values[0] if len(values) == 1 else values

    def title(self):
        """Say what the node does in few words: its module with arguments, or its role in routing."""
        if self._module is not None:
            return self._module.title()
        if self.selectindex is not None:
            return f"select {self.selectindex}"
        return f"split {self.nSplitOutputs}" if self.nSplitOutputs else "route"

    def label(self):
        """Describe the node for people: name, module with arguments and, once run, the shapes that passed."""
        lines = [str(self.name)] if self.name else []
        lines.append(self.title())
        if self.output is not None:
            lines.append(f"output: {shape_of(self.output)}")
        if self.gradOutput is not None:
            lines.append(f"gradOutput: {shape_of(self.gradOutput)}")
        return "\n".join(lines)

    def __repr__(self):
        name = f" {self.name!r}" if self.name else ""
        return f"<Node{name}: {self.title()}, declared at {self.declared}>"


def _node_of(graph, index):
    """A node's copy is that of its gModule's copy, which may still be under way."""
    return graph.node_at(index)


def _declaring_line():
    """Return ``file:line`` of the nearest caller outside the machinery."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__") in _MACHINERY:
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
