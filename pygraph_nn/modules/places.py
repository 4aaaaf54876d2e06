"""One module at several places of a network: what the passes leave in it is kept apart, place by place."""

import numbers

import numpy as np

from .fields import PLAIN, values_of
from .promises import is_ours

__all__ = ["Parts", "at_place", "inside", "repeated"]


def inside(module):
    """Return ``module`` and all that it is made of, each once: what it contains and what it keeps in its fields."""
    found, seen, waiting = [], set(), [module]
    while waiting:
        value = waiting.pop()
        kind = value.__class__
        if kind is np.ndarray or kind in PLAIN or id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, (list, tuple)):
            waiting.extend(value)
        elif hasattr(kind, "updateOutput"):
            found.append(value)
            waiting.extend(value.children() if hasattr(value, "children") else ())
            waiting.extend(values_of(value))
    return found


def repeated(modules):
    """Return the positions of the modules of which a part stands at another position as well.

    >>> import pygraph_nn as nn
    >>> tanh = nn.Tanh()
    >>> sorted(repeated([tanh, nn.ReLU(), nn.Sequential().add(tanh)]))
    [0, 2]
    """
    users = {}
    for position, module in enumerate(modules):
        for part in inside(module):
            users.setdefault(id(part), set()).add(position)
    return frozenset().union(*(positions for positions in users.values() if len(positions) > 1))


class Parts:
    """All that a repeated module is made of, and which fields of each part a place has for itself.

    Parameters, their gradients and ``train`` belong to the module wherever it stands, and so do the numbers that only
    backward passes change: they count what happens at all places.
    """

    def __init__(self, module):
        self.module = module
        self._entries = {id(part): _Part(part) for part in inside(module)}
        self._fixed = len(self._entries) == 1 and is_ours(type(module))

    def __iter__(self):
        return iter(self._entries.values())

    def look_again(self):
        """Find the parts that a pass made."""
        if not self._fixed:
            self._entries = {id(part): self._entries.get(id(part)) or _Part(part) for part in inside(self.module)}


class _Part:
    """A part, the names of the fields that all places share, and of those that a pass leaves at one."""

    __slots__ = ("fields", "shared", "passing")

    def __init__(self, part):
        self.fields, self.passing = vars(part), set()
        mine = part._own_memory() if hasattr(part, "_own_memory") else ()
        self.shared = {"train", "weight", "bias", *(name for name, value in self.fields.items() if id(value) in mine)}

    def take_down(self, before):
        """Return what a forward pass left; ``before`` are the fields as it found them."""
        left = self.fields.copy()
        for name in self.shared:
            left.pop(name, None)
        self.passing.update([name for name, value in left.items() if value is not before.get(name, before)])
        return left

    def exchange(self, own):
        """Set the fields to those of a place; return what they held, and the fields as a call finds them."""
        fields = self.fields
        names = [name for name in self.passing if name in own and name in fields]
        held = {name: fields[name] for name in names}
        fields.update([(name, own[name]) for name in names])
        return held, fields.copy()

    def give_back(self, own, held, found):
        """Take down in ``own`` what a backward pass changed; the rest holds again what it held before."""
        fields = self.fields
        for name in fields.keys() - self.shared:
            value = fields[name]
            if value is found.get(name, found):
                if name in held:
                    fields[name] = held[name]
            elif name in self.passing or not isinstance(value, numbers.Number):
                self.passing.add(name)
                own[name] = value


def at_place(state, parts, call, *arguments, **keywords):
    """Run ``call`` of a module at one of its places; ``state`` is the dict that belongs to it, empty before a pass.

    ``parts`` are the module's Parts. The call forward leaves in ``state`` what the module and its parts remember then;
    the calls backward find it there again, and give back what was there before.
    """
    if not state:
        before = {id(part): part.fields.copy() for part in parts}
        try:
            return call(*arguments, **keywords)
        finally:
            parts.look_again()
            for part in parts:
                state[id(part)] = part, part.take_down(before.get(id(part), {}))
    held = [(part, own, *part.exchange(own)) for part, own in state.values()]
    try:
        return call(*arguments, **keywords)
    finally:
        for part, own, old, found in held:
            part.give_back(own, old, found)
