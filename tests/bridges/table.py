"""The table of docs/bridges.md: what every module becomes in PyTorch and ONNX, found out by converting the test's rows.

python -m tests.bridges.table      writes it anew
"""

import sys
from pathlib import Path

import numpy as np

import pygraph_nn as nn
from tests.module_table import all_rows

PAGE = Path(__file__).resolve().parents[2] / "docs" / "bridges.md"
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"


def specimens():
    """A module and an input for it: all rows, and what has no row there."""
    for _, row in all_rows():
        yield row.build(), row.draw()
    x = np.ones((3, 2, 3))
    yield nn.Unroll(nn.LSTM.create(3, 4)), x
    yield nn.Bidirectional(nn.LSTM.create(3, 4), nn.LSTM.create(3, 4)), x
    yield nn.Layers(nn.Unroll(nn.LSTM.create(3, 4))), x
    yield nn.ModuleFromCriterion(nn.MSECriterion()), [np.ones(3), np.zeros(3)]


def in_torch(module):
    """What a module becomes in PyTorch, in a few words."""
    from pygraph_nn.bridges import torch_layers

    try:
        exported = nn.to_torch(module)
    except nn.GraphError:
        return {"refused"}
    parts = [exported.get_submodule(step.target) for step in exported.graph.nodes if step.op == "call_module"]
    names = {f"`nn.{type(part).__name__}`" for part in parts if type(part).__module__.startswith("torch.nn")}
    calls = [step.target for step in exported.graph.nodes if step.op == "call_function"]
    names |= {f"`{call.__name__}`" for call in calls if call.__module__ in ("_operator", "torch")}
    if any(isinstance(part, torch_layers.Wrapped) for part in exported.modules()):
        return {"our code, in an autograd function"}
    if not names and not parts and not calls:
        return {"nothing to compute"}
    return names or {"tensor operations"}


def in_onnx(module, input):
    """The operations that a module becomes in ONNX."""
    try:
        model = nn.to_onnx(module.float(), input=single(input))
    except nn.GraphError as error:
        return {f"refused: {reason(str(error))}"}
    kinds = {step.op_type for step in model.graph.node}
    return {f"`{kind}`" for kind in kinds - {"Identity"}} or {"nothing to compute"}


def single(value):
    """The input of a network in float32."""
    return nn.nesting.map_table(lambda leaf: leaf.astype("float32") if leaf.dtype == np.float64 else leaf, value)


def reason(message):
    """Why a module is refused, in few words."""
    for part, words in {
        "at random": "random in evaluation",
        "draws": "random in evaluation",
        "maxNorm": "with maxNorm",
        "keys": "with keys",
        "pooling module": "without its pooling module",
    }.items():
        if part in message:
            return words
    return "no counterpart"


def lines():
    """The table's lines."""
    found = {}
    for module, input in specimens():
        there, onnx = found.setdefault(type(module).__name__, (set(), set()))
        there |= in_torch(module)
        onnx |= in_onnx(module, input)
    yield "| module | PyTorch | ONNX |\n|---|---|---|\n"
    for name, (there, onnx) in sorted(found.items(), key=lambda item: item[0].lower()):
        yield f"| {name} | {', '.join(sorted(there))} | {', '.join(sorted(onnx))} |\n"


def written():
    """The page with the table made anew."""
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    return before + BEGIN + "".join(lines()) + END + rest.split(END)[1]


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
    print(f"{PAGE} is written anew", file=sys.stderr)
