"""The wiring as a networkx graph: who feeds whom, in which order to run, and what is wrong with it."""

import functools

from ..errors import GraphError

__all__ = ["wire", "reverse", "order", "check"]


@functools.cache
def _networkx():
    """networkx, imported with the first graph: it would take half of the time that the package takes to import."""
    import networkx

    return networkx


def wire(outnode, sources):
    """Return the forward graph: a DiGraph of the nodes that ``outnode`` depends on, edges along the data.

    ``sources(node)`` is the list of nodes that feed a node. An edge's ``positions`` are the places (from 1) that the
    source's output takes in that list. Edges come in Torch7's order: breadth first from ``outnode``.
    """
    graph = _networkx().DiGraph()
    graph.add_node(outnode)
    seen, waiting = {outnode}, [outnode]
    for target in waiting:
        for position, source in enumerate(sources(target), 1):
            if graph.has_edge(source, target):
                graph.edges[source, target]["positions"] += (position,)
            else:
                graph.add_edge(source, target, positions=(position,))
            if source not in seen:
                seen.add(source)
                waiting.append(source)
    return graph


def reverse(graph):
    """Return the backward graph: the same nodes, edges along the gradients; a view, not a copy."""
    return graph.reverse(copy=False)


def order(graph, outnode):
    """Return the nodes in the order to run them: depth first from ``outnode`` over each node's inputs, inputs first.

    The order is Torch7's, so that sums round and random draws fall as they do there.
    """
    return list(_networkx().dfs_postorder_nodes(reverse(graph), outnode))


def check(graph, inputs):
    """Raise GraphError where the wiring cannot run: a cycle, an unused input, a dangling or an unfed node."""
    nx = _networkx()
    if not nx.is_directed_acyclic_graph(graph):
        cycle = [source for source, _ in nx.find_cycle(graph)]
        path = " -> ".join(f"{node.name or node.title()} ({node.declared})" for node in [*cycle, cycle[0]])
        raise GraphError(f"the graph has a cycle, so that there is no order to run it in: {path}")
    for index, node in enumerate(inputs):
        if node not in graph:
            raise GraphError(f"inputs[{index}], {node!r}, is unused: no output of the gModule depends on it")
    for node in graph:
        for consumer in node.consumers:
            if consumer not in graph:
                raise GraphError(_loose_end(graph, node, consumer))


def _loose_end(graph, node, consumer):
    """Say what is wrong where ``consumer`` takes the output of ``node`` but leads to no output of the gModule."""
    if consumer.selectindex is not None:
        unused = [select.selectindex for select in node.consumers if select not in graph]
        return (
            f"{len(unused)} of split({node.nSplitOutputs}) outputs of the node declared at {node.declared} are unused "
            f"(output {', '.join(map(str, unused))}): lead them to an output of the gModule, or split into fewer"
        )
    if consumer.nSplitOutputs:
        return f"the split({consumer.nSplitOutputs}) declared at {consumer.declared} is unused: {node!r} feeds it alone"
    return (
        f"{consumer!r} is dangling: it takes {node!r} as its input, but does not connect to an output of the gModule; "
        "put it into the list of outputs, or do not make it; if it is left from an earlier try, make "
        f"{node.title()} anew"
    )
