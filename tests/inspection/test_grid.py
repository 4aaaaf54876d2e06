"""Steps in time as the columns of a picture."""

import re

import pytest

import pygraph_nn as nn
from pygraph_nn.inspection.grid import rows_of
from pygraph_nn.inspection.picture import picture


@pytest.fixture
def cell():
    cell = nn.LSTM.create(3, 4)
    cell.name = "LSTM"
    return cell


def test_a_cell_over_time_has_a_row_of_inputs_and_a_row_of_cells(cell):
    rows = rows_of(picture(cell, steps=3).boxes)
    assert [[box.name for box in row] for row in rows] == [
        ["x[1]", "x[2]", "x[3]"],
        ["LSTM[1]", "LSTM[2]", "LSTM[3]"],
    ]
    text = nn.dot(cell, steps=3)
    assert text.count("rank=same") == 2
    assert 'digraph "LSTM over 3 steps"' in text
    assert re.search(r'label="next_c", constraint=false', text)


def test_opened_steps_are_cut_apart_and_the_ends_have_one_name(cell):
    text = nn.dot(cell, steps=3, expand=True)
    assert text.count("subgraph cluster") == 3
    assert text.count("<next_h[1]>") == 2
    assert text.count("<next_c[2]>") == 2


def test_a_module_that_runs_a_cell_is_drawn_like_the_cell(cell):
    assert nn.dot(nn.Unroll(cell), steps=2) == nn.dot(cell, steps=2)


def test_annotated_steps_of_any_graph_make_a_grid():
    xs = [nn.Identity()().annotate(name=f"x_{t}", step=t) for t in (1, 2)]
    h = nn.Identity()()
    for t, x in enumerate(xs, 1):
        h = nn.CAddTable()([x, h]).annotate(name="sum", step=t)
    rows = rows_of(picture(nn.gModule([*xs, h.inputs[1].inputs[1]], [h])).boxes)
    assert [[box.name for box in row] for row in rows] == [["x_1", "x_2"], ["sum", "sum"]]


def test_a_row_needs_no_name_and_may_be_a_number():
    xs = [nn.Identity()().annotate(row=7, step=t) for t in (1, 2)]
    ys = [nn.Tanh()(xs[0]).annotate(row=7.5, step=1), nn.Sigmoid()(xs[1]).annotate(row=7.5, step=2)]
    rows = rows_of(picture(nn.gModule(xs, ys)).boxes)
    assert [[box.text for box in row] for row in rows] == [["nn.Identity"] * 2, ["nn.Tanh", "nn.Sigmoid"]]


def test_a_step_that_is_no_number_is_refused(net):
    for wrong in ("one", [1]):
        net["h"].annotate(step=wrong)
        with pytest.raises(nn.GraphError, match="step is a number, a column of the picture; got .* at <Node 'h'"):
            nn.dot(net)


def test_what_is_no_cell_or_no_number_of_steps_is_refused(net, cell):
    with pytest.raises(nn.GraphError, match="draws a cell"):
        nn.dot(net, steps=2)
    with pytest.raises(nn.RangeError, match="whole number from 1, got 0"):
        nn.dot(cell, steps=0)
