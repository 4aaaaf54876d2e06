"""Targets: whichever way numbers come, they mean the same; what is none is refused with the rule."""

import numpy as np
import pytest

import pygraph_nn as nn

SCORES = np.log([[0.5, 0.25, 0.25], [0.1, 0.2, 0.7]])
LOSS = -(np.log(0.25) + np.log(0.7)) / 2


@pytest.mark.parametrize(
    "target", [np.array([2.0, 3.0]), np.array([2, 3]), np.array([2, 3], "uint8"), np.array([2, 3], "float32"), [2, 3]]
)
def test_classes_may_come_as_whole_numbers_of_any_type(target):
    assert nn.ClassNLLCriterion().forward(SCORES, target) == pytest.approx(LOSS, rel=1e-14)


@pytest.mark.parametrize("target", [2, 2.0, np.int64(2), np.float32(2), np.array(2), np.array([2.0]), [2]])
@pytest.mark.parametrize("name", ["ClassNLLCriterion", "CrossEntropyCriterion", "MultiMarginCriterion"])
def test_a_single_sample_takes_a_number(name, target):
    batch = getattr(nn, name)().forward(SCORES[:1], np.array([2]))
    assert getattr(nn, name)().forward(SCORES[0], target) == pytest.approx(batch, rel=1e-14)
    assert getattr(nn, name)().backward(SCORES[0], target).shape == (3,)


@pytest.mark.parametrize("name", ["ClassNLLCriterion", "CrossEntropyCriterion", "MultiMarginCriterion"])
@pytest.mark.parametrize(("wrong", "shown"), [(0, "got 0"), (4, "got 4"), (-1, "got -1"), (1.5, "got 1.5")])
def test_classes_count_from_1(name, wrong, shown):
    with pytest.raises(nn.RangeError, match=rf"nn.{name}.*counted from 1 .* 1 to 3, {shown}$".replace(".", "[.]", 1)):
        getattr(nn, name)().forward(SCORES, np.array([1, wrong]))


def test_the_classes_of_pixels_and_of_a_simplex_count_from_1():
    with pytest.raises(nn.RangeError, match="counted from 1"):
        nn.SpatialClassNLLCriterion().forward(np.zeros((1, 2, 1, 1)), np.zeros((1, 1, 1)))
    with pytest.raises(nn.RangeError, match="counted from 1"):
        nn.ClassSimplexCriterion(2).forward(np.zeros((1, 2)), np.zeros(1))


def test_in_a_list_of_labels_0_ends_and_less_is_refused():
    with pytest.raises(nn.RangeError, match="got -1"):
        nn.MultiLabelMarginCriterion().forward(np.zeros(3), np.array([1, -1, -1]))
    assert nn.MultiLabelMarginCriterion().forward(np.zeros(3), np.array([0, 1, 2])) == 0


def test_an_ignored_class_does_not_count():
    loss = nn.ClassNLLCriterion()
    assert loss.forward(SCORES, np.array([2, -100])) == pytest.approx(-np.log(0.25))
    assert loss.backward(SCORES, np.array([2, -100])).tolist() == [[0, -1, 0], [0, 0, 0]]
    own = nn.ClassNLLCriterion(None, True, 0)
    assert own.forward(SCORES, np.array([0, 3])) == pytest.approx(-np.log(0.7))


def test_where_no_class_counts_loss_and_gradient_are_zero():
    loss = nn.ClassNLLCriterion()
    assert loss.forward(SCORES, np.array([-100, -100])) == 0
    assert not loss.backward(SCORES, np.array([-100, -100])).any()


def test_infinite_scores_of_other_classes_do_no_harm():
    scores = np.array([[0.0, -np.inf]])
    assert nn.ClassNLLCriterion(np.array([1.0, 0.0])).forward(scores, np.array([1])) == 0


@pytest.mark.parametrize("name", ["ClassNLLCriterion", "CrossEntropyCriterion"])
def test_infinite_scores_of_what_does_not_count_do_no_harm(name):
    scores = np.array([[-np.inf, 0.0, -1.0], [-1.0, -2.0, -3.0]])
    alone = getattr(nn, name)()
    loss, gradient = alone.forward(scores[1:], [2]), alone.backward(scores[1:], [2])
    for criterion, target in (
        (getattr(nn, name)(), [-100, 2]),
        (getattr(nn, name)(np.array([0.0, 1.0, 1.0])), [1, 2]),
    ):
        assert criterion.forward(scores, target) == pytest.approx(loss, rel=1e-14)
        np.testing.assert_allclose(criterion.backward(scores, target), [[0, 0, 0], *gradient], atol=1e-15)


def test_a_loss_of_nothing_has_no_sign():
    for criterion in (nn.ClassNLLCriterion(), nn.CrossEntropyCriterion()):
        assert str(criterion.forward(np.zeros((0, 3)), [])) == "0.0"
    assert str(nn.ClassNLLCriterion().forward(SCORES, [-100, -100])) == "0.0"
    for criterion in (nn.MultiCriterion(), nn.ParallelCriterion()):
        assert type(criterion.forward([np.zeros(2)], [])) is float


@pytest.mark.parametrize("shape", [(3, 0), (0, 0)])
def test_margins_need_a_class(shape):
    for criterion, target in (
        (nn.MultiMarginCriterion(), np.ones(shape[0])),
        (nn.MultiLabelMarginCriterion(), np.zeros(shape)),
    ):
        with pytest.raises(nn.ShapeError, match="takes at least one entry in dimension 2"):
            criterion.forward(np.zeros(shape), target)


def test_numbers_may_differ_from_the_input_by_dimensions_of_one():
    loss = nn.MSECriterion()
    assert loss.forward(np.zeros((3, 1)), np.array([1.0, 2.0, 3.0])) == pytest.approx(14 / 3)
    assert loss.backward(np.zeros((3, 1)), np.array([1.0, 2.0, 3.0])).shape == (3, 1)
    assert loss.forward(np.zeros(1), 2) == 4
    assert loss.forward(np.zeros(3), [1, 2, 3]) == pytest.approx(14 / 3)
    assert loss.forward(np.zeros(2), np.array([True, False])) == 0.5


def test_a_target_of_another_floating_type_is_refused_with_the_remedy():
    with pytest.raises(nn.TensorTypeError, match=r"float32 2.*float64 2.*astype\('float32'\)"):
        nn.MSECriterion().float().forward(np.zeros(2, "float32"), np.zeros(2))


@pytest.mark.parametrize("target", [None, "a", {"k": 1}, np.array(["a", "b"]), np.array([1j, 2]), [[1], [1, 2]]])
@pytest.mark.parametrize("loss", [nn.MSECriterion(), nn.ClassNLLCriterion(), nn.CrossEntropyCriterion()], ids=repr)
def test_what_is_no_number_is_refused(loss, target):
    with pytest.raises(nn.TensorTypeError, match="takes numbers"):
        loss.forward(np.zeros((2, 3)), target)


def test_an_input_that_is_no_array_is_refused():
    for criterion in (nn.MSECriterion(), nn.ClassNLLCriterion(), nn.L1Cost(), nn.BCECriterion()):
        with pytest.raises(nn.TensorTypeError, match="takes one array"):
            criterion.forward([np.zeros(2), np.zeros(2)], np.ones(2))
        with pytest.raises(nn.TensorTypeError, match="numpy array"):
            criterion.forward(3.0, np.ones(2))


@pytest.mark.parametrize(
    ("criterion", "input"),
    [
        (nn.HingeEmbeddingCriterion(), np.zeros(1)),
        (nn.L1HingeEmbeddingCriterion(), [np.zeros(1), np.ones(1)]),
        (nn.CosineEmbeddingCriterion(), [np.zeros(1), np.ones(1)]),
    ],
    ids=repr,
)
def test_signs_are_1_or_minus_1(criterion, input):
    with pytest.raises(nn.RangeError, match=r"targets 1 .* and -1 .*, got 0$"):
        criterion.forward(input, 0)
    assert criterion.forward(input, 1) == criterion.forward(input, np.array([1]))


@pytest.mark.parametrize("make", [nn.ClassNLLCriterion, nn.BCECriterion, lambda w: nn.MultiMarginCriterion(1, w)])
def test_weights_are_a_vector(make):
    with pytest.raises(nn.ShapeError, match="weights are a vector"):
        make(np.ones((2, 2)))
    assert make([1, 2]).weights.dtype == np.float64


@pytest.mark.parametrize("make", [nn.ClassNLLCriterion, nn.BCECriterion, nn.WeightedMSECriterion])
def test_weights_are_finite_numbers(make):
    for weights in ("abc", [[1], [1, 2]], [1j, 1]):
        with pytest.raises(nn.TensorTypeError, match="weights are an array of numbers, got"):
            make(weights)
    for weights in ([np.nan, 1], [1, np.inf], [None, 1]):
        with pytest.raises(nn.RangeError, match="weights are finite numbers, got"):
            make(weights)


def test_an_average_over_nothing_is_zero():
    assert nn.MSECriterion().forward(np.zeros((0, 3)), np.zeros((0, 3))) == 0
    assert nn.MSECriterion().backward(np.zeros((0, 3)), np.zeros((0, 3))).shape == (0, 3)


def test_a_criterion_of_another_type_than_the_network_is_told_both_remedies():
    with pytest.raises(nn.TensorTypeError, match=r"astype\('float64'\), or the criterion with criterion.float\(\)"):
        nn.MSECriterion().forward(np.ones(2, "f"), np.ones(2, "f"))


def test_a_criterion_whose_constructor_forgot_its_base_is_told_so():
    class Far(nn.Criterion):
        def __init__(self):
            self.factor = 2

    with pytest.raises(nn.StateError, match=r"Far.__init__ must call super\(\).__init__\(\) first"):
        Far().forward(np.ones(2), np.ones(2))


@pytest.mark.parametrize("gradOutput", [None, 1.0, [1.0], np.ones(2)])
def test_the_gradient_by_a_loss_in_a_graph_is_an_array_of_one_element(gradOutput):
    loss, input = nn.ModuleFromCriterion(nn.MSECriterion()), [np.ones(2), np.zeros(2)]
    loss.forward(input)
    with pytest.raises(nn.ShapeError, match="an array of one element, got"):
        loss.backward(input, gradOutput)


def test_the_nodes_of_a_loss_are_one_table():
    with pytest.raises(nn.GraphError, match=r"MSECriterion takes its nodes as one table: use \[prediction, target\]"):
        nn.MSECriterion()(nn.Identity()(), nn.Identity()())
