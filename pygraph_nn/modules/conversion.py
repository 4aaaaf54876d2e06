"""Modules that convert what passes through them: to another tensor type, to another order of dimensions."""

import numpy as np

from ..errors import RangeError, ShapeError, TensorTypeError
from ..nesting import shape_of
from ..tensors import TENSOR_TYPES, type_name
from .checks import expect_array, expect_gradient
from .containers import Container, Sequential
from .module import Module
from .reshaping import Transpose, Unsqueeze, View
from .shapes import Identity, Select

__all__ = ["Copy", "Convert"]


class Copy(Module):
    """y = x as an array of type ``outtype``; the gradient comes back as one of type ``intype``.

    Parameters
    ----------
    intype, outtype : str; Torch7's names of tensor types, by default that of new networks
    forceCopy : bool; copy also where both types are the same
    dontCast : bool; stay as it is when the network is converted (``net.float()`` makes both types float otherwise)

    Raises TensorTypeError for an input of another type than ``intype``. Source: Torch7's nn/Copy.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.Copy("torch.DoubleTensor", "torch.FloatTensor").forward(np.ones(2))
    array([1., 1.], dtype=float32)
    """

    row_wise = True
    intype = outtype = None
    forceCopy = dontCast = False

    def __init__(self, intype=None, outtype=None, forceCopy=False, dontCast=False):
        super().__init__()
        for name in (intype, outtype):
            if name is not None and name not in TENSOR_TYPES:
                raise TensorTypeError(f"nn.Copy: a type is one of {', '.join(TENSOR_TYPES)}, got {name!r}")
        self.intype, self.outtype = intype or self.type(), outtype or self.type()
        self.forceCopy, self.dontCast = forceCopy, dontCast

    def type(self, name=None, tensorCache=None):
        """Make this both the type that comes in and the one that goes out, unless ``dontCast`` is set."""
        if name is None or self.dontCast:
            return self._type if name is None else self
        super().type(name, tensorCache)
        self.intype = self.outtype = name
        return self

    def check_input(self, input):
        expect_array(self, input)
        intype = self.intype or self._type
        if input.dtype != TENSOR_TYPES[intype]:
            raise TensorTypeError(
                f"{self!r} takes a {intype} ({TENSOR_TYPES[intype].name}), but the input is {shape_of(input)} "
                f"({type_name(input.dtype)})"
            )

    def updateOutput(self, input):
        expect_array(self, input)
        self.output = input.astype(TENSOR_TYPES[self.outtype or self._type], copy=self.forceCopy)
        return self.output

    def updateGradInput(self, input, gradOutput):
        expect_gradient(self, gradOutput, input.shape)
        self.gradInput = gradOutput.astype(TENSOR_TYPES[self.intype or self._type], copy=self.forceCopy)
        return self.gradInput

    def arguments(self):
        return f"({self.intype or self._type} -> {self.outtype or self._type})"


class Convert(Container):
    """y = x in the network's type, with its dimensions in the order ``outputShape`` where ``inputShape`` is x's.

    A shape is a word of one letter for each dimension; ``b`` is the batch and stands first where it is left out. An
    input without the batch dimension is welcome and gives an output without. The same letters in another order are a
    transposition. Other outputs are ``"bf"`` (all dimensions but the batch become one, once the batch has changed
    places with the first), ``"b"`` (of ``"bt"`` or ``"bf"``: the first entry of t, the only one of f) and ``"bt"`` (of
    ``"b"``: rows of one). Without shapes only the type changes. The gradient comes back in the input's type (in the
    network's, where that is an integer one).
    Raises RangeError for shapes that it cannot convert. Source: Torch7's nn/Convert.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.Convert("bchw", "bf").forward(np.ones((5, 2, 3, 4))).shape
    (5, 24)
    >>> nn.Convert("chw", "hwc").forward(np.ones((2, 3, 4))).shape
    (3, 4, 2)
    """

    takes_integers = True

    def __init__(self, inputShape=None, outputShape=None):
        super().__init__()
        for shape in (inputShape, outputShape):
            if shape is not None and not isinstance(shape, str):
                raise RangeError(f"nn.Convert takes shapes as words, one letter for each dimension, got {shape!r}")
        if inputShape is None and outputShape is not None:
            raise RangeError("nn.Convert(inputShape, outputShape): an outputShape needs an inputShape")
        inputShape = inputShape or "b*"
        self.inputShape, self.outputShape = (
            shape if "b" in shape else "b" + shape for shape in (inputShape, outputShape or inputShape)
        )
        if ("*" in self.inputShape or "*" in self.outputShape) and self.inputShape != self.outputShape:
            raise RangeError(f"{self!r}: both shapes or none must be 'b*'")
        self._converter()

    def check_input(self, input):
        expect_array(self, input)
        if input.dtype.kind not in "iufb":
            raise TensorTypeError(f"{self!r} takes an array of numbers, got {shape_of(input)}")

    def _converter(self):
        """The module that does it, made when it is needed first."""
        if not self.modules:
            self.modules.append(self._transposition() or self._reduction())
        return self.modules[0]

    def _transposition(self):
        """The module for shapes of the same letters, else None."""
        letters, pairs = list(self.inputShape), []
        if sorted(letters) != sorted(self.outputShape):
            return None
        for place, letter in enumerate(self.outputShape):
            found = letters.index(letter, place)
            if found != place:
                letters[place], letters[found] = letters[found], letters[place]
                pairs.append([found + 1, place + 1])
        return Transpose(*pairs) if pairs else Identity()

    def _reduction(self):
        """The module for an output of other letters than the input's."""
        place, rank = self.inputShape.index("b"), len(self.inputShape)
        if self.inputShape == "b" and self.outputShape in ("bf", "bt"):
            return Unsqueeze(2)
        if self.outputShape == "b" and sorted(self.inputShape) in (["b", "t"], ["b", "f"]):
            return Select(2 - place, 1)
        if self.outputShape != "bf" or self.inputShape == "bt":
            raise RangeError(f"{self!r} cannot convert shape {self.inputShape!r} to {self.outputShape!r}")
        forward = Transpose([1, place + 1]) if place else Identity()
        return Sequential().add(forward).add(View(-1).setNumInputDims(rank - 1))

    def _batched(self, input):
        """The input as a batch, in the network's type."""
        rank = len(self.inputShape)
        if "*" not in self.inputShape and input.ndim not in (rank, rank - 1):
            raise ShapeError(f"{self!r} takes an input of {rank} dimensions ({self.inputShape}), got {shape_of(input)}")
        if self._lacks_batch(input):
            input = np.expand_dims(input, self.inputShape.index("b"))
        if self.outputShape == "b" and "f" in self.inputShape and input.shape[self.inputShape.index("f")] != 1:
            raise ShapeError(f"{self!r} takes one feature, got {shape_of(input)}")
        return input.astype(self.dtype, copy=False)

    def _lacks_batch(self, input):
        return "*" not in self.inputShape and input.ndim < len(self.inputShape)

    def updateOutput(self, input):
        self.check_input(input)
        self._converter()
        output = self.run(0, "updateOutput", self._batched(input))
        self.output = output.squeeze(self.outputShape.index("b")) if self._lacks_batch(input) else output
        return self.output

    def updateGradInput(self, input, gradOutput):
        expect_gradient(self, gradOutput, self.output.shape)
        lacks_batch = self._lacks_batch(input)
        if lacks_batch:
            gradOutput = np.expand_dims(gradOutput, self.outputShape.index("b"))
        gradInput = self.run(0, "updateGradInput", self._batched(input), gradOutput)
        if lacks_batch:
            gradInput = gradInput.squeeze(self.inputShape.index("b"))
        self.gradInput = gradInput.astype(input.dtype if input.dtype.kind == "f" else self.dtype, copy=False)
        return self.gradInput
