"""Layer normalization: the equation for a vector, Torch7's mixing of means in a batch, and the way around it."""

import numpy as np

import pygraph_nn as nn

BATCH = np.random.default_rng(6).standard_normal((3, 4)) * [[1], [5], [0.1]] + [[0], [10], [-3]]


def normal(rows):
    centered = rows - rows.mean(-1, keepdims=True)
    return centered / np.sqrt((centered**2).mean(-1, keepdims=True))


def test_a_vector_gets_what_the_equation_says():
    m = nn.LayerNormalization(4, 0.5)
    m.get(5).weight[...] = [1, 2, 3, 4]
    assert np.allclose(m.forward(BATCH[1]), normal(BATCH[1]) * [1, 2, 3, 4] + 0.5)


def test_a_batch_has_its_means_mixed_up_as_in_torch7():
    m = nn.LayerNormalization(4)
    means = BATCH.mean(1)[np.arange(12) % 3].reshape(3, 4)
    centered = BATCH - means
    expected = centered / np.sqrt((centered**2).mean(1, keepdims=True))
    assert np.allclose(m.forward(BATCH), expected)
    assert not m.row_wise


def test_rows_on_their_own_come_from_the_same_modules():
    means = nn.Sequential().add(nn.Mean(1, 1)).add(nn.Replicate(4, 2))
    net = nn.Sequential().add(nn.ConcatTable().add(nn.Identity()).add(means)).add(nn.CSubTable())
    net.add(nn.Normalize(2)).add(nn.MulConstant(2))
    assert np.allclose(net.forward(BATCH), normal(BATCH))


def test_construction_draws_as_in_torch7():
    nn.manualSeed(3)
    nn.Add(4)
    nn.CMul(4)
    expected = nn.rng.uniform()
    nn.manualSeed(3)
    m = nn.LayerNormalization(4, 0.25)
    assert nn.rng.uniform() == expected
    weight, bias = m.parameters()[0]
    assert (weight == 1).all() and (bias == 0.25).all()


def test_without_affine_there_is_nothing_to_learn():
    m = nn.LayerNormalization(4, None, None, False)
    assert m.parameters() == ([], []) and m.size() == 4
