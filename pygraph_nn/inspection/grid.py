"""Pictures over time: a cell at every step, and steps as the columns of a grid."""

import numpy as np

from ..errors import GraphError, RangeError
from ..graph.gmodule import gModule
from ..modules.shapes import Identity
from .text import name_of

__all__ = ["unrolled", "input_name", "rows_of"]


def unrolled(what, steps):
    """Return a gModule with a cell at each of ``steps`` steps, from x[1], x[2], ... and first states to the outputs.

    A cell is a gModule from [x, state, ...] to [next state, ...], whose further outputs are y; without any, the last
    state is. Nodes are annotated with their ``step``. The cell is not copied: each step has the same one.

    >>> import pygraph_nn as nn
    >>> unrolled(nn.LSTM.create(3, 4), 2).nInputs     # x[1], x[2], and two states
    4
    """
    cell = getattr(what, "cell", what)
    outputs = len(cell.outnode.inputs) if isinstance(cell, gModule) else 0
    if not outputs or not 2 <= cell.nInputs <= outputs + 1:
        raise GraphError(f"steps=... draws a cell, a gModule from [x, state, ...] to [next state, ...], got {what!r}")
    if isinstance(steps, bool) or not isinstance(steps, (int, np.integer)) or steps < 1:
        raise RangeError(f"steps is a whole number from 1, got {steps!r}")
    count = cell.nInputs - 1
    first = [Identity()().annotate(name=f"{input_name(cell, i + 2)}[0]") for i in range(count)]
    inputs = [Identity()().annotate(name=f"{input_name(cell, 1)}[{t}]", step=t) for t in range(1, steps + 1)]
    states, sequence = first, []
    for t, x in enumerate(inputs, 1):
        node = cell([x, *states]).annotate(name=f"{cell.name or 'cell'}[{t}]", step=t)
        results = list(node.split(outputs)) if outputs > 1 else [node]
        for result, source in zip(results, cell.outnode.inputs, strict=True):
            if result is not node and source.name:
                result.annotate(name=source.name)
        states = results[:count]
        sequence += results[count:] or ([] if t == steps else results[-1:])
    net = gModule([*inputs, *first], [*sequence, *states])
    net.name = f"{cell.name or 'cell'} over {steps} steps"
    return net


def input_name(cell, position):
    """Return the name of a cell's input, counted from 1; ``prev_h`` is the state ``h``."""
    for node in cell.forwardnodes:
        if node.module is not None and not node.inputs and (cell.sources(node)[0].selectindex or 1) == position:
            return (name_of(node) or f"input {position}").removeprefix("prev_")
    raise GraphError(f"{cell!r} has no input {position}")


def rows_of(boxes):
    """Return the rows of a grid: lists of the boxes that play one role at different steps, in the order of the steps.

    A role is the annotation ``row``, or else the name without the step at its end, or else the module.
    """
    rows = {}
    for box in boxes:
        if box.step is not None and box.node is not None and box.cluster is None and box.kind != "output":
            rows.setdefault((box.kind, _role(box)), []).append(box)
    return [sorted(row, key=lambda box: box.step) for row in rows.values() if len({box.step for box in row}) > 1]


def _role(box):
    row = box.node.annotations.get("row")
    if row is not None:
        return str(row)
    return box.name.removesuffix(f"[{box.step}]").removesuffix(f"_{box.step}") or box.text
