"""Padding of planes at their sides: with zeros, with mirrored neighbours, with copies of the edge."""

import numpy as np

from ..errors import RangeError, ShapeError
from ..nesting import shape_of
from .checks import expect_gradient
from .module import Module

__all__ = [
    "SpatialReflectionPadding",
    "SpatialReplicationPadding",
    "SpatialZeroPadding",
    "VolumetricReplicationPadding",
]


class SidePadding(Module):
    """What the paddings share: sides by axis, widened one axis after the other.

    ``sides`` names the fields (before, after) of the last axes in the array's order. A subclass says in ``_sources``
    which element fills each place outside.
    """

    row_wise = True
    sides: tuple[tuple[str, str], ...] = (("pad_t", "pad_b"), ("pad_l", "pad_r"))

    def _keep(self, **settings):
        """Keep the constructor's arguments as fields; None means as many as the first one."""
        default = next(iter(settings.values()))
        for name, value in settings.items():
            value = default if value is None else value
            if isinstance(value, bool) or not isinstance(value, (int, float, np.integer)) or value % 1 != 0:
                raise RangeError(f"nn.{type(self).__name__}: {name} must be a whole number, got {value!r}")
            setattr(self, name, int(value))

    def _axes(self, input):
        """Yield (axis, size, before, after) of every padded axis of the input."""
        rank = len(self.sides) + 1
        if not isinstance(input, np.ndarray) or input.ndim not in (rank, rank + 1):
            raise ShapeError(f"{self!r} takes an array of {rank} or {rank + 1} dimensions, got {shape_of(input)}")
        found = []
        for axis, (before, after) in enumerate(self.sides, -len(self.sides)):
            size, before, after = input.shape[axis], getattr(self, before), getattr(self, after)
            if size + before + after < 1 or size < 1 or min(size + before, size + after) < 1:
                raise ShapeError(f"{self!r}: the input is too small, nothing would be left of {shape_of(input)}")
            found.append((axis, size, before, after))
        return found

    def _sources(self, places, size):
        """The element that fills each of ``places`` (below 0 or from ``size`` on), or None to leave zeros."""
        raise NotImplementedError

    def updateOutput(self, input):
        output = input
        for axis, size, before, after in self._axes(input):
            output = self._widen(output, axis, size, before, after)
        self.output = output
        return output

    def updateGradInput(self, input, gradOutput):
        axes = self._axes(input)
        shape = input.shape[: input.ndim - len(axes)] + tuple(size + a + b for _, size, a, b in axes)
        expect_gradient(self, gradOutput, shape)
        gradInput = gradOutput
        for axis, size, before, after in axes:
            gradInput = self._narrow(gradInput, axis, size, before, after)
        self.gradInput = gradInput
        return gradInput

    def _widen(self, array, axis, size, before, after):
        """Pad one axis."""
        wide, turned = _zeros(array, axis, size + before + after), array.swapaxes(axis, -1)
        inner, outer = _common(size, before, after)
        wide[..., outer] = turned[..., inner]
        for place, source in self._outside(size, before, after):
            wide[..., place] = turned[..., source]
        return np.ascontiguousarray(wide.swapaxes(axis, -1))

    def _narrow(self, gradient, axis, size, before, after):
        """The transpose of ``_widen``."""
        narrow, turned = _zeros(gradient, axis, size), gradient.swapaxes(axis, -1)
        inner, outer = _common(size, before, after)
        narrow[..., inner] = turned[..., outer]
        for place, source in self._outside(size, before, after):
            narrow[..., source] += turned[..., place]
        return np.ascontiguousarray(narrow.swapaxes(axis, -1))

    def _outside(self, size, before, after):
        """Pairs (place in the output, element of the input that fills it)."""
        places = [*range(max(before, 0)), *range(size + before, size + before + max(after, 0))]
        sources = self._sources(np.array(places, np.intp) - before, size)
        return () if sources is None else zip(places, sources.tolist(), strict=True)


def _zeros(array, axis, size):
    """Zeros of the array's shape with ``size`` along the axis, which is turned to the end."""
    shape = list(array.swapaxes(axis, -1).shape)
    shape[-1] = size
    return np.zeros(shape, array.dtype)


def _common(size, before, after):
    """The elements that stay, as slices of the input and of the output; negative padding crops."""
    kept = slice(max(-before, 0), size - max(-after, 0))
    return kept, slice(kept.start + before, kept.stop + before)


class SpatialPadding(SidePadding):
    """The four sides of the spatial paddings."""

    def __init__(self, pad_l, pad_r=None, pad_t=None, pad_b=None):
        super().__init__()
        self._keep(pad_l=pad_l, pad_r=pad_r, pad_t=pad_t, pad_b=pad_b)

    def arguments(self):
        return f"(l={self.pad_l}, r={self.pad_r}, t={self.pad_t}, b={self.pad_b})"


class SpatialZeroPadding(SpatialPadding):
    """y = x with rows and columns of zeros added at its sides; negative numbers crop.

    Parameters
    ----------
    pad_l : int; columns added at the left
    pad_r, pad_t, pad_b : int, default pad_l; columns at the right, rows at the top and at the bottom

    Input is (planes x height x width) or a batch of them. Raises ShapeError for another rank, or where nothing is left.
    Source: Torch7's nn/SpatialZeroPadding.lua; PyTorch's ZeroPad2d.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.SpatialZeroPadding(1, -1, 0, 1).forward(np.array([[[1.0, 2.0, 3.0]]]))
    array([[[0., 1., 2.],
            [0., 0., 0.]]])
    """

    def _sources(self, places, size):
        return None


class SpatialReflectionPadding(SpatialPadding):
    """y = x continued at its sides by its own mirror image, the edge itself not repeated; negative numbers crop.

    Arguments and shapes are SpatialZeroPadding's. No side may reach as far as the plane does: ShapeError says so, where
    Torch7 reads beyond its memory. Source: Torch7's nn/SpatialReflectionPadding.lua; PyTorch's ReflectionPad2d.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.SpatialReflectionPadding(2, 1, 0, 0).forward(np.array([[[1.0, 2.0, 3.0]]]))
    array([[[3., 2., 1., 2., 3., 2.]]])
    """

    def _sources(self, places, size):
        mirrored = np.where(places < 0, -places, 2 * (size - 1) - places)
        if places.size and not 0 <= mirrored.min() <= mirrored.max() < size:
            raise ShapeError(f"{self!r}: the input is too small, its mirror image has {size - 1} elements a side")
        return mirrored


class SpatialReplicationPadding(SpatialPadding):
    """y = x continued at its sides by copies of its edge; negative numbers crop.

    Arguments and shapes are SpatialZeroPadding's. Source: Torch7's nn/SpatialReplicationPadding.lua; PyTorch's
    ReplicationPad2d.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.SpatialReplicationPadding(2, 1, 0, 0).forward(np.array([[[1.0, 2.0, 3.0]]]))
    array([[[1., 1., 1., 2., 3., 3.]]])
    """

    def _sources(self, places, size):
        return np.clip(places, 0, size - 1)


class VolumetricReplicationPadding(SidePadding):
    """y = x continued at its six sides by copies of its faces; negative numbers crop.

    Parameters
    ----------
    pleft : int; columns added at the left
    pright, ptop, pbottom, pfront, pback : int, default pleft; at the other sides, front and back being the first axis

    Input is (planes x depth x height x width) or a batch of them. Source: Torch7's nn/VolumetricReplicationPadding.lua;
    PyTorch's ReplicationPad3d.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.VolumetricReplicationPadding(1, 0, 0, 0, 0, 0).forward(np.array([[[[1.0, 2.0]]]]))
    array([[[[1., 1., 2.]]]])
    """

    sides = (("pfront", "pback"), ("ptop", "pbottom"), ("pleft", "pright"))

    def __init__(self, pleft, pright=None, ptop=None, pbottom=None, pfront=None, pback=None):
        super().__init__()
        self._keep(pleft=pleft, pright=pright, ptop=ptop, pbottom=pbottom, pfront=pfront, pback=pback)

    def _sources(self, places, size):
        return np.clip(places, 0, size - 1)

    def arguments(self):
        return (
            f"(left={self.pleft}, right={self.pright}, top={self.ptop}, bottom={self.pbottom}, front={self.pfront}, "
            f"back={self.pback})"
        )
