"""The interactive picture: one HTML page that draws itself, and opening it in the browser."""

import os
import sys
import tempfile
import webbrowser
from pathlib import Path

from ..errors import RangeError
from ..nesting import is_table
from .dot import printable, shortened, write
from .page import page, statistics
from .picture import picture
from .values import brief, ranges

__all__ = ["display"]

_MANY = 2000  # boxes; beyond, a page carries shapes but no histograms


def picture_path(path):
    """Return a path as a Path; raise RangeError unless it names a file."""
    if not isinstance(path, (str, os.PathLike)) or Path(path).name in ("", ".."):
        raise RangeError(f"a picture's path names a file, such as net.svg or net.html, got {path!r}")
    return Path(path)


def html(drawn, text):
    """Return a page that draws the Picture ``drawn``, written as ``text``, and tells what is known of a clicked box."""
    detailed = len(drawn.boxes) <= _MANY
    nodes = {box.id: _about(box, detailed) for box in drawn.boxes}
    return page(text, nodes, printable(str(drawn.title or "network")))


def display(net, title=None, path=None, *, simple=False, expand=False):
    """Open a network's interactive picture in the browser; without one, say where the file is. Return its path.

    ``path`` is where the page is written, NAME.html, by default a file in the folder for temporary ones. A page needs
    neither Graphviz nor a connection: it can be kept, or sent to somebody. Other arguments as for ``nn.dot``.
    Raises RangeError for a path that names no file or another kind of file.
    """
    if path is not None and picture_path(path).suffix.lower() not in ("", ".html"):
        raise RangeError(f"a page's path ends in .html, got {str(path)!r}; nn.dot writes other pictures")
    drawn = picture(net, title, simple=simple, expand=expand)
    if path is None:
        handle, path = tempfile.mkstemp(prefix="pygraph_nn-", suffix=".html")
        os.close(handle)
    path = Path(path).with_suffix(".html").resolve()
    path.write_text(html(drawn, write(drawn)), encoding="utf-8")
    if not (_has_screen() and webbrowser.open(path.as_uri())):
        print(f"no browser to open here; the picture is {path}")
    return path


def _has_screen():
    """Tell whether a browser could show a window; a browser in the terminal does not draw."""
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _about(box, detailed):
    """What the page tells about a box."""
    about = {"name": box.name or box.role or box.text, "module": box.text}
    if box.node is not None:
        about["source"] = shortened(box.node.declared)
    if box.module is not None:
        about["parameters"] = sum(array.size for array in box.module.parameters()[0])
    if box.shared:
        about["same weights as"] = f"all boxes with the letter {box.shared}"
    values = {name: value for name, value in _values(box).items() if value is not None}
    about["shapes"] = {name: brief(value) for name, value in values.items()}
    if detailed:
        about["values"] = {name: statistics(value) for name, value in values.items() if not is_table(value)}
        about |= {f"{name} ranges": ranges(value) for name, value in values.items() if is_table(value)}
    return about


def _values(box):
    """The values to show: the output, the gradient that reached the node, and the parameters."""
    if box.node is not None and box.net is not None and box.node in box.net.fg:
        values = {"output": box.net.value(box.node), "gradOutput": box.net.gradient(box.node)}
    else:
        values = {"output": getattr(box.module, "output", None)}
    names = ("weight", "gradWeight", "bias", "gradBias")
    return values | {name: getattr(box.module, name, None) for name in names}
