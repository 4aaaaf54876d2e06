"""Networks in PyTorch: the same outputs and gradients for every row of the table and for every kind of graph."""

import io

import numpy as np
import pytest

import pygraph_nn as nn
from pygraph_nn.nesting import compare, leaves, map_table
from tests.module_table import all_rows

torch = pytest.importorskip("torch", reason="the bridge leads to PyTorch, which is not installed")
pytestmark = pytest.mark.torch
from pygraph_nn.bridges.torch import _export  # noqa: E402

each_row = pytest.mark.parametrize("row", [pytest.param(row, id=name) for name, row in all_rows()])


def some_gradient(output):
    generator = np.random.default_rng(3)
    return map_table(lambda leaf: generator.standard_normal(leaf.shape).astype(leaf.dtype), output)


def tensors(value):
    return map_table(lambda leaf: torch.tensor(leaf, requires_grad=leaf.dtype.kind == "f"), value)


def arrays(value):
    return map_table(lambda leaf: leaf.detach().numpy(), value)


def positional(net, value):
    return value if type(net) is nn.gModule and net.nInputs > 1 else [value]


def agree(net, input, exported=None, seed=11):
    """Hold outputs, gradients by the input and gradients by the parameters of both against each other."""
    exported, links = (exported, None) if exported is not None else _export(net)
    nn.manualSeed(seed)
    output = net.forward(input)
    gradOutput = some_gradient(output)
    net.zeroGradParameters()
    gradInput = net.backward(input, gradOutput)
    theirs = tensors(input)
    nn.manualSeed(seed)
    made = exported(*positional(net, theirs))
    assert compare(output, arrays(made), rtol=1e-10, atol=1e-11)
    pairs = [(y, torch.tensor(g)) for y, g in zip(leaves(made), leaves(gradOutput)) if y.requires_grad]
    if pairs:
        torch.autograd.backward(*zip(*pairs))
    for leaf, expected in zip(leaves(theirs), leaves(gradInput), strict=True):
        got = np.zeros(leaf.shape) if leaf.grad is None else leaf.grad.numpy()
        assert expected is None or compare(got, expected, rtol=1e-10, atol=1e-11)
    if links is not None:
        by_memory = {id(p): g for p, g in zip(*net.parameters())}
        held = [(array, tensor) for array, tensor in links if id(array) in by_memory]
        assert len(held) == len(net.parameters()[0])
        for array, tensor in held:
            got = np.zeros(array.shape) if tensor.grad is None else tensor.grad.numpy().reshape(array.shape)
            assert compare(got, by_memory[id(array)], rtol=1e-9, atol=1e-11)
    return exported


def refused(net):
    """Tell whether to_torch refuses the network, naming it."""
    try:
        nn.to_torch(net)
    except nn.GraphError as error:
        assert net.typename().split(".")[-1] in str(error)
        return True
    return False


# Generators differ: the noise is of the same kind, not the same.
DRAWING = (nn.Dropout, nn.RReLU, nn.WhiteNoise)
REFUSED = {nn.SpatialMaxUnpooling, nn.VolumetricMaxUnpooling}


@each_row
@pytest.mark.parametrize("mode", ["training", "evaluate"])
def test_every_module_of_the_table_computes_the_same_there(row, mode):
    module, input = getattr(row.build(), mode)(), row.draw()
    if refused(module):
        assert type(module) in REFUSED or type(module) is nn.MapTable and not module.shared
        return
    exported = nn.to_torch(module)
    draws = isinstance(module, DRAWING) and (mode == "training" or getattr(module, "stochastic_inference", False))
    if draws and getattr(module, "p", 1) > 0:
        made = arrays(exported(tensors(input)))
        assert made.shape == module.forward(input).shape
        return
    agree(module, input)


def lstm():
    return nn.LSTM.stack(3, 4, layers=2), [nn.randn(5, 3), *(nn.randn(5, 4) for _ in range(4))]


def twice():
    """A module that stands at two places, and a clone that shares its parameters."""
    x = nn.Identity()().annotate(name="x")
    linear = nn.Linear(3, 3)
    clone = linear.clone("weight", "bias", "gradWeight", "gradBias")
    h = nn.Tanh()(linear(x))
    return nn.gModule([x], [clone(nn.CAddTable()([linear(h), x]))]), nn.randn(4, 3)


def nested():
    """Tables in tables on both ends."""
    x, pair = nn.Identity()(), nn.Identity()()
    a, inner = pair.split(2)
    b, c = inner.split(2)
    total = nn.CAddTable()([x, a, nn.CMulTable()([b, c])])
    return nn.gModule([x, pair], [nn.nest([total, [b, [c]]]), nn.Tanh()(x)]), [
        nn.randn(2, 3),
        [nn.randn(2, 3), [nn.randn(2, 3), nn.randn(2, 3)]],
    ]


def flattened():
    net, input = lstm()
    net.getParameters()
    return net, input


def graph_of_graphs():
    x = nn.Identity()()
    inside = nn.Sequential().add(nn.Linear(4, 4)).add(twice_as_module())
    return nn.gModule([x], [nn.JoinTable(2)([inside(x), x])]), nn.randn(2, 4)


def twice_as_module():
    x = nn.Identity()()
    return nn.gModule([x], [nn.Tanh()(x - nn.Linear(4, 4) - nn.BatchNormalization(4))])


@pytest.mark.parametrize("make", [lstm, twice, nested, flattened, graph_of_graphs])
def test_graphs(make):
    nn.manualSeed(1)
    agree(*make())


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.Unroll(nn.LSTM.create(3, 4)),
        lambda: nn.Unroll(nn.LSTM.create(3, 4), reverse=True),
        lambda: nn.Bidirectional(nn.LSTM.create(3, 4), nn.LSTM.create(3, 4)),
        lambda: nn.Layers(nn.Unroll(nn.LSTM.create(3, 4)), nn.Unroll(nn.GRU.create(4, 2))),
    ],
)
def test_recurrent_layers(make):
    nn.manualSeed(1)
    net = make()
    x, lengths = nn.randn(5, 2, 3), np.array([5, 3])
    agree(net, x)
    agree(net, [x, lengths])
    states = [np.zeros((2, 2 if n > 1 and isinstance(net, nn.Layers) else 4)) for n in range(net.n_states)]
    agree(net, [x, *states])


def test_what_is_shared_is_shared_there():
    net, _ = twice()
    exported = nn.to_torch(net)
    assert len(list(exported.parameters())) == 2
    assert len(exported.state_dict()) == 2


def test_shared_kernels_between_different_planes_stay_apart():
    first = nn.SpatialConvolutionMap(np.array([[1, 1], [2, 2], [1, 2]]), 2, 2)
    second = nn.SpatialConvolutionMap(np.array([[1, 2], [2, 1], [2, 2]]), 2, 2)
    second.share(first, "weight", "bias", "gradWeight", "gradBias")
    agree(nn.Sequential().add(first).add(second), nn.randn(1, 2, 5, 5))


def test_shared_weights_under_different_settings_stay_apart():
    first = nn.PartialLinear(3, 5)
    second = first.clone("weight", "bias", "gradWeight", "gradBias")
    first.setPartition([1, 2])
    second.setPartition([4, 5])
    net = nn.ConcatTable().add(first).add(second)
    exported = agree(net, nn.randn(4, 3))
    assert len(list(exported.parameters())) == 2


@pytest.mark.parametrize("wrap", [lambda m: m, torch.nn.DataParallel, lambda m: torch.compile(m, backend="eager")])
def test_wrapped_modules_come_back_too(wrap):
    x = nn.Identity()().annotate(name="x")
    net = nn.gModule([x], [nn.Linear(3, 2)(x).annotate(name="module")])
    wrapped = wrap(nn.to_torch(net))
    with torch.no_grad():
        for parameter in wrapped.parameters():
            parameter.fill_(3)
    assert (nn.load_state_dict(net, wrapped.state_dict())["module"].module.weight == 3).all()


@pytest.mark.parametrize(
    ("module", "input"),
    [
        (nn.Cosine(3, 2), np.array([[0.0, 0.0, 0.0], [1.0, 2.0, 3.0]])),
        (nn.Normalize(float("inf")), np.array([[2.0, -2.0, 1.0], [0.0, 0.0, 0.0]])),
    ],
)
def test_gradients_at_zeros_and_ties(module, input):
    agree(module, input)


def test_an_export_can_change_its_type():
    exported = nn.to_torch(nn.Sequential().add(nn.OneHot(3)).add(nn.Linear(3, 2))).float()
    assert exported(torch.tensor([1, 3])).dtype == torch.float32


def test_odd_wirings():
    x = nn.Identity()().annotate(name="x")
    h = nn.Tanh()(x)
    agree(nn.gModule([x], [x, h, h]), nn.randn(2, 3))
    agree(nn.Sequential(), nn.randn(2, 3))
    y = nn.Identity()()
    agree(nn.gModule([y], [nn.CMulTable()([y, y])]), nn.randn(2, 3))


class Cube(nn.Module):
    """A module that only its user knows."""

    def updateOutput(self, input):
        self.output = input**3
        return self.output

    def updateGradInput(self, input, gradOutput):
        self.gradInput = 3 * input**2 * gradOutput
        return self.gradInput


def test_a_users_own_module_runs_inside():
    agree(nn.Sequential().add(nn.Linear(3, 3)).add(Cube()).add(nn.Tanh()), nn.randn(2, 3))


class Scaled(nn.Linear):
    """A module whose setting is an array."""

    def __init__(self, factor):
        super().__init__(3, 3)
        self.factor = np.array(factor)

    def updateOutput(self, input):
        self.output = super().updateOutput(input) * self.factor
        return self.output

    def updateGradInput(self, input, gradOutput):
        return super().updateGradInput(input, gradOutput * self.factor)

    def accGradParameters(self, input, gradOutput, scale=1):
        super().accGradParameters(input, gradOutput * self.factor, scale)


def test_modules_of_users_that_share_keep_their_settings():
    first = Scaled(1.0)
    agree(
        nn.Sequential().add(first).add(Scaled(2.0).share(first, "weight", "bias", "gradWeight", "gradBias")),
        nn.randn(2, 3),
    )


class Network(nn.Sequential):
    """A container that only its user knows."""


def test_a_users_own_container_runs_inside_with_all_its_weights():
    net = Network().add(nn.Linear(3, 3)).add(nn.BatchNormalization(3)).add(nn.Linear(3, 2))
    assert len(agree(net, nn.randn(4, 3)).state_dict()) == 8
    agree(nn.Sequential().add(net).add(nn.Tanh()), nn.randn(4, 3))


def test_long_graphs():
    x = nn.Identity()()
    h = x
    for _ in range(3000):
        h = nn.Tanh()(h)
    agree(nn.gModule([x], [h]), nn.randn(2, 3))


def test_the_code_reads_as_the_graph():
    net = nn.LSTM.create(3, 4)
    exported = nn.to_torch(net)
    assert list(exported.state_dict()) == ["i2h.weight", "i2h.bias", "h2h.weight", "h2h.bias"]
    steps = [step.name for step in exported.graph.nodes]
    assert steps[:3] == ["x", "prev_c", "prev_h"] or {"x", "prev_c", "prev_h"} <= set(steps)
    for node in net.forwardnodes:
        assert node.name is None or node.name in ("input", "output") or node.name in steps
    assert "self.i2h(x)" in exported.code


def test_names_that_pytorch_uses_itself_are_stepped_round():
    x = nn.Identity()().annotate(name="x")
    net = nn.gModule([x], [nn.Linear(2, 2)(nn.Linear(2, 2)(x).annotate(name="train")).annotate(name="lambda")])
    assert list(nn.to_torch(net).state_dict())[::2] == ["train_.weight", "lambda_.weight"]
    agree(net, nn.randn(2, 2))
    names = ("train_", "train", "training", "graph", "code", "meta", "_parameters", "print_readable")
    h = x = nn.Identity()()
    for name in names:
        h = nn.Linear(2, 2)(h).annotate(name=name)
    exported = agree(nn.gModule([x], [h]), nn.randn(2, 2))
    assert {name.split(".")[0].strip("_") for name in exported.state_dict()} == {name.strip("_") for name in names}
    assert len(exported.state_dict()) == 2 * len(names)


@pytest.mark.parametrize("name", ["self", "torch", "code", "graph", "training", "_parameters", "forward", "input"])
@pytest.mark.parametrize("of", ["input", "node"])
def test_any_name_of_a_node_will_do(name, of, tmp_path):
    x, y, inner = nn.Identity()(), nn.Identity()(), nn.Identity()()
    inside = nn.gModule([inner], [nn.Linear(2, 2)(inner).annotate(name=name)])
    h = nn.Linear(2, 2)(x)
    (x if of == "input" else h).annotate(name=name)
    total = nn.CAddTable()([h, inside(y).annotate(name=name)])
    net = nn.gModule([x, y], [nn.AddConstant(np.ones(2))(total)])
    input = [nn.randn(2, 2), nn.randn(2, 2)]
    exported = agree(net, input, exported=nn.to_torch(net))
    torch.save(exported, tmp_path / "net.pt")
    agree(net, input, exported=torch.load(tmp_path / "net.pt", weights_only=False))


def test_dropout_is_dropout():
    net = nn.Sequential().add(nn.Dropout(0.25))
    exported = nn.to_torch(net)
    assert exported.training and isinstance(next(iter(exported.children())), torch.nn.Dropout)
    x = torch.ones(100, 100, dtype=torch.float64)
    assert abs(float((exported(x) == 0).double().mean()) - 0.25) < 0.02
    assert torch.equal(exported.eval()(x), x)
    assert not nn.to_torch(net.evaluate()).training


def test_each_part_keeps_its_mode():
    frozen = nn.Sequential().add(nn.BatchNormalization(3)).evaluate()
    cell = nn.Sequential().add(nn.Linear(3, 3)).add(nn.Dropout(0.5).evaluate())
    net = nn.Sequential().add(frozen).add(nn.MapTable(cell)).add(nn.SelectTable(1))
    net.insert(nn.ConcatTable().add(nn.Identity()), 2)
    x = nn.randn(4, 3)
    agree(net, x)
    exported = nn.to_torch(net)
    exported(torch.tensor(x))
    assert exported.training and not exported.state_dict()["sequential1.batchnormalization1.running_mean"].any()


def test_a_graph_of_several_inputs_for_each_entry_of_a_table():
    a, b = nn.Identity()(), nn.Identity()()
    cell = nn.gModule([a, b], [nn.CAddTable()([nn.Linear(3, 2)(a), nn.Linear(4, 2)(b)])])
    agree(nn.MapTable(cell), [[np.ones((2, 3)), np.ones((2, 4))], [np.zeros((2, 3)), np.ones((2, 4))]])


def test_a_part_in_another_mode_keeps_it():
    cell = nn.LSTM.create(3, 4)
    recurrent = nn.Unroll(cell)
    net = nn.Sequential().add(nn.Linear(3, 3)).add(nn.BatchNormalization(3)).add(nn.DontCast(nn.BatchNormalization(3)))
    net.get(2).evaluate()
    net.get(3).evaluate()
    exported = agree(net, 3 + nn.randn(5, 3))
    assert [part.training for part in exported.children()] == [True, False, False]
    assert not any(part.training for part in nn.to_torch(net.evaluate()).modules())
    cell.evaluate()
    assert nn.to_torch(recurrent).unroll.training and not nn.to_torch(recurrent).unroll.gmodule1.training


def test_statistics_inside_our_own_code_come_back():
    inner = nn.BatchNormalization(3)
    net = nn.DontCast(nn.Sequential().add(nn.Linear(3, 3)).add(inner).add(nn.BatchNormalization(3).share(inner)))
    exported, x = nn.to_torch(net), 3 + nn.randn(5, 3)
    expected = net.clone()
    expected.forward(x)
    exported(torch.tensor(x))
    nn.load_state_dict(net, exported)
    for ours in (net.evaluate(), expected.evaluate()):
        assert compare(ours.forward(x), exported.eval()(torch.tensor(x)).detach().numpy(), atol=1e-12)


@pytest.mark.parametrize("net", [nn.CMaxTable(), nn.CMinTable(), nn.Normalize(np.inf), nn.Threshold(), nn.HardShrink()])
def test_nan_zeros_and_ties(net):
    x, nan = nn.randn(4, 3).round(), np.nan
    x[0] = 0
    tables = isinstance(net, (nn.CMaxTable, nn.CMinTable))
    agree(net, [x, x[::-1].copy(), x] if tables else x)
    odd = [np.array([nan, 1, nan, 2]), np.array([1, nan, nan, 2])] if tables else np.array([nan, 1, -1])
    made = nn.to_torch(net)(tensors(odd))
    np.testing.assert_array_equal(made.detach().numpy(), net.forward(odd))


def test_a_zero_has_no_infinite_slope():
    for x in (np.array([0.0, 1, 2]), np.array([0.3]), np.array([[0.0, 0], [3, -4]])):
        agree(nn.Normalize(0.5), x)


def test_memory_that_is_shared_in_another_form_is_refused():
    first, second = nn.Linear(3, 4), nn.Linear(4, 3)
    second.weight, second.gradWeight = first.weight.T, first.gradWeight.T
    net = nn.Sequential().add(first).add(second)
    for call in (nn.to_torch, lambda net: nn.load_state_dict(net, {})):
        with pytest.raises(nn.GraphError, match=r"linear1\.weight and linear2\.weight share memory in different forms"):
            call(net)
    whole = np.ones((3, 8))
    first.weight, second.weight = whole[:, :3].T[:3], whole[:, 3:7]  # interleaved, and apart
    nn.to_torch(nn.Sequential().add(first).add(second))


def test_training_there_and_back_again():
    nn.manualSeed(1)
    net = nn.Sequential().add(nn.Linear(3, 4)).add(nn.BatchNormalization(4)).add(nn.Tanh()).add(nn.Linear(4, 1))
    exported = nn.to_torch(net)
    optimiser = torch.optim.SGD(exported.parameters(), lr=0.1)
    x, y = torch.randn(8, 3, dtype=torch.float64), torch.randn(8, 1, dtype=torch.float64)
    losses = []
    for _ in range(20):
        optimiser.zero_grad()
        loss = ((exported(x) - y) ** 2).mean()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0]
    assert not compare(net.evaluate().forward(x.numpy()), exported.eval()(x).detach().numpy(), atol=1e-3)
    nn.load_state_dict(net, exported)
    assert compare(net.forward(x.numpy()), exported(x).detach().numpy(), atol=1e-12)


def test_a_weight_that_is_made_of_parameters_comes_back_too():
    nn.manualSeed(1)
    net = nn.Sequential().add(nn.WeightNorm(nn.Linear(3, 4))).add(nn.LinearWeightNorm(4, 2)).evaluate()
    exported = nn.to_torch(net)
    for parameter in exported.parameters():
        parameter.data.add_(torch.randn_like(parameter))
    x = np.random.default_rng(0).standard_normal((5, 3))
    nn.load_state_dict(net, exported)
    assert compare(net.forward(x), exported(torch.tensor(x)).detach().numpy(), atol=1e-12)


def test_loading_refuses_what_does_not_fit_and_changes_nothing():
    net = nn.Sequential().add(nn.Linear(3, 4)).add(nn.Linear(4, 1))
    state = nn.to_torch(net).state_dict()
    before = [parameter.copy() for parameter in net.parameters()[0]]
    wrong = {name: torch.zeros(7) if name == "linear2.bias" else value + 1 for name, value in state.items()}
    with pytest.raises(nn.ShapeError, match=r"linear2\.bias is \(7,\), here \(1,\)"):
        nn.load_state_dict(net, wrong)
    del wrong["linear1.bias"]
    with pytest.raises(nn.TensorTypeError, match="a PyTorch module or its state_dict, got dict"):
        nn.load_state_dict(net, {1: torch.zeros(1)})
    with pytest.raises(nn.RangeError, match=r"linear1\.bias is missing; other is unknown"):
        nn.load_state_dict(net, {**wrong, "other": torch.zeros(1)})
    for kind, match in (
        (torch.complex64, "linear1.weight is torch.complex64"),
        (torch.int64, "linear2.bias is torch.int"),
    ):
        with pytest.raises(nn.TensorTypeError, match=match):
            nn.load_state_dict(net, {name: value.to(kind) for name, value in state.items()})
    with pytest.raises(nn.TensorTypeError, match="meta device"):
        nn.load_state_dict(net, {name: value.to("meta") for name, value in state.items()})
    with pytest.raises(nn.TensorTypeError, match="takes a PyTorch module"):
        nn.load_state_dict(net, {1: torch.zeros(1)})
    assert compare(before, net.parameters()[0])


@pytest.mark.parametrize("single", [False, True], ids=["batch", "single"])
def test_maxima_go_back_to_their_places(single):
    pool = nn.SpatialMaxPooling(2, 3)
    x = nn.Identity()()
    net = nn.gModule([x], [nn.SpatialMaxUnpooling(pool)(nn.MulConstant(2)(pool(x)))])
    input = nn.randn(2, 3, 7, 6)
    agree(net, input[0] if single else input)
    volume = nn.VolumetricMaxPooling(2, 1, 2)
    net = nn.Sequential().add(volume).add(nn.VolumetricMaxUnpooling(volume))
    agree(net, nn.randn(2, 3, 4, 6, 3))


def test_refusals_name_every_node():
    pool = nn.SpatialMaxPooling(2, 2)
    x = nn.Identity()()
    net = nn.gModule([x], [nn.SpatialMaxUnpooling(pool)(x).annotate(name="back")])
    with pytest.raises(nn.GraphError, match="back: .*SpatialMaxUnpooling"):
        nn.to_torch(net)


def test_an_object_of_an_unknown_class_is_refused():
    file = io.BytesIO()
    nn.save(file, nn.Sequential().add(nn.Tanh()))
    file = io.BytesIO(file.getvalue().replace(b"nn.Tanh", b"my.Tanh"))
    net = nn.load(file)
    with pytest.raises(nn.GraphError, match="placeholder1: nobody here knows the class my.Tanh: .*register_class"):
        nn.to_torch(net)


def test_a_map_table_without_a_module_is_refused():
    with pytest.raises(nn.GraphError, match="has no module"):
        nn.to_torch(nn.MapTable())


def test_float_networks():
    net = nn.LSTM.create(3, 4).float()
    input = [nn.randn(2, n).astype("float32") for n in (3, 4, 4)]
    made = nn.to_torch(net)(*map(torch.tensor, input))
    assert made[0].dtype == torch.float32
    assert compare(net.forward(input), arrays(made), rtol=1e-5, atol=1e-6)


def test_saved_and_loaded_with_torch(tmp_path):
    net, input = lstm()
    exported = nn.to_torch(net)
    torch.save(exported, tmp_path / "net.pt")
    loaded = torch.load(tmp_path / "net.pt", weights_only=False)
    assert compare(arrays(loaded(*map(torch.tensor, input))), net.forward(input), atol=1e-12)


def test_torch_export():
    net, input = lstm()
    exported = nn.to_torch(net)
    program = torch.export.export(exported, tuple(map(torch.tensor, input)), strict=False)
    assert compare(arrays(program.module()(*map(torch.tensor, input))), net.forward(input), atol=1e-12)


def test_torch_compile():
    net, input = lstm()
    compiled = torch.compile(nn.to_torch(net), backend="aot_eager", fullgraph=True)
    agree(net, input, exported=compiled)


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor")  # PyTorch asks for it itself
def test_our_own_code_learns_and_compiles_with_a_break():
    nn.manualSeed(1)
    net = nn.Sequential().add(nn.Linear(6, 6)).add(nn.FeatureLPPooling(2, 2, 2, True))
    input = np.abs(nn.randn(3, 6)) + 1
    agree(net, input)
    agree(net, input, exported=torch.compile(nn.to_torch(net), backend="eager"))


def test_our_own_code_refuses_a_second_derivative():
    exported = nn.to_torch(nn.FeatureLPPooling(2, 2, 2, True))
    x = torch.rand(3, 6, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(exported(x).square().sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="differentiate twice"):
        slope.sum().backward()


def convolutional():
    net = nn.Sequential().add(nn.SpatialConvolution(1, 4, 3, 3)).add(nn.SpatialBatchNormalization(4)).add(nn.ReLU())
    net.add(nn.SpatialMaxPooling(2, 2)).add(nn.View(-1).setNumInputDims(3)).add(nn.Linear(36, 5))
    return net.add(nn.LogSoftMax()), nn.randn(4, 1, 8, 8)


@pytest.mark.parametrize("mode", ["training", "evaluate"])
def test_a_convolutional_network_compiles_and_exports_whole(mode):
    net, input = convolutional()
    getattr(net, mode)()
    compiled = torch.compile(nn.to_torch(net), backend="eager", fullgraph=True)
    agree(net, input, exported=compiled)
    program = torch.export.export(nn.to_torch(net), (torch.tensor(input),))
    assert compare(program.module()(torch.tensor(input)).detach().numpy(), net.forward(input), atol=1e-10)


@pytest.mark.soak
@each_row
def test_every_module_compiles_and_exports_whole(row):
    module = row.build().evaluate()
    if refused(module):
        return
    exported, input = nn.to_torch(module), map_table(torch.tensor, row.draw())
    if any(type(part).__name__ == "Wrapped" for part in exported.modules()):
        return  # our own code is a break in the graph
    expected = arrays(exported(input))
    torch._dynamo.reset()
    compiled = torch.compile(exported, fullgraph=True, backend="eager")
    for made in (compiled(input), torch.export.export(exported, (input,)).module()(input)):
        if not getattr(module, "stochastic_inference", False):
            assert compare(arrays(made), expected, atol=1e-10)
