"""Unroll: a cell run over a sequence, forward and backward through time."""

import numpy as np

from ..errors import GraphError, ShapeError, StateError
from ..graph.gmodule import gModule
from ..modules.checks import expect_plain, sizes
from ..modules.shapes import Identity
from .sequences import Recurrent
from .tape import Tape
from .timeplan import TimePlan

__all__ = ["Unroll"]


class Unroll(Recurrent):
    """y[t], s[t] = cell(x[t], s[t-1]) for t = 1 .. T: any cell, run over a sequence.

    Parameters
    ----------
    cell : gModule
        From [x, state, ...] to [next state, ...]; what it puts out beyond the states is y, otherwise the last state is.
    reverse : bool
        Run from the last time to the first; with lengths, from each sequence's own last. y stays in the order of x.
    state_sizes : list of ints or tuples, optional
        The sizes of a state's row, for initial zeros. Found by looking at the cell's Linear modules where not given.
    input_gradient : bool
        False spares the gradient by x, which a training input does not need; it is then None. So does a cell that was
        told ``needGradInput(False, ...)``.
    hoist : bool
        False runs every step at every time. By default a step that no state depends on, or that depends on no earlier
        time, runs once for all times, and the gradients of parameters are summed in one product where modules promise
        that this is the same to rounding (``row_wise``, ``stateless``).

    Input and output are Recurrent's: x (T x B x ...), alone or with lengths and states. Parameters are the cell's own,
    and memory grows with T. Raises GraphError for a cell that is none, ShapeError, RangeError and TensorTypeError for a
    sequence, lengths, states or gradients that do not fit, StateError for a backward pass before its forward pass,
    NodeError where a node fails.

    >>> import pygraph_nn as nn
    >>> layer = nn.Unroll(nn.LSTM.create(3, 4))
    >>> x = nn.randn(5, 2, 3)
    >>> layer.forward(x).shape                    # five times, two sequences
    (5, 2, 4)
    >>> y, c, h = layer.forward([x, None, None])  # with states
    >>> bool((h == y[-1]).all())
    True
    >>> y, c, h = layer.forward([x, c, h])        # the next stretch
    """

    _plan = _pass = None

    def __init__(self, cell, reverse=False, state_sizes=None, input_gradient=True, hoist=True):
        super().__init__()
        if not isinstance(cell, gModule):
            raise GraphError(
                f"nn.Unroll(cell) takes a gModule from [x, state, ...] to [next state, ...], got {cell!r}; pack other "
                "modules into one: gModule([x, h], [module([x, h])])"
            )
        outputs = len(cell.outnode.inputs)
        if cell.nInputs < 2 or outputs < cell.nInputs - 1:
            raise GraphError(
                f"nn.Unroll(cell): a cell takes x and at least one state, and puts out the next states first; this one "
                f"has {cell.nInputs} inputs and {outputs} outputs: {cell!r}"
            )
        if state_sizes is not None:
            if not isinstance(state_sizes, (list, tuple)) or len(state_sizes) != cell.nInputs - 1:
                raise ShapeError(
                    f"nn.Unroll(cell): the cell has {cell.nInputs - 1} states, and state_sizes is a list of as many "
                    f"sizes, got {state_sizes!r}"
                )
            state_sizes = [sizes((size,), "nn.Unroll: state_sizes") for size in state_sizes]
        self.modules = [cell]
        self.reverse, self.state_sizes = reverse, state_sizes
        self.input_gradient, self.hoist = input_gradient, hoist

    @property
    def cell(self):
        """The cell."""
        return self.modules[0]

    @property
    def n_states(self):
        return self.cell.nInputs - 1

    @property
    def n_outputs(self):
        """The number of arrays y: what the cell puts out beyond the states, or else the last state."""
        return max(len(self.cell.outnode.inputs) - self.n_states, 1)

    # The verbs -------------------------------------------------------------------------------------------------------

    def updateOutput(self, input):
        x, mask, initial, given = self.read(input)
        if mask is not None:
            expect_plain(self, x, x)
            x = _filled_in(x, mask)
        if self.reverse:
            x, mask = x[::-1], mask if mask is None else mask[::-1]
        initial = self._zeros_for(initial, x.shape[1])
        plan = self._planned(x, initial)
        self.output, self._given = None, given  # no output, if a node fails
        self._pass = tape = Tape(plan, x, initial, mask)
        self.states = self._guarded("forward", tape.forward)
        slots = plan.program.outputs[self.n_states :] or plan.next_states[-1:]
        self._outputs = slots
        outputs = [self._sequence_of(tape.values(slot)) for slot in slots]
        self.output = [*outputs, *self.states] if self._given else outputs if len(outputs) > 1 else outputs[0]
        return self.output

    def updateGradInput(self, input, gradOutput):
        outputs, last = self.read_gradients(gradOutput)
        tape = self._pass
        pairs = [(slot, self._rows_of(slot, gradient)) for slot, gradient in zip(self._outputs, outputs)]
        by_x, by_states = self._guarded("backward", tape.backward, pairs, last)
        by_states = [np.zeros_like(s) if g is None else g for g, s in zip(by_states, tape.initial)]
        self.gradInput = self.like_input(input, self._by_input(input, by_x), by_states)
        return self.gradInput

    def accGradParameters(self, input, gradOutput, scale=1):
        if self._pass is None or not self._pass.swept:
            raise StateError(f"{self.title()}: accGradParameters needs updateGradInput with the same input first")
        self._guarded("accGradParameters", self._pass.accumulate, scale)

    # Sequences and rows ----------------------------------------------------------------------------------------------

    def _sequence_of(self, rows):
        """Rows as (T x B x ...), in the order of x, zero where there is nothing."""
        tape = self._pass
        if not isinstance(rows, np.ndarray) or len(rows) != tape.T * tape.B:
            raise ShapeError(
                f"{self.title()}: the cell's output must be an array with one row for each of {tape.B} sequences"
            )
        y = rows.reshape(tape.T, tape.B, *rows.shape[1:])
        if tape.mask is not None:
            y = np.where(self._mask_like(y), y, y.dtype.type(0))
        return y[::-1] if self.reverse else y

    def _mask_like(self, y):
        mask = self._pass.mask
        return mask.reshape(*mask.shape, *(1,) * (y.ndim - 2))

    def _rows_of(self, slot, gradient):
        if gradient is None:
            return None
        gradient = gradient[::-1] if self.reverse else gradient
        if self._pass.mask is not None:
            gradient = np.where(self._mask_like(gradient), gradient, gradient.dtype.type(0))
        return gradient.reshape(self._pass.values(slot).shape)

    def _by_input(self, input, by_x):
        x = input[0] if isinstance(input, (list, tuple)) else input
        if by_x is None:
            return np.zeros_like(x) if self._wants_x() else None
        by_x = by_x.reshape(x.shape)
        return by_x[::-1] if self.reverse else by_x

    # The plan and the zeros ------------------------------------------------------------------------------------------

    def _planned(self, x, initial):
        program = self.cell._ready([x[0], *initial])
        needs_x = self._wants_x() and x.dtype.kind == "f"
        if self._plan is None or not self._plan.is_current(program, self.hoist, needs_x):
            self._plan = TimePlan(program, self.n_states, self.hoist, needs_x)
        return self._plan

    def _wants_x(self):
        return self.input_gradient and self.cell.wanted[0]

    def _zeros_for(self, states, B):
        self._found = None
        if all(state is not None for state in states):
            return list(states)
        found = self.state_sizes
        if not found:
            found = self._found = self._find_sizes([None if s is None else s.shape[1:] for s in states])
        return [np.zeros((B, *size), self.dtype) if s is None else s for s, size in zip(states, found)]

    def _find_sizes(self, given):
        """The sizes of the states' rows: a Linear on a state tells, and a state on none is as wide as its neighbour."""
        known = [size or _width(node) for size, node in zip(given, self.cell._inputs[1:])]
        found = [
            size or next((near for near in [*known[i:], *reversed(known[:i])] if near), None)
            for i, size in enumerate(known)
        ]
        if None in found:
            raise ShapeError(
                f"{self.title()}: no Linear in the cell tells how wide its states are; pass the initial states, or "
                "Unroll(cell, state_sizes=[...])"
            )
        return found

    # Failures and copies ---------------------------------------------------------------------------------------------

    def _guarded(self, phase, run, *arguments):
        """Run a part of the pass; say of a failure at which node and time it came.

        The modules stay in the mode that they are in, whichever the pass forward took down for those backward.
        """
        modes = [(module, module.train) for module in self._pass.plan.noted]
        try:
            return run(*arguments)
        except Exception as error:
            if self._pass.place is None:
                raise
            guess = self._found if phase == "forward" and self._pass.place[1] == 0 else None
            raise self._pass.failure(phase, error, guess) from error
        finally:
            for module, mode in modes:
                if module.train is not mode:
                    module.train = mode

    def __getstate__(self):
        return {**super().__getstate__(), "_plan": None, "_pass": None, "output": None, "gradInput": None}

    def clearState(self):
        self._plan = self._pass = None
        self.cell.clearState()
        return super().clearState()

    def arguments(self):
        return "(reverse=True)" if self.reverse else ""

    def __repr__(self):
        return self._indented([f"(1): {self.cell!r}".replace("\n", "\n  ")]).replace(" {", self.arguments() + " {", 1)


def _filled_in(x, mask):
    """A sequence whose first entry stands wherever it has none.

    What lies there must not matter, not even if it is no number; and what a cell takes at one time, an index or the
    argument of a logarithm, it takes at another.
    """
    first = x[mask.argmax(0), np.arange(x.shape[1])]
    first[~mask.any(0)] = 1
    return np.where(mask.reshape(*mask.shape, *(1,) * (x.ndim - 2)), x, first)


def _width(node):
    """The width that the modules with weights expect of a node's output, as a tuple; None if there are none."""
    for consumer in node.consumers:
        module = consumer.module
        inside = None
        if isinstance(module, gModule):
            inside = module._inputs[consumer.inputs.index(node) if module.nInputs > 1 else 0]
        elif isinstance(module, Identity):
            inside = consumer
        elif len(consumer.inputs) == 1 and _is_as_wide(getattr(module, "weight", None)):
            return (module.weight.shape[-1],)
        width = None if inside is None else _width(inside)
        if width:
            return width
    return None


def _is_as_wide(weight):
    """Tell whether a weight is a matrix or a vector for rows: no convolution's, and no one number for all elements."""
    return isinstance(weight, np.ndarray) and weight.ndim < 3 and weight.shape != (1,)
