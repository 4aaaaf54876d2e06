"""Every check of every module of the zoo, driven by the rows of tests/module_table."""

import copy
import json
import pickle
from pathlib import Path

import numpy as np
import pytest

import pygraph_nn as nn
from pygraph_nn import modules
from pygraph_nn.nesting import clone, compare, leaves, map_table
from pygraph_nn.testing import check_gradients
from tests.module_table import all_rows

RECORDS = Path(__file__).parent / "data" / "torch7" / "modules.jsonl"
ROWS = all_rows()
each_row = pytest.mark.parametrize("row", [row for _, row in ROWS], ids=[name for name, _ in ROWS])


def value(record):
    """A record's value as numpy array, table or number; empty tensors as None."""
    if isinstance(record, dict) and "dtype" in record:
        names = {"double": "float64", "float": "float32", "long": "int64", "byte": "uint8"}
        numbers = [float(number) for number in record["data"]]
        return np.array(numbers).reshape(record["size"]).astype(names[record["dtype"]]) if record["size"] else None
    return [value(item) for item in record] if isinstance(record, list) else record


def records():
    lines = [json.loads(line) for line in RECORDS.read_text().splitlines()]
    return [record for record in lines if "loss" not in record]


def run(row, module, input):
    if row.reseed:
        nn.manualSeed(11)
    return module.forward(input)


def some_gradient(output):
    generator = np.random.default_rng(3)
    return map_table(lambda leaf: generator.standard_normal(leaf.shape).astype(leaf.dtype), output)


def as_float(value):
    return map_table(lambda leaf: leaf.astype("float32") if leaf.dtype == np.float64 else leaf, value)


def test_every_module_of_the_package_has_a_row():
    missing = set()
    for name in modules.__dict__:
        cls = getattr(modules, name)
        if isinstance(cls, type) and issubclass(cls, nn.Module) and not name.startswith("_"):
            missing.add(cls)
    built = {type(part) for _, row in ROWS for part in row.build().listModules()}
    abstract = {nn.Module, nn.Container}
    assert {cls.__name__ for cls in missing - built - abstract} == set()


@pytest.mark.parametrize("record", records(), ids=lambda record: f"{record['class']}-{record['id']}")
def test_torch7s_figures(record):
    nn.manualSeed(record["seed"])
    arguments = [None if argument is None else value(argument) for argument in record["args"]]
    module = getattr(nn, record["class"])(*arguments)
    for call in record.get("chain") or []:
        getattr(module, call[0])(*call[1:])
    for name, field in (record.get("set") or {}).items():
        setattr(module, name, value(field))
    for name, expected in (record["params"] or {}).items():
        expected = value(expected)
        assert compare(getattr(module, name), expected, rtol=1e-10, atol=1e-15), name
    module.training() if record["train"] else module.evaluate()
    if "reseed" in record:
        nn.manualSeed(record["reseed"])
    input, gradOutput = value(record["input"]), value(record["gradOutput"])
    output = module.forward(input)
    assert compare(output, value(record["output"]), rtol=1e-10, atol=1e-12)
    module.zeroGradParameters()
    gradInput = module.backward(input, gradOutput, record["scale"])
    expected = value(record["gradInput"])
    if any(leaf is not None for leaf in leaves(expected)):
        for ours, theirs in zip(leaves(gradInput), leaves(expected), strict=True):
            assert theirs is None or compare(ours, theirs, rtol=1e-10, atol=1e-12)
    gradients = record["gradParams"]
    gradients = gradients.items() if isinstance(gradients, dict) else enumerate(gradients)
    for name, expected in gradients:
        ours = getattr(module, name) if isinstance(name, str) else module.parameters()[1][name]
        if record["class"] == "SpatialDepthWiseConvolution":  # Torch7 gives its weight four dimensions on the way
            ours = ours.reshape(expected["size"])
        assert compare(ours, value(expected), rtol=1e-10, atol=1e-12), name
    after = record["after"].items() if isinstance(record["after"], dict) else ()
    for name, expected in after:
        assert compare(getattr(module, name), value(expected), rtol=1e-10, atol=1e-12), name


@each_row
def test_finite_differences(row):
    if not row.differences:
        assert row.why
        return
    module = row.build()
    reseed = 11 if row.reseed else None
    assert check_gradients(module, row.draw(), reseed=reseed, step=row.step) < 1e-6
    if row.evaluate_differs:
        assert check_gradients(module.evaluate(), row.draw(), step=row.step) < 1e-6


@each_row
def test_the_gradient_accumulates_with_its_scale(row):
    module, input = row.build(), row.draw()
    gradOutput = some_gradient(run(row, module, input))
    module.zeroGradParameters()
    module.backward(input, gradOutput)
    once = clone(module.parameters()[1])
    run(row, module, input)
    scale = 0.5 if row.scales else 1
    module.backward(input, gradOutput, scale)
    assert compare(module.parameters()[1], map_table(lambda g: (1 + scale) * g, once), rtol=1e-9, atol=1e-12)
    separate = row.build()
    run(row, separate, input)
    separate.zeroGradParameters()
    assert compare(separate.updateGradInput(input, gradOutput), module.gradInput, rtol=1e-12, atol=1e-12)
    separate.accGradParameters(input, gradOutput)
    assert compare(separate.parameters()[1], once, rtol=1e-9, atol=1e-12)


@each_row
def test_a_single_input_is_a_batch_of_one_without_its_dimension(row):
    if row.single is None:
        return
    module, input = row.build(), row.draw()
    expected = row.expect_single(run(row, module, input))
    assert compare(run(row, module, row.single(input)), expected, rtol=1e-10, atol=1e-12)
    gradInput = module.backward(row.single(input), some_gradient(expected))
    assert compare(map_table(np.shape, gradInput), map_table(np.shape, row.single(input)))


@each_row
def test_nothing_handed_out_or_handed_in_is_written_to(row):
    module, input = row.build(), row.draw()
    kept_input = clone(input)
    output = run(row, module, input)
    gradOutput = some_gradient(output)
    kept_output, kept_gradOutput = clone(output), clone(gradOutput)
    gradInput = module.backward(input, gradOutput)
    kept_gradInput = clone(gradInput)
    other = map_table(lambda leaf: leaf * 1.25 if leaf.dtype.kind == "f" else leaf, input)
    module.backward(other, some_gradient(run(row, module, other)))
    module.zeroGradParameters()
    assert compare(input, kept_input) and compare(gradOutput, kept_gradOutput)
    assert compare(output, kept_output) and compare(gradInput, kept_gradInput)


@each_row
def test_copies_compute_the_same_and_share_nothing(row):
    module, input = row.build(), row.draw()
    expected = run(row, module, input)
    for twin in (module.clone(), copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        for mine, theirs in zip(module.parameters()[0], twin.parameters()[0], strict=True):
            assert not np.shares_memory(mine, theirs)
        assert compare(run(row, twin, input), expected)


@each_row
def test_types_convert_there_and_back(row):
    module, input = row.build(), row.draw()
    expected = run(row, module, input)
    module.float()
    narrow = as_float(input)
    output = run(row, module, narrow)
    gradInput = module.backward(narrow, some_gradient(output))
    for leaf in [*leaves(output), *leaves(gradInput), *module.parameters()[0], *module.parameters()[1]]:
        assert leaf is None or leaf.dtype != np.float64
    assert compare(output, expected, rtol=1e-3, atol=1e-3)
    wrong = [leaf for leaf in leaves(input) if leaf.dtype == np.float64]
    if wrong and not row.any_type:
        with pytest.raises((nn.TensorTypeError, nn.NodeError), match="float64"):
            run(row, module, input)
    assert all(p.dtype == np.float64 for p in module.double().parameters()[0])
    run(row, module, input)


@each_row
def test_repr_clear_state_and_modes(row):
    module, input = row.build(), row.draw()
    assert repr(module).startswith(module.typename())
    run(row, module, input)
    module.clearState()
    assert module.output is None and module.gradInput is None
    run(row, module.evaluate(), input)
    assert all(not part.train for part in module.listModules())
    assert all(part.train for part in module.training().listModules())


@each_row
def test_a_container_draws_the_parameters_of_what_is_inside_anew(row):
    for stdv in (None, 0.5):
        nn.Sequential().add(row.build()).reset(stdv)


@each_row
def test_bad_inputs_are_refused_by_name(row):
    module = row.build()
    for input in row.bad:
        with pytest.raises(nn.PygraphError) as caught:
            module.forward(input)
        assert (row.names or module.typename()) in str(caught.value)


@each_row
def test_backward_before_forward_is_refused(row):
    module, input = row.build(), row.draw()
    output = row.build()
    with pytest.raises(nn.StateError, match="forward"):
        module.backward(input, some_gradient(run(row, output, input)))


@each_row
def test_torch_as_second_judge(row):
    if row.torch is None:
        return
    torch = pytest.importorskip("torch", reason="the second judge is PyTorch, which is not installed")
    module, input = row.build(), row.draw()
    output = run(row, module, input)
    gradOutput = some_gradient(output)
    gradInput = module.backward(input, gradOutput)
    theirs = map_table(lambda leaf: torch.tensor(leaf, requires_grad=leaf.dtype.kind == "f"), input)
    judged = row.torch(module)(theirs)
    assert compare(output, map_table(lambda t: t.detach().numpy(), judged), rtol=1e-9, atol=1e-10)
    torch.autograd.backward(list(leaves(judged)), [torch.tensor(g) for g in leaves(gradOutput)])
    wanted = [t.grad.numpy() if t.grad is not None else np.zeros(t.shape) for t in leaves(theirs) if t.requires_grad]
    got = [g for g, x in zip(leaves(gradInput), leaves(input), strict=True) if x.dtype.kind == "f"]
    assert compare(got, wanted, rtol=1e-8, atol=1e-9)


@each_row
def test_rows_are_independent_where_the_module_says_so(row):
    module, input = row.build(), row.draw()
    if not module.row_wise or row.reseed:
        return
    rows = min(leaf.shape[0] for leaf in leaves(input))
    output = run(row, module, input)
    gradOutput = some_gradient(output)

    def taken(value, cut):
        return map_table(lambda leaf: leaf[cut], value)

    def passes(cut):
        """The output, the gradient by the input and those by the parameters, of some rows alone."""
        module = row.build()
        output = run(row, module, taken(input, cut))
        module.zeroGradParameters()
        return output, module.backward(taken(input, cut), taken(gradOutput, cut)), module.parameters()[1]

    whole, first, rest = (passes(slice(*bounds)) for bounds in ((0, rows), (0, 1), (1, rows)))
    for both, one, other in zip(whole[:2], first, rest, strict=False):
        assert compare(both, map_table(lambda a, b: np.concatenate([a, b]), one, other), rtol=1e-10, atol=1e-12)
    assert compare(whole[2], map_table(np.add, first[2], rest[2]), rtol=1e-9, atol=1e-12)


def test_a_module_whose_constructor_forgot_its_base_is_told_so():
    class Double(nn.Module):
        def __init__(self):
            self.factor = 2

        def updateOutput(self, input):
            self.output = self.factor * input
            return self.output

    for run in (Double().forward, nn.Sequential().add(Double()).forward):
        with pytest.raises(nn.PygraphError, match=r"Double.__init__ must call super\(\).__init__\(\) first"):
            run(np.ones(2))
