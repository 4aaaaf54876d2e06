"""gModules, graphs and nodes as objects of a .t7 file, and back.

In a file a gModule holds each node twice: as a node of the graph for the backward pass, ``bg``, whose children are its
inputs, and of the graph for the forward pass, ``fg``, whose children are its consumers. Both share one table, ``data``:
``module``, ``annotations``, ``selectindex``, ``nSplitOutputs``; ``mapindex``, which lists the inputs' data and, the
other way round, says each one's place; ``reverseMap``, whose keys are the consumers. Our Node is that data.

Source: Torch7's nngraph/gmodule.lua and nngraph/node.lua; graph/init.lua, graph/Node.lua and graph/Edge.lua.
"""

import re

from ..errors import GraphError, T7Error
from ..graph.gmodule import gModule
from ..modules.module import Module
from ..node import Node
from .format import T7Object, T7Pairs

__all__ = ["GraphReader"]

_OWN = {"annotations", "mapindex", "reverseMap", "module", "selectindex", "nSplitOutputs", "forwardNodeId"}
_PASS = {"input", "gradOutput", "gradOutputBuffer"}
_NET = {
    "bg", "fg", "innode", "outnode", "forwardnodes", "backwardnodes", "modules", "nInputs", "output", "gradInput",
    "verbose", "wanted", "_type", "train",
}  # fmt: skip
_LABEL = re.compile(r"\[(.*?)\]:(-?\d+)")


class GraphReader:
    """The graphs of one file: which Node stands for which table of data, and which graph for which graph."""

    def __init__(self):
        self.nodes, self.graphs = {}, {}

    def fill(self, net, fields, network_type):
        """Make a gModule of its fields.

        Raises T7Error, whose ``path`` leads on from the gModule, where they make no network that runs.
        """
        nodes = _Wiring(fields).build(self.nodes)
        vars(net).update(_hooks=(), _verbose=bool(fields.get("verbose", False)), _type=network_type, name=None)
        try:
            net._wire(nodes.inputs, nodes.outputs)
        except GraphError as error:
            raise T7Error(f"the graph of this gModule cannot run: {error}") from error
        net.train = bool(fields.get("train", True))
        for key, value in fields.items():
            if isinstance(key, str) and key[:1] != "_" and key not in _NET and not hasattr(gModule, key):
                vars(net)[key] = value
        wanted = fields.get("wanted")
        if isinstance(wanted, list) and len(wanted) == net.nInputs:
            net.wanted = tuple(map(bool, wanted))
        self._bundle(net, nodes, fields)

    def _bundle(self, net, nodes, fields):
        """Let the nodes that bundle inputs and outputs keep what the file says of them."""
        feeds = [net.innode]
        if net.nInputs > 1:
            feeds += [net._feeds[net._inputs[0]][0].inputs[0], *(net._feeds[node][0] for node in net._inputs)]
        for node, data in zip([*feeds, net.outnode], [*nodes.feeds, nodes.outdata], strict=True):
            node.annotations = {**node.annotations, **_annotations(data)}
            self.nodes[id(data)] = node
        for name in ("fg", "bg"):
            if isinstance(fields.get(name), T7Object):
                self.graphs[id(fields[name])] = getattr(net, name)

    def settle(self, value):
        """Return the Node or graph that stands for a graph.* object outside of a gModule, or None for another."""
        if value.class_name in ("nngraph.Node", "graph.Node"):
            return self.nodes.get(id(value.fields.get("data"))) if isinstance(value.fields, dict) else None
        return self.graphs.get(id(value)) if value.class_name == "graph.Graph" else None


class _Wiring:
    """The nodes of one gModule while they are made of their tables of data."""

    def __init__(self, fields):
        self.data = [_data(node, f".forwardnodes[{n}]") for n, node in enumerate(_list(fields, "forwardnodes"), 1)]
        self.places = {id(data): f".forwardnodes[{n}].data" for n, data in enumerate(self.data, 1)}
        if len(self.places) < len(self.data):
            raise T7Error("two nodes of a gModule are one", path=".forwardnodes")
        self.indata, self.outdata = (_data(fields.get(name), f".{name}") for name in ("innode", "outnode"))
        for name, data in (("innode", self.indata), ("outnode", self.outdata)):
            if id(data) not in self.places:
                raise T7Error(f"the {name} of a gModule is not among its forwardnodes", path=f".{name}")
        self.sources = {id(data): self._sources(data) for data in self.data}
        self.consumers = {}
        for data in self.data:
            for source in self.sources[id(data)]:
                self.consumers.setdefault(id(source), []).append(data)

    def _sources(self, data):
        """The tables of data of a node's inputs, in order."""
        place = self.places[id(data)] + ".mapindex"
        table = data.get("mapindex") or []
        if isinstance(table, list) and not isinstance(table, T7Pairs):
            found = list(table)
        else:
            numbered = table.items() if isinstance(table, dict) else table
            by_place = {key: value for key, value in numbered if isinstance(key, (int, float))}
            if set(by_place) != set(range(1, len(by_place) + 1)):
                raise T7Error(f"the inputs of a node are counted 1 to n, not {sorted(by_place)[:8]}", path=place)
            found = [by_place[n] for n in range(1, len(by_place) + 1)]
        for source in found:
            if id(source) not in self.places:
                raise T7Error("an input of a node is not among the gModule's forwardnodes", path=place)
        return found

    def build(self, known):
        """Make the nodes; note in ``known`` which one stands for which data."""
        entries = self._entries()
        ends = {id(data) for data in (*self.feeds, self.outdata)}
        nodes = {}
        for data in self.data:
            if id(data) not in ends:
                nodes[id(data)] = self._node(data)
        for data in self.data:
            node = nodes.get(id(data))
            if node is not None and not any(id(data) == id(entry) for entry in entries):
                self._connect(node, [self._made(nodes, source, data) for source in self.sources[id(data)]])
        self.inputs = [self._made(nodes, data, self.indata) for data in entries]
        self.outputs = [self._made(nodes, data, self.outdata) for data in self.sources[id(self.outdata)]]
        if not self.outputs:
            raise T7Error("a gModule has at least one output", path=".outnode.data.mapindex")
        known.update(nodes)
        return self

    def _made(self, nodes, data, user):
        if id(data) not in nodes:
            raise T7Error("a node takes what belongs to the gModule's ends", path=self.places[id(user)] + ".mapindex")
        return nodes[id(data)]

    @staticmethod
    def _connect(node, sources):
        node.inputs = sources
        for source in dict.fromkeys(sources):
            source.consumers.append(node)

    def _entries(self):
        """Return the data of the declared inputs; the nodes between the innode and them become ``feeds``."""
        self.feeds = [self.indata]
        fed = self.consumers.get(id(self.indata), [])
        if len(fed) != 1 or self.sources[id(self.indata)]:
            raise T7Error(f"the innode of a gModule feeds one node, not {len(fed)}", path=".innode")
        (first,) = fed
        if not first.get("nSplitOutputs"):
            self._expect_source(first)
            return [first]
        self._expect_source(first)
        selects = sorted(self.consumers.get(id(first), []), key=lambda data: _count(data, "selectindex", self))
        indices = [data.get("selectindex") for data in selects]
        if len(indices) != first["nSplitOutputs"] or indices != list(range(1, len(indices) + 1)):
            raise T7Error("the split of a gModule's inputs has one node for each of them", path=self.places[id(first)])
        self.feeds += [first, *selects]
        entries = []
        for select in selects:
            users = self.consumers.get(id(select), [])
            if len(users) != 1:
                raise T7Error(f"an input of a gModule is one node, not {len(users)}", path=self.places[id(select)])
            self._expect_source(users[0])
            entries.append(users[0])
        return entries

    def _expect_source(self, data):
        if len(self.sources[id(data)]) != 1 or data is self.outdata:
            raise T7Error("an input of a gModule has no inputs of its own", path=self.places[id(data)])

    def _node(self, data):
        place = self.places[id(data)]
        module = data.get("module")
        if module is not None and not isinstance(module, Module):
            raise T7Error(f"the module of a node is no {type(module).__name__}", path=f"{place}.module")
        node = Node(
            module, selectindex=_count(data, "selectindex", self), nSplitOutputs=_count(data, "nSplitOutputs", self)
        )
        node.annotations = _annotations(data)
        match = _LABEL.match(str(node.annotations.get("_debugLabel", "")))
        node.declared = f"{match[1]}:{match[2]}" if match else "a .t7 file"
        for key, value in data.items():
            if isinstance(key, str) and key[:1] != "_" and key not in _OWN | _PASS and not hasattr(Node, key):
                vars(node).setdefault(key, value)
        return node


def _count(data, key, wiring):
    """A whole number of at least 1, or None."""
    value = data.get(key)
    if value is not None and (type(value) is not int or value < 1):
        raise T7Error(f"{key} is a whole number of at least 1, not {value!r}", path=f"{wiring.places[id(data)]}.{key}")
    return value


def _annotations(data):
    found = data.get("annotations")
    return found if isinstance(found, dict) else {}


def _list(fields, name):
    value = fields.get(name)
    if not isinstance(value, list) or isinstance(value, T7Pairs):
        raise T7Error(f"the {name} of a gModule are a list, not {type(value).__name__}", path=f".{name}")
    return value


def _data(node, place):
    """The table of data of an nngraph.Node."""
    if not isinstance(node, T7Object) or not isinstance(node.fields, dict):
        raise T7Error(f"an nngraph.Node is needed, not {type(node).__name__}", path=place)
    data = node.fields.get("data")
    if not isinstance(data, dict):
        raise T7Error(f"the data of a node are a table, not {type(data).__name__}", path=f"{place}.data")
    return data
