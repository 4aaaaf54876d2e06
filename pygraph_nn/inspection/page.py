"""One HTML file that draws a graph in the browser by itself, offline: text in, text out.

Graphviz itself, compiled to WebAssembly (Viz.js), travels inside the page, so that the same DOT text gives the same
picture with and without an installed ``dot``. Nothing is loaded from anywhere: a content security policy forbids it.
"""

import base64
import gzip
import hashlib
import html
import json
import math
import re
from functools import cache
from importlib import resources

import numpy as np

__all__ = ["page", "statistics"]

_BINS = 32
_ASSETS = "pygraph_nn.inspection.assets"


def page(dot_text, nodes, title):
    """Return an HTML page that draws ``dot_text`` and tells about a node when it is clicked.

    Args:
        dot_text: a graph in the DOT language.
        nodes: a dict from node id (as in ``dot_text``; a cluster's id works too) to a dict with any of ``name``,
            ``module``, ``source``, ``parameters`` (a count), ``shapes`` (text, a list, or a dict from label to shape)
            and ``values``: a dict such as ``{"output": statistics(y), "gradOutput": statistics(g)}``. Other keys
            become rows of the panel. Numpy scalars and arrays are taken as numbers and lists.
        title: the page's heading; any text is safe, here as in ``nodes`` and in the labels of ``dot_text``.

    Opening the page with ``#node=<id or name>`` at the end of its address shows that node at once.

    Raises:
        TypeError: something in ``nodes`` is neither text, a number, a list nor a dict.

    >>> text = page("digraph { a -> b }", {"a": {"name": "a", "module": "nn.Tanh"}}, "Two <nodes>")
    >>> "<title>Two &lt;nodes&gt;</title>" in text
    True
    """
    script = _asset("plain.js") + "\n" + _asset("page.js")
    parts = {
        "title": html.escape(str(title)),
        "style": _asset("page.css"),
        "script": script,
        "script_hash": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        "licences": html.escape(_asset("LICENSE-viz.txt")),
        "viz": _packed_viz(),
        "data": _script_json({"dot": str(dot_text), "nodes": nodes, "title": str(title)}),
    }
    # One pass, so that a name such as "{{script}}" in the data is left alone.
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], _asset("page.html"))


def statistics(array):
    """Return what one number would hide: shape, dtype, range, moments, NaN and infinity counts, and a histogram.

    ``min``, ``max``, ``mean``, ``std`` (of the population) and the 32-bin ``histogram`` (``low``, ``high`` and
    ``counts``) are those of the finite elements, and None where there are none; ``nan`` and ``inf`` count the others.
    A table (list, tuple or dict of arrays) gives a list (or dict) of such dicts; None gives None.

    >>> s = statistics(np.array([1.0, 2.0, 3.0, float("nan")]))
    >>> s["shape"], s["dtype"], s["min"], s["max"], s["mean"], s["nan"], s["inf"]
    ([4], 'float64', 1.0, 3.0, 2.0, 1, 0)
    >>> sum(s["histogram"]["counts"])
    3
    >>> [t["shape"] for t in statistics([np.zeros((2, 3)), np.zeros(0)])]
    [[2, 3], [0]]
    """
    if array is None:
        return None
    if isinstance(array, (list, tuple)):
        return [statistics(entry) for entry in array]
    if isinstance(array, dict):
        return {str(key): statistics(entry) for key, entry in array.items()}
    array = np.asarray(array)
    result = {"shape": list(array.shape), "dtype": array.dtype.name, "count": int(array.size)}
    if array.dtype.kind not in "biuf":
        return result
    numbers = array.astype(np.float64).ravel()
    finite = numbers[np.isfinite(numbers)]
    nan = int(np.isnan(numbers).sum())
    return result | _moments(finite) | {"nan": nan, "inf": int(numbers.size - finite.size - nan)}


def _moments(finite):
    if not finite.size:
        return {"min": None, "max": None, "mean": None, "std": None, "histogram": None}
    low, high = float(finite.min()), float(finite.max())
    # Scaled to at most 1, squares and ranges of numbers near 1e308 do not overflow, nor those near 1e-308 vanish.
    # A subnormal scale has no reciprocal precision worth the name; there, leave the numbers as they are.
    scale = max(abs(low), abs(high))
    scale = scale if scale > np.finfo(np.float64).tiny else 1.0
    scaled = finite / scale
    mean = min(max(float(scaled.mean() * scale), low), high)
    counts, _ = np.histogram(scaled, bins=_BINS, range=_bounds(float(scaled.min()), float(scaled.max())))
    return {
        "min": low,
        "max": high,
        "mean": mean,
        "std": float(scaled.std() * scale) if high > low else 0.0,
        "histogram": {"low": low, "high": high, "counts": counts.tolist()},
    }


def _bounds(low, high):
    # numpy refuses a range too narrow to be cut into bins; such numbers are one spike in the middle.
    return (low, high) if high - low > 1e-12 * max(abs(low), abs(high)) > 0 else (low - 0.5, high + 0.5)


def _script_json(data):
    # "<" would end the script element, U+2028 and U+2029 end a line; NaN is no JSON.
    text = json.dumps(_plain(data), ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _plain(value):
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    raise TypeError(f"a page shows text, numbers, lists and dicts, not {type(value).__name__}: pass str({value!r:.60})")


@cache
def _asset(name):
    return resources.files(_ASSETS).joinpath(name).read_text(encoding="utf-8")


@cache
def _packed_viz():
    source = _asset("viz-standalone.js") + "\n" + _asset("worker.js")
    return base64.b64encode(gzip.compress(source.encode(), 9, mtime=0)).decode()
