"""Modules whose output is a weighted sum of their input."""

import math

import numpy as np

from .. import rng
from ..errors import RangeError, ShapeError, TensorTypeError
from ..nesting import shape_of
from .module import Module

__all__ = ["Linear"]


class Linear(Module):
    """y = x W' + b.

    Parameters
    ----------
    inputSize, outputSize : int
    bias : bool, default True

    Input is a vector (inputSize) or a matrix (rows x inputSize), output (outputSize) or (rows x outputSize).
    ``weight`` is outputSize x inputSize, ``bias`` outputSize; both start uniform in +-1/sqrt(inputSize).
    Raises ShapeError for an input of another rank or width. Source: Torch7's nn/Linear.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> m = nn.Linear(3, 2)
    >>> m.weight.fill(1); m.bias.fill(0.5)
    >>> m.forward(np.ones((1, 3)))
    array([[3.5, 3.5]])
    """

    row_wise = True
    accumulates_rows = True

    def __init__(self, inputSize, outputSize, bias=True):
        super().__init__()
        for name, size in (("inputSize", inputSize), ("outputSize", outputSize)):
            if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < 1:
                raise RangeError(
                    f"nn.Linear(inputSize, outputSize): {name} must be a whole number from 1, got {size!r}"
                )
        self.weight = np.empty((outputSize, inputSize), self.dtype)
        self.gradWeight = np.zeros_like(self.weight)
        self.bias = np.empty(outputSize, self.dtype) if bias else None
        self.gradBias = np.zeros_like(self.bias) if bias else None
        self.reset()

    def noBias(self):
        """Drop the bias."""
        self.bias = self.gradBias = None
        return self

    def reset(self, stdv=None):
        """Draw weight and bias uniformly from +-stdv * sqrt(3), by default from +-1 / sqrt(inputSize)."""
        bound = stdv * math.sqrt(3) if stdv else 1 / math.sqrt(self.weight.shape[1])
        for parameter in self.parameters()[0]:
            parameter[...] = rng.uniform(-bound, bound, size=parameter.shape)
        return self

    def updateOutput(self, input):
        weight, bias = self.weight, self.bias
        try:
            # BLAS packs the operands of x W' badly where x has few rows; W x' needs no packing
            few_rows = weight.size > 16384 and 1 < len(input) <= 128 and input.ndim == 2
            output = weight.dot(input.T).T if few_rows else input.dot(weight.T)
            if output.dtype != weight.dtype or output.ndim > 2:
                raise ValueError
        except (ValueError, AttributeError, TypeError):
            self._explain(input)
            raise
        if few_rows:
            output = np.add(output, 0 if bias is None else bias, order="C")
        elif bias is not None:
            # a sum of equal shapes takes half the time of a broadcast, and a single row is common in recurrent networks
            output += bias if len(output) > 1 else bias.reshape(output.shape)
        self.output = output
        return output

    def updateGradInput(self, input, gradOutput):
        self.gradInput = gradOutput.dot(self.weight)
        return self.gradInput

    def accGradParameters(self, input, gradOutput, scale=1):
        if input.ndim == 1:
            input, gradOutput = input[None], gradOutput[None]
        if scale != 1:
            gradOutput = scale * gradOutput
        self.gradWeight += gradOutput.T.dot(input)
        if self.bias is not None:
            self.gradBias += np.add.reduce(gradOutput, 0) if len(gradOutput) > 1 else gradOutput[0]

    def _explain(self, input):
        """Say why the product failed; looked into only once it has."""
        if not isinstance(input, np.ndarray):
            raise TensorTypeError(f"{self!r} takes one array, got {shape_of(input)}")
        if input.ndim not in (1, 2) or input.shape[-1] != self.weight.shape[1]:
            width = self.weight.shape[1]
            raise ShapeError(f"{self!r} expects a vector ({width}) or a matrix (rows x {width}), got {shape_of(input)}")
        self.check_input(input)

    def arguments(self):
        outputs, inputs = self.weight.shape
        return f"({inputs} -> {outputs})" + ("" if self.bias is not None else " without bias")
