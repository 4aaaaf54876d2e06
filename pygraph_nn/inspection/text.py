"""Plain text tables that fit a terminal of 100 columns."""

__all__ = ["Table", "table", "counted", "name_of", "WIDTH"]

WIDTH = 100
_GAP = "  "
_LEAST = 8  # columns that a cell keeps however narrow the table


class Table(str):
    """Text that an interactive session shows as it is printed."""

    __slots__ = ()

    def __repr__(self):
        return str(self)


def name_of(thing):
    """Return the name of a node or a network as text, empty where it has none; a name may be a number.

    >>> import pygraph_nn as nn
    >>> name_of(nn.Identity()().annotate(name=5)), name_of(nn.Tanh())
    ('5', '')
    """
    name = getattr(thing, "name", None)
    return "" if name is None else str(name)


def counted(number):
    """Return a whole number in at most 11 columns.

    >>> counted(1234567), counted(12345678901)
    ('1,234,567', '12.35 G')
    """
    if number < 10**9:
        return f"{number:,}"
    for power, letter in ((12, "T"), (9, "G")):
        if number >= 10**power:
            return f"{number / 10**power:,.2f} {letter}"
    return f"{number:,}"


def table(heads, rows, width=WIDTH):
    """Return the lines of a table; a head that begins with ``>`` has its column on the right.

    Where the rows are too wide, the widest columns of text are cut, with ``…`` at the cut.

    >>> table(["name", ">n"], [["x", "1"], ["hidden", "20"]])
    ['name     n', '------  --', 'x        1', 'hidden  20']
    """
    right = [head.startswith(">") for head in heads]
    heads = [head.removeprefix(">") for head in heads]
    rows = [[_one_line(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in [heads, *rows]) for column in range(len(heads))]
    while sum(widths) + len(_GAP) * (len(widths) - 1) > width:
        widest = max((size, column) for column, size in enumerate(widths) if not right[column])[1]
        if widths[widest] <= _LEAST:
            break
        widths[widest] -= 1

    def line(cells):
        fitted = [_cut(cell, size) for cell, size in zip(cells, widths, strict=True)]
        return _GAP.join(
            cell.rjust(size) if to_right else cell.ljust(size)
            for cell, size, to_right in zip(fitted, widths, right, strict=True)
        ).rstrip()

    return [line(heads), _GAP.join("-" * size for size in widths), *map(line, rows)]


def _one_line(cell):
    return "".join(c if c.isprintable() else " " for c in cell)


def _cut(cell, size):
    return cell if len(cell) <= size else cell[: size - 1] + "…"
