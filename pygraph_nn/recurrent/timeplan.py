"""Which of a cell's steps run once for all times, which once per time, and in which order.

A cell's program (graph/program.py) is a line of steps over slots. Through time, each state's input at one time is its
output at the time before. A step on a cycle through these links must run once per time, in a loop. A step on none need
not: the steps of a sequence are rows, like those of a batch, so that a row-wise module computes all of them in one
call. Hence the plan is a list of blocks: a ``Rows`` block is one step, run on (T * B) rows; a ``Loop`` block is all
steps of one cycle, run once per time. The input's half of an LSTM, or a decoder on top, becomes one product; the layers
of a stack fall into one loop each.

A module that is not row-wise may draw random numbers, so all of these stay in one loop, in the cell's own order.
"""

from operator import itemgetter

import numpy as np

from ..graph.program import addition, learns
from ..modules.fields import overrides
from ..modules.module import Module
from ..modules.promises import inherits, promises

__all__ = ["TimePlan", "Rows", "Loop", "Call"]


class Call:
    """One step of the program as a plan runs it.

    Attributes
    ----------
    step : the program's Step.
    slot, take, sources : where its value goes, how its input is taken from a tape, and from which slots.
    module : its module, or None for one that only routes.
    run, updateGradInput, accGradParameters : what to call.
    learns : whether its module can have parameters.
    inherits : whether what its classes say of ``row_wise`` is said of all verbs inside.
    defers : whether its parameters' gradients may be summed over all times in one call, after the loop.
    passes : whether somebody needs the gradient by its input.
    note, restore : how to take down what a call left in its module, and how to give it back; None where nobody asks.
    add : how to add the gradient by the input to a sum in place, for a module that can; else None.
    parts : its module and all inside that.
    """

    def __init__(self, program, step, hoist):
        self.step, self.slot, self.take, self.module = step, step.slot, step.take, step.module
        self.sources = list(step.sources)
        self.learns = step.module is not None and learns(step.module)
        self.run = program._wrapped(step, "updateOutput", step.run)
        self.plain = not program.wrappers
        backward = _place_entry(step.run) if _selects(step) else step.bind("updateGradInput")
        self.updateGradInput = program._wrapped(step, "updateGradInput", backward)
        self.add = addition(step.module) if self.plain else None
        self.accGradParameters = program._wrapped(step, "accGradParameters", step.bind("accGradParameters"))
        self.parts = [] if step.module is None else step.module.listModules()
        self.inherits = all(inherits(part, "row_wise") for part in self.parts)
        self.defers = hoist and self.learns and self.row_wise and promises(step.module, "stateless")
        self._remember()

    def _remember(self):
        """Choose how the module's state is taken down between the passes of one time and another."""
        if self.module is None or promises(self.module, "stateless"):
            self.note = self.restore = None
            return
        self._parameters = [_parameter_fields(part) for part in self.parts]
        if len(self.parts) == 1 and not self._parameters[0]:
            self.note, self.restore = vars(self.module).copy, vars(self.module).update
        else:
            self.note, self.restore = self._note_all, self._restore_all

    @property
    def row_wise(self):
        """Routing handles a table of rows as it does a table of one time's values."""
        return self.module is None or self.inherits and self.module.row_wise

    @property
    def holds(self):
        """Whether modules may come to be inside, or go."""
        module = self.module
        return module is not None and (hasattr(module, "modules") or type(module).children is not Module.children)

    def is_current(self):
        """Tell whether the modules inside are those that the plan was made for."""
        return self.module.listModules() == self.parts

    def _note_all(self):
        """Take down the state of every module inside, all but the parameters, which may move meanwhile."""
        states = []
        for part, parameters in zip(self.parts, self._parameters):
            state = vars(part).copy()
            for name in parameters:
                del state[name]
            states.append(state)
        return states

    def _restore_all(self, states):
        for part, fields in zip(self.parts, states):
            vars(part).update(fields)

    def runs(self, times):
        """What to call forward, so many times."""
        if self.module is None or not self.plain:
            return self.run
        for kind in type(self.module).__mro__:
            if "repeatedly" in vars(kind):
                return self.run if overrides(self.module, "updateOutput") else self.module.repeatedly(times)
            if "updateOutput" in vars(kind):
                break
        return self.run


def _parameter_fields(module):
    """The names of a module's fields that hold its own parameters and their gradients."""
    mine = module._own_memory()
    return [name for name, value in vars(module).items() if id(value) in mine]


def _selects(step):
    return step.module is None and step.run.__class__ is itemgetter


def _place_entry(select):
    """The gradient by a table of which one entry was selected."""

    def run(table, gradOutput):
        gradient = [None] * len(table)
        gradient[select(range(len(table)))] = gradOutput
        return gradient

    return run


class Rows:
    """A step that runs once, on the rows of all times."""

    def __init__(self, call):
        self.calls = [call]


class Loop:
    """The steps that run once per time, and the states that pass from one time to the next between them.

    ``imports`` are the slots that the steps take from other blocks; ``exports`` those whose gradients leave the loop.
    ``grown`` are the slots whose gradients are sums made in place; ``handed_on`` those of them that, as the last pass
    showed, leave the loop as they are. ``dropped`` are those whose values only their shapes outlive. ``readers`` maps
    slots that nobody else reads to the calls that do, where all of these add to a gradient in place.
    """

    def __init__(self, calls, states):
        self.calls, self.states = calls, states
        self.handed_on = []
        self._tiled = {}

    def tiled(self, tape):
        """The slots each of whose numbers exactly one reader takes, given the shapes of a tape's values.

        Their readers' gradients are laid side by side, like tiles, where others are added up from zeros.
        """
        shapes = tuple(tape[slot].shape for slot in self.readers)
        parts = tuple([call.module.part for calls in self.readers.values() for call in calls])
        if (shapes, parts) not in self._tiled:
            pairs = zip(self.readers.items(), shapes)
            self._tiled[shapes, parts] = {slot for (slot, calls), shape in pairs if _are_tiles(calls, shape)}
        return self._tiled[shapes, parts]


def _are_tiles(calls, shape):
    """Tell whether the parts of an array of this shape that the calls' modules take cover it without overlap."""
    count = np.zeros(shape, np.intp)
    for call in calls:
        call.add(count, 1, count)
    return (count == 1).all()


class TimePlan:
    """The blocks of a cell's program, in the order to run them.

    Parameters
    ----------
    program : Program
    n_states : int; the program's inputs are x and so many states, its first outputs the next states.
    hoist : bool; False puts all steps into one loop, with all their gradients, the plain way.
    needs_x : bool; whether somebody wants the gradient by x.

    ``noted`` are the modules whose state is taken down between the passes of one time and another.
    """

    def __init__(self, program, n_states, hoist=True, needs_x=True):
        self.program, self.count, self.n_states = program, program.count, n_states
        self.hoist, self.needs_x = hoist, needs_x
        self.next_states = program.outputs[:n_states]
        self.calls = [Call(program, step, hoist) for step in program.steps]
        self.holders = [call for call in self.calls if call.holds]
        self.asked = [call.module for call in self.calls if call.module is not None and call.inherits]
        self.row_wise = self._row_wise()
        self.blocks = self._blocks(self._dependencies() if hoist else None)
        self._mark_needs()
        self.noted = {id(part): part for call in self.calls if call.note is not None for part in call.parts}.values()
        self.owner = {call.slot: block for block in self.blocks for call in block.calls}
        for block in self.blocks:
            if isinstance(block, Loop):
                self.owner.update((state, block) for state in block.states)
                self._frontier(block)
        for block in self.blocks:
            if isinstance(block, Loop):
                block.dropped = self._dropped(block)

    def _row_wise(self):
        return [module.row_wise for module in self.asked]

    def is_current(self, program, hoist, needs_x):
        """Tell whether the plan still holds: for this program, with the same modules inside, the same ones row-wise."""
        if program is not self.program or hoist != self.hoist or needs_x != self.needs_x:
            return False
        return self._row_wise() == self.row_wise and all(call.is_current() for call in self.holders)

    def _mark_needs(self):
        """Find the steps whose gradient by the input leads to a parameter, to a state or to a wanted x."""
        self.needed = {*self.states, *([0] if self.needs_x else [])}
        for call in self.calls:
            leads = not self.needed.isdisjoint(call.sources)
            call.passes = leads or call.learns and not call.defers
            if not call.passes:
                call.note = None
            if leads or call.learns:
                self.needed.add(call.slot)

    def _links(self):
        """The slots that each slot depends on, at the same time or the one before."""
        links = {call.slot: list(call.sources) for call in self.calls}
        links.update((state, [source]) for state, source in zip(self.states, self.next_states))
        loose = [call.slot for call in self.calls if not call.row_wise]
        for slot, before in zip(loose, loose[-1:] + loose[:-1]):
            links[slot].append(before)
        return links

    @property
    def states(self):
        """The slots of the states as they come in: all inputs but the first."""
        return range(1, self.n_states + 1)

    def _dependencies(self):
        """For each slot, the set of all slots that it depends on through any number of links, as bits of an int."""
        links = self._links()
        found = dict.fromkeys(range(self.count), 0)
        changed = True
        while changed:
            changed = False
            for slot, sources in sorted(links.items()):
                bits = found[slot]
                for source in sources:
                    bits |= found[source] | 1 << source
                changed |= bits != found[slot]
                found[slot] = bits
        return found

    def _blocks(self, depends):
        if depends is None:
            return [Loop(self.calls, list(self.states))]
        calls = {call.slot: call for call in self.calls}
        cycles, blocks = {}, []
        for slot in [*self.states, *calls]:
            bits = depends[slot]
            if slot in calls and not bits >> slot & 1:
                blocks.append(((bits.bit_count(), 1, slot), Rows(calls[slot])))
                continue
            # Slots of one cycle depend on the same slots; a state on no cycle is a loop of its own, which only delays.
            members = cycles.setdefault(bits if bits >> slot & 1 else (slot,), [])
            members.append(slot)
        for members in cycles.values():
            inside = [calls[slot] for slot in members if slot in calls]
            states = [slot for slot in members if slot in self.states]
            bits = depends[members[0]]
            blocks.append(((bits.bit_count(), 0 if bits >> members[0] & 1 else 1, members[0]), Loop(inside, states)))
        return [block for _, block in sorted(blocks, key=itemgetter(0))]

    def _frontier(self, loop):
        """Find what enters the loop from outside, and whose gradients leave it."""
        inside = {call.slot for call in loop.calls} | set(loop.states)
        taken = [source for call in loop.calls for source in call.sources]
        taken += [self.next_states[state - 1] for state in loop.states]
        loop.imports = sorted({slot for slot in taken if slot not in inside})
        loop.exports = sorted({*loop.imports, *(call.slot for call in loop.calls if call.learns)})
        loop.grown = sorted({call.sources[0] for call in loop.calls if call.passes and call.add is not None})
        loop.readers = self._sole_readers(loop)
        loop.sweep = [self._backward(call) for call in reversed(loop.calls) if call.passes]

    def _sole_readers(self, loop):
        """For each grown slot that gets no gradient from anybody else: the calls that add to it."""
        readers = {slot: [] for slot in loop.grown if slot not in self.program.outputs}
        for call in self.calls:
            for source in call.sources:
                if call in loop.calls and call.passes and call.add is not None:
                    readers.get(source, []).append(call)
                else:
                    readers.pop(source, None)
        return readers

    def _dropped(self, loop):
        """The slots of a loop whose numbers nobody looks at once their time is over."""
        kept = {*self.program.outputs, *(s for block in self.blocks if isinstance(block, Loop) for s in block.imports)}
        for call in self.calls:
            looks = call.module is None or not call.plain or not promises(call.module, "ignores_input")
            if looks or self.owner[call.slot] is not loop:
                kept.update(call.sources)
        return [call.slot for call in loop.calls if call.slot not in kept]

    def _backward(self, call):
        """What a loop's backward pass needs of a call: all that can be known before."""
        sources = [source if source in self.needed else None for source in call.sources]
        single = sources[0] if len(sources) == 1 else None
        again = call.note if call.learns and not call.defers else None
        return call.slot, call.take, call.updateGradInput, call.add, single, sources, call.restore, again
