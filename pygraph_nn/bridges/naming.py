"""The names that weights and steps have outside: those of the nodes, made unique and fit to be identifiers."""

import keyword
import re

from ..errors import TensorTypeError
from ..graph.gmodule import gModule
from ..memory import memory_key
from ..modules.module import Module

__all__ = ["node_names", "module_names", "named_modules", "named_tensors"]

# What a module keeps between passes beside its parameters, and what a file of weights therefore holds as well.
BUFFERS = ("running_mean", "running_var")


def expect_network(net, call):
    """Raise TensorTypeError unless ``net`` is a Module."""
    if not isinstance(net, Module):
        raise TensorTypeError(f"{call} takes a network, got {net!r}")


def identifier(text):
    """Return the text as an identifier: letters, digits and underscores.

    >>> identifier("i2h.1"), identifier("1st"), identifier("in")
    ('i2h_1', '_1st', 'in_')
    """
    name = re.sub(r"\W", "_", text, flags=re.ASCII)
    if not name or name[0].isdigit():
        name = "_" + name
    return name + "_" if keyword.iskeyword(name) else name


def _unique(wanted):
    """Make names unique by numbers behind those that came before."""
    taken, names = set(), []
    for name in wanted:
        number, found = 1, name
        while found in taken:
            number += 1
            found = f"{name}_{number}"
        taken.add(found)
        names.append(found)
    return names


def module_names(modules):
    """Return a name for each module in a list: its class and its place, counted from 1.

    >>> import pygraph_nn as nn
    >>> module_names([nn.Linear(2, 2), nn.Tanh()])
    ['linear1', 'tanh2']
    """
    return [f"{type(module).__name__.lower()}{place}" for place, module in enumerate(modules, 1)]


def node_names(net):
    """Return a gModule's nodes that have a module, in order, as a dict to their names.

    A node has its annotated name, any other one its module's class and its place among the nodes with a module.

    >>> import pygraph_nn as nn
    >>> x = nn.Identity()()
    >>> net = nn.gModule([x], [nn.Linear(2, 2)(nn.Linear(2, 2)(x).annotate(name="i2h"))])
    >>> list(node_names(net).values())
    ['identity1', 'i2h', 'linear3']
    """
    nodes = [node for node in net.forwardnodes if node.module is not None]
    plain = module_names([node.module for node in nodes])
    wanted = [identifier(str(node.name)) if node.name else name for node, name in zip(nodes, plain)]
    return dict(zip(nodes, _unique(wanted)))


def children(module):
    """Return the (name, module) pairs directly inside a module."""
    if isinstance(module, gModule):
        return [(name, node.module) for node, name in node_names(module).items()]
    return list(zip(module_names(module.children()), module.children()))


def named_modules(net):
    """Yield (path, module) for every module that is no mere container, the path made of node names and dots.

    A module that stands at several places comes at each of them. A network that is a single module has the path of its
    class.

    >>> import pygraph_nn as nn
    >>> [path for path, _ in named_modules(nn.Sequential().add(nn.Linear(2, 2)).add(nn.Tanh()))]
    ['sequential', 'linear1', 'tanh2']
    """
    waiting = [("", net)]
    while waiting:
        path, module = waiting.pop()
        yield path or type(module).__name__.lower(), module
        inside = children(module)
        waiting.extend((f"{path}.{name}" if path else name, child) for name, child in reversed(inside))


def own_tensors(module):
    """Return the module's own parameters and running statistics as a dict from field to array.

    >>> import pygraph_nn as nn
    >>> list(own_tensors(nn.Linear(2, 2)))
    ['weight', 'bias']
    """
    mine = {id(array) for array in module.parameters()[0]}
    found = {name: value for name, value in vars(module).items() if id(value) in mine}
    found |= {name: getattr(module, name) for name in BUFFERS if getattr(module, name, None) is not None}
    return found


def named_tensors(net):
    """Return all parameters and running statistics by name: ``node.weight``; what is shared comes once.

    >>> import pygraph_nn as nn
    >>> [(name, array.shape) for name, array in named_tensors(nn.Linear(3, 2)).items()]
    [('linear.weight', (2, 3)), ('linear.bias', (2,))]
    """
    expect_network(net, "weights by name")
    found, seen = {}, set()
    for path, module in named_modules(net):
        for field, array in own_tensors(module).items():
            key = memory_key(array)
            if key not in seen:
                seen.add(key)
                found[f"{path}.{field}"] = array
    return found
