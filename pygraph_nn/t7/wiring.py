"""A gModule's wiring as Torch7 lays it out: both graphs with their nodes and edges, and the two orders of running.

Nodes, edges and orders come as nngraph itself would have made them: the backward graph breadth first from the output,
the forward graph from its edges turned round, each order depth first over the other's edges.
"""

from ..modules.shapes import Identity
from .format import T7Object, T7Pairs

__all__ = ["WrittenGraph"]


class WrittenGraph:
    """The T7Object of a gModule, ``record``, and of its nodes and graphs.

    >>> import pygraph_nn as nn
    >>> x = nn.Identity()()
    >>> written = WrittenGraph(nn.gModule([x], [nn.Tanh()(x)]), {})
    >>> [node.fields["data"].get("module") for node in written.forwardnodes]
    [None, nn.Identity, nn.Tanh, None]
    """

    def __init__(self, net, extra_fields, class_name="nn.gModule"):
        self.net = net
        self.sources = self._distinct_sources()
        self.data = self._tables()
        self.edges = self._breadth_first()
        self.bg, self.bg_nodes = self._graph(self.edges)
        self.fg, self.fg_nodes = self._graph([(source, target) for target, source in self.edges])
        self._tie_together()
        self.forwardnodes = [self.fg_nodes[key] for key in self._post_order(net.outnode, self._children(self.bg_nodes))]
        self.backwardnodes = [self.bg_nodes[key] for key in self._post_order(net.innode, self._children(self.fg_nodes))]
        self.record = T7Object(class_name, "V 1", self._fields(extra_fields))

    def _distinct_sources(self):
        """Each node's inputs; Torch7 takes a node only once, so that its second place gets an Identity between."""
        found = {}
        for node in self.net.forwardnodes:
            sources = list(self.net.sources(node))
            if len(set(sources)) < len(sources):
                met = set()
                for place, source in enumerate(sources):
                    if source in met:
                        sources[place] = relay = _Relay(self.net)
                        found[relay] = [source]
                    met.add(source)
            found[node] = sources
        return found

    def _tables(self):
        """The table of data of each node, without the ties to others."""
        made = {}
        for node in self.sources:
            data = {"annotations": self._annotations(node)}
            if node.module is not None:
                data["module"] = node.module
            elif node in (self.net.innode, self.net.outnode) or node.selectindex is not None:
                data["input"] = []
            for name in ("selectindex", "nSplitOutputs"):
                if getattr(node, name) is not None:
                    data[name] = getattr(node, name)
            data.update(_extras(node))
            made[node] = data
        return made

    def _annotations(self, node):
        found = dict(node.annotations)
        file, _, line = node.declared.rpartition(":")
        found.setdefault("_debugLabel", f"[{file}]:{line}_" if file else f"[{node.declared}]:-1_")
        for end, name in ((self.net.innode, "input"), (self.net.outnode, "output")):
            if node is end and found.get("name") == name:
                del found["name"]
        return found

    def _breadth_first(self):
        """The backward graph's edges, (node, input)."""
        edges, seen, waiting = [], {self.net.outnode}, [self.net.outnode]
        for node in waiting:
            for source in self.sources[node]:
                edges.append((node, source))
                if source not in seen:
                    seen.add(source)
                    waiting.append(source)
        return edges

    def _graph(self, edges):
        """Return the graph.Graph of edges, and {node: its nngraph.Node}, numbered as they come."""
        nodes, children = {}, {}
        for key in (key for edge in edges for key in edge):
            if key not in nodes:
                children[key] = []
                fields = {"data": self.data[key], "id": len(nodes) + 1, "visited": False, "marked": False}
                nodes[key] = T7Object("nngraph.Node", "V 1", fields)
        made = []
        for start, end in edges:
            children[start].append(nodes[end])
            made.append(T7Object("graph.Edge", "V 1", {"from": nodes[start], "to": nodes[end]}))
        for key, node in nodes.items():
            node.fields["children"] = _both_ways(children[key])
        return T7Object("graph.Graph", "V 1", {"nodes": _both_ways(nodes.values()), "edges": _both_ways(made)}), nodes

    def _tie_together(self):
        """Tell each table of data the inputs, the consumers and the number of its node."""
        consumers = {key: T7Pairs() for key in self.data}
        for target, source in self.edges:
            consumers[source].append((self.bg_nodes[target], True))
        for key, data in self.data.items():
            data["mapindex"] = _both_ways([self.data[source] for source in self.sources[key]])
            data["reverseMap"] = consumers[key]
            data["forwardNodeId"] = self.fg_nodes[key].fields["id"]

    def _children(self, nodes):
        """{node: its children} of one of the graphs, by our nodes."""
        if nodes is self.bg_nodes:
            return self.sources
        children = {key: [] for key in self.data}
        for target, source in self.edges:
            children[source].append(target)
        return children

    @staticmethod
    def _post_order(root, children):
        """Depth first from the root, children before those that have them."""
        order, seen, stack = [], {root}, [(root, iter(children[root]))]
        while stack:
            key, rest = stack[-1]
            for child in rest:
                if child not in seen:
                    seen.add(child)
                    stack.append((child, iter(children[child])))
                    break
            else:
                order.append(key)
                stack.pop()
        return order

    def _fields(self, extra_fields):
        net = self.net
        fields = {
            "_type": net._type,
            "train": net.train,
            "verbose": net.verbose,
            "nInputs": net.nInputs,
            "fg": self.fg,
            "bg": self.bg,
            "innode": self.fg_nodes[net.innode],
            "outnode": self.bg_nodes[net.outnode],
            "forwardnodes": self.forwardnodes,
            "backwardnodes": self.backwardnodes,
            "modules": [node.fields["data"]["module"] for node in self.forwardnodes if "module" in node.fields["data"]],
            **extra_fields,
        }
        if len(self.sources[net.outnode]) > 1:
            fields["output"] = self.data[net.outnode]["input"]
        if net.name is not None:
            fields["name"] = net.name
        if not all(net.wanted):
            fields["wanted"] = list(net.wanted)
        return fields


class _Relay:
    """A node that hands its input on, for the file alone."""

    selectindex = nSplitOutputs = None

    def __init__(self, net):
        self.module, self.annotations, self.declared = Identity(), {}, "pygraph_nn"
        self.module._type = net._type


_USUAL = {
    "inputs", "consumers", "annotations", "selectindex", "nSplitOutputs", "declared", "serial", "graph", "module",
}  # fmt: skip


def _extras(node):
    """What else is kept with a node, such as a field of its data that nobody here knows."""
    return {key: value for key, value in vars(node).items() if key[0] != "_" and key not in _USUAL}


def _both_ways(items):
    """A table that holds items by number, and their numbers by item."""
    items = list(items)
    return T7Pairs([*enumerate(items, 1), *((item, number) for number, item in enumerate(items, 1))])
