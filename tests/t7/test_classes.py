"""Classes in .t7 files: strangers, a user's own, those of GPUs, and fields as earlier versions wrote them."""

import io

import numpy as np
import pytest

import pygraph_nn as nn
from pygraph_nn.t7 import classes
from pygraph_nn.t7.format import T7Function, T7Object
from pygraph_nn.t7.reader import read
from pygraph_nn.t7.writer import write
from tests.t7_files import Bytes, assert_same


def file_of(obj):
    file = io.BytesIO()
    write(file, obj)
    file.seek(0)
    return file


def loaded(name, version="V 1", **fields):
    return nn.load(file_of(T7Object(name, version, fields)))


def written(obj):
    file = io.BytesIO()
    nn.save(file, obj)
    file.seek(0)
    return read(file)


@pytest.fixture
def registry(monkeypatch):
    monkeypatch.setattr(classes, "_registered", {})


def stranger():
    inner = {"outputSize": 65, "_eye": np.eye(2), "update": T7Function(b"code"), 3: [True, "x"]}
    return T7Object("OneHot", "V 3", inner)


def test_a_stranger_keeps_everything_shows_it_and_goes_back_unchanged():
    obj = stranger()
    net = nn.load(file_of(T7Object("nn.Sequential", fields={"modules": [obj]})))
    assert net.typename() == "nn.Sequential" and net.modules[0].outputSize == 65
    assert "OneHot(outputSize=65" in repr(net)
    assert_same(written(net).fields["modules"][0], obj)
    assert_same(written(net.clone()).fields["modules"][0], obj)
    assert net.findModules("OneHot")[0] == [net.modules[0]] and net.parameters() == ([], [])
    with pytest.raises(nn.PygraphError, match=r"nobody here knows the class OneHot.*register_class\('OneHot'"):
        net.forward(np.ones(1))
    with pytest.raises(AttributeError, match="OneHot has no field 'colour'"):
        net.modules[0].colour  # noqa: B018


def test_what_is_set_at_a_stranger_is_saved():
    fields = {"outputSize": 65, "weight": np.ones(2), "_type": "torch.DoubleTensor", "train": True}
    net = loaded("nn.Sequential", modules=[T7Object("OneHot", fields=fields)])
    net.modules[0].outputSize = 70
    net.float().evaluate()
    found = written(net).fields["modules"][0].fields
    assert (found["outputSize"], found["_type"], found["train"]) == (70, "torch.FloatTensor", False)
    assert found["weight"].dtype == np.float32 and found.keys() == fields.keys()
    stranger = nn.load(file_of_net(net)).modules[0]
    assert stranger.type() == "torch.FloatTensor" and stranger.train is False


def test_a_stranger_inside_a_graph():
    x = nn.Identity()()
    placeholder = nn.load(file_of(stranger()))
    net = nn.gModule([x], [nn.Tanh()(placeholder(x))])
    twin = nn.load(file_of_net(net))
    assert twin.modules[1].outputSize == 65
    with pytest.raises(nn.NodeError, match="OneHot"):
        twin.forward(np.ones(1))


def file_of_net(net):
    file = io.BytesIO()
    nn.save(file, net)
    file.seek(0)
    return file


def test_a_registered_class_comes_to_life(registry):
    @nn.register_class("OneHot")
    class MyOneHot(nn.Module):
        def updateOutput(self, input):
            self.output = np.eye(self.outputSize)[input.astype(int) - 1]
            return self.output

    module = nn.load(file_of(T7Object("OneHot", fields={"outputSize": 3, "output": np.zeros(2)})))
    assert type(module) is MyOneHot and module.forward(np.array([2.0])).tolist() == [[0, 1, 0]]
    assert written(module).class_name == "OneHot" and written(module).fields["outputSize"] == 3
    with pytest.raises(nn.T7Error, match="takes a class, got 5"):
        nn.register_class("OneHot", 5)
    with pytest.raises(nn.T7Error, match="as a str"):
        nn.register_class(MyOneHot)


def test_a_users_class_may_have_the_name_of_one_of_ours(registry):
    @nn.register_class("mine.Add")
    class Add(nn.Module):
        def updateOutput(self, input):
            self.output = input + self.amount
            return self.output

    twin = nn.load(file_of_net(nn.load(file_of(T7Object("mine.Add", fields={"amount": 2})))))
    assert type(twin) is Add and twin.forward(np.ones(1)) == 3


def test_a_registered_class_that_is_no_module(registry):
    class Loader:
        """Batches."""

    nn.register_class("CharSplitLMMinibatchLoader", Loader)
    loader = nn.load(file_of(T7Object("CharSplitLMMinibatchLoader", fields={"ntrain": 7})))
    assert type(loader) is Loader and loader.ntrain == 7
    assert written({"loader": loader})["loader"].fields == {"ntrain": 7}


def test_a_registered_class_that_cannot_be_made_is_an_error_with_its_place(registry):
    class Pair(tuple):
        def __new__(cls, first, second):
            return super().__new__(cls, (first, second))

    nn.register_class("Pair", Pair)
    with pytest.raises(nn.T7Error, match="registered as Pair cannot be made") as caught:
        nn.load(file_of({"a": T7Object("Pair")}))
    assert caught.value.path == "a" and caught.value.offset


def test_a_network_that_says_it_is_too_large_for_the_memory_is_an_error_with_its_place():
    std = np.broadcast_to(np.ones(1, "float32"), (2**50,))
    with pytest.raises(nn.T7Error, match="do not make sense: .*MemoryError") as caught:
        nn.load(file_of({"net": T7Object("nn.BatchNormalization", fields={"running_std": std})}))
    assert caught.value.path == "net"


def test_a_registered_gmodule_is_written_under_its_name(registry):
    @nn.register_class("mine.Net")
    class Net(nn.gModule):
        """A network with a method of its own."""

    x = nn.Identity()()
    net = Net([x], [nn.Tanh()(x)])
    twin = nn.load(file_of_net(net))
    assert type(twin) is Net and twin.forward(np.ones(2)).tolist() == net.forward(np.ones(2)).tolist()


def test_a_registered_class_that_no_file_can_fill_is_named(registry):
    class Sized:
        __slots__ = ("size",)

        def __new__(cls, size=None):
            return object.__new__(cls)

    class Needy:
        def __new__(cls, size):
            return object.__new__(cls)

    nn.register_class("mine.Sized", Sized)
    nn.register_class("mine.Needy", Needy)
    with pytest.raises(nn.T7Error, match="Sized keeps no attributes in a dict"):
        loaded("mine.Sized", size=1)
    with pytest.raises(nn.T7Error, match="Sized keeps no attributes in a dict"):
        written(Sized())
    with pytest.raises(nn.T7Error, match=r"registered as mine.Needy cannot be made: .*size.*byte"):
        loaded("mine.Needy", size=1)
    with pytest.raises(nn.T7Error, match="tensors and storages are arrays"):
        nn.register_class("torch.CudaStorage", Sized)


def test_a_users_own_module_is_written_under_its_name_and_comes_back_as_a_stranger():
    class Scale(nn.Module):
        def __init__(self):
            super().__init__()
            self.factor = 3

    twin = nn.load(file_of_net(nn.Sequential().add(Scale())))
    assert twin.modules[0].typename() == "Scale" and twin.modules[0].factor == 3


def test_objects_of_torch_itself_stay_generic():
    assert isinstance(loaded("torch.CmdLine", options=[]), T7Object)


def gpu_tensor(file, index, name, values):
    return file.tensor(index, f"torch.{name}Tensor", [len(values)], [1]).storage(
        index + 1, f"torch.{name}Storage", values, np.float32
    )


def test_a_network_from_a_gpu_is_one_on_the_cpu():
    file = Bytes().torch(1, "nn.Mul").table(2, 3).string("weight")
    gpu_tensor(file, 3, "Cuda", [2.0]).string("gradWeight")
    gpu_tensor(file, 5, "Cuda", [0.0]).string("_type").string("torch.CudaTensor")
    net = nn.load(io.BytesIO(file.data))
    assert net.type() == "torch.FloatTensor"
    assert net.forward(np.ones(2, np.float32)).tolist() == [2, 2]


CONVOLUTION = {"nInputPlane": 1, "nOutputPlane": 2, "kW": 3, "kH": 2, "dW": 1, "dH": 1}


def weights(shape, **fields):
    return {"weight": np.ones(shape, np.float32), "gradWeight": np.zeros(shape, np.float32), **fields}


@pytest.mark.parametrize(
    ("name", "fields", "ours"),
    [
        ("cudnn.SpatialConvolution", {**CONVOLUTION, **weights((2, 1, 2, 3)), "groups": 1, "padW": 0, "padH": 0,
                                      "bias": np.zeros(2, np.float32)}, nn.SpatialConvolution),
        ("cudnn.ReLU", {"mode": "CUDNN_ACTIVATION_RELU"}, nn.ReLU),
        ("cudnn.Tanh", {}, nn.Tanh),
        ("cudnn.Sigmoid", {}, nn.Sigmoid),
        ("cudnn.SpatialSoftMax", {"ssm_algo": "accurate"}, nn.SpatialSoftMax),
        ("cudnn.SpatialMaxPooling", {"kW": 2, "kH": 2, "dW": 2, "dH": 2, "padW": 0, "padH": 0}, nn.SpatialMaxPooling),
        ("cudnn.SpatialAveragePooling", {"kW": 2, "kH": 2, "dW": 2, "dH": 2}, nn.SpatialAveragePooling),
        ("cudnn.ClippedReLU", {"ceiling": 2}, nn.HardTanh),
    ],
)  # fmt: skip
def test_cudnn_has_counterparts_that_run(name, fields, ours):
    module = loaded(name, _type="torch.CudaTensor", **fields)
    assert type(module) is ours
    image = np.linspace(-3, 3, 16, dtype=np.float32).reshape(1, 1, 4, 4)
    output = module.forward(image)
    assert output.dtype == np.float32
    if name.endswith("AveragePooling"):
        assert np.allclose(output, image.reshape(1, 1, 2, 2, 2, 2).mean((3, 5)))
    if name.endswith("ClippedReLU"):
        assert np.array_equal(output, image.clip(0, 2))
    assert written(module).class_name == ours.typename()


def test_cudnn_batch_normalization_and_half_precision():
    numbers = {name: np.ones(3, np.float16) for name in ("weight", "bias", "running_mean", "running_var")}
    module = loaded("cudnn.SpatialBatchNormalization", _type="torch.CudaHalfTensor", train=False, nDim=4, **numbers,
                    gradWeight=np.zeros(3, np.float16), gradBias=np.zeros(3, np.float16), eps=0.0, affine=True,
                    momentum=0.1)  # fmt: skip
    output = module.forward(np.full((1, 3, 2, 2), 4, np.float32))
    assert np.allclose(output, 4) and output.dtype == np.float32


def test_what_has_no_counterpart_stays_a_stranger():
    assert loaded("cudnn.BLSTM", hiddenSize=5).hiddenSize == 5
    grouped = loaded("nn.Sequential", modules=[
        T7Object("cudnn.SpatialConvolution", fields={**CONVOLUTION, **weights((2, 1, 2, 3)), "groups": 2})
    ]).modules[0]  # fmt: skip
    assert grouped.typename() == "cudnn.SpatialConvolution" and grouped.weight.shape == (2, 1, 2, 3)
    with pytest.raises(nn.StateError, match="nobody here knows the class cudnn.SpatialConvolution"):
        grouped.forward(np.ones((2, 4, 4)))
    assert written(grouped).fields["groups"] == 2


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("nn.SpatialConvolutionCUDA", {**CONVOLUTION, **weights((1, 2, 3, 2))}),  # the batch is its last dimension
        ("nn.SpatialMaxPoolingCUDA", {"kW": 2, "kH": 2, "dW": 2, "dH": 2}),
        ("cudnn.VolumetricSoftMax", {}),
        ("cudnn.TemporalConvolution", {"kW": 2, "kH": 3, "dW": 1, "dH": 1, "padH": 1, **weights((4, 6))}),
    ],
)
def test_what_would_compute_something_else_stays_a_stranger(name, fields):
    assert loaded(name, **fields).typename() == name


def test_cudnn_takes_time_for_a_height():
    nn.manualSeed(1)
    ours, x = nn.TemporalConvolution(2, 4, 3, 2).float(), nn.randn(7, 2).astype(np.float32)
    sizes = {"kW": 2, "kH": 3, "dW": 1, "dH": 2, "padW": 0, "padH": 0, "nInputPlane": 1, "nOutputPlane": 4, "groups": 1}
    numbers = {name: getattr(ours, name) for name in ("weight", "bias", "gradWeight", "gradBias")}
    module = loaded("cudnn.TemporalConvolution", inputFrameSize=2, outputFrameSize=4, **sizes, **numbers)
    assert np.array_equal(module.forward(x), ours.forward(x))
    assert vars(module).keys() == vars(ours).keys()


def test_cudnn_wrote_k_in_capitals():
    module = loaded("cudnn.SpatialCrossMapLRN", size=3, alpha=0.5, beta=0.75, K=2)
    image = np.linspace(-1, 1, 20).reshape(5, 2, 2)
    assert np.array_equal(module.forward(image), nn.SpatialCrossMapLRN(3, 0.5, 0.75, 2).forward(image))


def test_the_first_of_several_replicas_is_the_network():
    replicas = [T7Object("nn.Tanh"), T7Object("nn.Tanh")]
    assert len(loaded("nn.DataParallelTable", modules=replicas).modules) == 1


# Fields of earlier versions


def test_running_std_becomes_running_var():
    std = 1 / np.sqrt(np.array([4.0, 9.0]) + 1e-5)
    module = loaded("nn.BatchNormalization", running_std=std, running_mean=np.zeros(2), eps=1e-5, momentum=0.1)
    assert np.allclose(module.running_var, [4, 9]) and not hasattr(module, "running_std")
    assert module.affine is False and module.evaluate().forward(np.full((1, 2), 6.0)).round(3).tolist() == [[3, 2]]


def test_a_convolutions_weights_were_matrices():
    module = loaded("nn.SpatialConvolution", **CONVOLUTION, **weights((2, 6)), bias=np.zeros(2, np.float32), padding=1)
    assert module.weight.shape == (2, 1, 2, 3) and (module.padW, module.padH) == (1, 1)
    assert module.forward(np.ones((1, 2, 3), np.float32)).shape == (2, 3, 3)
    module = loaded("nn.SpatialConvolutionMM", **CONVOLUTION, **weights((2, 6)), bias=np.zeros(2, np.float32))
    assert module.weight.shape == (2, 6) and module.padW == 0


def test_average_pooling_did_not_divide():
    module = loaded("nn.SpatialAveragePooling", kW=2, kH=2, dW=2, dH=2)
    assert module.forward(np.ones((1, 2, 2))).tolist() == [[[4]]]


def test_other_fields_that_came_later():
    assert loaded("nn.GradientReversal").updateGradInput(np.ones(1), np.ones(1)) == -1
    assert loaded("nn.SpatialMaxPooling", kW=2, kH=2, dW=2, dH=2).ceil_mode is False
    assert loaded("nn.Dropout", p=0.5).v2 is False
    assert loaded("nn.Mean", dimension=1).forward(np.array([[1.0], [3.0]])).tolist() == [2]
    assert loaded("nn.Padding", dim=1, pad=2, value=0).forward(np.ones(1)).tolist() == [1, 0, 0]
    assert loaded("nn.Linear", weight=np.ones((1, 2))).forward(np.ones(2)) == 2
    assert loaded("nn.Tanh").train is True
    assert loaded("nn.Linear", weight=np.ones((1, 2), np.float32)).type() == "torch.FloatTensor"


def test_a_gmodule_without_modules_and_number_of_inputs():
    x, y = nn.Identity()(), nn.Identity()()
    raw = written(nn.gModule([x, y], [nn.CAddTable()([x, y])]))
    for name in ("modules", "nInputs"):
        del raw.fields[name]
    net = nn.load(file_of(raw))
    assert net.nInputs == 2 and len(net.modules) == 3 and net.forward([np.ones(1), np.ones(1)]) == 2


def test_an_old_gradOutputBuffer_is_no_part_of_a_node():
    raw = written(nn.gModule([x := nn.Identity()()], [nn.Tanh()(x)]))
    raw.fields["forwardnodes"][1].fields["data"].update(gradOutputBuffer=np.ones(1), gradOutput=[np.ones(1)], input=[3])
    net = nn.load(file_of(raw))
    assert not hasattr(net.forwardnodes[1], "gradOutputBuffer") and net.forward(np.zeros(1)) == 0


def test_what_passes_left_is_not_carried_along():
    module = loaded("nn.Tanh", output=np.ones(5), gradInput=np.ones(5))
    assert module.output is None and module.gradInput is None
    net = nn.Sequential().add(nn.Linear(2, 2)).add(nn.Dropout(0.5))
    plain = file_of_net(net).getvalue()
    net.forward(np.ones((3, 2)))
    assert len(file_of_net(net).getvalue()) == len(plain)
    file = io.BytesIO()
    nn.save(file, [net], clear_state=True)
    assert net.output is None
    graph = nn.gModule([x := nn.Identity()()], [nn.gModule([y := nn.Identity()()], [nn.Tanh()(y)])(x)])
    plain = file_of_net(graph).getvalue()
    graph.backward(np.ones((3, 2)), graph.forward(np.ones((3, 2))))
    assert file_of_net(graph).getvalue() == plain


def test_modules_and_criterions_of_the_package_are_all_found():
    names = classes.zoo()
    assert {"nn.Linear", "nn.gModule", "nngraph.JustElement", "nn.MSECriterion", "nn.ModuleFromCriterion"} <= set(names)
    assert "nn.Placeholder" not in names and not any("._" in name for name in names)


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.Unroll(nn.LSTM.create(3, 4), state_sizes=[4, 4]),
        lambda: nn.Bidirectional(nn.GRU.create(3, 4), nn.GRU.create(3, 4)),
        lambda: nn.Layers(nn.Unroll(nn.LSTM.create(3, 4), reverse=True), nn.Unroll(nn.RNN.create(4, 2))),
    ],
)
def test_recurrent_networks_come_back(make):
    net, x = make(), nn.randn(5, 2, 3)
    plain = file_of_net(net).getvalue()
    output = net.forward(x)
    assert file_of_net(net).getvalue() == plain
    twin = nn.load(file_of_net(net))
    assert type(twin) is type(net) and twin.states is None and np.array_equal(twin.forward(x), output)
    twin.zeroGradParameters()
    assert np.array_equal(twin.backward(x, output), net.backward(x, output))
    for ours, theirs in zip(twin.parameters()[1], net.parameters()[1], strict=True):
        assert np.array_equal(ours, theirs)
