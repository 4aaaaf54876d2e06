"""Recurrent layers put together: both directions of time side by side, and layers on top of each other."""

import numpy as np

from ..errors import GraphError, StateError
from ..modules.containers import Container
from ..modules.module import Module
from ..nesting import add
from .sequences import Recurrent
from .unroll import Unroll

__all__ = ["Bidirectional", "Layers"]


class _Composition(Recurrent):
    """What both share: their parts are Recurrent, each with its share of the states.

    ``side_by_side`` says that the parts all take x and their y are joined, where otherwise each takes the last y.
    """

    side_by_side = False
    _inputs = _last = _gradients = _by_states = ()

    def _forget(self):
        """Forget what the parts took and gave in a pass: one entry of each list for each part that has run."""
        self._inputs, self._last, self._gradients, self._by_states = [], [], [], []

    def _expect_one_output(self, layer):
        """Raise GraphError where a layer's cell puts out more than its states and one y."""
        if isinstance(layer, Unroll) and layer.n_outputs > 1:
            raise GraphError(
                f"{self.typename()}: a cell in it puts out the next states and at most one array more, this one "
                f"{layer.n_outputs}: join them, JoinTable(2)([a, b]), or make them of y afterwards: {layer.cell!r}"
            )

    @property
    def n_states(self):
        return sum(part.n_states for part in self.modules)

    def _open(self, input):
        """Read the input; return x, the lengths or mask as a list of one or none, and each part's states."""
        x, _, states, self._given = self.read(input)
        self.output = None  # no output, if a part fails
        self._forget()
        flags = [entry for entry in input[1:2] if entry is not None] if isinstance(input, (list, tuple)) else []
        return x, [entry for entry in flags if entry.dtype.kind in "iub"], self._shared(states)

    def _shared(self, states):
        states = iter(states)
        return [[next(states) for _ in range(part.n_states)] for part in self.modules]

    def _run_part(self, index, x, flags, states):
        """Run one part; return its y, and keep its input and its last states."""
        self._inputs.append([x, *flags, *states])
        y, *last = self.run(index, "updateOutput", self._inputs[-1])
        self._last += last
        return y

    def _sweep_part(self, index, gradient, last):
        """Run one part's gradients back; return that by its x, and keep those by its initial states."""
        gradients = [gradient, *last]
        by_x, *by_states = self.run(index, "updateGradInput", self._inputs[index], gradients)
        self._gradients.insert(0, gradients)
        self._by_states[:0] = by_states[-len(last) :]
        return by_x

    def _finish(self, y):
        self.states = self._last
        self.output = [y, *self.states] if self._given else y
        return self.output

    def _begin_back(self, gradOutput):
        (gradient,), last = self.read_gradients(gradOutput)
        self._gradients, self._by_states = [], []
        return gradient, self._shared(last)

    def _finish_back(self, input, by_x):
        self.gradInput = self.like_input(input, by_x, self._by_states)
        return self.gradInput

    def accGradParameters(self, input, gradOutput, scale=1):
        if len(self._gradients) < len(self.modules):
            raise StateError(f"{self.title()}: accGradParameters needs updateGradInput with the same input first")
        for index in reversed(range(len(self.modules))):
            self.run(index, "accGradParameters", self._inputs[index], self._gradients[index], scale)

    def clearState(self):
        self._forget()
        return super().clearState()

    def __getstate__(self):
        lists = {name: [] for name in ("_inputs", "_last", "_gradients", "_by_states")}
        return {**super().__getstate__(), **lists, "output": None, "gradInput": None}

    def __repr__(self):
        return self._indented([f"({n}): {part!r}".replace("\n", "\n  ") for n, part in enumerate(self.modules, 1)])


class Bidirectional(_Composition):
    """y[t] = [y forward[t], y backward[t]]: two cells, one from each end of the sequence, joined in the last dimension.

    ``forward`` and ``backward`` are cells; the other arguments are Unroll's. Input and output are Recurrent's; states
    are first those of the forward cell, then those of the backward cell. Raises as Unroll does, and GraphError for a
    cell of several outputs beside its states. Source: Schuster and Paliwal 1997.

    >>> import pygraph_nn as nn
    >>> layer = nn.Bidirectional(nn.LSTM.create(3, 4), nn.LSTM.create(3, 4))
    >>> layer.forward(nn.randn(5, 2, 3)).shape
    (5, 2, 8)
    """

    side_by_side = True

    def __init__(self, forward, backward, **options):
        super().__init__()
        self.modules = [Unroll(forward, **options), Unroll(backward, reverse=True, **options)]
        for layer in self.modules:
            self._expect_one_output(layer)

    def updateOutput(self, input):
        x, flags, states = self._open(input)
        outputs = [self._run_part(index, x, flags, states[index]) for index in range(2)]
        self._width = outputs[0].shape[-1]
        return self._finish(np.concatenate(outputs, -1))

    def updateGradInput(self, input, gradOutput):
        gradient, last = self._begin_back(gradOutput)
        halves = [None, None] if gradient is None else [gradient[..., : self._width], gradient[..., self._width :]]
        by_x = [self._sweep_part(index, halves[index], last[index]) for index in (1, 0)]
        return self._finish_back(input, add(by_x[1], by_x[0]))


class Layers(_Composition):
    """y = layer_n(... layer_1(x)): recurrent layers on top of each other, each run over the whole sequence.

    ``layers`` are Unroll, Bidirectional or Layers. Lengths reach all of them; states are those of the first layer, then
    those of the second, and so on. Input and output are Recurrent's. Raises as Unroll does, and GraphError for what is
    no recurrent layer or has several outputs beside its states, and for one above the first that keeps its gradient
    by the input back.

    >>> import pygraph_nn as nn
    >>> net = nn.Layers(nn.Unroll(nn.LSTM.create(3, 4)), nn.Unroll(nn.GRU.create(4, 2)))
    >>> y, c1, h1, h2 = net.forward([nn.randn(5, 2, 3), None, None, None])
    >>> y.shape, c1.shape, h2.shape
    ((5, 2, 2), (2, 4), (2, 2))
    """

    def __init__(self, *layers):
        super().__init__()
        if not layers:
            raise GraphError("nn.Layers(layer, ...) takes at least one layer")
        for layer in layers:
            self.add(layer)

    add, insert, remove = Container.add, Container.insert, Container.remove

    def _expect_module(self, module, call):
        if not isinstance(module, Recurrent):
            got = module.title() if isinstance(module, Module) else f"a {type(module).__name__}"
            raise GraphError(f"nn.Layers takes recurrent layers such as nn.Unroll(cell), one by one, got {got}")
        self._expect_one_output(module)
        super()._expect_module(module, call)

    def updateOutput(self, input):
        y, flags, states = self._open(input)
        for index in range(len(self.modules)):
            y = self._run_part(index, y, flags, states[index])
        return self._finish(y)

    def updateGradInput(self, input, gradOutput):
        gradient, last = self._begin_back(gradOutput)
        for index in reversed(range(len(self.modules))):
            gradient = self._sweep_part(index, gradient, last[index])
            if gradient is None and index:
                raise GraphError(
                    f"layer {index + 1} of {self.typename()} computes no gradient by its input, so that those below "
                    f"cannot learn: only the first may have input_gradient=False, got {self.modules[index]!r}"
                )
        return self._finish_back(input, gradient)
