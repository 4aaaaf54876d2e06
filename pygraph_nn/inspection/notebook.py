"""What a notebook shows for a gModule or a Node: its picture, or text where there can be none."""

from ..errors import PygraphError
from ..graph.gmodule import gModule
from ..node import Node, Pictured
from . import render
from .dot import write
from .picture import picture

__all__ = []

_MANY = 400  # boxes; a larger picture would fill a notebook, and take its time
_BLUE = {"color": "#0050c8", "penwidth": 4}


def bundle(shown):
    """Return the forms in which a notebook can show a gModule or a Node; a Node is outlined in its network."""
    forms = {"text/plain": repr(shown)}
    whole = shown.graph if isinstance(shown, Node) and shown.graph is not None else shown
    size = len(whole.forwardnodes) if isinstance(whole, gModule) else 0
    if render.graphviz() is None or size > _MANY:
        return forms
    marks = {shown: _BLUE} if isinstance(shown, Node) else None
    try:
        drawn = picture(whole)
        if len(drawn.boxes) > _MANY:
            return forms
        return forms | {"image/svg+xml": render.render(write(drawn, marks=marks)).decode()}
    except PygraphError:  # annotations that cannot be drawn; or Graphviz fails
        return forms


Pictured.bundle = staticmethod(bundle)
