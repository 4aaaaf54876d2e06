"""gModules in .t7 files: built here and written for Torch7, deep, standing in tables, damaged or hostile."""

import io

import numpy as np
import pytest

import pygraph_nn as nn
from pygraph_nn.t7.format import T7Object, T7Pairs
from pygraph_nn.t7.reader import read
from pygraph_nn.t7.writer import write
from tests.t7_files import GRAPHS
from tests.t7_structures import entries


def saved(obj):
    file = io.BytesIO()
    nn.save(file, obj)
    file.seek(0)
    return file


def again(obj):
    return nn.load(saved(obj))


def branching():
    """Three inputs, a split, a shared module, an annotation, two outputs."""
    x, y, z = nn.Identity()(), nn.Identity()(), nn.Identity()()
    linear = nn.Linear(4, 4)
    first, second = nn.SplitTable(2)(nn.Reshape(2, 2)(linear(x))).split(2)
    total = nn.JoinTable(2)([first, second]).annotate(name="total", graphAttributes={"color": "blue"})
    return nn.gModule([x, y, z], [nn.CAddTable()([total, linear(y)]), nn.Tanh()(z)])


def test_a_network_built_here_comes_back_and_gives_the_same(tmp_path):
    net = branching()
    input = [nn.randn(3, 4), nn.randn(3, 4), nn.randn(3, 2)]
    output = net.forward(input)
    gradInput = net.backward(input, output)
    for format in ("binary", "ascii"):
        nn.save(tmp_path / "net.t7", net, format)
        twin = nn.load(tmp_path / "net.t7")
        twin.zeroGradParameters()
        for ours, theirs in zip(twin.forward(input), output, strict=True):
            assert np.array_equal(ours, theirs)
        for ours, theirs in zip(twin.backward(input, output), gradInput, strict=True):
            assert np.array_equal(ours, theirs)
        assert twin["total"].annotations["graphAttributes"] == {"color": "blue"}
        assert [n.title() for n in twin.forwardnodes] == [n.title() for n in net.forwardnodes]
        assert twin["total"].declared == net["total"].declared


def test_nngraphs_invariants_hold_in_what_is_written():
    raw = read(saved(branching()))
    fields = raw.fields
    for graph in (fields["fg"], fields["bg"]):
        nodes, node_places = entries(graph.fields["nodes"])
        edges, edge_places = entries(graph.fields["edges"])
        assert [place for _, place in node_places] == sorted(nodes) == [node.fields["id"] for node in nodes.values()]
        assert all(edges[place] is edge for edge, place in edge_places)
        for edge in edges.values():
            children, _ = entries(edge.fields["from"].fields["children"])
            assert any(child is edge.fields["to"] for child in children.values())
    assert fields["innode"] is fields["forwardnodes"][0] and fields["outnode"] is fields["backwardnodes"][0]
    assert fields["output"] is fields["outnode"].fields["data"]["input"]
    for forward in fields["forwardnodes"]:
        data = forward.fields["data"]
        assert data["forwardNodeId"] == forward.fields["id"]
        numbered, places = entries(data["mapindex"])
        assert all(numbered[place] is source for source, place in places)
        backward = next(node for node in fields["backwardnodes"] if node.fields["data"] is data)
        children, _ = entries(backward.fields["children"])
        assert [id(child.fields["data"]) for child in children.values()] == [id(part) for part in numbered.values()]
    modules = [node.fields["data"]["module"] for node in fields["forwardnodes"] if "module" in node.fields["data"]]
    assert [id(module) for module in modules] == [id(module) for module in fields["modules"]]
    assert len({id(module) for module in modules}) == len(modules) - 1


def test_a_node_that_is_taken_twice_reaches_torch7_through_an_identity():
    x = nn.Identity()()
    net = nn.gModule([x], [nn.CMulTable()([x, x, x])])
    twin = again(net)
    assert twin.forward(np.array([2.0])) == 8.0 and twin.backward(np.array([2.0]), np.ones(1)) == 12.0
    raw = read(saved(net)).fields["forwardnodes"]
    assert all(len({id(part) for part in entries(n.fields["data"]["mapindex"])[0].values()})
               == len(entries(n.fields["data"]["mapindex"])[0]) for n in raw)  # fmt: skip


def test_nodes_and_graphs_in_tables_are_those_of_the_network():
    net = nn.gModule([x := nn.Identity()()], [h := nn.Tanh()(x)])
    found = again({"fg": net.fg, "net": net, "bg": net.bg, "node": h, "list": [x]})
    assert found["fg"] is found["net"].fg and found["bg"] is found["net"].bg
    assert found["node"] is found["net"].forwardnodes[-2] and found["list"][0] in found["net"].forwardnodes
    with pytest.raises(nn.T7Error, match="belongs to no gModule"):
        again(nn.Tanh()())


def test_what_users_keep_with_nodes_and_networks_comes_along():
    net = nn.gModule([x := nn.Identity()()], [nn.Tanh()(x)]).needGradInput(False)
    net.name, net.version, net.forwardnodes[1].note = "small", [1, 2], "an input"
    twin = again(net)
    assert (twin.name, twin.version, twin.forwardnodes[1].note, twin.wanted) == ("small", [1, 2], "an input", (False,))


def test_a_module_in_evaluation_mode_and_a_networks_type_come_along():
    twin = again(branching().float().evaluate())
    assert twin.type() == "torch.FloatTensor" and not twin.train and not twin.modules[0].train
    assert twin.findModules("nn.Linear")[0][0].weight.dtype == np.float32


def chain(depth):
    h = x = nn.Identity()()
    for _ in range(depth):
        h = nn.Tanh()(h)
    return nn.gModule([x], [h])


@pytest.mark.parametrize("depth", [3_000, pytest.param(100_000, marks=pytest.mark.soak)])
def test_depth_is_no_limit(depth):
    twin = again(chain(depth))
    assert len(twin.modules) == depth + 1 and twin.forward(np.ones(1)) == chain(depth).forward(np.ones(1))


def test_containers_in_containers_are_no_limit_either():
    net = nn.Tanh()
    for _ in range(3_000):
        net = nn.Sequential().add(net)
    assert len(again(net).listModules()) == 3_001


# What no Torch7 wrote


def raw_chain():
    """A small gModule, generic: (the object, the data of its nodes)."""
    obj = read(saved(chain(2)))
    return obj, [node.fields["data"] for node in obj.fields["forwardnodes"]]


def load_error(obj):
    file = io.BytesIO()
    write(file, {"net": obj})
    file.seek(0)
    with pytest.raises(nn.T7Error) as caught:
        nn.load(file)
    return caught.value


def swap(data, sources):
    data["mapindex"] = T7Pairs([*enumerate(sources, 1), *((source, n) for n, source in enumerate(sources, 1))])


def cycle(obj, data):
    swap(data[1], [data[2]])


def missing_input(obj, data):
    swap(data[2], [{"annotations": {}}])


def fed_twice(obj, data):
    swap(data[2], [data[0]])


def unfed(obj, data):
    swap(data[2], [])


def wrong_place(obj, data):
    data[2]["mapindex"] = T7Pairs([(2, data[1])])


def no_module(obj, data):
    data[2]["module"] = {"weight": 1}


def odd_select(obj, data):
    data[2]["selectindex"] = "first"


def no_outputs(obj, data):
    swap(data[-1], [])


def twice(obj, data):
    obj.fields["forwardnodes"].append(obj.fields["forwardnodes"][1])


def lost_outnode(obj, data):
    obj.fields["forwardnodes"].pop()


def odd_node(obj, data):
    obj.fields["forwardnodes"][1] = 7


def odd_data(obj, data):
    obj.fields["forwardnodes"][1].fields["data"] = "data"


def no_nodes(obj, data):
    del obj.fields["forwardnodes"]


def no_innode(obj, data):
    del obj.fields["innode"]


def odd_split(obj, data):
    data[1]["nSplitOutputs"] = 2**50


@pytest.mark.parametrize(
    ("damage", "path"),
    [
        (cycle, "net"),
        (missing_input, "net.forwardnodes[3].data.mapindex"),
        (fed_twice, "net"),
        (unfed, "net"),
        (wrong_place, "net.forwardnodes[3].data.mapindex"),
        (no_module, "net.forwardnodes[3].data.module"),
        (odd_select, "net.forwardnodes[3].data.selectindex"),
        (no_outputs, "net"),
        (twice, "net.forwardnodes"),
        (lost_outnode, "net.outnode"),
        (odd_node, "net.forwardnodes[2]"),
        (odd_data, "net.forwardnodes[2].data"),
        (no_nodes, "net.forwardnodes"),
        (no_innode, "net.innode"),
        (odd_split, "net.forwardnodes[2]"),
    ],
)
def test_a_damaged_graph_is_an_error_with_its_path(damage, path):
    obj, data = raw_chain()
    damage(obj, data)
    error = load_error(obj)
    assert error.path.startswith(path) and "gModule" in str(error)


def test_a_network_that_holds_itself_is_an_error():
    obj, data = raw_chain()
    data[1]["module"] = obj
    assert "holds itself" in str(load_error(obj))
    loop = T7Object("nn.Sequential")
    loop.fields["modules"] = [T7Object("nn.Sequential", fields={"modules": [loop]})]
    error = load_error(loop)
    assert "holds itself" in str(error) and error.path.startswith("net")


@pytest.mark.parametrize(
    ("name", "fields", "path"),
    [
        ("nn.Sequential", {"modules": 5}, "net.modules"),
        ("nn.Sequential", {"modules": [T7Object("nn.MSECriterion")]}, "net.modules"),
        ("nn.Linear", {"weight": "heavy"}, "net.weight"),
        ("nn.SpatialConvolution", {"weight": np.ones((2, 9)), "nOutputPlane": "two"}, "net"),
        ("nn.BatchNormalization", {"running_std": "unknown"}, "net"),
        ("nn.PartialLinear", {}, "net"),
        ("nn.Narrow", {"length": 1.0, "index": 2.0}, "net.dimension"),
        ("nn.Linear", {"bias": np.ones(2)}, "net.weight"),
        ("nn.CReLU", {"inplace": True}, "net.nInputDims"),
        ("nn.SoftPlus", {"beta": 1.0, "threshold": None}, "net.threshold"),
        ("nn.FeatureLPPooling", {"width": 2, "stride": 1, "power": 2, "batch_mode": np.inf}, "net"),
        ("nn.Tanh", T7Pairs([([1], 2)]), None),
    ],
)
def test_fields_that_make_no_sense_are_an_error_with_its_path(name, fields, path):
    if path is None:
        assert again(T7Object(name, fields=fields)) is not None
    else:
        error = load_error(T7Object(name, fields=fields))
        assert error.path == path and name in str(error)


def test_damaged_files_give_networks_or_errors():
    generator, done = np.random.default_rng(5), 0
    for file in GRAPHS[:6]:
        data = bytearray(file.read_bytes())
        for _ in range(25):
            copy = bytearray(data)
            for place in generator.integers(0, len(copy), 3):
                copy[place] = generator.integers(0, 256)
            try:
                nn.load(io.BytesIO(bytes(copy)))
            except nn.T7Error:
                done += 1
    assert done > 20
