"""Networks from Torch7's files: they run with its figures, and go back as Torch7 would have written them."""

import io
import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import pygraph_nn as nn
from pygraph_nn.nesting import compare, leaves
from pygraph_nn.t7.reader import read
from tests.t7_files import BINARY, GRAPHS, assert_same
from tests.t7_structures import assert_holds, entries, kind

MODULES = Path(__file__).parents[1] / "data" / "torch7" / "modules.t7"
RECORDS = [json.loads(line) for line in MODULES.with_suffix(".jsonl").read_text().splitlines()]
each_graph = pytest.mark.parametrize("file", GRAPHS, ids=lambda file: file.name)
each_record = pytest.mark.parametrize("record", RECORDS, ids=lambda record: f"{record['class']}-{record['id']}")


def written(obj, format="binary"):
    """The bytes of an object's file."""
    file = io.BytesIO()
    nn.save(file, obj, format)
    return file.getvalue()


def again(obj, format="binary"):
    return nn.load(io.BytesIO(written(obj, format)))


def value(record):
    """A record's value as array, table or number; empty tensors as None."""
    if isinstance(record, dict) and "dtype" in record:
        names = {"double": "float64", "float": "float32", "long": "int64", "byte": "uint8"}
        numbers = [float(number) for number in record["data"]]
        return np.array(numbers).reshape(record["size"]).astype(names[record["dtype"]]) if record["size"] else None
    return [value(item) for item in record] if isinstance(record, list) else record


def close(ours, theirs, double=True):
    return compare(ours, theirs, rtol=1e-10 if double else 1e-5, atol=1e-12 if double else 1e-6)


def assert_figures(record):
    """Run a record's network: output, gradInput and gradParams are Torch7's."""
    net, double = record["net"], record["net"].type() == "torch.DoubleTensor"
    nn.manualSeed(record["forward_seed"])
    assert close(net.forward(record["input"]), record["output"], double)
    net.zeroGradParameters()
    assert close(net.backward(record["input"], record["gradOutput"]), record["gradInput"], double)
    parameters, gradients = every_parameter(net)
    assert close(parameters, record["params"], double) and close(gradients, record["gradParams"], double)


def every_parameter(net):
    """Parameters and gradients as Torch7 lists them: what is shared as often as it is met."""
    if not isinstance(net, nn.Container):
        return net.parameters()
    modules = [node.module for node in net.forwardnodes if node.module] if isinstance(net, nn.gModule) else net.modules
    lists = [every_parameter(module) for module in modules]
    return [p for parameters, _ in lists for p in parameters], [g for _, gradients in lists for g in gradients]


@each_graph
def test_a_file_runs_with_torch7s_figures(file):
    assert_figures(nn.load(file))


@each_graph
@pytest.mark.parametrize("format", ["binary", "ascii"])
def test_a_file_that_was_written_anew_runs_the_same(file, format):
    assert_figures(again(nn.load(file), format))


@each_graph
def test_saving_and_loading_again_changes_no_field(file):
    first = written(nn.load(file))
    assert_same(read(io.BytesIO(first)), read(io.BytesIO(written(nn.load(io.BytesIO(first))))))


@each_graph
def test_what_torch7_wrote_is_written_field_by_field(file):
    ours, theirs = read(io.BytesIO(written(nn.load(file)))), read(file)
    for sequential in _objects(theirs, "nn.Sequential"):  # as built, Torch7's holds its last module's output
        sequential.fields.pop("output")
        sequential.fields.pop("gradInput")
    assert_holds(ours, theirs)


def _objects(root, class_name):
    seen, waiting = set(), [root]
    while waiting:
        obj = waiting.pop()
        if id(obj) in seen or kind(obj) in ("tensor", "storage", "number", "boolean", "str", "NoneType"):
            continue
        seen.add(id(obj))
        if kind(obj) == class_name:
            yield obj
        plain, keyed = entries(obj)
        waiting += [*plain.values(), *(part for pair in keyed for part in pair)]


@pytest.mark.parametrize("file", BINARY, ids=lambda file: file.stem)
def test_forwardnodes_come_in_torch7s_order(file):
    raw, net = read(file)["net"], nn.load(file)["net"]
    if isinstance(net, nn.gModule):
        labels = [node.fields["data"]["annotations"]["_debugLabel"] for node in raw.fields["forwardnodes"]]
        assert [node.annotations["_debugLabel"] for node in net.forwardnodes] == labels
        modules = [node.fields["data"].get("module") for node in raw.fields["forwardnodes"]]
        modules = [module and module.class_name for module in modules]
        assert [node.module and node.module.typename() for node in net.forwardnodes] == modules


def test_names_splits_and_annotations_come_along():
    net = nn.load(next(file for file in BINARY if file.stem == "skip_annotated"))["net"]
    node = net["L1"]
    assert node.annotations["description"] == "Level 1 Node" and node.annotations["graphAttributes"]["color"] == "red"
    assert node.declared == "graphs.lua:37"
    split = nn.load(next(file for file in BINARY if file.stem == "containers_split"))["net"]
    assert any(node.nSplitOutputs and node is not split.innode for node in split.forwardnodes)


def test_shared_weights_stay_shared():
    net = nn.load(next(file for file in BINARY if file.stem == "shared_weights"))["net"]
    one, other = net.findModules("nn.Linear")[0]
    assert one is not other and np.shares_memory(one.weight, other.weight)
    x, _ = net.getParameters()
    flat = again({"x": x, "net": net})
    flat["x"].fill(3)
    assert all((module.weight == 3).all() for module in flat["net"].findModules("nn.Linear")[0])


@cache
def modules():
    return {entry["id"]: entry["module"] for entry in nn.load(MODULES)}


@cache
def raw_modules():
    return {entry["id"]: entry["module"] for entry in read(MODULES)}


@each_record
def test_every_saved_module_gives_torch7s_figures(record):
    module = again(modules()[record["id"]])
    if "loss" in record:
        input, target = value(record["input"]), value(record["target"])
        assert close(module.forward(input, target), record["loss"])
        assert close(module.backward(input, target), value(record["gradInput"]))
        return
    assert module.train == record["train"]
    if "reseed" in record:
        nn.manualSeed(record["reseed"])
    input, gradOutput = value(record["input"]), value(record["gradOutput"])
    assert close(module.forward(input), value(record["output"]))
    module.zeroGradParameters()
    gradInput = module.backward(input, gradOutput, record["scale"])
    expected = list(leaves(value(record["gradInput"])))
    if any(leaf is not None for leaf in expected):
        pairs = zip(leaves(gradInput), expected, strict=True)
        assert all(theirs is None or close(ours, theirs) for ours, theirs in pairs)
    gradients = record["gradParams"]
    for name, theirs in gradients.items() if isinstance(gradients, dict) else enumerate(gradients):
        ours = getattr(module, name) if isinstance(name, str) else module.parameters()[1][name]
        assert close(ours.reshape(theirs["size"]), value(theirs)), name


@each_record
def test_a_module_built_here_is_written_with_the_fields_of_torch7s_constructor(record):
    arguments = [None if argument is None else value(argument) for argument in record["args"]]
    module = getattr(nn, record["class"])(*arguments)
    for name, *rest in record.get("chain") or []:
        getattr(module, name)(*rest)
    ours, theirs = read(io.BytesIO(written(module))), raw_modules()[record["id"]]
    assert (ours.class_name, ours.version) == (theirs.class_name, theirs.version)
    kinds = {name: kind(part) for name, part in ours.fields.items()}
    assert {name: kind(part) for name, part in theirs.fields.items()}.items() <= kinds.items()
