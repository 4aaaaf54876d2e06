"""All parameters in one vector: getParameters(), and how every module that shares memory follows."""

import threading
import warnings
import weakref

import numpy as np

from ..errors import ShapeError, StateError
from ..memory import FOREIGN, gather, memory_key, places_within
from ..nesting import rebuilt, shape_of
from .fields import fields_of

__all__ = ["flatten", "register"]

NO_GRADIENT = (
    "a parameter has no gradient, as in a file made light; give it one, as m.gradWeight = np.zeros_like(m.weight)"
)
# Every living module: whoever shares memory that moves must move along, also a clone outside of the network.
_living: weakref.WeakValueDictionary = weakref.WeakValueDictionary()  # by id, whatever modules say of being equal
_lock = threading.RLock()


def register(module):
    """Let a new module follow when parameters that it shares move."""
    with _lock:
        _living[id(module)] = module


def flatten(module):
    """Move a module's parameters into one new vector and their gradients into another; return the two."""
    with _lock:
        return _flatten(module)


def _flatten(module):
    parameters, gradients = module.parameters()
    if not parameters:
        empty = np.empty(0, module.dtype)
        return empty, empty.copy()
    pairs = _one_gradient_each(parameters, gradients)
    flat, move = gather(parameters)
    grad_flat, grad_move = gather([gradient for _, gradient in pairs])
    if flat.size != grad_flat.size:
        raise StateError(
            f"getParameters(): {flat.size} numbers in the parameters, {grad_flat.size} in their gradients; share "
            "'weight' together with 'gradWeight' and 'bias' together with 'gradBias'"
        )
    for parameter, gradient in pairs:
        if places_within(move(parameter), flat) != places_within(grad_move(gradient), grad_flat):
            raise StateError(
                f"getParameters(): a parameter ({shape_of(parameter)}) and its gradient do not come to the same "
                "place of the two vectors: share gradients as their parameters are shared"
            )
    _move_everybody(module, parameters, lambda array: grad_move(move(array)))
    return flat, grad_flat


def _one_gradient_each(parameters, gradients):
    """Pair each parameter with one gradient; warn about those whose parameter is shared but who are not."""
    if any(gradient is None for gradient in gradients):
        raise StateError(f"getParameters: {NO_GRADIENT}")
    for parameter, gradient in zip(parameters, gradients, strict=True):
        if parameter.shape != gradient.shape:
            raise ShapeError(f"a parameter is {shape_of(parameter)}, but its gradient {shape_of(gradient)}")
    first, kept = {}, []
    for parameter, gradient in zip(parameters, gradients, strict=True):
        twin = first.setdefault(memory_key(parameter), gradient)
        if memory_key(twin) == memory_key(gradient):
            kept.append((parameter, gradient))
        else:
            warnings.warn(
                f"two modules share a parameter ({shape_of(parameter)}) but not its gradient: the second gradient "
                "stays outside of the flat vector, so that an optimiser will miss its part. Share 'gradWeight' with "
                "'weight' and 'gradBias' with 'bias'",
                stacklevel=5,
            )
    return kept


def _move_everybody(network, parameters, move):
    """Let every living module's parameters follow to the new memory; raise where a parameter of ``network`` cannot."""
    found, moved = [], set()
    leaving = {memory_key(array) for array in parameters if move(array) is not array}

    def follow(value):
        if not isinstance(value, np.ndarray) or id(value) not in mine:
            return value
        new = move(value)
        if new is not value:
            moved.add(id(value))
        elif memory_key(value) in leaving:
            raise StateError(FOREIGN)
        return new

    for module in list(_living.values()):
        try:
            mine = module._own_memory()
        except AttributeError:  # still under construction
            continue
        if mine:
            changes = ((key, value, rebuilt(value, follow)) for key, value in fields_of(module))
            found.extend((module, key, new) for key, value, new in changes if new is not value)
    for parameter in parameters:
        if id(parameter) not in moved and move(parameter) is not parameter:
            raise StateError(
                f"getParameters(): parameters() of {_lister(network, parameter)} lists an array "
                f"({shape_of(parameter)}) that no module has as a field, so that it cannot move: keep it as a "
                "field, or in a list or dict that is one"
            )
    for module, key, value in found:
        setattr(module, key, value)


def _lister(network, parameter):
    """The title of the innermost module that lists a parameter."""
    key = memory_key(parameter)
    found = [m for m in network.listModules() if any(memory_key(array) == key for array in m.parameters()[0])]
    return (found or [network])[-1].title()
