"""Modules that disturb what passes through while a network learns: noise that drops, noise that adds."""

from .. import rng
from ..errors import RangeError
from .checks import expect_array, expect_rank, number
from .module import Module

__all__ = ["Dropout", "SpatialDropout", "VolumetricDropout", "WhiteNoise"]


class Dropout(Module):
    """y = x * noise / (1 - p), noise being 0 with probability p and 1 otherwise, for each element; y = x in evaluation.

    Parameters
    ----------
    p : probability of dropping, 0 <= p < 1, default 0.5
    v1 : bool, default False; True leaves the division out and multiplies by 1 - p in evaluation instead
    inplace : kept for files, changes nothing
    stochasticInference : bool, default False; True drops in evaluation, too

    Any shape in, the same shape out. ``noise`` holds the factors of the last pass. The gradient passes through the same
    factors, also in stochastic inference, where Torch7 hands gradOutput back as it came. Source: Torch7's
    nn/Dropout.lua; PyTorch's Dropout.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.manualSeed(1)
    >>> nn.Dropout(0.5).forward(np.ones(4))
    array([2., 0., 0., 0.])
    """

    # What files of old versions, written before there was a choice, stand for.
    v2 = False
    stochastic_inference = False
    noise = None

    def __init__(self, p=0.5, v1=False, inplace=False, stochasticInference=False):
        super().__init__()
        self.inplace = inplace
        self.stochastic_inference = bool(stochasticInference)
        self.v2 = not v1
        self.setp(p)

    def setp(self, p):
        """Change the probability of dropping."""
        p = number(p, f"{self.typename()}(p): p")
        if not 0 <= p < 1:
            raise RangeError(f"{self.typename()}(p): the probability must be 0 <= p < 1, got {p!r}")
        self.p = p
        return self

    @property
    def row_wise(self):
        """True while nothing is drawn: draws fall in the order of the passes."""
        return not self._draws()

    def _draws(self):
        return (self.train or self.stochastic_inference) and self.p > 0

    def updateOutput(self, input):
        self.noise = self._draw(input) if self._draws() else None
        self.output = self._through(input)
        return self.output

    def updateGradInput(self, input, gradOutput):
        self.gradInput = self._through(gradOutput)
        return self.gradInput

    def _draw(self, input):
        """Return the factors of a pass: kept or dropped, and what is kept made up for what is not."""
        noise = rng.bernoulli(1 - self.p, size=self._noise_shape(input), dtype=input.dtype)
        return noise / (1 - self.p) if self.v2 else noise

    def _noise_shape(self, input):
        expect_array(self, input)
        return input.shape

    def _through(self, array):
        """The part of an array that gets through."""
        if self.noise is not None:
            return array * self.noise
        return array.copy() if self.v2 or self.p == 0 else array * (1 - self.p)

    def clearState(self):
        self.noise = None
        return super().clearState()

    def arguments(self):
        return f"({self.p:f})"


class SpatialDropout(Dropout):
    """y = x * noise, noise being 0 with probability p and 1 otherwise, for each plane; y = x * (1 - p) in evaluation.

    Parameters
    ----------
    p : probability of dropping, 0 <= p < 1, default 0.5
    stochasticInference : bool, default False; True drops in evaluation, too

    Input is (planes x height x width), or a batch of those: neighbouring elements are alike, so a plane is dropped as a
    whole. Unlike Dropout's, the output is not made up for what is dropped, as in Torch7; unlike in Torch7, there is a
    gradient in evaluation. Source: Torch7's nn/SpatialDropout.lua; PyTorch's Dropout2d (which divides by 1 - p).

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.manualSeed(1)
    >>> nn.SpatialDropout(0.5).forward(np.ones((2, 1, 2)))
    array([[[1., 1.]],
           [[0., 0.]]])
    """

    nDim = 4

    def __init__(self, p=0.5, stochasticInference=False):
        super().__init__(p, True, False, stochasticInference)

    def _draws(self):
        return self.train or self.stochastic_inference

    def updateOutput(self, input):
        expect_rank(self, input, (self.nDim - 1, self.nDim))
        return super().updateOutput(input)

    def _noise_shape(self, input):
        planes = input.ndim - self.nDim + 2
        return input.shape[:planes] + (1,) * (self.nDim - 2)


class VolumetricDropout(SpatialDropout):
    """y = x * noise, noise being 0 with probability p and 1 otherwise, for each volume; y = x * (1 - p) in evaluation.

    Parameters
    ----------
    p : probability of dropping, 0 <= p < 1, default 0.5
    stochasticInference : bool, default False; True drops in evaluation, too

    Input is (planes x time x height x width), or a batch of those; else as SpatialDropout. Source: Torch7's
    nn/VolumetricDropout.lua; PyTorch's Dropout3d (which divides by 1 - p).

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.VolumetricDropout(0.25).evaluate().forward(np.ones((1, 1, 1, 2)))
    array([[[[0.75, 0.75]]]])
    """

    nDim = 5


class WhiteNoise(Module):
    """y = x + noise, noise being normal with ``mean`` and ``std``; y = x + mean in evaluation.

    Any shape in, the same shape out; the gradient passes unchanged, in evaluation as well (where Torch7 refuses).
    ``noise`` holds the numbers of the last pass. Source: Torch7's nn/WhiteNoise.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.WhiteNoise(0.5).evaluate().forward(np.zeros(2))
    array([0.5, 0.5])
    """

    noise = None

    def __init__(self, mean=0, std=0.1):
        super().__init__()
        self.mean = number(mean, "nn.WhiteNoise(mean, std): mean")
        self.std = number(std, "nn.WhiteNoise(mean, std): std")

    @property
    def row_wise(self):
        """True in evaluation; draws fall in the order of the passes."""
        return not self.train

    def updateOutput(self, input):
        expect_array(self, input)
        self.noise = rng.normal(self.mean, self.std, size=input.shape, dtype=input.dtype) if self.train else None
        self.output = input + (self.noise if self.train else self.mean)
        return self.output

    def updateGradInput(self, input, gradOutput):
        self.gradInput = gradOutput.copy()
        return self.gradInput

    def clearState(self):
        self.noise = None
        return super().clearState()

    def arguments(self):
        return f" mean: {self.mean:f}, std: {self.std:f}"
