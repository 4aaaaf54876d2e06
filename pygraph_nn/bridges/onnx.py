"""To ONNX: a network in evaluation mode as a model file, built node by node.

The network runs once on an example, and where sizes may vary once on a larger one: every value on the way is known by
its two shapes, and what differs between them is left open in the file.
"""

from hashlib import sha256

import numpy as np
import onnx
from onnx import helper, numpy_helper

from ..errors import GraphError, PygraphError, RangeError, ShapeError
from ..graph.gmodule import gModule
from ..memory import memory_key
from ..modules.checks import expect_plain
from ..modules.unpooling import MaxUnpooling
from ..nesting import is_table, leaves, map_table, shape_of
from ..t7.sink import replacing
from ..version import __version__
from . import onnx_recurrent
from .naming import expect_network, node_names
from .onnx_around import AROUND
from .onnx_functions import Fixed, refuse
from .onnx_modules import STRUCTURE, TABLE
from .walking import Walker

__all__ = ["OPSET", "to_onnx"]

OPSET = 17


def to_onnx(net, path=None, *, input, batch=1):
    """Write the network, as it is in evaluation mode, as an ONNX model of opset 17; return the model.

    Parameters
    ----------
    net : Module
    path : where to write; None only returns the model
    input : an example of the network's input, of the right types, which every dimension but the batch's is taken from
    batch : int, list or None
        The dimension of the inputs, counted from 1, whose size stays open; a list for inputs that differ in it, and in
        it a tuple for an input with two open dimensions, as in [(1, 2), 1, 1] for a sequence and two states; None fixes
        all sizes. Where the network works for one size only, that is what the file says.

    Inputs, outputs and steps have the nodes' names, weights those of their module; a table becomes several inputs or
    outputs. The model has the network's type, float32 or float64, and is checked by onnx.checker. Raises GraphError,
    before anything is written, for modules that have no counterpart; the message lists their nodes. Raises
    TensorTypeError for an input of other things than arrays, ShapeError for an example without rows, and RangeError for
    a ``batch`` that names no dimension of the inputs.

    >>> import numpy as np, pygraph_nn as nn
    >>> x = nn.Identity()().annotate(name="x")
    >>> net = nn.gModule([x], [nn.Tanh()(nn.Linear(3, 2)(x).annotate(name="i2h")).annotate(name="h")])
    >>> model = nn.to_onnx(net, input=np.zeros((1, 3)))
    >>> [(step.op_type, list(step.input), list(step.output)) for step in model.graph.node]
    [('Gemm', ['x', 'i2h.weight', 'i2h.bias'], ['i2h']), ('Tanh', ['i2h'], ['h'])]
    """
    expect_network(net, "to_onnx")
    for leaf in leaves(input):
        expect_plain("to_onnx", leaf, input)
    twin = net.clone().evaluate()
    larger = None if batch is None else _larger(twin, input, batch)
    try:
        model = _model(twin, input, larger)
    except Fixed:
        model = _model(twin, input, None)
    onnx.checker.check_model(model, full_check=True)
    if path is not None:
        with replacing(path) as file:
            file.write(model.SerializeToString())
    return model


class Value:
    """A value on the way: its name in the file, and what it is for the example and for the larger one."""

    def __init__(self, name, example, larger=None):
        self.name, self.example, self.larger = name, example, larger

    @property
    def ndim(self):
        """The number of dimensions."""
        return self.example.ndim

    @property
    def dtype(self):
        """The numpy type."""
        return self.example.dtype

    @property
    def dims(self):
        """The sizes; None where it is open."""
        if self.larger is None:
            return list(self.example.shape)
        return [a if a == b else None for a, b in zip(self.example.shape, self.larger.shape)]

    def open_sizes(self):
        """The pairs of the sizes that are open, by dimension, counted from 1."""
        pairs = zip(self.example.shape, self.example.shape if self.larger is None else self.larger.shape)
        return {place: pair for place, pair in enumerate(pairs, 1) if pair[0] != pair[1]}


def both(function, *values):
    """The pair of what a function makes of the examples and of the larger ones."""
    examples = function(*(map_table(lambda v: v.example, value) for value in values))
    if any(leaf.larger is None for value in values for leaf in leaves(value)):
        return examples, None
    return examples, function(*(map_table(lambda v: v.larger, value) for value in values))


def _larger(net, input, batch):
    """The example, larger along the open dimensions; None if the network does not take that."""
    inputs = list(input) if isinstance(input, (list, tuple)) else [input]
    batches = list(batch) if isinstance(batch, list) else [batch] * len(inputs)
    if len(batches) != len(inputs):
        raise RangeError(f"to_onnx: batch has {len(batches)} entries for {len(inputs)} inputs")
    batches = [_dimensions(entry, batch) for entry in batches]
    sizes = sorted(
        {
            array.shape[d - 1]
            for value, ds in zip(inputs, batches)
            for array in leaves(value)
            for d in ds
            if d is not None and d <= array.ndim
        }
    )
    if not sizes and any(map(any, batches)):
        raise RangeError(f"to_onnx: batch={batch!r} names a dimension that none of {shape_of(input)} has")
    if 0 in sizes:
        raise ShapeError(f"to_onnx: the example needs a size of at least 1 where the batch is, got {shape_of(input)}")
    # Dimensions grow apart: by their places in a tuple, or, where that does not fit together, by their sizes.
    for ranks in (None, sizes):
        found = [_grown(value, ds, ranks) for value, ds in zip(inputs, batches)]
        found = found if isinstance(input, (list, tuple)) else found[0]
        try:
            net.forward(found)
        except PygraphError:
            continue
        return found
    net.forward(input)
    return None


def _dimensions(entry, batch):
    """The open dimensions of one input, as a tuple."""
    dimensions = entry if isinstance(entry, tuple) else (entry,)
    for d in dimensions:
        if d is not None and (isinstance(d, bool) or not isinstance(d, (int, np.integer)) or d < 1):
            raise RangeError(f"to_onnx: batch names dimensions, counted from 1, or is None; got {batch!r}")
    return dimensions


def _grown(value, dimensions, ranks):
    """A value with some rows more, its first ones again, along each of the dimensions that its arrays have."""

    def grow(array):
        for place, d in enumerate(dimensions, 1):
            if d is not None and d <= array.ndim:
                more = range(place if ranks is None else ranks.index(array.shape[d - 1]) + 1)
                array = np.concatenate([array, np.take(array, more, d - 1, mode="wrap")], d - 1)
        return array

    return map_table(grow, value)


def _model(net, input, larger):
    """Build the model."""
    graph = Graph("")
    given = graph.inputs(net, input, larger)
    value = graph.walk(net, given[0] if len(given) == 1 and not isinstance(input, (list, tuple)) else given)
    if graph.refused:
        raise graph.refusal()
    outputs = graph.outputs(list(leaves(value)))
    made = helper.make_graph(
        graph.nodes,
        type(net).__name__ if not getattr(net, "name", None) else net.name,
        [graph.info(v) for v in leaves(given)],
        [graph.info(v) for v in outputs],
        list(graph.weights.values()),
    )
    return helper.make_model(
        made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8, producer_name="pygraph_nn",
        producer_version=__version__,
    )  # fmt: skip


def _batch_of(values):
    """The sizes, of the example and of the larger one, of the batch: the first input's that is open in nothing else."""
    for value in values:
        found = value.open_sizes()
        if len(found) == 1:
            return next(iter(found.values()))
    return None


_NONE = refuse("has no counterpart in ONNX")


class Graph(Walker):
    """Builds the nodes of a model or of the body of a loop; values are ``Value``s and lists of them."""

    def __init__(self, prefix, outer=None):
        self.nodes, self.refused, self.path = [], [] if outer is None else outer.refused, prefix
        self.weights = {} if outer is None else outer.weights
        self.named = {} if outer is None else outer.named
        self.taken = set() if outer is None else outer.taken
        self.pooled = {}  # by pooling module: the name of its maxima's places, and its input
        self.batch = None if outer is None else outer.batch

    def inputs(self, net, input, larger):
        """Values for the network's inputs, named after their nodes."""
        several = isinstance(input, (list, tuple))
        names = ["input"] * (len(input) if several else 1)
        if type(net) is gModule:
            found = [node_names(net).get(node, "input") for node in net._inputs]
            names = found if len(found) == len(names) else found * len(names)
        inputs = list(input) if several else [input]
        grown = [None] * len(inputs) if larger is None else list(larger) if several else [larger]
        values = [self.name_all(name, value, big) for name, value, big in zip(names, inputs, grown)]
        self.batch = _batch_of(leaves(values))
        return values

    def name_all(self, name, example, larger):
        """Values with fresh names for a table of examples."""
        if isinstance(example, dict):
            raise GraphError(f"ONNX has no tables with keys, such as {shape_of(example)}")
        if is_table(example):
            if larger is not None and (not is_table(larger) or len(larger) != len(example)):
                raise Fixed
            grown = [None] * len(example) if larger is None else larger
            return [self.name_all(f"{name}_{i}", e, g) for i, (e, g) in enumerate(zip(example, grown), 1)]
        if larger is not None and larger.ndim != example.ndim:
            raise Fixed
        return Value(self.fresh(name), example, larger)

    def fresh(self, name):
        """A name that nothing else has."""
        found, number = name, 1
        while found in self.taken:
            number += 1
            found = f"{name}_{number}"
        self.taken.add(found)
        return found

    def outputs(self, values):
        """Values to be put out: each the result of a node of its own."""
        made, seen = {name for node in self.nodes for name in node.output}, set()
        found = []
        for value in values:
            if value.name not in made or value.name in seen:
                name = self.op("Identity", value, out=self.fresh("output"))
                value = Value(name, value.example, value.larger)
            seen.add(value.name)
            found.append(value)
        return found

    # The walk --------------------------------------------------------------------------------------------------------

    def walk(self, module, value, path=""):
        """Walk; what surrounds other modules with operations is in the table of its own."""
        if type(module) in AROUND:
            return self.within(path, lambda: AROUND[type(module)](self, module, value, path))
        if type(module) in onnx_recurrent.LAYERS:
            return self.within(path, lambda: onnx_recurrent.LAYERS[type(module)](self, module, value, path))
        return super().walk(module, value, path)

    def within(self, path, run):
        """Run with the names of what is made in between after the path."""
        before, self.path = self.path, path or self.path
        try:
            return run()
        except PygraphError as error:
            if isinstance(error, GraphError) and str(error).startswith("to_onnx"):
                raise
            self.refused.append(f"{path or 'the network'}: {error}")
            raise self.refusal() from error
        finally:
            self.path = before

    def leaf(self, module, value, path):
        """Append the operations of one module."""
        if type(module) in STRUCTURE:
            return module.updateOutput(value)
        self.path = path
        converter = TABLE.get(type(module), _NONE)
        try:
            if getattr(converter, "refuses", False):
                converter(self, module, value, None)
            made = self.name_all(path, *self.run(module, value))
            converter(self, module, value, made)
        except PygraphError as error:
            self.refused.append(f"{path}: {error}")
            made = self._go_on(module, value, path)
        return made

    def _go_on(self, module, value, path):
        """What a refused module puts out, so that all refusals can be told at once; or tell those found so far."""
        try:
            return self.name_all(path, *self.run(module, value))
        except PygraphError:
            raise self.refusal() from None

    def refusal(self):
        """The error that lists what was refused."""
        return GraphError("to_onnx: these nodes cannot be converted, so nothing is:\n  " + "\n  ".join(self.refused))

    def run(self, module, value):
        """The pair of what a module makes of the examples and of the larger ones."""
        if not isinstance(module, MaxUnpooling) or id(module.pooling) not in self.pooled:
            return both(module.forward, value)

        def again(pair):  # its pooling has seen the larger example meanwhile
            module.pooling.forward(pair[1])
            return module.forward(pair[0])

        return both(again, [value, self.pooled[id(module.pooling)][1]])

    def inner(self, path):
        """A builder for the body of a loop, which sees the weights outside."""
        return Graph(path, self)

    def info(self, value):
        """A value's name, type and shape in the form of the file; an open size is the batch or has its own name."""
        dims, found = value.dims, value.open_sizes()
        for place, pair in found.items():
            dims[place - 1] = "batch" if len(found) == 1 and pair == self.batch else f"{value.name}_{place}"
        return helper.make_tensor_value_info(value.name, helper.np_dtype_to_tensor_dtype(value.dtype), dims)

    def center(self, container, value, path):
        """What a LayerNormalization normalises."""
        means = both(lambda x: x - container._means(x), value)
        made = self.name_all(f"{path}_centered" if path else "centered", *means)
        n = value.example.shape[-1]
        rows = self.op("Reshape", value, self.integers(-1, n))
        tiled = self.op("Tile", self.op("ReduceMean", rows, axes=[1], keepdims=0), self.integers(n))
        self.op("Sub", value, self.reshape(tiled, made), out=made)
        return made

    # Operations ------------------------------------------------------------------------------------------------------

    def op(self, kind, *inputs, out=None, n=1, **attributes):
        """Append a node; return the name of its output (a list of ``n`` names where there are several)."""
        names = [self._name(value) for value in inputs]
        if out is None:
            outputs = [self.fresh(f"{self.path or 'step'}_{kind.lower()}") for _ in range(n)]
        else:
            outputs = [v.name if isinstance(v, Value) else v for v in (out if isinstance(out, list) else [out])]
        self.nodes.append(helper.make_node(kind, names, outputs, name=outputs[0], **attributes))
        return outputs if len(outputs) > 1 else outputs[0]

    def _name(self, value):
        if value is None:
            return ""
        if isinstance(value, np.ndarray):
            return self.constant(value)
        return value if isinstance(value, str) else value.name

    def constant(self, array, name=None):
        """The name of an array that is written into the file, once for equal ones."""
        array = np.ascontiguousarray(array) if array.ndim else array
        key = (array.dtype.str, array.shape, array.tobytes()) if name is None else name
        if key not in self.named:
            self.named[key] = self.fresh(name or f"{self.path or 'step'}.constant")
            self.weights[self.named[key]] = numpy_helper.from_array(array, self.named[key])
        return self.named[key]

    def parameter(self, module, field, shape=None, array=None):
        """The name of a parameter in the file, in another shape or form; None where the module has none."""
        own = getattr(module, field, None)
        if own is None:
            return None
        made = None if array is None else (type(module), sha256(array.tobytes()).digest())
        key = memory_key(own), made, tuple(shape or np.shape(array))
        if key not in self.named:
            name = self.fresh(f"{self.path}.{field}")
            whole = own if array is None else array
            whole = whole if shape is None else whole.reshape(shape)
            self.named[key] = name
            self.weights[name] = numpy_helper.from_array(np.ascontiguousarray(whole), name)
        return self.named[key]

    def integers(self, *numbers):
        """A vector of integers."""
        return np.array(numbers, np.int64)

    def reshape(self, x, like, out=None):
        """Give ``x`` the shape of the value ``like``; where several sizes are open, those of x are carried over."""
        open_ = [place for place, size in enumerate(like.dims) if size is None]
        kept = []
        if len(open_) > 1:
            kept = [place for place in open_ if isinstance(x, Value) and _same_size(x, like, place)]
            if len(open_) - len(kept) > 1:
                raise GraphError("more sizes are open than a Reshape of ONNX can carry over: fix the batch's")
        sizes = [0 if place in kept else -1 if size is None else size for place, size in enumerate(like.dims)]
        return self.op("Reshape", x, self.integers(*sizes), out=out)


def _same_size(x, y, axis):
    """Whether two values have the same size along an axis, in both examples."""
    return all(
        axis < a.ndim and a.shape[axis] == b.shape[axis] for a, b in ((x.example, y.example), (x.larger, y.larger))
    )
