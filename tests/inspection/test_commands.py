"""The commands that look at networks."""

import json
from pathlib import Path

import pytest

import pygraph_nn as nn
from pygraph_nn import cli

TORCH7 = Path(__file__).resolve().parents[1] / "data" / "torch7"
LSTM = "nn.LSTM.create(3, 4)"
LINEAR = "nn.Linear(3, 2)"


def test_dot_prints_the_text_or_writes_files(capsys, tmp_path):
    assert cli.main(["dot", LSTM, "--title", "a cell", "--simple"]) == 0
    assert capsys.readouterr().out == nn.dot(nn.LSTM.create(3, 4), "a cell", simple=True)
    assert cli.main(["dot", LSTM, "-o", str(tmp_path / "cell.html"), "--expand"]) == 0
    assert capsys.readouterr().out == ""
    assert {path.name for path in tmp_path.iterdir()} == {"cell.dot", "cell.html"}


def test_an_expression_may_be_longer_than_a_files_name(capsys):
    text = "nn.Sequential()" + ".add(nn.Linear(3, 3)).add(nn.Tanh())" * 20
    assert cli.main(["summary", text]) == 0
    assert capsys.readouterr().out.count("nn.Linear(3 -> 3)") == 20


def test_dot_draws_the_way_back(capsys):
    assert cli.main(["dot", LSTM, "--backward"]) == 0
    assert capsys.readouterr().out == nn.dot(nn.LSTM.create(3, 4).bg)


def test_summary_prints_the_table_or_json(capsys):
    assert cli.main(["summary", LSTM, "--input", "[(20, 3), (20, 4), (20, 4)]"]) == 0
    assert capsys.readouterr().out.endswith("144 parameters, 1.1 KiB, 2,480 multiply-adds\n")
    assert cli.main(["summary", "nn.Linear(3, 2)", "--input", "20,3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"][0]["output"] == [20, 2]


@pytest.mark.parametrize("name", ["lstm_cell", "containers_split", "gmodule_in_gmodule", "nested_tables"])
def test_a_file_from_torch7_is_drawn_and_listed(name, capsys):
    file = str(TORCH7 / f"{name}.t7")
    assert cli.main(["dot", file, "--entry", "net", "--expand"]) == 0
    assert capsys.readouterr().out == nn.dot(nn.load(file)["net"], expand=True)
    assert cli.main(["summary", file, "--entry", "net"]) == 0
    assert "parameters" in capsys.readouterr().out
    assert cli.main(["dot", file]) == 1
    assert "name one with --entry" in capsys.readouterr().err


def test_doctor_prints_its_findings(capsys):
    assert cli.main(["doctor", "--no-speed"]) == 0
    assert "networkx" in capsys.readouterr().out


def test_an_entry_of_a_table_is_found(capsys):
    assert cli.main(["summary", "{'protos': [nn.Tanh(), nn.Linear(3, 2)]}", "--entry", "protos.2"]) == 0
    assert "nn.Linear(3 -> 2)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["dot", "[nn.Tanh(), nn.Tanh()]"], "a network is needed, got a list; its entries are 1, 2"),
        (["dot", "3"], "a network is needed, got a int"),
        (["dot", "{'a': 1}", "--entry", "b"], "--entry: there is no 'b' among a"),
        (["dot", "no such file"], "no such file is neither a file nor an expression"),
        (["dot", "model"], "there is no file model, and as an expression: name 'model' is not defined"),
        (["summary", "models/net.th"], "there is no file models/net.th, and as an expression: name 'models'"),
        (["dot", "nn.Linear(3, 2)", "--backward"], "through a gModule, which nn.Linear is not"),
        (["dot", "nn.Linear"], "a network is needed, got a type"),
        (["dot", LSTM, "-o", "cell.docx"], "got 'cell.docx'"),
        (["dot", LSTM, "-o", ""], "a picture's path names a file"),
        (["summary", LSTM, "--input", "20x3"], "--input takes a shape such as 20,3"),
        (["summary", LSTM, "--input", "20,3"], "takes a table"),
        *((["summary", LINEAR, "--input", given], f"got {given}") for given in ("'a'", "2.5", "True", "{}")),
        (["summary", LINEAR, "--input", "20,True"], "an input is an array, a shape such as (20, 3), or a nested list"),
        (["summary", LINEAR, "--input", "20,3.5"], "got 3.5"),
        (["summary", LINEAR, "--input=-1,3"], "an input's shape has sizes from 0 up; got (-1, 3)"),
        (["summary", LINEAR, "--input=-1"], "an input's shape has sizes from 0 up; got -1"),
        (["summary", LINEAR, "--input", "{[]: 1}"], "--input takes a shape such as 20,3"),
        (["summary", LINEAR, "--input", "(" * 150], "--input takes a shape such as 20,3"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(arguments, words, capsys):
    assert cli.main(arguments) == 1
    said = capsys.readouterr().err
    assert words in said
    assert "raceback" not in said
