"""A graph as a straight line of steps over numbered slots: everything that can be known before a pass, known once.

The value of every node has a slot, a place in one list. A step takes the values of its sources from the list, calls
one module and appends the result, so that the forward pass is a loop of three names, and a step's slot is its turn.
Nested gModules are laid out in the same line. A node that only routes (a split, a graph's input and output nodes)
has no slot of its own where the sources' slots say it all.
"""

from operator import itemgetter

from ..errors import GraphError, ShapeError, TensorTypeError
from ..modules.containers import method
from ..modules.fields import overrides
from ..modules.module import Module
from ..modules.places import Parts, at_place, repeated
from ..modules.promises import is_ours, promises
from ..modules.shapes import Identity
from ..nesting import shape_of

__all__ = ["Program", "Step"]


class Step:
    """One call: which node, which module, from which slots, into which slot."""

    __slots__ = ("node", "module", "sources", "slot", "take", "run", "parts")

    def __init__(self, node, module, sources, slot, run):
        self.node, self.module, self.sources, self.slot, self.run = node, module, sources, slot, run
        self.take = _taker(sources)
        self.parts = ()

    def bind(self, verb):
        """Return the module's method for ``verb``; the routing steps hand the gradient through."""
        if self.module is None:
            return _hand_through
        if verb == "accGradParameters":
            module = self.module  # asked anew at each call: to freeze a module, one sets its accGradParameters
            return lambda *arguments, **keywords: module.accGradParameters(*arguments, **keywords)
        plain = verb == "backward" and not learns(self.module) and type(self.module).backward is Module.backward
        return method(self.module, "updateGradInput" if plain else verb)


def addition(module):
    """The module's addGradInput, unless the module or a subclass has an updateGradInput that it does not know of."""
    if module is None or overrides(module, "updateGradInput"):
        return None
    for kind in type(module).__mro__:
        if "addGradInput" in vars(kind):
            return module.addGradInput
        if "updateGradInput" in vars(kind):
            return None
    return None


def learns(module):
    """Tell whether a module can have parameters: it overrides accGradParameters."""
    return type(module).accGradParameters is not Module.accGradParameters


def _learns_alone(module):
    """Tell whether accGradParameters does without updateGradInput before it."""
    return not module.children() and (is_ours(type(module)) or promises(module, "stateless"))


class Program:
    """The steps of one gModule, and where each node's value is found.

    Parameters
    ----------
    net : gModule
    inlines : callable
        ``inlines(module)`` tells whether a module is a gModule whose nodes may be laid out in the same line.
    wrappers : sequence of callables
        ``wrap(node, module, verb, call)`` returns what to call in place of ``call``; how hooks see every step.
    """

    def __init__(self, net, inlines, wrappers=()):
        self.net, self.inlines, self.wrappers = net, inlines, tuple(wrappers)
        self.plain = not wrappers  # then Identity, too, only routes
        self.steps = []
        self.first = self.count = net.nInputs
        self.embedded = []
        entry = list(range(self.first))
        self.refs, outputs = self._lay_out(net, entry if self.first > 1 else entry[0])
        self.outputs = [self._slot(ref, net.outnode) for ref in outputs]
        self.result = _taker(self.outputs)
        self.repeated = self._repeated()
        self.forward = [(step.take, self._forward_call(step)) for step in self.steps]
        self.learners = [step for step in self.steps if step.module is not None and learns(step.module)]

    def _lay_out(self, net, entry):
        """Append the steps of ``net``, given the ref of its input; return each node's ref and those of the outputs.

        A ref says where a value is: the number of a slot, or a list of refs for a table that is never made.
        """
        refs = {net.innode: entry}
        for node in net.forwardnodes:
            if node is not net.innode and node is not net.outnode:
                refs[node] = self._place(node, [refs[source] for source in net.sources(node)])
        outputs = [refs[source] for source in net.sources(net.outnode)]
        refs[net.outnode] = outputs if len(outputs) > 1 else outputs[0]
        return refs, outputs

    def _place(self, node, sources):
        """Append what ``node`` needs; return its ref."""
        module = node.module
        if module is not None and self.inlines(module):
            refs, outputs = self._lay_out(module, self._entry(node, module, sources))
            self.embedded.append((module, refs))
            return outputs if len(outputs) > 1 else outputs[0]
        if module is not None and not (type(module) is Identity and self.plain):
            return self._append(node, module, [self._slot(ref, node) for ref in sources], module.updateOutput)
        ref = sources[0] if len(sources) == 1 else sources
        if node.selectindex is not None:
            return self._select(node, ref)
        if node.nSplitOutputs:
            return self._split(node, ref, node.nSplitOutputs)
        return ref

    def _entry(self, node, module, sources):
        """The ref of a nested gModule's input."""
        ref = sources[0] if len(sources) == 1 else sources
        if module.nInputs == 1:
            return ref
        return self._unpacked(node, ref, module.nInputs)

    def _unpacked(self, node, ref, n):
        """The refs of the ``n`` entries of the table at ``ref``."""
        if isinstance(ref, list):
            if len(ref) != n:
                raise GraphError(f"{node!r} takes a table of {n} entries, but its inputs make one of {len(ref)}")
            return ref
        table = self._split(node, ref, n)
        return [self._select(node, table, index) for index in range(1, n + 1)]

    def _split(self, node, ref, n):
        if isinstance(ref, list):
            return self._unpacked(node, ref, n)
        return self._append(node, None, [ref], _expect_table(n))

    def _select(self, node, ref, index=None):
        index = node.selectindex if index is None else index
        if isinstance(ref, list):
            return ref[index - 1]
        split = self.steps[ref - self.first]
        slot = self._append(node, None, [ref], itemgetter(index - 1))
        split.parts = (*split.parts, (slot, index))
        return slot

    def _slot(self, ref, node):
        """The slot of a ref; a table that was only a list of refs is made now."""
        if isinstance(ref, list):
            slots = [self._slot(part, node) for part in ref]
            return self._append(node, None, slots, _as_it_is)
        return ref

    def _append(self, node, module, sources, run):
        self.steps.append(Step(node, module, sources, self.count, run))
        self.count += 1
        return self.count - 1

    def _repeated(self):
        """The parts of the steps whose module, or a part of it, runs in another step as well, by slot."""
        steps = [step for step in self.steps if step.module is not None]
        steps = [steps[position] for position in repeated([step.module for step in steps])]
        parts = {id(step.module): Parts(step.module) for step in steps}
        return {step.slot: parts[id(step.module)] for step in steps}

    def _forward_call(self, step):
        call = step.run
        if step.slot in self.repeated:
            call = self._remembering(step, call)
        return self._wrapped(step, "updateOutput", call)

    def _wrapped(self, step, verb, call):
        if step.module is not None:
            for wrap in self.wrappers:
                call = wrap(step.node, step.module, verb, call)
        return call

    def _remembering(self, step, call):
        """Each place of a repeated module has a state of its own, which ``forward`` of the network makes anew."""
        net, slot, parts = self.net, step.slot, self.repeated[step.slot]

        def run(*arguments, **keywords):
            return at_place(net._states.setdefault(slot, {}), parts, call, *arguments, **keywords)

        return run

    def calls(self, verb):
        """The steps of a backward sweep, last first: slot, parts, take, call, sources, into.

        Steps whose gradient reaches neither a parameter nor a wanted input are left out, and those that end at their
        own parameters only accumulate. ``into`` is the module's ``addGradInput`` where the source's gradient is the
        sweep's own, so that the module may add to it in place; else None.
        """
        sweep, needed, owned = [], self._needed(), self.owned()
        for step in reversed(self.steps):
            if not needed[step.slot] or (step.module is None and step.run.__class__ is itemgetter):
                continue  # a select's gradient is collected by its split
            ends = not any(needed[source] for source in step.sources) and _learns_alone(step.module)
            if ends and verb == "updateGradInput":
                continue
            call = step.bind("accGradParameters" if ends else verb)
            if step.slot in self.repeated:
                call = self._remembering(step, call)
            call = self._wrapped(step, verb, call)
            sources = step.sources if len(step.sources) > 1 else step.sources[0]
            into = addition(step.module) if step.sources[0] in owned else None
            sweep.append((step.slot, step.parts, step.take, call, sources, into))
        return sweep

    def owned(self):
        """The slots whose gradients nobody else holds: all that they feed are modules that can add to them in place."""
        readers = {}
        for step in self.steps:
            adds = len(step.sources) == 1 and addition(step.module) is not None and step.slot not in self.repeated
            for source in step.sources:
                readers[source] = readers.get(source, True) and adds
        own = {slot for slot, adds in readers.items() if adds and self.plain}
        return own.difference(self.outputs, range(self.first))

    def _needed(self):
        """Which slots' gradients are needed: those on a way to a parameter or to an input that wants its gradient."""
        needed = list(self.net.wanted)
        for step in self.steps:
            learner = step.module is not None and learns(step.module)
            needed.append(learner or any(needed[source] for source in step.sources))
        return needed


def _taker(sources):
    """Return a function that takes the values of some slots from the list: the bare one, or the table of several."""
    if len(sources) == 1:
        return itemgetter(sources[0])
    if len(sources) == 2:
        first, second = sources
        return lambda values: [values[first], values[second]]
    several = itemgetter(*sources)
    return lambda values: list(several(values))


def _hand_through(input, gradOutput):
    return gradOutput


def _as_it_is(table):
    return table


def _expect_table(n):
    def check(table):
        if not isinstance(table, (list, tuple)):
            remedy = ": nn.SelectTable(key)(node) takes an entry by its key" if isinstance(table, dict) else ""
            raise TensorTypeError(f"split({n}) takes a table (list) of {n} entries, got {shape_of(table)}{remedy}")
        if len(table) != n:
            raise ShapeError(f"split({n}) takes a table of {n} entries, got {len(table)}: {shape_of(table)}")
        return table

    return check
