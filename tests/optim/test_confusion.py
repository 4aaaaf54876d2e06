"""ConfusionMatrix counts, averages and prints as Torch7's does."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pygraph_nn import optim
from pygraph_nn.errors import MissingExtraError, PygraphError, RangeError, ShapeError, TensorTypeError

samples = st.lists(st.tuples(st.integers(1, 4), st.integers(-1, 4)), max_size=30)


def test_classes_scores_and_one_hot_targets_count_alike():
    scores = np.array([0.1, 0.7, 0.2])
    conf = optim.ConfusionMatrix(3)
    conf.add(2, 3)
    conf.add(np.int64(2), 3.0)
    conf.add(scores, 3)
    conf.add(scores, np.array([0, 0, 1]))
    conf.add([0.5, 0.5, 0.0], 1)
    assert conf.mat.tolist() == [[1, 0, 0], [0, 0, 0], [0, 4, 0]]


@given(samples)
def test_a_batch_is_its_samples(pairs):
    predictions, targets = np.array([p for p, _ in pairs], int), np.array([t for _, t in pairs], int)
    one, batch, columns, scores = (optim.ConfusionMatrix(4) for _ in range(4))
    for p, t in pairs:
        one.add(p, t)
    batch.batchAdd(predictions, targets)
    columns.batchAdd(predictions[:, None], targets[:, None].astype(float))
    scores.batchAdd(np.eye(4)[predictions - 1], targets)
    for other in (batch, columns, scores):
        assert np.array_equal(other.mat, one.mat)
    assert one.mat.sum() == sum(t > 0 for _, t in pairs)
    assert all(one.mat[t - 1, p - 1] == pairs.count((p, t)) for p in range(1, 5) for t in range(1, 5))


def test_unknown_targets_are_left_out_whatever_was_predicted():
    conf = optim.ConfusionMatrix(2)
    conf.batchAdd(np.array([9, 1]), np.array([0, -1]))
    assert conf.mat.sum() == 0


@given(samples.filter(lambda pairs: any(t > 0 for _, t in pairs)))
def test_the_accuracies_are_what_their_names_say(pairs):
    known = [(p, t) for p, t in pairs if t > 0]
    conf = optim.ConfusionMatrix(4)
    conf.batchAdd([p for p, _ in pairs], [t for _, t in pairs])
    conf.updateValids()
    assert conf.totalValid == pytest.approx(np.mean([p == t for p, t in known]))
    rows, unions = [], []
    for c in {t for _, t in known}:
        hits = known.count((c, c))
        rows.append(hits / sum(t == c for _, t in known))
        unions.append(hits / sum(c in pair for pair in known))
    assert conf.averageValid == pytest.approx(np.mean(rows), rel=1e-6)
    assert conf.averageUnionValid == pytest.approx(np.mean(unions), rel=1e-6)
    assert np.isnan(conf.valids).sum() == 4 - len(rows)


def test_it_prints_torch7s_text_to_the_last_digit():
    conf = optim.ConfusionMatrix(["cat", "dog", "owl"])
    conf.batchAdd([1, 1, 2, 2, 2, 3], [1, 1, 1, 2, 2, 2])
    # 2/3 is 0.666666686534882 in Torch7's float32, and so are the digits of the averages.
    assert str(conf).split("\n") == [
        "ConfusionMatrix:",
        "[[       2       1       0]   66.667% \t[class: cat]",
        " [       0       2       1]   66.667% \t[class: dog]",
        " [       0       0       0]]  nan% \t[class: owl]",
        " + average row correct: 66.666668653488% ",
        " + average rowUcol correct (VOC measure): 58.333334326744% ",
        " + global correct: 66.666666666667%",
    ]


def test_without_names_and_with_many_samples_the_columns_grow():
    conf = optim.ConfusionMatrix(2)
    conf.mat[0, 0] = 123456789
    assert str(conf).split("\n")[1:3] == ["[[ 123456789         0]   100.000% ", " [         0         0]]  nan% "]
    assert repr(conf) == "ConfusionMatrix(2)"


def test_an_empty_one_prints_and_zero_empties():
    conf = optim.ConfusionMatrix(2, ["no", "yes"])
    empty = str(conf)
    assert "global correct: nan%" in empty
    conf.add(1, 2)
    assert str(conf) != empty
    conf.zero()
    assert conf.totalValid == conf.averageValid == conf.averageUnionValid == 0
    assert str(conf) == empty
    assert repr(conf) == "ConfusionMatrix(['no', 'yes'])"


def test_false_acceptance_and_rejection():
    conf = optim.ConfusionMatrix(4)
    conf.mat[...] = [[8, 2, 0, 0], [1, 3, 0, 0], [0, 0, 0, 0], [0, 5, 0, 5]]
    class_frrs, class_fars, frrs, fars = conf.farFrr()
    np.testing.assert_allclose(class_frrs, [0.2, 0.25, -1, 0.5])
    np.testing.assert_allclose(class_fars, [(0.25 + 0) / 2, (0.2 + 0.5) / 2, -1, 0])
    assert np.array_equal(frrs, class_frrs[[0, 1, 3]])
    assert np.array_equal(fars, class_fars[[0, 1, 3]])
    conf.mat = np.eye(4)
    assert sum(conf.farFrr()[0]) == sum(conf.farFrr()[1]) == 0


def test_false_acceptance_of_one_class_or_none():
    conf = optim.ConfusionMatrix(2)
    assert [a.tolist() for a in conf.farFrr()] == [[-1, -1], [-1, -1], [], []]
    conf.add(1, 1)
    _, class_fars, frrs, fars = conf.farFrr()
    assert frrs.tolist() == [0]
    assert np.isnan(fars).all()
    assert class_fars[1] == -1


@pytest.mark.parametrize(
    ("prediction", "target", "error", "message"),
    [
        (3, 1, RangeError, "classes are counted from 1 to 2, but a prediction is 3"),
        (0, 1, RangeError, "a prediction is 0"),
        (1, 3, RangeError, "a target is 3"),
        (np.ones(3), 1, ShapeError, r"the prediction is a class or 2 scores for each sample, not of shape \(3,\)"),
        (1, np.ones(1), ShapeError, "the target is a class or 2 scores"),
        (1.5, 1, TensorTypeError, "a class is a whole number from 1, but the prediction has .1.5."),
        (float("nan"), 1, TensorTypeError, "a whole number"),
        ("cat", 1, TensorTypeError, "a whole number"),
        (1, float("inf"), RangeError, "a target is inf"),
        (1e300, 1, RangeError, "a prediction is 1e[+]300"),
        (3.0, 1, RangeError, "a prediction is 3$"),
        (
            [[1, 2], [1]],
            1,
            TensorTypeError,
            r"the prediction is an array or a list of numbers, not \[\[1, 2\], \[1\]\]",
        ),
        (1, None, TensorTypeError, "the target has .None."),
    ],
)
def test_what_add_refuses(prediction, target, error, message):
    conf = optim.ConfusionMatrix(2)
    with pytest.raises(error, match=message):
        conf.add(prediction, target)
    assert conf.mat.sum() == 0


def test_names_may_come_as_an_array_and_unknown_targets_as_minus_infinity():
    names = np.array(["cat", "dog"])
    for conf in (
        optim.ConfusionMatrix(names),
        optim.ConfusionMatrix(2, names),
        optim.ConfusionMatrix(2, ("cat", "dog")),
    ):
        assert repr(conf) == "ConfusionMatrix(['cat', 'dog'])"
    conf.add(1, -float("inf"))
    conf.batchAdd(np.array([1.0, 2.0]), np.array([2, 0], np.uint8))
    assert conf.mat.tolist() == [[0, 0], [1, 0]]


def test_what_the_others_refuse():
    conf = optim.ConfusionMatrix(2)
    with pytest.raises(ShapeError, match="3 predictions for 2 targets"):
        conf.batchAdd([1, 2, 1], [1, 2])
    with pytest.raises(RangeError, match="from 1 up, or their names, not 0"):
        optim.ConfusionMatrix(0)
    with pytest.raises(ShapeError, match="3 classes, but 2 names"):
        optim.ConfusionMatrix(3, ["a", "b"])
    for names in (5, "ab", np.array(["a"])[0]):
        with pytest.raises(TensorTypeError, match="the names of the classes are a list, not"):
            optim.ConfusionMatrix(2, names)
    for number in (True, [], np.zeros(0), 2.5, None, np.array([["a"]])):
        with pytest.raises(RangeError, match="from 1 up, or their names, not"):
            optim.ConfusionMatrix(number)
    with pytest.raises(RangeError, match="score | occurrence, not 'name'"):
        conf.render("name")
    assert issubclass(MissingExtraError, PygraphError)


@pytest.mark.usefixtures("screenless")
def test_it_renders_sorted_by_score_or_occurrence():
    conf = optim.ConfusionMatrix(["cat", "dog", "owl"])
    conf.mat[...] = [[1, 3, 0], [0, 1, 1], [0, 0, 1]]
    for mode, names in (("score", "owl dog cat"), ("occurrence", "cat dog owl")):
        axes = conf.render(mode).axes[0]
        assert [label.get_text().split()[0] for label in axes.get_yticklabels()] == names.split()
        assert "global accuracy = 42.857%, per-class accuracy = 58.333%" in axes.get_title()
    assert [text.get_text() for text in axes.texts] == ["25", "75", "00", "00", "50", "50", "00", "00", "100"]
    assert optim.ConfusionMatrix(2).render(display=True).axes


def test_render_names_the_extra_that_is_missing(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"ConfusionMatrix.render needs matplotlib.*pygraph_nn\[plot\]"):
        optim.ConfusionMatrix(2).render()
