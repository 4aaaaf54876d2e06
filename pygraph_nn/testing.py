"""Directional finite differences: does a module's backward pass agree with its forward pass?"""

import numpy as np

from . import rng
from .nesting import add, leaves, map_table

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
        gradOutput = map_table(noise, output)
    module.zeroGradParameters()
    gradInput = map_table(np.copy, module.backward(input, gradOutput))
    parameters, gradients = module.parameters()
    gradients = [gradient.copy() for gradient in gradients]
    kept = [parameter.copy() for parameter in parameters]

    def loss(along, moves, distance):
        for parameter, base, move in zip(parameters, kept, moves, strict=True):
            parameter[...] = base + distance * move
        scaled = map_table(lambda d: d * distance if d.dtype.kind == "f" else d, along)
        return _dot(run(add(input, scaled)), gradOutput)

    worst = 0.0
    for _ in range(directions):
        along, moves = map_table(noise, input), [generator.standard_normal(p.shape) for p in parameters]
        numeric = (loss(along, moves, step) - loss(along, moves, -step)) / (2 * step)
        analytic = _dot(gradInput, along) + _dot(gradients, moves)
        scale = max(abs(numeric), abs(analytic), _size(gradInput) * _size(along) * 1e-2, 1e-8)
        worst = max(worst, abs(numeric - analytic) / scale)
    for parameter, base in zip(parameters, kept, strict=True):
        parameter[...] = base
    run(input)
    return worst


def _dot(first, second):
    pairs = zip(leaves(first), leaves(second), strict=True)
    return float(sum(np.vdot(a, b) for a, b in pairs if a is not None and b is not None and a.dtype.kind == "f"))


def _size(table):
    return float(np.sqrt(sum(np.vdot(leaf, leaf) for leaf in leaves(table) if leaf.dtype.kind == "f")))
