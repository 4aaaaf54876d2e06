"""What a module promises of its verbs, for those who run it otherwise than call by call.

``row_wise``, ``stateless`` and ``ignores_input`` (see Module) say how a module's verbs behave. A class with verbs of
its own has to say it anew: what its base says is about the base's verbs.
"""

from .fields import overrides

__all__ = ["inherits", "is_ours", "promises"]

_VERBS = ("updateOutput", "updateGradInput", "accGradParameters")


def is_ours(kind):
    """Tell whether a class is the package's own, not one that a user wrote, under whichever name.

    >>> import pygraph_nn as nn
    >>> is_ours(nn.Linear), is_ours(dict)
    (True, False)
    """
    return kind.__module__.startswith("pygraph_nn.")


def promises(module, name):
    """Tell whether a module promises ``row_wise``, ``stateless`` or ``ignores_input`` for the verbs that it has."""
    return bool(getattr(module, name)) and inherits(module, name)


def inherits(module, name):
    """Tell whether what a module's classes say of a promise is said of the verbs that it has.

    A subclass or an object with a verb of its own does not inherit the promise: it has to give it anew. Only the
    package's own classes, which tests hold to what they inherit, need not.
    """
    kinds = type(module).__mro__
    giver = next(place for place, kind in enumerate(kinds) if name in vars(kind))
    strangers = [kind for kind in kinds[:giver] if not is_ours(kind)]
    verbs = _VERBS if name == "row_wise" else _VERBS[1:]
    if not any(overrides(module, verb) or any(verb in vars(kind) for kind in strangers) for verb in verbs):
        return True
    return name in vars(module)
