"""Modules that give the same elements another shape or order: views of the input wherever its memory allows one."""

import math

import numpy as np

from ..errors import RangeError, ShapeError
from ..nesting import shape_of
from . import checks
from .checks import axis_behind_batch, axis_of, expect_array, expect_gradient
from .module import Module

__all__ = ["Reshape", "View", "Collapse", "Squeeze", "Unsqueeze", "Transpose", "Replicate", "Contiguous"]


class _Reshaping(Module):
    """What all that only change the shape share: ``shape_for(input)``, and the way back."""

    takes_integers = True

    def shape_for(self, input):
        """Return the output's shape; -1 may stand for one size."""
        raise NotImplementedError(f"{self.typename()} has no shape_for")

    def updateOutput(self, input):
        expect_array(self, input)
        shape = _inferred(input.shape, tuple(self.shape_for(input)))
        if not _fits(input.size, shape):
            wanted = "x".join(map(str, shape))
            raise ShapeError(f"{self!r}: an input of {input.size} numbers ({shape_of(input)}) does not make {wanted}")
        self.output = input.reshape(shape)
        return self.output

    def updateGradInput(self, input, gradOutput):
        expect_gradient(self, gradOutput, self.output.shape)
        self.gradInput = gradOutput.reshape(input.shape)
        return self.gradInput


class _InputDims(Module):
    """What those share that can be told how many dimensions an input has that is no batch."""

    numInputDims = None  # what a file does not mention

    def setNumInputDims(self, numInputDims):
        """Tell how many dimensions an input has that is no batch; return the module."""
        self.numInputDims = checks.input_dims(numInputDims, f"{self.typename()}: numInputDims")
        return self


def _inferred(old, shape):
    """The shape with its -1 replaced where there are no rows: numpy infers nothing from none, a row's shape does."""
    if -1 not in shape or old[0] or shape[0]:
        return shape
    known = math.prod(size for size in shape[1:] if size != -1)
    return tuple(math.prod(old[1:]) // known if size == -1 else size for size in shape)


def _fits(count, shape):
    """Tell whether ``count`` numbers can take the shape."""
    known = math.prod(size for size in shape if size != -1)
    return count % known == 0 if -1 in shape and known else count == known


class Reshape(_Reshaping):
    """y = the elements of x in the given sizes: ``Reshape(2, 6)``, or ``Reshape(2, 6, batchMode)``.

    With ``batchMode`` True the first dimension of the input is a batch, which stays; with False there is none; without
    it, an input of as many elements as the sizes make is no batch, unless its first dimension is 1. One size may be -1;
    then an input is a batch unless ``batchMode`` is False. Raises ShapeError where the numbers do not match.
    Source: Torch7's nn/Reshape.lua; PyTorch's Tensor.reshape.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.Reshape(2, 2).forward(np.arange(4.0))
    array([[0., 1.],
           [2., 3.]])
    >>> nn.Reshape(2, 2, True).forward(np.zeros((5, 4))).shape
    (5, 2, 2)
    """

    batchMode = None

    def __init__(self, *sizes):
        super().__init__()
        if sizes and isinstance(sizes[-1], bool):
            *sizes, self.batchMode = sizes
        self.size = checks.sizes(sizes, "nn.Reshape", infer=True)
        self.nelement = math.prod(self.size)

    @property
    def row_wise(self):
        """True with ``batchMode``."""
        return bool(self.batchMode)

    def shape_for(self, input):
        if self.batchMode is None:
            batch = input.size != self.nelement or input.shape[:1] == (1,)
        else:
            batch = self.batchMode
        return (*input.shape[:1], *self.size) if batch else self.size

    def arguments(self):
        return f"({'x'.join(map(str, self.size))})"


class View(_InputDims, _Reshaping):
    """y = the elements of x in the given sizes, of which one may be -1, behind as many rows as are left over.

    Where the input has more elements than the sizes make, the rest is a batch: a first dimension of the output.
    With a size of -1 the rest goes there, and only ``setNumInputDims`` can tell what is a batch: the dimensions before
    the last ``numInputDims`` ones. Other than in Torch7, the input need not be contiguous.
    Raises ShapeError where the numbers do not match. Source: Torch7's nn/View.lua; PyTorch's Tensor.view.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.View(2, 2).forward(np.zeros((5, 4))).shape
    (5, 2, 2)
    >>> nn.View(-1).setNumInputDims(2).forward(np.zeros((5, 2, 3))).shape
    (5, 6)
    """

    def __init__(self, *sizes):
        super().__init__()
        self.resetSize(*sizes)

    def resetSize(self, *sizes):
        """Give other sizes; return the module."""
        self.size = checks.sizes(sizes, "nn.View", infer=True)
        self.numElements = math.prod(size for size in self.size if size != -1)
        return self

    def shape_for(self, input):
        ndim, dims = input.ndim, self.numInputDims
        if dims is not None and ndim < dims:
            raise ShapeError(f"{self!r} takes at least its numInputDims, {dims} dimensions, got {shape_of(input)}")
        first = 0 if dims is None else ndim - dims
        batch, rest = divmod(math.prod(input.shape[first:]), self.numElements)
        if rest:
            return self.size  # which does not fit
        if -1 in self.size:
            batch = 1
        batch *= math.prod(input.shape[:first])
        return self.size if batch == 1 and first == 0 else (batch, *self.size)

    def arguments(self):
        return f"({', '.join(map(str, self.size))})"


class Collapse(_Reshaping):
    """y = x with its last ``nInputDim`` dimensions made one; an input of more dimensions is a batch of rows.

    Source: Torch7's nn/Collapse.lua; PyTorch's Flatten.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.Collapse(2).forward(np.zeros((5, 2, 3))).shape
    (5, 6)
    """

    def __init__(self, nInputDim):
        super().__init__()
        self.nInputDim = checks.size(nInputDim, "nInputDim")

    def shape_for(self, input):
        rows = input.shape[:1] if input.ndim > self.nInputDim else ()
        return (*rows, math.prod(input.shape[len(rows) :]))


class Squeeze(_InputDims, _Reshaping):
    """y = x without its dimensions of size 1, or without ``dim`` if that has size 1; at least one dimension stays.

    With ``numInputDims``, an input of one more dimension is a batch: its first dimension stays, and ``dim`` counts
    behind it. Raises RangeError for a dimension that the input does not have.
    Source: Torch7's nn/Squeeze.lua; PyTorch's Tensor.squeeze.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.Squeeze().forward(np.zeros((2, 1, 3, 1))).shape
    (2, 3)
    >>> nn.Squeeze(2).forward(np.zeros((2, 1, 3, 1))).shape
    (2, 3, 1)
    """

    dim = None  # what a file does not mention

    def __init__(self, dim=None, numInputDims=None):
        super().__init__()
        self.dim = None if dim is None else checks.dimension(dim, "dim")
        self.setNumInputDims(numInputDims)

    def shape_for(self, input):
        shape = input.shape
        if self.dim is not None:
            axis = axis_behind_batch(self, self.dim, input.ndim, self.numInputDims, "dim")
            return shape[:axis] + shape[axis + 1 :] if shape[axis] == 1 and input.ndim > 1 else shape
        batch = self.numInputDims is not None and input.ndim == self.numInputDims + 1
        kept = tuple(size for size in shape if size != 1) or (1,)
        return (1, *kept) if batch and shape[0] == 1 else kept


class Unsqueeze(_InputDims, _Reshaping):
    """y = x with a dimension of size 1 put in, the ``pos``-th of the output, counted from 1 (negative from the end).

    With ``numInputDims``, ``pos`` counts behind the dimensions that an input has beyond these. (Where it is not given,
    Torch7 takes the number of dimensions of its first input for it; here an input of any number of dimensions is taken
    as it comes.) Raises RangeError for a place that there is not. Source: Torch7's nn/Unsqueeze.lua; PyTorch's
    Tensor.unsqueeze.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.Unsqueeze(2).forward(np.zeros((3, 4))).shape
    (3, 1, 4)
    >>> nn.Unsqueeze(1, 1).forward(np.zeros((3, 4))).shape
    (3, 1, 4)
    """

    def __init__(self, pos, numInputDims=None):
        super().__init__()
        self.pos = checks.dimension(pos, "pos")
        self.setNumInputDims(numInputDims)

    @property
    def row_wise(self):
        """True for a place behind the rows."""
        return self.pos > 1 and self.numInputDims is None

    def shape_for(self, input):
        offset = 0 if self.numInputDims is None else input.ndim - self.numInputDims
        if self.pos > 0:
            place = self.pos - 1 + offset
        else:
            place = input.ndim + 1 + self.pos
        if offset < 0 or not offset <= place <= input.ndim:
            behind = f" behind the {offset} of a batch" if offset > 0 else ""
            raise RangeError(f"{self!r}: there is no such place{behind} in an input of {shape_of(input)}")
        return (*input.shape[:place], 1, *input.shape[place:])

    def arguments(self):
        return f"(dim {self.pos})"


class Transpose(_InputDims):
    """y = x with pairs of dimensions exchanged, one pair after the other; a view of x.

    ``Transpose([1, 4], [1, 3])`` exchanges dimensions 1 and 4, then 1 and 3. With ``setNumInputDims``, positive
    dimensions count behind those that an input has beyond these. Raises RangeError for a dimension that the input does
    not have. Source: Torch7's nn/Transpose.lua; PyTorch's Tensor.transpose.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.Transpose([1, 2]).forward(np.zeros((2, 3))).shape
    (3, 2)
    """

    takes_integers = True

    def __init__(self, *permutations):
        super().__init__()
        for pair in permutations:
            if not isinstance(pair, (list, tuple)) or len(pair) != 2:
                raise RangeError(f"nn.Transpose takes pairs of dimensions, as in nn.Transpose([1, 2]), got {pair!r}")
        self.permutations = [[checks.dimension(dim) for dim in pair] for pair in permutations]

    @property
    def row_wise(self):
        """True where the rows stay."""
        return self.numInputDims is None and all(dim > 1 for pair in self.permutations for dim in pair)

    def _order(self, input):
        """The axes of the input in the order of the output."""
        expect_array(self, input)
        offset = 0 if self.numInputDims is None else input.ndim - self.numInputDims
        if offset < 0:
            raise ShapeError(f"{self!r} takes at least its numInputDims, {self.numInputDims}, got {shape_of(input)}")
        order = list(range(input.ndim))
        for pair in self.permutations:
            a, b = (axis_of(self, dim + offset if dim > 0 else dim, input.ndim) for dim in pair)
            order[a], order[b] = order[b], order[a]
        return order

    def updateOutput(self, input):
        order = self._order(input)
        self.output = input.transpose(order)
        return self.output

    def updateGradInput(self, input, gradOutput):
        expect_gradient(self, gradOutput, self.output.shape)
        self.gradInput = gradOutput.transpose(np.argsort(self._order(input)))
        return self.gradInput

    def arguments(self):
        return f"({', '.join(map(str, self.permutations))})"


class Replicate(Module):
    """y = x repeated ``nfeatures`` times along a new dimension ``dim``; a view of x that nothing can be written into.

    With ``ndim``, an input of more dimensions is a batch, and ``dim`` counts behind its first dimension.
    Raises RangeError for a ``dim`` that there is not. Source: Torch7's nn/Replicate.lua; PyTorch's Tensor.expand.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.Replicate(3).forward(np.array([1.0, 2.0]))
    array([[1., 2.],
           [1., 2.],
           [1., 2.]])
    """

    takes_integers = True
    ndim = None  # what a file does not mention

    def __init__(self, nfeatures, dim=1, ndim=None):
        super().__init__()
        self.nfeatures = checks.size(nfeatures, "nn.Replicate(nfeatures): nfeatures")
        self.dim = checks.size(dim, "nn.Replicate: dim")
        self.ndim = checks.input_dims(ndim, "nn.Replicate: ndim")

    @property
    def row_wise(self):
        """True for a dimension behind the rows."""
        return self.dim > 1

    def _axis(self, input):
        expect_array(self, input)
        batch = self.ndim is not None and input.ndim > self.ndim
        if self.dim + batch > input.ndim + 1:
            raise RangeError(f"{self!r}: an input of {shape_of(input)} has too few dimensions")
        return self.dim - 1 + batch

    def updateOutput(self, input):
        axis = self._axis(input)
        shape = (*input.shape[:axis], self.nfeatures, *input.shape[axis:])
        self.output = np.broadcast_to(np.expand_dims(input, axis), shape)
        return self.output

    def updateGradInput(self, input, gradOutput):
        expect_gradient(self, gradOutput, self.output.shape)
        self.gradInput = gradOutput.sum(self._axis(input))
        return self.gradInput


class Contiguous(Module):
    """y = x, copied where its elements do not lie in memory in order.

    Source: Torch7's nn/Contiguous.lua; PyTorch's Tensor.contiguous.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.Contiguous().forward(np.zeros((2, 3)).T).flags.c_contiguous
    True
    """

    row_wise = True
    takes_integers = True

    def updateOutput(self, input):
        expect_array(self, input)
        self.output = np.ascontiguousarray(input)
        return self.output

    def updateGradInput(self, input, gradOutput):
        expect_gradient(self, gradOutput, input.shape)
        self.gradInput = np.ascontiguousarray(gradOutput)
        return self.gradInput
