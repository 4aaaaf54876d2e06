"""Losses made of others: what is handed on, converted, refused."""

import numpy as np
import pytest

import pygraph_nn as nn
from pygraph_nn.nesting import compare
from pygraph_nn.testing import check_gradients

X, T = np.array([2.0, 0.0]), np.array([1.0, 0.5])


def test_only_criterions_are_added():
    for criterion in (nn.MultiCriterion(), nn.ParallelCriterion()):
        with pytest.raises(nn.TensorTypeError, match=r"add takes a criterion, got nn\.Tanh"):
            criterion.add(nn.Tanh())
        with pytest.raises(nn.TensorTypeError, match="weight must be a number, got None"):
            criterion.add(nn.MSECriterion(), None)


def test_types_reach_the_criterions_inside():
    criterion = nn.MultiCriterion().add(nn.ClassNLLCriterion(np.ones(2)), 0.5)
    criterion.float()
    assert criterion.criterions[0].type() == "torch.FloatTensor"
    assert criterion.criterions[0].weights.dtype == np.float32


def test_several_losses_show_themselves():
    assert repr(nn.MultiCriterion().add(nn.MSECriterion()).add(nn.L1Cost(), 0.5)) == (
        "nn.MultiCriterion(nn.MSECriterion, 0.5 * nn.L1Cost)"
    )
    assert (
        repr(nn.ParallelCriterion(True).add(nn.L1Cost())) == "nn.ParallelCriterion(nn.L1Cost) with one target for all"
    )


def test_losses_without_target_need_none():
    criterion = nn.MultiCriterion().add(nn.L1Cost()).add(nn.L1Cost(), 2)
    assert criterion.forward(X) == criterion(X) == 6
    assert criterion.backward(X).tolist() == [3, 0]


def test_rows_of_an_array_are_targets_too():
    criterion = nn.ParallelCriterion().add(nn.MSECriterion()).add(nn.AbsCriterion())
    rows = np.array([T, T])
    assert criterion.forward([X, X], rows) == criterion.forward([X, X], [T, T])
    labels = nn.ParallelCriterion().add(nn.ClassNLLCriterion()).add(nn.ClassNLLCriterion())
    assert labels.forward([X, X], np.array([1.0, 2.0])) == -2


def test_a_target_of_no_dimension_is_no_table():
    with pytest.raises(nn.ShapeError, match="takes a table of 1 targets, got float64 scalar"):
        nn.ParallelCriterion().add(nn.MSECriterion()).forward([np.zeros(1)], np.array(1.0))
    both = nn.ParallelCriterion().add(nn.MSECriterion()).add(nn.MSECriterion())
    assert both.forward([np.zeros(1), np.zeros(2)], [np.ones(1), np.ones(2)]) == 2


def test_inputs_beyond_the_criterions_have_no_gradient():
    criterion = nn.ParallelCriterion(True).add(nn.MSECriterion())
    first, second = criterion.backward([X, [X, X]], T)
    assert first.any() and compare(second, [np.zeros(2), np.zeros(2)])


def test_parallel_losses_of_tables():
    criterion = nn.ParallelCriterion().add(nn.CosineEmbeddingCriterion(), 2).add(nn.MSECriterion())
    input = [[X, T], X]
    assert criterion.forward(input, [1, T]) == pytest.approx(2 * (1 - 2 / np.sqrt(4 * 1.25)) + 0.625)
    (first, second), third = criterion.backward(input, [1, T])
    assert first.shape == second.shape == third.shape == (2,)


@pytest.mark.parametrize("make", [nn.CriterionTable, nn.ModuleFromCriterion])
def test_a_loss_is_a_module_with_gradients(make):
    module = make(nn.SmoothL1Criterion())
    output = module.forward([X, T])
    assert output.shape == (1,) and output[0] == nn.SmoothL1Criterion().forward(X, T)
    gradient, nothing = module.backward([X, T], np.full(1, 3.0))
    assert compare(gradient, 3 * nn.SmoothL1Criterion().backward(X, T)) and not nothing.any()
    scores = np.random.default_rng(2).standard_normal((4, 3))
    assert check_gradients(make(nn.CrossEntropyCriterion()), [scores, np.array([3, 1, 2, 1])]) < 1e-7
    with pytest.raises(nn.ShapeError, match="one element"):
        module.backward([X, T], np.ones(2))


def test_a_criterion_table_takes_a_table_of_one_and_no_gradOutput():
    module = nn.CriterionTable(nn.L1Cost())
    assert module.forward([X]).tolist() == [2]
    (gradient,) = module.backward([X], None)
    assert gradient.tolist() == [1, 0]
    assert repr(module) == "nn.CriterionTable(nn.L1Cost)"
    with pytest.raises(nn.TensorTypeError, match="table"):
        module.forward(X)


def test_a_module_criterion_leaves_out_what_is_none():
    plain = nn.ModuleCriterion(nn.MSECriterion())
    assert plain.forward(X, T) == nn.MSECriterion().forward(X, T)
    assert compare(plain.backward(X, T), nn.MSECriterion().backward(X, T))
    targets = nn.ModuleCriterion(nn.MSECriterion(), None, nn.Sigmoid())
    assert targets.forward(X, T) == nn.MSECriterion().forward(X, nn.Sigmoid().forward(T))


def test_a_module_criterion_warns_of_parameters_that_nobody_updates():
    with pytest.warns(UserWarning, match=r"does not update the parameters of its inputModule, nn\.Linear"):
        nn.ModuleCriterion(nn.MSECriterion(), nn.Linear(2, 2))


@pytest.mark.parametrize("modules", [(nn.Tanh(), None), (None, nn.Tanh())])
def test_a_module_criterion_runs_forward_first(modules):
    with pytest.raises(nn.StateError, match="forward pass"):
        nn.ModuleCriterion(nn.MSECriterion(), *modules).backward(X, T)


@pytest.mark.parametrize(("cast", "type"), [(True, "torch.FloatTensor"), (False, "torch.DoubleTensor")])
def test_a_module_criterion_may_keep_the_type_of_its_targets(cast, type):
    criterion = nn.ModuleCriterion(nn.MSECriterion(), nn.Tanh(), nn.Sigmoid(), cast).float()
    assert criterion.targetModule.type() == type
    assert criterion.inputModule.type() == criterion.criterion.type() == criterion.type() == "torch.FloatTensor"
