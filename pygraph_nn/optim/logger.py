"""Logger: figures of a training run, written row by row to a text file and drawn as curves."""

import numbers
import sys
import time
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

        Raises: StateError if the names are known already, RangeError for a name that comes twice or breaks the row.
        """
        names = [str(name) for name in names]
        if self.names:
            raise StateError(f"Logger: the columns are {self.names} already; begin another Logger for others")
        for name in names:
            if names.count(name) > 1 or "\t" in name or "\n" in name:
                raise RangeError(f"Logger: each column needs a name of its own without tabs or line ends, not {name!r}")
        self.names = names
        self.symbols = {name: [] for name in names}
        self.styles = {name: [self.defaultStyle] for name in names}
        self._write(names)
        return self

    def add(self, symbols):
        """Write a row: a list with one number (or string) per column, or a dict of them by name.

        Raises: ShapeError for a row of another length or with other names, TensorTypeError for other values.
        """
        keyed = isinstance(symbols, dict)
        if not self.names:
            self.setNames(symbols if keyed else range(1, len(symbols) + 1))
        row = {str(key): value for key, value in (symbols.items() if keyed else zip(self.names, symbols))}
        if len(symbols) != len(self.names) or set(row) != set(self.names):
            raise ShapeError(f"Logger: a row has one value for each of {self.names}, not {symbols!r}")
        row = {name: _value(row[name], name) for name in self.names}
        self._write([f"{v:11.4e}" if isinstance(v, float) else v for v in row.values()])
        for name, value in row.items():
            self.symbols[name].append(value)

    def _write(self, cells):
        self.file.write("".join(f"{cell}\t" for cell in cells) + "\n")
        self.file.flush()

    def style(self, symbols):
        """Set the style of columns, by a list in their order or a dict by name; return the logger itself.

        A style is ``"."`` dots, ``"+"`` points, ``"-"`` lines, ``"+-"`` both, ``"~"`` a smooth curve, ``"|"`` boxes,
        any format of matplotlib's ``plot``, or a list of these, drawn over each other.
        """
        keyed = symbols.items() if isinstance(symbols, dict) else zip(self.names, symbols)
        for name, style in keyed:
            styles = [style] if isinstance(style, str) else style
            if not isinstance(styles, (list, tuple)) or not all(isinstance(s, str) for s in styles):
                raise TensorTypeError(f"Logger: style should be a string or a table of strings, not {style!r}")
            self.styles[self._known(name)] = list(styles)
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


def _value(value, name):
    if isinstance(value, str):
        if "\t" in value or "\n" in value:
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
