"""Every module of the zoo on arrays of every make: strided, read-only, without rows, of the other byte order."""

import numpy as np
import pytest

import pygraph_nn as nn
from pygraph_nn.nesting import compare, map_table
from tests.module_table import all_rows

ROWS = all_rows()
each_row = pytest.mark.parametrize("row", [row for _, row in ROWS], ids=[name for name, _ in ROWS])


def every_other(leaf):
    """The same numbers in memory with gaps."""
    wide = np.zeros((*leaf.shape[:-1], 2 * leaf.shape[-1]), leaf.dtype)
    wide[..., ::2] = leaf
    return wide[..., ::2]


def backwards(leaf):
    """The same numbers in memory from the end to the start."""
    return np.ascontiguousarray(leaf[::-1])[::-1]


def read_only(leaf):
    leaf = leaf.copy()
    leaf.flags.writeable = False
    return leaf


MAKES = {"gaps": every_other, "backwards": backwards, "columns": np.asfortranarray, "read-only": read_only}


def passes(row, make, narrow=False):
    """The outcome of both passes on a fresh module, everything that goes in being of one make."""
    module, input = row.build(), row.draw()
    if narrow:
        module.float()
        input = map_table(lambda leaf: leaf.astype("float32") if leaf.dtype == np.float64 else leaf, input)
    input = map_table(make, input)
    if row.reseed:
        nn.manualSeed(11)
    output = module.forward(input)
    generator = np.random.default_rng(3)
    gradOutput = map_table(lambda leaf: make(generator.standard_normal(leaf.shape).astype(leaf.dtype)), output)
    module.zeroGradParameters()
    return [output, module.backward(input, gradOutput), module.parameters()[1]]


@each_row
def test_the_lie_of_the_input_in_memory_changes_nothing(row):
    for narrow, digits in ((False, 1e-12), (True, 1e-3)):
        expected = passes(row, np.ascontiguousarray, narrow)
        for name, make in MAKES.items():
            assert compare(passes(row, make, narrow), expected, rtol=digits, atol=digits), (name, narrow)


MATRIX = np.arange(9.0).reshape(3, 3)
STRANGE = {
    "matrix": (MATRIX.view(np.matrix), r"plain numpy arrays, got a matrix.*np\.array\(x\)"),
    "masked": (np.ma.masked_array(MATRIX, MATRIX > 4), r"got a MaskedArray.*x\.filled\(0\)"),
    "no dimension": (np.array(1.0), "at least one dimension"),
    "byte order": (MATRIX.astype(MATRIX.dtype.newbyteorder()), r"order of another kind.*astype\('float64'\)"),
}


def graph():
    x = nn.Identity()()
    return nn.gModule([x], [nn.CMulTable()([x, x])])


@pytest.mark.parametrize("strange", STRANGE.values(), ids=STRANGE)
@pytest.mark.parametrize("make", [nn.Tanh, lambda: nn.Linear(3, 3), nn.MSECriterion, graph])
def test_arrays_that_compute_otherwise_are_refused(make, strange):
    input, message = strange
    with pytest.raises(nn.PygraphError, match=message):
        make().forward(input)


def test_a_masked_target_is_refused():
    with pytest.raises(nn.TensorTypeError, match="MaskedArray"):
        nn.MSECriterion().forward(MATRIX, STRANGE["masked"][0])


def test_a_file_in_memory_is_an_array_as_any(tmp_path):
    mapped = np.memmap(tmp_path / "numbers", dtype="float64", mode="w+", shape=(3, 3))
    mapped[...] = MATRIX
    assert compare(nn.Linear(3, 2).forward(mapped).shape, (3, 2))


GRADIENTS = {
    "none": (None, "must be 4x2, got None"),
    "list": ([[1.0, 1.0]] * 4, "must be 4x2, got"),
    "number": (np.array(1.0), "must be 4x2, got float64 scalar"),
    "row": (np.ones(2), "must be 4x2, got float64 2"),
    "rows": (np.ones((1, 2)), "must be 4x2, got float64 1x2"),
    "column": (np.ones((4, 1)), "must be 4x2, got float64 4x1"),
    "type": (np.ones((4, 2), "float32"), r"float32 4x2: convert.*astype\('float64'\)"),
    "integers": (np.ones((4, 2), int), r"int64 4x2: convert.*astype\('float64'\)"),
    "matrix": (np.ones((4, 2)).view(np.matrix), "plain numpy arrays, got a matrix"),
}


@pytest.mark.parametrize("strange", GRADIENTS.values(), ids=GRADIENTS)
@pytest.mark.parametrize(
    "make",
    [
        nn.Tanh,
        lambda: nn.Linear(2, 2),
        lambda: nn.BatchNormalization(2),
        lambda: nn.Sequential().add(nn.Sigmoid()),
        graph,
    ],
)
def test_a_gradient_unlike_the_output_is_refused_and_not_stretched(make, strange):
    gradient, message = strange
    net, input = make(), np.ones((4, 2))
    net.forward(input)
    if gradient is None and isinstance(net, nn.gModule):
        return  # no gradient
    with pytest.raises(nn.PygraphError, match=message):
        net.backward(input, gradient)


# Whose first dimension is no batch in their row, or who need something in it.
NEED_ROWS = {"Concat", "Convert", "FeatureLPPooling", "LogSoftMax", "MapTable", "Max", "Min", "MixtureTable", "Narrow"}
NEED_ROWS |= {"Parallel", "Reshape", "Select", "SoftMax", "SparseLinear"}
NEED_ROWS |= {"SpatialMaxUnpooling", "VolumetricMaxUnpooling"}


@each_row
def test_a_batch_without_rows_gives_no_rows_and_no_gradient(row):
    module, input = row.build(), map_table(lambda leaf: leaf[:0], row.draw())
    try:
        output = module.forward(input)
    except nn.PygraphError as error:
        while error.__cause__ is not None:
            error = error.__cause__
        assert isinstance(error, nn.PygraphError) and module.typename().removeprefix("nn.") in NEED_ROWS
        return
    gradInput = module.backward(input, map_table(np.ones_like, output))
    assert compare(map_table(np.shape, gradInput), map_table(np.shape, input))
    assert all(np.isfinite(gradient).all() for gradient in module.parameters()[1])


@pytest.mark.parametrize("make", [nn.Max, nn.Min, nn.Mean, nn.SoftMax, nn.LogSoftMax])
def test_nothing_has_no_largest_number_and_no_mean(make):
    with pytest.raises(nn.ShapeError, match="at least one entry in dimension 1, got float64 0"):
        make().forward(np.empty(0))


def test_a_convolutional_network_takes_a_batch_without_rows():
    net = nn.Sequential().add(nn.SpatialConvolution(1, 2, 3, 3)).add(nn.ReLU()).add(nn.SpatialMaxPooling(2, 2))
    net.add(nn.View(-1).setNumInputDims(3)).add(nn.Linear(8, 3)).add(nn.LogSoftMax())
    input = np.empty((0, 1, 6, 6))
    assert net.forward(input).shape == (0, 3)
    assert net.backward(input, np.empty((0, 3))).shape == input.shape


@pytest.mark.parametrize(
    "wrong", [lambda g: g[:1], lambda g: g[0], lambda g: [g[0], g[1].astype("f")], lambda g: [g[0][:1], g[1]]]
)
@pytest.mark.parametrize("verb", ["backward", "backwardUpdate"])
def test_a_table_of_gradients_is_checked_entry_by_entry(wrong, verb):
    module, x = nn.SplitTable(1), np.ones((2, 3))
    arguments = (1,) if verb == "backwardUpdate" else ()
    with pytest.raises(nn.StateError, match=f"{verb} needs a forward pass"):
        getattr(nn.SplitTable(1), verb)(x, x, *arguments)
    output = module.forward(x)
    with pytest.raises((nn.ShapeError, nn.TensorTypeError), match="SplitTable"):
        getattr(module, verb)(x, wrong(output), *arguments)
    assert np.array_equal(getattr(module, verb)(x, output, *arguments), x)


def test_an_empty_sequential_checks_its_gradient():
    net = nn.Sequential()
    net.forward(np.ones(2))
    with pytest.raises(nn.ShapeError, match="gradOutput must be 2"):
        net.backward(np.ones(2), np.ones(3))


class Tensor:
    """What other packages have in place of arrays."""

    def __array__(self, dtype=None, copy=None):
        return np.ones((2, 3))


@pytest.mark.parametrize("strange", [[1.0, 2.0], [[1, 2]], 3.0, np.float64(3), Tensor(), [np.ones(3), Tensor()]])
def test_what_could_be_an_array_is_refused_with_the_remedy(strange):
    with pytest.raises(nn.TensorTypeError, match=r"must be a numpy array .* convert it with np.array\(x\)"):
        nn.Tanh().forward(strange)


class Forgetful(nn.Module):
    """y = 2x, but for what a verb has to do with it."""

    def __init__(self, keeps):
        super().__init__()
        self.keeps = keeps

    def updateOutput(self, input):
        if self.keeps:
            self.output = 2 * input
        return None if self.keeps else 2 * input

    def updateGradInput(self, input, gradOutput):
        self.gradInput = 2 * gradOutput
        return self.gradInput


def test_a_module_that_forgets_its_output_is_told_so():
    net, x = nn.Sequential().add(Forgetful(keeps=False)), np.ones(2)
    net.forward(x)
    with pytest.raises(nn.StateError, match="and an updateOutput that keeps self.output"):
        net.backward(x, x)
    for behind in (nn.Tanh(), nn.Linear(2, 2)):
        with pytest.raises(nn.NodeError, match="takes one array, got None: does the updateOutput before it return its"):
            nn.Sequential().add(Forgetful(keeps=True)).add(behind).forward(x)
