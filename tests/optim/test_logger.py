"""Logger writes Torch7's text file and draws its columns."""

import re
import sys

import numpy as np
import pytest

from pygraph_nn import optim
from pygraph_nn.errors import MissingExtraError, PygraphError, RangeError, ShapeError, StateError, TensorTypeError


@pytest.fixture
def logger(tmp_path):
    with optim.Logger(tmp_path / "run" / "loss.log") as logger:
        yield logger


def text_of(logger):
    with open(logger.name, encoding="utf-8") as file:
        return file.read()


def test_named_columns_and_numbers_of_every_kind(logger):
    assert logger.setNames(["training", "test"]) is logger
    logger.add([70, 0.5])
    logger.add((np.float32(-0.25), np.array([1e-300])))
    logger.add([float("nan"), float("-inf")])
    logger.add(["started", 3])
    assert text_of(logger) == (
        "training\ttest\t\n"
        " 7.0000e+01\t 5.0000e-01\t\n"
        "-2.5000e-01\t1.0000e-300\t\n"
        "        nan\t       -inf\t\n"
        "started\t 3.0000e+00\t\n"
    )
    assert logger.symbols["test"][:2] == [0.5, 1e-300]


def test_a_dict_names_the_columns_and_later_rows_keep_their_order(logger):
    logger.add({"b": 1, "a": 2})
    logger.add({"a": 4, "b": 3})
    logger.add([5, 6])
    assert text_of(logger).split("\n")[:1] == ["b\ta\t"]
    assert logger.symbols == {"b": [1, 3, 5], "a": [2, 4, 6]}


def test_names_and_rows_may_be_the_keys_and_values_of_a_dict(logger):
    found = {"b": 1, "a": 2}
    logger.setNames(found.keys()).add(found.values())
    logger.add(np.array([3, 4]))
    assert logger.symbols == {"b": [1, 3], "a": [2, 4]}


def test_a_list_without_names_numbers_the_columns(logger):
    logger.add([1, 2])
    assert text_of(logger).startswith("1\t2\t\n")


def test_each_row_is_in_the_file_at_once_and_a_new_logger_starts_over(logger):
    logger.add({"loss": 1})
    assert len(text_of(logger).splitlines()) == 2
    with optim.Logger(logger.name):
        assert text_of(logger) == ""


def test_without_a_file_it_writes_to_the_standard_output(capsys):
    logger = optim.Logger()
    logger.setNames(["loss"]).add([1])
    logger.close()
    print("still open")
    assert capsys.readouterr().out == "loss\t\n 1.0000e+00\t\nstill open\n"


def test_a_timestamp_makes_the_name_unique(tmp_path):
    with optim.Logger(tmp_path / "loss", timestamp=True) as logger:
        logger.add([1])
    (path,) = tmp_path.iterdir()
    assert re.fullmatch(r"loss-\d{4}(_\d\d){5}", path.name)


@pytest.mark.parametrize(
    ("row", "error", "message"),
    [
        ([1], ShapeError, r"one value for each of \['a', 'b'\], not \[1\]"),
        ([1, 2, 3], ShapeError, "one value for each"),
        ({"a": 1}, ShapeError, "one value for each"),
        ({"a": 1, "c": 2}, ShapeError, "one value for each"),
        ([1, None], TensorTypeError, "can only log numbers and strings, but 'b' is None"),
        ([1, np.ones(2)], TensorTypeError, "can only log numbers and strings"),
        (["a\tb", 1], RangeError, "no tabs or line ends, but 'a' is"),
        (["a\rb", 1], RangeError, "no tabs or line ends, but 'a' is"),
        (5, TensorTypeError, "a row is a list of numbers, or a dict by name, not 5"),
        (None, TensorTypeError, "a row is a list of numbers"),
        ("12", TensorTypeError, "a row is a list of numbers"),
        (np.ones((2, 1)), TensorTypeError, "a row is a list of numbers"),
    ],
)
def test_a_row_that_does_not_fit_is_refused_and_not_written(logger, row, error, message):
    logger.setNames(["a", "b"])
    with pytest.raises(error, match=message):
        logger.add(row)
    assert text_of(logger) == "a\tb\t\n"
    assert logger.symbols == {"a": [], "b": []}


@pytest.mark.parametrize("row", [{"a": None}, [None], {"a": "x\ty"}, {"a\tb": 1}, [], {}, 5])
def test_a_first_row_that_is_refused_leaves_no_names_behind(logger, row):
    with pytest.raises(PygraphError):
        logger.add(row)
    assert (logger.names, text_of(logger)) == ([], "")
    logger.add({"b": 1})
    assert logger.names == ["b"]


def test_a_closed_logger_says_so(logger):
    logger.add([1])
    logger.close()
    logger.close()
    with pytest.raises(StateError, match=r"Logger: .*loss.log is closed; begin another Logger"):
        logger.add([2])
    assert logger.symbols == {"1": [1]}


def test_a_list_of_styles_has_one_for_each_column(logger):
    logger.setNames(["a", "b"])
    for styles in (["-"], ["-", "-", "|"], []):
        with pytest.raises(ShapeError, match=r"one style for each of \['a', 'b'\], not"):
            logger.style(styles)
    for styles in ("--", 5, None):
        with pytest.raises(TensorTypeError, match="styles are a list in the order of the columns, or a dict by name"):
            logger.style(styles)
    with pytest.raises(TensorTypeError, match="a string or a table of strings, not 3"):
        logger.style(["-", 3])
    assert logger.styles == {"a": ["+"], "b": ["+"]}
    logger.style(["-", ("-", "+")])
    assert logger.styles == {"a": ["-"], "b": ["-", "+"]}


def test_what_names_and_styles_refuse(logger):
    for names in ("ab", 5, None):
        with pytest.raises(TensorTypeError, match="the names of the columns are a list"):
            logger.setNames(names)
    with pytest.raises(ShapeError, match="at least one column"):
        logger.setNames([])
    with pytest.raises(RangeError, match="a name of its own"):
        logger.setNames(["a", "a"])
    with pytest.raises(RangeError, match="without tabs"):
        logger.setNames(["a\tb"])
    logger.setNames(["a"])
    with pytest.raises(StateError, match="the columns are .'a'. already"):
        logger.setNames(["b"])
    with pytest.raises(RangeError, match="no column 'b' among .'a'."):
        logger.style({"b": "-"})
    with pytest.raises(TensorTypeError, match="a string or a table of strings, not 3"):
        logger.style([3])
    with pytest.raises(RangeError, match="no column 'b'"):
        logger.plot("b")


def test_without_matplotlib_plot_names_the_extra(logger, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for value in (1, 2):
        logger.add([value])
    with pytest.raises(MissingExtraError, match=r"Logger.plot needs matplotlib.*pygraph_nn\[plot\]"):
        logger.plot()


@pytest.mark.usefixtures("screenless")
class TestPlot:
    def filled(self, logger):
        for i in range(1, 6):
            logger.add({"loss": 1 / i, "accuracy": i, "note": "x"})
        return logger

    def test_all_columns_of_numbers_into_an_eps_file(self, logger):
        figure = self.filled(logger).plot()
        (axes,) = figure.axes
        assert [line.get_label() for line in axes.lines] == ["loss", "accuracy"]
        np.testing.assert_array_equal(axes.lines[0].get_ydata(), [1 / i for i in range(1, 6)])
        np.testing.assert_array_equal(axes.lines[0].get_xdata(), range(1, 6))
        assert axes.get_title() == f"<Logger::{logger.name}>"
        with open(logger.name + ".eps", encoding="latin-1") as file:
            assert file.readline().startswith("%!PS")

    def test_chosen_columns_styles_and_scale(self, logger):
        self.filled(logger).style({"loss": ["-", "+"], "accuracy": "|"}).setlogscale()
        logger.epsfile = logger.name + ".png"
        logger.display(False)
        (axes,) = logger.plot("loss").axes
        assert [(line.get_linestyle(), line.get_marker()) for line in axes.lines] == [("-", "None"), ("None", "+")]
        assert axes.get_yscale() == "log"
        logger.setlogscale(False)
        (axes,) = logger.plot("accuracy").axes
        assert axes.get_yscale() == "linear"
        assert [bar.get_height() for bar in axes.patches] == [1, 2, 3, 4, 5]
        with open(logger.epsfile, "rb") as file:
            assert file.read(4) == b"\x89PNG"

    def test_a_smooth_curve_goes_through_the_points(self, logger):
        self.filled(logger).style({"loss": "~"})
        (axes,) = logger.plot("loss").axes
        curve = axes.lines[0].get_xydata()
        for i in range(1, 6):
            assert np.abs(curve - [i, 1 / i]).sum(axis=1).min() < 1e-12
        assert np.abs(curve[:, 1] - 1 / curve[:, 0]).max() < 0.1

    def test_one_row_makes_no_curve_and_strings_never_do(self, logger):
        logger.add({"loss": 1, "note": "x"})
        assert logger.plot() is None
        with pytest.raises(TensorTypeError, match="column 'note' holds strings"):
            logger.plot("note")
