"""Directional finite differences: does a module's backward pass agree with its forward pass?"""

import math

import numpy as np

from . import rng
from .errors import ShapeError, TensorTypeError
from .nesting import add, leaves, map_table, shape_of

__all__ = ["check_gradients"]


def check_gradients(module, input, gradOutput=None, *, step=1e-5, directions=3, reseed=None):
    """Compare ``backward`` with finite differences along random directions; return the largest relative error.

    The scalar that is differentiated is sum(output * gradOutput). Each direction moves all floating inputs and all
    parameters at once; integer inputs stay. Works for any object with the module protocol, in float64.

    Parameters
    ----------
    module : Module
    input : array or table of float64 arrays
    gradOutput : array or table, optional; random by default
    step : float; the half width of the central difference
    directions : int; how many random directions to try
    reseed : int, optional; the seed to set before each forward pass of a module that draws random numbers

    NaN or infinity among the numbers compared is an infinite error. A gradient None counts as zero; inputs whose
    gradients a gModule was told not to compute stay. The parameters are what they were before, whatever happens.
    Raises ShapeError where ``backward`` returns a gradient of another structure or shape than the input's, and
    TensorTypeError for a network of float32, in which differences are lost to rounding.

    Source: Torch7's nn.Jacobian, with directions in place of single elements.

    >>> import numpy as np, pygraph_nn as nn
    >>> check_gradients(nn.Linear(3, 2), np.ones((4, 3))) < 1e-7
    True
    """
    generator = np.random.default_rng(0)

    def run(at):
        if reseed is not None:
            rng.manualSeed(reseed)
        return module.forward(at)

    def noise(leaf):
        return generator.standard_normal(leaf.shape) if leaf.dtype.kind == "f" else np.zeros_like(leaf)

    output = run(input)
    if gradOutput is None:
        if any(leaf.dtype.kind == "f" and leaf.dtype != np.float64 for leaf in leaves(output)):
            raise TensorTypeError(
                f"check_gradients: finite differences need float64, but {module!r} put out {shape_of(output)}: convert "
                "the network with net.double(), and the input with it"
            )
        gradOutput = map_table(noise, output)
    module.zeroGradParameters()
    gradInput = _copied(module, input, module.backward(input, gradOutput))
    moving = _moving(module, input)
    parameters, gradients = module.parameters()
    gradients = [np.zeros_like(p) if g is None else g.copy() for p, g in zip(parameters, gradients, strict=True)]
    kept = [parameter.copy() for parameter in parameters]

    def put_back():
        for parameter, base in zip(parameters, kept, strict=True):
            parameter[...] = base

    def loss(along, moves, distance):
        put_back()
        for parameter, move in zip(parameters, moves, strict=True):
            parameter += distance * move  # tied ones take the moves of both, as their gradient does
        scaled = map_table(lambda d: d * distance if d.dtype.kind == "f" else d, along)
        return _dot(run(add(input, scaled)), gradOutput)

    worst = 0.0
    try:
        for _ in range(directions):
            along = map_table(lambda leaf, moves: noise(leaf) if moves else np.zeros_like(leaf), input, moving)
            moves = [generator.standard_normal(p.shape) for p in parameters]
            numeric = (loss(along, moves, step) - loss(along, moves, -step)) / (2 * step)
            analytic = _dot(gradInput, along) + _dot(gradients, moves)
            scale = max(abs(numeric), abs(analytic), _size(gradInput) * _size(along) * 1e-2, 1e-8)
            error = abs(numeric - analytic) / scale
            worst = max(worst, error) if math.isfinite(error) else math.inf
    finally:
        put_back()
    run(input)
    return worst


def _moving(module, input):
    """Which leaves of the input are to move."""
    wanted = getattr(module, "wanted", (True,))
    moving = [map_table(lambda _, wish=wish: wish, x) for x, wish in zip(input if len(wanted) > 1 else [input], wanted)]
    return moving if len(wanted) > 1 else moving[0]


def _copied(module, input, gradInput):
    """A copy of the gradient by the input; raise unless it has the structure and the shapes of the input."""

    def copied(leaf, gradient):
        if gradient is not None and np.shape(gradient) != leaf.shape:
            raise ShapeError(f"{shape_of(gradient)} for {shape_of(leaf)}")
        return None if gradient is None else np.copy(gradient)

    try:
        return map_table(copied, input, map_table(lambda leaf: None, input) if gradInput is None else gradInput)
    except ShapeError as error:
        raise ShapeError(
            f"check_gradients: backward of {module!r} returned {shape_of(gradInput)} for the input {shape_of(input)}: "
            "a gradient has the structure and the shapes of what it belongs to"
        ) from error


def _dot(first, second):
    pairs = zip(leaves(first), leaves(second), strict=True)
    return float(sum(np.vdot(a, b) for a, b in pairs if a is not None and b is not None and a.dtype.kind == "f"))


def _size(table):
    return float(
        np.sqrt(sum(np.vdot(leaf, leaf) for leaf in leaves(table) if leaf is not None and leaf.dtype.kind == "f"))
    )
