"""Every module and criterion of the package goes into a .t7 and comes out computing the same."""

import contextlib
import io

import numpy as np
import pytest

import pygraph_nn as nn
from pygraph_nn.nesting import compare, leaves, map_table
from pygraph_nn.t7.classes import record_of
from pygraph_nn.t7.reader import read
from pygraph_nn.t7.writer import write
from tests.module_table import all_rows, criterions

ROWS = all_rows()


def file_of(obj, format="binary"):
    file = io.BytesIO()
    nn.save(file, obj, format)
    return file.getvalue()


def again(obj, format="binary"):
    return nn.load(io.BytesIO(file_of(obj, format)))


def fields(module):
    """The public fields, but for what passes leave."""
    return {key: value for key, value in vars(module).items() if key[0] != "_" and key not in ("output", "gradInput")}


@pytest.mark.parametrize("row", [row for _, row in ROWS], ids=[name for name, _ in ROWS])
def test_a_module_comes_back_and_computes_the_same(row):
    module, twin = row.build(), again(row.build())
    assert type(twin) is type(module) and twin.typename() == module.typename() and twin.type() == module.type()
    if hasattr(module, "pooling"):  # where its maxima were is left from a pass
        vars(twin.pooling).update(vars(module.pooling))
    input = row.draw()
    nn.manualSeed(3)
    output = module.forward(input)
    nn.manualSeed(3)
    assert compare(twin.forward(input), output)
    if not all(leaf.dtype.kind == "f" for leaf in leaves(output)):
        return
    gradOutput = map_table(np.ones_like, output)
    for each in (module, twin):
        each.zeroGradParameters()
    assert compare(twin.backward(input, gradOutput), module.backward(input, gradOutput))
    for ours, theirs in zip(twin.parameters()[1], module.parameters()[1], strict=True):
        assert compare(ours, theirs)


@pytest.mark.parametrize("row", [row for _, row in ROWS], ids=[name for name, _ in ROWS])
def test_a_module_that_has_run_comes_back_as_one_that_has_not(row):
    module = row.build()
    module.forward(row.draw())
    kept = {"loss", "randomSamples"}  # a number, and the regions that fixPoolingRegions keeps
    assert record_of(module).fields.keys() - kept == record_of(row.build()).fields.keys() - kept
    twin = again(module, "ascii")
    assert file_of(twin) == file_of(module)
    assert repr(twin) == repr(module)
    assert fields(twin).keys() >= {key for key, value in fields(row.build()).items() if value is not None}


@pytest.mark.parametrize("row", criterions.ROWS, ids=lambda row: row.make().typename())
def test_a_criterion_comes_back_and_computes_the_same(row):
    criterion, twin = row.make(), again(row.make())
    assert type(twin) is type(criterion)
    assert file_of(twin) == file_of(criterion)
    assert twin.forward(*row.draw()) == criterion.forward(*row.draw())
    assert compare(twin.backward(*row.draw()), criterion.backward(*row.draw()))
    assert fields(twin).keys() >= {key for key, value in fields(criterion).items() if value is not None}


@pytest.mark.parametrize("row", [row for _, row in ROWS] + criterions.ROWS, ids=lambda row: row.make().typename())
def test_without_any_one_field_it_is_whole_or_refused(row):
    """A damaged file is found out when it is read, not by whoever looks at the network later."""
    whole = file_of(row.make())
    for name in read(io.BytesIO(whole)).fields:
        record, file = read(io.BytesIO(whole)), io.BytesIO()
        del record.fields[name]
        write(file, {"net": record})
        file.seek(0)
        try:
            twin = nn.load(file)["net"]
        except nn.T7Error as error:
            assert record.class_name in str(error)
            continue
        assert repr(twin)
        file_of(twin)
        with contextlib.suppress(nn.PygraphError, TypeError, ValueError):  # another size, or None, where one was
            twin.forward(*row.draw()) if isinstance(twin, nn.Criterion) else twin.forward(row.draw())


GRADIENTS = {
    "of another shape": lambda gradient: gradient[:1],
    "of another type": lambda gradient: gradient.astype(np.int64),
    "that is none": lambda gradient: "gradient",
}


@pytest.mark.parametrize("damage", GRADIENTS.values(), ids=GRADIENTS)
def test_a_gradient_is_one_of_its_parameter(damage):
    record = read(io.BytesIO(file_of(nn.Sequential().add(nn.Linear(3, 2)))))
    fields = record.fields["modules"][0].fields
    fields["gradWeight"] = damage(fields["gradWeight"])
    file = io.BytesIO()
    write(file, record)
    file.seek(0)
    with pytest.raises(nn.T7Error, match=r"Linear.*in modules\[1\]\.gradWeight") as caught:
        nn.load(file)
    assert caught.value.path == "modules[1].gradWeight"


def test_a_container_without_its_list_of_modules_is_refused():
    record = read(io.BytesIO(file_of(nn.Sequential().add(nn.Tanh()))))
    del record.fields["modules"]
    file = io.BytesIO()
    write(file, {"net": record})
    file.seek(0)
    with pytest.raises(nn.T7Error, match=r"list of modules.*in net\.modules"):
        nn.load(file)
