"""A network run once on a twin, so that looking leaves no trace: what each module took in, put out and multiplied."""

import math
from contextlib import contextmanager

import numpy as np

from .. import rng
from ..errors import NodeError, ShapeError
from ..graph.gmodule import gModule
from ..nesting import is_table, leaves

__all__ = ["twin_of", "looking", "as_input", "Counter", "multiply_adds"]


def twin_of(net):
    """Return a deep copy in evaluation mode, and a dict from its nodes to the original's, nested networks included."""
    twin = net.clone()
    twin.evaluate()
    for module in twin.listModules():
        if isinstance(module, gModule):
            module.verbose = False
    return twin, dict(zip(_nodes(twin), _nodes(net), strict=True))


@contextmanager
def looking(originals):
    """While a twin runs, leave the random numbers as they were, and let errors name the original's nodes."""
    state = rng.getRNGState()
    try:
        with np.errstate(all="ignore"):
            yield
    except NodeError as error:
        error.node = originals.get(error.node, error.node)
        raise
    finally:
        rng.setRNGState(state)


def _nodes(net):
    """The nodes of all gModules in a network, in one order for a network and its copy."""
    seen = {id(module): module for module in net.listModules() if isinstance(module, gModule)}
    return [node for module in seen.values() for node in module.forwardnodes]


def as_input(net, given):
    """Return a table of arrays: shapes (tuples or lists of whole numbers) become arrays of ones, arrays stay.

    >>> import pygraph_nn as nn
    >>> [array.shape for array in as_input(nn.Linear(2, 2), [(1, 3), [(4,), (5,)]])[1]]
    [(4,), (5,)]
    """
    if isinstance(given, np.ndarray):
        return given
    sizes = given if isinstance(given, (tuple, list)) else (given,)
    if sizes and all(isinstance(size, (int, np.integer)) and not isinstance(size, bool) for size in sizes):
        if min(sizes) < 0:
            raise ShapeError(f"an input's shape has sizes from 0 up; got {given!r}")
        return np.ones(sizes, net.dtype)
    if is_table(given) and len(given):
        pairs = given.items() if isinstance(given, dict) else enumerate(given)
        made = {key: as_input(net, item) for key, item in pairs}
        return made if isinstance(given, dict) else list(made.values())
    raise ShapeError(f"an input is an array, a shape such as (20, 3), or a nested list of these; got {given!r}")


class Counter:
    """Runs the twin of a network once, and counts.

    Attributes
    ----------
    outputs : dict from the id of an original node or module to its output.
    counts : dict from the id of an original node or module to its multiply-adds, on average where it ran repeatedly.
    """

    def __init__(self, net, given):
        twin, originals = twin_of(net)
        self._now = 0
        self.outputs, self._tallies = {}, {}
        for module, original in zip(twin.listModules(), net.listModules(), strict=True):
            if "updateOutput" not in vars(module):
                module.updateOutput = self._counted(module, module.updateOutput, id(original))
        for module in twin.listModules():
            if isinstance(module, gModule):
                module.addHook(lambda node, _module, _verb, call: self._tallied(call, id(originals[node])))
        with looking(originals):
            self.output = twin.updateOutput(as_input(net, given))
        self.counts = {key: sum(tally) // len(tally) for key, tally in self._tallies.items()}

    def _counted(self, module, call, key):
        """Let a module of the twin count its multiply-adds, unless it is made of others, which count themselves."""
        alone = not module.children()

        def run(input):
            before = self._now
            result = call(input)
            if alone:
                self._now += multiply_adds(module, input, result)
            self._note(key, result, before)
            return result

        return run

    def _tallied(self, call, key):
        """Let a node note what its module counted."""

        def run(input):
            before = self._now
            result = call(input)
            self._note(key, result, before)
            return result

        return run

    def _note(self, key, result, before):
        self.outputs[key] = result
        self._tallies.setdefault(key, []).append(self._now - before)


def multiply_adds(module, input, output):
    """Return how many products of two numbers, each added to a sum, it takes a module to compute ``output``.

    Counted are matrix products, convolutions, products with weights and of tables' entries; sums alone, functions such
    as tanh, and comparisons are not.

    >>> import pygraph_nn as nn
    >>> m = nn.Linear(3, 4); x = np.ones((2, 3))
    >>> multiply_adds(m, x, m.forward(x))
    24
    """
    kind = type(module).__name__
    size = sum(leaf.size for leaf in leaves(output) if isinstance(leaf, np.ndarray))
    weight = getattr(module, "weight", None)
    if kind in _RULES:
        return int(_RULES[kind](module, input, size))
    if not isinstance(weight, np.ndarray) or not weight.size:
        return 0
    if "FullConvolution" in kind:
        return input.size // weight.shape[0] * weight.size if isinstance(input, np.ndarray) else 0
    return size if weight.ndim == 1 else size // weight.shape[0] * weight.size


# Modules whose weight is no matrix that multiplies the input, and those that multiply without weights.
_RULES = {
    "LookupTable": lambda module, input, size: 0,
    "Add": lambda module, input, size: 0,
    "CAdd": lambda module, input, size: 0,
    "CMul": lambda module, input, size: size,
    "CMulTable": lambda module, input, size: size * (len(input) - 1),
    "DotProduct": lambda module, input, size: input[0].size,
    "MM": lambda module, input, size: size * input[0].shape[-2 if module.transA else -1],
    "MV": lambda module, input, size: input[0].size,
    "Euclidean": lambda module, input, size: size * module.weight.shape[0],
    "WeightedEuclidean": lambda module, input, size: 2 * size * module.weight.shape[0],
    "SpatialConvolutionMap": lambda module, input, size: size // module.nOutputPlane * module.weight.size,
    "SpatialDepthWiseConvolution": lambda module, input, size: (
        size // (module.nInputPlane * module.nOutputPlane) * module.weight.size
    ),
    "SpatialFullConvolutionMap": lambda module, input, size: input.size // module.nInputPlane * module.weight.size,
    "SpatialConvolutionLocal": lambda module, input, size: (
        size // math.prod(module.weight.shape[:3]) * module.weight.size
    ),
}
