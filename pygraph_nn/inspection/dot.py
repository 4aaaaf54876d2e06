"""A network's picture as DOT text, Graphviz's language; nothing here runs a program."""

import functools
import html
import os
import unicodedata
from pathlib import Path

from ..errors import GraphError
from ..node import Node
from .families import FAMILIES
from .grid import rows_of
from .picture import LARGE
from .values import brief, flags_of

__all__ = ["write", "quoted", "markup", "printable"]

_FONT = "Helvetica,Arial,sans-serif"
_SHARED_LINES = ("#1b6ca8", "#c0392b", "#1e8449", "#7d3c98", "#b9770e", "#117a65", "#884ea0", "#5d6d7e")


def write(drawn, legend=True, marks=None):
    """Return the DOT text of a Picture.

    ``marks`` maps nodes to attributes of Graphviz; ``note`` among them is a line of text to be added to the label.
    """
    marks = _expect_marks(marks or {})
    lines = [f"digraph {quoted(drawn.title or 'network')} {{", *_settings(drawn, legend)]
    lines += _clustered(drawn, marks)
    rows = rows_of(drawn.boxes)
    lines += [_link(link, drawn.backward, bool(rows)) for link in drawn.links]
    lines += _grid(rows, drawn.backward)
    return "\n".join([*lines, "}", ""])


def _expect_marks(marks):
    """Return marks; raise GraphError unless they map nodes to attributes."""
    if not isinstance(marks, dict):
        raise GraphError(f"marks is a dict from nodes to attributes of Graphviz, got {marks!r}")
    for node, looks in marks.items():
        if not isinstance(node, Node) or not isinstance(looks, dict):
            raise GraphError(
                f"marks maps nodes, such as net['h'], to dicts of Graphviz attributes, got {node!r}: {looks!r}"
            )
    return marks


# Quoting -------------------------------------------------------------------------------------------------------------


def quoted(text):
    """Return a text as a DOT string that is shown as it stands: quotes, backslashes, newlines and all."""
    text = printable(str(text)).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
    return '"' + text.replace("\n", "\\n") + '"'


def markup(text):
    """Return a text for use inside an HTML-like label."""
    return html.escape(printable(str(text)), quote=True).replace("\n", "<br/>")


def printable(text):
    """Return a text with control characters, lone surrogates and the like as escapes: no viewer takes them as such."""
    text = text.replace("\r\n", "\n").replace("\t", "    ")
    if text.isprintable():
        return text
    return "".join(c if c == "\n" or unicodedata.category(c)[0] != "C" else repr(c)[1:-1] for c in text)


def _attributes(given):
    return " [" + ", ".join(f"{key}={value}" for key, value in given.items()) + "]"


# The parts -----------------------------------------------------------------------------------------------------------


def _settings(drawn, legend):
    large = len(drawn.boxes) > LARGE
    graph = {"labelloc": "t", "fontname": quoted(_FONT), "fontsize": 16, "rankdir": "TB", "bgcolor": quoted("white")}
    graph |= {"nodesep": 0.35, "ranksep": 0.4, "pad": 0.3, "tooltip": quoted(drawn.title or "network")}
    if large:
        graph |= {"splines": "line", "nslimit": 1, "nslimit1": 1, "mclimit": 0.1, "maxiter": 50}
    label = _heading(drawn, legend)
    if label:
        graph["label"] = f"<{label}>"
    node = {"fontname": quoted(_FONT), "fontsize": 12, "shape": "box", "margin": quoted("0.14,0.07"), "height": 0.4}
    edge = {"fontname": quoted(_FONT), "fontsize": 9, "color": quoted("#555555"), "fontcolor": quoted("#444444")}
    edge |= {"arrowsize": 0.7}
    return [f"  {name}{_attributes(given)};" for name, given in (("graph", graph), ("node", node), ("edge", edge))]


def _heading(drawn, legend):
    """The title and, below it, one swatch for each family in the picture."""
    title = f"<b>{markup(drawn.title)}</b>" if drawn.title else ""
    present = {box.family for box in drawn.boxes}
    cells = [_swatch(family) for key, family in FAMILIES.items() if key in present]
    if any(box.shared for box in drawn.boxes):
        cells.append('<td><font point-size="10"><b>A</b>, <b>B</b> ... same weights</font></td>')
    if not legend or not cells:
        return title
    rows = f'<tr><td align="center" colspan="{len(cells)}">{title}</td></tr>' if title else ""
    return f'<table border="0" cellspacing="4" cellpadding="3">{rows}<tr>{"".join(cells)}</tr></table>'


def _swatch(family):
    text = f'<font point-size="10">{markup(family.label)}</font>'
    style = ' style="rounded"' if "rounded" in family.style or family.shape == "oval" else ""
    return f'<td border="1" color="{family.line}" bgcolor="{family.fill}"{style}>{text}</td>'


def _clustered(drawn, marks):
    """The boxes, those of a cluster inside its frame."""
    inside, children = {}, {}
    for box in drawn.boxes:
        inside.setdefault(box.cluster, []).append(box)
    for cluster in drawn.clusters:
        children.setdefault(cluster.parent, []).append(cluster)

    def lines(cluster, indent):
        found = [indent + _box(box, marks) for box in inside.get(cluster, ())]
        for child in children.get(cluster, ()):
            found.append(f"{indent}subgraph {child.id} {{")
            found.append(f"{indent}  graph{_attributes(_frame(child, marks.get(child.node, {})))};")
            found += [*lines(child, indent + "  "), indent + "}"]
        return found

    return lines(None, "  ")


def _frame(cluster, mark):
    """The look of a frame; ``labeljust`` keeps its label out of the way of the arrows."""
    label = f"{cluster.label}\n{mark['note']}" if mark.get("note") else cluster.label
    given = {"label": quoted(label), "style": quoted("rounded,filled"), "color": quoted("#23456b")}
    given |= {"fillcolor": quoted("#23456b0c"), "fontsize": 11, "fontcolor": quoted("#23456b"), "labeljust": "l"}
    looks = {key: value for key, value in mark.items() if key in ("color", "fillcolor", "penwidth")}
    # A frame is behind what it holds: the boxes must stay legible.
    return given | {key: quoted(f"{value}40" if key == "fillcolor" else value) for key, value in looks.items()}


def _box(box, marks):
    family = FAMILIES[box.family]
    given = {"id": quoted(box.id), "label": f"<{_label(box, marks.get(box.node, {}))}>", "shape": family.shape}
    given |= {"style": quoted(family.style), "fillcolor": quoted(family.fill), "color": quoted(family.line)}
    given["tooltip"] = quoted(_tooltip(box))
    if box.shared:
        given |= {"color": quoted(_SHARED_LINES[(ord(box.shared[0]) - ord("A")) % len(_SHARED_LINES)]), "penwidth": 2.5}
    if box.step is not None:
        given["group"] = quoted(f"step {box.step}")
    if box.kind != "module":
        given |= {"height": 0.25, "margin": quoted("0.06,0.03")}
    if box.node is not None:
        attributes = box.node.annotations.get("graphAttributes", {})
        if not isinstance(attributes, dict):
            raise GraphError(f"graphAttributes is a dict of Graphviz attributes, got {attributes!r} at {box.node!r}")
        given |= _chosen(attributes)
        given |= _chosen({key: value for key, value in marks.get(box.node, {}).items() if key != "note"})
    return box.id + _attributes(given) + ";"


def _chosen(attributes):
    return {quoted(key): quoted(value) for key, value in attributes.items()}


def _label(box, mark):
    """The name in bold, the module below it in small, then what else is to be said."""
    small = [box.text] if box.kind in ("module", "route") else []
    if box.role:
        small.append(box.role)
    if box.node is not None:
        small.append(str(box.node.annotations.get("description", "")))
    small = [markup(text) for text in small if text]
    head = f"<b>{markup(box.name)}</b>" if box.name else small.pop(0) if small else ""
    lines = [head, *(f'<font point-size="10">{text}</font>' for text in small)]
    if box.shared:
        lines.append(f'<font point-size="10">weights <b>{box.shared}</b></font>')
    if mark.get("note"):
        lines.append(f'<font point-size="10"><b>{markup(mark["note"])}</b></font>')
    return "<br/>".join(line for line in lines if line) or " "


def _tooltip(box):
    lines = [f"{box.name}: {box.text}" if box.name else box.text or box.role]
    if box.node is not None:
        lines.append(shortened(box.node.declared))
    return "\n".join(line for line in lines if line)


def shortened(place):
    """Return ``file:line`` with the file relative to the working directory, or else its last folders only."""
    file, _, line = place.rpartition(":")
    return f"{_shortened_path(file, os.getcwd())}:{line}"


@functools.lru_cache(maxsize=1000)
def _shortened_path(file, folder):
    path, folder = Path(file), Path(folder)
    parts = path.relative_to(folder).parts if path.is_relative_to(folder) else path.parts[-3:]
    return "/".join(parts)


def _grid(rows, backward):
    """Steps side by side: what plays one role at several steps stands on one level, first step first."""
    lines = []
    for row in rows:
        places = row[::-1] if backward else row
        lines.append("  {rank=same; " + "; ".join(box.id for box in row) + "}")
        lines.append("  " + " -> ".join(box.id for box in places) + " [style=invis, weight=10];")
    return lines


def _link(link, backward, grid):
    value = link.wire.value(backward)
    start, end = (link.target.id, link.wire.box.id) if backward else (link.wire.box.id, link.target.id)
    given = {}
    text = [link.wire.name] if link.wire.name else []
    if value is not None:
        flags = flags_of(value)
        text += [f" {brief(value)} ", *([" and ".join(flags)] if flags else [])]
        if flags:
            given |= {"color": quoted("#d00000"), "fontcolor": quoted("#d00000"), "penwidth": 2}
    if text:
        given["label"] = quoted("\n".join(text))
    if grid and link.wire.box.step != link.target.step and None not in (link.wire.box.step, link.target.step):
        given["constraint"] = "false"
    if link.back:
        given |= {"style": "dashed", "constraint": "false", "edgetooltip": quoted("taken at the next time")}
    if link.position:
        given["edgetooltip"] = quoted(f"input {link.position} of {link.target.name or link.target.text}")
    return f"  {start} -> {end}{_attributes(given) if given else ''};"
