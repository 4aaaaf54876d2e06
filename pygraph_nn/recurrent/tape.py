"""One pass through time: the values and the gradients of a time plan's slots, in the two forms that they take.

A slot's value is known as *rows*, one array of (T * B) rows, or by *time*, T arrays of B rows; whoever needs the other
form makes it once. Gradients likewise.
"""

from functools import partial

import numpy as np

from ..errors import NodeError, ShapeError
from ..nesting import add, is_table, map_table, shape_of, zero
from .timeplan import Rows

__all__ = ["Tape"]


class Tape:
    """What a pass writes down, forward and backward.

    Parameters
    ----------
    plan : TimePlan
    x : array (T x B x ...)
    initial : list of arrays (B x ...), the states before the first time.
    mask : bool array (T x B) or None; where it is False, a row's states pass unchanged.
    """

    def __init__(self, plan, x, initial, mask=None):
        self.plan, self.initial = plan, initial
        self.T, self.B = x.shape[:2]
        self.times = [[None] * plan.count for _ in range(self.T)]
        self.rows = [None] * plan.count
        self.rows[0] = x.reshape(self.T * self.B, *x.shape[2:])
        self.mask = mask
        self.notes = {}
        self.place = None
        self.swept = False

    # Forward ---------------------------------------------------------------------------------------------------------

    def forward(self):
        """Run the plan's blocks; return the states after the last time."""
        self.last = list(self.initial)
        for block in self.plan.blocks:
            (self._run_rows if isinstance(block, Rows) else self._run_loop)(block)
        return self.last

    def failure(self, phase, error, guess=None):
        """The error that says which node failed, at which time, and what reached it; states may be of guessed sizes."""
        net = self.plan.program.net
        call, t, net._values, net._gradients = self.place
        failure = net._failure(call.step, phase, error)
        when = "for all times at once" if t is None else f"at time {t + 1} of {self.T}"
        if guess:
            sizes = ", ".join("x".join(map(str, size)) for size in guess)
            when += (
                f"\n  initial states that are not given are zeros of the sizes {sizes}, found by looking at the cell's "
                "Linear modules: if it is other sizes, pass the states or Unroll(cell, state_sizes=[...])"
            )
        return NodeError(f"{failure}\n  {when}", failure.node)

    def _run_rows(self, block):
        (call,) = block.calls
        self.place = call, None, self.rows, {}
        for source in call.sources:
            self.values(source)
        self.rows[call.slot] = call.run(call.take(self.rows))
        if call.note is not None:
            self.notes[call.slot] = call.note()

    def _run_loop(self, loop):
        for slot in loop.imports:
            self._spread(slot)
        self.notes[loop] = notes = []
        steps = [(call.runs(self.T), call.take, call.slot, call.note) for call in loop.calls]
        links = [(state, self.plan.next_states[state - 1]) for state in loop.states]
        for t, tape in enumerate(self.times):
            for state, _ in links:
                tape[state] = self.last[state - 1]
            taken_down = []
            notes.append(taken_down)
            try:
                for run, take, slot, note in steps:
                    tape[slot] = run(take(tape))
                    if note is not None:
                        taken_down.append(note())
            except Exception:
                self.place = self._call_at(loop, slot), t, tape, {}
                raise
            for state, source in links:
                self.last[state - 1] = self._masked(t, tape[source], tape[state])
            if t == 0:
                ghosts = [(slot, _ghost(tape[slot])) for slot in loop.dropped]
            for slot, ghost in ghosts:
                tape[slot] = ghost

    @staticmethod
    def _call_at(loop, slot):
        return next(call for call in loop.calls if call.slot == slot)

    def _masked(self, t, new, old):
        """The state after time t: the new one, or the old one in rows that are left out."""
        if self.mask is None:
            return new
        self._expect_alike(new, old)
        return np.where(self._alive(t, new), new, old)

    @staticmethod
    def _expect_alike(new, old):
        """Raise unless a next state has the rows that the state has."""
        if not isinstance(new, np.ndarray) or new.shape[1:] != old.shape[1:]:
            raise ShapeError(
                "a cell's next states are shaped like its states, in their order; a state is "
                f"{shape_of(old)} here, the next one {shape_of(new)}"
            )

    def _alive(self, t, like):
        return self.mask[t].reshape(-1, *(1,) * (like.ndim - 1))

    def _spread(self, slot):
        """Make a slot's value known by time."""
        if self.times[0][slot] is None:
            for tape, value in zip(self.times, self._by_time(self.rows[slot])):
                tape[slot] = value

    def _by_time(self, rows):
        if is_table(rows):
            return [map_table(partial(self._cut, t), rows) for t in range(self.T)]
        return list(rows.reshape(self.T, self.B, *rows.shape[1:]))

    def _cut(self, t, rows):
        return None if rows is None else rows[t * self.B : (t + 1) * self.B]

    def values(self, slot):
        """A slot's value as rows."""
        if self.rows[slot] is None:
            if slot in self.plan.states:
                self._shift(slot)
            elif slot in self.plan.next_states and self.mask is None:
                self._shift(self.plan.next_states.index(slot) + 1)
            else:
                self.rows[slot] = stack([tape[slot] for tape in self.times])
        return self.rows[slot]

    def _shift(self, state):
        """Lay out a state's rows as it goes in and as it comes out: one array, seen twice, one time apart."""
        source = self.plan.next_states[state - 1]
        self._expect_alike(self.last[state - 1], self.initial[state - 1])
        if self.mask is not None:
            self.rows[state] = stack([tape[state] for tape in self.times])
        elif self.rows[source] is not None:
            self.rows[state] = np.concatenate([self.initial[state - 1], self.rows[source][: -self.B]])
        else:
            both = np.concatenate([self.initial[state - 1], *(tape[source] for tape in self.times)])
            self.rows[state], self.rows[source] = both[: -self.B], both[self.B :]

    # Backward --------------------------------------------------------------------------------------------------------

    def backward(self, outputs, last):
        """Carry gradients back; return that by x, as rows, and those by the initial states.

        ``outputs`` is a list of pairs, slot and gradient as rows; ``last`` the gradients by the last states. Either may
        hold None.
        """
        self.swept = False
        self.from_rows = {}
        self.from_times = {}
        self.stacks = {}
        self.strips = []
        self.totals = {}
        self.carried = list(last)
        for slot, gradient in outputs:
            self._add_rows(slot, gradient)
        for block in reversed(self.plan.blocks):
            (self._sweep_rows if isinstance(block, Rows) else self._sweep_loop)(block)
        self.swept = True
        return self._total(0), self.carried

    def _add_rows(self, slot, gradient):
        if slot == 0 and not self.plan.needs_x or gradient is None:
            return
        self.from_rows[slot] = add(self.from_rows.get(slot), gradient)

    def _sweep_rows(self, block):
        (call,) = block.calls
        gradient = self.totals[call.slot] = self._total(call.slot)
        self.place = call, None, self.rows, self.totals
        if gradient is None or not call.passes:
            return
        if call.note is not None:
            call.restore(self.notes[call.slot])
        gradient = self.totals[call.slot] = _filled(gradient, self.rows[call.slot])
        by_input = call.updateGradInput(call.take(self.rows), gradient)
        if call.learns and not call.defers:
            self.notes[call.slot] = call.note()
        for source, part in zip(call.sources, by_input if len(call.sources) > 1 else [by_input]):
            self._add_rows(source, part)

    def _total(self, slot):
        """The gradient by a slot as rows, from all that it feeds."""
        column = self.from_times.get(slot)
        times = None if column is None else self._stacked(slot, column)
        return add(self.from_rows.get(slot), times)

    def _stacked(self, slot, column):
        """The gradients of all times as rows; slots whose gradients are the same arrays share one stack."""
        key = tuple(map(id, column))
        if key not in self.stacks:
            if all(gradient is None for gradient in column):
                return None
            for whole, parts in self.strips:
                if all(a is b for a, b in zip(parts, column)):
                    return whole
            whole = [_filled(gradient, tape[slot]) for gradient, tape in zip(column, self.times)]
            self.stacks[key] = stack(whole), column
        return self.stacks[key][0]

    def _sweep_loop(self, loop):
        plan, notes = self.plan, self.notes[loop]
        own = [*loop.states, *(call.slot for call in loop.calls)]
        entering = [(slot, column) for slot in own for column in self._columns(slot)]
        leaving = [(slot, [None] * self.T) for slot in loop.exports]
        links = [(state, plan.next_states[state - 1]) for state in loop.states]
        strips = {slot: self._strip(slot) for slot in loop.handed_on}
        tiled = loop.tiled(self.times[0])
        for t in reversed(range(self.T)):
            tape, gradients = self.times[t], [None] * plan.count
            for slot, column in entering:
                gradients[slot] = add(gradients[slot], column[t])
            kept = [self._receive(t, gradients, state, source) for state, source in links]
            self._sweep_time(loop, t, tape, gradients, notes[t], strips, tiled)
            for (state, _), old in zip(links, kept):
                self.carried[state - 1] = add(gradients[state], old)
            for slot, column in leaving:
                column[t] = gradients[slot]
        left = {id(column[0]) for _, column in leaving}
        loop.handed_on = [slot for slot in loop.grown if id(gradients[slot]) in left]
        for slot, column in leaving:
            previous = self.from_times.get(slot)
            self.from_times[slot] = column if previous is None else [add(a, b) for a, b in zip(previous, column)]

    def _columns(self, slot):
        """The gradients by time that reach a slot of a loop from blocks behind it."""
        if slot in self.from_rows:
            yield self._by_time(self.from_rows[slot])
        if slot in self.from_times:
            yield self.from_times.pop(slot)

    def _receive(self, t, gradients, state, source):
        """Hand the gradient by the state after time t to its source; return what passes to the time before."""
        gradient, old = self.carried[state - 1], None
        if gradient is None:
            return None
        if self.mask is not None:
            alive = self._alive(t, gradient)
            gradient, old = np.where(alive, gradient, 0), np.where(alive, 0, gradient)
        gradients[source] = add(gradients[source], gradient)
        return old

    def _strip(self, slot):
        """Room for the gradients by a slot at all times, in one array, so that stacking them later costs nothing."""
        like = self.times[0][slot]
        whole = np.empty((self.T * len(like), *like.shape[1:]), like.dtype)
        parts = list(whole.reshape(self.T, *like.shape))
        self.strips.append((whole, parts))
        return parts

    def _sweep_time(self, loop, t, tape, gradients, notes, strips, tiled):
        """Carry the gradients of one time back. Sums made here may grow in place; what modules handed out may not."""
        index, own = len(notes), set()
        slot = None
        try:
            for slot, take, updateGradInput, add_into, single, sources, restore, again in loop.sweep:
                if restore is not None:
                    index -= 1
                gradient = gradients[slot]
                if gradient is None:
                    if single not in tiled:
                        continue
                    gradient = 0
                if gradient.__class__ is list:
                    gradient = _filled(gradient, tape[slot])
                input = take(tape)
                if add_into is not None:
                    blank = single in tiled
                    if single not in own:
                        own.add(single)
                        gradients[single] = self._growing(gradients[single], single, input, strips, t, blank)
                    add_into(input, gradient, gradients[single], blank)
                    continue
                if restore is not None:
                    restore(notes[index])
                by_input = updateGradInput(input, gradient)
                if again is not None:
                    notes[index] = again()
                if single is not None:
                    present = gradients[single]
                    gradients[single] = by_input if present is None else _sum(present, by_input, single, own)
                elif by_input is not None and len(sources) > 1:
                    for source, part in zip(sources, by_input):
                        if source is not None:
                            present = gradients[source]
                            gradients[source] = part if present is None else _sum(present, part, source, own)
        except Exception:
            self.place = self._call_at(loop, slot), t, tape, gradients
            raise

    @staticmethod
    def _growing(present, slot, input, strips, t, blank):
        """Make the gradient by a slot one that may be added to in place; for a blank one, only find it room."""
        total = strips[slot][t] if slot in strips else np.empty(input.shape, input.dtype)
        if not blank:
            total[...] = 0 if present is None else present
        return total

    def accumulate(self, scale):
        """Add the gradients of the parameters of all modules."""
        for call in reversed(self.plan.calls):
            if call.learns:
                block = self.plan.owner[call.slot]
                if isinstance(block, Rows):
                    if call.note is not None:
                        call.restore(self.notes[call.slot])
                    self._accumulate_rows(call, self.totals[call.slot], scale)
                elif call.defers:
                    self._accumulate_rows(call, self._stacked(call.slot, self.from_times[call.slot]), scale)
                else:
                    self._accumulate_times(block, call, scale)

    def _accumulate_rows(self, call, gradient, scale):
        if gradient is not None:
            self.place = call, None, self.rows, {call.slot: gradient}
            for source in call.sources:
                self.values(source)
            call.accGradParameters(call.take(self.rows), gradient, scale)

    def _accumulate_times(self, loop, call, scale):
        notes = self.notes[loop]
        index = [other.slot for other in loop.calls if other.note is not None and other.passes]
        for t in reversed(range(self.T)):
            gradient = self.from_times[call.slot][t]
            if gradient is not None:
                gradient = _filled(gradient, self.times[t][call.slot])
                self.place = call, t, self.times[t], {call.slot: gradient}
                if call.note is not None:
                    call.restore(notes[t][index.index(call.slot)])
                call.accGradParameters(call.take(self.times[t]), gradient, scale)


def _ghost(value):
    """What is left of a value whose numbers nobody needs: zeros of its shape that take no room."""
    if value.__class__ is not np.ndarray:
        return map_table(_ghost, value) if is_table(value) else value
    return np.broadcast_to(value.dtype.type(0), value.shape)


def _sum(present, part, slot, own):
    """The sum of two gradients by a slot: in place if the first is a sum already, else a new one."""
    if part.__class__ is not np.ndarray:
        return add(present, part)
    if slot in own:
        present += part
        return present
    own.add(slot)
    return present + part


def stack(values):
    """Put the rows of several batches, arrays or tables of one structure, below each other."""
    return map_table(lambda *arrays: np.concatenate(arrays), *values)


def _filled(gradient, value):
    """The gradient with zeros where there is none, shaped like ``value``."""
    if gradient.__class__ is np.ndarray:
        return gradient
    return map_table(lambda part, whole: zero(whole) if part is None else part, gradient, value)
