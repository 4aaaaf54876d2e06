"""The interpolation finds minima of cubics, and the search ends where the strong Wolfe conditions hold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optim_problems import rosenbrock

from pygraph_nn import optim
from pygraph_nn.errors import RangeError, ShapeError, TensorTypeError

small = st.floats(-5, 5).map(lambda v: round(v, 3))


def row(polynomial, x):
    return [x, np.polyval(polynomial, x), np.polyval(np.polyder(polynomial), x)]


@given(a=st.floats(0.1, 3), minimum=st.floats(-0.9, 0.9), b=st.floats(-1, 1))
def test_a_cubic_is_interpolated_exactly(a, minimum, b):
    # f' = (x - minimum) (b (x - minimum) + 4 a) has its other root outside of [-2, 2] or none at all.
    slope = np.polymul([1, -minimum], [b, 4 * a - b * minimum])
    polynomial = np.polyint(slope)
    other = minimum - 4 * a / b if b else np.inf
    if abs(other) > 2:
        points = [row(polynomial, -1), row(polynomial, 1)]
        assert optim.polyinterp(points) == pytest.approx(minimum, abs=1e-6)
        assert optim.polyinterp(points[::-1]) == pytest.approx(minimum, abs=1e-6)
        assert optim.polyinterp(points, -1, 1) == pytest.approx(minimum, abs=1e-4)


def test_three_points_are_interpolated_too():
    polynomial = np.poly([0.5, 0.5]) + [0, 0, 2]
    assert optim.polyinterp([row(polynomial, x) for x in (-1, 0, 2)]) == pytest.approx(0.5)


def test_the_minimum_stays_within_the_bounds():
    points = [row([1, 0, 0], -3), row([1, 0, 0], -2)]
    assert optim.polyinterp(points) == -2
    assert optim.polyinterp(points, -1.5, 4) == pytest.approx(0, abs=1e-12)
    assert optim.polyinterp(points, -1.5, -1) == -1


def test_without_a_real_minimum_it_is_the_middle():
    assert optim.polyinterp([[0, 0, -1], [2, np.inf, np.nan]]) == 1
    assert optim.polyinterp([[0, 0, -1], [2, np.inf, np.nan]], 4, 8) == 6
    # A cubic that rises all the way.
    assert optim.polyinterp([[0, 0, 1], [2, 1.2, 1]]) == 1


def test_points_are_rows_of_three():
    for points in ([[0, 1], [1, 2]], [0, 1, 2], []):
        with pytest.raises(ShapeError, match="one row .x, f, slope. per point"):
            optim.polyinterp(points)
    for points in ("abc", [[1, 2, 3], [1, 2]], [[None, 1j, 2]]):
        with pytest.raises(TensorTypeError, match="one row .x, f, slope. of numbers per point, not"):
            optim.polyinterp(points)


def quartic(x):
    return float((x**4).sum() / 4 + x @ x), x**3 + 2 * x


@given(start=st.lists(small, min_size=1, max_size=4), t=st.floats(1e-3, 50), c2=st.floats(0.1, 0.9))
def test_the_point_found_satisfies_the_strong_wolfe_conditions(start, t, c2):
    x0 = np.array(start)
    f0, g0 = quartic(x0)
    d = -g0
    if d @ d < 1e-3:
        return
    asked, x = [], x0.copy()
    options = {"c2": c2, "maxIter": 60, "tolX": 0}
    f, g, moved, step, count = optim.lswolfe(
        lambda x: asked.append(1) or quartic(x), x, t, d, f0, g0, float(g0 @ d), options
    )
    assert moved is x
    assert count == len(asked)
    np.testing.assert_array_equal(x, x0 + step * d)
    assert f == quartic(x)[0]
    np.testing.assert_array_equal(g, quartic(x)[1])
    assert f <= f0 + 1e-4 * step * (g0 @ d)
    assert abs(g @ d) <= -c2 * (g0 @ d)


def test_a_step_out_of_the_domain_comes_back():
    def barrier(x):
        with np.errstate(all="ignore"):
            return float((x - np.log(x)).sum()), 1 - 1 / x

    for t in (1.0, 3.0, 1e3):
        x = np.array([5.0])
        f0, g0 = barrier(x)
        d = np.array([-10.0])
        f, g, _, step, _ = optim.lswolfe(barrier, x, t, d, f0, g0, float(g0 @ d))
        assert f < f0
        assert x[0] > 0


@pytest.mark.parametrize("t", [1.0, 5.0, 10.0, 20.0, 100.0])
@pytest.mark.parametrize("c2", [0.1, 0.01])
def test_a_wall_that_rises_exponentially_is_no_obstacle(t, c2):
    def wall(x):
        return float(np.exp(x[0]) - x[0]), np.exp(x) - 1

    x, d = np.array([-3.0]), np.ones(1)
    f0, g0 = wall(x)
    _, g, _, _, count = optim.lswolfe(wall, x, t, d, f0, g0, float(g0 @ d), {"c2": c2, "tolX": 0})
    assert abs(g @ d) <= -c2 * (g0 @ d)
    assert count <= 10


@pytest.mark.parametrize(
    ("answers", "third"),
    [
        ([(1e3, 3e3), (1e3, 1.7e5), (0.0, 1.0)], lambda ends: 0.1 * ends[1]),
        ([(-0.99, 0.02), (-0.98, -1.0), (0.0, 1.0)], lambda ends: 1 - 0.1 * (1 - ends[1])),
    ],
    ids=["near the lower end", "near the upper end"],
)
def test_a_step_that_hugs_an_end_twice_is_moved_inwards(answers, third):
    asked = []

    def scripted(x):
        asked.append(float(x[0]))
        loss, slope = answers[min(len(asked), len(answers)) - 1]
        return loss, np.array([slope])

    optim.lswolfe(scripted, np.zeros(1), 1.0, np.ones(1), 0.0, -np.ones(1), -1.0, {"c2": 0.01, "maxIter": 2})
    assert len(asked) == 3
    assert asked[2] == pytest.approx(third(asked))


def test_it_gives_up_after_max_iter_and_says_so(capsys):
    x, falling = np.zeros(1), np.array([1.0])
    f, _, _, t, count = optim.lswolfe(
        lambda x: (float(-x[0]), -np.ones(1)), x, 1.0, falling, 0.0, -np.ones(1), -1.0, {"maxIter": 5, "verbose": True}
    )
    assert count == 6
    assert f == -x[0] == -t < 0
    assert "lswolfe: reached max number of iterations" in capsys.readouterr().out


def test_what_it_refuses():
    x = np.array([-1.2, 1.0])
    f, g = rosenbrock(x)
    with pytest.raises(RangeError, match="lswolfe: config has no key 'maxiter'; did you mean 'maxIter'"):
        optim.lswolfe(rosenbrock, x, 1.0, -g, f, g, -g @ g, {"maxiter": 3})
    with pytest.raises(ShapeError, match="direction d has shape .3,., but x has .2,."):
        optim.lswolfe(rosenbrock, x, 1.0, np.ones(3), f, g, -1.0)
    with pytest.raises(ShapeError, match="gradient g has shape .3,., but x has .2,."):
        optim.lswolfe(rosenbrock, x, 1.0, -g, f, np.ones(3), -1.0)
    for t in (float("nan"), float("inf")):
        with pytest.raises(RangeError, match=f"the first step t is a finite number, not {t}"):
            optim.lswolfe(rosenbrock, x, t, -g, f, g, -g @ g)
    with pytest.raises(TensorTypeError, match="not float alone"):
        optim.lswolfe(lambda x: 1.0, x, 1.0, -g, f, g, -g @ g)
    assert np.array_equal(x, [-1.2, 1])
