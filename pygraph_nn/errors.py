"""Every exception that pygraph_nn raises on purpose: one tree, so that one ``except`` can catch them all.

Each class also derives from the built-in exception that a Python user would expect (``ValueError``, ``TypeError``,
...), so that code which knows nothing of this package still handles its errors. A message states the rule, what was
received, the remedy and the place.
"""

__all__ = [
    "PygraphError",
    "GraphError",
    "NodeError",
    "ShapeError",
    "TensorTypeError",
    "RangeError",
    "StateError",
    "DivergenceError",
    "T7Error",
    "MissingExtraError",
]


class PygraphError(Exception):
    """The root of the tree: catch this to catch everything that the package raises on purpose."""


class GraphError(PygraphError, ValueError):
    """The wiring is wrong: an unused input, a dangling node, a Module where a Node belongs, a cycle."""


class NodeError(PygraphError, RuntimeError):
    """A pass through a graph failed at one node; ``node`` is that node.

    ``__cause__`` is the original exception, or the NodeError of a container inside, whose own cause leads on to it.
    """

    def __init__(self, message, node=None):
        super().__init__(message)
        self.node = node


class ShapeError(PygraphError, ValueError):
    """An array (or table) of another rank, width or length than the rule allows."""


class TensorTypeError(PygraphError, TypeError):
    """An array of another dtype than the network's, or an array where a table belongs, or the reverse."""


class RangeError(PygraphError, ValueError, IndexError):
    """A dimension, index, probability or other argument outside its range (Torch7 counts from 1: 0 is none)."""


class StateError(PygraphError, RuntimeError):
    """A call out of order, such as ``backward`` before ``forward``."""


class DivergenceError(PygraphError, FloatingPointError):
    """A loss or a gradient that is no longer a finite number, found before it could spoil the parameters."""


class T7Error(PygraphError, ValueError):
    """A .t7 file that is truncated, corrupted or none at all; ``offset`` is in bytes, ``path`` inside the object."""

    def __init__(self, message, offset=None, path=""):
        super().__init__(message)
        self.offset = offset
        self.path = path


class MissingExtraError(PygraphError, ImportError):
    """An optional dependency is not installed; the message names the ``pip install`` that brings it."""

    def __init__(self, package, extra, purpose):
        super().__init__(f"{purpose} needs {package}, which is not installed: pip install 'pygraph_nn[{extra}]'")
        self.package = package
        self.extra = extra
