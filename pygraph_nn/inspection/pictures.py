"""Pictures for the user: ``dot`` writes them to files."""

import sys

from ..errors import RangeError
from . import render
from .dot import write
from .picture import picture
from .viewer import html, picture_path

__all__ = ["dot"]


def dot(graph, title=None, path=None, *, simple=False, expand=False, steps=None, legend=True, marks=None):
    """Return a picture of a network as DOT text; with a path, also write files.

    Data flows from top to bottom, in a ``bg`` the gradients do. After a pass, arrows carry the shape and type of what
    went along them, and say where there is NaN or infinity. The same letter marks modules with the same weights.

    Parameters
    ----------
    graph : gModule, its ``fg`` or ``bg`` or a subgraph of these, Module or Node
    title : str, optional; the network's name by default.
    path : str or path, optional
        ``NAME.dot`` is written always, and beside it a picture, where Graphviz is installed: ``NAME.svg``, or what the
        path's own suffix says (``.png``, ``.pdf``). With ``.html``, and also where Graphviz is missing, ``NAME.html``
        is written, a page that draws itself in any browser.
    simple : bool, default False
        Leave out Identity modules and the nodes that only route.
    expand : bool, int or "graphs", default False
        Open the gModules and containers inside, each in a frame; a number says how many levels, "graphs" that gModules
        only are to be opened. A recurrent layer's cell is drawn once, with dashed arrows for what the next time takes.
        A container of your own class stays closed: nobody knows how it runs its modules.
    steps : int, optional
        Draw a recurrent cell over so many steps in time, as a grid. In any graph, nodes that are annotated with a
        ``step`` become the columns of such a grid, and those with the same ``row`` or name (but for a number) its rows.
    legend : bool, default True
    marks : dict, optional
        Nodes to dicts of Graphviz attributes, over those of ``annotate(graphAttributes=...)``; ``note`` adds a line.

    Raises GraphError for anything else than a graph and for marks of what is no node, RangeError for a path that names
    no file or has another suffix, and for an ``expand`` or ``steps`` out of range.
    Source: Torch7's nngraph/graphviz.lua.

    >>> import pygraph_nn as nn
    >>> text = nn.dot(nn.LSTM.create(3, 4).fg, "LSTM cell")
    >>> text.splitlines()[0]
    'digraph "LSTM cell" {'
    """
    path = path if path is None else picture_path(path)
    drawn = picture(graph, title, simple=simple, expand=expand, steps=steps)
    text = write(drawn, legend, marks)
    if path is not None:
        for line in save(drawn, text, path)[1]:
            print(line, file=sys.stderr)
    return text


def save(drawn, text, path):
    """Write NAME.dot and the picture; return the files, and lines to tell the user."""
    suffix = path.suffix.lower()
    if suffix in ("", ".dot", ".gv"):
        source, target = path if suffix else path.with_suffix(".dot"), path.with_suffix(".svg")
    elif suffix[1:] in (*render.FORMATS, "html"):
        source, target = path.with_suffix(".dot"), path
    else:
        known = ", ".join(f".{name}" for name in ("dot", *render.FORMATS, "html"))
        raise RangeError(f"a picture's path ends in one of {known}, got {str(path)!r}")
    source.write_text(text, encoding="utf-8")
    if target.suffix == ".html":
        target.write_text(html(drawn, text), encoding="utf-8")
        return [source, target], []
    try:
        target.write_bytes(render.render(text, target.suffix[1:].lower()))
    except render.RenderError as error:
        page = target.with_suffix(".html")
        page.write_text(html(drawn, text), encoding="utf-8")
        return [source, page], [f"{source} is written, and {page} for the browser, but {target} is not: {error}"]
    return [source, target], []
