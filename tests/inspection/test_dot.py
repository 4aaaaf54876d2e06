"""What the DOT text of a network shows."""

import html
import itertools
import re
import xml.etree.ElementTree as ElementTree

import networkx
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


def test_other_kinds_of_graphs_are_refused(net):
    for kind in (networkx.Graph, networkx.MultiDiGraph):
        with pytest.raises(nn.GraphError, match="a picture is made of a gModule"):
            nn.dot(kind(net.fg))


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


def wires(text):
    """The arrows of a DOT text as text, in the order of names: the heads of the labels, and dashed ones as ``~>``."""
    lines = re.findall(r"^ *n\d+ -> n\d+.*$", text, re.MULTILINE)
    return sorted(
        f"{a} {'~>' if 'dashed' in line else '->'} {b}" for (a, b), line in zip(links(text), lines, strict=True)
    )


def over_time(module, *names, outputs=1):
    """A graph of a recurrent layer, fed by inputs of these names."""
    inputs = [nn.Identity()().annotate(name=name) for name in names]
    node = module(inputs)
    return nn.gModule(inputs, list(node.split(outputs)) if outputs > 1 else [node])


def cell(name):
    """The smallest cell: next h = tanh(x + h)."""
    x, h = nn.Identity()(), nn.Identity()().annotate(name="prev_h")
    made = nn.gModule([x, h], [nn.Tanh()(nn.CAddTable()([x, h]))])
    made.name = name
    return made


def test_an_opened_unroll_is_its_cell_with_the_states_fed_back():
    found = wires(nn.dot(over_time(nn.Unroll(nn.LSTM.create(3, 4)), "x", "c", "h", outputs=3), expand=1, simple=True))
    assert found == [
        "c -> c[t-1]",
        "c[t-1] -> nn.gModule",
        "h -> h[t-1]",
        "h[t-1] -> nn.gModule",
        "nn.gModule -> output 1",
        "nn.gModule -> output 2",
        "nn.gModule -> output 3",
        "nn.gModule ~> c[t-1]",
        "nn.gModule ~> h[t-1]",
        "x -> nn.gModule",
    ]
    opened = wires(nn.dot(over_time(nn.Unroll(cell("a")), "x"), expand=True, simple=True))
    assert opened == [
        "h[t-1] -> nn.CAddTable",
        "nn.CAddTable -> nn.Tanh",
        "nn.Tanh -> output",
        "nn.Tanh ~> h[t-1]",
        "x -> nn.CAddTable",
    ]


def test_opened_layers_are_a_chain_and_two_directions_are_joined():
    both = nn.Bidirectional(cell("forth"), cell("back"), state_sizes=[3])
    net = over_time(nn.Layers(both, nn.Unroll(cell("top"), state_sizes=[6])), "x")
    assert wires(nn.dot(net, expand=2)) == [
        "h[t-1] -> nn.gModule 'top'",
        "nn.JoinTable(-1) -> nn.gModule 'top'",
        "nn.Unroll -> nn.JoinTable(-1)",
        "nn.Unroll(reverse=True) -> nn.JoinTable(-1)",
        "nn.gModule 'top' -> output",
        "nn.gModule 'top' ~> h[t-1]",
        "x -> nn.Unroll",
        "x -> nn.Unroll(reverse=True)",
    ]
    assert "h[t+1] -> nn.gModule 'back'" in wires(nn.dot(both, expand=2))
    net.forward(np.ones((5, 2, 3)))
    assert nn.dot(net, expand=2).count("5×2×6 float64") == 2
    assert nn.dot(net, expand=True).count("5×2×3 float64") == 4


def test_states_reach_their_layer_and_lengths_every_one():
    net = over_time(nn.Layers(nn.Unroll(cell("low")), nn.Unroll(cell("top"))), "x", "n", "h1", "h2", outputs=3)
    found = wires(nn.dot(net, expand=2, simple=True))
    assert [line for line in found if line.startswith(("n ", "h1", "h2"))] == [
        "h1 -> h[t-1]",
        "h2 -> h[t-1]",
        "n -> lengths",
        "n -> lengths",
    ]


def test_lengths_beside_x_are_no_state_once_a_pass_has_shown_it():
    x, lengths = nn.Identity()().annotate(name="x"), nn.Identity()().annotate(name="n")
    net = nn.gModule([x, lengths], [nn.Unroll(cell("low"), state_sizes=[3])([x, lengths])])
    net.forward([np.ones((5, 2, 3)), np.array([5, 3])])
    assert "n -> lengths" in wires(nn.dot(net, expand=1))


def test_a_layer_with_inputs_that_do_not_fit_stays_closed():
    x = nn.Identity()().annotate(name="x")
    net = nn.gModule([x], [nn.Unroll(nn.LSTM.create(3, 4))([x, x, x, x, x])])
    assert set(links(nn.dot(net, expand=True))) == {("x", "nn.Unroll"), ("nn.Unroll", "output")}


def test_what_is_joined_sliced_or_wrapped_inside_is_drawn_so():
    x = nn.Identity()().annotate(name="x")
    concat = nn.Concat(2).add(nn.Tanh()).add(nn.Sigmoid())
    assert wires(nn.dot(nn.gModule([x], [concat(x)]), expand=True)) == [
        "nn.JoinTable(2) -> output",
        "nn.Sigmoid -> nn.JoinTable(2)",
        "nn.Tanh -> nn.JoinTable(2)",
        "x -> nn.Sigmoid",
        "x -> nn.Tanh",
    ]
    parallel = nn.Parallel(1, 2).add(nn.Tanh()).add(nn.Sigmoid())
    assert "nn.Select(1, 2) -> nn.Sigmoid" in wires(nn.dot(parallel))
    table = nn.ConcatTable().add(nn.Tanh()).add(nn.Sigmoid())
    x = nn.Identity()().annotate(name="x")
    first, second = nn.NaN(table, 1)(x).split(2)
    net = nn.gModule([x], [nn.ReLU()(first), nn.Abs()(second)])
    assert {("nn.Tanh", "nn.ReLU"), ("nn.Sigmoid", "nn.Abs")} < set(links(nn.dot(net, expand=True, simple=True)))
    assert ("nn.Tanh", "nn.Abs") not in links(nn.dot(net, expand=True, simple=True))


def test_a_container_of_unknown_wiring_stays_closed():
    class Mine(nn.Container):
        pass

    assert links(nn.dot(Mine().add(nn.Tanh()))) == [("input", "Mine"), ("Mine", "output")]


def test_entries_of_a_table_have_their_own_shapes():
    x = nn.Identity()()
    sizes = [nn.Linear(3, n)(x) for n in (1, 2, 7)]
    table = nn.ParallelTable().add(nn.Tanh()).add(nn.Sigmoid()).add(nn.Abs())
    net = nn.gModule([x], list(table(nn.Identity()(sizes)).split(3)))
    net.forward(np.ones((5, 3)))
    arrows = [set(re.findall(rf" 5×{n} float64 ", nn.dot(net, expand=True))) for n in (1, 2, 7)]
    assert all(arrows)
    text = nn.dot(net, expand=True)
    assert text.count("[5×1 float64, 5×2 float64, 5×7 float64]") == 0
    closed = nn.dot(net)
    assert closed.count("[5×1 float64, 5×2 float64, 5×7 float64]") == 2  # into the table's module, and into the split
    assert [closed.count(f" 5×{n} float64 ") for n in (1, 2, 7)] == [3, 3, 3]


def test_a_large_split_costs_a_line_for_each_entry():
    x = nn.Identity()()
    net = nn.gModule([x], [nn.JoinTable(1)(list(nn.SplitTable(1)(x).split(300)))])
    net.forward(np.ones((300, 2)))
    text = nn.dot(net)
    assert len(text) < 300 * 700
    assert text.count("300 entries") == 1


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


@pytest.mark.parametrize("wrong", ["all", None, 2.5, -1])
def test_an_expand_that_is_none_is_refused(net, wrong):
    with pytest.raises(nn.RangeError, match="expand is True, False, a number of levels from 0, or 'graphs', got"):
        nn.dot(net, expand=wrong)


def test_attributes_are_a_dict(net):
    net["h"].annotate(graphAttributes="red")
    with pytest.raises(nn.GraphError, match="graphAttributes is a dict .* got 'red' at <Node 'h'"):
        nn.dot(net)


def test_marks_are_for_nodes(net):
    for wrong in ({"h": {"color": "red"}}, {net["h"]: "red"}):
        with pytest.raises(nn.GraphError, match="marks maps nodes"):
            nn.dot(net, marks=wrong)
    with pytest.raises(nn.GraphError, match="marks is a dict"):
        nn.dot(net, marks=[net["h"]])


@pytest.mark.graphviz
@pytest.mark.parametrize("text", ["", " ", "\n", "\\"])
def test_empty_texts_do_not_break_the_picture(net, text):
    net["y"].annotate(description=text)
    node = net["h"].annotate(name=text, description=text, graphAttributes={"xlabel": text})
    assert any("nn.Linear" in line for line in shown(nn.dot(net, text, marks={node: {"note": text}})))


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
