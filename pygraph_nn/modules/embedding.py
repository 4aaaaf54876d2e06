"""Tables of learnt rows, looked up by index."""

import numpy as np

from .. import rng
from ..arguments import whole_number
from ..errors import RangeError, StateError
from . import checks
from .checks import expect_rank
from .indices import add_rows, positions
from .module import Module

__all__ = ["LookupTable"]


class LookupTable(Module):
    """y[i] = weight[x[i]]: the learnt row that each index names.

    Parameters
    ----------
    nIndex, nOutput : int; how many rows, and how many numbers in each
    paddingValue : int, optional; an index whose row gets no gradient
    maxNorm : float, optional; rows longer than this are shortened to it when they are looked up
    normType : float, optional; the p of the p-norm that maxNorm measures with, 2 by default; math.inf for the maximum

    Input holds indices counted from 1, integers or whole floating numbers: a vector (n) or a matrix (rows x n); output
    (n x nOutput) or (rows x n x nOutput). The gradient by the input is zero. ``weight`` starts normal, N(0, 1). After
    ``scaleGradByFreq()`` the gradient of a row is divided by how often its index stands in the input.
    Raises RangeError for an index outside 1 to nIndex. Source: Torch7's nn/LookupTable.lua; PyTorch's Embedding.

    >>> import numpy as np, pygraph_nn as nn
    >>> m = nn.LookupTable(3, 2)
    >>> m.weight[...] = [[1, 1], [2, 2], [3, 3]]
    >>> m.forward(np.array([3, 1]))
    array([[3., 3.],
           [1., 1.]])
    """

    takes_integers = True
    stateless = True
    maxNorm = normType = None
    shouldScaleGradByFreq = False  # Torch7 sets the field at the first pass

    def __init__(self, nIndex, nOutput, paddingValue=0, maxNorm=None, normType=None):
        super().__init__()
        self.weight = np.empty((checks.size(nIndex, "nIndex"), checks.size(nOutput, "nOutput")), self.dtype)
        self.gradWeight = np.zeros_like(self.weight)
        self.setPadding(paddingValue)
        self.setMaxNorm(maxNorm)
        self.setNormType(normType)
        self.reset()

    @property
    def row_wise(self):
        """True unless looking up a row changes it, or frequencies within a batch count."""
        return self.maxNorm is None and not self.shouldScaleGradByFreq

    def setPadding(self, paddingValue):
        """Set the index whose row gets no gradient; 0 for none."""
        self.paddingValue = whole_number(paddingValue or 0, self.typename(), "paddingValue", 0, len(self.weight))
        return self

    def setMaxNorm(self, maxNorm):
        """Set the longest norm that a row may have; None for any."""
        self.maxNorm = None if maxNorm is None else checks.number(maxNorm, "maxNorm")
        return self

    def setNormType(self, normType):
        """Set the p of the p-norm; None for 2."""
        self.normType = None if normType is None else checks.number(normType, "normType")
        if normType is not None and not normType > 0:
            raise RangeError(f"{self.typename()}: normType must be above 0, got {normType!r}")
        return self

    def scaleGradByFreq(self):
        """From now on divide the gradient of a row by how often its index stands in the input."""
        self.shouldScaleGradByFreq = True
        return self

    def accUpdateOnly(self):
        """Do without gradWeight: the module then learns by ``accUpdateGradParameters`` (``backwardUpdate``) alone."""
        self.gradWeight = None
        return self

    def parameters(self):
        return ([self.weight], [self.gradWeight]) if self.gradWeight is not None else ([], [])

    def _own_memory(self):
        return {id(self.weight), id(self.gradWeight)}

    def reset(self, stdv=1):
        """Draw weight from the normal distribution of mean 0 and standard deviation ``stdv``."""
        self.weight[...] = rng.normal(0, stdv or 1, size=self.weight.shape)
        return self

    def _places(self, input):
        expect_rank(self, input, (1, 2), ": indices in a vector or a matrix")
        return positions(self, input, len(self.weight))

    def updateOutput(self, input):
        places = self._places(input)
        if self.maxNorm is not None:
            self._shorten(np.unique(places))
        self.output = self.weight[places]
        return self.output

    def _shorten(self, places):
        """Bring the rows that are looked up to maxNorm where they are longer."""
        p = 2 if self.normType is None else self.normType
        norms = np.linalg.norm(self.weight[places], p, axis=1)
        long = norms > self.maxNorm
        self.weight[places[long]] *= (self.maxNorm / (norms[long] + 1e-7))[:, None]

    def updateGradInput(self, input, gradOutput):
        self.gradInput = np.zeros_like(input)
        return self.gradInput

    def accGradParameters(self, input, gradOutput, scale=1):
        if self.gradWeight is None:
            raise StateError(
                f"{self!r} does without gradWeight since accUpdateOnly(): it learns by backwardUpdate or "
                "accUpdateGradParameters, not by backward"
            )
        self._accumulate(self.gradWeight, input, gradOutput, scale)

    def accUpdateGradParameters(self, input, gradOutput, lr):
        self._accumulate(self.weight, input, gradOutput, -lr)

    def _accumulate(self, target, input, gradOutput, scale):
        """Add ``scale`` times the gradient to ``target``, weight or gradWeight."""
        places = self._places(input).ravel()
        rows = gradOutput.reshape(places.size, target.shape[1])
        if scale != 1:
            rows = scale * rows
        if self.shouldScaleGradByFreq:
            often = np.bincount(places, minlength=len(target))[places]
            rows = rows / often[:, None].astype(rows.dtype)
        if self.paddingValue:
            kept = places != self.paddingValue - 1
            places, rows = places[kept], rows[kept]
        add_rows(target, places, rows)

    def arguments(self):
        return f"({self.weight.shape[0]} x {self.weight.shape[1]})"
