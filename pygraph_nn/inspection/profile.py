"""Where a network's time goes: measured node by node, as a table and as heat on the picture."""

import time

import numpy as np

from ..arguments import whole_number
from ..errors import GraphError
from ..graph.gmodule import gModule
from ..nesting import map_table
from .measuring import as_input, looking, twin_of
from .pictures import dot
from .text import Table, name_of, table

__all__ = ["profile"]


def profile(net, input, repeat=10, path=None):
    """Measure the time of every node, forward and backward; return a Profile, which prints as a table.

    The passes run on a copy in evaluation mode, so that nothing accumulates in the network; each figure is the median
    of ``repeat`` passes after one to warm up. The nodes of gModules inside are measured one by one.

    Parameters
    ----------
    net : gModule
    input : array, shape or nested list of these, as for ``summary``
    repeat : int, default 10
    path : str or path, optional
        Where to write the picture, as for ``nn.dot``: the redder a node, the larger its share of the time.

    >>> import pygraph_nn as nn
    >>> lstm = nn.LSTM.create(3, 4)
    >>> measured = nn.profile(lstm, [(20, 3), (20, 4), (20, 4)], repeat=2)
    >>> sorted(measured.as_dict()["rows"][0])
    ['backward', 'forward', 'module', 'name', 'share']
    """
    if not isinstance(net, gModule):
        raise GraphError(f"profile measures the nodes of a gModule, got {net!r}")
    repeat = whole_number(repeat, "profile", "repeat", 1, 10**6)
    twin, originals = twin_of(net)
    given = as_input(net, input)
    passes, spans = [], []
    twin.addHook(lambda node, module, verb, call: _timed(call, (originals[node], verb == "updateOutput"), spans))
    with looking(originals):
        for _ in range(repeat + 1):
            spans.clear()
            output = twin.forward(given)
            twin.backward(given, map_table(np.ones_like, output))
            passes.append(_summed(spans))
    measured = Profile(net, passes[1:])
    if path is not None:
        measured.dot(path=path)
    return measured


def _timed(call, key, spans):
    def run(*arguments, **keywords):
        start = time.perf_counter()
        result = call(*arguments, **keywords)
        spans.append((key, time.perf_counter() - start))
        return result

    return run


def _summed(spans):
    """One pass: seconds of each (node, forward or not)."""
    sums = {}
    for key, seconds in spans:
        sums[key] = sums.get(key, 0.0) + seconds
    return sums


class Profile:
    """Seconds per node: ``seconds`` maps each node to its (forward, backward)."""

    def __init__(self, net, passes):
        self.net = net
        nodes = dict.fromkeys(node for node, _ in passes[0])
        self.seconds = {
            node: tuple(float(np.median([one.get((node, way), 0.0) for one in passes])) for way in (True, False))
            for node in nodes
        }
        self.total = sum(map(sum, self.seconds.values()))

    def share(self, node):
        """The node's part of the time of all nodes, from 0 to 1."""
        return sum(self.seconds[node]) / self.total if self.total else 0.0

    def as_dict(self):
        """The same as numbers: ``rows``, slowest node first, and ``forward`` and ``backward`` in all, in seconds."""
        rows = [
            {
                "name": name_of(node),
                "module": node.title(),
                "forward": self.seconds[node][0],
                "backward": self.seconds[node][1],
                "share": self.share(node),
            }
            for node in sorted(self.seconds, key=self.share, reverse=True)
        ]
        return {"rows": rows} | {way: sum(row[way] for row in rows) for way in ("forward", "backward")}

    def dot(self, title=None, path=None):
        """Return the picture as DOT text, each node the redder the more time it took; ``path`` as for ``nn.dot``."""
        hottest = max(map(self.share, self.seconds), default=0.0)
        marks = {node: _heat(self.share(node), hottest, sum(times)) for node, times in self.seconds.items()}
        return dot(self.net, title, path, expand="graphs", legend=False, marks=marks)

    def __str__(self):
        facts = self.as_dict()
        cells = [
            [row["name"], row["module"], _us(row["forward"]), _us(row["backward"]), f"{row['share']:.1%}"]
            for row in facts["rows"]
        ]
        total = f"nodes together: forward {_us(facts['forward'])} us, backward {_us(facts['backward'])} us"
        return Table("\n".join([*table(["name", "module", ">forward us", ">backward us", ">share"], cells), total]))

    __repr__ = __str__


def _us(seconds):
    return f"{seconds * 1e6:,.1f}"


def _heat(share, hottest, seconds):
    """The look of a node with a share of the time: from white over yellow to red, which in grey grows darker."""
    heat = share / hottest if hottest else 0.0
    green, blue = 1 - 0.6 * heat**1.3, 1 - 0.75 * min(1.0, 1.4 * heat)
    fill = "#" + "".join(f"{round(255 * part):02x}" for part in (1 - 0.04 * heat, green, blue))
    return {"fillcolor": fill, "color": "#7a4a3a", "note": f"{_us(seconds)} us, {share:.0%}"}
