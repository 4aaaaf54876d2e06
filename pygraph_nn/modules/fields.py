"""A module's fields, looked through without slowing it.

CPython reads the attributes of an object fastest until somebody asks for its dict, by ``vars()`` say; from then on, for
as long as the object lives, a tenth of a small network's time goes into finding them.
"""

import gc

import numpy as np

__all__ = ["PLAIN", "fields_of", "overrides", "values_of"]

# What holds neither arrays nor modules.
PLAIN = frozenset({np.dtype, type, type(None), bool, int, float, str})
_USUAL = ("weight", "bias", "gradWeight", "gradBias", "output", "gradInput")


def values_of(module):
    """Return what an object holds in its fields, all that is not plain; or its dict, if it has been asked for that."""
    return [value for value in gc.get_referents(module) if value.__class__ not in PLAIN]


def fields_of(module):
    """Return the names and values of the fields that hold arrays, tables or modules; it may be of others, too.

    >>> import pygraph_nn as nn
    >>> [name for name, _ in fields_of(nn.Linear(2, 1))], fields_of(nn.Tanh())
    (['weight', 'bias', 'gradWeight', 'gradBias'], [])
    """
    held = [id(value) for value in values_of(module)]
    usual = []
    if 0 < len(held) <= len(_USUAL):
        usual = [(name, getattr(module, name, None)) for name in _USUAL]
        usual = [(name, value) for name, value in usual if id(value) in held]
    return usual if len(usual) == len(held) else list(vars(module).items())


def overrides(module, verb):
    """Tell whether the object itself was given a verb, in place of that of its class.

    >>> import pygraph_nn as nn
    >>> tanh = nn.Tanh()
    >>> tanh.updateOutput = lambda input: input
    >>> overrides(tanh, "updateOutput"), overrides(tanh, "updateGradInput")
    (True, False)
    """
    return getattr(getattr(module, verb), "__func__", None) is not getattr(type(module), verb)
