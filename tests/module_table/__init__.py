"""One row per module: what to build and what to feed it. tests/test_modules.py drives every check from the rows."""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np


@dataclass
class Row:
    """A module under test.

    make : builds the module (called right after ``nn.manualSeed``)
    input : builds a batch input from a numpy Generator: float64 arrays (integers where it takes them) or tables
    single : picks or builds an input without the batch dimension from the batch input; its output must equal
        ``expect_single(output of the batch)``, by default the batch's first row
    bad : inputs of the wrong rank, width, kind or length: each must raise an error that names the module
    names : what the error must name, by default the typename
    reseed : True for modules that draw random numbers in forward (the seed is set before each pass)
    differences : False where finite differences do not apply; ``why`` then says why
    smooth : nudges the input away from kinks (points without a derivative)
    step : half width of the finite difference
    evaluate_differs : True where evaluation mode computes something else (checked by finite differences, too)
    scales : False where the parameters' gradients ignore backward's scale, as some of Torch7's do
    any_type : True for modules that convert whatever type comes in
    torch : builds from the (float64) module a function of torch tensors that must give the same output and gradients
    """

    make: Callable
    input: Callable
    single: Callable | None = None
    expect_single: Callable = field(default=lambda output: output[0])
    bad: tuple = ()
    names: str | None = None
    reseed: bool = False
    differences: bool = True
    why: str = ""
    smooth: Callable | None = None
    step: float = 1e-5
    evaluate_differs: bool = False
    scales: bool = True
    any_type: bool = False
    torch: Callable | None = None

    def __post_init__(self):
        if not self.differences and not self.why:
            raise ValueError("a row without finite differences says why")

    def build(self):
        """Build the module with seed 1."""
        import pygraph_nn as nn

        nn.manualSeed(1)
        return self.make()

    def draw(self):
        """Draw the batch input."""
        value = self.input(np.random.default_rng(7))
        return self.smooth(value) if self.smooth else value


def matrix(*shape):
    """An input maker: standard normal numbers of a shape.

    >>> matrix(2, 3)(np.random.default_rng(0)).shape
    (2, 3)
    """
    return lambda generator: generator.standard_normal(shape)


def table(*makers):
    """An input maker: a table of other makers' inputs."""
    return lambda generator: [maker(generator) for maker in makers]


def all_rows():
    """The rows of every file beside this one, in file order, as (id, row)."""
    found = []
    for info in sorted(pkgutil.iter_modules(__path__), key=lambda info: info.name):
        rows = importlib.import_module(f"{__name__}.{info.name}").ROWS
        if info.name != "criterions":
            found += [(f"{info.name}-{index}-{row.build().typename()}", row) for index, row in enumerate(rows)]
    return found
