"""Modules that take or put out tables: arithmetic of their entries, joining and splitting."""

import numpy as np

from ..errors import ShapeError, TensorTypeError
from ..nesting import shape_of
from . import checks
from .checks import (
    axis_behind_batch,
    expect_array,
    expect_array_entry,
    expect_gradient,
    expect_same_shape,
    expect_table,
)
from .module import Module

__all__ = [
    "CAddTable",
    "CSubTable",
    "CMulTable",
    "CDivTable",
    "CMaxTable",
    "CMinTable",
    "CAddTensorTable",
    "JoinTable",
    "SplitTable",
    "JustTable",
    "JustElement",
]


class CAddTable(Module):
    """y = x[1] + x[2] + ...: the sum of a table of arrays of one shape.

    ``inplace`` is kept for files and changes nothing. Source: Torch7's nn/CAddTable.lua; PyTorch's torch.add.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.CAddTable().forward([np.ones(2), np.ones(2)])
    array([2., 2.])
    """

    row_wise = True
    stateless = True
    ignores_input = True

    def __init__(self, inplace=False):
        super().__init__()
        self.inplace = inplace

    def updateOutput(self, input):
        expect_same_shape(self, input)
        if len(input) == 1:
            self.output = input[0].copy()
            return self.output
        output = input[0] + input[1]
        for term in input[2:]:
            output += term
        self.output = output
        return output

    def updateGradInput(self, input, gradOutput):
        self.gradInput = [gradOutput] * len(input)
        return self.gradInput


class CMulTable(Module):
    """y = x[1] * x[2] * ...: the elementwise product of a table of arrays of one shape.

    Source: Torch7's nn/CMulTable.lua; PyTorch's torch.mul.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.CMulTable().forward([np.full(2, 3.0), np.full(2, 2.0)])
    array([6., 6.])
    """

    row_wise = True
    stateless = True

    def updateOutput(self, input):
        expect_same_shape(self, input)
        if len(input) == 1:
            self.output = input[0].copy()
            return self.output
        output = input[0] * input[1]
        for factor in input[2:]:
            output *= factor
        self.output = output
        return output

    def updateGradInput(self, input, gradOutput):
        if len(input) == 2:
            self.gradInput = [gradOutput * input[1], gradOutput * input[0]]
            return self.gradInput
        # Times all factors in front of each one, on the way there, and all behind it, on the way back.
        gradients = [gradOutput]
        for factor in input[:-1]:
            gradients.append(gradients[-1] * factor)
        behind = input[-1]
        for index in reversed(range(len(input) - 1)):
            gradients[index] = gradients[index] * behind
            behind = behind * input[index]
        self.gradInput = gradients
        return self.gradInput


class CSubTable(Module):
    """y = x[1] - x[2]: the difference of two arrays of one shape.

    Source: Torch7's nn/CSubTable.lua; PyTorch's torch.sub.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.CSubTable().forward([np.full(2, 3.0), np.ones(2)])
    array([2., 2.])
    """

    row_wise = True

    def updateOutput(self, input):
        expect_table(self, input, 2)
        expect_same_shape(self, input)
        self.output = input[0] - input[1]
        return self.output

    def updateGradInput(self, input, gradOutput):
        self.gradInput = [gradOutput, -gradOutput]
        return self.gradInput


class CDivTable(Module):
    """y = x[1] / x[2]: the elementwise quotient of two arrays of one shape.

    Source: Torch7's nn/CDivTable.lua; PyTorch's torch.div.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.CDivTable().forward([np.full(2, 3.0), np.full(2, 2.0)])
    array([1.5, 1.5])
    """

    row_wise = True

    def updateOutput(self, input):
        expect_table(self, input, 2)
        expect_same_shape(self, input)
        self.output = input[0] / input[1]
        return self.output

    def updateGradInput(self, input, gradOutput):
        first = gradOutput / input[1]
        self.gradInput = [first, -first / input[1] * input[0]]
        return self.gradInput


class _ExtremeTable(Module):
    """What CMaxTable and CMinTable share: the first entry with the ``extreme`` takes the element and its gradient.

    The field called ``place`` holds, for each element, the number of that entry, counted from 1.
    """

    row_wise = True

    def updateOutput(self, input):
        expect_same_shape(self, input)
        output, winner = input[0].copy(), np.ones(input[0].shape, np.intp)
        for number, entry in enumerate(input[1:], 2):
            extreme = self.extreme(output, entry)
            winner[(extreme != output) & (output == output)] = number  # a NaN, which equals nothing, stays the first
            output = extreme
        self.output = output
        setattr(self, self.place, winner)
        return output

    def updateGradInput(self, input, gradOutput):
        winner = getattr(self, self.place)
        self.gradInput = [np.where(winner == number, gradOutput, 0) for number in range(1, len(input) + 1)]
        return self.gradInput

    def clearState(self):
        vars(self).pop(self.place, None)
        return super().clearState()


class CMaxTable(_ExtremeTable):
    """y = max(x[1], x[2], ...), elementwise; where entries are equal, the first one takes the gradient.

    NaN counts as larger than all (Torch7 passes over it, unless it comes first).
    Source: Torch7's nn/CMaxTable.lua; PyTorch's torch.maximum.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.CMaxTable().forward([np.array([1.0, 4.0]), np.array([2.0, 3.0])])
    array([2., 4.])
    """

    extreme, place = staticmethod(np.maximum), "maxIdx"


class CMinTable(_ExtremeTable):
    """y = min(x[1], x[2], ...), elementwise; where entries are equal, the first one takes the gradient.

    NaN counts as smaller than all (Torch7 passes over it, unless it comes first).
    Source: Torch7's nn/CMinTable.lua; PyTorch's torch.minimum.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.CMinTable().forward([np.array([1.0, 4.0]), np.array([2.0, 3.0])])
    array([1., 3.])
    """

    extreme, place = staticmethod(np.minimum), "minIdx"


class CAddTensorTable(Module):
    """y[i] = x[1] + x[2][i]: the array x[1], added to every entry of the table x[2].

    Source: Torch7's nn/CAddTensorTable.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.CAddTensorTable().forward([np.ones(1), [np.zeros(1), np.ones(1)]])
    [array([1.]), array([2.])]
    """

    row_wise = True

    def updateOutput(self, input):
        expect_table(self, input, 2)
        first, table = input
        expect_table(self, table)
        expect_same_shape(self, [first, *table])
        self.output = [first + entry for entry in table]
        return self.output

    def updateGradInput(self, input, gradOutput):
        expect_table(self, gradOutput, len(input[1]))
        self.gradInput = [np.add.reduce(gradOutput), list(gradOutput)]
        return self.gradInput


class JoinTable(Module):
    """y = the arrays of the table, joined along ``dimension``.

    With ``nInputDims``, an input of one more dimension is a batch, and ``dimension`` counts behind the batch dimension.
    Source: Torch7's nn/JoinTable.lua; PyTorch's torch.cat.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.JoinTable(1).forward([np.zeros(1), np.ones(2)])
    array([0., 1., 1.])
    """

    takes_integers = True

    def __init__(self, dimension, nInputDims=None):
        super().__init__()
        self.dimension = checks.dimension(dimension)
        self.nInputDims = checks.input_dims(nInputDims, f"{self.typename()}: nInputDims")

    def updateOutput(self, input):
        expect_table(self, input)
        for entry in input:
            expect_array_entry(self, entry, input)
        axis = axis_behind_batch(self, self.dimension, input[0].ndim, self.nInputDims)
        around = {(x.dtype, x.ndim, x.shape[:axis], x.shape[axis + 1 :]) for x in input}
        if len(around) > 1:
            if len({x.dtype for x in input}) > 1:
                raise TensorTypeError(f"{self!r} joins arrays of one type, got {shape_of(input)}: convert with astype")
            raise ShapeError(f"{self!r} joins arrays that differ in that dimension only, got {shape_of(input)}")
        self.output = np.concatenate(input, axis)
        return self.output

    def updateGradInput(self, input, gradOutput):
        axis = axis_behind_batch(self, self.dimension, input[0].ndim, self.nInputDims)
        ends = np.cumsum([x.shape[axis] for x in input])[:-1]
        self.gradInput = np.split(gradOutput, ends, axis)
        return self.gradInput


class SplitTable(Module):
    """y[i] = the i-th slice of the array along ``dimension``: a table of views of one dimension less.

    ``nInputDims`` as in JoinTable. Raises ShapeError for a vector, which has no dimension to spare.
    Source: Torch7's nn/SplitTable.lua; PyTorch's Tensor.unbind.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.SplitTable(1).forward(np.eye(2))
    [array([1., 0.]), array([0., 1.])]
    """

    takes_integers = True

    def __init__(self, dimension, nInputDims=None):
        super().__init__()
        self.dimension = checks.dimension(dimension)
        self.nInputDims = checks.input_dims(nInputDims, f"{self.typename()}: nInputDims")

    def updateOutput(self, input):
        expect_array(self, input)
        if input.ndim < 2:
            raise ShapeError(f"{self!r} takes an input of at least 2 dimensions, got {shape_of(input)}")
        self.output = list(np.moveaxis(input, axis_behind_batch(self, self.dimension, input.ndim, self.nInputDims), 0))
        return self.output

    def updateGradInput(self, input, gradOutput):
        axis = axis_behind_batch(self, self.dimension, input.ndim, self.nInputDims)
        expect_table(self, gradOutput, input.shape[axis])
        slice = input.shape[:axis] + input.shape[axis + 1 :]
        for gradient in gradOutput:
            expect_gradient(self, gradient, slice)
        self.gradInput = np.stack(gradOutput, axis)
        return self.gradInput


class JustTable(Module):
    """y = [x]: a table of one entry.

    Source: Torch7's nngraph/JustTable.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.JustTable().forward(np.ones(1))
    [array([1.])]
    """

    takes_integers = True

    def updateOutput(self, input):
        self.output = [input]
        return self.output

    def updateGradInput(self, input, gradOutput):
        expect_table(self, gradOutput, 1)
        self.gradInput = gradOutput[0]
        return self.gradInput

    @classmethod
    def typename(cls):
        return f"nngraph.{cls.__name__}"


class JustElement(Module):
    """y = x[1]: the entry of a table of one.

    Source: Torch7's nngraph/JustElement.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.JustElement().forward([np.ones(1)])
    array([1.])
    """

    takes_integers = True

    def updateOutput(self, input):
        expect_table(self, input, 1)
        self.output = input[0]
        return self.output

    def updateGradInput(self, input, gradOutput):
        self.gradInput = [gradOutput]
        return self.gradInput

    @classmethod
    def typename(cls):
        return f"nngraph.{cls.__name__}"
