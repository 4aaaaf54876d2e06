"""What the rows of the module table cannot say about normalisation by the neighbourhood."""

import numpy as np
import pytest

import pygraph_nn as nn

HILL = np.outer([1.0, 2.0, 1.0], [1.0, 3.0, 1.0])


def means(image, kernel):
    """The kernel's weighted mean over all planes around each pixel, pixel by pixel."""
    _, height, width = image.shape
    reach_y, reach_x = kernel.shape[0] // 2, kernel.shape[1] // 2
    total = np.zeros((height, width))
    for y, x in np.ndindex(height, width):
        weight = seen = 0
        for dy, dx in np.ndindex(kernel.shape):
            row, column = y + dy - reach_y, x + dx - reach_x
            if 0 <= row < height and 0 <= column < width:
                seen += kernel[dy, dx] * image[:, row, column].mean()
                weight += kernel[dy, dx]
        total[y, x] = seen / weight
    return total


def test_the_mean_around_each_pixel_is_subtracted():
    image = np.random.default_rng(1).standard_normal((2, 5, 4))
    kernel = HILL.copy()
    output = nn.SpatialSubtractiveNormalization(2, kernel).forward(image)
    np.testing.assert_allclose(output, image - means(image, HILL), atol=1e-12)
    np.testing.assert_array_equal(kernel, HILL)


def test_a_vector_stands_for_its_outer_product():
    image = np.random.default_rng(1).standard_normal((2, 5, 4))
    vector, whole = np.array([1.0, 2.0, 1.0]), np.outer([1, 2, 1], [1, 2, 1])
    apart = nn.SpatialSubtractiveNormalization(2, vector).forward(image)
    np.testing.assert_allclose(apart, nn.SpatialSubtractiveNormalization(2, whole).forward(image), atol=1e-12)


def test_in_the_middle_the_root_mean_square_divides():
    image = np.random.default_rng(1).standard_normal((2, 5, 6))
    output = nn.SpatialDivisiveNormalization(2, HILL).forward(image)
    expected = image / np.sqrt(means(image**2, HILL))
    np.testing.assert_allclose(output[:, 1:-1, 1:-1], expected[:, 1:-1, 1:-1])


def test_quiet_places_are_divided_by_the_threshold():
    image = np.full((1, 4, 4), 0.5)
    assert nn.SpatialDivisiveNormalization(1, np.ones((1, 1)), 2).forward(image)[0, 0, 0] == 0.25
    module = nn.SpatialDivisiveNormalization(1, np.ones((1, 1)), 2, 5)
    assert module.forward(image)[0, 0, 0] == 0.1
    assert module.backward(image, np.ones((1, 4, 4)))[0, 0, 0] == 0.2
    assert repr(module) == "nn.SpatialDivisiveNormalization(1, kernel 1x1, 2, 5)"


def test_arguments_out_of_range_are_refused():
    with pytest.raises(nn.RangeError, match="size must be odd"):
        nn.SpatialCrossMapLRN(4)
    with pytest.raises(nn.ShapeError, match="odd size"):
        nn.SpatialSubtractiveNormalization(1, np.ones((3, 4)))
    with pytest.raises(nn.ShapeError, match="one or two dimensions"):
        nn.SpatialContrastiveNormalization(1, np.ones((1, 1, 1)))


def test_a_numpy_number_as_an_argument_does_not_widen_float32():
    numbers = [np.float64(number) for number in (1e-4, 0.75, 1)]
    for module in (nn.SpatialCrossMapLRN(3, *numbers), nn.SpatialDivisiveNormalization(2, None, *numbers[:2])):
        assert module.float().forward(np.ones((2, 3, 3), "float32")).dtype == np.float32


def test_what_is_no_number_is_refused():
    for build in (
        lambda: nn.SpatialCrossMapLRN(3, "1"),
        lambda: nn.SpatialDivisiveNormalization(1, None, "1"),
        lambda: nn.SpatialContrastiveNormalization(1, None, 1, "1"),
    ):
        with pytest.raises(nn.TensorTypeError, match=r"nn\.Spatial.*(alpha|threshold|thresval) must be a number"):
            build()


def test_what_a_pass_left_behind_is_cleared():
    module = nn.SpatialDivisiveNormalization(2)
    fresh = set(vars(module))
    module.forward(np.ones((2, 3, 3)))
    assert set(vars(module.clearState())) == fresh


def test_they_have_no_parameters_of_their_own():
    for kind in (nn.SpatialSubtractiveNormalization, nn.SpatialDivisiveNormalization):
        assert kind(2).parameters() == ([], [])
