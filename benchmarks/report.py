"""Turns measurements into docs/performance.md: tables of ratios, and plots."""

import re
from pathlib import Path

from .timing import span, table

DOCS = Path(__file__).parents[1] / "docs"
MARK = "<!-- measured: what follows is written by `python -m benchmarks --write` -->"
PLOT = "![One LSTM step relative to PyTorch, and the growth with the nodes of a graph](images/performance.svg)"
CELL_TARGETS = {
    (1, 3, 4): 0.75,
    (1, 128, 128): 0.70,
    (20, 128, 128): 0.95,
    (50, 512, 512): 0.97,
    (64, 1024, 1024): 0.95,
}
TRAINING_TARGETS = {128: "0.8, 1.0", 512: "0.8, 1.1"}


def ratio(row, ours, theirs):
    """How long ours takes relative to theirs."""
    return f"{row[ours] / row[theirs]:.2f}"


def setting(row):
    """The setting of a measurement in words."""
    threads = "1 thread" if row["threads"] == 1 else f"{row['threads']} threads"
    return f"{row['dtype']}, {threads}, {row['kernels'] or 'usual'} kernels"


def has_aims(row):
    """Aims were set for float32 and one thread."""
    return row["dtype"] == "float32" and row["threads"] == 1


def cells(rows):
    """One table of all cell steps."""
    header = [
        "setting",
        "batch, inputs, hidden",
        "ours",
        "PyTorch",
        "ours / PyTorch",
        "aim",
        "numpy / PyTorch",
        "with backward",
    ]
    lines = [
        [
            setting(row),
            ", ".join(map(str, row["size"])),
            span(row["ours"]),
            span(row["torch"]),
            ratio(row, "ours", "torch"),
            CELL_TARGETS[tuple(row["size"])] if has_aims(row) else "",
            ratio(row, "numpy", "torch"),
            ratio(row, "ours both", "torch both"),
        ]
        for row in rows
    ]
    return table("One step of an LSTM cell, relative to torch.nn.LSTMCell", header, lines)


def training(rows):
    """One table of all training steps."""
    header = ["setting", "width", "ours", "ours / loop of LSTMCell", "ours / nn.LSTM", "aims", "numpy / nn.LSTM"]
    lines = [
        [
            setting(row),
            row["size"],
            span(row["ours"]),
            ratio(row, "ours", "LSTMCell loop"),
            ratio(row, "ours", "nn.LSTM"),
            TRAINING_TARGETS[row["size"]] if has_aims(row) else "",
            ratio(row, "numpy", "nn.LSTM"),
        ]
        for row in rows
    ]
    return table("Training step, two layers, batch 50, 50 times, relative to PyTorch", header, lines)


def convolution(rows):
    """Convolution and pooling, one thread, float32."""
    header = ["module", "pass", "ours", "PyTorch", "ours / PyTorch"]
    lines = [
        [f"`{row['name']}`", row["pass"], span(row["ours"]), span(row["torch"]), ratio(row, "ours", "torch")]
        for row in rows
    ]
    return table("Convolution and pooling, float32, one thread", header, lines)


def scaling(result):
    """Three tables of growth."""
    nodes = [
        [f"{r['size']:,}", span(r["build"]), span(r["forward"]), span(r["backward"]), f"{r['bytes']:.0f} B"]
        for r in result["nodes"]
    ]
    length = [[r["size"], span(r["both"])] for r in result["length"]]
    batch = [[r["size"], span(r["both"])] for r in result["batch"]]
    return "\n".join(
        [
            table("Nodes: cost per node of a chain", ["nodes", "build", "forward", "backward", "memory"], nodes),
            table("Length: cost per step, LSTM 64, batch 16", ["times", "forward and backward"], length),
            table("Batch: cost per row, LSTM 128, one step", ["rows", "forward and backward"], batch),
        ]
    )


def files(result):
    """Loading and saving, beside plain reading and writing of as many bytes."""
    lines = [
        [what, span(result[what]), f"{result['size'] / result[what] / 1e9:.2f} GB/s"]
        for what in ("load", "read", "save", "write")
    ]
    return table(f"A .t7 file of {result['size'] / 1e6:.0f} MB, from the page cache", ["call", "time", "speed"], lines)


def startup(result):
    """What it costs to begin."""
    lines = [
        [name, span(result["import"][name]), f"{size / 1e6:.1f} MB" if size else "a checkout"]
        for name, size in result["bytes"].items()
    ]
    return table("Importing, beyond the bare interpreter", ["package", "time", "installed"], lines)


PARTS = {
    "cells": cells,
    "training": training,
    "convolution": convolution,
    "scaling": scaling,
    "files": files,
    "startup": startup,
}


def text(results):
    """All tables."""
    return "\n".join([f"Machine: {results['machine']}.\n", *(make(results[part]) for part, make in PARTS.items())])


def write(results):
    """Put the tables into docs/performance.md behind its mark, and draw the plots."""
    page = DOCS / "performance.md"
    head = re.split(re.escape(MARK), page.read_text(encoding="utf-8"))[0]
    page.write_text(f"{head}{MARK}\n\n{PLOT}\n\n{text(results)}", encoding="utf-8")
    plot(results)


def plot(results):
    """Draw the cell steps' ratios and the growth with nodes, length and batch."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = [row for row in results["cells"] if has_aims(row) and row["kernels"] == results["cells"][0]["kernels"]]
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4), layout="constrained")
    places, labels = range(len(rows)), ["x".join(map(str, row["size"])) for row in rows]
    left.bar([p - 0.2 for p in places], [row["ours"] / row["torch"] for row in rows], 0.4, label="pygraph_nn")
    left.bar([p + 0.2 for p in places], [row["numpy"] / row["torch"] for row in rows], 0.4, label="straight numpy")
    left.axhline(1, color="grey", linewidth=1)
    left.set_xticks(list(places), labels, rotation=20)
    left.set_ylabel("time relative to torch.nn.LSTMCell")
    left.set_title("One LSTM step, float32, one thread")
    left.legend(frameon=False)
    for name in ("build", "forward", "backward"):
        nodes = results["scaling"]["nodes"]
        right.loglog([r["size"] for r in nodes], [r[name] * r["size"] for r in nodes], marker="o", label=name)
    right.set_xlabel("nodes in a chain")
    right.set_ylabel("seconds")
    right.set_title("Time grows with the number of nodes")
    right.legend(frameon=False)
    figure.savefig(DOCS / "images" / "performance.svg")
