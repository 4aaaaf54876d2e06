"""gModule: a graph of nodes, packed into a module with forward and backward."""

import difflib
import itertools

import numpy as np

from ..errors import GraphError, NodeError, RangeError, ShapeError, StateError, TensorTypeError
from ..modules.checks import expect_gradient_like, expect_gradients, expect_plain, expect_table
from ..modules.containers import Container
from ..modules.module import Module, expect_nodes
from ..modules.replacing import Replacement
from ..nesting import add, leaves, shape_of, zero
from ..node import Node, Pictured
from . import copying, topology
from .program import Program

__all__ = ["gModule"]

_turns = itertools.count(1)


class gModule(Container, Pictured):
    """The module that computes ``outputs`` from ``inputs``, both lists of Nodes.

    With one input, the module's input is that input itself, with several it is the list of them; outputs likewise.
    Everything that a module can do, a gModule can: it trains, clones, saves, and is a node of a larger graph.

    >>> import numpy as np, pygraph_nn as nn
    >>> x, h = nn.Identity()(), nn.Identity()()
    >>> net = nn.gModule([x, h], [nn.Tanh()(nn.CAddTable()([x, h]))])
    >>> net.forward([np.ones((1, 2)), -np.ones((1, 2))])
    array([[0., 0.]])
    >>> net.backward([np.ones((1, 2)), -np.ones((1, 2))], np.ones((1, 2)))
    [array([[1., 1.]]), array([[1., 1.]])]

    Raises GraphError for wiring that cannot run (an unused input or split output, a dangling node, a Module, None or a
    table where a Node belongs, an empty list, a cycle), NodeError when a node fails in a pass.
    Source: Torch7's nngraph/gmodule.lua.

    Attributes
    ----------
    forwardnodes, backwardnodes : lists of Node, in the order of the two passes.
    innode, outnode : Node; the first and the last node, which bundle the inputs and the outputs.
    modules : list of Module, in the order of ``forwardnodes``, each once.
    nInputs : int
    name : str or None; what pictures and messages call the network.
    """

    _everywhere = ()  # wrappers of every gModule's steps
    _turn = 0  # which of all passes forward, counted, was the last one here
    _modules = None
    _listeners = ()  # called with (net, node, error) when a pass fails; may return a line for the message

    def __new__(cls, *args, **kwargs):
        return super().__new__(cls)  # without the arguments: no other module is made of nodes

    def __init__(self, inputs, outputs):
        super().__init__()
        for role, nodes in (("inputs", inputs), ("outputs", outputs)):
            if not isinstance(nodes, (list, tuple)) or not nodes:
                remedy = ": put it into a list, [node]" if isinstance(nodes, Node) else ""
                raise GraphError(f"gModule({role}) takes a list of at least one Node, got {nodes!r}{remedy}")
            expect_nodes(nodes, role)
        self.name = None
        self._hooks = ()
        self._verbose = False
        self._wire(list(inputs), list(outputs))

    def _wire(self, inputs, outputs):
        """Check the wiring, put the nodes in order and tag them."""
        for index, node in enumerate(inputs):
            if node.inputs:
                raise GraphError(f"inputs[{index}], {node!r}, has inputs of its own: an input of a gModule has none")
            if node in inputs[:index]:
                raise GraphError(f"inputs[{index}], {node!r}, is in the list of inputs twice")
        self.nInputs = len(inputs)
        self.wanted = (True,) * self.nInputs
        self._inputs, self._outputs = inputs, outputs
        self.innode, self.outnode = Node().annotate(name="input"), Node().annotate(name="output")
        self.outnode.inputs = outputs
        feeds = self.innode.split(len(inputs)) if len(inputs) > 1 else [self.innode]
        self._feeds = {node: [feed] for node, feed in zip(inputs, feeds, strict=True)}
        self.fg = topology.wire(self.outnode, self.sources)
        self._check(inputs)
        self.bg = topology.reverse(self.fg)
        self.forwardnodes = topology.order(self.fg, self.outnode)
        for node in self.forwardnodes:
            node.join(self)
        self._program = self._plain = self._view = self._values = self._gradients = None

    def _check(self, inputs):
        topology.check(self.fg, inputs)
        for node in self.fg:
            if not self.sources(node) and node is not self.innode:
                raise GraphError(
                    f"{node!r} has no inputs and is not one of the gModule's inputs: put it into the list of "
                    "inputs, or call its module on a node"
                )

    @property
    def modules(self):
        """The modules in the order of ``forwardnodes``, each once."""
        if self._modules is None:
            modules = [node.module for node in self.forwardnodes if node.module is not None]
            self._modules = list({id(module): module for module in modules}.values())
        return self._modules

    @modules.setter
    def modules(self, modules):
        self._modules = None  # the nodes have them

    @property
    def backwardnodes(self):
        """The nodes in the order of the backward pass."""
        return self.forwardnodes[::-1]

    def sources(self, node):
        """The nodes that feed ``node``; the declared inputs are fed by ``innode`` or a split of it."""
        return node.inputs or self._feeds.get(node, ())

    # The passes ------------------------------------------------------------------------------------------------------

    def forward(self, input):
        """Run every node once, in order; types are checked there."""
        return self.updateOutput(input)

    def updateOutput(self, input):
        """Run every node once, in order."""
        program = self._program = self._ready(input)
        values = [input] if self.nInputs == 1 else list(input)
        self._values, self._gradients, self._states = values, None, {}
        self._view, self._turn = (self, program.refs), next(_turns)
        for inner, refs in program.embedded:
            inner._view, inner._turn = (self, refs), self._turn
        append = values.append
        try:
            for take, run in program.forward:
                append(run(take(values)))
        except Exception as error:
            raise self._failure(program.steps[len(values) - self.nInputs], "forward", error) from error
        return program.result(values)

    def updateGradInput(self, input, gradOutput):
        """Run every node's updateGradInput once, last node first."""
        return self._sweep(self._calls("updateGradInput"), gradOutput)

    def accGradParameters(self, input, gradOutput, scale=1):
        """Run accGradParameters of every node that has it, with the gradients of the last updateGradInput."""
        if self._program is None or self._gradients is None:
            raise StateError(f"{self._called()}: accGradParameters needs updateGradInput with the same input first")
        program, values, gradients = self._program, self._values, self._gradients
        for step in reversed(program.learners):
            call = step.bind("accGradParameters")
            if step.slot in program.repeated:
                call = program._remembering(step, call)
            call = program._wrapped(step, "accGradParameters", call)
            try:
                if gradients[step.slot] is not None:
                    call(step.take(values), gradients[step.slot], scale)
            except Exception as error:
                raise self._failure(step, "accGradParameters", error) from error

    def needGradInput(self, *wanted):
        """Say which inputs' gradients ``backward`` is to compute, one bool for each input; return the network.

        The others' are None, and what leads to them alone is not computed: a training input needs no gradient.
        Inside another network, this one computes what that one needs.

        >>> import numpy as np, pygraph_nn as nn
        >>> x = nn.Identity()()
        >>> net = nn.gModule([x], [nn.Linear(2, 2)(x)]).needGradInput(False)
        >>> net.backward(np.ones(2), net.forward(np.ones(2))) is None
        True
        """
        if len(wanted) != self.nInputs:
            raise ShapeError(f"{self._called()} has {self.nInputs} inputs: needGradInput takes as many, got {wanted}")
        self.wanted = tuple(map(bool, wanted))
        self.rewire()
        return self

    def with_all_gradients(self, verb):
        """The method ``verb`` for a network around this one: there, it counts what that one needs."""
        if all(self.wanted):
            return getattr(self, verb)

        def run(*arguments, **keywords):
            wanted, self.wanted = self.wanted, (True,) * self.nInputs
            try:
                return getattr(self, verb)(*arguments, **keywords)
            finally:
                self.wanted = wanted

        return run

    def backward(self, input, gradOutput, scale=1):
        """Run every node's backward once, last node first; return the gradient by the input."""
        calls = self._calls("backward")
        if scale != 1:
            learners = {step.slot for step in self._program.learners}
            calls = [(*c[:3], _scaled(c[3], scale), *c[4:]) if c[0] in learners else c for c in calls]
        return self._sweep(calls, gradOutput)

    def _sweep(self, calls, gradOutput):
        """Carry gradients from the outputs to the inputs: each result adds to its sources' gradients."""
        program, values = self._program, self._values
        self._gradients = gradients = self._seed(gradOutput)
        slot = None
        try:
            for slot, parts, take, call, sources, into in calls:
                if parts:
                    gradients[slot] = self._gathered(slot, [gradients[part] for part, _ in _in_order(parts)])
                if gradients[slot] is None:
                    continue
                if into is not None and gradients[sources] is not None:
                    into(take(values), gradients[slot], gradients[sources])
                    continue
                gradient = call(take(values), gradients[slot])
                if sources.__class__ is int:
                    present = gradients[sources]
                    gradients[sources] = gradient if present is None else add(present, gradient)
                elif gradient is not None:
                    if gradient.__class__ is np.ndarray or len(gradient) != len(sources):
                        raise ShapeError(
                            f"a table of {len(sources)} came in, so that a list of as many gradients must come out of "
                            f"updateGradInput, got {shape_of(gradient)}"
                        )
                    for source, part in zip(sources, gradient):
                        present = gradients[source]
                        gradients[source] = part if present is None else add(present, part)
        except Exception as error:
            raise self._failure(program.steps[slot - self.nInputs], "backward", error) from error
        found = zip(gradients[: self.nInputs], values, strict=False)
        gradInput = [zero(value) if gradient is None else gradient for gradient, value in found]
        if not all(self.wanted):
            gradInput = [gradient if wanted else None for gradient, wanted in zip(gradInput, self.wanted, strict=True)]
        return gradInput if self.nInputs > 1 else gradInput[0]

    def _seed(self, gradOutput):
        """The list of gradients by slot, with those of the outputs filled in."""
        slots = self._program.outputs
        if len(slots) > 1:
            expect_gradients(self._called(), gradOutput, len(slots))
        else:
            gradOutput = [gradOutput]
        gradients = [None] * self._program.count
        for slot, gradient in zip(slots, gradOutput, strict=True):
            value = self._values[slot]
            if gradient is not None:
                gradient = self._completed(gradient, value)
            gradients[slot] = gradient if gradients[slot] is None else add(gradients[slot], gradient)
        return gradients

    def _gathered(self, slot, parts):
        """The gradient of a table whose entries have slots of their own: None where none of them has one."""
        if any(part is None for part in parts):
            parts = self._completed(parts, self._values[slot]) if any(part is not None for part in parts) else None
        return add(self._gradients[slot], parts)

    def _completed(self, gradient, value):
        """Check a gradient against the value that it belongs to; zeros stand where a table of it has None."""
        if gradient is None:
            return zero(value)
        if isinstance(value, np.ndarray):
            expect_gradient_like(self, gradient, value)
        elif isinstance(value, (list, tuple)):
            expect_table(self, gradient, len(value))
            return [self._completed(part, entry) for part, entry in zip(gradient, value, strict=True)]
        elif isinstance(value, dict):
            if not isinstance(gradient, dict) or gradient.keys() != value.keys():
                raise ShapeError(
                    f"{self._called()}: the output is a table {shape_of(value)}: gradOutput must be one with the same "
                    f"keys, got {shape_of(gradient)}"
                )
            return {key: self._completed(gradient[key], entry) for key, entry in value.items()}
        return gradient

    def _ready(self, input):
        """Return the program to run; raise unless the input fits the network's number of inputs and type."""
        if self.nInputs > 1 and (not isinstance(input, (list, tuple)) or len(input) != self.nInputs):
            self._refuse_table(input)
        if self._program is None or self._stamp != Container._revision:
            self._compile()
        for array in (input,) if self.nInputs == 1 else input:
            if array.__class__ is not np.ndarray or array.dtype is not self._dtype or not array.ndim:
                return self._checked(input)
        return self._plain

    def _refuse_table(self, input):
        if not isinstance(input, (list, tuple)):
            raise TensorTypeError(
                f"{self._called()} takes a table (list) of {self.nInputs} inputs, got {shape_of(input)}"
            )
        raise ShapeError(f"{self._called()} takes {self.nInputs} inputs, got {len(input)}: {shape_of(input)}")

    def _compile(self):
        self._stamp, self._dtype, self._sweeps = Container._revision, self.dtype, {}
        wrappers = [*gModule._everywhere, *self._hooks, *([_announce] if self._verbose else [])]
        self._program = self._plain = Program(self, _inlines, wrappers)
        self._strict = None

    def _checked(self, input):
        """Check the types of tables and integers; with integers inside, the program checks each module's input."""
        strict = False
        for leaf in leaves(input):
            expect_plain(self, leaf, input)
            if leaf.dtype != self._dtype:
                if leaf.dtype.kind not in "iub":
                    Module.check_input(self, leaf)
                strict = True
        if strict and self._strict is None:
            self._strict = Program(self, _inlines, (*self._plain.wrappers, _check_types))
        return self._strict if strict else self._plain

    def _calls(self, verb):
        if self._program is None or self._values is None or len(self._values) < self._program.count:
            # no pass yet, one that failed half way, or an edit of the graph since
            raise StateError(f"{self._called()}: {verb} needs a forward pass with the same input first")
        key = verb, self._program is self._plain, self.wanted
        if key not in self._sweeps:
            self._sweeps[key] = self._program.calls(verb)
        return self._sweeps[key]

    def _failure(self, step, phase, error):
        """The error that says which node failed, where it was declared and what reached it."""
        node, inner = step.node, getattr(error, "node", None) or step.node
        values = [self._values[slot] for slot in step.sources]
        failed = self if step.module is None else step.module
        name = f"'{node.name}' " if node.name else ""
        message = (
            f"{phase} failed at node {name}({node.title()}), declared at {node.declared}\n"
            f"  {error if isinstance(error, NodeError) else failed._reason(error)}\n"
            f"  input: {shape_of(values[0] if len(values) == 1 else values)}"
        )
        if phase != "forward" and self._gradients is not None:
            message += f"\n  gradOutput: {shape_of(self._gradients[step.slot])}"
        for listener in gModule._listeners:
            try:
                remark = listener(self, inner, error)
            except Exception as problem:
                remark = f"no more is known, since {listener!r} failed: {type(problem).__name__}: {problem}"
            message += f"\n  {remark}" if remark else ""
        return NodeError(message, inner)

    # Results ---------------------------------------------------------------------------------------------------------

    @property
    def output(self):
        """What the last forward pass put out: an array, or with several outputs the list of them."""
        return None if self._view is None else self.value(self.outnode)

    @output.setter
    def output(self, value):
        if value is None:
            self._view = None

    @property
    def gradInput(self):
        """The gradient by the input from the last backward pass, structured like the input."""
        if self._view is None or self._view[0]._gradients is None:
            return None
        gradients = [self.gradient(feed) for feed in self._entries()]
        values = [self.value(feed) for feed in self._entries()]
        gradients = [zero(v) if g is None else g for g, v in zip(gradients, values, strict=True)]
        gradients = [g if wanted else None for g, wanted in zip(gradients, self.wanted, strict=True)]
        return gradients if self.nInputs > 1 else gradients[0]

    @gradInput.setter
    def gradInput(self, value):
        """Derived from the last backward pass; assigning has no effect."""

    def _entries(self):
        return [feed for feeds in self._feeds.values() for feed in feeds]

    def value(self, node):
        """The output of one of this gModule's nodes in the last forward pass, or None."""
        return self._look_up(node, "_values")

    def gradient(self, node):
        """The gradient that reached one of this gModule's nodes in the last backward pass, or None."""
        return self._look_up(node, "_gradients")

    def _look_up(self, node, tape):
        if self._view is None:
            return None
        owner, refs = self._view
        return None if getattr(owner, tape) is None else _resolve(refs[node], getattr(owner, tape))

    # Structure -------------------------------------------------------------------------------------------------------

    def node(self, name):
        """Return the node that is annotated with ``name``; ``net["i2h"]`` is the same."""
        found = [node for node in self.forwardnodes if node.name == name]
        if len(found) == 1:
            return found[0]
        names = [str(node.name) for node in self.forwardnodes if node.name is not None]
        if found:
            raise GraphError(f"{self._called()} has {len(found)} nodes named {name!r}: {found}")
        near = difflib.get_close_matches(str(name), names, n=3)
        hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else f"; its names are {names}"
        raise RangeError(f"{self._called()} has no node named {name!r}{hint}")

    def __getitem__(self, name):
        return self.node(name)

    __iter__ = None  # a gModule is no sequence of names

    def rewire(self):
        """Take notice of an edit: a node's other module, another type, a hook; called by those who edit."""
        self.outdate()
        self._program = self._modules = None

    def replace(self, callback):
        """Let ``callback(module)`` return a substitute for every module inside; return this one's substitute."""
        callback = Replacement.of(callback, self)
        if callback.begins(self):
            new = {id(module): module.replace(callback) for module in self.modules}
            for node in self.forwardnodes:
                if node.module is not None:
                    node.module = new[id(node.module)]
            self.rewire()
        return callback(self)

    def add(self, module):
        raise GraphError(f"{self._called()}: the modules of a gModule are those of its nodes; build another graph")

    def insert(self, module, index=None):
        self.add(module)

    def remove(self, index=None):
        self.add(None)

    def type(self, name=None, tensorCache=None):
        if name is None:
            return self._type
        self.clearState()
        super().type(name, tensorCache)
        self.rewire()
        return self

    def clearState(self):
        self._view = self._values = self._gradients = self._program = self._states = None
        for module in self.modules:
            module.clearState()
        return self

    @property
    def row_wise(self):
        """True if every module inside is."""
        return all(module.row_wise for module in self.modules)

    # Hooks -----------------------------------------------------------------------------------------------------------

    def addHook(self, wrap):
        """Let ``wrap(node, module, verb, call)`` return what to call in place of ``call`` at every step of a pass.

        Without hooks nothing is wrapped and nothing costs. Raises GraphError for what cannot be called.
        """
        if not callable(wrap):
            raise GraphError(f"{self._called()}.addHook takes a function wrap(node, module, verb, call), got {wrap!r}")
        self._hooks = (*self._hooks, wrap)
        self.rewire()
        return self

    def removeHook(self, wrap):
        """Take a hook off again."""
        self._hooks = tuple(hook for hook in self._hooks if hook is not wrap)
        self.rewire()
        return self

    @property
    def verbose(self):
        """True prints each node's label as it runs."""
        return self._verbose

    @verbose.setter
    def verbose(self, value):
        self._verbose = bool(value)
        self.rewire()

    # Copies and text -------------------------------------------------------------------------------------------------

    def __getstate__(self):
        return copying.describe(self, super().__getstate__())

    def __setstate__(self, state):
        awaited = vars(self).pop("_awaited", {})
        super().__setstate__({**state["fields"], "_hooks": ()})
        self._wire(*copying.ends(self, state, awaited))
        self.wanted = state["wanted"]

    def node_at(self, place):
        """The node at a place of ``forwardnodes``; while a copy is made, the one that is going to be there."""
        if "forwardnodes" in vars(self):
            return self.forwardnodes[place]
        return vars(self).setdefault("_awaited", {}).setdefault(place, Node.__new__(Node))

    def _called(self):
        """What messages call this network."""
        return f"nn.gModule '{self.name}'" if self.name else "nn.gModule"

    def __repr__(self):
        name = f" '{self.name}'" if self.name else ""
        rows = []
        for number, node in enumerate((n for n in self.forwardnodes if n.module is not None), 1):
            label = f" {node.name}:" if node.name else ""
            rows.append(f"({number}):{label} {node.module!r}".replace("\n", "\n  "))
        return self._indented(rows).replace(" {", f"{name} {{", 1)


def _scaled(call, scale):
    return lambda input, gradOutput: call(input, gradOutput, scale)


def _resolve(ref, tape):
    """The value of a ref; None for a slot that a pass did not reach because it failed before."""
    if isinstance(ref, list):
        return [_resolve(part, tape) for part in ref]
    return tape[ref] if ref < len(tape) else None


def _in_order(parts):
    return sorted(parts, key=lambda part: part[1])


def _inlines(module):
    """Tell whether a module is a gModule as it stands, whose nodes may run in the line of the graph around it."""
    return type(module) is gModule and not module._hooks and not module._verbose


def _announce(node, module, verb, call):
    def run(*arguments, **keywords):
        result = call(*arguments, **keywords)
        if verb == "updateOutput":
            print(f" V : {node.title()} -> {shape_of(result)}")
        return result

    return run


def _check_types(node, module, verb, call):
    def run(input, *rest, **keywords):
        if verb == "updateOutput":
            module.check_input(input)
        return call(input, *rest, **keywords)

    return run
