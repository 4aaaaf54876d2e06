"""To PyTorch: a network as a torch.fx.GraphModule, and the weights that were trained there back home."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import fx

from .. import modules as zoo
from ..errors import GraphError, PygraphError, RangeError, ShapeError, TensorTypeError
from ..graph.gmodule import gModule
from ..memory import memory_key, span
from ..modules.unpooling import MaxUnpooling
from ..recurrent import Bidirectional, Layers, Unroll
from ..t7.placeholder import Placeholder
from ..t7.sink import replacing
from . import torch_layers as layers
from . import torch_recurrent
from . import torch_tables as tables
from . import torch_windows as windows
from .naming import BUFFERS, expect_network, named_tensors, node_names, own_tensors
from .torch_modules import TABLE, Call, Constant, Field
from .walking import Walker
from .weights import recompute

__all__ = ["to_torch", "save_torch", "load_state_dict"]


_CODE_NAMES = {"self", "torch"}  # in the code that torch.fx writes
RESERVED = _CODE_NAMES.union(dir(fx.GraphModule(torch.nn.Module(), fx.Graph())))  # and attributes of its modules


def to_torch(net):
    """Return the network as a torch.fx.GraphModule, which computes the same and needs nothing of numpy.

    It is called with the network's inputs as positional arguments (a table is a list) and returns what ``forward``
    does, in tensors. Its ``code`` reads as the graph: steps and the keys of its ``state_dict`` have the nodes' names.
    Weights are copies; what the network shares is shared there, and comes up once for each place. It starts in the mode
    that the network is in, each part in its own; ``train()`` and ``eval()`` change it. Modules of which PyTorch has no
    counterpart run our own code in both passes, on the processor.

    Raises GraphError, before anything is built, for modules that can do neither; the message lists their nodes. So it
    does for parameters that share a part of their memory only, or one the other's transpose, as Parameters cannot.

    >>> import pygraph_nn as nn
    >>> x = nn.Identity()().annotate(name="x")
    >>> net = nn.gModule([x], [nn.Tanh()(nn.Linear(3, 2)(x).annotate(name="i2h")).annotate(name="h")])
    >>> exported = nn.to_torch(net)
    >>> print(exported.code.strip())
    def forward(self, x):
        i2h = self.i2h(x);  x = None
        h = self.h(i2h);  i2h = None
        return h
    >>> list(exported.state_dict())
    ['i2h.weight', 'i2h.bias']
    """
    expect_network(net, "to_torch")
    exported, _ = _export(net)
    return exported


def save_torch(net, path):
    """Write ``to_torch(net)`` to a file, whole or not at all.

    ``torch.load(path, weights_only=False)`` reads it, where this package is installed.
    """
    exported = to_torch(net)
    with replacing(path) as file:
        torch.save(exported, file)


def load_state_dict(net, state):
    """Set a network's parameters and running statistics from those of its export; return the network.

    ``state`` is what ``to_torch`` made of it, trained meanwhile, or its ``state_dict()``. What is shared stays so.
    Raises RangeError for missing or unknown names, ShapeError for shapes that differ, TensorTypeError for what are no
    real numbers; then nothing is changed.

    >>> import pygraph_nn as nn
    >>> net = nn.Linear(3, 2)
    >>> exported = nn.to_torch(net)
    >>> _ = exported.linear.bias.data.fill_(7)
    >>> nn.load_state_dict(net, exported).bias
    array([7., 7.])
    """
    expect_network(net, "load_state_dict")
    exported, links = _export(net)
    state = _fitting(state, exported.state_dict())
    exported.load_state_dict(state)
    for array, tensor in links:
        array[...] = tensor.detach().cpu().numpy().reshape(array.shape)
    return recompute(net)


def _fitting(state, own):
    """Return the state, without the prefixes of what wrapped the module, if it has the names and shapes of ``own``."""
    state = state.state_dict() if isinstance(state, torch.nn.Module) else state
    named = isinstance(state, Mapping) and all(isinstance(name, str) for name in state)
    if not named or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise TensorTypeError(f"load_state_dict takes a PyTorch module or its state_dict, got {type(state).__name__}")
    for wrapper in ("_orig_mod.", "module.", "_orig_mod."):  # torch.compile, DistributedDataParallel, and both
        if state and all(name.startswith(wrapper) for name in state) and state.keys() != own.keys():
            state = {name.removeprefix(wrapper): value for name, value in state.items()}
    names = [f"{name} is missing" for name in own if name not in state]
    names += [f"{name} is unknown" for name in state if name not in own]
    if names:
        raise RangeError(f"load_state_dict: {'; '.join(names)}")
    wrong = [
        f"{name} is {tuple(value.shape)}, here {tuple(own[name].shape)}"
        for name, value in state.items()
        if value.shape != own[name].shape
    ]
    if wrong:
        raise ShapeError(f"load_state_dict: {'; '.join(wrong)}")
    wrong = [
        f"{name} is {value.dtype}{' on the meta device, without numbers' if value.is_meta else ''}"
        for name, value in state.items()
        if value.is_meta or value.is_floating_point() != own[name].is_floating_point()
    ]
    if wrong:
        raise TensorTypeError(f"load_state_dict takes real numbers: {'; '.join(wrong)}")
    return state


def _export(net):
    """Return the GraphModule, and the pairs of our arrays and its tensors."""
    builder = Builder(net, {}, [])
    exported, links = builder.build(), list(builder.tensors.values())
    _expect_apart(net, [array for array, _ in links])
    return exported, links


def _expect_apart(net, arrays):
    """Raise GraphError where two arrays share memory and are not the same view of it."""
    spans = sorted((*span(array), number) for number, array in enumerate(arrays) if array.size)
    for (_, end, one), (start, _, other) in zip(spans, spans[1:]):
        if start < end and np.shares_memory(arrays[one], arrays[other]):
            names = {memory_key(array): name for name, array in named_tensors(net).items()}
            one, other = (names.get(memory_key(arrays[number]), "a parameter") for number in (one, other))
            raise GraphError(
                f"to_torch: {one} and {other} share memory in different forms, one turned or a part of the other, as "
                "Parameters of PyTorch cannot: give one of them a copy() of its own"
            )


class Builder(Walker):
    """Builds the fx.Graph; values are its nodes.

    ``tensors`` maps the memory of our parameters to pairs of the array and its torch Parameter, so that what is shared
    here is shared there; ``modes`` lists torch modules and whether they train.
    """

    def __init__(self, net, tensors, modes):
        self.net, self.tensors, self.modes = net, tensors, modes
        self.named, self.taken = {}, set()
        self.root, self.fx, self.placed, self.kept = torch.nn.Module(), fx.Graph(), {}, []
        self.refused = []
        # Poolings that an unpooling asks for places: the values of those places and of the pooling's input.
        unpoolings = [m for m in net.listModules() if isinstance(m, MaxUnpooling)]
        self.asked, self.pooled = {id(m.pooling) for m in unpoolings}, {}

    def build(self):
        """Return the GraphModule."""
        value = self.walk(self.net, self.inputs())
        if self.refused:
            raise GraphError(
                "to_torch: these nodes cannot be converted, so nothing is:\n  " + "\n  ".join(self.refused)
            )
        self.fx.output(value)
        self.fx.lint()
        made = fx.GraphModule(self.root, self.fx, class_name=type(self.net).__name__)
        made.train(self.net.train)
        self.modes.append((made, self.net.train))
        for module, training in self.modes:
            module.training = training
        return made

    def inputs(self):
        """The placeholders: one for each input of a gModule, named after its node, else ``input``."""
        if type(self.net) is not gModule or self.net.nInputs == 1:
            return self._input(node_names(self.net)[self.net._inputs[0]] if type(self.net) is gModule else "input")
        names = node_names(self.net)
        return [self._input(names.get(node, "input")) for node in self.net._inputs]

    def _input(self, name):
        return self.fx.placeholder(name + "_" if name in _CODE_NAMES else name)

    def inside(self, path, name):
        """PyTorch's modules have attributes of their own, whose names are taken."""
        if (path, name) not in self.named:
            found = name
            while found in RESERVED or (path, found) in self.taken:
                found += "_"
            self.taken.add((path, found))
            self.named[path, name] = found
        return super().inside(path, self.named[path, name])

    def entry(self, table, index):
        """Take an entry of a table that is known at run time only."""
        return self.fx.call_function(_take, (table, index))

    def leaf(self, module, value, path):
        """Append a call."""
        key = _identity(module)
        if key not in self.placed:
            try:
                self.placed[key] = self._place(module, path)
            except PygraphError as error:
                self.refused.append(f"{path}: {error}")
                return value
            self.kept.append(module)
        call = self.placed[key]
        name = path.replace(".", "_")
        if isinstance(call, str):
            return self.fx.create_node("call_module", call, (value,), name=name)
        arguments = [self.fx.get_attr(a.name) if isinstance(a, Field) else a for a in call.arguments]
        return self.fx.create_node("call_function", call.function, (value, *arguments), call.keywords, name=name)

    def _place(self, module, path):
        """Convert a module; return the path of what stands for it, or the call with the paths of its parameters."""
        made = self._convert(module)
        if not isinstance(made, Call):
            self.modes.append((made, module.train))
            self._add(path, made)
            return path
        holder, arguments = torch.nn.Module(), []
        for number, argument in enumerate(made.arguments):
            if isinstance(argument, Field):
                tensor = self.parameter(module, argument.name)
                if tensor is not None:
                    holder.register_parameter(argument.name, tensor)
                arguments.append(Field(f"{path}.{argument.name}") if tensor is not None else None)
            elif isinstance(argument, Constant):
                holder.register_buffer(f"constant{number}", torch.tensor(argument.array), persistent=False)
                arguments.append(Field(f"{path}.constant{number}"))
            else:
                arguments.append(argument)
        self._add(path, holder)
        return Call(made.function, tuple(arguments), made.keywords)

    def _convert(self, module):
        """Our module as PyTorch's, as a call, or wrapped."""
        if isinstance(module, (Unroll, Bidirectional, Layers)):
            return torch_recurrent.convert(module, self._cell)
        if type(module) in AROUND:
            return AROUND[type(module)](self, module)
        converter = TABLE.get(type(module))
        if isinstance(module, Placeholder):
            raise GraphError(
                f"nobody here knows the class {module.class_name}: give it life with "
                f"nn.register_class({module.class_name!r}, YourClass) before loading the file"
            )
        if converter is None:
            return self._wrapped(module)
        return converter(module, lambda field, shape=None: self.parameter(module, field, shape))

    def _cell(self, cell):
        return Builder(cell, self.tensors, self.modes).build()

    def _wrapped(self, module):
        """Our module itself: Parameters for its parameters, buffers for its running statistics."""
        names = {memory_key(a): name.replace(".", "_") for name, a in named_tensors(module).items()}
        names |= {memory_key(a): name for name, a in own_tensors(module).items()}
        parameters = {names[memory_key(a)]: self._tensor(a, a.shape) for a in module.parameters()[0]}
        buffers = [(names[memory_key(a)], self._tensor(a, a.shape, learnt=False)) for a in layers.running(module)]
        return layers.Wrapped(module.clone(), parameters, buffers)

    def center(self, container, value, path):
        return self.fx.create_node("call_function", tables.center, (value,), name=f"{path}_centered")

    def walk(self, module, value, path=""):
        """Walk; what needs the input's shape around what is inside is done here."""
        if id(module) in self.asked:
            return self._pool(module, value, path or "pooling")
        if isinstance(module, MaxUnpooling) and id(module.pooling) in self.pooled:
            arguments = (value, *self.pooled[id(module.pooling)], len(module.sizes))
            return self.fx.call_function(windows.unpool, arguments)
        if type(module) is zoo.Parallel:
            return self.call(module, value, path)
        if type(module) is zoo.Bottle:
            ((inner, name),) = self.each(module, path)
            fused = self.fx.call_function(tables.fuse, (value, module.nInputDim))
            made = super().walk(inner, fused, name)
            return self.fx.call_function(tables.part, (made, value, module.nInputDim))
        if type(module) is zoo.DepthConcat:
            parts = [self.walk(inner, value, name) for inner, name in self.each(module, path)]
            return self.fx.call_function(tables.center_depth, (parts, module.dimension))
        return super().walk(module, value, path)

    def _pool(self, module, value, path):
        """A pooling whose places are asked for later."""
        geometry = (module.along("k"), module.along("d"), module.along("pad"), module.along("dilation"))
        arguments = (value, *geometry, module.ceil_mode)
        both = self.fx.create_node("call_function", windows.pool_with_places, arguments, name=path.replace(".", "_"))
        self.pooled[id(module)] = self.entry(both, 1), value
        return self.entry(both, 0)

    def parameter(self, module, name, shape=None):
        """The torch Parameter (or, of running statistics, the buffer) of one of the module's fields."""
        array = getattr(module, name, None)
        if array is None:
            return None
        return self._tensor(array, shape or array.shape, learnt=name not in BUFFERS)

    def _tensor(self, array, shape, learnt=True):
        key = memory_key(array)
        if key not in self.tensors:
            tensor = torch.tensor(np.ascontiguousarray(array).reshape(tuple(shape)))
            self.tensors[key] = array, torch.nn.Parameter(tensor) if learnt else tensor
        return self.tensors[key][1]

    def _add(self, path, module):
        """Put a module at a path."""
        *outer, last = path.split(".")
        place = self.root
        for name in outer:
            if not hasattr(place, name):
                place.add_module(name, torch.nn.Module())
            place = getattr(place, name)
        place.add_module(last, module)


def _each(builder, module):
    if not module.shared:
        raise GraphError(
            f"{module!r}: how many copies with parameters of their own it needs is only known when it runs"
        )
    if not module.modules:
        raise GraphError(f"{module!r} has no module: add one with add(module)")
    (inner,) = module.modules
    return layers.Each(builder._cell(inner), type(inner) is gModule and inner.nInputs > 1)


def _converted(builder, module):
    rank = None if "*" in module.inputShape else len(module.inputShape)
    places = (0, 0) if rank is None else (module.inputShape.index("b"), module.outputShape.index("b"))
    return layers.Converted(builder._cell(module._converter()), rank, *places, getattr(torch, module.dtype.name))


def _weight_norm(builder, module):
    inner = builder._convert(module.modules[0])
    if isinstance(inner, Call) or not hasattr(inner, "weight") or inner.weight.shape != module.weight.shape:
        return builder._wrapped(module)
    builder.tensors.pop(memory_key(module.weight))
    axis = module.outputDim - 1 if module.outputDim > 0 else module.outputDim
    return layers.WeightNorm(inner, builder.parameter(module, "v"), builder.parameter(module, "g"), axis)


def _parallel(builder, module):
    parts = [builder._cell(part) for part in module.modules]
    return layers.Parallel(parts, module.inputDimension, module.outputDimension)


AROUND = {zoo.MapTable: _each, zoo.Parallel: _parallel, zoo.Convert: _converted, zoo.WeightNorm: _weight_norm}


def _take(table, index):
    """An entry of a table."""
    return table[index]


def _identity(module):
    """What two modules have in common exactly when one may stand for the other: all parameters and all settings."""
    parameters = module.parameters()[0]
    ours = type(module) in TABLE  # of other people's modules nobody knows what their settings are
    if not ours or not parameters or module.children() or getattr(module, "running_mean", None) is not None:
        return id(module)
    plain = (int, float, str, bool, type(None), list, tuple)
    settings = sorted((name, repr(value)) for name, value in vars(module).items() if isinstance(value, plain))
    held = {id(array) for array in parameters}
    others = ((n, v) for n, v in vars(module).items() if isinstance(v, np.ndarray) and id(v) not in held)
    # Arrays of floating point are what passes left behind, but for a table of connections.
    constants = tuple(v.tobytes() for n, v in others if v.dtype.kind in "iub" or n == "connTable")
    return type(module), tuple(map(memory_key, parameters)), tuple(settings), constants
