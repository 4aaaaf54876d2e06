"""Normalisation of images by their neighbourhood: across planes, or around each pixel."""

import math

import numpy as np

from ..errors import RangeError, ShapeError
from ..nesting import shape_of
from .arithmetic import Sqrt, Square
from .checks import expect_gradient, expect_rank, number
from .containers import Sequential
from .convolution import SpatialConvolution
from .module import Module
from .padding import SpatialZeroPadding
from .partial_convolution import SpatialConvolutionMap
from .rectifiers import Threshold
from .reshaping import Replicate
from .tables import CDivTable, CSubTable
from .windows import whole_numbers

__all__ = [
    "SpatialContrastiveNormalization",
    "SpatialCrossMapLRN",
    "SpatialDivisiveNormalization",
    "SpatialSubtractiveNormalization",
]


class SpatialCrossMapLRN(Module):
    """y = x / (k + alpha / size * s) ** beta, s being the sum of squares over the ``size`` planes around x's own.

    Parameters
    ----------
    size : int, odd; how many neighbouring planes count, those beyond the first and the last as zeros
    alpha, beta, k : numbers, default 0.0001, 0.75 and 1

    Input is (planes x height x width) or a batch of them. Even sizes, for which Torch7's processors disagree, raise
    RangeError. Source: Krizhevsky, Sutskever, Hinton, "ImageNet Classification with Deep Convolutional Neural Networks"
    (2012); Torch7's nn/SpatialCrossMapLRN.lua; PyTorch's LocalResponseNorm.

    >>> import numpy as np, pygraph_nn as nn
    >>> m = nn.SpatialCrossMapLRN(3, 3, 1, 1)
    >>> m.forward(np.array([1.0, 2.0, 3.0]).reshape(3, 1, 1)).ravel().round(3)
    array([0.167, 0.133, 0.214])
    """

    scale = None

    def __init__(self, size, alpha=0.0001, beta=0.75, k=1):
        super().__init__()
        whole_numbers("SpatialCrossMapLRN", 1, size=size)
        if size % 2 == 0:
            raise RangeError(f"nn.SpatialCrossMapLRN: size must be odd, so that a plane is in the middle, got {size}")
        self.size = int(size)
        self.alpha, self.beta, self.k = (
            number(value, f"nn.SpatialCrossMapLRN: {name}")
            for name, value in (("alpha", alpha), ("beta", beta), ("k", k))
        )

    def _neighbours(self, array):
        """The sum over each plane's neighbours; its own transpose, as the neighbourhood is symmetric."""
        total = array.copy()
        for distance in range(1, self.size // 2 + 1):
            total[..., distance:, :, :] += array[..., :-distance, :, :]
            total[..., :-distance, :, :] += array[..., distance:, :, :]
        return total

    def updateOutput(self, input):
        expect_rank(self, input, (3, 4))
        scale = self._neighbours(input * input)
        scale *= self.alpha / self.size
        scale += self.k
        self.scale = scale
        self.output = input * scale**-self.beta
        return self.output

    def updateGradInput(self, input, gradOutput):
        expect_gradient(self, gradOutput, input.shape)
        part = self._neighbours(gradOutput * self.output / self.scale)
        part *= 2 * self.alpha * self.beta / self.size
        self.gradInput = gradOutput * self.scale**-self.beta - part * input
        return self.gradInput

    def clearState(self):
        """Forget also the sums of squares."""
        self.scale = None
        return super().clearState()


class Neighbourhood(Module):
    """What the normalisations around a pixel share: a kernel, and the weighted mean that it takes over all planes."""

    def _keep_kernel(self, nInputPlane, kernel):
        """Check and keep the constructor's first arguments; the kernel given stays as it is."""
        whole_numbers(type(self).__name__, 1, nInputPlane=nInputPlane)
        kernel = np.ones((9, 9)) if kernel is None else kernel
        kernel = np.array(kernel, self.dtype)
        if kernel.ndim not in (1, 2) or any(size % 2 == 0 for size in kernel.shape):
            raise ShapeError(
                f"{self.typename()}: the averaging kernel must have one or two dimensions, all of odd size, got "
                f"{shape_of(kernel)}"
            )
        self.nInputPlane, self.kernel = int(nInputPlane), kernel

    def _keep_threshold(self, threshold, thresval):
        """Check and keep the last arguments of those that divide."""
        self.threshold = 1e-4 if threshold is None else number(threshold, f"{self.typename()}: threshold")
        self.thresval = self.threshold if thresval is None else number(thresval, f"{self.typename()}: thresval")

    def _estimator(self, *before):
        """A Sequential that takes the weighted mean around each pixel; the kernel is used as it stands."""
        kernel, planes = self.kernel, self.nInputPlane
        height, width = kernel.shape[0], kernel.shape[-1]
        estimator = Sequential()
        for module in before:
            estimator.add(module)
        estimator.add(SpatialZeroPadding(width // 2, width // 2, height // 2, height // 2))
        if kernel.ndim == 2:
            convolutions = [SpatialConvolution(planes, 1, width, height)]
        else:
            pairs = SpatialConvolutionMap.oneToOne(planes)
            convolutions = [SpatialConvolutionMap(pairs, width, 1), SpatialConvolution(planes, 1, 1, width)]
        for convolution in convolutions:
            shape = convolution.weight.shape[-2:]
            convolution.weight[...] = kernel.reshape(shape)
            convolution.bias.fill(0)
            estimator.add(convolution)
        return estimator.add(Replicate(planes, 1, 3))

    def _estimate(self, estimator, input):
        """An estimator's output for each pixel; Torch7's Replicate gives it one dimension too many."""
        return estimator.updateOutput(input).reshape(input.shape)

    def _estimate_gradient(self, estimator, input, gradient):
        """The gradient by the input of ``_estimate``."""
        return estimator.updateGradInput(input, gradient.reshape(estimator.output.shape))

    def _coefficient(self, input):
        """What the mean of an image of ones is, less at the borders, where part of the kernel sees padding."""
        return self._estimate(self.meanestimator, np.ones(input.shape[-3:], input.dtype))

    def _check(self, input):
        expect_rank(self, input, (3, 4))
        if input.shape[-3] != self.nInputPlane:
            raise ShapeError(f"{self!r} expects {self.nInputPlane} planes, got {input.shape[-3]} ({shape_of(input)})")

    def clearState(self):
        """Forget also what the estimators keep."""
        for name in ("meanestimator", "stdestimator", "normalizer"):
            if isinstance(getattr(self, name, None), Module):
                getattr(self, name).clearState()
        for name in ("adjustedstds", "thresholdedstds"):
            vars(self).pop(name, None)
        return super().clearState()

    def arguments(self):
        return f"({self.nInputPlane}, kernel {'x'.join(map(str, self.kernel.shape))})"


class SpatialSubtractiveNormalization(Neighbourhood):
    """y = x - m, m being the mean over all planes around each pixel, weighted by a kernel.

    Parameters
    ----------
    nInputPlane : int, default 1
    kernel : array of odd sizes, height x width, or a vector that stands for its own outer product; default 9 x 9 ones

    Input is (nInputPlane x height x width) or a batch of them. At the borders m is the mean of what the kernel sees.
    The kernel is copied; Torch7 scales the one it is given. Source: Torch7's nn/SpatialSubtractiveNormalization.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.SpatialSubtractiveNormalization(1, np.ones(3)).forward(np.array([[[1.0, 1.0, 4.0]]]))
    array([[[ 0. , -1. ,  1.5]]])
    """

    def __init__(self, nInputPlane=1, kernel=None):
        super().__init__()
        self._keep_kernel(nInputPlane, kernel)
        self.kernel /= self.kernel.sum() * self.nInputPlane
        self.meanestimator = self._estimator()
        # Torch7 computes with these; a file that it is to read must hold them.
        self.subtractor, self.divider, self.coef = CSubTable(), CDivTable(), np.ones((1, 1, 1), self.dtype)

    def updateOutput(self, input):
        self._check(input)
        self.coef = self._coefficient(input)
        self.output = input - self._estimate(self.meanestimator, input) / self.coef
        return self.output

    def updateGradInput(self, input, gradOutput):
        expect_gradient(self, gradOutput, input.shape)
        self.gradInput = gradOutput - self._estimate_gradient(self.meanestimator, input, gradOutput / self.coef)
        return self.gradInput


class SpatialDivisiveNormalization(Neighbourhood):
    """y = x / max(s, threshold), s being the root mean square over all planes around each pixel, weighted by a kernel.

    Parameters
    ----------
    nInputPlane, kernel : as in SpatialSubtractiveNormalization
    threshold : number, default 0.0001
    thresval : number, default ``threshold``; what takes the place of an s that is not above ``threshold``

    Input is (nInputPlane x height x width) or a batch of them. As in Torch7, s at the borders is divided by the mean of
    ones rather than by its root. Source: Torch7's nn/SpatialDivisiveNormalization.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.SpatialDivisiveNormalization(1, np.ones((1, 1))).forward(np.array([[[-2.0, 0.0, 3.0]]]))
    array([[[-1.,  0.,  1.]]])
    """

    def __init__(self, nInputPlane=1, kernel=None, threshold=None, thresval=None):
        super().__init__()
        self._keep_kernel(nInputPlane, kernel)
        self._keep_threshold(threshold, thresval)
        # Torch7's scale for a vector, which is used twice; the outcome is then divided by the mean of ones.
        planes = self.nInputPlane if self.kernel.ndim == 2 else math.sqrt(self.nInputPlane)
        self.kernel /= self.kernel.sum() * planes
        self.meanestimator = self._estimator()
        self.stdestimator = self._estimator(Square()).add(Sqrt())
        # Torch7 computes with these; a file that it is to read must hold them.
        self.normalizer, self.divider, self.coef = CDivTable(), CDivTable(), np.ones((1, 1, 1), self.dtype)
        self.thresholder = Threshold(self.threshold, self.thresval)

    def updateOutput(self, input):
        self._check(input)
        self.coef = self._coefficient(input)
        self.adjustedstds = self._estimate(self.stdestimator, input) / self.coef
        above = self.adjustedstds > self.threshold
        self.thresholdedstds = np.where(above, self.adjustedstds, input.dtype.type(self.thresval))
        self.output = input / self.thresholdedstds
        return self.output

    def updateGradInput(self, input, gradOutput):
        expect_gradient(self, gradOutput, input.shape)
        direct = gradOutput / self.thresholdedstds
        through = np.where(self.adjustedstds > self.threshold, -direct * self.output, 0)
        self.gradInput = direct + self._estimate_gradient(self.stdestimator, input, through / self.coef)
        return self.gradInput

    def arguments(self):
        return f"{super().arguments()[:-1]}, {self.threshold:g}, {self.thresval:g})"


class SpatialContrastiveNormalization(Neighbourhood):
    """A SpatialSubtractiveNormalization followed by a SpatialDivisiveNormalization with the same kernel.

    Arguments and shapes are those of SpatialDivisiveNormalization. Source: Jarrett, Kavukcuoglu, Ranzato, LeCun, "What
    is the Best Multi-Stage Architecture for Object Recognition?" (2009); Torch7's
    nn/SpatialContrastiveNormalization.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.SpatialContrastiveNormalization(1, np.ones(3)).forward(np.ones((1, 4, 4))).round(6).any().item()
    False
    """

    def __init__(self, nInputPlane=1, kernel=None, threshold=None, thresval=None):
        super().__init__()
        self._keep_kernel(nInputPlane, kernel)
        self._keep_threshold(threshold, thresval)
        self.normalizer = Sequential()
        self.normalizer.add(SpatialSubtractiveNormalization(self.nInputPlane, self.kernel))
        self.normalizer.add(SpatialDivisiveNormalization(self.nInputPlane, self.kernel, self.threshold, self.thresval))

    def updateOutput(self, input):
        self._check(input)
        self.output = self.normalizer.updateOutput(input)
        return self.output

    def updateGradInput(self, input, gradOutput):
        self.gradInput = self.normalizer.updateGradInput(input, gradOutput)
        return self.gradInput

    def arguments(self):
        return f"{super().arguments()[:-1]}, {self.threshold:g}, {self.thresval:g})"
