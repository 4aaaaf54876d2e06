"""A gModule as a flat description and back, so that copying and pickling never recurse along the graph."""

from ..errors import GraphError
from ..node import Node

__all__ = ["describe", "ends"]

# The fields that a copy makes anew: those of the wiring and those of the passes.
_MADE_ANEW = {"_modules", "_turn", "innode", "outnode", "fg", "bg", "forwardnodes", "nInputs", "wanted", "_hooks"}
_MADE_ANEW |= {"_inputs", "_outputs", "_feeds", "_program", "_plain", "_strict", "_sweeps", "_stamp", "_dtype"}
_MADE_ANEW |= {"_view", "_values", "_gradients"}


def describe(net, fields):
    """Return what a gModule with these fields is made of: its nodes by number, each with the numbers of its sources."""
    number = {node: index for index, node in enumerate(_own_nodes(net))}
    nodes = [
        (n.module, n.annotations, n.selectindex, n.nSplitOutputs, n.declared, [number[s] for s in n.inputs])
        for n in number
    ]
    return {
        "fields": {key: value for key, value in fields.items() if key not in _MADE_ANEW},
        "nodes": nodes,
        "places": [place for place, node in enumerate(net.forwardnodes) if node in number],
        "inputs": [number[node] for node in net._inputs],
        "outputs": [number[node] for node in net._outputs],
        "wanted": net.wanted,
    }


def _own_nodes(net):
    """The nodes that the user made, in order; not the bundling nodes at both ends."""
    bundling = {net.innode, net.outnode, *net.innode.consumers}
    bundling.update(*(consumer.consumers for consumer in net.innode.consumers))
    return [node for node in net.forwardnodes if node not in bundling]


def ends(net, state, awaited):
    """Make the nodes of a description anew; return those of the inputs and those of the outputs.

    ``awaited`` maps places to nodes that somebody else asked for while the copy was being made.
    """
    nodes = []
    for place, (module, annotations, selectindex, split, declared, inputs) in zip(state["places"], state["nodes"]):
        node = awaited.pop(place, None) or Node.__new__(Node)
        node.__init__(module, [nodes[i] for i in inputs], selectindex=selectindex, nSplitOutputs=split)
        node.annotations, node.declared = annotations, declared
        nodes.append(node)
    if awaited:
        raise GraphError(f"{net._called()} is copied with one of the nodes that bundle its inputs or outputs in it")
    return [nodes[i] for i in state["inputs"]], [nodes[i] for i in state["outputs"]]
