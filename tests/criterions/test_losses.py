"""What single losses promise beyond their figures: extremes, settings, randomness."""

import numpy as np
import pytest

import pygraph_nn as nn
from pygraph_nn import rng

HUGE = np.array([1e4, -1e4])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    ("criterion", "target", "loss"),
    [
        (nn.SoftMarginCriterion(), [1, 1], 5e3),
        (nn.SoftMarginCriterion(), [1, -1], 0),
        (nn.MultiLabelSoftMarginCriterion(), [0, 0], 5e3),
        (nn.MultiLabelSoftMarginCriterion(), [1, 0], 0),
        (nn.CrossEntropyCriterion(), 2, 2e4),
        (nn.CrossEntropyCriterion(), 1, 0),
    ],
)
def test_huge_scores_neither_overflow_nor_warn(criterion, target, loss, dtype):
    criterion = criterion.clone().float() if dtype == "float32" else criterion
    assert criterion.forward(HUGE.astype(dtype), target) == pytest.approx(loss)
    gradient = criterion.backward(HUGE.astype(dtype), target)
    assert np.isfinite(gradient).all() and gradient.dtype == dtype


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_cross_entropy_of_certain_answers_is_finite(dtype):
    criterion = nn.BCECriterion().type("torch.FloatTensor" if dtype == "float32" else "torch.DoubleTensor")
    certain = np.array([0, 1], dtype)
    assert criterion.forward(certain, [0, 1]) == pytest.approx(0, abs=1e-9)
    assert criterion.forward(certain, [1, 0]) == pytest.approx(-np.log(1e-12), rel=1e-3)
    assert np.isfinite(criterion.backward(certain, [1, 0])).all()


@pytest.mark.parametrize("wrong", [1.5, -0.25, np.nan])
def test_cross_entropy_refuses_what_is_no_probability(wrong):
    with pytest.raises(nn.RangeError, match=r"takes probabilities.*nn\.Sigmoid"):
        nn.BCECriterion().forward(np.array([0.5, wrong]), np.ones(2))


def test_a_divergence_leaves_out_what_the_target_rules_out():
    assert nn.DistKLDivCriterion().forward(np.array([0.0, -np.inf]), np.array([1.0, 0.0])) == 0


def test_cross_entropy_has_one_setting_of_averaging():
    criterion = nn.CrossEntropyCriterion()
    scores, target = np.zeros((2, 4)), np.array([1, 2])
    average = criterion.forward(scores, target)
    criterion.nll.sizeAverage = False
    assert not criterion.sizeAverage and criterion.forward(scores, target) == pytest.approx(2 * average)
    criterion.sizeAverage = True
    assert criterion.forward(scores, target) == average
    assert repr(nn.CrossEntropyCriterion(None, False)) == "nn.CrossEntropyCriterion(sizeAverage=False)"


def test_cross_entropy_takes_the_ones_that_a_convolution_leaves():
    criterion = nn.CrossEntropyCriterion()
    scores = np.random.default_rng(1).standard_normal((4, 3))
    target = np.array([1, 2, 3, 1])
    loss, gradient = criterion.forward(scores, target), criterion.backward(scores, target)
    wide = scores[:, :, None, None]
    assert criterion.forward(wide, target[:, None, None]) == loss
    assert np.array_equal(criterion.backward(wide, target[:, None, None]), gradient[:, :, None, None])
    single = criterion.forward(scores[0][:, None, None], 1)
    assert single == criterion.forward(scores[:1], np.array([1])) == criterion.forward(scores[:1, :, None], 1)
    with pytest.raises(nn.ShapeError, match="4x3x2"):
        criterion.forward(np.zeros((4, 3, 2)), np.ones((4, 2)))


@pytest.mark.parametrize("classes", [2, 3, 7])
def test_a_simplex_is_regular(classes):
    corners = nn.ClassSimplexCriterion(classes).simplex
    products = corners @ corners.T
    assert np.allclose(products, np.where(np.eye(classes), 1, -1 / (classes - 1)), atol=1e-12)
    assert np.allclose(corners.sum(0), 0, atol=1e-12) and not corners[:, -1].any()


def test_a_simplex_predicts():
    criterion = nn.ClassSimplexCriterion(4)
    near = criterion.simplex[[2, 0]] + 0.01
    assert criterion.getTopPrediction(near).tolist() == [3, 1]
    assert criterion.getTopPrediction(near[0]).tolist() == [3]
    assert criterion.getPredictions(near).shape == (2, 4)
    with pytest.raises(nn.ShapeError, match="rows of 4 numbers, got float64 2x3"):
        criterion.getPredictions(np.zeros((2, 3)))


@pytest.mark.parametrize("classes", [1, 2.5, None, True])
def test_a_simplex_needs_two_classes(classes):
    with pytest.raises(nn.RangeError, match="nClasses must be a whole number from 2"):
        nn.ClassSimplexCriterion(classes)


def test_margins_of_power_1_and_2():
    with pytest.raises(nn.RangeError, match="p must be 1 or 2, got 3"):
        nn.MultiMarginCriterion(3)
    scores = np.array([0.5, 1.0, -2.0])
    assert nn.MultiMarginCriterion(1).forward(scores, 1) == pytest.approx(1.5 / 3)
    assert nn.MultiMarginCriterion(2).forward(scores, 1) == pytest.approx(2.25 / 3)


def test_a_label_listed_twice_counts_twice():
    criterion, scores = nn.MultiLabelMarginCriterion(), np.array([0.5, 0.25, -1.0])
    once, twice = np.array([2, 0, 0]), np.array([2, 2, 0])
    assert criterion.forward(scores, twice) == pytest.approx(2 * criterion.forward(scores, once))
    assert np.allclose(criterion.backward(scores, twice), 2 * criterion.backward(scores, once))


def test_weights_stretch_the_target_alone():
    criterion = nn.WeightedMSECriterion(np.array([1.0, 3.0]))
    assert criterion.forward(np.array([[1.0, 3.0], [2.0, 3.0]]), np.array([[1, 1], [1, 1]])) == 0.25


def test_a_target_to_be_cropped_is_an_array_of_numbers():
    for target in (None, [[1], [1, 2]], "ab"):
        with pytest.raises(nn.TensorTypeError, match="takes numbers as its target"):
            nn.SpatialAutoCropMSECriterion().forward(np.zeros((1, 2, 2)), target)


def test_a_target_is_cropped_at_its_centre():
    criterion = nn.SpatialAutoCropMSECriterion()
    target = np.arange(2 * 25.0).reshape(2, 5, 5)
    assert criterion.forward(target[:, 1:4, 1:4].copy(), target) == 0
    assert criterion.forward(target[:, 0:4, 1:4].copy(), target) == 0
    assert criterion.backward(target[:, 1:4, 1:4] + 1, target).tolist() == np.full((2, 3, 3), 2 / 18).tolist()


def test_equal_things_part_at_random_as_in_torch7():
    criterion = nn.L1HingeEmbeddingCriterion()
    first, second = np.array([1.0, 2.0, 5.0, 3.0]), np.array([1.0, 3.0, 4.0, 3.0])
    nn.manualSeed(5)
    drawn = [2 * rng.random(2) - 3, 2 * rng.random(2) - 3]
    nn.manualSeed(5)
    gradient = criterion.backward([first, second], 1)
    assert gradient[0].tolist() == [drawn[0], -1, 1, drawn[1]]
    assert np.array_equal(gradient[1], -gradient[0])


def test_unlike_things_beyond_the_margin_feel_nothing():
    far = [np.zeros(3), np.ones(3)]
    for criterion in (nn.L1HingeEmbeddingCriterion(2), nn.CosineEmbeddingCriterion(0.5)):
        assert criterion.forward(far, -1) == 0
        assert not any(gradient.any() for gradient in criterion.backward(far, -1))


def test_the_hinge_of_a_distance_ends_at_its_margin():
    gradient = nn.HingeEmbeddingCriterion(1).backward(np.array([0.5, 1.0, 1.5, 1.5]), np.array([-1, -1, -1, 1]))
    assert gradient.tolist() == [-0.25, -0.25, 0, 0.25]


def test_rankings_average_over_rows():
    first, second = np.zeros((2, 3)), np.zeros((2, 3))
    assert nn.MarginRankingCriterion(1).forward([first, second], np.ones((2, 3))) == 3
    with pytest.raises(nn.TensorTypeError, match="table"):
        nn.MarginRankingCriterion().forward(first, second)
    with pytest.raises(nn.ShapeError, match="2 entries"):
        nn.MarginRankingCriterion().forward([first], second)


@pytest.mark.parametrize(
    "make", [nn.MarginCriterion, nn.HingeEmbeddingCriterion, nn.L1HingeEmbeddingCriterion, nn.MarginRankingCriterion]
)
def test_margins_are_numbers(make):
    with pytest.raises(nn.TensorTypeError, match=r"margin\) must be a number, got '1'"):
        make("1")
    assert type(make(np.float64(0.5)).margin) is float
