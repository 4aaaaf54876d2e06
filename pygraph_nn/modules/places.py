"""One module at several places of a network: what the passes leave in it is kept apart, place by place."""

import numpy as np

__all__ = ["at_place", "inside", "parts_of", "repeated"]


def inside(module):
    """Return ``module`` and all that it is made of, each once: what it contains and what it keeps in its fields."""
    found, waiting = {}, [module]
    while waiting:
        part = waiting.pop()
        if id(part) in found:
            continue
        found[id(part)] = part
        waiting.extend(part.children() if hasattr(part, "children") else ())
        for name, value in vars(part).items():
            if name == "_view":  # the network around, in which a gModule ran
                continue
            kind = value.__class__
            values = value if kind in (list, tuple) else value.values() if kind is dict else (value,)
            waiting.extend(item for item in values if _computes(item))
    return list(found.values())


def _computes(value):
    """Tell modules and criterions from everything else."""
    return value.__class__ is not np.ndarray and hasattr(type(value), "updateOutput") and hasattr(value, "__dict__")


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


def at_place(state, parts, call, *arguments, **keywords):
    """Run ``call`` of a module at one of its places; ``state`` is the dict that belongs to it, empty at first.

    ``parts`` is what ``parts_of(module)`` returned. After the call, ``state`` holds what the module and its parts
    remember; the next call at this place finds it there again. Whatever that call leaves as it found it is then given
    back as it was before, so that what a module counts over all places goes on.
    """
    if not state:
        try:
            return call(*arguments, **keywords)
        finally:
            for part, shared in parts:
                own = state[part] = vars(part).copy()
                for name in shared:
                    own.pop(name, None)
    before = [_exchanged(part, state.setdefault(part, {})) for part, _ in parts]
    try:
        return call(*arguments, **keywords)
    finally:
        for (part, shared), old in zip(parts, before, strict=True):
            _give_back(part, shared, state[part], old)


def _exchanged(part, own):
    """Set a part's fields to those of a place; return what they held."""
    fields = vars(part)
    before = {name: fields[name] for name in own if name in fields}
    fields.update(own)
    return before


def _give_back(part, shared, own, before):
    """Take down in ``own`` what a call changed; what it left as it found it holds again what it held before."""
    fields = vars(part)
    for name in fields.keys() - shared:
        value = fields[name]
        if value is not own.get(name, own):
            own[name] = value
        elif name in before:
            fields[name] = before[name]


def parts_of(module):
    """Return all that a module is made of, each with the names of the fields that belong to it wherever it stands.

    Those are parameters, their gradients and ``train``.
    """
    return [(part, _shared_fields(part)) for part in inside(module)]


def _shared_fields(part):
    mine = part._own_memory() if hasattr(part, "_own_memory") else ()
    return {"train", "weight", "bias", *(name for name, value in vars(part).items() if id(value) in mine)}
