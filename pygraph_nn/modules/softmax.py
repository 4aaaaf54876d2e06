"""Modules that turn the scores of a row into a distribution, or into its logarithm."""

import numpy as np

from .checks import expect_entries, expect_gradient, expect_rank
from .module import Module

__all__ = ["SoftMax", "LogSoftMax", "SoftMin", "SpatialSoftMax", "SpatialLogSoftMax"]


def _feature_axis(module, input):
    """The axis that a distribution runs along: the first of 1 or 3 dimensions, the second of 2 or 4."""
    expect_rank(module, input, (1, 2, 3, 4), " (scores, rows x scores, planes x h x w or a batch of such)")
    axis = 1 - input.ndim % 2
    expect_entries(module, input, axis)
    return axis


class SoftMax(Module):
    """y[i] = exp(x[i]) / sum over j of exp(x[j]).

    The sum runs along the only dimension of a vector, along the rows of a matrix, and over the planes at each place of
    an image (planes x h x w) or of a batch of images. The largest score is subtracted first, so that nothing overflows.
    Raises ShapeError for another rank. Source: Torch7's nn/SoftMax.lua; PyTorch's Softmax.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.SoftMax().forward(np.array([[0.0, 0.0], [0.0, 1e4]]))
    array([[0.5, 0.5],
           [0. , 1. ]])
    """

    def updateOutput(self, input):
        axis = _feature_axis(self, input)
        output = input - input.max(axis, keepdims=True)
        np.exp(output, output)
        output /= output.sum(axis, keepdims=True)
        self.output = output
        return output

    def updateGradInput(self, input, gradOutput):
        axis = _feature_axis(self, input)
        expect_gradient(self, gradOutput, input.shape)
        weighted = gradOutput * self.output
        self.gradInput = weighted - self.output * weighted.sum(axis, keepdims=True)
        return self.gradInput


class LogSoftMax(Module):
    """y[i] = x[i] - log(sum over j of exp(x[j])): the logarithm of SoftMax, with its digits kept.

    The sum runs as in SoftMax. Raises ShapeError for an input of more than 4 dimensions.
    Source: Torch7's nn/LogSoftMax.lua; PyTorch's LogSoftmax.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.LogSoftMax().forward(np.array([0.0, 1e4]))
    array([-10000.,      0.])
    """

    def updateOutput(self, input):
        axis = _feature_axis(self, input)
        output = input - input.max(axis, keepdims=True)
        output -= np.log(np.exp(output).sum(axis, keepdims=True))
        self.output = output
        return output

    def updateGradInput(self, input, gradOutput):
        axis = _feature_axis(self, input)
        expect_gradient(self, gradOutput, input.shape)
        self.gradInput = gradOutput - np.exp(self.output) * gradOutput.sum(axis, keepdims=True)
        return self.gradInput


class SoftMin(SoftMax):
    """y[i] = exp(-x[i]) / sum over j of exp(-x[j]): SoftMax of -x.

    Source: Torch7's nn/SoftMin.lua; PyTorch's Softmin.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.SoftMin().forward(np.array([0.0, 1e4]))
    array([1., 0.])
    """

    def updateOutput(self, input):
        expect_rank(self, input, (1, 2, 3, 4))
        return super().updateOutput(-input)

    def updateGradInput(self, input, gradOutput):
        self.gradInput = -super().updateGradInput(input, gradOutput)
        return self.gradInput


class SpatialSoftMax(SoftMax):
    """y[i] = exp(x[i]) / sum over planes j of exp(x[j]), at each place of an image or of a batch of images.

    The same as SoftMax, also for vectors and matrices. Source: Torch7's nn/SpatialSoftMax.lua; PyTorch's Softmax2d.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.SpatialSoftMax().forward(np.zeros((4, 1, 2)))[0]
    array([[0.25, 0.25]])
    """


class SpatialLogSoftMax(LogSoftMax):
    """y[i] = x[i] - log(sum over planes j of exp(x[j])), at each place of an image or of a batch of images.

    The same as LogSoftMax, also for vectors and matrices. Source: Torch7's nn/SpatialLogSoftMax.lua; PyTorch's
    LogSoftmax(1).

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.SpatialLogSoftMax().forward(np.zeros((4, 1, 2))).shape
    (4, 1, 2)
    """
