"""Networks in ONNX: the same outputs for every row of the table and every kind of graph, in both types."""

import numpy as np
import pytest

import pygraph_nn as nn
from pygraph_nn.nesting import clone, compare, leaves, map_table
from tests.module_table import all_rows

onnx = pytest.importorskip("onnx", reason="the bridge leads to ONNX, which is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="ONNX Runtime is the judge, and not installed")
pytestmark = pytest.mark.onnx
each_row = pytest.mark.parametrize("row", [pytest.param(row, id=name) for name, row in all_rows()])
TOLERANCE = {"float64": 1e-10, "float32": 1e-5}


def session(model):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def run(model, input):
    """What ONNX Runtime makes of the arrays of an input, as a flat list."""
    runner = session(model)
    return runner.run(None, dict(zip([i.name for i in runner.get_inputs()], leaves(input), strict=True)))


def is_open(model):
    return any(d.dim_param for value in model.graph.input for d in value.type.tensor_type.shape.dim)


def agree(net, input, **options):
    """Hold the outputs against each other, for the example and, where sizes are open, for a batch twice as large."""
    model = nn.to_onnx(net, input=input, **options)
    tolerance = TOLERANCE[net.dtype.name]
    net.evaluate()
    inputs = [input]
    if is_open(model) and not options:
        inputs.append(map_table(lambda leaf: np.concatenate([leaf, leaf[::-1]]), input))
    for value in inputs:
        expected = list(leaves(net.forward(clone(value))))
        for ours, theirs in zip(expected, run(model, value), strict=True):
            assert ours.dtype == theirs.dtype
            assert compare(ours, theirs, rtol=tolerance, atol=tolerance)
    return model


def as_type(value, name):
    return map_table(lambda leaf: leaf.astype(name) if leaf.dtype.kind == "f" else leaf, value)


REFUSED = {
    nn.IndexLinear: "no counterpart",
    nn.SparseLinear: "no counterpart",
    nn.SpatialFractionalMaxPooling: "at random",
    nn.VolumetricFractionalMaxPooling: "at random",
    nn.SpatialMaxUnpooling: "pooling module",
    nn.VolumetricMaxUnpooling: "pooling module",
}


def refusal(module, input):
    """Why a row is refused; None where it is converted."""
    if isinstance(input, dict):
        return "keys"
    if getattr(module, "stochastic_inference", False) and module.p > 0:
        return "at random"
    if getattr(module, "maxNorm", None) is not None:
        return "maxNorm"
    return REFUSED.get(type(module))


@each_row
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_every_module_of_the_table_computes_the_same_there(row, dtype):
    module, input = row.build().evaluate(), row.draw()
    if dtype == "float32":
        module.float()
    input = as_type(input, dtype)
    reason = refusal(module, input)
    if reason is None:
        agree(module, input)
    else:
        with pytest.raises(nn.GraphError, match=reason):
            nn.to_onnx(module, input=input)


def lstm():
    return nn.LSTM.stack(3, 4, layers=2), [nn.randn(5, 3), *(nn.randn(5, 4) for _ in range(4))]


def nested():
    x, pair = nn.Identity()().annotate(name="x"), nn.Identity()().annotate(name="pair")
    a, inner = pair.split(2)
    b, c = inner.split(2)
    total = nn.CAddTable()([x, a, nn.CMulTable()([b, c])]).annotate(name="total")
    return nn.gModule([x, pair], [nn.nest([total, [b, [c]]]), x]), [
        nn.randn(2, 3),
        [nn.randn(2, 3), [nn.randn(2, 3), nn.randn(2, 3)]],
    ]


def shared():
    x = nn.Identity()().annotate(name="x")
    linear = nn.Linear(3, 3)
    twin = linear.clone("weight", "bias", "gradWeight", "gradBias")
    return nn.gModule([x], [twin(nn.Tanh()(linear(x).annotate(name="i2h")))]), nn.randn(4, 3)


@pytest.mark.parametrize("make", [lstm, nested, shared])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_graphs(make, dtype):
    nn.manualSeed(1)
    net, input = make()
    agree(net.float() if dtype == "float32" else net, as_type(input, dtype))


def test_names_come_from_the_nodes():
    net, input = lstm()
    model = agree(net, input)
    assert [value.name for value in model.graph.input] == ["x", "prev_c1", "prev_h1", "prev_c2", "prev_h2"]
    outputs = [value.name for value in model.graph.output]
    assert outputs == ["layer1.next_c", "layer1.next_h", "layer2.next_c", "layer2.next_h"]
    weights = {weight.name for weight in model.graph.initializer}
    assert {"layer1.i2h.weight", "layer2.h2h.bias"} <= weights
    assert [entry.version for entry in model.opset_import] == [17]


def test_what_is_shared_is_written_once():
    net, input = shared()
    model = agree(net, input)
    assert [weight.name for weight in model.graph.initializer] == ["i2h.weight", "i2h.bias"]


def test_shared_kernels_between_different_planes_stay_apart():
    first = nn.SpatialConvolutionMap(np.array([[1, 1], [2, 2], [1, 2]]), 2, 2)
    second = nn.SpatialConvolutionMap(np.array([[1, 2], [2, 1], [2, 2]]), 2, 2)
    second.share(first, "weight", "bias", "gradWeight", "gradBias")
    agree(nn.Sequential().add(first).add(second), nn.randn(1, 2, 5, 5))


def test_a_table_of_inputs_and_outputs_is_flat():
    net, input = nested()
    model = agree(net, input)
    assert [value.name for value in model.graph.input] == ["x", "pair_1", "pair_2_1", "pair_2_2"]
    assert len(model.graph.output) == 4


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.Unroll(nn.LSTM.create(3, 4)),
        lambda: nn.Unroll(nn.GRU.create(3, 4), reverse=True),
        lambda: nn.Bidirectional(nn.LSTM.create(3, 4), nn.LSTM.create(3, 4)),
        lambda: nn.Layers(nn.Unroll(nn.LSTM.create(3, 4)), nn.Unroll(nn.RNN.create(4, 4))),
    ],
)
def test_recurrent_layers_are_scans_of_any_length_and_batch(make, dtype):
    nn.manualSeed(1)
    net = make()
    net = net.float() if dtype == "float32" else net
    x = nn.randn(5, 2, 3).astype(dtype)
    model = agree(net, x, batch=(1, 2))
    assert "Scan" in {step.op_type for step in model.graph.node}
    longer = nn.randn(9, 6, 3).astype(dtype)
    assert compare(net.forward(longer), run(model, longer)[0], rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])
    states = [nn.randn(2, 4).astype(dtype) for _ in range(net.n_states)]
    agree(net, [x, *states], batch=[2, *[1] * net.n_states])
    model = agree(net, [x, *states], batch=[(1, 2), *[1] * net.n_states])
    found = run(model, [longer, *(np.zeros((6, 4), dtype) for _ in states)])
    assert compare(net.forward(longer), found[0], rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@pytest.mark.parametrize(
    ("make", "shape", "other"),
    [
        (
            lambda: nn.Sequential().add(nn.Unroll(nn.LSTM.create(3, 4))).add(nn.Bottle(nn.Linear(4, 2))),
            (5, 2, 3),
            (7, 3, 3),
        ),
        (lambda: nn.Bottle(nn.Linear(3, 2)), (5, 2, 4, 3), (3, 1, 4, 3)),
        (lambda: nn.Bottle(nn.SpatialConvolution(1, 2, 3, 3), 4, 4), (2, 3, 1, 4, 4), (3, 2, 1, 4, 4)),
    ],
)
def test_rows_of_two_open_dimensions_come_apart_again(make, shape, other):
    net, x = make(), nn.randn(*other)
    model = agree(net, nn.randn(*shape), batch=(1, 2))
    assert compare(net.forward(x), run(model, x)[0], atol=1e-12)


def test_what_a_reshape_cannot_carry_over_is_refused():
    with pytest.raises(nn.GraphError, match="more sizes are open"):
        nn.to_onnx(nn.Bottle(nn.Transpose((1, 2)), 3, 3), input=nn.randn(5, 2, 4, 3), batch=(1, 3))


@pytest.mark.parametrize(
    ("input", "batch", "error", "words"),
    [
        (None, 1, nn.TensorTypeError, "to_onnx: the input must be a numpy array or a table"),
        ([[1.0, 2.0, 3.0]], 1, nn.TensorTypeError, "to_onnx: the input must be a numpy array or a table"),
        ((1, 3), 1, nn.TensorTypeError, "to_onnx: the input must be a numpy array or a table"),
        (np.zeros((1, 4)), 1, nn.ShapeError, r"a matrix \(rows x 3\), got float64 1x4"),
        (np.zeros((0, 3)), 1, nn.ShapeError, "a size of at least 1 where the batch is, got float64 0x3"),
        (np.zeros((1, 3)), 0, nn.RangeError, "counted from 1, or is None; got 0"),
        (np.zeros((1, 3)), True, nn.RangeError, "counted from 1, or is None; got True"),
        (np.zeros((1, 3)), [1, 1], nn.RangeError, "batch has 2 entries for 1 inputs"),
        (np.zeros((1, 3)), 3, nn.RangeError, "batch=3 names a dimension that none of float64 1x3 has"),
    ],
)
def test_wrong_examples_are_refused(input, batch, error, words):
    with pytest.raises(error, match=words):
        nn.to_onnx(nn.Linear(3, 2), input=input, batch=batch)


@pytest.mark.parametrize("net", [nn.CMaxTable(), nn.CMinTable(), nn.Threshold(), nn.HardShrink(), nn.ReLU(), nn.ELU()])
def test_nan_stays(net):
    x = np.array([[np.nan, 1.0, -1.0]])
    agree(net, [x, x[:, ::-1].copy()] if isinstance(net, (nn.CMaxTable, nn.CMinTable)) else x)


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.Bottle(nn.Linear(4, 2)),
        lambda: nn.Bottle(nn.LayerNormalization(4)),
        lambda: nn.Sequential().add(nn.Bottle(nn.Sequential().add(nn.Linear(4, 6)).add(nn.LogSoftMax()))),
        lambda: nn.View(2, 2).setNumInputDims(1),
        lambda: nn.Unsqueeze(3),
    ],
)
def test_what_stands_behind_a_recurrent_layer_takes_any_length_and_batch(make):
    nn.manualSeed(1)
    net = nn.Sequential().add(nn.Unroll(nn.LSTM.create(3, 4))).add(make())
    model = nn.to_onnx(net, input=nn.randn(5, 2, 3), batch=(1, 2))
    longer = nn.randn(9, 6, 3)
    assert compare(net.evaluate().forward(longer), run(model, longer)[0], atol=1e-10)


def test_lengths_are_refused():
    with pytest.raises(nn.GraphError, match="different lengths"):
        nn.to_onnx(nn.Unroll(nn.LSTM.create(3, 4)), input=[nn.randn(5, 2, 3), np.array([5, 3])])


def test_sizes_can_be_fixed_and_are_where_they_must():
    net = nn.Linear(3, 2)
    assert is_open(nn.to_onnx(net, input=np.zeros((4, 3))))
    assert not is_open(nn.to_onnx(net, input=np.zeros((4, 3)), batch=None))
    assert not is_open(agree(net, np.zeros(3)))
    assert not is_open(agree(nn.SplitTable(1), np.zeros((4, 3))))


def test_only_what_has_the_size_of_the_batch_is_named_after_it():
    def names(values):
        return [value.type.tensor_type.shape.dim[0].dim_param for value in values]

    twice = nn.Sequential().add(nn.ConcatTable().add(nn.Identity()).add(nn.Identity())).add(nn.JoinTable(1))
    net = nn.ParallelTable().add(nn.BatchNormalization(4)).add(nn.Normalize(2)).add(twice)
    model = agree(net, [nn.randn(5, 4), nn.randn(3, 4), nn.randn(5, 4)])
    assert names(model.graph.input) == ["batch", "input_2_1", "batch"]
    assert names(model.graph.output) == ["batch", "normalize2_1", "sequential3.jointable2_1"]


def test_an_example_is_of_arrays_with_rows():
    net, rows = nn.Linear(3, 2), np.zeros((1, 3))
    for input in (None, 1.0, [1.0, 2.0, 3.0], (1, 3), "x", [rows, None]):
        with pytest.raises(nn.TensorTypeError, match="a numpy array or a table"):
            nn.to_onnx(net, input=input)
    for given in (np.zeros((0, 3)), [np.zeros((0, 3)), np.zeros((0, 4)), np.zeros((0, 4))]):
        with pytest.raises(nn.ShapeError, match="a size of at least 1 where the batch is"):
            nn.to_onnx(nn.LSTM.create(3, 4) if isinstance(given, list) else net, input=given)
    for batch in (True, 3, 1.0, -1, "n"):
        with pytest.raises(nn.RangeError, match=r"batch(=3)? names"):
            nn.to_onnx(net, input=rows, batch=batch)
    assert is_open(nn.to_onnx(net, input=rows, batch=np.int64(1)))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_maxima_go_back_to_their_places(dtype):
    pool = nn.SpatialMaxPooling(2, 3)
    x = nn.Identity()()
    net = nn.gModule([x], [nn.SpatialMaxUnpooling(pool)(nn.MulConstant(2)(pool(x)))])
    input = nn.randn(2, 3, 7, 6).astype(dtype)
    net = net.float() if dtype == "float32" else net
    assert is_open(agree(net, input))
    agree(net, input[0])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_windows_that_end_far_outside(dtype):
    net = nn.SpatialDilatedMaxPooling(2, 3, 2, 3, 1, 1, 2, 1).ceil()
    net = net.float() if dtype == "float32" else net
    agree(net, -1 - np.abs(nn.randn(2, 9, 8)).astype(dtype))


def test_refusals_name_every_node_and_nothing_is_written(tmp_path):
    pool = nn.SpatialMaxPooling(2, 2)
    x = nn.Identity()()
    h = nn.SpatialFractionalMaxPooling(2, 2, 4, 4)(x).annotate(name="fraction")
    pool.forward(np.zeros((1, 1, 8, 8)))
    net = nn.gModule([x], [nn.SpatialMaxUnpooling(pool)(h).annotate(name="back")])
    with pytest.raises(nn.GraphError, match=r"(?s)fraction: .*back: "):
        nn.to_onnx(net, tmp_path / "net.onnx", input=np.zeros((1, 1, 6, 6)))
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_the_model_and_the_network_stays_as_it_was(tmp_path):
    net = nn.Sequential().add(nn.Dropout(0.5)).add(nn.Linear(3, 2))
    x = np.ones((2, 3))
    model = nn.to_onnx(net, tmp_path / "net.onnx", input=x)
    assert onnx.load(tmp_path / "net.onnx") == model
    assert net.train and net.output is None
    runner = onnxruntime.InferenceSession(tmp_path / "net.onnx", providers=["CPUExecutionProvider"])
    assert compare(runner.run(None, {"input": x})[0], net.evaluate().forward(x), atol=1e-12)


def test_a_network_unrolled_by_clones_is_a_graph_without_loops_and_with_the_weights_once():
    nn.manualSeed(1)
    cell, names = nn.LSTM.create(3, 4), [f"x{t}" for t in range(4)]
    xs = [nn.Identity()().annotate(name=name) for name in names]
    first = c, h = [nn.Identity()().annotate(name=name) for name in ("c", "h")]
    shown = []
    for t, x in enumerate(xs):
        clone = cell.clone("weight", "bias", "gradWeight", "gradBias")
        c, h = clone([x, c, h]).annotate(name=f"t{t}").split(2)
        shown.append(h)
    net = nn.gModule([*xs, *first], [nn.JoinTable(1, 1)(shown), c])
    model = agree(net, [*(nn.randn(2, 3) for _ in xs), nn.randn(2, 4), nn.randn(2, 4)])
    assert "Scan" not in {step.op_type for step in model.graph.node}
    weights = [w.name for w in model.graph.initializer if w.name.endswith(("weight", "bias"))]
    assert weights == ["t0.i2h.weight", "t0.i2h.bias", "t0.h2h.weight", "t0.h2h.bias"]
