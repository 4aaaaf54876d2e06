"""Logger: figures of a training run, written row by row to a text file and drawn as curves."""

import numbers
import sys
import time
from collections.abc import Collection
from pathlib import Path

import numpy as np

from ..errors import RangeError, ShapeError, StateError, TensorTypeError
from .pictures import new_figure, show

__all__ = ["Logger"]


class Logger:
    """Writes one row per ``add`` to ``filename``: tab-separated numbers as ``%11.4e`` under a row of names, as Torch7.

    Without ``filename`` the rows go to the standard output; ``timestamp=True`` appends the time to the name. Folders
    are made as needed, an existing file is replaced, and every row reaches the file at once. A ``with`` block, or
    ``close``, closes it.

    Names come from ``setNames``, or from the keys of the first row added. ``plot`` draws the columns, each in its
    ``style``, into the file ``epsfile`` (``filename`` + ``.eps``; set another name, such as ``loss.png``, for another
    format), and on the screen where there is one, unless ``display(False)``. It needs matplotlib: ``pip install
    pygraph_nn[plot]``.

    Source: Torch7 optim ``Logger.lua``.

    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "run", "accuracy.log")
    >>> with Logger(path).setNames(["training", "test"]) as logger:
    ...     logger.add([70, 59.5])
    ...     logger.add({"training": 76, "test": 80})
    >>> print(Path(path).read_text().replace("\\t", "|"))
    training|test|
    7.0000e+01| 5.9500e+01|
    7.6000e+01| 8.0000e+01|
    """

    def __init__(self, filename=None, timestamp=False):
        if filename is None:
            self.name, self.file, self.epsfile = "stdout", sys.stdout, None
        else:
            self.name = str(filename)
            self.epsfile = self.name + ".eps"
            path = Path(self.name + time.strftime("-%Y_%m_%d_%H_%M_%S") if timestamp else self.name)
            path.parent.mkdir(parents=True, exist_ok=True)
            self.file = open(path, "w", encoding="utf-8")  # noqa: SIM115 - closed by close()
        self.names = []
        self.symbols = {}
        self.styles = {}
        self.defaultStyle = "+"
        self.logscale = False
        self.showPlot = True
        self.figure = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Close the file; the standard output stays open."""
        if self.file is not sys.stdout:
            self.file.close()

    def setNames(self, names):
        """Name the columns and write the row of names; return the logger itself.

        Raises: StateError if the names are known already, RangeError for a name that comes twice or breaks the row,
        ShapeError for none, TensorTypeError for anything but a list.
        """
        self._begin(self._checked_names(_listed(names, "the names of the columns are a list, such as ['loss']")))
        return self

    def _checked_names(self, names):
        names = [str(name) for name in names]
        if self.names:
            raise StateError(f"Logger: the columns are {self.names} already; begin another Logger for others")
        if not names:
            raise ShapeError("Logger: a row has at least one column")
        for name in names:
            if names.count(name) > 1 or _breaks_the_row(name):
                raise RangeError(f"Logger: each column needs a name of its own without tabs or line ends, not {name!r}")
        return names

    def _begin(self, names):
        self._write(names)
        self.names = names
        self.symbols = {name: [] for name in names}
        self.styles = {name: [self.defaultStyle] for name in names}

    def add(self, symbols):
        """Write a row: a list with one number (or string) per column, or a dict of them by name.

        Raises: ShapeError for a row of another length or with other names, TensorTypeError for other values, StateError
        after ``close``.
        """
        keyed = isinstance(symbols, dict)
        values = list(symbols.values()) if keyed else _listed(symbols, "a row is a list of numbers, or a dict by name")
        names = self.names or self._checked_names(symbols if keyed else range(1, len(values) + 1))
        row = dict(zip((str(key) for key in symbols) if keyed else names, values))
        if len(values) != len(names) or set(row) != set(names):
            raise ShapeError(f"Logger: a row has one value for each of {names}, not {symbols!r}")
        row = {name: _value(row[name], name) for name in names}
        if not self.names:
            self._begin(names)
        self._write([f"{v:11.4e}" if isinstance(v, float) else v for v in row.values()])
        for name, value in row.items():
            self.symbols[name].append(value)

    def _write(self, cells):
        if self.file.closed:
            raise StateError(f"Logger: {self.name} is closed; begin another Logger")
        self.file.write("".join(f"{cell}\t" for cell in cells) + "\n")
        self.file.flush()

    def style(self, symbols):
        """Set the style of columns, by a list in their order or a dict by name; return the logger itself.

        A style is ``"."`` dots, ``"+"`` points, ``"-"`` lines, ``"+-"`` both, ``"~"`` a smooth curve, ``"|"`` boxes,
        any format of matplotlib's ``plot``, or a list of these, drawn over each other.

        Raises: ShapeError for a list of another length, RangeError for an unknown name, TensorTypeError for others.
        """
        keyed = symbols
        if not isinstance(symbols, dict):
            listed = _listed(symbols, "styles are a list in the order of the columns, or a dict by name")
            if len(listed) != len(self.names):
                raise ShapeError(f"Logger: a list has one style for each of {self.names}, not {symbols!r}")
            keyed = dict(zip(self.names, listed))
        chosen = {}
        for name, style in keyed.items():
            styles = [style] if isinstance(style, str) else style
            if not isinstance(styles, (list, tuple)) or not all(isinstance(s, str) for s in styles):
                raise TensorTypeError(f"Logger: style should be a string or a table of strings, not {style!r}")
            chosen[self._known(name)] = list(styles)
        self.styles.update(chosen)
        return self

    def setlogscale(self, state=True):
        """Draw the vertical axis logarithmically, or not."""
        self.logscale = state

    def display(self, state=True):
        """Bring plots to the screen too, or not."""
        self.showPlot = state

    def plot(self, *names):
        """Draw the columns named, or all with at least two numbers; return the matplotlib figure, None without any.

        Raises: RangeError for an unknown name, TensorTypeError for a named column that holds strings,
        MissingExtraError without matplotlib.
        """
        chosen = [self._known(name) for name in names] if names else [n for n in self.names if self._numbers(n)]
        for name in chosen:
            if not self._numbers(name):
                raise TensorTypeError(f"Logger: column {name!r} holds strings, which have no curve")
        chosen = [name for name in chosen if len(self.symbols[name]) > 1]
        if not chosen:
            return None
        if self.figure is None:
            self.figure = new_figure("Logger.plot", self.showPlot)
        self.figure.clear()
        self._draw(self.figure.subplots(), chosen)
        if self.epsfile:
            self.figure.savefig(self.epsfile)
        if self.showPlot:
            show(self.figure)
        return self.figure

    def _draw(self, axes, names):
        for name in names:
            for style in self.styles[name]:
                _curve(axes, np.array(self.symbols[name]), style, name)
        if self.logscale:
            axes.set_yscale("log")
        axes.grid(True)
        axes.set_title(f"<Logger::{self.name}>")
        axes.legend(framealpha=1)  # PostScript knows no transparency

    def _numbers(self, name):
        return all(isinstance(value, float) for value in self.symbols[name])

    def _known(self, name):
        if str(name) not in self.names:
            raise RangeError(f"Logger: there is no column {name!r} among {self.names}")
        return str(name)


def _listed(values, rule):
    """Return a list of what came as a list, a vector, a dict's keys or the like; refuse all else by the rule."""
    if isinstance(values, Collection) and not isinstance(values, (str, bytes)) and getattr(values, "ndim", 1) == 1:
        return list(values)
    raise TensorTypeError(f"Logger: {rule}, not {values!r}")


def _breaks_the_row(text):
    return any(character in text for character in "\t\n\r")


def _value(value, name):
    if isinstance(value, str):
        if _breaks_the_row(value):
            raise RangeError(f"Logger: a string in a row has no tabs or line ends, but {name!r} is {value!r}")
        return value
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.item()
    if isinstance(value, numbers.Real):
        return float(value)
    raise TensorTypeError(f"Logger: can only log numbers and strings, but {name!r} is {value!r}")


def _curve(axes, y, style, label):
    x = np.arange(1, len(y) + 1)
    if style == "|":
        axes.bar(x, y, label=label, fill=False)
    elif style == "~":
        axes.plot(*_smooth(x, y), "-", label=label)
    else:
        axes.plot(x, y, style, label=label)


def _smooth(x, y, between=16):
    """Return the cubic Hermite curve through the points, with central differences as slopes."""
    t = np.linspace(0, 1, between)[:, None]
    slopes = np.gradient(y)
    curve = (
        (2 * t**3 - 3 * t**2 + 1) * y[:-1]
        + (t**3 - 2 * t**2 + t) * slopes[:-1]
        + (3 * t**2 - 2 * t**3) * y[1:]
        + (t**3 - t**2) * slopes[1:]
    )
    return (x[:-1] + t).T.reshape(-1), curve.T.reshape(-1)
