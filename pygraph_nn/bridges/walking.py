"""A walk through a network from its input to its output: graphs and containers taken apart, one call per module left.

What the values on the way are, the walkers say: PyTorch's symbols, ONNX's names. A table is a list of such values, or
one value that stands for a whole table.
"""

from .. import modules as zoo
from ..errors import GraphError
from ..graph.gmodule import gModule
from .naming import module_names, node_names

__all__ = ["Walker"]


class Walker:
    """The walk; a subclass says what a module makes of a value (``leaf``) and where a table's entries are (``entry``).

    ``containers`` maps container classes to functions of (walker, container, value, path).
    """

    def leaf(self, module, value, path):
        """Return what the module makes of a value."""
        raise NotImplementedError

    def entry(self, table, index):
        """Return the entry of a table, counted from 0, that is not a list."""
        raise NotImplementedError

    def center(self, container, value, path):
        """Return what a LayerNormalization normalises."""
        raise NotImplementedError

    def pick(self, table, index):
        """Return the entry of a table, counted from 0."""
        return table[index] if isinstance(table, (list, tuple)) else self.entry(table, index)

    def walk(self, module, value, path=""):
        """Return what a module makes of a value, taking it apart where it consists of others."""
        if type(module) is gModule:
            return self.graph(module, value, path)
        handler = CONTAINERS.get(type(module))
        if handler is not None:
            return handler(self, module, value, path)
        return self.call(module, value, path)

    def call(self, module, value, path):
        """Return what the module as a whole makes of a value."""
        return self.leaf(module, value, path or type(module).__name__.lower())

    def inside(self, path, name):
        """Return the path of what is named inside of another path."""
        return f"{path}.{name}" if path else name

    def graph(self, net, value, path):
        """Walk a gModule's nodes in order."""
        names, values = node_names(net), {net.innode: value}
        for node in net.forwardnodes:
            if node is net.innode:
                continue
            sources = [values[source] for source in net.sources(node)]
            taken = sources[0] if len(sources) == 1 else sources
            if node.module is not None:
                taken = self.walk(node.module, taken, self.inside(path, names[node]))
            elif node.selectindex is not None:
                taken = self.pick(taken, node.selectindex - 1)
            elif node.nSplitOutputs and isinstance(taken, list) and len(taken) != node.nSplitOutputs:
                raise GraphError(f"{node!r} splits a table of {len(taken)} entries")
            values[node] = taken
        return values[net.outnode]

    def each(self, container, path):
        """Yield (module, its path) for the modules of a container."""
        for name, module in zip(module_names(container.modules), container.modules):
            yield module, self.inside(path, name)


def _sequential(walker, container, value, path):
    for module, inner in walker.each(container, path):
        value = walker.walk(module, value, inner)
    return value


def _parallel_table(walker, container, value, path):
    return [walker.walk(m, walker.pick(value, i), inner) for i, (m, inner) in enumerate(walker.each(container, path))]


def _concat_table(walker, container, value, path):
    return [walker.walk(module, value, inner) for module, inner in walker.each(container, path)]


def _identity(walker, module, value, path):
    return value


def _just_table(walker, module, value, path):
    return [value]


def _just_element(walker, module, value, path):
    return walker.pick(value, 0)


def _only_inside(walker, container, value, path):
    ((module, inner),) = walker.each(container, path)
    return walker.walk(module, value, inner)


def _concat(walker, container, value, path):
    parts = _concat_table(walker, container, value, path)
    return walker.leaf(zoo.JoinTable(container.dimension).type(container.type()), parts, walker.inside(path, "join"))


def _parallel(walker, container, value, path):
    split, join = zoo.SplitTable(container.inputDimension), zoo.JoinTable(container.outputDimension)
    slices = walker.leaf(split.type(container.type()), value, walker.inside(path, "split"))
    parts = [walker.walk(module, part, inner) for (module, inner), part in zip(walker.each(container, path), slices)]
    return walker.leaf(join.type(container.type()), parts, walker.inside(path, "join"))


def _map_table(walker, container, value, path):
    """One module for all entries; copies with parameters of their own, each for its entry."""
    if not isinstance(value, list):
        return walker.call(container, value, path)
    modules = list(walker.each(container, path))
    if container.shared:
        modules = modules[:1] * len(value)
    if len(modules) < len(value):
        raise GraphError(f"{container!r} has {len(modules)} copies for a table of {len(value)}: run it once before")
    return [walker.walk(module, entry, inner) for (module, inner), entry in zip(modules, value)]


def _select_table(walker, module, value, path):
    if isinstance(module.index, str):
        return walker.call(module, value, path)
    return walker.pick(value, module.index - 1 if module.index > 0 else module.index)


def _layer_normalization(walker, container, value, path):
    value = walker.center(container, value, path)
    for module, inner in list(walker.each(container, path))[2:]:
        value = walker.walk(module, value, inner)
    return value


CONTAINERS = {
    zoo.Concat: _concat,
    zoo.ConcatTable: _concat_table,
    zoo.Decorator: _only_inside,
    zoo.GPU: _only_inside,
    zoo.Identity: _identity,
    zoo.JustElement: _just_element,
    zoo.JustTable: _just_table,
    zoo.LayerNormalization: _layer_normalization,
    zoo.MapTable: _map_table,
    zoo.Maxout: _sequential,
    zoo.NaN: _only_inside,
    zoo.Parallel: _parallel,
    zoo.ParallelTable: _parallel_table,
    zoo.PrintSize: _identity,
    zoo.Profile: _only_inside,
    zoo.SelectTable: _select_table,
    zoo.Sequential: _sequential,
    zoo.SpatialLPPooling: _sequential,
}
