"""Products of a pair of inputs: matrix times matrix, matrix times vector, gates times experts."""

import numpy as np

from ..errors import ShapeError
from ..nesting import shape_of
from . import checks
from .checks import axis_of, expect_array_entry, expect_table
from .module import Module

__all__ = ["MM", "MV", "MixtureTable"]


def _pair(module, input, ranks):
    """Return the two arrays of the input, if their numbers of dimensions are one of the pairs allowed."""
    expect_table(module, input, 2)
    for entry in input:
        expect_array_entry(module, entry, input)
    if (input[0].ndim, input[1].ndim) not in ranks:
        allowed = " or ".join(f"{first} and {second}" for first, second in ranks)
        raise ShapeError(f"{module!r} takes a pair of arrays of {allowed} dimensions, got {shape_of(input)}")
    if input[0].ndim == 3 and len(input[0]) != len(input[1]):
        raise ShapeError(f"{module!r} takes batches of one length, got {shape_of(input)}")
    return input


def _turned(matrices, turn):
    """The matrices transposed, or as they are."""
    return matrices.swapaxes(-1, -2) if turn else matrices


class MM(Module):
    """y = A B, the matrix product; of ``A'`` with ``transA``, of ``B'`` with ``transB``.

    The input is a table of two matrices, or of two batches of matrices (3 dimensions).
    Raises ShapeError where the sizes do not meet. Source: Torch7's nn/MM.lua; PyTorch's matmul.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.MM().forward([np.ones((1, 3)), np.ones((3, 2))])
    array([[3., 3.]])
    """

    def __init__(self, transA=False, transB=False):
        super().__init__()
        self.transA, self.transB = transA, transB

    def _factors(self, input):
        first, second = _pair(self, input, ((2, 2), (3, 3)))
        return _turned(first, self.transA), _turned(second, self.transB)

    def updateOutput(self, input):
        first, second = self._factors(input)
        if first.shape[-1] != second.shape[-2]:
            raise ShapeError(f"{self!r}: columns and rows do not match, got {shape_of(input)}")
        self.output = np.matmul(first, second)
        return self.output

    def updateGradInput(self, input, gradOutput):
        first, second = self._factors(input)
        by_first = np.matmul(gradOutput, second.swapaxes(-1, -2))
        by_second = np.matmul(first.swapaxes(-1, -2), gradOutput)
        self.gradInput = [_turned(by_first, self.transA), _turned(by_second, self.transB)]
        return self.gradInput


class MV(Module):
    """y = M v, matrix times vector; ``M' v`` with ``trans``.

    The input is a table of a matrix and a vector, or of a batch of matrices (3 dimensions) and one of vectors (2).
    Raises ShapeError where the sizes do not meet. Source: Torch7's nn/MV.lua; PyTorch's mv.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.MV().forward([np.ones((2, 3)), np.ones(3)])
    array([3., 3.])
    """

    def __init__(self, trans=False):
        super().__init__()
        self.trans = trans

    def _factors(self, input):
        matrix, vector = _pair(self, input, ((2, 1), (3, 2)))
        return _turned(matrix, self.trans), vector

    def updateOutput(self, input):
        matrix, vector = self._factors(input)
        if matrix.shape[-1] != vector.shape[-1]:
            raise ShapeError(f"{self!r}: the matrix does not meet the vector's length, got {shape_of(input)}")
        self.output = np.matmul(matrix, vector[..., None])[..., 0]
        return self.output

    def updateGradInput(self, input, gradOutput):
        matrix, vector = self._factors(input)
        by_matrix = _turned(gradOutput[..., :, None] * vector[..., None, :], self.trans)
        self.gradInput = [by_matrix, np.matmul(matrix.swapaxes(-1, -2), gradOutput[..., None])[..., 0]]
        return self.gradInput


class MixtureTable(Module):
    """y = sum over i of gate[i] * expert[i]: experts, mixed by the weights of a gater.

    The input is a table [gater, experts]. The gater has one column for each expert (rows x experts; experts alone
    where there is no batch). The experts are a table of arrays (rows first), or one array with the experts along
    ``dim``, by default 2 in a batch and 1 without. Raises ShapeError unless there is one gate for each expert.
    Source: Jacobs and others 1991, Adaptive Mixtures of Local Experts; Torch7's nn/MixtureTable.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.MixtureTable().forward([np.array([[0.25, 0.75]]), [np.zeros((1, 2)), np.ones((1, 2))]])
    array([[0.75, 0.75]])
    """

    def __init__(self, dim=None):
        super().__init__()
        self.dim = dim if dim is None else checks.dimension(dim, "dim")

    def _unpack(self, input):
        """Return the gates laid out along the experts' array, the experts in one array, and their axis."""
        expect_table(self, input, 2)
        gater, experts = input
        in_table = isinstance(experts, (list, tuple))
        if in_table:
            checks.expect_same_shape(self, experts)
        for entry in (gater, *(experts if in_table else [experts])):
            expect_array_entry(self, entry, input)
        if gater.ndim not in (1, 2):
            raise ShapeError(f"{self!r} takes gates of 1 or 2 dimensions, got {shape_of(input)}")
        axis = gater.ndim - 1
        if in_table:
            experts = np.stack(experts, axis)
        elif self.dim is not None:
            axis = axis_of(self, self.dim, experts.ndim, "dim")
        if gater.ndim == experts.ndim == 1:
            experts = experts[:, None]  # of one number each, as the output is
        batched = gater.ndim == 2
        fits = axis < experts.ndim and experts.shape[axis] == gater.shape[-1]
        if not fits or batched and (axis == 0 or len(experts) != len(gater)):
            raise ShapeError(f"{self!r} takes one gate for each expert (and row), got {shape_of(input)}")
        shape = [1] * experts.ndim
        shape[axis] = gater.shape[-1]
        if batched:
            shape[0] = len(gater)
        return gater.reshape(shape), experts, axis

    def updateOutput(self, input):
        gates, experts, axis = self._unpack(input)
        self.output = (gates * experts).sum(axis)
        return self.output

    def updateGradInput(self, input, gradOutput):
        gates, experts, axis = self._unpack(input)
        gradOutput = np.expand_dims(gradOutput, axis)
        others = tuple(other for other in range(experts.ndim) if gates.shape[other] == 1)
        by_gates = (gradOutput * experts).sum(others).reshape(input[0].shape)
        by_experts = gates * gradOutput
        if isinstance(input[1], (list, tuple)):
            by_experts = list(np.moveaxis(by_experts, axis, 0))
        else:
            by_experts = by_experts.reshape(input[1].shape)
        self.gradInput = [by_gates, by_experts]
        return self.gradInput
