"""Module: the contract of everything that computes in a graph."""

import copy
import difflib
import functools
import inspect
import itertools

import numpy as np

from .. import tensors
from ..errors import GraphError, RangeError, ShapeError, StateError, TensorTypeError
from ..memory import Window, convert, memory_key
from ..nesting import is_table, leaves, rebuilt, shape_of
from ..node import Node
from .checks import expect_gradient_like, expect_gradients, expect_plain
from .fields import fields_of
from .flattening import NO_GRADIENT, flatten, register
from .promises import is_ours
from .replacing import Replacement

__all__ = ["Module"]

# What a script may ask any network to share, whether it has such fields or not.
_SHARED = ("weight", "bias", "gradWeight", "gradBias", "running_mean", "running_var", "running_std")


class Module:
    """The contract: ``updateOutput``, ``updateGradInput`` and ``accGradParameters``, in that order.

    A subclass overrides the three verbs (the last one only if it has parameters) and inherits the rest:

    >>> import numpy as np
    >>> import pygraph_nn as nn
    >>> class Double(nn.Module):
    ...     def updateOutput(self, input):
    ...         self.output = 2 * input
    ...         return self.output
    ...     def updateGradInput(self, input, gradOutput):
    ...         self.gradInput = 2 * gradOutput
    ...         return self.gradInput
    >>> net = nn.Sequential().add(Double()).add(nn.Tanh())
    >>> net.forward(np.zeros(3))
    array([0., 0., 0.])

    ``input`` is an array or a table (list) of arrays, ``gradOutput`` has the structure of the output and the result of
    ``updateGradInput`` that of the input. No verb writes into its arguments or into an array that it handed out
    before. Source: Torch7's nn/Module.lua.

    Attributes
    ----------
    output, gradInput : what the last pass put out.
    train : bool; True after ``training()``, False after ``evaluate()``.
    row_wise : bool; True promises that row i of the output depends on row i of the input alone (rows are the first
        dimension), and that the gradients by the parameters are sums over rows, so that several batches may be computed
        as one. A property where it depends on the arguments.
    stateless : bool; True promises that the backward verbs look at nothing but their arguments and the parameters, so
        that they may be called in whatever state another pass left the module.
    ignores_input : bool; True promises that the backward verbs look at the shape and type of the input alone, so that
        nobody need keep its numbers for them.
    takes_integers : bool; True where integer arrays are welcome in the input.
    """

    _type = None  # until __init__ has run
    train = True
    shared = False
    row_wise = False
    stateless = False
    ignores_input = False
    takes_integers = False

    def __new__(cls, *args, **kwargs):
        refuse_nodes(cls, args)
        module = super().__new__(cls)
        register(module)
        return module

    def __init__(self):
        self.output = None
        self.gradInput = None
        self._type = tensors.getdefaulttensortype()

    # The verbs ------------------------------------------------------------------------------------------------------

    def updateOutput(self, input):
        """Compute the output of ``input``, keep it as ``self.output`` and return it."""
        raise NotImplementedError(f"{self.typename()} has no updateOutput")

    def updateGradInput(self, input, gradOutput):
        """Compute the gradient of the loss by ``input``, keep it as ``self.gradInput`` and return it."""
        raise NotImplementedError(f"{self.typename()} has no updateGradInput")

    def accGradParameters(self, input, gradOutput, scale=1):
        """Add ``scale`` times the gradient of the loss by the parameters to ``gradWeight`` and friends."""

    def forward(self, input):
        """Check the types of ``input`` and run ``updateOutput``."""
        self.check_input(input)
        return self.updateOutput(input)

    def backward(self, input, gradOutput, scale=1):
        """Run ``updateGradInput`` and ``accGradParameters``; return ``gradInput``.

        ``forward`` must have been called with the same ``input`` just before.
        """
        self._expect_forward("backward", gradOutput)
        self.updateGradInput(input, gradOutput)
        try:
            self.accGradParameters(input, gradOutput, scale)
        except (TypeError, AttributeError) as error:
            if self._lacks_gradient(error):
                raise StateError(f"{self.title()}.backward: {NO_GRADIENT}") from error
            raise
        return self.gradInput

    def _lacks_gradient(self, error):
        """Tell whether an error of a verb is that of a parameter without a gradient."""
        of_none = type(error) in (TypeError, AttributeError) and "NoneType" in str(error)
        return of_none and any(gradient is None for gradient in self.parameters()[1])

    def _reason(self, error):
        """What an error of a verb says, for whoever names the place."""
        return NO_GRADIENT if self._lacks_gradient(error) else f"{type(error).__name__}: {error}"

    def _expect_forward(self, verb, gradOutput):
        """Raise unless a forward pass came before, with an output that ``gradOutput`` fits."""
        if self.output is None:
            kept = "" if is_ours(type(self)) else ", and an updateOutput that keeps self.output"
            raise StateError(f"{self.title()}: {verb} needs a forward pass with the same input first{kept}")
        self.check_gradient(gradOutput)

    def check_input(self, input):
        """Raise TensorTypeError unless every array in ``input`` has the module's type."""
        dtype = self.dtype
        for leaf in leaves(input):
            expect_plain(self, leaf, input)
            if leaf.dtype != dtype and not (self.takes_integers and leaf.dtype.kind in "iub"):
                raise TensorTypeError(_type_message(self, leaf))

    def check_gradient(self, gradOutput):
        """Raise unless ``gradOutput`` has the structure, the shapes and the types of the output."""
        self._expect_like(gradOutput, self.output)

    def _expect_like(self, gradOutput, output):
        if output.__class__ is np.ndarray:
            expect_gradient_like(self, gradOutput, output)
        elif isinstance(output, (list, tuple)):
            expect_gradients(self.title(), gradOutput, len(output))
            for gradient, entry in zip(gradOutput, output, strict=True):
                if gradient is not None:
                    self._expect_like(gradient, entry)

    def repeatedly(self, times):
        """Return what computes ``updateOutput`` for so many calls while the parameters stand still.

        A module that can prepare for them returns a function of its own.
        """
        return self.updateOutput

    # Calling makes nodes ---------------------------------------------------------------------------------------------

    def __call__(self, *inputs):
        """``m(node)``, ``m([node, node])`` and ``m()`` make a Node; ``m(array)`` runs ``forward``."""
        if len(inputs) > 1:
            raise GraphError(f"{self.title()} takes one argument: use [input1, input2] to pass several inputs")
        if not inputs:
            return Node(self)
        (input,) = inputs
        if isinstance(input, (Node, Module)) or input is None:
            input = [input]
        elif isinstance(input, dict) and any(isinstance(leaf, Node) for leaf in leaves(input)):
            raise GraphError(
                f"{self.title()} takes its nodes in a list, [node1, node2], got a dict with the keys {list(input)}; "
                "nn.nest(table) makes one node of nodes under keys"
            )
        elif not isinstance(input, (list, tuple)):
            return self.forward(input)
        elif input and not any(isinstance(leaf, (Node, Module)) or leaf is None for leaf in leaves(input)):
            return self.forward(input)
        elif not input:
            raise GraphError(
                f"{self.title()} cannot be called with an empty list of inputs; for a node without inputs, leave the "
                "second pair of parentheses empty: module()"
            )
        expect_nodes(input, "inputs")
        return Node(self, input)

    def __neg__(self):
        """``-m`` is ``m()``: a node without inputs."""
        return self()

    def __rsub__(self, nodes):
        """``[a, b] - m`` is ``m([a, b])``."""
        return self(nodes)

    # Parameters ------------------------------------------------------------------------------------------------------

    def parameters(self):
        """Return two lists: the parameters and, in the same order, their gradients."""
        names = [name for name in ("weight", "bias") if getattr(self, name, None) is not None]
        return [getattr(self, name) for name in names], [getattr(self, _gradient_name(name), None) for name in names]

    def getParameters(self):
        """Move all parameters into one flat vector, all gradients into another, and return the two vectors.

        The modules then hold views of the vectors, and so does every module outside of this network that shared
        memory with one inside. A second call returns the same memory.

        >>> import pygraph_nn as nn
        >>> net = nn.Linear(3, 2)
        >>> x, dx = net.getParameters()
        >>> x.fill(1); net.weight[0, 0].item(), x.size
        (1.0, 8)
        """
        return flatten(self)

    def zeroGradParameters(self):
        """Set all accumulated gradients to zero."""
        for gradient in self.parameters()[1]:
            if gradient is not None:
                gradient.fill(0)

    def updateParameters(self, learningRate):
        """Take one step of gradient descent: parameter -= learningRate * gradient.

        What stands twice, as a weight and its transpose do where they are tied, takes one step.
        """
        parameters, gradients = self.parameters()
        self._expect_gradients(gradients, "updateParameters")
        pairs = zip(parameters, gradients, strict=True)
        for parameter, gradient in {memory_key(p, any_order=True): (p, g) for p, g in pairs}.values():
            parameter -= learningRate * gradient

    def _expect_gradients(self, gradients, call):
        if any(gradient is None for gradient in gradients):
            raise StateError(f"{self.title()}.{call}: {NO_GRADIENT}")

    def accUpdateGradParameters(self, input, gradOutput, lr):
        """Step along the gradient of this input at once: accumulate into a fresh gradient, then update."""
        parameters, gradients = self.parameters()
        self._expect_gradients(gradients, "accUpdateGradParameters")
        kept = [gradient.copy() for gradient in gradients]
        self.zeroGradParameters()
        self.accGradParameters(input, gradOutput, 1)
        self.updateParameters(lr)
        for gradient, old in zip(gradients, kept, strict=True):
            gradient[...] = old

    def backwardUpdate(self, input, gradOutput, lr):
        """``updateGradInput`` followed by ``accUpdateGradParameters``."""
        self._expect_forward("backwardUpdate", gradOutput)
        self.updateGradInput(input, gradOutput)
        self.accUpdateGradParameters(input, gradOutput, lr)
        return self.gradInput

    def reset(self, stdv=None):
        """Draw fresh parameters; a module without any does nothing."""
        return self

    # Modes and types -------------------------------------------------------------------------------------------------

    def training(self):
        """Switch to training mode (Dropout drops, BatchNormalization uses the batch's statistics)."""
        self.train = True
        return self

    def evaluate(self):
        """Switch to evaluation mode."""
        self.train = False
        return self

    @property
    def dtype(self):
        """The numpy dtype of the module's type."""
        if self._type is None:
            name = type(self).__name__
            raise StateError(f"{name} has no type yet: {name}.__init__ must call super().__init__() first")
        return tensors.dtype_of(self._type)

    def type(self, name=None, tensorCache=None):
        """Convert to another tensor type, keeping what is shared shared; without arguments, return the type's name.

        >>> import pygraph_nn as nn
        >>> nn.Linear(2, 2).type("torch.FloatTensor").weight.dtype
        dtype('float32')
        """
        if name is None:
            return self._type
        dtype = tensors.dtype_of(name)
        cache = {} if tensorCache is None else tensorCache
        if (name, id(self)) in cache:
            return self
        cache[name, id(self)] = self
        mine = self._own_memory()

        def converted(value):
            if isinstance(value, np.ndarray) and value.dtype.kind == "f":
                own = id(value) in mine or value.base is None
                return convert(value, dtype, cache) if own else value.astype(dtype, copy=False)
            if isinstance(value, Module) or hasattr(value, "type") and hasattr(value, "updateGradInput"):
                return value.type(name, cache)
            return value

        for key, value in fields_of(self):
            setattr(self, key, rebuilt(value, converted))
        self._type = name
        return self

    def float(self, tensorCache=None):
        """Convert to float32, Torch7's FloatTensor."""
        return self.type("torch.FloatTensor", tensorCache)

    def double(self, tensorCache=None):
        """Convert to float64, Torch7's DoubleTensor."""
        return self.type("torch.DoubleTensor", tensorCache)

    def cuda(self):
        """Raise TensorTypeError, which says how to get to a GPU: numpy computes on the processor."""
        return self.type("torch.CudaTensor")

    # Copies ----------------------------------------------------------------------------------------------------------

    def clone(self, *names):
        """Return a deep copy; the named parameters share memory with the original.

        >>> import pygraph_nn as nn
        >>> a = nn.Linear(2, 2); b = a.clone("weight", "bias", "gradWeight", "gradBias")
        >>> a.weight[0, 0] = 5; b.weight[0, 0].item()
        5.0
        """
        memo, modules = {}, self.listModules()
        self._expect_fields("clone", names)
        for module in modules:
            for name in names:
                array = getattr(module, name, None)
                if isinstance(array, np.ndarray):
                    memo[id(array)] = array
                    memo[id(module), name] = array
        twin = copy.deepcopy(self, memo)
        return twin.share(self, *names) if names else twin

    def share(self, other, *names):
        """Make the named parameters the same memory as those of ``other``, a module of the same structure.

        Raises GraphError for another structure, ShapeError for another shape or type, RangeError for a name that
        nothing here has; nothing is shared then.
        """
        self._expect_fields("share", names)
        if not isinstance(other, Module):
            raise GraphError(f"{self.title()}.share takes a module of the same structure, got {other!r}")
        shared = []
        for module, twin in self._counterparts(other):
            for name in names:
                mine, theirs = vars(module).get(name), getattr(twin, name, None)
                if mine is None:
                    continue
                if shape_of(mine) != shape_of(theirs):
                    raise ShapeError(
                        f"{module.title()}.share: {name} is {shape_of(mine)} here and {shape_of(theirs)} in "
                        f"{twin.title()}; modules of one structure and type share"
                    )
                shared.append((module, twin, name, theirs))
        for module, twin, name, array in shared:
            setattr(module, name, array)
            module.shared = twin.shared = True
        return self

    def _counterparts(self, other):
        """Pair this module and all inside it with those of ``other``."""
        mine, theirs = self.children(), other.children()
        if len(mine) != len(theirs):
            raise GraphError(f"share: {self.title()} has {len(mine)} modules, the other one {len(theirs)}")
        yield self, other
        for module, twin in zip(mine, theirs, strict=True):
            yield from module._counterparts(twin)

    def _expect_fields(self, call, names):
        """Raise RangeError for a name that no module here has as a field."""
        for name in names:
            if not isinstance(name, str):
                raise RangeError(f"{self.title()}.{call} takes names of fields such as 'weight', got {name!r}")
            if name not in _SHARED and not any(hasattr(module, name) for module in self.listModules()):
                near = difflib.get_close_matches(name, _SHARED, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                raise RangeError(f"{self.title()}.{call}: no module in it has a field {name!r}{hint}")

    def _own_memory(self):
        """The ids of this module's own parameters and gradients, whose sharing copies and conversions keep."""
        return {id(array) for array in itertools.chain(*self.parameters()) if array is not None}

    def __getstate__(self):
        mine = self._own_memory()

        def kept(value):
            is_view = isinstance(value, np.ndarray) and id(value) in mine and value.base is not None
            return Window.of(value) if is_view else value

        return {key: rebuilt(value, kept) if mine else value for key, value in vars(self).items()}

    def __setstate__(self, state):
        def opened(value):
            return value.open() if isinstance(value, Window) else value

        for key, value in state.items():
            setattr(self, key, rebuilt(value, opened))

    # Structure -------------------------------------------------------------------------------------------------------

    def children(self):
        """Return the modules directly inside this one; none, unless it is a container."""
        return getattr(self, "modules", ())

    def listModules(self):
        """Return this module and all inside it, each before its own children.

        >>> import pygraph_nn as nn
        >>> nn.Sequential().add(nn.Tanh()).listModules()[1]
        nn.Tanh
        """
        found, waiting = [], [self]
        while waiting:
            module = waiting.pop()
            found.append(module)
            waiting.extend(reversed(module.children()))
        return found

    def apply(self, callback):
        """Call ``callback(module)`` for this module and all inside it, each before its own children."""
        for module in self.listModules():
            callback(module)
        return self

    def replace(self, callback):
        """Let ``callback(module)`` return a substitute for every module inside; return this one's substitute.

        The callback is asked once for each module, before anything changes.
        """
        callback = Replacement.of(callback, self)
        if callback.begins(self):
            for index, child in enumerate(self.children()):
                self.modules[index] = child.replace(callback)
        return callback(self)

    def findModules(self, typename):
        """Return two lists: the modules of a type (``"nn.Linear"``, ``"Linear"`` or a class), the container of each.

        >>> import pygraph_nn as nn
        >>> net = nn.Sequential().add(nn.Linear(2, 2)).add(nn.Tanh())
        >>> net.findModules("nn.Linear")[0]
        [nn.Linear(2 -> 2)]
        """
        wanted = (typename, f"nn.{typename}") if isinstance(typename, str) else None
        modules, containers, waiting = [], [], [(self, self)]
        while waiting:
            module, container = waiting.pop()
            if module.typename() in wanted if wanted else type(module) is typename:
                modules.append(module)
                containers.append(container)
            waiting.extend((child, module) for child in reversed(module.children()))
        return modules, containers

    def clearState(self):
        """Forget what the passes left behind (outputs, gradients by the input); parameters stay."""
        self.output = None
        self.gradInput = None
        return self

    # Text ------------------------------------------------------------------------------------------------------------

    @classmethod
    def typename(cls):
        """Torch7's name of the class: ``nn.Linear``; a class from elsewhere has its plain name."""
        return f"nn.{cls.__name__}" if is_ours(cls) else cls.__name__

    def arguments(self):
        """The part of ``repr`` behind the name; by default the constructor's arguments that are kept as fields."""
        shown = []
        for parameter in _constructor_parameters(type(self)):
            of_class = hasattr(type(self), parameter.name)
            value = vars(self).get(parameter.name) if of_class else getattr(self, parameter.name, None)
            if value is not None and not isinstance(value, np.ndarray) and value != parameter.default:
                named = parameter.default is not inspect.Parameter.empty
                shown.append(f"{parameter.name}={value!r}" if named else repr(value))
        return f"({', '.join(shown)})" if shown else ""

    def __repr__(self):
        return self.typename() + self.arguments()

    def title(self):
        """The first line of ``repr``: the module with its arguments, without what is inside it."""
        return repr(self).split("\n", 1)[0].removesuffix(" {")


@functools.cache
def _constructor_parameters(cls):
    return tuple(inspect.signature(cls.__init__).parameters.values())


def refuse_nodes(cls, arguments):
    """Raise GraphError where a constructor of a module or criterion is given a Node."""
    for argument in arguments:
        if isinstance(argument, Node):
            raise GraphError(
                f"{cls.typename()}(...) makes a module and takes no Node, got {argument!r}: did you forget a pair "
                f"of parentheses? A module is made first and called on nodes then: {cls.typename()}(...)(node)"
            )


def expect_nodes(nodes, role):
    """Raise GraphError unless every entry of the list ``nodes`` (the ``inputs`` or ``outputs``) is a Node."""
    for index, node in enumerate(nodes):
        if isinstance(node, Node):
            continue
        if node is None:
            what = "is None (a typo, or a function that returned nothing?)"
        elif isinstance(node, Module):
            what = (
                f"is a Module, {node!r}, where a Node belongs: did you forget a second pair of parentheses, "
                "which makes a node of a module?"
            )
        elif is_table(node):
            what = f"is a table, {node!r}, where a Node belongs: nn.nest(table) makes one node of nested nodes"
        else:
            what = f"is of type {type(node).__name__}, where a Node belongs"
        raise GraphError(f"{role}[{index}] {what}")


def _type_message(module, array):
    ours = tensors.type_name(module.dtype)
    if array.dtype.kind in "iub":
        return (
            f"{module.title()} computes with {module.dtype.name} ({ours}) and takes no integers, got "
            f"{shape_of(array)}: convert the input with input.astype('{module.dtype.name}')"
        )
    method = {"float32": "float", "float64": "double"}.get(array.dtype.name)
    remedy = f", or the network with net.{method}()" if method else ""
    return (
        f"{module.title()} is of type {module.dtype.name} ({ours}), but the input is {shape_of(array)} "
        f"({tensors.type_name(array.dtype)}): convert the input with input.astype('{module.dtype.name}'){remedy}"
    )


def _gradient_name(name):
    return "grad" + name[0].upper() + name[1:]
