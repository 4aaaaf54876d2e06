"""Recurrent layers in ONNX: a cell's graph as the body of a Scan, whose length is that of the sequence."""

import numpy as np
from onnx import helper

from ..errors import GraphError
from ..recurrent import Bidirectional, Layers, Unroll

__all__ = ["LAYERS"]


def _read(g, m, value):
    """Return x, the states (None for zeros) and whether they were given."""
    table = list(value) if isinstance(value, list) else [value]
    x, rest = table[0], table[1:]
    if rest and rest[0].dtype.kind in "iub":
        raise GraphError(f"{m.typename()}: sequences of different lengths have no counterpart in ONNX's Scan")
    return x, rest or [None] * m.n_states, bool(rest)


def _unroll(g, m, value, path):
    x, states, given = _read(g, m, value)
    outputs, last = _scan(g, m, x, states, path)
    return [*outputs, *last] if given else outputs if len(outputs) > 1 else outputs[0]


def _scan(g, m, x, states, path):
    """Append a Scan; return the outputs and the last states."""
    path = path or "unroll"
    states = [_zeros(g, m, x, index) if state is None else state for index, state in enumerate(states)]
    table = [x, *states]
    made = g.name_all(path, *g.run(m, table))
    outputs, last = made[: len(made) - m.n_states], made[len(made) - m.n_states :]
    body, inputs, found = _body(g, m, x, states, path)
    n = len(outputs)
    new, shown = found[: m.n_states], found[m.n_states :] or found[m.n_states - 1 : m.n_states]
    results = body.outputs([*new, *shown])
    graph = helper.make_graph(body.nodes, f"{path}_cell", [g.info(v) for v in inputs], [g.info(v) for v in results], [])
    direction = int(m.reverse)
    g.op(
        "Scan", *states, x, out=[*last, *outputs], body=graph, num_scan_inputs=1, scan_input_directions=[direction],
        scan_output_directions=[direction] * n,
    )  # fmt: skip
    return outputs, last


def _body(g, m, x, states, path):
    """The cell's graph for one time: its builder, its inputs (states, then x), and what it puts out."""
    body = g.inner(f"{path}.gmodule1")
    at_once = g.name_all(f"{path}_x", x.example[0], None if x.larger is None else x.larger[0])
    before = [g.name_all(f"{path}_state", s.example, s.larger) for s in states]
    found = body.walk(m.cell, [at_once, *before], f"{path}.gmodule1")
    return body, [*before, at_once], found if isinstance(found, list) else [found]


def _zeros(g, m, x, index):
    """A state of zeros, one row for each sequence."""
    found = [
        None if array is None else m._zeros_for([None] * m.n_states, array.shape[1])[index]
        for array in (x.example, x.larger)
    ]
    value = g.name_all("zeros", *found)
    rows = g.op("Slice", g.op("Shape", x), g.integers(1), g.integers(2))
    sizes = g.op("Concat", rows, g.integers(*value.example.shape[1:]), axis=0)
    g.op("Expand", np.zeros((), m.dtype), sizes, out=value)
    return value


def _run_part(g, part, x, states, path):
    """The output and the last states of a layer."""
    if isinstance(part, Unroll):
        outputs, last = _scan(g, part, x, states, path)
        return outputs[0], last
    return (_side_by_side if isinstance(part, Bidirectional) else _on_top)(g, part, x, states, path)


def _shares(m, states):
    states = iter(states)
    return [[next(states) for _ in range(part.n_states)] for part in m.modules]


def _side_by_side(g, m, x, states, path):
    found = [_run_part(g, part, x, share, name) for (part, name), share in zip(g.each(m, path), _shares(m, states))]
    examples = [
        None if any(y is None for y in part) else np.concatenate(part, -1)
        for part in zip(*((y.example, y.larger) for y, _ in found))
    ]
    joined = g.name_all(f"{path}_joined" if path else "joined", *examples)
    g.op("Concat", *(y for y, _ in found), axis=x.ndim - 1, out=joined)
    return joined, [state for _, last in found for state in last]


def _on_top(g, m, x, states, path):
    last = []
    for (part, name), share in zip(g.each(m, path), _shares(m, states)):
        x, states = _run_part(g, part, x, share, name)
        last += states
    return x, last


def _composition(g, m, value, path):
    x, states, given = _read(g, m, value)
    y, last = _run_part(g, m, x, states, path)
    return [y, *last] if given else y


LAYERS = {Unroll: _unroll, Bidirectional: _composition, Layers: _composition}
