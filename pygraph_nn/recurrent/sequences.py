"""What every recurrent layer agrees on: how a sequence comes in, with lengths and states, and how it goes out."""

import numpy as np

from ..errors import GraphError, RangeError, ShapeError, StateError, TensorTypeError
from ..modules.checks import expect_gradient_like, expect_gradients
from ..modules.containers import Container
from ..nesting import leaves, shape_of

__all__ = ["Recurrent"]


class Recurrent(Container):
    """Base of the layers that run over sequences; what goes in says what comes out.

    ======================================  ==================================
    input                                   output
    ======================================  ==================================
    x                                       y
    [x, lengths] or [x, mask]               y
    [x, state, ...]                         [y, last state, ...]
    [x, lengths or mask, state, ...]        [y, last state, ...]
    ======================================  ==================================

    x is (T x B x ...): T times of B sequences; y is (T x B x ...), one output for each time. ``lengths`` are B integers
    from 1 to T: how long each sequence is; ``mask`` is a bool array (T x B), False where there is nothing. Where a
    sequence has nothing, its states stay as they are, and y is 0. A state is (B x ...), or None for zeros; without
    states in the input they start as zeros. The last states are in ``states``, too, ready for the next stretch of a
    long sequence. Gradients have the structure of what they belong to; those of lengths are zeros, and None in a
    gradOutput stands for zeros.
    """

    def __init__(self):
        super().__init__()
        self.states = None

    @property
    def n_states(self):
        """The number of states that pass from one time to the next."""
        raise NotImplementedError(f"{self.typename()} has no n_states")

    def add(self, *arguments):
        raise GraphError(
            f"{self.title()}: the modules inside are those it was made of; what is to run before or behind it goes "
            "beside it, into a Sequential, a gModule or, if it is recurrent, into Layers"
        )

    insert = remove = add

    @property
    def dtype(self):
        """The numpy dtype of what is inside."""
        return self.modules[0].dtype

    def read(self, input):
        """Return x, the mask (or None), the initial states (None for zeros) and whether states were given."""
        table = list(input) if isinstance(input, (list, tuple)) else [input]
        x, rest = self._sequence(table[0] if table else None), table[1:]
        mask = None
        if rest and isinstance(rest[0], np.ndarray) and rest[0].dtype.kind in "iub":
            mask, rest = self._mask(rest[0], *x.shape[:2]), rest[1:]
        elif rest and all(isinstance(length, int) for length in leaves(rest[0])):
            raise TensorTypeError(
                f"{self.title()}: lengths or a mask are an array, got {shape_of(rest[0])}: convert it with np.array"
            )
        if rest and len(rest) != self.n_states:
            raise ShapeError(f"{self.title()} has {self.n_states} states, got {len(rest)}: {shape_of(rest)}")
        for number, state in enumerate(rest, 1):
            self._check_state(number, state, x.shape[1])
        return x, mask, rest or [None] * self.n_states, bool(rest)

    def _sequence(self, x):
        if not isinstance(x, np.ndarray):
            raise TensorTypeError(
                f"{self.title()} takes an array (T x B x ...), or a table that starts with it, got {shape_of(x)}"
            )
        if x.ndim < 2 or x.ndim < 3 and x.dtype.kind == "f":
            raise ShapeError(f"{self.title()} takes a sequence of batches (T x B x width), got {shape_of(x)}")
        for length, what in zip(x.shape, ("times (T)", "sequences (B)")):
            if length == 0:
                raise ShapeError(f"{self.title()}: the number of {what} must be at least 1, got {shape_of(x)}")
        return x

    def _mask(self, given, T, B):
        """The mask that lengths stand for, or the given one."""
        if given.dtype.kind == "b":
            if given.shape != (T, B):
                raise ShapeError(f"{self.title()}: the mask is T x B, {T}x{B} here, got {shape_of(given)}")
            return given
        if given.shape != (B,):
            raise ShapeError(
                f"{self.title()}: lengths are one integer for each of {B} sequences, got {shape_of(given)}; a mask is "
                "of bools: convert it with mask.astype(bool)"
            )
        wrong = np.flatnonzero((given < 1) | (given > T))
        if len(wrong):
            raise RangeError(
                f"{self.title()}: lengths lie from 1 to the number of times, {T}; that of sequence {wrong[0] + 1} is "
                f"{given[wrong[0]]}"
            )
        return np.arange(T)[:, None] < given

    def _check_state(self, number, state, B):
        if state is None:
            return
        if not isinstance(state, np.ndarray):
            raise TensorTypeError(f"{self.title()}: state {number} is an array or None, got {shape_of(state)}")
        if state.ndim < 2 or state.shape[0] != B:
            raise ShapeError(
                f"{self.title()}: state {number} has one row for each of {B} sequences, got {shape_of(state)}"
            )
        if state.dtype != self.dtype:
            raise TensorTypeError(
                f"{self.title()}: state {number} is {shape_of(state)}, but the network is {self.dtype.name}: convert "
                f"it with state.astype('{self.dtype.name}')"
            )

    def read_gradients(self, gradOutput):
        """Return the gradients by the outputs and by the last states, two lists; None stands for zeros in them."""
        if self.output is None:
            raise StateError(f"{self.title()}: backward needs a forward pass with the same input first")
        values = self.output if isinstance(self.output, list) else [self.output]
        table = gradOutput if isinstance(gradOutput, (list, tuple)) else [gradOutput]
        expect_gradients(self.title(), table if len(values) == 1 else gradOutput, len(values))
        for gradient, value in zip(table, values):
            if gradient is not None:
                expect_gradient_like(self, gradient, value)
        n_outputs = len(values) - self.n_states if self._given else len(values)
        return list(table[:n_outputs]), list(table[n_outputs:]) or [None] * self.n_states

    @staticmethod
    def like_input(input, by_x, by_states):
        """Return the gradients in the structure of the input."""
        if not isinstance(input, (list, tuple)):
            return by_x
        flags = [np.zeros_like(entry) for entry in input[1:2] if entry is not None and entry.dtype.kind in "iub"]
        return [by_x, *flags, *(by_states if len(input) > 1 + len(flags) else [])]

    def type(self, name=None, tensorCache=None):
        """Convert, or return the type of what is inside, which may have one of its own."""
        if name is None:
            return self.modules[0].type()
        self.clearState()
        return super().type(name, tensorCache)

    def clearState(self):
        self.states = None
        return super().clearState()
