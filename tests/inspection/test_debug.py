"""The debug mode: pictures of failures, and the first node that puts out NaN."""

import timeit

import numpy as np
import pytest

import pygraph_nn as nn
from pygraph_nn.inspection import render


class Root(nn.Module):
    """sqrt(x), with its NaN."""

    def updateOutput(self, input):
        with np.errstate(all="ignore"):
            self.output = np.sqrt(input)
        return self.output

    def updateGradInput(self, input, gradOutput):
        with np.errstate(all="ignore"):
            self.gradInput = gradOutput / (2 * self.output)
        return self.gradInput


@pytest.fixture
def root():
    """Return sqrt(x) + x."""
    x = nn.Identity()().annotate(name="x")
    net = nn.gModule([x], [nn.CAddTable()([Root()(x).annotate(name="root"), x])])
    net.name = "roots/of x"
    return net


def test_a_failure_is_drawn_in_red_and_the_cause_stays(net, tmp_path):
    net.name = "too wide"
    with nn.setDebug(True, folder=tmp_path), pytest.raises(nn.NodeError) as failure:
        net.forward(np.ones((2, 5)))
    assert isinstance(failure.value.__cause__, nn.ShapeError)
    assert failure.value.node is net["h"]
    text = (tmp_path / "too_wide.dot").read_text(encoding="utf-8")
    assert "failed: ShapeError" in text
    assert text.count("#ff5c5c") == 1
    assert f"picture: {tmp_path / 'too_wide'}" in str(failure.value)


def test_a_name_that_is_a_number_names_the_picture(net, tmp_path):
    net.name = 5
    with nn.setDebug(True, folder=tmp_path), pytest.raises(nn.NodeError, match="expects a vector"):
        net.forward(np.ones((2, 5)))
    assert (tmp_path / "5.dot").exists()


def test_a_folder_is_a_path(net):
    for wrong in (None, 5):
        with pytest.raises(nn.RangeError, match="folder is the path of a folder, got"):
            nn.setDebug(True, folder=wrong)
    assert not nn.gModule._listeners


def test_the_picture_of_a_network_with_a_long_name_has_a_shorter_one(net, tmp_path):
    net.name = "long " * 100
    with nn.setDebug(True, folder=tmp_path), pytest.raises(nn.NodeError, match="picture: /"):
        net.forward(np.ones((2, 5)))


def test_what_cannot_be_drawn_hides_nothing(net, tmp_path):
    net["y"].annotate(graphAttributes="red")
    with nn.setDebug(True, folder=tmp_path), pytest.raises(nn.NodeError, match=r"(?s)expects a vector.*picture: none"):
        net.forward(np.ones((2, 5)))


@pytest.mark.graphviz
def test_the_picture_is_svg_where_graphviz_is(net, tmp_path):
    with nn.setDebug(True, folder=tmp_path), pytest.raises(nn.NodeError, match=r"network\.svg"):
        net.forward(np.ones((2, 5)))
    assert (tmp_path / "network.svg").exists()


def test_without_graphviz_the_message_says_so(net, tmp_path, monkeypatch):
    monkeypatch.setattr(render.shutil, "which", lambda program: None)
    with nn.setDebug(True, folder=tmp_path), pytest.raises(nn.NodeError, match="apt install graphviz"):
        net.forward(np.ones((2, 5)))
    assert (tmp_path / "network.dot").exists()


def test_a_failure_in_a_nested_network_opens_it(nested, tmp_path):
    with nn.setDebug(True, folder=tmp_path), pytest.raises(nn.NodeError) as failure:
        nested.forward([np.ones((1, 3)), np.ones((1, 9)), np.ones((1, 4))])
    text = (tmp_path / "network.dot").read_text(encoding="utf-8")
    assert failure.value.node.name == "c_forget"
    assert "subgraph cluster_1" in text
    assert "failed: " in text


def test_a_failure_inside_a_container_is_drawn_once(net, tmp_path):
    net.name = "inner"
    x = nn.Identity()()
    outer = nn.gModule([x], [nn.Sequential().add(net)(x)])
    outer.name = "outer"
    with nn.setDebug(True, folder=tmp_path), pytest.raises(nn.NodeError) as failure:
        outer.forward(np.ones((2, 5)))
    assert str(failure.value).count("picture: ") == 1
    assert {path.stem for path in tmp_path.iterdir()} == {"inner"}


def test_a_folder_that_cannot_be_written_hides_nothing(net, tmp_path):
    (tmp_path / "file").touch()
    with nn.setDebug(True, folder=tmp_path / "file"), pytest.raises(nn.NodeError, match=r"picture: none.*") as failure:
        net.forward(np.ones((2, 5)))
    assert isinstance(failure.value.__cause__, nn.ShapeError)


def test_the_first_node_with_nan_is_named_with_the_ranges_at_its_inputs(root, tmp_path):
    x = np.array([[4.0, -1.0, 9.0]])
    assert np.isnan(root.forward(x)).any()
    with nn.setDebug(True, nan=True, folder=tmp_path), pytest.raises(nn.NodeError) as failure:
        root.forward(x)
    assert isinstance(failure.value.__cause__, nn.DivergenceError)
    assert failure.value.node is root["root"]
    assert "input: float64 1x3 from -1 to 9" in str(failure.value)
    assert "with 1 NaN" in str(failure.value)
    assert (tmp_path / "roots_of_x.dot").exists()


def test_infinity_is_found_on_the_way_back(root, tmp_path):
    x = np.zeros((1, 3))
    with nn.setDebug(True, nan=True, folder=tmp_path), pytest.raises(nn.NodeError) as failure:
        root.backward(x, np.ones_like(root.forward(x)))
    assert failure.value.node is root["root"]
    assert "3 inf" in str(failure.value)
    assert "gradOutput: float64 1x3 from 1 to 1" in str(failure.value)


def test_a_bad_weight_and_its_gradient_are_named(net, tmp_path):
    x = np.ones((1, 3))
    with nn.setDebug(True, nan=True, folder=tmp_path):
        y = net.forward(x)
        net["h"].module.gradWeight[0, 0] = np.nan
        with pytest.raises(nn.NodeError, match="gradWeight: float64 2x3 .*with 1 NaN"):
            net.backward(x, y)
        net["h"].module.weight[0, 0] = np.nan
        with pytest.raises(nn.NodeError, match=r"(?s)node 'h'.* weight: float64 2x3 .*with 1 NaN"):
            net.forward(x)


def test_inside_a_container_the_first_module_is_named(tmp_path):
    x = nn.Identity()()
    net = nn.gModule([x], [nn.Sequential().add(nn.Identity()).add(Root()).add(nn.Identity())(x)])
    with nn.setDebug(True, nan=True, folder=tmp_path), pytest.raises(nn.NodeError, match="first inside it: Root"):
        net.forward(-np.ones(2))


def test_switching_off_and_leaving_the_block_bring_back_what_was(net):
    def state():
        return nn.gModule._everywhere, nn.gModule._listeners

    before = state()
    with nn.setDebug(True, nan=True):
        inside = state()
        with nn.setDebug(False):
            assert state() == before
        assert state() == inside
        nn.setDebug(True)
        assert nn.gModule._everywhere == before[0]
        assert len(nn.gModule._listeners) == 1
    assert state() == before


def test_while_off_the_program_is_the_bare_one(net):
    x = np.ones((1, 3))
    with nn.setDebug(True, nan=True):
        net.forward(x)
        assert all("_watch" in run.__qualname__ for _, run in net._program.forward)
    net.forward(x)
    assert [run.__qualname__ for _, run in net._program.forward[-2:]] == ["Linear.updateOutput", "Tanh.updateOutput"]
    assert timeit.timeit(lambda: net.forward(x), number=100) < 1
