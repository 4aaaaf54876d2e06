"""Every check of every criterion, driven by the rows of tests/module_table/criterions.py."""

import copy
import json
import pickle
from pathlib import Path

import numpy as np
import pytest

import pygraph_nn as nn
from pygraph_nn import criterions
from pygraph_nn.nesting import clone, compare, leaves, map_table
from tests.module_table.criterions import ROWS

RECORDS = Path(__file__).parent / "data" / "torch7" / "modules.jsonl"


def rows(kept):
    """Parametrize by the rows that ``kept`` is true of."""
    named = [(f"{index}-{row.build()!r}", row) for index, row in enumerate(ROWS) if kept(row)]
    return pytest.mark.parametrize("row", [row for _, row in named], ids=[name for name, _ in named])


each_row = rows(lambda row: True)


def value(record):
    """A record's value as numpy array, table or number."""
    if isinstance(record, dict):
        return np.array(record["data"], float).reshape(record["size"])
    return [value(item) for item in record] if isinstance(record, list) else record


def records():
    lines = [json.loads(line) for line in RECORDS.read_text().splitlines()]
    return [record for record in lines if "loss" in record]


def narrow(value):
    return map_table(lambda leaf: leaf.astype("float32") if isinstance(leaf, np.ndarray) else leaf, value)


def test_every_criterion_of_the_package_has_a_row():
    public = {cls for cls in vars(criterions).values() if isinstance(cls, type) and issubclass(cls, nn.Criterion)}
    assert public - {type(row.build()) for row in ROWS} == {nn.Criterion}


def test_every_criterion_has_a_wrong_shape_in_some_row():
    refused = {type(row.build()) for row in ROWS if row.bad}
    assert {type(row.build()) for row in ROWS} - refused == {nn.L1Cost}


def test_all_recorded_criterions_are_judged():
    assert len(records()) == 22


@pytest.mark.parametrize("record", records(), ids=lambda record: record["id"])
def test_torch7s_figures(record):
    criterion = getattr(nn, record["class"])(*map(value, record["args"]))
    input, target = value(record["input"]), value(record["target"])
    assert criterion.forward(input, target) == pytest.approx(record["loss"], rel=1e-10, abs=1e-14)
    assert compare(criterion.backward(input, target), value(record["gradInput"]), rtol=1e-10, atol=1e-14)


@each_row
def test_finite_differences(row):
    criterion, (input, target) = row.build(), row.draw()
    criterion.forward(input, target)
    gradient = criterion.backward(input, target)
    for leaf, slope in zip(leaves(input), leaves(gradient), strict=True):
        assert slope.shape == leaf.shape
        for place in np.ndindex(leaf.shape):
            middle, losses = leaf[place], []
            for step in (1e-6, -1e-6):
                leaf[place] = middle + step
                losses.append(criterion.forward(input, target))
            leaf[place] = middle
            assert (losses[0] - losses[1]) / 2e-6 == pytest.approx(slope[place], rel=1e-6, abs=1e-8)


@each_row
def test_the_loss_is_a_python_number_and_kept(row):
    criterion, (input, target) = row.build(), row.draw()
    loss = criterion.forward(input, target)
    assert type(loss) is float and criterion.output == loss
    gradient = criterion.backward(input, target)
    assert criterion.gradInput is gradient


@each_row
def test_nothing_handed_out_or_handed_in_is_written_to(row):
    criterion, (input, target) = row.build(), row.draw()
    kept = clone(input), copy.deepcopy(target)
    criterion.forward(input, target)
    gradient = criterion.backward(input, target)
    kept_gradient = clone(gradient)
    other = map_table(lambda leaf: leaf * 0.75, input)
    criterion.forward(other, target)
    criterion.backward(other, target)
    assert compare(input, kept[0]) and compare(gradient, kept_gradient)
    assert target is None or compare(target, kept[1])
    for leaf, slope in zip(leaves(input), leaves(gradient), strict=True):
        assert not np.shares_memory(leaf, slope)


@each_row
def test_copies_compute_the_same(row):
    criterion, (input, target) = row.build(), row.draw()
    expected = criterion.forward(input, target)
    gradient = criterion.backward(input, target)
    for twin in (criterion.clone(), copy.deepcopy(criterion), pickle.loads(pickle.dumps(criterion))):
        assert twin is not criterion and twin.forward(input, target) == expected
        assert compare(twin.backward(input, target), gradient)
        assert repr(twin) == repr(criterion)


@each_row
def test_types_convert_there_and_back(row):
    criterion, (input, target) = row.build(), row.draw()
    expected = criterion.forward(input, target)
    criterion.float()
    assert criterion.type() == "torch.FloatTensor"
    assert criterion.forward(narrow(input), narrow(target)) == pytest.approx(expected, rel=1e-4, abs=1e-5)
    assert {leaf.dtype for leaf in leaves(criterion.backward(narrow(input), narrow(target)))} == {np.dtype("float32")}
    with pytest.raises(nn.TensorTypeError, match="float64"):
        criterion.forward(input, target)
    assert criterion.double().forward(input, target) == pytest.approx(expected, rel=1e-6)
    assert {leaf.dtype for leaf in leaves(criterion.backward(input, target))} == {np.dtype("float64")}


@each_row
def test_the_sum_is_the_average_times_the_count(row):
    criterion, (input, target) = row.build(), row.draw()
    criterion.sizeAverage = True
    average = criterion.forward(input, target)
    gradient = criterion.backward(input, target)
    criterion.sizeAverage = False
    total = criterion.forward(input, target)
    factor = total / average
    assert factor >= 0.5
    assert compare(criterion.backward(input, target), map_table(lambda g: g * factor, gradient), rtol=1e-12, atol=1e-12)


@each_row
def test_repr_begins_with_the_name(row):
    assert repr(row.build()).startswith(f"nn.{type(row.build()).__name__}")


@rows(lambda row: row.bad)
def test_a_wrong_shape_is_refused_with_both_shapes(row):
    for input, target, wanted, got in row.bad:
        criterion = row.build()
        with pytest.raises(nn.ShapeError) as caught:
            criterion.forward(input, target)
        assert str(caught.value).startswith("nn.")
        assert wanted in str(caught.value) and got in str(caught.value)


@rows(lambda row: all(isinstance(value, np.ndarray) for value in row.draw()))
def test_a_node_of_it_gives_the_same_loss_and_gradient(row):
    criterion, (input, target) = row.build(), row.draw()
    prediction, wanted = nn.Identity()(), nn.Identity()()
    net = nn.gModule([prediction, wanted], [row.build()([prediction, wanted])])
    assert net.forward([input, target]).tolist() == [criterion.forward(input, target)]
    gradient, nothing = net.backward([input, target], np.full(1, 2.0))
    assert compare(gradient, 2 * criterion.backward(input, target), rtol=1e-14)
    assert not nothing.any()


@rows(lambda row: row.torch)
@pytest.mark.torch
def test_torch_as_second_judge(row):
    torch = pytest.importorskip("torch", reason="the second judge is PyTorch, which is not installed")
    criterion, (input, target) = row.build(), row.draw()
    tensors = [torch.tensor(leaf, requires_grad=True) for leaf in leaves(input)]
    judge = row.torch(torch, criterion, None if target is None else torch.tensor(target))
    loss = judge(*tensors)
    assert criterion.forward(input, target) == pytest.approx(loss.item(), rel=1e-9, abs=1e-12)
    loss.backward()
    gradient = list(leaves(criterion.backward(input, target)))
    assert compare(gradient, [tensor.grad.numpy() for tensor in tensors], rtol=1e-8, atol=1e-10)
