"""Recurrent layers in PyTorch: any cell, itself exported, run over the times of a sequence."""

import torch

from ..recurrent import Bidirectional, Unroll

__all__ = ["convert"]


def convert(module, cell):
    """Return a recurrent layer as a torch module; ``cell(net)`` exports a cell."""
    if isinstance(module, Unroll):
        sizes = module.state_sizes or module._find_sizes([None] * module.n_states)
        return Unrolled(cell(module.cell), module.n_states, sizes, module.reverse)
    kind = SideBySide if isinstance(module, Bidirectional) else OnTop
    return kind([convert(part, cell) for part in module.modules])


def read(table, n_states):
    """Return x, the mask (or None), the states (None for zeros) and whether they were given."""
    table = list(table) if isinstance(table, (list, tuple)) else [table]
    x, rest, mask = table[0], table[1:], None
    if rest and rest[0] is not None and not rest[0].is_floating_point():
        mask, rest = rest[0], rest[1:]
        if mask.dim() == 1:
            mask = torch.arange(x.shape[0], device=x.device)[:, None] < mask
    return x, mask, rest or [None] * n_states, bool(rest)


class Unrolled(torch.nn.Module):
    """An exported cell, run over a sequence (T x B x ...); inputs and outputs are those of our Unroll."""

    def __init__(self, cell, n_states, sizes, reverse):
        super().__init__()
        self.gmodule1 = cell
        self.n_states, self.sizes, self.reverse = n_states, sizes, reverse

    def forward(self, input):
        """y for each time; with states in the input, also the last states."""
        x, mask, states, given = read(input, self.n_states)
        y, states = self.run(x, mask, states)
        return [*y, *states] if given else y if len(y) > 1 else y[0]

    def run(self, x, mask, states):
        """The lists of outputs and of last states."""
        mask = None if mask is None else mask != 0
        dtype = next((p.dtype for p in self.parameters()), x.dtype)
        states = [
            torch.zeros(x.shape[1], *size, dtype=dtype, device=x.device) if state is None else state
            for state, size in zip(states, self.sizes)
        ]
        found = {}
        times = range(x.shape[0])
        for t in reversed(times) if self.reverse else times:
            made = self.gmodule1(x[t], *states)
            made = made if isinstance(made, (list, tuple)) else [made]
            new = made[: self.n_states]
            if mask is not None:
                new = [torch.where(_like(mask[t], n), n, old) for n, old in zip(new, states)]
            states = new
            outputs = made[self.n_states :] or states[-1:]
            if mask is not None:
                outputs = [torch.where(_like(mask[t], y), y, torch.zeros_like(y)) for y in outputs]
            found[t] = outputs
        return [torch.stack(column) for column in zip(*(found[t] for t in times))], list(states)


def _like(mask, y):
    return mask.reshape(-1, *(1,) * (y.dim() - 1))


class Composition(torch.nn.Module):
    """Several layers, each with its share of the states."""

    def __init__(self, parts):
        super().__init__()
        self.names = [f"{name_of(part)}{place}" for place, part in enumerate(parts, 1)]
        for name, part in zip(self.names, parts):
            self.add_module(name, part)
        self.n_states = sum(part.n_states for part in parts)

    def forward(self, input):
        """y for each time; with states in the input, also the last states."""
        x, mask, states, given = read(input, self.n_states)
        y, states = self.run(x, mask, states)
        return [*y, *states] if given else y[0]

    def shares(self, states):
        """Yield (part, its states)."""
        states = iter(states)
        for name in self.names:
            part = getattr(self, name)
            yield part, [next(states) for _ in range(part.n_states)]


class SideBySide(Composition):
    """Both directions, joined in the last dimension."""

    def run(self, x, mask, states):
        """The lists of outputs and of last states."""
        found = [part.run(x, mask, share) for part, share in self.shares(states)]
        return [torch.cat([y[0] for y, _ in found], -1)], [state for _, last in found for state in last]


class OnTop(Composition):
    """Layers on top of each other."""

    def run(self, x, mask, states):
        """The lists of outputs and of last states."""
        y, last = [x], []
        for part, share in self.shares(states):
            y, states = part.run(y[0], mask, share)
            last += states
        return y, last


def name_of(part):
    """The name that our own layer of this kind has in paths."""
    return {Unrolled: "unroll", SideBySide: "bidirectional", OnTop: "layers"}[type(part)]
