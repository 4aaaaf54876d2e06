"""Linear's relatives: what a row of the table cannot say."""

import numpy as np
import pytest
from blas_families import as_if_small

import pygraph_nn as nn


def test_sizes_are_whole_numbers_from_one():
    for build in (nn.Linear, nn.LinearWeightNorm, nn.PartialLinear):
        with pytest.raises(nn.RangeError, match="(?i)inputsize.* 0"):
            build(0, 2)
        with pytest.raises(nn.RangeError, match=r"(?i)outputsize.* 1\.5"):
            build(2, 1.5)
    with pytest.raises(nn.RangeError, match="inputSize2"):
        nn.Bilinear(1, -1, 2)


@pytest.mark.parametrize("kind", ["torch.DoubleTensor", "torch.FloatTensor"])
@pytest.mark.parametrize("small", [0, 1_000_000])
@pytest.mark.parametrize("rows", [1, 2, 3, 8, 17, 30, 53, 70, 130, 530])
def test_every_way_to_the_product_computes_the_same(kind, small, rows):
    with as_if_small(small):
        expect_the_product(kind, rows)


def expect_the_product(kind, rows):
    generator = np.random.default_rng(0)
    for inputs, outputs, bias in ((5, 7, True), (130, 509, True), (130, 509, False), (510, 544, True)):
        module = nn.Linear(inputs, outputs, bias).type(kind)
        exact = 1e-12 if module.dtype == np.float64 else 1e-4
        x, gradOutput = (generator.standard_normal((rows, n)).astype(module.dtype) for n in (inputs, outputs))
        expected = np.einsum("ri,oi->ro", x, module.weight) + (0 if module.bias is None else module.bias)
        for output in (module.forward(x), module.repeatedly(50)(x)):
            np.testing.assert_allclose(output, expected, exact, exact)
            assert output.dtype == module.dtype and output.flags.c_contiguous
        gradInput = module.updateGradInput(x, gradOutput)
        np.testing.assert_allclose(gradInput, np.einsum("ro,oi->ri", gradOutput, module.weight), exact, exact)
        assert gradInput.dtype == module.dtype
        module.zeroGradParameters()
        module.accGradParameters(x, gradOutput)
        np.testing.assert_allclose(module.gradWeight, np.einsum("ro,ri->oi", gradOutput, x), exact, exact)
        if bias:
            np.testing.assert_allclose(module.gradBias, np.einsum("ro->o", gradOutput), exact, exact)


def test_no_bias_drops_it():
    module = nn.Linear(2, 3).noBias()
    assert len(module.parameters()[0]) == 1
    assert repr(module) == "nn.Linear(2 -> 3) without bias"
    assert not module.forward(np.zeros((1, 2))).any()


def test_a_weight_norm_made_of_a_linear_computes_the_same_and_turns_back():
    for bias in (True, False):
        linear, x = nn.Linear(4, 3, bias), np.random.default_rng(0).standard_normal((5, 4))
        module = nn.LinearWeightNorm.fromLinear(linear)
        np.testing.assert_allclose(module.forward(x), linear.forward(x), rtol=1e-12)
        module.g *= 2
        np.testing.assert_allclose(module.toLinear().forward(x), module.forward(x), rtol=1e-12)
        assert module.float().toLinear().weight.dtype == np.float32


def test_a_weight_of_another_shape_is_not_stretched():
    module = nn.LinearWeightNorm(3, 2)
    before = module.v.copy()
    for weight in (np.ones(3), np.ones((3, 2)), 1.0):
        with pytest.raises(nn.ShapeError, match=r"initFromWeight takes a weight of 2x3, got"):
            module.initFromWeight(weight)
    assert np.array_equal(module.v, before)


def test_weight_norms_evaluation_keeps_the_weight():
    module, x = nn.LinearWeightNorm(4, 3).evaluate(), np.ones((1, 4))
    before = module.forward(x)
    module.g *= 2
    assert np.array_equal(module.forward(x), before)
    assert not np.array_equal(module.training().forward(x), before)


def test_weight_norm_learns_lengths_and_directions_but_not_the_weight():
    module = nn.LinearWeightNorm(4, 3)
    assert [p.shape for p in module.parameters()[0]] == [(3, 4), (3, 1), (3,)]
    flat, _ = module.getParameters()
    flat += 1
    np.testing.assert_allclose(module.forward(np.zeros(4)), module.bias)
    np.testing.assert_allclose(np.linalg.norm(module.weight, axis=1), np.abs(module.g[:, 0]))


def test_a_partition_is_learnt_alone():
    module, x = nn.PartialLinear(2, 4), np.ones((3, 2))
    whole = module.forward(x)
    module.setPartition(np.array([4.0, 2.0]))
    np.testing.assert_allclose(module.forward(x), whole[:, [3, 1]], rtol=1e-14)
    module.zeroGradParameters()
    module.backward(x, np.ones((3, 2)))
    assert module.gradWeight.tolist() == [[0, 0], [3, 3], [0, 0], [3, 3]]
    assert module.gradBias.tolist() == [[0, 3, 0, 3]]
    module.resetPartition()
    assert np.array_equal(module.forward(x), whole)


@pytest.mark.parametrize("partition", [[0], [5], [1.5], [[1]], [-1], [np.nan], [np.inf], 1])
def test_a_partition_counts_from_one(partition):
    with pytest.raises(nn.RangeError, match=r"PartialLinear.* 1 (to|and) 4"):
        nn.PartialLinear(2, 4).setPartition(partition)


def test_bilinears_scale_is_for_the_bias_as_in_torch7():
    module, x = nn.Bilinear(2, 2, 1), [np.ones((3, 2)), np.ones((3, 2))]
    module.forward(x)
    module.zeroGradParameters()
    module.backward(x, np.ones((3, 1)), 0.5)
    assert module.gradWeight.tolist() == [[[3, 3], [3, 3]]]
    assert module.gradBias.tolist() == [1.5]


def test_reset_takes_a_standard_deviation():
    for module in (nn.Linear(50, 40), nn.LinearWeightNorm(50, 40), nn.PartialLinear(50, 40), nn.Bilinear(5, 10, 40)):
        assert module.reset(0.5) is module
        assert abs(np.std(module.weight) - 0.5) < 0.05
