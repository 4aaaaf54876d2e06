"""Summaries and profiles."""

import json

import numpy as np
import pytest

import pygraph_nn as nn
from pygraph_nn.inspection.measuring import multiply_adds
from pygraph_nn.inspection.summary import sized
from pygraph_nn.inspection.text import table

SHAPES = [(20, 3), (20, 4), (20, 4)]


@pytest.fixture
def lstm():
    return nn.LSTM.create(3, 4)


def test_the_lstm_in_numbers(lstm):
    facts = nn.summary(lstm, SHAPES, as_dict=True)
    rows = {row["name"]: row for row in facts["rows"]}
    assert len(rows) == 18
    assert rows["i2h"]["module"] == "nn.Linear(3 -> 16)"
    assert rows["i2h"]["output"] == (20, 16)
    assert rows["i2h"]["parameters"] == 64
    assert rows["i2h"]["share"] == pytest.approx(64 / 144)
    assert rows["i2h"]["multiply_adds"] == 20 * 3 * 16
    assert rows["next_h"]["multiply_adds"] == 80
    assert (facts["parameters"], facts["bytes"]) == (144, 1152)
    assert facts["multiply_adds"] == 20 * (3 + 4) * 16 + 3 * 80


def test_the_numbers_can_be_written_as_json(nested):
    assert json.loads(json.dumps(nn.summary(nested, SHAPES, as_dict=True)))["parameters"] == 144 + 15


def test_the_text_fits_100_columns_whatever_the_names(nested):
    nested["out"].annotate(name="a name that goes on and on " * 5)
    nested["step"].annotate(name="two\nlines")
    text = nn.summary(nested, SHAPES, expand=True)
    assert max(map(len, text.split("\n"))) <= 100
    assert "…" in text
    assert "two lines" in text
    assert repr(text) == str(text)
    assert text.split("\n")[-1] == "159 parameters, 1.2 KiB, 2,720 multiply-adds"


def test_looking_leaves_no_trace(lstm):
    lstm.training()
    before = nn.rng.getRNGState()
    weights = lstm.getParameters()[0].copy()
    nn.summary(lstm, SHAPES)
    nn.profile(lstm, SHAPES, repeat=1)
    assert lstm.output is None
    assert lstm.train
    assert (lstm.getParameters()[0] == weights).all()
    assert not lstm.getParameters()[1].any()
    assert np.array_equal(nn.rng.getRNGState(), before)


def test_a_network_that_prints_is_silent_while_looked_at(net, capsys):
    net.verbose = True
    nn.summary(net, (1, 3))
    nn.profile(net, (1, 3), repeat=1)
    assert capsys.readouterr().out == ""


def test_an_error_while_looking_names_the_nodes_of_the_network(nested):
    before = nn.rng.getRNGState()
    for look in (nn.summary, nn.profile):
        with pytest.raises(nn.NodeError) as failure:
            look(nested, [(1, 3), (1, 9), (1, 4)])
        assert failure.value.node is nested["step"].module["c_forget"]
    assert np.array_equal(nn.rng.getRNGState(), before)


def test_shapes_are_those_of_the_last_pass_where_no_input_is_given(net):
    assert nn.summary(net, as_dict=True)["rows"][1]["output"] is None
    net.forward(np.ones((7, 3)))
    facts = nn.summary(net, as_dict=True)
    assert facts["rows"][1]["output"] == (7, 2)
    assert facts["multiply_adds"] is None


def test_shared_weights_are_counted_once_and_marked():
    x = nn.Identity()()
    linear = nn.Linear(3, 3)
    facts = nn.summary(nn.gModule([x], [linear(nn.Tanh()(linear(x)))]), (1, 3), as_dict=True)
    assert facts["parameters"] == 12
    assert [row["shared"] for row in facts["rows"]] == ["", "A", "", "A"]
    assert [row["multiply_adds"] for row in facts["rows"]] == [0, 9, 0, 9]


def test_what_is_inside_is_listed_on_request(nested):
    short, long = nn.summary(nested, SHAPES, as_dict=True), nn.summary(nested, SHAPES, expand=True, as_dict=True)
    assert len(long["rows"]) == len(short["rows"]) + 18 + 2
    linear = next(row for row in long["rows"] if row["module"] == "nn.Linear(4 -> 3)")
    assert (linear["depth"], linear["output"], linear["multiply_adds"]) == (1, (20, 3), 240)
    step = next(row for row in short["rows"] if row["name"] == "step")
    assert step["output"] == [(20, 4), (20, 4)]
    assert step["multiply_adds"] == 2480


def test_arrays_containers_and_lone_modules_are_welcome():
    net = nn.Sequential().add(nn.Linear(3, 4)).add(nn.Tanh())
    assert nn.summary(net, np.ones((2, 3)), as_dict=True)["rows"][1]["output"] == (2, 4)
    assert nn.summary(nn.Linear(3, 4), (2, 3), as_dict=True)["multiply_adds"] == 24
    assert nn.summary(nn.Linear(3, 4), 3, as_dict=True)["rows"][0]["output"] == (4,)


@pytest.mark.parametrize("wrong", ["20x3", [], {"a"}, [(2, 3), "x"], -1, (2, -3), (True, 3)])
def test_an_input_that_is_none_is_refused(lstm, wrong):
    with pytest.raises(nn.ShapeError, match="an array, a shape|sizes from 0 up"):
        nn.summary(lstm, wrong)


def test_multiply_adds_of_tables_and_vectors():
    product = nn.CMulTable()
    x = [np.ones((2, 3))] * 3
    assert multiply_adds(product, x, product.forward(x)) == 12
    assert multiply_adds(nn.Tanh(), x[0], x[0]) == 0


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 bytes"), (1023, "1023 bytes"), (1536, "1.5 KiB"), (3 << 30, "3.0 GiB")]
)
def test_bytes_are_for_people(count, text):
    assert sized(count) == text


def test_a_table_cuts_its_widest_text_first():
    lines = table(["name", "module", ">n"], [["a" * 50, "b" * 80, "1,000"]], width=60)
    assert all(len(line) <= 60 for line in lines)
    assert lines[2].endswith("1,000")


def test_a_profile_times_every_node_both_ways(lstm):
    measured = nn.profile(lstm, [(20, 3), (20, 4), (20, 4)], repeat=3)
    facts = measured.as_dict()
    assert len(facts["rows"]) == 18
    assert sum(row["share"] for row in facts["rows"]) == pytest.approx(1)
    assert [row["share"] for row in facts["rows"]] == sorted((row["share"] for row in facts["rows"]), reverse=True)
    assert all(row["forward"] > 0 and row["backward"] > 0 for row in facts["rows"] if row["module"] != "nn.Identity")
    assert max(map(len, str(measured).split("\n"))) <= 100
    assert "forward us" in repr(measured)


def test_heat_is_on_the_picture_also_inside(nested, tmp_path):
    measured = nn.profile(nested, SHAPES, repeat=1, path=tmp_path / "heat.dot")
    text = (tmp_path / "heat.dot").read_text(encoding="utf-8")
    assert "subgraph cluster" in text
    assert text == measured.dot()
    assert text.count(" us, ") == len(measured.seconds)


def test_a_profile_needs_a_graph_and_a_pass(lstm):
    with pytest.raises(nn.GraphError, match="profile measures"):
        nn.profile(nn.Tanh(), (1, 1))
    for repeat in (0, 2.5, "3", True):
        with pytest.raises(nn.RangeError, match="repeat is a whole number from 1"):
            nn.profile(lstm, SHAPES, repeat=repeat)


def test_a_summary_is_of_a_module(net):
    for wrong in (net.fg, net["h"], None):
        with pytest.raises(nn.GraphError, match="summary lists what is in a gModule"):
            nn.summary(wrong)


def test_names_may_be_numbers(net):
    net.name = 7
    net["h"].annotate(name=5)
    assert nn.summary(net).startswith("7\n")
    assert [row["name"] for row in nn.summary(net, as_dict=True)["rows"]] == ["x", "5", "y"]
    assert "5" in [row["name"] for row in nn.profile(net, (1, 3), repeat=1).as_dict()["rows"]]
    assert "<b>5</b>" in nn.dot(net)


@pytest.mark.parametrize(
    ("module", "shape", "count"),
    [
        (nn.SpatialConvolution(2, 3, 3, 2), (2, 2, 6, 7), 2 * 3 * 5 * 5 * (2 * 3 * 2)),
        (nn.SpatialFullConvolution(2, 3, 3, 2), (1, 2, 4, 4), (2 * 4 * 4) * (3 * 3 * 2)),
        (nn.SpatialDepthWiseConvolution(2, 3, 3, 4), (2, 2, 6, 7), 2 * 6 * 3 * 5 * (3 * 4)),
        (nn.TemporalConvolution(3, 4, 2), (5, 3), (4 * 4) * (3 * 2)),
        (nn.BatchNormalization(4), (5, 4), 20),
        (nn.MM(), [(2, 3), (3, 5)], 2 * 3 * 5),
        (nn.MM(True), [(3, 2), (3, 5)], 2 * 3 * 5),
        (nn.MV(), [(2, 3), (3,)], 6),
        (nn.LookupTable(7, 3), (4,), 0),
    ],
)
def test_multiply_adds_of_the_zoo(module, shape, count):
    assert nn.summary(module, shape, as_dict=True)["multiply_adds"] == count
