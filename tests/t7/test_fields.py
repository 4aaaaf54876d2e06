"""The fields of written modules, as Torch7's constructors leave them, and of read ones, as a pass leaves them there."""

import io

import numpy as np
import pytest

import pygraph_nn as nn
from pygraph_nn.t7 import contents
from pygraph_nn.t7.format import T7Object, T7Storage
from pygraph_nn.t7.reader import read
from pygraph_nn.t7.writer import write


def written(obj):
    """The fields of an object as they stand in its file."""
    file = io.BytesIO()
    nn.save(file, obj)
    file.seek(0)
    return read(file).fields


def loaded(class_name, fields):
    """What becomes of an object of a file."""
    file = io.BytesIO()
    write(file, T7Object(class_name, fields=fields))
    file.seek(0)
    return nn.load(file)


def kind(value):
    """A value's kind in the file: a tensor's or storage's type and shape, else the value itself."""
    if isinstance(value, T7Storage):
        return f"{value.array.dtype.name} storage", value.array.tolist()
    return (value.dtype.name, value.shape) if isinstance(value, np.ndarray) else value


FLOAT, EMPTY = ("float64", (1,)), ("float64", (0,))
CONSTRUCTED = [
    (nn.Bottle(nn.Select(3, 1), 3, 2), {"dimDelta": 1, "inShape": ("float64", (3,)), "outShape": ("float64", (2,))}),
    (
        nn.Convert("hwcb", "bchw"),
        {"nInputDim": 4, "inputBatchDim": 4, "outputBatchDim": 1, "transposition": True, "modules": []},
    ),
    (nn.Convert("bt", "b"), {"nInputDim": 2, "nOutputDim": 1, "transposition": None, "modules": []}),
    (nn.Convert(), {"nInputDim": -1, "nOutputDim": -1, "inputShape": "b*", "transposition": True}),
    (nn.Copy("torch.LongTensor", "torch.FloatTensor"), {"gradInput": ("int64", (0,)), "output": ("float32", (0,))}),
    (nn.CriterionTable(nn.MSECriterion()), {"output": FLOAT}),
    (nn.MultiCriterion().add(nn.MSECriterion(), 0.5), {"weights": ("float64 storage", [0.5])}),
    (nn.Parallel(1, 2), {"inputDimension": 1, "outputDimension": 2, "dimension": None, "outputSize": None}),
    (nn.SparseLinear(4, 3), {"gradInput": [], "output": ("float64", (3,)), "sparseUpdate": 0}),
    (nn.WeightedEuclidean(4, 3), {"gradInput": EMPTY, "output": EMPTY}),
    (nn.WeightNorm(nn.Linear(4, 3)), {"g": ("float64", (3, 1)), "gradG": ("float64", (3, 1)), "otherDims": 4}),
    (nn.WeightNorm(nn.Linear(4, 3)), {"_norm": ("float64", (3,)), "viewIn": ("int64 storage", [3, 4])}),
]


@pytest.mark.parametrize("module, expected", CONSTRUCTED, ids=lambda value: getattr(value, "typename", lambda: "")())
def test_what_constructors_make_is_written(module, expected):
    fields = written(module)
    assert {name: kind(fields.get(name)) for name in expected} == expected


@pytest.mark.parametrize("module", [nn.MapTable(nn.Linear(3, 2)), nn.Profile(nn.Linear(3, 2))], ids=repr)
def test_the_module_inside_has_a_second_name(module):
    fields = written(module)
    assert fields["module"] is fields["modules"][0] and fields["module"].class_name == "nn.Linear"
    assert "module" not in vars(loaded(module.typename(), fields))


def test_a_timer_has_no_body():
    assert written(nn.Profile(nn.Tanh()))["timer"].class_name == "torch.Timer"
    file = io.BytesIO()
    write(file, [T7Object("torch.Timer"), "behind it"], "ascii")
    assert file.getvalue().endswith(b"4\n2\n3\nV 1\n11\ntorch.Timer\n1\n2\n2\n9\nbehind it\n")
    file.seek(0)
    timer, behind = read(file)
    assert timer.fields == {} and behind == "behind it"


def test_parallel_knows_its_dimension_by_one_name():
    tanh = T7Object("nn.Tanh", fields={"_type": "torch.DoubleTensor"})
    fields = {"inputDimension": 1, "outputDimension": 1, "modules": [tanh, tanh], "train": True}
    assert loaded("nn.Parallel", fields).forward(np.ones((2, 3))).shape == (6,)


def test_the_types_of_a_copy_are_those_of_its_arrays():
    arrays = {"gradInput": np.empty(0, "int32"), "output": np.empty(0, "float32")}
    copy = loaded("nn.Copy", {**arrays, "_type": "torch.DoubleTensor"})
    assert (copy.intype, copy.outtype, copy.forceCopy) == ("torch.IntTensor", "torch.FloatTensor", False)
    assert copy.forward(np.ones(2, "int32")).dtype == np.float32
    assert loaded("nn.Copy", {"gradInput": np.empty(0), "output": np.empty(0)}).forceCopy


@pytest.mark.parametrize("force", [False, True])
def test_a_copy_of_one_type_stays_what_it_is(force):
    fields = written(nn.Copy("torch.FloatTensor", "torch.FloatTensor", force))
    copy = loaded("nn.Copy", fields)
    assert (copy.intype, copy.outtype, copy.forceCopy) == ("torch.FloatTensor", "torch.FloatTensor", force)


def test_a_criterion_with_weights_in_a_storage_takes_one_more():
    loss = loaded("nn.MultiCriterion", written(nn.MultiCriterion().add(nn.MSECriterion(), 0.5)))
    assert loss.add(nn.AbsCriterion(), 2).forward(np.array([2.0]), np.zeros(1)) == 6


def test_index_linear_of_which_nothing_is_said_does_not_train():
    fields = written(nn.IndexLinear(4, 2, normalize=True))
    del fields["train"]
    net = loaded("nn.IndexLinear", fields)
    net.forward([np.array([1]), np.ones(1)])
    assert net.train is False and not net.weight.any()


def test_weight_norm_of_one_row_of_lengths_becomes_a_column():
    net = nn.WeightNorm(nn.Linear(3, 2))
    fields = {**written(net), "g": net.g[:, 0], "gradG": np.zeros(2)}
    twin = loaded("nn.WeightNorm", fields)
    assert twin.g.shape == twin.gradG.shape == (2, 1)
    assert np.array_equal(twin.forward(np.ones(3)), net.forward(np.ones(3)))


LEFT = [
    (nn.Linear(3, 2), {"addBuffer": np.ones(2)}),
    (nn.CosineDistance(), {"buffer": np.ones(2), "w1": np.ones(2), "w22": np.ones(2), "ones": np.ones(2)}),
    (nn.Convert("bf", "fb"), {"batchMode": True, "transposition": True, "nInputDim": 2}),
    (nn.Bottle(nn.Linear(3, 2)), {"inShape": np.ones(2), "dimDelta": 0}),
    (nn.SparseLinear(3, 2), {"lastInput": np.ones((1, 2)), "legacyMode": False}),
    (nn.MSECriterion(), {"output_tensor": np.ones(1)}),
    (nn.PReLU(), {"gradWeightBuf": np.ones(1)}),
]


@pytest.mark.parametrize("module, left", LEFT, ids=lambda value: getattr(value, "typename", lambda: "")())
def test_what_a_pass_left_there_is_not_read(module, left):
    twin = loaded(module.typename(), {**written(module), **left})
    assert not left.keys() & vars(twin).keys()


def test_a_trainer_goes_with_its_network_and_comes_back():
    x = nn.Identity()()
    trainer = nn.StochasticGradient(nn.gModule([x], [nn.Linear(2, 1)(x)]), nn.MSECriterion())
    trainer.learningRate, trainer.verbose, trainer.maxIteration = 0.1, False, 200
    trainer.hookExample = print
    fields = written(trainer)
    assert fields["module"].class_name == "nn.gModule" and "hookExample" not in fields
    file = io.BytesIO()
    nn.save(file, {"trainer": trainer})
    file.seek(0)
    twin = nn.load(file)["trainer"]
    assert type(twin) is nn.StochasticGradient and twin.hookExample is None
    assert twin.train([(np.ones(2), np.ones(1))]) < 1e-9


def test_a_trainers_network_is_seen_and_converted():
    trainer = nn.StochasticGradient(nn.Linear(2, 1), nn.MSECriterion())
    assert contents.tree({"trainer": trainer})[1] == "  trainer  nn.StochasticGradient, 7 fields"
    assert contents.networks([trainer]) == [("[1].module", trainer.module)]
    assert set(contents.arrays(trainer)) >= {"module.weight", "module.bias"}
    trainer.module.forward(np.ones(2))
    contents.retype({"trainer": trainer}, "torch.FloatTensor")
    assert trainer.module.type() == trainer.criterion.type() == "torch.FloatTensor"
    nn.save(io.BytesIO(), [trainer], clear_state=True)
    assert trainer.module.output is None or not trainer.module.output.size
