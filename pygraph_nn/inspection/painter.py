"""Walks through a network once and draws what it finds: its nodes, what routes between them, what is inside."""

import numpy as np

from ..graph.gmodule import gModule
from ..modules.branches import Concat, MapTable, Parallel
from ..modules.containers import ParallelTable, Sequential, SideBySide
from ..modules.conversion import Convert
from ..modules.decorators import Decorator
from ..modules.shapes import Identity, Select
from ..modules.tables import JoinTable
from .grid import input_name
from .parts import Box, Cluster, Link, Wire, step_of
from .text import name_of

__all__ = ["Painter"]

_LONG = 40  # ranks that an arrow may cross in a large picture
_CHAINS = (Sequential, Decorator, Convert)
_KNOWN = (gModule, SideBySide, *_CHAINS)


class Painter:
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
            step = step_of(node)
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
        step = None if node is None else step_of(node)
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
            last += refs[len(refs) - layer.n_states :]
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
