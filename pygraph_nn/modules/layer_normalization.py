"""Layer normalization, put together from other modules as Torch7 does it."""

import math

import numpy as np

from ..errors import ShapeError, StateError
from ..nesting import shape_of
from .arithmetic import MulConstant
from .branches import ConcatTable
from .checks import expect_array, number, size
from .containers import Sequential
from .module import Module
from .normalization import Normalize
from .reductions import Mean
from .reshaping import Replicate
from .scaling import Add, CMul
from .shapes import Identity
from .tables import CSubTable

__all__ = ["LayerNormalization"]


class LayerNormalization(Sequential):
    """y = (x - mean(x)) / sqrt(sum((x - mean(x))^2) + eps) * sqrt(n) * weight + bias, for a vector x of n numbers.

    Parameters
    ----------
    nOutput : int, the n above
    bias : number that every ``bias`` starts with, default 0
    eps : number, default 1e-10
    affine : bool, default True; False leaves weight (a CMul, all 1) and bias (an Add) out

    Input is (n) or (rows x n). Mind that Torch7's, and so this one, mixes the means of a batch up: counted row by row,
    entry k has the mean of row k modulo rows taken off, not that of its own row; only a vector, or a batch of one row,
    gets what the equation says. Networks have been trained that way, so it stays. Rows on their own come from the
    same modules with ``nn.Replicate(n, 2)`` in place of ``nn.Replicate(n, 1, 1)``. ``modules`` are Torch7's, of which
    the first two, that subtract the means, are here for files. Source: Torch7's nn/LayerNormalization.lua; "Layer
    normalization", arXiv:1607.06450.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.LayerNormalization(2).forward(np.array([1.0, 5.0])).round(6)
    array([-1.,  1.])
    """

    row_wise = False

    def __init__(self, nOutput, bias=None, eps=None, affine=True):
        super().__init__()
        n = size(nOutput, "nn.LayerNormalization(nOutput): nOutput")
        means = Sequential().add(Mean(1, 1)).add(Replicate(n, 1, 1))
        self.add(ConcatTable().add(Identity()).add(means)).add(CSubTable())
        self.add(Normalize(2, 1e-10 if eps is None else eps)).add(MulConstant(math.sqrt(n)))
        if affine:
            # Made in this order, so that the generator goes on as in Torch7.
            shift, gain = Add(n, False), CMul(n)
            shift.bias.fill(0 if bias is None else number(bias, "nn.LayerNormalization: bias"))
            gain.weight.fill(1)
            self.add(gain).add(shift)

    # The modules that would check come too late here.
    check_input = Module.check_input

    def updateOutput(self, input):
        self.check_input(input)
        self._steps = [input, None, input - self._means(input)]
        for index in range(2, len(self.modules)):
            self._steps.append(self.run(index, "updateOutput", self._steps[-1]))
        self.output = self._steps[-1]
        return self.output

    def _means(self, input):
        """What is taken off each entry: the rows' means, over and over, in the order of the entries."""
        n = self.modules[0].modules[1].modules[1].nfeatures
        expect_array(self, input)
        if input.ndim not in (1, 2) or input.shape[-1] != n:
            raise ShapeError(f"{self.typename()} takes a vector ({n}) or a matrix (rows x {n}), got {shape_of(input)}")
        return np.tile(input.reshape(-1, n).mean(1), n).reshape(input.shape)

    def _sweep(self, verb, gradOutput, *scale):
        if self.output is None:
            raise StateError(f"{self.typename()}: {verb} needs a forward pass with the same input first")
        gradients = [gradOutput]
        for index in reversed(range(2, len(self.modules))):
            gradients.append(self.run(index, verb, self._steps[index], gradients[-1], *scale))
        centered = gradients[-1]
        # Each row's mean gathers what it was taken off, and hands it out evenly.
        taken = centered.reshape(centered.shape[-1], -1).sum(0)
        self.gradInput = centered - (taken / centered.shape[-1]).reshape(*centered.shape[:-1], 1)
        self._gradients = [self.gradInput, None, *gradients[::-1]]
        return self.gradInput

    def accGradParameters(self, input, gradOutput, scale=1):
        for index in reversed(range(2, len(self.modules))):
            self.run(index, "accGradParameters", self._steps[index], self._gradients[index + 1], scale)
