"""Containers side by side: how gradients add, how they print, where they fail, and how MapTable's copies live."""

import pickle

import numpy as np
import pytest

import pygraph_nn as nn
from pygraph_nn.nesting import compare


class Sloppy(nn.Identity):
    """Gives the gradient of a part of the input only."""

    def updateGradInput(self, input, gradOutput):
        self.gradInput = [gradOutput[0], gradOutput[1][:1]]
        return self.gradInput


def test_concat_table_follows_a_table_whose_length_changes():
    net = nn.ConcatTable().add(nn.Identity()).add(nn.Identity())
    for length in (2, 1, 3):
        x = [np.ones(5) for _ in range(length)]
        assert len(net.forward(x)) == 2
        assert compare(net.backward(x, [x, x]), [2 * entry for entry in x])


def test_an_entry_without_gradient_counts_as_zero():
    x = [np.ones(2), [np.ones(3), np.ones(4)]]
    for modules in ([Sloppy(), nn.Identity()], [nn.Identity(), Sloppy()]):
        net = nn.ConcatTable().add(modules[0]).add(modules[1])
        net.forward(x)
        assert compare(net.backward(x, [x, x]), [2 * x[0], [2 * x[1][0], x[1][1]]])


def test_gradients_of_another_length_than_the_input_are_refused():
    class Short(nn.Identity):
        def updateGradInput(self, input, gradOutput):
            return gradOutput[:1]

    net, x = nn.ConcatTable().add(Short()), [np.ones(2), np.ones(2)]
    net.forward(x)
    with pytest.raises(nn.ShapeError, match="2 entries, but module 1"):
        net.updateGradInput(x, [x])


def test_depth_concat_centres_and_honours_scale():
    net = nn.DepthConcat(1).add(nn.Linear(5, 4)).add(nn.Narrow(1, 1, 1))
    assert net.forward(np.ones(5)).shape == (5,)
    plain = nn.DepthConcat(1).add(nn.Identity()).add(nn.Narrow(2, 1, 2))
    assert plain.forward(np.ones((1, 5)))[1].tolist() == [0, 1, 1, 0, 0]


def test_parallel_leaves_modules_without_a_slice_alone():
    net = nn.Parallel(1, 1).add(nn.Tanh()).add(nn.Tanh())
    assert net.forward(np.zeros((1, 3))).shape == (3,)
    assert net.backward(np.zeros((1, 3)), np.ones(3)).shape == (1, 3)
    assert net.modules[1].output is None


@pytest.mark.parametrize(
    "net",
    [nn.ConcatTable(), nn.Concat(1), nn.DepthConcat(1), nn.ParallelTable(), nn.Parallel(1, 1)],
    ids=lambda net: net.typename(),
)
def test_containers_print_as_in_torch7(net):
    net.modules = [nn.Sequential().add(nn.Tanh()), nn.Sequential().add(nn.ReLU())]
    assert repr(net).split("\n") == [
        net.typename() + " {",
        "  input",
        "    |`-> (1): nn.Sequential {",
        "    |      [input -> (1) -> output]",
        "    |      (1): nn.Tanh",
        "    |    }",
        "     `-> (2): nn.Sequential {",
        "           [input -> (1) -> output]",
        "           (1): nn.ReLU",
        "         }",
        "     ... -> output",
        "}",
    ]


def test_a_failure_names_the_place():
    net = nn.Sequential().add(nn.ConcatTable().add(nn.Tanh()).add(nn.Bottle(nn.Linear(3, 2))))
    place = (
        r"in module 1 of nn.Sequential: in module 2 of nn.ConcatTable: in module 1 of nn.Bottle, nn.Linear\(3 -> 2\)"
    )
    with pytest.raises(nn.NodeError, match=place):
        net.forward(np.ones((2, 2, 4)))


def test_containers_are_transparent():
    def build():
        branches = nn.Concat(2).add(nn.Linear(3, 2)).add(nn.Bottle(nn.Linear(3, 1)))
        return nn.Sequential().add(nn.ConcatTable().add(branches).add(nn.NaN(nn.Linear(3, 3), 1)))

    net = build()
    twin = net.clone("weight", "bias", "gradWeight", "gradBias")
    flat, _ = net.getParameters()
    flat.fill(0.5)
    assert flat.size == 24 and all((p == 0.5).all() for p in twin.parameters()[0])
    assert len(net.findModules("nn.Linear")[0]) == len(net.findModules("Linear")[0]) == 3
    net.replace(lambda module: nn.Tanh() if isinstance(module, nn.Linear) else module)
    assert len(net.findModules("nn.Tanh")[0]) == 3 and not net.parameters()[0]
    x = np.ones((2, 3))
    assert compare(pickle.loads(pickle.dumps(twin)).forward(x), twin.forward(x))


def test_the_copies_of_a_map_table_share_their_parameters():
    net = nn.MapTable(nn.Sequential().add(nn.Linear(2, 2)))
    x = [np.ones(2), np.zeros(2), np.ones((3, 2))]
    net.forward(x)
    assert len(net.parameters()[0]) == 2 and net.size() == 3
    flat, gradient = net.getParameters()
    net.zeroGradParameters()
    net.forward(x)
    net.backward(x, [np.ones(2), np.ones(2), np.ones((3, 2))])
    assert gradient[4:].tolist() == [5, 5]
    net.float()
    weights = [module.modules[0].weight for module in net.modules]
    assert all(np.shares_memory(weights[0], weight) and weight.dtype == np.float32 for weight in weights)
    assert net.clearState().size() == 1
    twin = net.clone("weight", "bias")
    twin.forward([entry.astype("float32") for entry in x])
    assert np.shares_memory(net.module.modules[0].weight, twin.modules[2].modules[0].weight)


def test_unshared_copies_keep_their_parameters():
    net = nn.MapTable(nn.Linear(2, 2), False)
    net.forward([np.ones(2), np.ones(2)])
    assert len(net.parameters()[0]) == 4
    net.modules[1].weight.fill(7)
    assert net.clearState().modules[1].weight[0, 0] == 7
    other = nn.MapTable(nn.Linear(2, 2), False).share(net, "weight")
    assert np.shares_memory(other.modules[1].weight, net.modules[1].weight)
    assert net.resize(1).size() == 1


def test_a_map_table_has_one_module():
    assert repr(nn.MapTable()) == "nn.MapTable { }" and nn.MapTable().module is None
    with pytest.raises(nn.GraphError, match="single module"):
        nn.MapTable(nn.Tanh()).add(nn.Tanh())
    with pytest.raises(nn.GraphError, match="add one"):
        nn.MapTable().forward([np.ones(1)])
    net = nn.MapTable(nn.Tanh())
    net.forward([np.ones(1), np.ones(1)])
    net.replace(lambda module: nn.ReLU() if isinstance(module, nn.Tanh) else module)
    assert net.forward([-np.ones(1), np.ones(1)])[0] == 0


def test_a_silent_change_of_type_is_refused_at_the_door():
    for net in (nn.ConcatTable().add(nn.Tanh()), nn.Sequential().add(nn.Tanh()), nn.Bottle(nn.Tanh())):
        with pytest.raises(nn.NodeError, match="float64"):
            net.float().forward(np.ones((2, 2)))


@pytest.mark.parametrize("container", [nn.Sequential, nn.ParallelTable, nn.ConcatTable])
@pytest.mark.parametrize("arguments", [(nn.Tanh(), nn.Sigmoid()), ([nn.Tanh()],)])
def test_modules_are_added_and_not_given_to_the_constructor(container, arguments):
    with pytest.raises(nn.GraphError, match=r"\(\) takes no arguments; modules are added one by one: .add\(module\)"):
        container(*arguments)
    with pytest.raises(nn.GraphError, match=r"takes no Node"):
        container(nn.Identity()())
