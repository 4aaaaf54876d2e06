"""What disturbing modules promise beyond their rows: Torch7's draws, modes, refusals."""

import numpy as np
import pytest

import pygraph_nn as nn

ONES = np.ones((50, 40))


def test_draws_fall_as_in_torch7():
    nn.manualSeed(9)
    kept = nn.rng.bernoulli(0.75, size=(50, 40))
    nn.manualSeed(9)
    m = nn.Dropout(0.25)
    assert np.array_equal(m.forward(ONES), kept / 0.75)
    assert np.array_equal(m.noise, kept / 0.75)
    assert np.array_equal(m.backward(ONES, 2 * ONES), 2 * kept / 0.75)
    assert 0.7 < kept.mean() < 0.8


def test_planes_are_dropped_as_a_whole_and_in_order():
    nn.manualSeed(9)
    kept = nn.rng.bernoulli(0.5, size=(2, 3))
    for make, extra in ((nn.SpatialDropout, (4, 5)), (nn.VolumetricDropout, (2, 4, 5))):
        nn.manualSeed(9)
        output = make().forward(np.ones((2, 3, *extra)))
        assert np.array_equal(output, np.broadcast_to(kept.reshape(2, 3, *(1 for _ in extra)), output.shape))
        nn.manualSeed(9)
        assert np.array_equal(make().forward(np.ones((3, *extra))), output[0])


def test_evaluation_lets_everything_through():
    for m, factor in ((nn.Dropout(0.4), 1), (nn.Dropout(0.4, True), 0.6), (nn.SpatialDropout(0.25), 0.75)):
        input = np.ones((2, 3, 4, 5))
        output = m.evaluate().forward(input)
        assert (output == factor).all() and not np.shares_memory(input, output)
        assert (m.backward(input, input) == factor).all() and m.row_wise


def test_stochastic_inference_drops_in_evaluation_and_so_does_its_gradient():
    for m in (nn.Dropout(0.5, False, False, True), nn.SpatialDropout(0.5, True), nn.VolumetricDropout(0.5, True)):
        input = np.ones((4, 5, 6, 7, 8)[: getattr(m, "nDim", 2)])
        output = m.evaluate().forward(input)
        assert 0 < np.count_nonzero(output) < output.size and not m.row_wise
        assert np.array_equal(m.backward(input, input), output)


def test_dropping_nothing_draws_nothing():
    m = nn.Dropout(0)
    nn.manualSeed(2)
    assert np.array_equal(m.forward(ONES), ONES) and m.row_wise
    first = nn.rng.uniform()
    nn.manualSeed(2)
    assert nn.rng.uniform() == first


@pytest.mark.parametrize("make", [nn.Dropout, nn.SpatialDropout, nn.VolumetricDropout])
def test_the_probability_is_below_1(make):
    for wrong in (1, -0.1, 1.5, float("nan")):
        with pytest.raises(nn.RangeError, match=f"nn.{make.__name__}.*0 <= p < 1, got"):
            make(wrong)
        with pytest.raises(nn.RangeError):
            make().setp(wrong)
    with pytest.raises(nn.TensorTypeError, match="must be a number, got 'a'"):
        make("a")
    assert make(0.25).setp(0.5).p == 0.5
    assert repr(make(0.25)) == f"nn.{make.__name__}(0.250000)"


def test_noise_is_forgotten_with_the_state():
    for m in (nn.Dropout(), nn.WhiteNoise()):
        m.forward(ONES)
        assert m.noise.shape == ONES.shape
        assert m.clearState().noise is None


def test_white_noise_is_torch7s_and_keeps_float32():
    nn.manualSeed(4)
    noise = nn.rng.normal(1, 0.5, size=(50, 40), dtype="float32")
    nn.manualSeed(4)
    output = nn.WhiteNoise(1, 0.5).float().forward(np.zeros((50, 40), "float32"))
    assert output.dtype == np.float32 and np.array_equal(output, noise)
    assert repr(nn.WhiteNoise(1, 0.5)) == "nn.WhiteNoise mean: 1.000000, std: 0.500000"


def test_dropout_in_float32_draws_as_in_float64():
    nn.manualSeed(4)
    wide = nn.Dropout(0.3).forward(ONES)
    nn.manualSeed(4)
    narrow = nn.Dropout(0.3).float().forward(ONES.astype("float32"))
    assert narrow.dtype == np.float32 and np.allclose(wide, narrow)
