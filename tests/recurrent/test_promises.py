"""Every module of the table keeps the promises that the unroller builds on."""

import numpy as np
import pytest

import pygraph_nn as nn
from pygraph_nn.modules.promises import promises
from pygraph_nn.nesting import compare, map_table
from tests.module_table import all_rows

ROWS = all_rows()


def rows_that(promise):
    kept = [(name, row) for name, row in ROWS if promise(row.build())]
    assert kept
    return pytest.mark.parametrize("row", [row for _, row in kept], ids=[name for name, _ in kept])


def gradients(module, input, gradOutput, before=None):
    """What the backward verbs give for an input, with another pass in between if ``before`` is its input."""
    module.zeroGradParameters()
    module.forward(input if before is None else before)
    by_input = module.updateGradInput(input, gradOutput)
    module.accGradParameters(input, gradOutput)
    return [by_input, [gradient.copy() for gradient in module.parameters()[1]]]


def noise(like):
    generator = np.random.default_rng(5)
    return map_table(lambda leaf: generator.standard_normal(leaf.shape) if leaf.dtype.kind == "f" else leaf, like)


@rows_that(lambda module: promises(module, "stateless"))
def test_stateless(row):
    module, input = row.build(), row.draw()
    gradOutput = noise(module.forward(input))
    expected = gradients(module, input, gradOutput)
    assert compare(gradients(module, input, gradOutput, before=noise(input)), expected, atol=1e-13)
    if module.row_wise:
        one_row = map_table(lambda leaf: leaf[:1], input)
        assert compare(gradients(module, input, gradOutput, before=one_row), expected, atol=1e-13)


@rows_that(lambda module: promises(module, "ignores_input"))
def test_ignores_input(row):
    module, input = row.build(), row.draw()
    gradOutput = noise(module.forward(input))
    expected = gradients(module, input, gradOutput)
    ghost = map_table(lambda leaf: np.broadcast_to(leaf.dtype.type(0), leaf.shape), input)
    assert compare(gradients(module, ghost, gradOutput, before=input), expected, atol=0)


@rows_that(lambda module: hasattr(module, "addGradInput"))
def test_adding_the_gradient_in_place(row):
    module, input = row.build(), row.draw()
    gradOutput = noise(module.forward(input))
    total = noise(input)
    expected = total + module.updateGradInput(input, gradOutput)
    module.addGradInput(input, gradOutput, total)
    assert compare(total, expected, atol=1e-15)


@rows_that(lambda module: type(module).repeatedly is not nn.Module.repeatedly)
@pytest.mark.parametrize("times", [1, 100])
def test_many_calls_in_a_row(row, times):
    module, input = row.build(), row.draw()
    run, other = module.repeatedly(times), noise(input)
    for value in (input, other, input[:1], input):
        output = run(value)
        assert compare(module.output, output) and compare(output, module.updateOutput(value), atol=1e-13)
    with pytest.raises((nn.PygraphError, ValueError)):
        run(np.zeros((2, 1000)))
