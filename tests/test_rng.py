"""Random numbers: Torch7's streams draw for draw, arrays against single draws, states, types and refusals."""

import copy
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pygraph_nn import rng
from pygraph_nn.errors import PygraphError, RangeError, ShapeError, StateError, TensorTypeError
from pygraph_nn.tensors import setdefaulttensortype

RECORDS = [json.loads(line) for line in (Path(__file__).parent / "data/torch7/random.jsonl").read_text().splitlines()]
PROBABILITIES = [0.1, 0.2, 0.3, 0.4]
DTYPES = {"double": np.float64, "float": np.float32, "long": np.int64}


def repeat(function, *args):
    return lambda count: [function(*args) for _ in range(count)]


def alternate(count):
    """A uniform between the two normals of a pair, then normals."""
    return [(rng.uniform if place == 1 else rng.normal)() for place in range(count)]


# name -> (single draws, the same draws as one array or None); both take the number of draws.
SCALARS = {
    "bernoulli_0.3": (repeat(rng.bernoulli, 0.3), lambda n: rng.bernoulli(0.3, size=n)),
    "cauchy_0_1": (repeat(rng.cauchy, 0, 1), lambda n: rng.cauchy(0, 1, size=n)),
    "exponential_2": (repeat(rng.exponential, 2), lambda n: rng.exponential(2, size=n)),
    "geometric_0.3": (repeat(rng.geometric, 0.3), lambda n: rng.geometric(0.3, size=n)),
    "logNormal_1_2": (repeat(rng.logNormal, 1, 2), lambda n: rng.logNormal(1, 2, size=n)),
    "normal": (repeat(rng.normal), lambda n: rng.normal(size=n)),
    "normal_1_2": (repeat(rng.normal, 1, 2), lambda n: rng.normal(1, 2, size=n)),
    "normal_then_uniform_then_normal": (alternate, None),
    "random_1_to_10": (repeat(rng.random, 1, 10), lambda n: rng.random(10, size=n)),
    "random_uint32": (repeat(rng.random), lambda n: rng.random(size=n)),
    "uniform": (repeat(rng.uniform), lambda n: rng.uniform(size=n)),
    "uniform_-2_3": (repeat(rng.uniform, -2, 3), lambda n: rng.uniform(-2, 3, size=n)),
}
ARRAYS = {
    "multinomial_with_replacement": lambda: rng.multinomial(PROBABILITIES, 8, True),
    "multinomial_without_replacement": lambda: rng.multinomial(PROBABILITIES, 3, False),
    "rand_2x3": lambda: rng.rand(2, 3),
    "rand_float_5": lambda: rng.rand(5, dtype="float32"),
    "randn_2x3": lambda: rng.randn(2, 3),
    "randn_float_5": lambda: rng.randn(5, dtype="torch.FloatTensor"),
    "randperm_10": lambda: rng.randperm(10),
    "tensor_bernoulli_0.5": lambda: rng.bernoulli(0.5, size=8),
    "tensor_geometric": lambda: rng.geometric(0.4, size=4),
    "tensor_random_1_6": lambda: rng.random(1, 6, size=6),
}


@pytest.fixture(autouse=True)
def double_tensors():
    yield
    setdefaulttensortype("torch.DoubleTensor")


def assert_same(got, want):
    """Torch7's numbers; a last bit may differ where numpy's log, tan or exp rounds otherwise than the C library's."""
    if np.issubdtype(np.asarray(want).dtype, np.floating):
        np.testing.assert_allclose(got, want, rtol=1e-13, atol=1e-15)
    else:
        np.testing.assert_array_equal(got, want)


# Torch7's streams


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: str(record["seed"]))
def test_every_recorded_stream_is_tested(record):
    assert record["streams"].keys() == SCALARS.keys() | ARRAYS.keys()


@pytest.mark.parametrize("name", SCALARS)
@pytest.mark.parametrize("record", RECORDS, ids=lambda record: str(record["seed"]))
def test_single_draws_are_torch7s(record, name):
    want = record["streams"][name]
    single, array = SCALARS[name]
    rng.manualSeed(record["seed"])
    got = single(len(want))
    assert all(type(number) is type(expected) for number, expected in zip(got, want))
    assert_same(got, want)
    if array is not None:
        rng.manualSeed(record["seed"])
        assert np.array_equal(array(len(want)), got)


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize("record", RECORDS, ids=lambda record: str(record["seed"]))
def test_arrays_are_torch7s(record, name):
    want = record["streams"][name]
    rng.manualSeed(record["seed"])
    got = ARRAYS[name]()
    assert got.dtype == DTYPES[want["dtype"]]
    assert list(got.shape) == want["size"]
    assert_same(got.ravel(), want["data"])


def test_uniforms_are_exact_to_the_last_bit():
    for record in RECORDS:
        rng.manualSeed(record["seed"])
        assert rng.uniform(size=8).tolist() == record["streams"]["uniform"]


# One at a time or all at once

CALLS = {
    "random": (),
    "uniform": (-1, 2.5),
    "normal": (0.5, 2),
    "exponential": (0.7,),
    "cauchy": (1, 0.5),
    "logNormal": (0, 0.5),
    "geometric": (0.8,),
    "bernoulli": (0.4,),
}


@given(
    seed=st.integers(0, 2**32 - 1),
    calls=st.lists(st.tuples(st.sampled_from(sorted(CALLS)), st.none() | st.integers(0, 9)), max_size=12),
)
def test_any_mixture_of_calls_equals_drawing_one_by_one(seed, calls):
    mixed, single = rng.Generator(), rng.Generator()
    mixed.manualSeed(seed)
    single.manualSeed(seed)
    for name, size in calls:
        got = getattr(mixed, name)(*CALLS[name], size=size)
        want = [getattr(single, name)(*CALLS[name]) for _ in range(1 if size is None else size)]
        assert np.ravel(got).tolist() == want
    assert mixed.random() == single.random()
    assert np.array_equal(mixed.getRNGState(), single.getRNGState())


def test_a_long_array_equals_single_draws_across_many_refills():
    for name, args in CALLS.items():
        rng.manualSeed(5)
        rng.normal()
        got = getattr(rng, name)(*args, size=(3, 667))
        rng.manualSeed(5)
        rng.normal()
        assert got.ravel().tolist() == [getattr(rng, name)(*args) for _ in range(2001)]


def test_an_array_is_filled_in_row_major_order():
    rng.manualSeed(3)
    flat = rng.normal(size=24)
    rng.manualSeed(3)
    assert np.array_equal(rng.normal(size=(2, 3, 4)).ravel(), flat)


def test_the_waiting_normal_takes_the_next_calls_mean_and_deviation():
    rng.manualSeed(1)
    _, second = rng.normal(), rng.normal()
    rng.manualSeed(1)
    rng.normal(5, 3)
    assert rng.normal(-1, 2) == second * 2 - 1


def test_no_draw_leaves_the_stream_alone():
    rng.manualSeed(1)
    rng.normal()
    before = rng.getRNGState()
    assert rng.normal(size=0).shape == (0,)
    assert rng.uniform(size=(2, 0)).shape == (2, 0)
    assert np.array_equal(rng.getRNGState(), before)


# The algorithms of arrays that have no single draw


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 40))
def test_randperm_swaps_each_place_with_a_later_one(seed, n):
    rng.manualSeed(seed)
    want = list(range(1, n + 1))
    for place in range(n - 1):
        other = place + rng.random() % (n - place)
        want[place], want[other] = want[other], want[place]
    after = rng.random()
    rng.manualSeed(seed)
    assert rng.randperm(n).tolist() == want
    assert rng.random() == after


def choose_by_weights(weights, uniforms, replacement):
    """Multinomial draws by their definition: cross out what was drawn and rescale what is left."""
    weights, picks = list(weights), []
    for u in uniforms:
        cumulative = np.cumsum(weights) / sum(weights)
        pick = int(np.argmax(cumulative >= u))
        picks.append(pick + 1)
        if not replacement:
            weights[pick] = 0.0
    return picks


@pytest.mark.parametrize("replacement", [False, True])
@given(seed=st.integers(0, 2**32 - 1), weights=st.lists(st.integers(1, 100), min_size=2, max_size=12))
def test_multinomial_draws_what_the_definition_draws(replacement, seed, weights):
    rng.manualSeed(seed)
    want = choose_by_weights(weights, rng.uniform(size=len(weights)), replacement)
    rng.manualSeed(seed)
    assert rng.multinomial(weights, len(weights), replacement).tolist() == want


@pytest.mark.parametrize("replacement", [False, True])
def test_multinomial_of_a_matrix_draws_row_after_row(replacement):
    rows = np.array([[1, 2, 3, 4], [4, 0, 2, 1], [0.1, 0.1, 0.1, 0]])
    rng.manualSeed(7)
    want = [rng.multinomial(row, 3, replacement).tolist() for row in rows]
    rng.manualSeed(7)
    got = rng.multinomial(rows, 3, replacement)
    assert got.tolist() == want
    assert got.dtype == np.int64


def test_multinomial_leaves_its_weights_alone_and_does_not_warn_when_all_are_drawn():
    weights = np.array([1.0, 0.0, 3.0])
    with np.errstate(all="raise"):
        assert sorted(rng.multinomial(weights, 2)) == [1, 3]
    assert weights.tolist() == [1, 0, 3]


@pytest.mark.parametrize("small", [1e-6, 1e-9, 1e-17, 1e-200])
@pytest.mark.parametrize("place", [0, 3, 6])
def test_multinomial_without_replacement_draws_none_twice_however_small_the_weights(small, place):
    weights = np.array([1, 2, 3, 0, 4, 5, 0], float) * small
    weights[place] = 1
    rest = [i + 1 for i in range(7) if weights[i] and i != place]
    seconds = []
    for seed in range(200):
        rng.manualSeed(seed)
        with np.errstate(all="raise"):
            picks = rng.multinomial(weights, len(rest) + 1).tolist()
        assert sorted(picks) == sorted([place + 1, *rest])
        seconds.append(picks[1])
    shares = [seconds.count(i) / 200 for i in rest]
    np.testing.assert_allclose(shares, weights[np.array(rest) - 1] / small / 15, atol=0.12)


def test_multinomial_without_replacement_of_weights_that_fall_by_a_factor_each():
    weights = 1e-6 ** np.arange(6.0)
    for seed in range(100):
        rng.manualSeed(seed)
        assert rng.multinomial(weights, 6).tolist() == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("replacement", [False, True])
def test_multinomial_draws_no_category_of_weight_zero_when_the_uniform_is_zero(replacement, monkeypatch):
    generator = rng.Generator()
    monkeypatch.setattr(generator, "_uniforms", lambda count: np.zeros(count))
    assert generator.multinomial([0, 1, 1], 2, replacement).tolist() == ([2, 2] if replacement else [2, 3])


def test_bernoulli_takes_an_array_of_probabilities():
    rng.manualSeed(1)
    want = [rng.bernoulli(p) for p in (0.1, 0.999, 0.5, 1, 0, 0.3)]
    rng.manualSeed(1)
    got = rng.bernoulli(np.array([[0.1, 0.999, 0.5], [1, 0, 0.3]]))
    assert got.shape == (2, 3)
    assert got.ravel().tolist() == want


# Seeds and states


def test_a_seed_counts_by_its_lowest_32_bits_and_is_remembered_whole():
    rng.manualSeed(123)
    want = rng.rand(3)
    rng.manualSeed(2**40 + 123)
    assert np.array_equal(rng.rand(3), want)
    assert rng.initialSeed() == 2**40 + 123


@pytest.mark.parametrize("number", [2**64 - 1, np.uint64(2**64 - 1), np.uint64(2**63 + 1), np.int64(2**62 + 1)])
def test_a_seed_too_long_for_a_float_is_remembered_to_the_last_digit(number):
    rng.manualSeed(number)
    assert rng.initialSeed() == int(number)
    state = rng.getRNGState()
    assert rng.setRNGState(state) is state and rng.initialSeed() == int(number)


@pytest.mark.parametrize("number", [123.0, np.int64(123), np.float32(123), np.float16(123)])
def test_a_whole_number_of_any_type_is_a_seed(number):
    rng.manualSeed(number)
    assert rng.initialSeed() == 123
    assert rng.random() == 2991312382


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -1, 1.5, 2**64, "123", None, True, [1]])
def test_other_seeds_are_refused_and_change_nothing(number):
    rng.manualSeed(9)
    with pytest.raises(RangeError, match="manualSeed: a seed is a whole number from 0 to .*, not ") as refusal:
        rng.manualSeed(number)
    assert repr(number) in str(refusal.value)
    assert rng.initialSeed() == 9


def test_seed_returns_a_seed_that_gives_the_stream_again():
    number = rng.seed()
    first = rng.randn(5)
    assert rng.initialSeed() == number
    rng.manualSeed(number)
    assert np.array_equal(rng.randn(5), first)
    assert len({rng.seed() for _ in range(8)}) > 1


@given(seed=st.integers(0, 2**32 - 1), drawn=st.integers(0, 1300))
def test_a_state_restores_every_draw_to_come(seed, drawn):
    rng.manualSeed(seed)
    rng.normal(size=drawn)
    state = rng.getRNGState()
    kept = state.copy()
    want = rng.normal(size=5), rng.uniform(size=700)
    rng.seed()
    assert rng.setRNGState(state) is state
    assert rng.initialSeed() == seed
    got = rng.normal(size=5), rng.uniform(size=700)
    assert all(np.array_equal(a, b) for a, b in zip(got, want))
    assert np.array_equal(state, kept)


def test_a_state_has_the_fields_of_torch7s_generator():
    rng.manualSeed(123)
    rng.normal()
    state = rng.getRNGState()
    assert state.dtype == np.uint8
    assert len(state) == 5048
    assert state[:24].view("<u4").tolist() == [123, 0, 623, 1, 2, 0]
    x, y, rho = state[-32:-8].view("<f8")
    assert (x, y) == (0.69646918727084994, 0.71295532141812146)
    assert rho == pytest.approx(np.sqrt(-2 * np.log(1 - y)), rel=1e-15)
    assert state[-8:].view("<i4").tolist() == [1, 0]


def test_a_fresh_state_of_torch7s_own_is_understood():
    rng.manualSeed(123)
    state = rng.getRNGState()
    state[16:24] = 0  # Torch7 has next == 0 until the first draw
    want = rng.random()
    rng.seed()
    rng.setRNGState(state)
    assert rng.random() == want


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda g: pickle.loads(pickle.dumps(g))])
def test_a_generator_is_copied_with_its_state(duplicate):
    generator = rng.Generator()
    generator.normal()
    other = duplicate(generator)
    assert np.array_equal(other.normal(size=4), generator.normal(size=4))
    generator.manualSeed(1)
    assert other.initialSeed() != 1 or other.random() != generator.random()


def test_generators_are_independent_of_the_shared_one():
    rng.manualSeed(4)
    want = rng.rand(4)
    rng.manualSeed(4)
    rng.Generator().rand(10)
    np.random.rand(10)
    assert np.array_equal(rng.rand(4), want)


def damaged(offset, value):
    state = rng.getRNGState()
    state[offset] = value
    return state


@pytest.mark.parametrize(
    "state, error, words",
    [
        ([1, 2], TensorTypeError, "the uint8 array that getRNGState.. returns, not a list"),
        (np.zeros(5048), TensorTypeError, "not a float64 array"),
        (np.zeros(100, np.uint8), ShapeError, "RNG state is wrong size: 5048 bytes belong in it"),
        (np.zeros(5048, np.uint8), StateError, "invalid RNG state"),
        (damaged(12, 0), StateError, "invalid RNG state"),
        (damaged(9, 255), StateError, "invalid RNG state"),
        (damaged(30, 1), StateError, "invalid RNG state"),
        (damaged(slice(-32, -24), 255), StateError, "invalid RNG state"),
    ],
)
def test_what_is_no_state_is_refused_and_changes_nothing(state, error, words):
    rng.manualSeed(6)
    with pytest.raises(error, match=words):
        rng.setRNGState(state)
    assert rng.initialSeed() == 6


# Types


def test_the_default_tensor_type_is_the_type_of_arrays():
    setdefaulttensortype("torch.FloatTensor")
    arrays = [rng.rand(2), rng.randn(2), rng.randperm(2), rng.bernoulli(size=2), rng.uniform(size=2)]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}
    assert rng.rand(2, dtype="float64").dtype == np.float64
    assert rng.multinomial(PROBABILITIES, 2).dtype == np.int64


def test_a_float_array_is_the_same_draws_rounded():
    for name in ("rand", "randn"):
        rng.manualSeed(8)
        want = getattr(rng, name)(1001).astype(np.float32)
        rng.manualSeed(8)
        assert np.array_equal(getattr(rng, name)(1001, dtype="float32"), want)


def test_a_float_array_rounds_the_arguments_first():
    assert rng.uniform(np.float32(0.5), np.float16(0.5)) == 0.5
    rng.manualSeed(8)
    want = rng.uniform(float(np.float32(-0.1)), float(np.float32(0.1)), size=1001).astype(np.float32)
    rng.manualSeed(8)
    assert np.array_equal(rng.uniform(-0.1, 0.1, size=1001, dtype="float32"), want)


@pytest.mark.parametrize(
    "dtype, modulus",
    [("float64", 2**53 + 1), ("float32", 2**24 + 1), ("int64", 2**63), ("int32", 2**31), ("uint8", 2**8)],
)
def test_random_without_bounds_keeps_what_the_type_can_hold(dtype, modulus):
    rng.manualSeed(2)
    want = [rng.random() % modulus for _ in range(50)]
    rng.manualSeed(2)
    got = rng.random(size=50, dtype=dtype)
    assert got.dtype == dtype
    assert got.tolist() == want


def test_whole_numbers_come_as_integers_on_request():
    assert rng.randperm(5, dtype=np.int64).dtype == np.int64
    assert rng.random(1, 6, size=3, dtype="torch.LongTensor").dtype == np.int64
    assert rng.geometric(0.5, size=3, dtype="int32").dtype == np.int32
    assert rng.bernoulli(size=3, dtype="uint8").dtype == np.uint8


def test_sizes_come_one_by_one_or_as_one_sequence():
    assert rng.rand(2, 3).shape == rng.rand((2, 3)).shape == rng.rand([2, 3]).shape == (2, 3)
    assert rng.randn(np.int64(4)).shape == rng.randn(np.array(4)).shape == rng.uniform(size=np.array(4)).shape == (4,)
    assert rng.rand(np.array([2, 3])).shape == rng.uniform(size=np.array([2, 3])).shape == (2, 3)
    assert rng.uniform(size=[2, 2]).shape == (2, 2)
    assert rng.uniform(size=()).shape == ()


# Refusals


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda: rng.random(0), RangeError, "random: an upper bound that stands alone is a whole number from 1 to"),
        (lambda: rng.random(5, 4), RangeError, "the upper bound must not be below the lower bound, but a = 5, b = 4"),
        (lambda: rng.random(1, 2.5), RangeError, "random: the upper bound b is a whole number from .*, not 2.5"),
        (lambda: rng.random(b=3), RangeError, "b = 3 came without a"),
        (lambda: rng.random(1, 300, size=2, dtype="uint8"), RangeError, "numbers from 1 to 300 do not fit uint8"),
        (lambda: rng.uniform("0", 1), TensorTypeError, "uniform: a is a number, not '0'"),
        (lambda: rng.uniform(0, float("nan")), RangeError, "uniform: b is a finite number, not nan"),
        (lambda: rng.uniform(0, 1e300, size=2, dtype="float32"), RangeError, "uniform: b is a finite number, not 1e"),
        (lambda: rng.normal(0, 0), RangeError, "normal: the standard deviation stdv must be strictly positive, not 0"),
        (lambda: rng.normal(0, -1, size=3), RangeError, "must be strictly positive, not -1"),
        (lambda: rng.logNormal(0, 0), RangeError, "logNormal: the standard deviation stdv must be strictly positive"),
        (lambda: rng.exponential(0), RangeError, "exponential: the rate lambd must be strictly positive, not 0"),
        (lambda: rng.cauchy(0, -1), RangeError, "cauchy: the width sigma must be strictly positive, not -1"),
        (lambda: rng.geometric(1), RangeError, "geometric: the probability p must be > 0 and < 1, not 1"),
        (lambda: rng.geometric(0, size=2), RangeError, "geometric: the probability p must be > 0 and < 1, not 0"),
        (lambda: rng.geometric(0.99, size=2, dtype="uint8"), RangeError, "do not fit uint8"),
        (lambda: rng.bernoulli(1.5), RangeError, "bernoulli: a probability must be >= 0 and <= 1, not 1.5"),
        (lambda: rng.bernoulli([0.5, -0.1]), RangeError, "bernoulli: a probability must be >= 0 and <= 1, not -0.1"),
        (lambda: rng.bernoulli(float("nan")), RangeError, "bernoulli: a probability must be >= 0 and <= 1, not nan"),
        (lambda: rng.bernoulli("often"), TensorTypeError, "probabilities are a number or an array of numbers"),
        (lambda: rng.bernoulli([0.5, 0.5], size=3), ShapeError, r"size=3 is not the shape \(2,\)"),
        (lambda: rng.multinomial([1, -1], 1), RangeError, "probabilities are finite and >= 0, but -1.0 came"),
        (lambda: rng.multinomial([1, float("nan")], 1), RangeError, "probabilities are finite and >= 0, but nan came"),
        (lambda: rng.multinomial([1, float("inf")], 1), RangeError, "finite and >= 0, but inf came"),
        (lambda: rng.multinomial([[1, 1], [0, 0]], 1), RangeError, "must have a finite sum > 0"),
        (lambda: rng.multinomial([1, 2, 0], 3), RangeError, "n = 3 samples without replacement from 2 categories"),
        (lambda: rng.multinomial([1, 2], 0), RangeError, "the number of samples n is a whole number from 1 to"),
        (lambda: rng.multinomial(0.5, 1), ShapeError, "a vector or a matrix with one distribution a row"),
        (lambda: rng.multinomial([[1], [1, 2]], 1), TensorTypeError, "multinomial: probabilities are a number or an"),
        (lambda: rng.rand(), RangeError, r"rand\(\) needs at least one size, as in rand\(2, 3\)"),
        (lambda: rng.rand(2, -1), RangeError, "a size is a whole number from 0 to .*, not -1"),
        (lambda: rng.rand(np.array(2.5)), RangeError, "a size is a whole number from 0 to .*, not 2.5"),
        (lambda: rng.rand(np.ones((1, 2))), RangeError, r"a size is a whole number from 0 to .*, not \[1.0, 1.0\]"),
        (lambda: rng.normal(10**400), RangeError, "normal: the mean is a finite number, not 1000"),
        (lambda: rng.multinomial([1e308, 1e308], 1), RangeError, "must have a finite sum > 0"),
        (lambda: rng.randn(2.5), RangeError, "a size is a whole number from 0 to .*, not 2.5"),
        (lambda: rng.uniform(size=-3), RangeError, "uniform: a size is a whole number from 0 to .*, not -3"),
        (lambda: rng.randperm(0), RangeError, "randperm: n is a whole number from 1 to .*, not 0"),
        (lambda: rng.randperm(300, dtype="uint8"), RangeError, "numbers from 1 to 300 do not fit uint8"),
        (lambda: rng.normal(size=2, dtype="int64"), TensorTypeError, "normal fills arrays of a floating type, not int"),
        (lambda: rng.randperm(2, dtype=bool), TensorTypeError, "a floating or integer type, not bool"),
        (lambda: rng.rand(2, dtype="torch.Tensor"), TensorTypeError, "'torch.Tensor' is no type"),
        (lambda: rng.uniform(dtype="float32"), TensorTypeError, "dtype='float32' is for arrays; give size= too"),
    ],
)
def test_refusals_say_the_rule_and_what_came_and_draw_nothing(call, error, words):
    rng.manualSeed(6)
    before = rng.getRNGState()
    with pytest.raises(error, match=words) as refusal:
        call()
    assert isinstance(refusal.value, PygraphError)
    assert np.array_equal(rng.getRNGState(), before)
