"""Load and save: a .t7 file as Python's and this package's own objects."""

import numpy as np

from ..criterions.criterion import Criterion
from ..errors import PygraphError, T7Error
from ..graph.gmodule import gModule
from ..modules.module import Module
from ..node import Node
from ..training import StochasticGradient
from .classes import class_of, fill, network_type, new, record_of, registered_name, zoo
from .format import T7Function, T7Object, T7Pairs, T7Storage, path_of
from .graphs import GraphReader
from .pause import collection_paused
from .reader import read
from .wiring import WrittenGraph
from .writer import write

__all__ = ["load", "save"]

# What fields of a wrong kind or size make of the methods that they are given to.
_SENSELESS = (ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError)


def load(file, progress=None):
    """Return what a .t7 file holds: networks that run, tables as lists and dicts, tensors as arrays.

    Args:
        file: a path, or a file-like object open for binary reading; binary or ascii, it tells by itself.
        progress: a function of (bytes read, bytes in all), called now and then.

    Modules, criterions and gModules become ours, with their fields; those of GPUs their counterparts on the CPU. Old
    files are upgraded. What several places of the file share is shared here. A class that nobody here knows becomes a
    placeholder, which `register_class` gives life. Nothing in a file is ever executed.

    Storages of 32 KB to 2 MB are read into common blocks of up to 16 MB: who keeps one small array out of a large file
    for long keeps a copy of it instead.

    Raises:
        T7Error: the file is damaged or no .t7, or an object in it makes no sense; ``path`` says where.

    >>> import io, pygraph_nn as nn
    >>> file = io.BytesIO()
    >>> nn.save(file, {"net": nn.Linear(2, 1), "epoch": 3})
    >>> nn.load(io.BytesIO(file.getvalue()))
    {'net': nn.Linear(2 -> 1), 'epoch': 3}
    """
    return _Loading().load(file, progress)


class _Loading:
    """One loading of one file: the objects that the reader met, to be filled when it is done."""

    def __init__(self):
        self.known, self.chosen = zoo(), {}
        self.pending, self.cache = [], {}
        self.graphs, self.has_graphs = GraphReader(), False

    def load(self, file, progress):
        root = read(file, self._make, progress=progress)
        with collection_paused():
            for entry in self.pending:
                self._fill(root, *entry)
            self._refuse_cycles(root)
            return self._settled(root) if self.has_graphs else root

    def _make(self, class_name, version):
        """Make an empty object of the class that stands for a name; None for a generic object."""
        if class_name not in self.chosen:
            self.chosen[class_name] = class_of(class_name, self.known)
        cls = self.chosen[class_name]
        if cls is None:
            self.has_graphs |= class_name.startswith(("graph.", "nngraph."))
            return None
        obj = new(cls, class_name)
        return obj, lambda fields: self.pending.append((obj, class_name, version, fields))

    def _fill(self, root, obj, class_name, version, fields):
        try:
            if isinstance(obj, gModule):
                if not isinstance(fields, dict) or isinstance(fields, T7Pairs):
                    raise T7Error("a gModule has a table of fields by name")
                self.graphs.fill(obj, fields, network_type(fields))
            else:
                fill(obj, class_name, version, fields, self.cache)
        except PygraphError as error:
            self._fail(root, obj, class_name, error)
        except _SENSELESS as error:
            self._fail(root, obj, class_name, T7Error(f"its fields do not make sense: {error!r}"))

    def _fail(self, root, obj, class_name, error):
        """Raise the error with the path that leads to the object."""
        path = ((self._path_to(root, obj) or "") + getattr(error, "path", "")).removeprefix(".")
        raise T7Error(f"{class_name}: {error}" + (f" (in {path})" if path else ""), path=path) from error

    def _path_to(self, root, wanted):
        """Search the way from the root to an object, breadth first through all fields as they were read."""
        fields = {id(obj): table for obj, _, _, table in self.pending}
        seen, waiting = {id(root)}, [(root, None, None)]
        for entry in waiting:
            value = entry[0]
            if value is wanted:
                return path_of(_keys_to(entry))
            for key, part in _items(fields.get(id(value), value)):
                if id(part) not in seen and not isinstance(part, (str, int, float, np.ndarray)):
                    seen.add(id(part))
                    waiting.append((part, key, entry))
        return None

    def _refuse_cycles(self, root):
        """Raise T7Error where a module holds itself, so that nothing that walks through modules could end."""
        done, open_ = set(), set()
        for start in (entry[0] for entry in self.pending if isinstance(entry[0], Module)):
            stack = [(start, None)]
            while stack:
                module, rest = stack.pop()
                if rest is None:
                    if id(module) in open_:
                        self._fail(root, module, module.typename(), T7Error("the module holds itself"))
                    if id(module) in done:
                        continue
                    open_.add(id(module))
                    rest = iter(list(module.children()))
                child = next(rest, None)
                if child is None:
                    open_.discard(id(module))
                    done.add(id(module))
                else:
                    stack += [(module, rest), (child, None)]

    def _settled(self, root):
        """Put our nodes and graphs in the place of the file's wherever they stand outside of their gModule."""
        holder = [root]
        seen, waiting = {id(holder)}, [holder]
        while waiting:
            value = waiting.pop()
            table = vars(value) if isinstance(value, (Module, Criterion)) else value
            for key, part in list(_items(table, 0)):
                if isinstance(part, T7Object):
                    part = self.graphs.settle(part)
                    if part is not None and not isinstance(table, T7Pairs):
                        table[key] = part
                elif isinstance(part, (list, dict, Module, Criterion)) and id(part) not in seen:
                    seen.add(id(part))
                    waiting.append(part)
        return holder[0]


def _items(value, first=1):
    """The keyed parts of a table or generic object."""
    if isinstance(value, StochasticGradient):
        value = vars(value)
    if isinstance(value, T7Object):
        value = value.fields
    if isinstance(value, T7Pairs):
        return [pair for pair in value if isinstance(pair[0], (str, int, float))]
    if isinstance(value, dict):
        return value.items()
    return enumerate(value, first) if isinstance(value, (list, tuple)) else ()


def _keys_to(entry):
    keys = []
    while entry is not None and entry[2] is not None:
        keys.append(entry[1])
        entry = entry[2]
    return keys[::-1]


def save(path, obj, format="binary", clear_state=False):
    """Write a network, or anything made of tables, arrays and networks, as a .t7 file that Torch7 loads and runs.

    Args:
        path: a path, whose old file stays until the new one is complete; or a file-like object open for writing.
        obj: a module, a criterion, an array, a number, a str, or a list or dict of such things.
        format: "binary" or "ascii".
        clear_state: True forgets first what passes have left in the networks, as ``net.clearState()`` does.

    What is shared stays shared. What a pass left behind is not written: Torch7 makes it anew.

    Raises:
        T7Error: something has no place in a .t7; ``path`` says where it stands.
        RangeError: ``format`` is neither.

    >>> import io, pygraph_nn as nn
    >>> file = io.BytesIO()
    >>> nn.save(file, nn.Tanh(), format="ascii")
    >>> file.getvalue().split()[:6]
    [b'4', b'1', b'3', b'V', b'1', b'7']
    """
    if clear_state:
        for module in _modules_in(obj):
            module.clearState()
    write(path, obj, format, _Saving().record)


def _modules_in(obj):
    """The outermost modules inside tables."""
    seen, waiting = set(), [obj]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Module):
            yield value
        elif isinstance(value, (list, tuple, dict, StochasticGradient)) and id(value) not in seen:
            seen.add(id(value))
            waiting.extend(part for _, part in _items(value))


class _Saving:
    """One saving of one file: the graphs that are in it, each laid out once."""

    def __init__(self):
        self.written = {}

    def record(self, obj):
        """Return the T7Object of a module, a criterion, a Node or a graph; None for what has none."""
        if isinstance(obj, gModule):
            return self._graph_of(obj).record
        if isinstance(obj, Node):
            return self._graph_of(obj.graph).fg_nodes[obj] if obj.graph is not None else self._no_home(obj)
        if hasattr(obj, "nodes") and hasattr(obj, "edges"):
            return self._record_of_graph(obj)
        if isinstance(obj, (T7Function, T7Storage)):
            return None
        return record_of(obj)

    def _graph_of(self, net):
        if id(net) not in self.written:
            usual = {"modules", "innode", "outnode", "fg", "bg", "forwardnodes", "nInputs", "wanted", "name"}
            extra = {key: value for key, value in vars(net).items() if key[0] != "_" and key not in usual | {"train"}}
            self.written[id(net)] = WrittenGraph(net, extra, registered_name(net) or "nn.gModule")
        return self.written[id(net)]

    def _record_of_graph(self, graph):
        net = next((node.graph for node in graph.nodes if isinstance(node, Node) and node.graph is not None), None)
        for name in ("fg", "bg"):
            if net is not None and getattr(net, name) is graph:
                return getattr(self._graph_of(net), name)
        return None

    @staticmethod
    def _no_home(node):
        raise T7Error(f"{node!r} belongs to no gModule: make one of it, and save that")
