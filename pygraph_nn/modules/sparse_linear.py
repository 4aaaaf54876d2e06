"""Linear layers whose input names the features that are not zero, with their values."""

import math

import numpy as np

from .. import nesting, rng
from ..arguments import whole_number
from ..errors import ShapeError, StateError, TensorTypeError
from ..nesting import shape_of
from . import checks
from .checks import expect_table
from .indices import add_rows, positions
from .module import Module

__all__ = ["IndexLinear", "SparseLinear"]


def _expect_vectors(module, keys, values, input):
    """Raise unless keys and values are vectors of one length, the values floating."""
    for entry in (keys, values):
        if not isinstance(entry, np.ndarray):
            raise TensorTypeError(f"{module!r} takes keys and values in arrays, got {shape_of(input)}")
    if keys.ndim != 1 or keys.shape != values.shape:
        raise ShapeError(f"{module!r} takes as many keys as values, both in vectors, got {shape_of(input)}")
    if values.dtype.kind != "f":
        raise TensorTypeError(f"{module!r} takes floating values, got {shape_of(input)}")


class SparseLinear(Module):
    """y = x W' + b, of inputs that list the elements of x that are not 0.

    Parameters
    ----------
    inputSize, outputSize : int
    doGradInput : bool, default False; whether to compute the gradient by the input

    An input of one row is a matrix (elements x 2) of indices, counted from 1, and values; a batch is a table of them,
    or an array (rows x elements x 2). Elements of value 0 count for nothing, whatever their index; values of one index
    add. Output is (outputSize) or (rows x outputSize). ``weight`` is outputSize x inputSize and starts uniform in
    +-1/sqrt(inputSize), ``bias`` a millionth of that. ``weightDecay`` (a field, 0) times the weight is added to its
    gradient at each backward pass.

    Without ``doGradInput`` the gradient by the input is zero, of the input's shape; with it, it has an entry (index,
    gradient) for every feature: inputSize x 2 in place of elements x 2. Raises RangeError for an index outside.
    Source: Torch7's nn/SparseLinear.lua; PyTorch's sparse.mm.

    >>> import numpy as np, pygraph_nn as nn
    >>> m = nn.SparseLinear(1000, 1)
    >>> m.weight.fill(2); m.bias.fill(1)
    >>> m.forward(np.array([[7, 0.5], [900, 0.25]]))
    array([2.5])
    """

    takes_integers = True

    def __init__(self, inputSize, outputSize, doGradInput=False):
        super().__init__()
        self.weightDecay = 0
        self.doGradInput = doGradInput
        shape = checks.size(outputSize, "outputSize"), checks.size(inputSize, "inputSize")
        self.weight, self.bias = np.empty(shape, self.dtype), np.empty(shape[0], self.dtype)
        self.gradWeight, self.gradBias = np.zeros_like(self.weight), np.zeros_like(self.bias)
        self.reset()

    def reset(self, stdv=None):
        """Draw weight uniformly from +-stdv * sqrt(3), by default from +-1 / sqrt(inputSize), and bias smaller."""
        bound = stdv * math.sqrt(3) if stdv else 1 / math.sqrt(self.weight.shape[1])
        self.weight[...] = rng.uniform(-bound, bound, size=self.weight.shape)
        self.bias[...] = rng.uniform(-bound, bound, size=self.bias.shape)
        self.bias *= 1e-6
        return self

    def _elements(self, input):
        """The rows, features (both from 0) and values of all elements that are not 0, and the number of rows."""
        single = isinstance(input, np.ndarray) and input.ndim == 2
        listed = [input] if single else input
        for entry in listed if isinstance(listed, (list, tuple, np.ndarray)) else (None,):
            if not isinstance(entry, np.ndarray) or entry.ndim != 2 or entry.shape[1] != 2:
                raise ShapeError(
                    f"{self!r} takes a matrix (elements x 2) of indices and values, a table of them or an array "
                    f"(rows x elements x 2), got {shape_of(input)}"
                )
        if not len(listed):
            raise ShapeError(f"{self!r} takes at least one row, got {shape_of(input)}")
        rows = np.repeat(np.arange(len(listed)), [len(entry) for entry in listed])
        elements = np.concatenate(list(listed))
        kept = elements[:, 1] != 0
        features = positions(self, elements[kept, 0], self.weight.shape[1])
        return rows[kept], features, elements[kept, 1], len(listed)

    def updateOutput(self, input):
        rows, features, values, count = self._elements(input)
        output = np.tile(self.bias, (count, 1))
        add_rows(output, rows, self.weight.T[features] * values[:, None].astype(self.dtype, copy=False))
        self.output = output[0] if isinstance(input, np.ndarray) and input.ndim == 2 else output
        return self.output

    def updateGradInput(self, input, gradOutput):
        if not self.doGradInput:
            self.gradInput = nesting.zero(input)
            return self.gradInput
        dense = np.atleast_2d(gradOutput) @ self.weight
        everywhere = np.broadcast_to(np.arange(1, dense.shape[1] + 1, dtype=dense.dtype), dense.shape)
        pairs = np.stack([everywhere, dense], -1)
        if isinstance(input, np.ndarray):
            self.gradInput = pairs[0] if input.ndim == 2 else pairs
        else:
            self.gradInput = list(pairs)
        return self.gradInput

    def accGradParameters(self, input, gradOutput, scale=1):
        rows, features, values, _ = self._elements(input)
        gradOutput = scale * np.atleast_2d(gradOutput)
        add_rows(self.gradWeight.T, features, gradOutput[rows] * values[:, None].astype(self.dtype, copy=False))
        self.gradBias += gradOutput.sum(0)
        if self.weightDecay:
            self.gradWeight += self.weightDecay * self.weight

    def arguments(self):
        return f"({self.weight.shape[1]} -> {self.weight.shape[0]})"


class IndexLinear(Module):
    """y = x W' + b, of inputs that give the features that are not 0, keys, and their values apart.

    Parameters
    ----------
    inputSize, outputSize : int
    doGradInput : bool, default False; whether to compute the gradient by the input
    keysOffset : int, optional; added to the keys, less one: 1 for keys counted from 0
    weight, bias : arrays, optional; to be used as they are
    normalize : bool, default False; whether to divide each feature by the largest value met in training

    The input is a table [keys, values] of two vectors; a batch is a table [[keys, ...], [values, ...]], or flat: [keys,
    values, sizes], all rows' keys and values after each other, and how many belong to each row. Output is (outputSize)
    or (rows x outputSize). ``weight`` is inputSize x outputSize and starts, as the bias, at 0; ``reset()`` draws it.

    With ``normalize`` the weight has four more columns in front: the largest value so far, one divided by it, 1 for
    features met in training, and a learnt bias of the feature: y sums (value / largest + bias) * weight.

    gradWeight has the shape of weight (Torch7 keeps a gradient for each key of the last passes, which its
    getParameters cannot flatten). ``weightDecay`` (a field, 0) takes its share off the rows met since
    zeroGradParameters, at updateParameters, once for each time they were met. Without ``doGradInput`` the gradient by
    the input is zero; with it, it holds every feature's key and gradient. Raises RangeError for a key outside, and
    StateError for doGradInput together with normalize. Source: Torch7's nn/IndexLinear.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> m = nn.IndexLinear(1000, 1)
    >>> m.weight.fill(2); m.bias.fill(1)
    >>> m.forward([np.array([7, 900]), np.array([0.5, 0.25])])
    array([2.5])
    """

    takes_integers = True
    _met = np.empty(0, np.intp)

    def __init__(
        self, inputSize, outputSize, doGradInput=False, keysOffset=None, weight=None, bias=None, normalize=False
    ):
        super().__init__()
        self.normalize = 4 if normalize else 0
        if weight is None:
            columns = checks.size(outputSize, "outputSize") + self.normalize
            weight = np.zeros((checks.size(inputSize, "inputSize"), columns), self.dtype)
        if bias is None:
            bias = np.zeros(checks.size(outputSize, "outputSize"), self.dtype)
        self._expect_parameters(weight, bias)
        self.weight, self.bias = weight, bias
        self.inputSize, self.outputSize = weight.shape[0], len(bias)
        self.gradWeight, self.gradBias = np.zeros_like(self.weight), np.zeros_like(self.bias)
        self.weightDecay = 0
        self.doGradInput = doGradInput
        offset = 0 if keysOffset is None else whole_number(keysOffset, "nn.IndexLinear", "keysOffset", -(2**53), 2**53)
        self.offset = offset - 1

    def _expect_parameters(self, weight, bias):
        given = shape_of([weight, bias])
        if not all(isinstance(array, np.ndarray) and array.dtype == self.dtype for array in (weight, bias)):
            raise TensorTypeError(f"nn.IndexLinear: weight and bias must be arrays of {self.dtype.name}, got {given}")
        if weight.ndim != 2 or bias.shape != (weight.shape[1] - self.normalize,):
            behind = " behind its first four columns" if self.normalize else ""
            raise ShapeError(
                f"nn.IndexLinear: weight must be a matrix, with a column{behind} for each bias, got {given}"
            )

    def reset(self, stdv=None):
        """Draw weight uniformly from +-stdv * sqrt(3), by default from +-1 / sqrt(its columns), and bias smaller."""
        bound = stdv * math.sqrt(3) if stdv else 1 / math.sqrt(self.weight.shape[1])
        self.weight[...] = rng.uniform(-bound, bound, size=self.weight.shape)
        self.bias[...] = rng.uniform(-bound, bound, size=self.bias.shape)
        self.bias *= 1e-6
        self.weight[:, : self.normalize] = 0
        return self

    def _elements(self, input):
        """The rows, features (both from 0) and values of all elements, and the number of rows."""
        expect_table(self, input)
        if len(input) == 3:
            keys, values = input[:2]
            sizes = np.atleast_1d(input[2])
        else:
            expect_table(self, input, 2)
            keys, values = (entry if isinstance(entry, (list, tuple)) else [entry] for entry in input)
            if len(keys) != len(values) or not keys:
                raise ShapeError(f"{self!r} takes keys and values for every row, got {shape_of(input)}")
            for pair in zip(keys, values):
                _expect_vectors(self, *pair, input)
            sizes = np.array([len(row) for row in keys])
            keys, values = np.concatenate(keys), np.concatenate(values)
        _expect_vectors(self, keys, values, input)
        if sizes.ndim != 1 or sizes.dtype.kind not in "iu" or (sizes < 0).any() or sizes.sum() != len(keys):
            raise ShapeError(
                f"{self!r}: the sizes of the rows must be a vector of whole numbers from 0 that add to {len(keys)}"
            )
        shift = np.full(1, self.offset + 1)  # of a type that keys of few bits do not overflow in
        features = positions(self, keys + shift if shift else keys, self.inputSize, "key")
        return np.repeat(np.arange(len(sizes)), sizes), features, values, len(sizes)

    def _is_single(self, input):
        return len(input) == 2 and isinstance(input[0], np.ndarray)

    def _normalised(self, features, values):
        """The values as the weight sees them; in training, note the largest first."""
        weight, size = self.weight, np.abs(values)
        largest, inverse = weight[features, :2].T
        if self.train:
            before, largest = largest, _largest_so_far(features, np.fmax(size, largest))
            inverse = np.divide(1, largest, out=inverse.copy(), where=largest > before)
            # Of a feature that stands there several times, the last element has seen all.
            weight[features, 0], weight[features, 1], weight[features, 2] = largest, inverse, 1
        return np.where(size > largest, np.sign(values), values * inverse) + weight[features, 3]

    def updateOutput(self, input):
        rows, features, values, count = self._elements(input)
        if self.normalize:
            values = self._normalised(features, values)
        self._values = values
        output = np.tile(self.bias, (count, 1))
        add_rows(output, rows, self.weight[features, self.normalize :] * values[:, None])
        self.output = output[0] if self._is_single(input) else output
        return self.output

    def updateGradInput(self, input, gradOutput):
        if not self.doGradInput:
            self.gradInput = nesting.zero(list(input))
            return self.gradInput
        if self.normalize:
            raise StateError(f"{self!r} has no gradient by its input together with normalize")
        dense = np.atleast_2d(gradOutput) @ self.weight.T
        keys = np.tile(np.arange(1, self.inputSize + 1) - (self.offset + 1), (len(dense), 1))
        if self._is_single(input):
            self.gradInput = [keys[0], dense[0]]
        else:
            self.gradInput = [keys, dense] if len(input) == 3 else [list(keys), list(dense)]
        return self.gradInput

    def accGradParameters(self, input, gradOutput, scale=1):
        rows, features, _, _ = self._elements(input)
        gradOutput = scale * np.atleast_2d(gradOutput)
        slope = gradOutput[rows]
        add_rows(self.gradWeight[:, self.normalize :], features, slope * self._values[:, None])
        if self.normalize:
            by_bias = (slope * self.weight[features, self.normalize :]).sum(1, keepdims=True)
            add_rows(self.gradWeight[:, 3:4], features, by_bias)
        self.gradBias += gradOutput.sum(0)
        if self.weightDecay:
            self._met = np.concatenate([self._met, features])

    def zeroGradParameters(self):
        vars(self).pop("_met", None)
        super().zeroGradParameters()

    def updateParameters(self, learningRate):
        if self._met.size:
            features, often = np.unique(self._met, return_counts=True)
            left = (1 - self.weightDecay) ** often[:, None]
            self.weight[features, self.normalize :] *= left.astype(self.dtype)
        super().updateParameters(learningRate)

    def clearState(self):
        vars(self).pop("_values", None)
        return super().clearState()

    def arguments(self):
        return f"({self.inputSize} -> {self.outputSize})"


def _largest_so_far(features, numbers):
    """For each number the largest one of its feature up to there.

    >>> _largest_so_far(np.array([7, 3, 7, 3]), np.array([2.0, 5.0, 1.0, 6.0]))
    array([2., 5., 2., 6.])
    """
    levels, level = np.unique(numbers, return_inverse=True)
    order = np.argsort(features, kind="stable")
    floor = features[order] * len(levels)  # where the levels of each feature start, above all those before
    result = np.empty_like(numbers)
    result[order] = levels[np.maximum.accumulate(floor + level[order]) - floor]
    return result
