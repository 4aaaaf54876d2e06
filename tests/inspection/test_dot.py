"""What the DOT text of a network shows."""

import html
import itertools
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

import pygraph_nn as nn
from pygraph_nn.inspection.families import FAMILIES, family_of
from pygraph_nn.inspection.picture import picture
from pygraph_nn.inspection.render import render


def links(text):
    """The arrows of a DOT text, as pairs of the heads of the labels."""
    heads = {
        name: _head(label) for name, label in re.findall(r"^ *(n\d+) \[.*?label=<(.*?)>, shape", text, re.MULTILINE)
    }
    return [(heads[a], heads[b]) for a, b in re.findall(r"^ *(n\d+) -> (n\d+)", text, re.MULTILINE)]


def _head(label):
    return html.unescape(re.sub("<.*?>", "", re.split("<br/>", label)[0]))


def shown(text):
    """All lines of text in the picture that Graphviz makes."""
    root = ElementTree.fromstring(render(text))
    return ["".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text")]


def test_boxes_and_arrows_are_those_of_the_network(net):
    assert links(nn.dot(net.fg)) == [("x", "h"), ("h", "y"), ("y", "output")]


def test_the_backward_graph_runs_from_the_outputs(net):
    assert links(nn.dot(net.bg)) == [("h", "x"), ("y", "h"), ("output", "y")]


def test_the_graph_and_its_module_give_one_text(net):
    assert nn.dot(net) == nn.dot(net.fg)


def test_the_lstm_has_its_inputs_outputs_and_wires():
    found = links(nn.dot(nn.LSTM.create(3, 4).fg))
    assert ("x", "i2h") in found
    assert ("prev_c", "c_forget") in found
    assert ("next_h", "output 2") in found
    assert len(found) == 22


def test_order_of_inputs_is_told():
    a, b = nn.Identity()().annotate(name="a"), nn.Identity()().annotate(name="b")
    text = nn.dot(nn.gModule([a, b], [nn.CMulTable()([b, a]).annotate(name="product")]))
    assert 'edgetooltip="input 1 of product"' in text
    assert "input 1" in text
    assert "input 2" in text


def test_part_of_a_graph_can_be_drawn(net):
    part = net.fg.subgraph([net["x"], net["h"]])
    assert links(nn.dot(part)) == [("x", "h")]
    assert links(nn.dot(part.reverse())) == [("h", "x")]


def test_a_node_is_drawn_with_what_it_depends_on():
    x = nn.Identity()().annotate(name="x")
    h = nn.Tanh()(x)
    nn.Sigmoid()(h)
    assert links(nn.dot(h)) == [("x", "nn.Tanh")]


def test_a_container_alone_is_drawn_open():
    text = nn.dot(nn.Sequential().add(nn.Linear(2, 2)).add(nn.Tanh()))
    assert links(text) == [("input", "nn.Linear(2 -> 2)"), ("nn.Linear(2 -> 2)", "nn.Tanh"), ("nn.Tanh", "output")]


@pytest.mark.parametrize("wrong", [None, "net", 3, [nn.Tanh()]])
def test_anything_else_is_refused(wrong):
    with pytest.raises(nn.GraphError, match="a picture is made of a gModule"):
        nn.dot(wrong)


def test_shapes_types_and_flags_are_on_the_arrows_after_a_pass(net):
    assert "float64" not in nn.dot(net)
    net.forward(np.ones((5, 3)))
    text = nn.dot(net)
    assert " 5×3 float64 " in text
    assert text.count(" 5×2 float64 ") == 2
    net.backward(np.ones((5, 3)), np.array([[np.nan, np.inf]] * 5))
    assert "NaN and inf" in nn.dot(net.bg)
    assert "NaN" not in nn.dot(net.fg)


def test_tables_on_arrows_show_their_parts(nested):
    nested.forward([np.ones((1, 3)), np.ones((1, 4)), np.ones((1, 4))])
    assert "[1×4 float64, 1×4 float64]" in nn.dot(nested)


def test_a_failed_pass_leaves_the_values_that_it_reached(net):
    net["y"].module = nn.Linear(7, 1)
    with pytest.raises(nn.NodeError):
        net.forward(np.ones((5, 3)))
    assert nn.dot(net).count(" 5×2 float64 ") == 1


def test_simple_leaves_out_identity_and_routing_and_keeps_names(nested):
    text = nn.dot(nested, simple=True)
    assert "split" not in text
    assert ("step", "out") in links(text)
    x = nn.Identity()().annotate(name="x")
    assert links(nn.dot(nn.gModule([x], [nn.Tanh()(nn.Identity()(x))]), simple=True))[0] == ("x", "nn.Tanh")


def test_a_dropped_name_stays_on_the_arrow():
    x = nn.Identity()()
    first, second = nn.SplitTable(1)(x).split(2)
    first.annotate(name="the first")
    assert 'label="the first"' in nn.dot(nn.gModule([x], [nn.CAddTable()([first, second])]), simple=True)


def test_inner_networks_are_closed_or_frames(nested):
    closed, opened = nn.dot(nested), nn.dot(nested, expand=True)
    assert "cluster" not in closed
    assert "box3d" in closed
    assert "label=\"step: nn.gModule 'cell'\"" in opened
    assert 'label="out: nn.Sequential"' in opened
    assert ("i2h", "preactivations") in links(opened)
    assert ("nn.Linear(4 -> 3)", "nn.Tanh") in links(opened)


def test_expand_opens_so_many_levels():
    inner = nn.Sequential().add(nn.Sequential().add(nn.Tanh()))
    x = nn.Identity()()
    net = nn.gModule([x], [inner(x)])
    assert [nn.dot(net, expand=levels).count("subgraph") for levels in (0, 1, 2, True)] == [0, 1, 2, 2]


def test_branches_of_a_parallel_table_take_their_own_inputs():
    a, b = nn.Identity()().annotate(name="a"), nn.Identity()().annotate(name="b")
    table = nn.ParallelTable().add(nn.Tanh()).add(nn.Sigmoid())
    found = links(nn.dot(nn.gModule([a, b], [nn.CAddTable()(table([a, b]))]), expand=True))
    assert [pair for pair in found if pair[0] in "ab"] == [("a", "nn.Tanh"), ("b", "nn.Sigmoid")]


def test_the_same_weights_bear_the_same_letter():
    x = nn.Identity()()
    first = nn.Linear(3, 3)
    twin, other = first.clone("weight", "bias", "gradWeight", "gradBias"), nn.Linear(3, 3)
    net = nn.gModule([x], [other(twin(first(x)))])
    letters = [box.shared for box in picture(net).boxes if box.kind == "module"]
    assert letters == ["A", "A", ""]
    assert nn.dot(net).count("weights <b>A</b>") == 2
    assert "same weights" in nn.dot(net)


def test_the_legend_names_the_families_that_occur_and_can_be_left_out(net):
    text = nn.dot(net)
    assert "has weights" in text
    assert "nonlinearity" in text
    assert "arithmetic" not in text
    assert "has weights" not in nn.dot(net, legend=False)


def test_families_differ_in_grey():
    def lightness(colour):
        red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
        return 0.299 * red + 0.587 * green + 0.114 * blue

    outlines = {}
    for family in FAMILIES.values():
        outlines.setdefault((family.style, family.shape), []).append(lightness(family.fill))
    for fills in outlines.values():
        assert all(abs(a - b) > 18 for a, b in itertools.combinations(fills, 2))


def test_every_module_of_the_package_has_a_family():
    class Mine(nn.Module):
        pass

    assert family_of(Mine()) == "other"
    assert family_of(nn.View(-1)) == "view"
    assert family_of(nn.BatchNormalization(3)) == "regularize"
    assert family_of(nn.SpatialMaxPooling(2, 2)) == "sample"
    assert family_of(nn.SpatialConvolution(1, 1, 2, 2)) == "weights"
    assert family_of(nn.CosineDistance()) == "measure"
    assert family_of(nn.Sigmoid()) == "activation"
    assert family_of(nn.Narrow(1, 1, 1)) == "view"
    assert family_of(nn.CAddTable()) == "arithmetic"


def test_annotations_reach_the_picture(net):
    net["h"].annotate(description="hidden layer", graphAttributes={"color": "red", "URL": "http://example.org/?a=1&b"})
    text = nn.dot(net)
    assert '"color"="red"' in text
    assert "hidden layer" in text
    assert re.search(r'tooltip="h: nn\.Linear\(3 -> 2\)\\n.*conftest\.py:\d+"', text)


def test_marks_win_over_annotations(net):
    net["h"].annotate(graphAttributes={"color": "red"})
    text = nn.dot(net, marks={net["h"]: {"color": "green", "note": "look here"}})
    assert '"color"="green"' in text
    assert '"color"="red"' not in text
    assert "look here" in text


NASTY = [
    'say "hi"',
    "two\nlines",
    "back\\slash \\n \\",
    "<b>&amp;</b>",
    "żółw 神経 🐢",
    "tab\there",
    "]; evil -> n1 [",
    "%d\\l",
]


@pytest.mark.graphviz
@pytest.mark.parametrize("text", NASTY)
def test_any_text_is_shown_as_it_stands(text):
    x = nn.Identity()().annotate(name=text, graphAttributes={"xlabel": text}, description=text)
    inner = nn.gModule([h := nn.Identity()()], [nn.Tanh()(h)])
    inner.name = text
    net = nn.gModule([x], [inner(x).annotate(name=text)])
    lines = "\n".join(shown(nn.dot(net, text, expand=True))).replace("\xa0", " ")
    for line in text.replace("\t", "    ").split("\n"):
        assert lines.count(line) >= 3


@pytest.mark.graphviz
def test_control_characters_do_not_break_the_picture():
    x = nn.Identity()().annotate(name="bell\x07 zero\x00 lone\ud800")
    assert any("bell" in line for line in shown(nn.dot(nn.gModule([x], [nn.Tanh()(x)]), "\x1b[0m")))


def test_a_chain_of_100000_nodes_is_written_without_recursion():
    node = x = nn.Identity()()
    for _ in range(100_000):
        node = nn.Identity()(node)
    text = nn.dot(nn.gModule([x], [node]).fg)
    assert text.count(" -> ") == 100_001


@pytest.mark.graphviz
def test_5000_nodes_are_drawn():
    node = x = nn.Identity()()
    for _ in range(2500):
        node = nn.CAddTable()([nn.Tanh()(node), x])
    assert render(nn.dot(nn.gModule([x], [node]))).startswith(b"<?xml")
