"""Modules that shift and scale numbers to a standard: by the batch, by the row, by a norm."""

import math

import numpy as np

from .. import rng
from ..errors import RangeError, ShapeError, StateError
from ..nesting import shape_of
from .checks import expect_array, expect_gradient, expect_rank, number, size
from .module import Module

__all__ = [
    "BatchNormalization",
    "Normalize",
    "SpatialBatchNormalization",
    "VolumetricBatchNormalization",
]


class BatchNormalization(Module):
    """y = (x - mean) / sqrt(var + eps) * weight + bias, mean and var being those of each feature over the batch.

    Parameters
    ----------
    nOutput : int, the number of features
    eps : number, default 1e-5
    momentum : number, default 0.1
    affine : bool, default True; False leaves ``weight`` and ``bias`` out

    Input is (rows x features). Each pass in training moves the running statistics: running_mean to momentum * mean +
    (1 - momentum) * running_mean, running_var likewise to the unbiased variance. In evaluation the running statistics
    take the place of the batch's, and an input without the batch dimension, (features), is welcome; as in Torch7, they
    do so in training, too, where the batch has one row. ``weight`` starts uniform in 0 to 1, ``bias`` at 0.
    ``save_mean`` and ``save_std`` hold the last batch's mean and 1 / sqrt(var + eps). Raises ShapeError for an input of
    another rank or number of features. Source: Torch7's nn/BatchNormalization.lua; PyTorch's BatchNorm1d; "Batch
    normalization: accelerating deep network training by reducing internal covariate shift", arXiv:1502.03167.

    >>> import numpy as np, pygraph_nn as nn
    >>> m = nn.BatchNormalization(1, 0, 0.5, False)
    >>> m.forward(np.array([[1.0], [3.0]])).ravel(), m.running_mean, m.running_var
    (array([-1.,  1.]), array([1.]), array([1.5]))
    """

    nDim = 2
    save_mean = save_std = None
    weight = bias = None

    def __init__(self, nOutput, eps=None, momentum=None, affine=True):
        super().__init__()
        features = size(nOutput, f"{self.typename()}(nOutput): nOutput")
        self.eps = 1e-5 if eps is None else number(eps, f"{self.typename()}(nOutput, eps): eps")
        self.momentum = 0.1 if momentum is None else number(momentum, f"{self.typename()}: momentum")
        self.affine = affine
        self.running_mean = np.zeros(features, self.dtype)
        self.running_var = np.ones(features, self.dtype)
        if affine:
            self.weight, self.bias = np.empty(features, self.dtype), np.empty(features, self.dtype)
            self.gradWeight, self.gradBias = np.zeros(features, self.dtype), np.zeros(features, self.dtype)
        self.reset()

    def reset(self, stdv=None):
        """Draw ``weight`` from 0 to 1, zero ``bias``, and forget the running statistics."""
        if self.weight is not None:
            self.weight[...] = rng.uniform(size=self.weight.shape)
            self.bias.fill(0)
        self.running_mean.fill(0)
        self.running_var.fill(1)
        return self

    @property
    def row_wise(self):
        """True in evaluation."""
        return not self.train

    def updateOutput(self, input):
        planes = self._planes(input)
        if self._by_batch(planes):
            centered = self._measure(planes)
            scale = self.save_std
        else:
            centered = planes - self.running_mean[:, None]
            scale = self._running_scale()
        if self.weight is not None:
            scale = scale * self.weight
        centered *= scale[:, None]
        if self.bias is not None:
            centered += self.bias[:, None]
        self.output = centered.reshape(input.shape)
        return self.output

    def _measure(self, planes):
        """Take the statistics of a batch, move the running ones, and return the batch less its mean."""
        count = planes.shape[0] * planes.shape[2]
        mean = planes.mean((0, 2), dtype=np.float64)
        centered = planes - mean.astype(planes.dtype)[:, None]
        squares = np.square(centered).sum((0, 2), dtype=np.float64)
        self.save_mean = mean.astype(planes.dtype)
        self.save_std = _inverse_root(squares / count + self.eps).astype(planes.dtype)
        for running, now in ((self.running_mean, mean), (self.running_var, squares / (count - 1))):
            running[...] = self.momentum * now + (1 - self.momentum) * running
        return centered

    def updateGradInput(self, input, gradOutput):
        return self._pass_back(input, *self._project(input, gradOutput))

    def accGradParameters(self, input, gradOutput, scale=1):
        *_, along, total = self._project(input, gradOutput)
        self._accumulate(along, total, scale)

    def backward(self, input, gradOutput, scale=1):
        """Run ``updateGradInput`` and ``accGradParameters`` on sums that are taken once."""
        if self.output is None:
            raise StateError(f"{self!r}: backward needs a forward pass with the same input first")
        self.check_gradient(gradOutput)
        gradient, normal, factor, along, total = self._project(input, gradOutput)
        self._accumulate(along, total, scale)
        return self._pass_back(input, gradient, normal, factor, along, total)

    def _project(self, input, gradOutput):
        """Return the gradient as planes, the normalized input, its factor, and the sums of both and of one."""
        expect_gradient(self, gradOutput, input.shape)
        planes, gradient = self._planes(input), self._planes(gradOutput)
        if self._by_batch(planes):
            if self.save_mean is None:
                raise StateError(f"{self!r}: the batch's statistics come from a forward pass in training, run it first")
            mean, scale = self.save_mean, self.save_std
        else:
            mean, scale = self.running_mean, self._running_scale()
        normal = planes - mean[:, None]
        normal *= scale[:, None]
        along = (gradient * normal).sum((0, 2), dtype=np.float64).astype(scale.dtype)
        total = gradient.sum((0, 2), dtype=np.float64).astype(scale.dtype)
        return gradient, normal, scale, along, total

    def _pass_back(self, input, gradient, normal, scale, along, total):
        """Scale the gradient; what would only move a batch's own mean and variance falls away before."""
        if self._by_batch(gradient):
            count = gradient.shape[0] * gradient.shape[2]
            normal *= (along / count)[:, None]
            gradient = gradient - normal
            gradient -= (total / count)[:, None]
        factor = scale if self.weight is None else scale * self.weight
        self.gradInput = (gradient * factor[:, None]).reshape(input.shape)
        return self.gradInput

    def _accumulate(self, along, total, scale):
        if self.weight is not None:
            self.gradWeight += scale * along
            self.gradBias += scale * total

    def _planes(self, input):
        """Return a batch as (rows x features x positions), or say why it is none."""
        expect_array(self, input)
        features = self.running_mean.size
        single = input.ndim == self.nDim - 1 and not self.train
        if not single and input.ndim != self.nDim:
            alone = "" if self.train else f" or {self.nDim - 1}"
            raise ShapeError(f"{self!r} takes batches, inputs of {self.nDim}{alone} dimensions, got {shape_of(input)}")
        axis = 0 if single else 1
        if input.shape[axis] != features:
            raise ShapeError(
                f"{self!r} expects {features} features in dimension {axis + 1} of its input, got {input.shape[axis]} "
                f"({shape_of(input)})"
            )
        return input.reshape(1 if single else len(input), features, math.prod(input.shape[axis + 1 :]))

    def _by_batch(self, planes):
        return self.train and len(planes) > 1 and planes.shape[2] > 0

    def _running_scale(self):
        return _inverse_root(self.running_var + self.eps)

    def _own_memory(self):
        return super()._own_memory() | {id(self.running_mean), id(self.running_var)}

    def clearState(self):
        self.save_mean = self.save_std = None
        return super().clearState()

    def arguments(self):
        return f" ({self.nDim}D) ({self.running_mean.size})"


def _inverse_root(variance):
    """1 / sqrt(variance), and 0 where there is no variance: a constant feature is centred, not blown up."""
    return np.divide(1, np.sqrt(variance), out=np.zeros_like(variance), where=variance > 0)


class SpatialBatchNormalization(BatchNormalization):
    """y = (x - mean) / sqrt(var + eps) * weight + bias, with the statistics of each plane over batch and positions.

    Input is (batch x planes x height x width); arguments, running statistics and evaluation are as in
    BatchNormalization. Source: Torch7's nn/SpatialBatchNormalization.lua; PyTorch's BatchNorm2d.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.SpatialBatchNormalization(1, 0, 0.1, False).forward(np.array([1.0, 3.0]).reshape(2, 1, 1, 1)).ravel()
    array([-1.,  1.])
    """

    nDim = 4


class VolumetricBatchNormalization(BatchNormalization):
    """y = (x - mean) / sqrt(var + eps) * weight + bias, with the statistics of each volume over batch and positions.

    Input is (batch x planes x time x height x width); arguments, running statistics and evaluation are as in
    BatchNormalization. Source: Torch7's nn/VolumetricBatchNormalization.lua; PyTorch's BatchNorm3d.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.VolumetricBatchNormalization(1, 0, 0.1, False).forward(np.array([1.0, 3.0]).reshape(1, 1, 2, 1, 1)).shape
    (1, 1, 2, 1, 1)
    """

    nDim = 5


class Normalize(Module):
    """y = x / norm, norm = (sum(|x|^p) + eps)^(1/p) of the vector or of each row; max(|x|) + eps for p = math.inf.

    Parameters
    ----------
    p : number > 0, or math.inf
    eps : number, default 1e-10

    Input is (n) or (rows x n). The gradient is exact where Torch7's has an eps too many (p = 1, p = inf). Raises
    RangeError for another p. Source: Torch7's nn/Normalize.lua; PyTorch's functional.normalize.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.Normalize(2).forward(np.array([3.0, 4.0])).round(4)
    array([0.6, 0.8])
    """

    def __init__(self, p, eps=1e-10):
        super().__init__()
        self.p = number(p, "nn.Normalize(p): p")
        self.eps = number(eps, "nn.Normalize(p, eps): eps")
        if not self.p > 0:
            raise RangeError(f"nn.Normalize(p): there is no p-norm but for p > 0, got {p!r}")

    def updateOutput(self, input):
        expect_rank(self, input, (1, 2))
        if self.p == math.inf:
            self.normp = np.abs(input).max(-1, keepdims=True, initial=0) + self.eps
            self.norm = self.normp
        else:
            powers = input * input if self.p == 2 else np.abs(input) ** self.p
            self.normp = powers.sum(-1, keepdims=True) + self.eps
            self.norm = self.normp ** (1 / self.p)
        self.output = input / self.norm
        return self.output

    def updateGradInput(self, input, gradOutput):
        expect_gradient(self, gradOutput, input.shape)
        along = (input * gradOutput).sum(-1, keepdims=True) / self.normp
        self.gradInput = (gradOutput - self._slope(input) * along) / self.norm
        return self.gradInput

    def _slope(self, input):
        """The derivative of sum(|x|^p) / p; of max(|x|), which the first of the largest elements decides."""
        if self.p == 2:
            return input
        if self.p == math.inf:
            slope = np.zeros_like(input)
            if input.size:
                largest = np.abs(input).argmax(-1, keepdims=True)
                np.put_along_axis(slope, largest, np.sign(np.take_along_axis(input, largest, -1)), -1)
            return slope
        # For p < 1 the slope at 0 is infinite; as in Torch7, eps keeps it a number.
        size = np.abs(input) + self.eps if self.p < 1 else np.abs(input)
        return np.sign(input) * size ** (self.p - 1)

    def clearState(self):
        self.norm = self.normp = None
        return super().clearState()

    def arguments(self):
        return f"({self.p:f})" if self.p % 1 else f"({self.p:g})"
