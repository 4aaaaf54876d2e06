"""What a picture of a network shows, before it is written in any language: boxes, links between them, clusters."""

from numbers import Real
from typing import NamedTuple

import numpy as np

from ..errors import GraphError, RangeError
from ..graph.gmodule import gModule
from ..modules.branches import Concat, MapTable, Parallel
from ..modules.containers import Container, ParallelTable, Sequential, SideBySide
from ..modules.conversion import Convert
from ..modules.decorators import Decorator
from ..modules.module import Module
from ..modules.shapes import Identity, Select
from ..modules.tables import JoinTable
from ..nesting import leaves
from ..node import Node
from .families import family_of
from .grid import input_name, unrolled
from .text import name_of

__all__ = ["Picture", "Box", "Link", "Cluster", "picture", "shared_letters"]


LARGE = 1500  # boxes; beyond, what takes long to lay out is done without
_LONG = 40  # ranks that an arrow may cross in a large picture


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
            self.step = _step_of(node)

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


def _step_of(node):
    """A node's annotation ``step``, or None; raise GraphError where it is no number."""
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
    painter = _Painter(Picture(title, net, backward), simple, gModule if expand == "graphs" else Container)
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


class _Painter:
    """Walks the nodes once, in forward order; a node's ref is the Wire of its output, or a list of refs for a table."""

    def __init__(self, picture, simple, opened):
        self.picture, self.simple, self.opened = picture, simple, opened
        self.exits = {}

    def box(self, kind, node, module, net, cluster, role=""):
        box = Box(f"n{len(self.picture.boxes) + 1}", kind, node, module, net, role, cluster)
        self.picture.boxes.append(box)
        return box

    def link(self, refs, target):
        """Draw the arrows of a box's inputs."""
        for position, ref in enumerate(refs, 1):
            for wire in _flat(ref):
                if wire.box is not None:
                    self.picture.links.append(Link(wire, target, position if len(refs) > 1 else 0))

    def graph(self, net, wires, entry, cluster, levels):
        """Draw the nodes of a graph; ``entry`` is the ref of its input, None for the outermost. Return the output."""
        refs = {}
        for node, sources in wires.items():
            inputs = [refs[source] for source in sources if source in refs]
            if net is not None and node is net.innode:
                refs[node] = _outside(net) if entry is None else entry
            elif net is not None and node is net.outnode:
                refs[node] = self._outputs(net, node, inputs) if entry is None else inputs
            elif node.module is None:
                refs[node] = self._route(net, node, inputs, cluster)
            else:
                refs[node] = self._node(net, node, inputs, cluster, levels)
        return refs[next(reversed(refs))] if refs else []

    def _outputs(self, net, node, inputs):
        for index, ref in enumerate(inputs, 1):
            role = f"output {index}" if len(inputs) > 1 else "output"
            box = self.box("output", node, None, net, None, role)
            self.link([ref], box)
            box.step = max(
                (wire.box.step for wire in _flat(ref) if wire.box and wire.box.step is not None), default=None
            )
        return inputs

    def _route(self, net, node, inputs, cluster):
        """A split or a select: drawn where the user made it, passed through where the gModule did."""
        bare = _bare(inputs)
        if self.simple or _feeds(net, node):
            if node.selectindex is None:
                return bare
            if not isinstance(bare, list):
                return Wire(bare.box, net, node)
            return bare[node.selectindex - 1] if node.selectindex <= len(bare) else bare
        box = self.box("route", node, None, net, cluster)
        picked = node.selectindex is not None and isinstance(bare, Wire)
        self.link([bare.entry(node.selectindex)] if picked else inputs, box)
        return Wire(box, net, node)

    def _node(self, net, node, inputs, cluster, levels):
        module = node.module
        declared = not node.inputs
        if levels > 0 and self._opens(module, inputs):
            label = ": ".join(filter(None, (name_of(node), node.title())))
            step = _step_of(node)
            if step is not None:
                inputs = [self._carried(ref, step) for ref in inputs]
            return self._frame(module, label, inputs, cluster, levels, node)
        if type(module) is Identity and self.simple and any(w.box is not None for ref in inputs for w in _flat(ref)):
            return _bare(inputs)
        end = declared and type(module) is Identity
        box = self.box("input" if end else "module", node, module, net, cluster, _role(net, node) if declared else "")
        self.link(inputs, box)
        return Wire(box, net, node)

    def _carried(self, ref, step):
        """Cut an arrow from another step's frame: it ends there in a pill, and begins here in one of the same name."""
        if isinstance(ref, list):
            return [self._carried(part, step) for part in ref]
        origin = ref.box
        if origin is None or origin.cluster is None or origin.step in (None, step):
            return ref
        name = f"{name_of(ref.node) or origin.text}[{origin.step}]"
        return self._entry(ref, name, step)

    def _entry(self, wire, name, step):
        """A wire that goes on elsewhere: from a pill ``name``, of the same name as the one where it ends."""
        if wire not in self.exits:
            self.exits[wire] = self.box("output", None, None, None, None, name)
            self.exits[wire].step = wire.box.step
            self.link([wire], self.exits[wire])
        entry = self.box("input", None, None, None, None, name)
        entry.step = step
        return wire._replace(box=entry)

    def cut_long_links(self):
        """Cut the arrows that cross many ranks: each would need a bend in every one of them."""
        ranks, targets = {}, {}
        for link in self.picture.links:
            if link.back:
                continue
            ranks[link.target] = max(ranks.get(link.target, 0), ranks.get(link.wire.box, 0) + 1)
            targets.setdefault(link.wire.box, []).append(link.target)
        for source, ends in targets.items():
            if source not in ranks:
                ranks[source] = min(ranks[end] for end in ends) - 1
        links, self.picture.links = self.picture.links, []
        for link in links:
            wire, target = link.wire, link.target
            if not link.back and ranks[target] - ranks[wire.box] > _LONG:
                wire = self._entry(wire, f"{wire.box.name or wire.box.text} ({wire.box.id})", target.step)
            self.picture.links.append(link._replace(wire=wire))

    # Containers ------------------------------------------------------------------------------------------------------

    def _opens(self, module, inputs):
        """Tell whether to open a container: what it wires is known, and its inputs fit."""
        if not isinstance(module, self.opened) or not module.modules:
            return False
        return _is_recurrent(module) and _fed(module, _bare(inputs)) is not None or isinstance(module, _KNOWN)

    def _frame(self, module, label, inputs, cluster, levels, node=None):
        """Draw a container as a frame with its modules inside."""
        step = None if node is None else _step_of(node)
        if step is None and cluster is not None:
            step = cluster.step
        inner = Cluster(f"cluster_{len(self.picture.clusters) + 1}", label, cluster, step, node)
        self.picture.clusters.append(inner)
        return self._inside(module, _bare(inputs), inner, levels - 1)

    def _inside(self, module, ref, inner, levels):
        """Draw what a container has inside; return its output."""
        if isinstance(module, gModule):
            wires = {node: module.sources(node) for node in module.forwardnodes}
            return _bare(self.graph(module, wires, ref, inner, levels))
        if _is_recurrent(module):
            draw = self._cell if hasattr(module, "cell") else self._layers
            x, flags, states = _fed(module, ref)
            outputs = draw(module, x, flags, states, inner, levels)
            return outputs if states else _bare(outputs[: len(outputs) - module.n_states])
        if isinstance(module, _CHAINS):
            for child in module.modules:
                ref = self._child(child, ref, inner, levels)
            return ref
        parts = self._dealt(module, ref, inner)
        outputs = [self._child(child, part, inner, levels) for child, part in zip(module.modules, parts, strict=True)]
        return self._joined(module, module.dimension, outputs, inner) if isinstance(module, Concat) else outputs

    def _dealt(self, module, ref, inner):
        """What each module of a container takes whose modules stand side by side: by default the whole input."""
        count = len(module.modules)
        if isinstance(module, Parallel):
            return [self._child(Select(module.inputDimension, i), ref, inner, 0) for i in range(1, count + 1)]
        if isinstance(module, ParallelTable) or isinstance(module, MapTable) and count > 1:
            if not isinstance(ref, list):
                return [ref.entry(i) for i in range(1, count + 1)]
            if len(ref) >= count:
                return ref[:count]
        return [ref] * count

    def _joined(self, module, dimension, outputs, inner, path=()):
        """The output of a container that joins those of its modules."""
        return self._child(JoinTable(dimension), outputs, inner, 0)._replace(module=module, path=path)

    def _layers(self, module, x, flags, states, inner, levels):
        """Draw recurrent layers, one on the other or side by side; return their y and last states."""
        taken, outputs, last, waiting = x, [], [], iter(states)
        for layer in module.modules:
            own = [next(waiting, Wire(None)) for _ in range(layer.n_states)]
            refs = _entries(self._child(layer, [taken, *flags, *own], inner, levels), 1 + layer.n_states)
            outputs.append(refs[0])
            last += refs[1:]
            taken = x if module.side_by_side else refs[0]
        y = self._joined(module, -1, outputs, inner, (1,)) if module.side_by_side else outputs[-1]
        return [y, *last]

    def _cell(self, module, x, flags, states, inner, levels):
        """Draw a cell that runs over time, once, with its states fed back; return its outputs and last states."""
        before, count = "t+1" if module.reverse else "t-1", module.n_states
        for flag in flags:
            self.link([flag], self.box("output", None, None, None, inner, "lengths"))
        pills = []
        for number in range(count):
            name = f"{input_name(module.cell, number + 2)}[{before}]"
            pills.append(self.box("input", None, None, None, inner, name))
            self.link(states[number : number + 1], pills[-1])
        ref = self._child(module.cell, [x, *map(Wire, pills)], inner, levels)
        outputs = _entries(ref, len(module.cell.outnode.inputs))
        for ref, pill in zip(outputs, pills, strict=False):
            self.picture.links += [Link(wire, pill, 0, True) for wire in _flat(ref)]
        outputs = [next(_flat(ref)).box for ref in [*(outputs[count:] or outputs[-1:]), *outputs[:count]]]
        return [Wire(box, module=module, path=(index,)) for index, box in enumerate(outputs, 1)]

    def _child(self, module, ref, cluster, levels):
        inputs = ref if isinstance(ref, list) else [ref]
        if levels > 0 and self._opens(module, inputs):
            return self._frame(module, module.title(), inputs, cluster, levels)
        box = self.box("module", None, module, None, cluster)
        self.link(inputs, box)
        return Wire(box)

    def module_alone(self, module, levels):
        """Draw a module that is no gModule between an input and an output."""
        entry = Wire(self.box("input", None, None, None, None, "input"))
        ref = self._child(module, entry, None, levels)
        self.link([ref], self.box("output", None, None, None, None, "output"))


_CHAINS = (Sequential, Decorator, Convert)
_KNOWN = (gModule, SideBySide, *_CHAINS)


def _is_recurrent(module):
    return hasattr(module, "n_states")


def _fed(layer, ref):
    """What a recurrent layer takes: x, lengths (a list of one or none) and states; None where that does not fit."""
    x, *rest = ref if isinstance(ref, list) else [ref]
    count = layer.n_states
    given = rest[0].value(False) if len(rest) == count == 1 else None
    only_lengths = len(rest) < count or isinstance(given, np.ndarray) and given.dtype.kind in "iub"
    flags = rest if only_lengths else rest[: len(rest) - count]
    states = rest[len(flags) :]
    return (x, flags, states) if len(flags) < 2 and len(states) in (0, count) else None


def _bare(refs):
    """What a list of refs stands for: a single one for itself."""
    return refs[0] if len(refs) == 1 else refs


def _entries(ref, count):
    """The refs of a table's entries: those of a list as they are, those of a wire along it."""
    if isinstance(ref, list):
        return ref
    return [ref] if count == 1 else [ref.entry(index) for index in range(1, count + 1)]


def _flat(ref):
    """Yield the wires of a ref."""
    if isinstance(ref, list):
        for part in ref:
            yield from _flat(part)
    else:
        yield ref


def _feeds(net, node):
    """Tell whether the gModule made this split or select, to hand its input to the declared inputs."""
    if net is None:
        return False
    return net.innode in node.inputs or any(net.innode in source.inputs for source in node.inputs)


def _outside(net):
    """The ref of the outermost network's input: no box is there to draw arrows from."""
    return Wire(None) if net.nInputs == 1 else [Wire(None)] * net.nInputs


def _role(net, node):
    """``input 2`` for the second of several declared inputs."""
    feeds = net.sources(node) if net is not None else ()
    if feeds and feeds[0].selectindex is not None:
        return f"input {feeds[0].selectindex}"
    return "input"


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
