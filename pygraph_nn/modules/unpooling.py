"""Max unpooling: each element put back where a max pooling found it."""

import math

import numpy as np

from ..errors import RangeError, ShapeError, StateError, TensorTypeError
from ..nesting import shape_of
from .checks import expect_gradient
from .module import Module
from .pooling import MaxPooling, SpatialMaxPooling, VolumetricMaxPooling

__all__ = ["SpatialMaxUnpooling", "VolumetricMaxUnpooling"]


class MaxUnpooling(Module):
    """What the unpoolings share: they ask their pooling module for the places and sizes of its last pass."""

    pools: type[MaxPooling]
    sizes: tuple[str, ...]

    def __init__(self, poolingModule):
        super().__init__()
        name = self.typename()
        if type(poolingModule) is not self.pools:
            raise TensorTypeError(f"{name} belongs to a {self.pools.typename()} module, got {poolingModule!r}")
        if poolingModule.along("k") != poolingModule.along("d"):
            raise RangeError(f"{name}: the pooling module's kernel must be as large as its stride: {poolingModule!r}")
        self.pooling = poolingModule

    def _places(self, input):
        """Return where each element goes in its plane (planes x elements), and the output's shape, for this input."""
        indices = self.pooling.indices
        if indices is None:
            raise StateError(f"{self!r}: the pooling module must run forward before its maxima can be put back")
        if not isinstance(input, np.ndarray) or input.shape != indices.shape:
            raise ShapeError(
                f"{self!r} takes what has the pooling module's output shape, {'x'.join(map(str, indices.shape))}, got "
                f"{shape_of(input)}"
            )
        outer, inner = indices.shape[: -len(self.sizes)], indices.shape[-len(self.sizes) :]
        shape = (*outer, *(getattr(self.pooling, size) for size in self.sizes))
        return indices.reshape(math.prod(outer), math.prod(inner)), shape

    def _plane(self, shape):
        """How many elements a plane of that shape has."""
        return math.prod(shape[-len(self.sizes) :])

    def updateOutput(self, input):
        places, shape = self._places(input)
        # Behind each plane, one place takes what came from nowhere (index 0, from a NaN).
        output = np.zeros((len(places), 1 + self._plane(shape)), input.dtype)
        np.put_along_axis(output, places, input.reshape(places.shape), 1)
        self.output = output[:, 1:].reshape(shape)
        return self.output

    def updateGradInput(self, input, gradOutput):
        places, shape = self._places(input)
        expect_gradient(self, gradOutput, shape)
        gradient = gradOutput.reshape(len(places), self._plane(shape))
        taken = np.take_along_axis(gradient, np.maximum(places - 1, 0), 1)
        taken[places == 0] = 0
        self.gradInput = taken.reshape(input.shape)
        return self.gradInput

    def arguments(self):
        return f" associated to {self.pooling!r}"


class SpatialMaxUnpooling(MaxUnpooling):
    """y = 0, except that each x stands where ``poolingModule`` found its maximum in the pooling's last input.

    ``poolingModule`` is a SpatialMaxPooling whose windows do not overlap (kW = dW, kH = dH) and which runs before. The
    input has the shape of its output, the output that of its input. Raises StateError before the pooling has run,
    ShapeError for an input of another shape. Source: Torch7's nn/SpatialMaxUnpooling.lua; PyTorch's MaxUnpool2d.

    >>> import numpy as np, pygraph_nn as nn
    >>> pool = nn.SpatialMaxPooling(2, 1)
    >>> y = pool.forward(np.array([[[1.0, 5.0, 8.0, 6.0]]]))
    >>> nn.SpatialMaxUnpooling(pool).forward(y)
    array([[[0., 5., 8., 0.]]])
    """

    pools = SpatialMaxPooling
    sizes = ("iheight", "iwidth")


class VolumetricMaxUnpooling(MaxUnpooling):
    """y = 0, except that each x stands where the VolumetricMaxPooling ``poolingModule`` found its maximum.

    The three-dimensional SpatialMaxUnpooling. Source: Torch7's nn/VolumetricMaxUnpooling.lua; PyTorch's MaxUnpool3d.

    >>> import numpy as np, pygraph_nn as nn
    >>> pool = nn.VolumetricMaxPooling(1, 2, 1)
    >>> y = pool.forward(np.array([1.0, 5.0]).reshape(1, 1, 1, 2))
    >>> nn.VolumetricMaxUnpooling(pool).forward(y)
    array([[[[0., 5.]]]])
    """

    pools = VolumetricMaxPooling
    sizes = ("itime", "iheight", "iwidth")
