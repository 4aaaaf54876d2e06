"""The debug mode: when a pass fails, or a node puts out NaN, a picture shows where."""

import os
import re
from pathlib import Path

from ..errors import DivergenceError, NodeError, RangeError
from ..graph.gmodule import gModule
from .dot import write
from .picture import picture
from .pictures import save
from .text import name_of
from .values import flags_of, ranges

__all__ = ["setDebug"]

_RED = {"fillcolor": "#ff5c5c", "color": "#a80000", "penwidth": 3}


def setDebug(enabled, nan=False, folder="."):
    """Switch the debug mode on or off, for all gModules; also usable as a context manager.

    While it is on and a pass fails, ``NAME.dot`` and, with Graphviz, ``NAME.svg`` are written, named after the network
    (``network`` where it has no name), with the failing node in red; the error's message ends with the place of the
    picture, and the original exception stays its cause. While it is off, it costs nothing.

    Parameters
    ----------
    enabled : bool
    nan : bool, default False
        Also fail at the first node that puts out NaN or infinity, forward or backward; the error tells the shapes and
        ranges at its inputs. It takes time: every array is looked at.
    folder : str or path, default "."
        Where the pictures go.

    Raises RangeError for a folder that is no path. Source: Torch7's nngraph.setDebug.

    >>> import numpy as np, pygraph_nn as nn
    >>> x = nn.Identity()()
    >>> net = nn.gModule([x], [nn.Tanh()(nn.Linear(3, 2)(x))])
    >>> with nn.setDebug(True, nan=True):
    ...     y = net.forward(np.zeros((1, 3)))
    """
    if not isinstance(folder, (str, os.PathLike)):
        raise RangeError(f"setDebug: folder is the path of a folder, got {folder!r}")
    return _Debugging(enabled, nan, Path(folder))


class _Debugging:
    """What is on; leaving the ``with`` block brings back what was on before."""

    def __init__(self, enabled, nan, folder):
        self._before = gModule._everywhere, gModule._listeners
        wrappers = tuple(wrap for wrap in gModule._everywhere if wrap is not _watch)
        listeners = tuple(hear for hear in gModule._listeners if not isinstance(hear, _Reporter))
        if enabled:
            listeners = (*listeners, _Reporter(folder))
        self._install(wrappers + ((_watch,) if enabled and nan else ()), listeners)

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self._install(*self._before)

    @staticmethod
    def _install(wrappers, listeners):
        if wrappers != gModule._everywhere:
            gModule._everywhere = wrappers
            gModule.outdate()
        gModule._listeners = listeners


class _Reporter:
    """Listens to the failures of passes, and draws them."""

    def __init__(self, folder):
        self.folder = folder

    def __call__(self, net, node, error):
        """Write the picture of a failure; return the line for the message."""
        if isinstance(error, NodeError):
            # The network inside this one, where it happened, has reported it.
            return None
        title = name_of(net) or "network"
        name = re.sub(r"[^\w.+-]+", "_", title).lstrip(".")[:100] or "network"
        marks = {node: {**_RED, "note": f"failed: {type(error).__name__}"}}
        try:
            passed = net if net.gradient(net.outnode) is None else net.bg
            drawn = picture(passed, f"{title}: failed", expand=node not in net.fg)
            self.folder.mkdir(parents=True, exist_ok=True)
            files, remarks = save(drawn, write(drawn, marks=marks), self.folder / f"{name}.dot")
        except Exception as problem:  # nothing may stand before the failure itself
            return f"picture: none, {problem}"
        return "\n  ".join([f"picture: {files[-1].resolve()}", *remarks])


# NaN and infinity ----------------------------------------------------------------------------------------------------


def _watch(node, module, verb, call):
    """Wrap a step so that it fails where it puts out NaN or infinity."""

    def run(input, *rest, **keywords):
        result = call(input, *rest, **keywords)
        made = [] if result is None else [result]
        if verb in ("accGradParameters", "backward"):
            made += module.parameters()[1]
        flags = flags_of(made)
        if flags:
            raise DivergenceError(_story(module, verb, flags, result, input, rest))
        return result

    return run


def _story(module, verb, flags, result, input, rest):
    """Say what came out, and what went in."""
    lines = [f"{module!r}, {verb}: {' and '.join(flags)} in {ranges(result)}".replace("\n", "\n  ")]
    if verb == "updateOutput":
        lines += [f"first inside it: {part!r}" for part in _first_inside(module)]
    lines.append(f"input: {ranges(input)}")
    if rest:
        lines.append(f"gradOutput: {ranges(rest[0])}")
    for name in ("weight", "bias", "gradWeight", "gradBias"):
        value = vars(module).get(name)
        if value is not None and flags_of(value):
            lines.append(f"{name}: {ranges(value)}")
    return "\n  ".join(lines)


def _first_inside(module):
    """The first module inside a container whose output is not finite, if it is known."""
    parts = [part for part in module.listModules()[1:] if not part.children()]
    return [part for part in parts if flags_of(part.output)][:1]
