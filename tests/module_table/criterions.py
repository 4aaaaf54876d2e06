"""Rows of criterions/: what to build, what to feed it, and what PyTorch calls it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import pygraph_nn as nn

from . import matrix, table


@dataclass
class CriterionRow:
    """A criterion under test; tests/test_criterions.py runs every check.

    make : builds the criterion
    input : builds the input from a numpy Generator, away from the loss's kinks
    target : builds the target from a numpy Generator; None where there is none
    bad : tuples of an input and a target that do not fit, and the shapes that the error must show
    torch : from torch, the criterion and the target (a tensor or None), a function of the input's tensors to the loss
    """

    make: Callable
    input: Callable
    target: Callable = lambda generator: None
    bad: tuple = ()
    torch: Callable | None = None

    def build(self):
        """Build the criterion."""
        return self.make()

    def draw(self):
        """Draw input and target."""
        return self.input(np.random.default_rng(7)), self.target(np.random.default_rng(8))


def probabilities(*shape):
    """A maker of numbers between 0.05 and 0.95."""
    return lambda generator: generator.uniform(0.05, 0.95, shape)


def log_probabilities(*shape, axis=-1):
    """A maker of logarithms of numbers that add up to 1 along ``axis``."""

    def make(generator):
        scores = generator.standard_normal(shape)
        return scores - np.log(np.exp(scores).sum(axis, keepdims=True))

    return make


def classes(count, *shape):
    """A maker of class targets, in whole floats as Torch7 has them."""
    return lambda generator: generator.integers(1, count + 1, shape).astype(float)


def signs(*shape):
    """A maker of the numbers 1 and -1."""
    return lambda generator: 2.0 * generator.integers(0, 2, shape) - 1


def this(value):
    """A maker of one value."""
    return lambda generator: np.array(value) if isinstance(value, list) else value


def elementwise(name):
    """PyTorch's loss of that name, for a target of the input's shape."""

    def judge(torch, ours, target):
        loss = getattr(torch.nn.functional, name)
        return lambda x: loss(x, target, reduction="mean" if ours.sizeAverage else "sum")

    return judge


def by_class(name, **fixed):
    """PyTorch's loss of that name, for targets counted from 0."""

    def judge(torch, ours, target):
        weight = None if ours.weights is None else torch.tensor(ours.weights)
        settings = dict(fixed, weight=weight, reduction="mean" if ours.sizeAverage else "sum")
        return lambda x: getattr(torch.nn.functional, name)(x, target.long() - 1, **settings)

    return judge


def cross_entropy(torch, ours, target):
    """PyTorch's cross-entropy."""
    judge = by_class("cross_entropy")(torch, ours.nll, target.squeeze())
    return lambda x: judge(x.squeeze())


def multi_margin(torch, ours, target):
    """PyTorch's multi-class hinge loss."""
    return by_class("multi_margin_loss", p=ours.p, margin=ours.margin)(torch, ours, target)


def weights(count):
    """Some weights."""
    return np.linspace(0.5, 2, count)


WRONG_MATRIX = (
    (np.ones((3, 4)), np.ones((4, 3)), "float64 3x4", "float64 4x3"),
    (np.ones((3, 4)), np.ones(4), "float64 3x4", "float64 4"),
)
WRONG_CLASSES = (
    (np.ones((4, 5)), np.ones(3), "a target of 4 ", "float64 3"),
    (np.ones((4, 5)), np.ones((4, 5)), "a target of 4 ", "float64 4x5"),
)
WRONG_PAIR = (([np.ones((3, 4)), np.ones((3, 5))], np.ones(3), "float64 3x4", "float64 3x5"),)

ROWS = [
    # Numbers against numbers
    CriterionRow(nn.MSECriterion, matrix(3, 4), matrix(3, 4), WRONG_MATRIX, elementwise("mse_loss")),
    CriterionRow(lambda: nn.MSECriterion(False), matrix(3, 4), matrix(3, 4), torch=elementwise("mse_loss")),
    CriterionRow(
        lambda: nn.WeightedMSECriterion(weights(4)),
        matrix(3, 4),
        matrix(3, 4),
        (*WRONG_MATRIX, (np.ones((4, 3)), np.ones((4, 3)), "float64 4,", "float64 4x3")),
        lambda torch, ours, t: lambda x: torch.nn.functional.mse_loss(x, t * torch.tensor(ours.weight)),
    ),
    CriterionRow(lambda: nn.WeightedMSECriterion(np.ones((3, 4))), matrix(3, 4), matrix(3, 4)),
    CriterionRow(
        nn.SpatialAutoCropMSECriterion,
        matrix(2, 3, 4, 4),
        matrix(2, 3, 7, 6),
        (
            (np.ones((2, 4, 4)), np.ones((2, 3, 4)), "2x4x4", "2x3x4"),
            (np.ones((2, 4, 4)), np.ones((3, 5, 5)), "2x4x4", "3x5x5"),
            (np.ones((2, 4, 4)), np.ones((1, 2, 4, 4)), "2x4x4", "1x2x4x4"),
            (np.ones((4, 4)), np.ones((4, 4)), "3 or 4 dimensions", "4x4"),
        ),
        lambda torch, ours, t: lambda x: torch.nn.functional.mse_loss(x, t[:, :, 1:5, 1:5]),
    ),
    CriterionRow(nn.AbsCriterion, matrix(3, 4), matrix(3, 4), WRONG_MATRIX, elementwise("l1_loss")),
    CriterionRow(lambda: nn.AbsCriterion(False), matrix(3, 4), matrix(3, 4), torch=elementwise("l1_loss")),
    CriterionRow(nn.SmoothL1Criterion, matrix(3, 4), matrix(3, 4), WRONG_MATRIX, elementwise("smooth_l1_loss")),
    CriterionRow(lambda: nn.SmoothL1Criterion(False), matrix(3, 4), matrix(3, 4), torch=elementwise("smooth_l1_loss")),
    CriterionRow(
        nn.DistKLDivCriterion,
        log_probabilities(3, 4),
        probabilities(3, 4),
        WRONG_MATRIX,
        lambda torch, ours, t: lambda x: torch.nn.functional.kl_div(x, t, reduction="none").mean(),
    ),
    CriterionRow(nn.L1Cost, matrix(3, 4), torch=lambda torch, ours, t: lambda x: x.abs().sum()),
    # Yes or no
    CriterionRow(
        nn.BCECriterion,
        probabilities(3, 4),
        probabilities(3, 4),
        ((np.full((3, 4), 0.5), np.ones((4, 3)), "3x4", "4x3"),),
        elementwise("binary_cross_entropy"),
    ),
    CriterionRow(
        lambda: nn.BCECriterion(weights(4), False),
        probabilities(3, 4),
        probabilities(3, 4),
        ((np.full((3, 5), 0.5), np.ones((3, 5)), "4 weights", "3x5"),),
        lambda torch, ours, t: (
            lambda x: torch.nn.functional.binary_cross_entropy(x, t, torch.tensor(ours.weights), reduction="sum")
        ),
    ),
    CriterionRow(
        nn.MultiLabelSoftMarginCriterion,
        matrix(3, 4),
        probabilities(3, 4),
        WRONG_MATRIX,
        elementwise("binary_cross_entropy_with_logits"),
    ),
    CriterionRow(
        lambda: nn.MultiLabelSoftMarginCriterion(weights(4)),
        matrix(3, 4),
        probabilities(3, 4),
        ((np.ones((3, 5)), np.ones((3, 5)), "4 weights", "3x5"),),
        lambda torch, ours, t: (
            lambda x: torch.nn.functional.multilabel_soft_margin_loss(x, t, torch.tensor(ours.weights))
        ),
    ),
    CriterionRow(
        lambda: nn.MarginCriterion(0.7),
        matrix(3, 4),
        signs(3, 4),
        WRONG_MATRIX,
        lambda torch, ours, t: lambda x: (0.7 - x * t).clamp(min=0).mean(),
    ),
    CriterionRow(nn.SoftMarginCriterion, matrix(3, 4), signs(3, 4), WRONG_MATRIX, elementwise("soft_margin_loss")),
    # Classes
    CriterionRow(nn.ClassNLLCriterion, log_probabilities(4, 5), classes(5, 4), WRONG_CLASSES, by_class("nll_loss")),
    CriterionRow(
        lambda: nn.ClassNLLCriterion(weights(5), False),
        log_probabilities(4, 5),
        classes(5, 4),
        ((np.ones((4, 3)), np.ones(4), "weights for 5 classes", "4x3"),),
        by_class("nll_loss"),
    ),
    CriterionRow(
        lambda: nn.ClassNLLCriterion(weights(5), True, 2),
        log_probabilities(4, 5),
        this([2.0, 3.0, 2.0, 5.0]),
        torch=by_class("nll_loss", ignore_index=1),
    ),
    CriterionRow(
        lambda: nn.ClassNLLCriterion(weights(5)),
        log_probabilities(5),
        this(3),
        (
            (np.ones(5), np.ones(5), "one number", "float64 5"),
            (np.ones((2, 3, 5)), np.ones((2, 3)), "1 or 2 dimensions", "2x3x5"),
        ),
    ),
    CriterionRow(
        nn.SpatialClassNLLCriterion,
        log_probabilities(2, 3, 4, 5, axis=1),
        classes(3, 2, 4, 5),
        (
            (np.ones((2, 3, 4, 4)), np.ones((2, 4, 5)), "2x4x4", "2x4x5"),
            (np.ones((3, 4, 4)), np.ones((4, 4)), "4 dimensions", "3x4x4"),
        ),
        by_class("nll_loss"),
    ),
    CriterionRow(
        lambda: nn.SpatialClassNLLCriterion(weights(3), False),
        log_probabilities(2, 3, 4, 5, axis=1),
        classes(3, 2, 4, 5),
        torch=by_class("nll_loss"),
    ),
    CriterionRow(nn.CrossEntropyCriterion, matrix(4, 5), classes(5, 4), WRONG_CLASSES, cross_entropy),
    CriterionRow(
        lambda: nn.CrossEntropyCriterion(weights(5), False), matrix(4, 5, 1, 1), classes(5, 4, 1), torch=cross_entropy
    ),
    CriterionRow(nn.CrossEntropyCriterion, matrix(5), this(5.0)),
    CriterionRow(
        lambda: nn.ClassSimplexCriterion(4),
        matrix(3, 4),
        classes(4, 3),
        (
            (np.ones((3, 5)), np.ones(3), "rows of 4", "3x5"),
            (np.ones((3, 4)), np.ones(4), "a target of 3 ", "float64 4"),
        ),
        lambda torch, ours, t: lambda x: torch.nn.functional.mse_loss(x, torch.tensor(ours.simplex)[t.long() - 1]),
    ),
    CriterionRow(nn.MultiMarginCriterion, matrix(4, 5), classes(5, 4), WRONG_CLASSES, multi_margin),
    CriterionRow(
        lambda: nn.MultiMarginCriterion(2, weights(5), 1.5),
        matrix(4, 5),
        classes(5, 4),
        ((np.ones((4, 3)), np.ones(4), "weights for 5 classes", "4x3"),),
        multi_margin,
    ),
    CriterionRow(nn.MultiMarginCriterion, matrix(5), this(2)),
    CriterionRow(
        nn.MultiLabelMarginCriterion,
        matrix(3, 4),
        this([[2.0, 4.0, 0.0, 0.0], [0.0, 1.0, 2.0, 3.0], [3.0, 1.0, 2.0, 4.0]]),
        ((np.ones((3, 4)), np.ones(3), "a target of 3x4", "float64 3"),),
        lambda torch, ours, t: lambda x: torch.nn.functional.multilabel_margin_loss(x, t.long() - 1),
    ),
    CriterionRow(nn.MultiLabelMarginCriterion, matrix(4), this([3, 1, 0, 2])),
    # Likeness
    CriterionRow(
        nn.HingeEmbeddingCriterion,
        matrix(5),
        signs(5),
        ((np.ones(5), np.ones(4), "float64 5", "float64 4"),),
        elementwise("hinge_embedding_loss"),
    ),
    CriterionRow(lambda: nn.L1HingeEmbeddingCriterion(9), table(matrix(4), matrix(4)), this(-1), WRONG_PAIR),
    CriterionRow(nn.L1HingeEmbeddingCriterion, table(matrix(2, 4), matrix(2, 4)), this(1)),
    CriterionRow(
        lambda: nn.CosineEmbeddingCriterion(0.1),
        table(matrix(3, 4), matrix(3, 4)),
        this([1.0, -1.0, -1.0]),
        (*WRONG_PAIR, ([np.ones((3, 4)), np.ones((3, 4))], np.ones(4), "3x1", "float64 4")),
        lambda torch, ours, t: lambda a, b: torch.nn.functional.cosine_embedding_loss(a, b, t, margin=0.1),
    ),
    CriterionRow(nn.CosineEmbeddingCriterion, table(matrix(4), matrix(4)), this(1)),
    CriterionRow(
        lambda: nn.MarginRankingCriterion(0.2),
        table(matrix(5), matrix(5)),
        signs(5),
        (
            ([np.ones(5), np.ones(4)], np.ones(5), "float64 5", "float64 4"),
            ([np.ones(5), np.ones(5)], np.ones(4), "float64 5", "float64 4"),
        ),
        lambda torch, ours, t: lambda a, b: torch.nn.functional.margin_ranking_loss(a, b, t, margin=0.2),
    ),
    CriterionRow(nn.MarginRankingCriterion, table(this([0.5]), this([0.25])), this(1)),
    CriterionRow(
        nn.DistanceRatioCriterion,
        table(matrix(4), matrix(4)),
        bad=(([np.ones(5), np.ones(4)], None, "float64 5", "float64 4"),),
        torch=lambda torch, ours, t: lambda a, b: -torch.log_softmax(torch.stack([-a, -b]), 0)[0].mean(),
    ),
    # Of several
    CriterionRow(
        lambda: nn.MultiCriterion().add(nn.MSECriterion()).add(nn.AbsCriterion(), 0.5),
        matrix(3, 4),
        matrix(3, 4),
        WRONG_MATRIX,
        lambda torch, ours, t: lambda x: ((x - t) ** 2).mean() + 0.5 * (x - t).abs().mean(),
    ),
    CriterionRow(
        lambda: nn.MultiCriterion().add(nn.MarginRankingCriterion()).add(nn.MarginRankingCriterion(3), 2),
        table(matrix(5), matrix(5)),
        signs(5),
    ),
    CriterionRow(
        lambda: nn.ParallelCriterion().add(nn.ClassNLLCriterion(), 0.5).add(nn.MSECriterion()),
        table(log_probabilities(4, 5), matrix(3)),
        lambda generator: [classes(5, 4)(generator), matrix(3)(generator)],
        (
            ([np.ones(3), np.ones(3)], np.ones((1, 3)), "2 targets", "1x3"),
            ([np.ones(3)], [1], "2 inputs", "[float64 3]"),
            ([np.ones((4, 5)), np.ones(3)], [np.ones(4), np.ones(4)], "float64 3", "float64 4"),
        ),
    ),
    CriterionRow(
        lambda: nn.ParallelCriterion(True).add(nn.MSECriterion()).add(nn.AbsCriterion(), 2),
        table(matrix(3), matrix(3), matrix(2)),
        matrix(3),
        (([np.ones(3)], np.ones(3), "2 inputs", "[float64 3]"),),
    ),
    CriterionRow(
        lambda: nn.ModuleCriterion(nn.MSECriterion(), nn.Tanh(), nn.Sigmoid()),
        matrix(3, 4),
        matrix(3, 4),
        WRONG_MATRIX,
        lambda torch, ours, t: lambda x: torch.nn.functional.mse_loss(torch.tanh(x), torch.sigmoid(t)),
    ),
]
