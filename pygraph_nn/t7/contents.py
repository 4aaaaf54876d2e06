"""What a loaded file holds: its tree as text, the networks in it, its arrays by path, and all of it in another type."""

import numpy as np

from .. import tensors
from ..criterions.criterion import Criterion
from ..memory import convert
from ..modules.module import Module
from ..nesting import shape_of
from ..training import StochasticGradient
from .format import T7Object, T7Pairs, T7Storage, path_of
from .placeholder import Placeholder

__all__ = ["tree", "networks", "arrays", "parameter_lines", "retype"]


def tree(obj, depth=4, most=20):
    """Return the lines that show a loaded object: tables to a depth, each with at most so many entries.

    >>> print("\\n".join(tree({"net": Module(), "sizes": [3, 4], "x": np.zeros((2, 3))})))
    table of 3 entries
      net    nn.Module
      sizes  list of 2 entries
        1  3
        2  4
      x      float64 2x3, torch.DoubleTensor
    """
    lines = [_describe(obj)]
    _grow(lines, obj, depth, most, "  ", set())
    return lines


def _grow(lines, obj, depth, most, indent, above):
    """Append the lines of a table's entries; tables that hold themselves end there."""
    items = list(_table_items(obj))
    if depth == 0 or id(obj) in above:
        return
    width = max((len(str(key)) for key, _ in items[:most]), default=0)
    for key, value in items[:most]:
        lines.append(f"{indent}{str(key):<{width}}  {_describe(value)}")
        _grow(lines, value, depth - 1, most, indent + "  ", above | {id(obj)})
    if len(items) > most:
        lines.append(f"{indent}... and {len(items) - most} more")


def _table_items(value):
    """The entries of a table or a generic object; modules stay closed."""
    if isinstance(value, StochasticGradient):
        value = vars(value)
    if isinstance(value, T7Object):
        value = value.fields
    if isinstance(value, T7Pairs):
        return [(key if isinstance(key, (str, int, float)) else _describe(key), part) for key, part in value]
    if isinstance(value, dict):
        return value.items()
    return enumerate(value, 1) if isinstance(value, (list, tuple)) else ()


def _describe(value):
    """Say in one line what a value is."""
    if isinstance(value, np.ndarray):
        return f"{shape_of(value)}, {tensors.type_name(value.dtype)}"
    if isinstance(value, (Module, Criterion)):
        return _one_line(value)
    if isinstance(value, T7Object):
        return f"{value.class_name}, {len(value.fields)} fields"
    if isinstance(value, StochasticGradient):
        return f"nn.StochasticGradient, {len(vars(value))} fields"
    if isinstance(value, (dict, T7Pairs)):
        return f"table of {_entries(len(value))}"
    if isinstance(value, (list, tuple)):
        return f"list of {_entries(len(value))}"
    return "nil" if value is None else _shortened(repr(value))


def _one_line(module):
    first = module.title()
    inside = len(module.listModules()) - 1 if isinstance(module, Module) else 0
    return _shortened(first) + (f", {inside} modules inside" if inside else "")


def _entries(n):
    return "1 entry" if n == 1 else f"{n} entries"


def _shortened(text):
    return text if len(text) <= 100 else text[:97] + "..."


def networks(obj):
    """Return [(path, network)] of the outermost modules in tables; the path of the object itself is "".

    A placeholder that holds no modules is none of them.

    >>> [path for path, _ in networks({"net": Module(), "best": [Module()]})]
    ['net', 'best[1]']
    """
    found = [(path, value) for path, value in _walk(obj, _table_items) if isinstance(value, Module)]
    return [(path, value) for path, value in found if not isinstance(value, Placeholder) or value.children()]


def arrays(obj):
    """Return {path: array} of all arrays in tables, networks and generic objects.

    >>> list(arrays({"x": np.zeros(2), "more": [np.ones(1)]}))
    ['x', 'more[1]']
    """
    found = {}
    for path, value in _walk(obj, _all_items):
        if isinstance(value, (np.ndarray, T7Storage)):
            found[path or "array"] = value.array if isinstance(value, T7Storage) else value
    return found


def parameter_lines(net):
    """Return one line for each parameter of a network: its path and shape.

    >>> import pygraph_nn as nn
    >>> parameter_lines(nn.Sequential().add(nn.Linear(3, 2)))
    ['  modules[1].weight  2x3', '  modules[1].bias    2']
    """
    mine = {id(array) for module in net.listModules() for array in module.parameters()[0]}
    shapes = {path: "x".join(map(str, array.shape)) for path, array in arrays(net).items() if id(array) in mine}
    width = max(map(len, shapes), default=0)
    return [f"  {path:<{width}}  {shape}" for path, shape in shapes.items()]


def _all_items(value):
    """The entries of a table, or the public fields of an object."""
    if isinstance(value, (Module, Criterion)):
        fields = vars(value)
        return [(key, part) for key, part in fields.items() if key[:1] != "_"]
    return _table_items(value)


def _walk(obj, items):
    """Yield (path, value) of everything, each object once, in the order of the tables."""
    seen, waiting = set(), [((), obj)]
    while waiting:
        keys, value = waiting.pop()
        yield path_of(keys), value
        if isinstance(value, (Module, Criterion)) and items is _table_items:
            continue
        parts = []
        for key, part in items(value):
            if isinstance(part, (str, int, float, type(None))) or id(part) in seen:
                continue
            if not isinstance(part, np.ndarray):
                seen.add(id(part))
            parts.append(((*keys, key), part))
        waiting.extend(reversed(parts))


def retype(obj, name):
    """Give every network and every floating-point array the tensor type ``name``; return the object.

    Tables change in place; what shares memory shares it afterwards.

    >>> retype({"x": np.zeros(2)}, "torch.FloatTensor")["x"].dtype
    dtype('float32')
    """
    dtype, cache, holder = tensors.dtype_of(name), {}, [obj]
    seen, waiting = set(), [holder]
    while waiting:
        table = waiting.pop()
        for key, value in list(_table_items(table)):
            if isinstance(value, np.ndarray) and value.dtype.kind == "f" and not isinstance(table, (tuple, T7Pairs)):
                place = key - 1 if isinstance(table, list) else key
                (table.fields if isinstance(table, T7Object) else table)[place] = convert(value, dtype, cache)
            elif isinstance(value, (Module, Criterion)):
                value.type(name, cache)
            elif isinstance(value, (list, dict, tuple, T7Object, StochasticGradient)) and id(value) not in seen:
                seen.add(id(value))
                waiting.append(value)
    return holder[0]
