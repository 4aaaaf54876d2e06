"""Modules made of modules: their base, modules in sequence, and modules side by side on the entries of a table."""

import operator

import numpy as np

from ..errors import GraphError, NodeError, RangeError, StateError
from ..memory import memory_key
from ..nesting import shape_of, zero
from .checks import expect_table
from .module import Module
from .places import Parts, at_place, repeated

__all__ = ["Container", "Sequential", "ParallelTable"]


class Container(Module):
    """Base of all modules made of modules; ``modules`` is their list.

    A subclass runs its modules through ``run(index, verb, *arguments)``, which names the place when one fails and keeps
    apart the states of a module that stands at several indices. Source: Torch7's nn/Container.lua.

    >>> import pygraph_nn as nn
    >>> net = nn.Sequential().add(nn.Linear(3, 4)).add(nn.Tanh())
    >>> net.size(), net.get(2), net.modules[1]
    (2, nn.Tanh, nn.Tanh)
    """

    _revision = 0  # counts edits of networks that have run; what is known of a structure is found out anew after one
    _seen = False  # whether somebody has looked inside
    _known = None  # the revision, the modules, and the parts of the repeated ones by position
    _states = None  # position: what the last pass left there in a repeated module

    def __new__(cls, *args, **kwargs):
        container = super().__new__(cls, *args, **kwargs)
        if args and cls.__init__ is Container.__init__:
            raise GraphError(f"{cls.typename()}() takes no arguments; modules are added one by one: .add(module)")
        return container

    def __init__(self):
        super().__init__()
        self.modules = []

    @staticmethod
    def outdate():
        """Let every network find out anew, before its next pass, how it is made."""
        Container._revision += 1

    def edited(self):
        """Take notice of an edit here; networks that have never looked inside need not."""
        if self._seen:
            self.outdate()

    def children(self):
        self._seen = True
        return self.modules

    def add(self, module):
        """Append a module; return the container."""
        self._expect_module(module, "add")
        self.modules.append(module)
        self.edited()
        return self

    def get(self, index):
        """Return the module at ``index``, counted from 1 (negative from the end)."""
        return self.modules[self._position(index, len(self.modules))]

    def insert(self, module, index=None):
        """Insert a module before ``index``, counted from 1; at the end by default."""
        self._expect_module(module, "insert")
        count = len(self.modules)
        self.modules.insert(count if index is None else self._position(index, count + 1), module)
        self.edited()
        return self

    def remove(self, index=None):
        """Remove the module at ``index``, counted from 1, the last one by default; return it."""
        count = len(self.modules)
        module = self.modules.pop(self._position(count if index is None else index, count))
        self.edited()
        return module

    def size(self):
        """Return the number of modules directly inside."""
        return len(self.modules)

    __len__ = size

    def _expect_module(self, module, call):
        if not isinstance(module, Module):
            raise GraphError(f"{self.typename()}.{call} takes a Module, got {module!r}")
        if any(part is self for part in module.listModules()):
            raise GraphError(f"{self.typename()}.{call}: the container cannot be inside itself")

    def _position(self, index, count):
        if isinstance(index, bool) or not isinstance(index, (int, np.integer)):
            raise RangeError(f"{self.typename()}: an index is a whole number from 1 to {count}, got {index!r}")
        position = index - 1 if index > 0 else count + index
        if index == 0 or not 0 <= position < count:
            raise RangeError(f"{self.typename()}: index {index} is out of range: its modules are counted 1 to {count}")
        return position

    def __bool__(self):
        return True

    def _lists_its_own(self):
        """Tell whether a subclass lists parameters of its own beside those of the modules inside."""
        return type(self).parameters is not Container.parameters

    def _own_memory(self):
        return super()._own_memory() if self._lists_its_own() else set()

    def run(self, index, verb, *arguments):
        """Run ``verb`` of the module at ``index`` (Python's, from 0); name the place if it fails.

        The states of a module that stands at several places, as it is or inside another one, are kept apart.
        """
        call = method(self.modules[index], verb)
        try:
            parts = self._repeated(verb).get(index) if verb == "updateOutput" or len(self.modules) > 1 else None
            if parts:
                return at_place(self._state(index, verb), parts, call, *arguments)
            return call(*arguments)
        except StateError:
            raise
        except Exception as error:
            raise self._placed(index, verb, arguments[0], error) from error

    def _repeated(self, verb):
        """The parts of the modules that stand at several positions, by position; found out anew before a pass."""
        known = self._known
        if known is not None and verb == "updateOutput" and not _same(known[1], self.modules):
            self.edited()  # somebody wrote into the list
        if known is None or verb == "updateOutput" and known[0] != Container._revision:
            parts = {position: Parts(self.modules[position]) for position in repeated(self.modules)}
            known = self._known = Container._revision, self.modules.copy(), parts
        return known[2]

    def _state(self, index, verb):
        """The state of a repeated module at ``index``: a new one for a new pass."""
        if verb == "updateOutput":
            self._states = {**(self._states or {}), index: {}}
        elif index not in (self._states or {}):
            raise StateError(f"{self.typename()}: {verb} needs a forward pass with the same input first")
        return self._states[index]

    def _placed(self, index, verb, input, error):
        """The error with the place in front."""
        if isinstance(error, NodeError):
            return NodeError(f"in module {index + 1} of {self.typename()}: {error}", error.node)
        return NodeError(
            f"in module {index + 1} of {self.typename()}, {self.modules[index].title()}, {verb} of {shape_of(input)}: "
            f"{self.modules[index]._reason(error)}"
        )

    def check_input(self, input):
        """The modules inside check what reaches them."""

    def check_inside(self, index, input):
        """Let the module at ``index`` (Python's, from 0) check what will reach it; name the place if it fails."""
        try:
            self.modules[index].check_input(input)
        except Exception as error:
            raise self._placed(index, "forward", input, error) from error

    def parameters(self):
        """Return the parameters of all modules inside, and their gradients, each list in the modules' order.

        What several modules share is listed once (Torch7 lists it as often as it is met, and steps along it as often).
        """
        pairs = {}
        for module in self.modules:
            for parameter, gradient in zip(*module.parameters(), strict=True):
                key = memory_key(parameter), gradient if gradient is None else memory_key(gradient)
                pairs.setdefault(key, (parameter, gradient))
        return [parameter for parameter, _ in pairs.values()], [gradient for _, gradient in pairs.values()]

    def zeroGradParameters(self):
        for module in self.modules:
            module.zeroGradParameters()
        if self._lists_its_own():
            super().zeroGradParameters()

    def replace(self, callback):
        substitute = super().replace(callback)
        self.edited()
        return substitute

    def training(self):
        for module in self.modules:
            module.training()
        return super().training()

    def evaluate(self):
        for module in self.modules:
            module.evaluate()
        return super().evaluate()

    def reset(self, stdv=None):
        for module in self.modules:
            module.reset(stdv)
        return self

    def clearState(self):
        self._states = None
        for module in self.modules:
            module.clearState()
        return super().clearState()

    def __getstate__(self):
        return {key: value for key, value in super().__getstate__().items() if key not in ("_known", "_states")}

    def _indented(self, lines):
        return self.typename() + " {\n  " + "\n  ".join(lines) + "\n}"


def method(module, verb):
    """Return a module's verb for the network around it, which needs all gradients by the input, wanted or not."""
    wanting = None if verb == "updateOutput" else getattr(module, "with_all_gradients", None)
    return getattr(module, verb) if wanting is None else wanting(verb)


def _same(modules, others):
    """Tell whether two lists hold the same objects, whatever these say of being equal."""
    return len(modules) == len(others) and all(map(operator.is_, modules, others))


class Sequential(Container):
    """y = f_n(... f_2(f_1(x))): each module takes the output of the one before.

    Source: Torch7's nn/Sequential.lua; PyTorch's Sequential.

    >>> import numpy as np, pygraph_nn as nn
    >>> net = nn.Sequential().add(nn.Tanh()).add(nn.ReLU())
    >>> net
    nn.Sequential {
      [input -> (1) -> (2) -> output]
      (1): nn.Tanh
      (2): nn.ReLU
    }
    >>> net.forward(np.zeros(1))
    array([0.])
    """

    _steps = _gradients = None

    @property
    def row_wise(self):
        """True if every module inside is."""
        return all(module.row_wise for module in self.modules)

    def check_input(self, input):
        """The first module checks what reaches it."""
        if self.modules:
            self.check_inside(0, input)

    def updateOutput(self, input):
        self.output, steps = None, [input]  # no output, if one of them fails
        for index in range(len(self.modules)):
            steps.append(self.run(index, "updateOutput", steps[-1]))
        self._steps, self._gradients = steps, None
        self.output = steps[-1]
        return self.output

    def _sweep(self, verb, gradOutput, *scale):
        """Run a verb from the last module to the first; return the gradient that arrives at the input."""
        if self.output is None:
            raise StateError(f"{self.typename()}: {verb} needs a forward pass with the same input first")
        if not self.modules:
            self.check_gradient(gradOutput)
        gradients = [gradOutput]
        for index in reversed(range(len(self.modules))):
            gradients.append(self.run(index, verb, self._steps[index], gradients[-1], *scale))
        self._gradients = gradients[::-1]
        self.gradInput = gradients[-1]
        return self.gradInput

    def updateGradInput(self, input, gradOutput):
        return self._sweep("updateGradInput", gradOutput)

    def accGradParameters(self, input, gradOutput, scale=1):
        if self._gradients is None:
            raise StateError(f"{self.typename()}: accGradParameters needs updateGradInput with the same input first")
        for index in reversed(range(len(self.modules))):
            self.run(index, "accGradParameters", self._steps[index], self._gradients[index + 1], scale)

    def backward(self, input, gradOutput, scale=1):
        return self._sweep("backward", gradOutput, scale)

    def clearState(self):
        self._steps = self._gradients = None
        return super().clearState()

    def __repr__(self):
        chain = " -> ".join(["input", *(f"({n})" for n in range(1, len(self.modules) + 1)), "output"])
        rows = [f"({n}): {module!r}".replace("\n", "\n  ") for n, module in enumerate(self.modules, 1)]
        return self._indented([f"[{chain}]", *rows])


class SideBySide(Container):
    """Base of containers whose modules stand side by side; a subclass says what each of them takes and gives.

    ``deal(input)`` returns one input for each module, ``collect(outputs)`` makes the output of theirs,
    ``share_out(gradOutput)`` returns one gradient for each module, and ``gather(input, gradients)`` makes the gradient
    by the input of theirs.
    """

    def deal(self, input):
        """By default every module takes the whole input."""
        return [input] * len(self.modules)

    def collect(self, outputs):
        """By default the output is the table of the modules' outputs."""
        return outputs

    def share_out(self, gradOutput):
        """By default the gradient is a table of one entry for each module."""
        expect_table(self, gradOutput, len(self.output))
        return gradOutput

    def check_input(self, input):
        """Every module checks what reaches it."""
        for index, entry in enumerate(self.deal(input)):
            self.check_inside(index, entry)

    def updateOutput(self, input):
        self.output = None  # if one of them fails
        outputs = [self.run(i, "updateOutput", entry) for i, entry in enumerate(self.deal(input))]
        self.output = self.collect(outputs)
        return self.output

    def _each(self, verb, input, gradOutput, *scale):
        if self.output is None:
            raise StateError(f"{self.typename()}: {verb} needs a forward pass with the same input first")
        pairs = zip(self.deal(input), self.share_out(gradOutput), strict=True)
        return [self.run(i, verb, entry, gradient, *scale) for i, (entry, gradient) in enumerate(pairs)]

    def updateGradInput(self, input, gradOutput):
        self.gradInput = self.gather(input, self._each("updateGradInput", input, gradOutput))
        return self.gradInput

    def accGradParameters(self, input, gradOutput, scale=1):
        self._each("accGradParameters", input, gradOutput, scale)

    def backward(self, input, gradOutput, scale=1):
        self.gradInput = self.gather(input, self._each("backward", input, gradOutput, scale))
        return self.gradInput

    def __repr__(self):
        last = len(self.modules)
        rows = []
        for n, module in enumerate(self.modules, 1):
            lead, rest = ("  |`-> ", "  |    ") if n < last else ("   `-> ", "       ")
            rows.append(lead + f"({n}): {module!r}".replace("\n", "\n  " + rest))
        return self._indented(["input", *rows, "   ... -> output"])


class ParallelTable(SideBySide):
    """y[i] = f_i(x[i]): the i-th module takes the i-th entry of the input table.

    Source: Torch7's nn/ParallelTable.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> net = nn.ParallelTable().add(nn.Identity()).add(nn.Tanh())
    >>> net.forward([np.ones(1), np.zeros(1)])
    [array([1.]), array([0.])]
    """

    def deal(self, input):
        """The entries of the input, one for each module; further entries go nowhere."""
        expect_table(self, input)
        if len(input) < len(self.modules):
            expect_table(self, input, len(self.modules))
        return input[: len(self.modules)]

    def gather(self, input, gradients):
        """The table of the modules' gradients, with zeros for the entries that went nowhere."""
        return [*gradients, *zero(list(input[len(gradients) :]))]
