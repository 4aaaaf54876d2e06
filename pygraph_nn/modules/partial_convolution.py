"""Convolutions that leave something out: planes that do not meet, or kernels that places do not share."""

import numpy as np

from .. import rng
from ..errors import RangeError, ShapeError
from ..nesting import shape_of
from . import windows
from .convolution import Convolving, SpatialConvolution
from .full_convolution import FullConvolving
from .windows import FramesLast, whole_numbers

__all__ = [
    "SpatialConvolutionLocal",
    "SpatialConvolutionMap",
    "SpatialDepthWiseConvolution",
    "SpatialFullConvolutionMap",
    "TemporalRowConvolution",
]


class SpatialDepthWiseConvolution(SpatialConvolution):
    """Every input plane i by itself gives nOutputPlane planes: y[i, o] = b[o, i] + w[o, i] * x[i].

    Arguments are SpatialConvolution's. Output is ((nInputPlane nOutputPlane) x oheight x owidth), or a batch of them:
    the planes made of the first input plane come first. ``weight`` is nOutputPlane x (nInputPlane kH kW), ``bias``
    nOutputPlane x nInputPlane. Torch7 itself mixes up height and width here, which spoils inputs that are not square;
    this module does not. Its weight becomes four-dimensional at the first pass there, which computes the same and stays
    as it is here. Source: Torch7's nn/SpatialDepthWiseConvolution.lua; PyTorch's Conv2d(groups=nInputPlane).

    >>> import numpy as np, pygraph_nn as nn
    >>> nn.SpatialDepthWiseConvolution(2, 3, 3, 3).forward(np.zeros((2, 5, 6))).shape
    (6, 3, 4)
    """

    def _weight_shape(self):
        return self.nOutputPlane, self.nInputPlane * self.kH * self.kW

    def _bias_shape(self):
        return self.nOutputPlane, self.nInputPlane

    @property
    def groups(self):
        """Each input plane meets its own kernels only."""
        return self.nInputPlane

    def _matrices(self):
        return self.weight.reshape(self.nOutputPlane, self.nInputPlane, -1).swapaxes(0, 1)

    def _add_gradient(self, matrices):
        self.gradWeight += matrices.swapaxes(0, 1).reshape(self.gradWeight.shape)

    def _bias(self):
        return self.bias.T


class TemporalRowConvolution(FramesLast, Convolving):
    """y[t, f] = b[f] + sum over k of w[f, k] x[t dW + k, f]: every feature is convolved over time by itself.

    Parameters
    ----------
    inputFrameSize : int, features in a frame
    kW : int, frames in a window
    dW : int, default 1; how far apart the windows lie
    featFirst : bool, default False; True where frames are columns: (inputFrameSize x time)

    Input is (time x inputFrameSize) or a batch (N x time x inputFrameSize), output likewise. ``weight`` is
    inputFrameSize x 1 x kW, ``bias`` inputFrameSize; both start uniform in +-1/sqrt(kW inputFrameSize). Raises
    ShapeError for an input of another rank or width, or of fewer than kW frames. Source: Torch7's
    nn/TemporalRowConvolution.lua; PyTorch's Conv1d(groups=inputFrameSize).

    >>> import numpy as np, pygraph_nn as nn
    >>> m = nn.TemporalRowConvolution(2, 2)
    >>> m.weight.fill(1); m.bias.fill(0)
    >>> m.forward(np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]]))
    array([[ 3., 30.],
           [ 5., 50.]])
    """

    axes = "W"

    def __init__(self, inputFrameSize, kW, dW=1, featFirst=False):
        super().__init__()
        whole_numbers("TemporalRowConvolution", 1, inputFrameSize=inputFrameSize, kW=kW, dW=dW)
        self.inputFrameSize, self.kW, self.dW = int(inputFrameSize), int(kW), int(dW)
        self.featFirst = bool(featFirst)
        self._allocate((self.inputFrameSize, 1, self.kW), self.inputFrameSize)

    @property
    def frames_last(self):
        """Whether the features are the input's last dimension."""
        return not self.featFirst

    @property
    def groups(self):
        """Each feature meets its own kernel only."""
        return self.inputFrameSize

    def _inputs(self):
        return self.inputFrameSize

    def _matrices(self):
        return self.weight

    def arguments(self):
        stride = f", {self.dW}" if self.dW != 1 else ""
        return f"({self.inputFrameSize}, {self.kW}{stride})" + self._bias_text()


class SpatialConvolutionLocal(Convolving):
    """A convolution whose kernel differs from place to place: y[o, p] = b[o, p] + w[p, o] x[window p].

    Parameters
    ----------
    nInputPlane, nOutputPlane : int
    iW, iH : int, width and height of every input
    kW, kH, dW, dH, padW, padH : as in SpatialConvolution

    Input is (nInputPlane x iH x iW) or a batch of them, output (nOutputPlane x oH x oW). ``weight`` is oH x oW x
    nOutputPlane x nInputPlane x kH x kW, ``bias`` nOutputPlane x oH x oW; both start uniform in +-1/sqrt(kW kH
    nInputPlane). Raises ShapeError for an input of another size. Source: Torch7's nn/SpatialConvolutionLocal.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> m = nn.SpatialConvolutionLocal(1, 1, 3, 1, 2, 1)
    >>> m.weight[...] = np.array([1.0, 10.0]).reshape(1, 2, 1, 1, 1, 1); m.bias.fill(0)
    >>> m.forward(np.ones((1, 1, 3)))
    array([[[ 2., 20.]]])
    """

    def __init__(self, nInputPlane, nOutputPlane, iW, iH, kW, kH, dW=1, dH=1, padW=0, padH=None):
        super().__init__()
        padH = padW if padH is None else padH
        call = "SpatialConvolutionLocal"
        whole_numbers(call, 1, nInputPlane=nInputPlane, nOutputPlane=nOutputPlane, iW=iW, iH=iH)
        whole_numbers(call, 1, kW=kW, kH=kH, dW=dW, dH=dH)
        whole_numbers(call, 0, padW=padW, padH=padH)
        self.nInputPlane, self.nOutputPlane = int(nInputPlane), int(nOutputPlane)
        self.kW, self.kH, self.dW, self.dH, self.padW, self.padH = map(int, (kW, kH, dW, dH, padW, padH))
        self.iW, self.iH = int(iW), int(iH)
        self.oH, self.oW = self.windows().counts((self.iH, self.iW))
        if min(self.oH, self.oW) < 1:
            raise RangeError(f"nn.{call}: an input of {iH}x{iW} (height x width) holds no window of {kH}x{kW}")
        planes = self.nOutputPlane, self.nInputPlane
        self._allocate((self.oH, self.oW, *planes, self.kH, self.kW), (self.nOutputPlane, self.oH, self.oW))

    def batch(self, input, planes=None):
        """Return the input as a batch; every input must have the size the module was built for."""
        batch = super().batch(input, planes)
        if batch.shape[2:] != (self.iH, self.iW):
            raise ShapeError(f"{self!r} takes {self.expected(planes)}, got {shape_of(input)}")
        return batch

    def expected(self, planes=None):
        return f"an array ({self.nInputPlane} x {self.iH} x {self.iW}) or a batch of them"

    def _matrices(self):
        """The weight as (places, outputs, inputs * kernel)."""
        return self.weight.reshape(self.oH * self.oW, self.nOutputPlane, -1)

    def _parts(self, batch):
        """Slices of the batch whose columns stay within BUFFER_BYTES."""
        sample = batch.itemsize * self.weight.size // self.nOutputPlane
        at_once = max(1, windows.BUFFER_BYTES // sample)
        return [slice(start, start + at_once) for start in range(0, len(batch), at_once)]

    def _columns(self, batch):
        """The windows as (places, inputs * kernel, N)."""
        view = self.windows().over(batch, (self.oH, self.oW)).transpose(4, 5, 1, 2, 3, 0)
        return view.reshape(self.oH * self.oW, self.nInputPlane * self.kH * self.kW, len(batch))

    def _by_place(self, gradOutput, batch):
        """gradOutput as (places, outputs, N)."""
        shape = (len(batch), self.nOutputPlane, self.oH, self.oW)
        gradient = self.gradient(gradOutput, shape)
        return gradient.reshape(len(batch), self.nOutputPlane, self.oH * self.oW).transpose(2, 1, 0)

    def updateOutput(self, input):
        batch = self.batch(input, self.nInputPlane)
        output = np.empty((len(batch), self.nOutputPlane, self.oH, self.oW), batch.dtype)
        for part in self._parts(batch):
            product = np.matmul(self._matrices(), self._columns(batch[part]))
            output[part] = product.transpose(2, 1, 0).reshape(output[part].shape)
        if self.bias is not None:
            output += self.bias
        self.output = output if batch is input else output[0]
        return self.output

    def updateGradInput(self, input, gradOutput):
        batch = self.batch(input, self.nInputPlane)
        gradient, gradInput = self._by_place(gradOutput, batch), np.zeros_like(batch)
        for part in self._parts(batch):
            columns = np.matmul(self._matrices().swapaxes(1, 2), gradient[..., part])
            columns = columns.reshape(self.oH, self.oW, self.nInputPlane, self.kH, self.kW, columns.shape[2])
            self.windows().fold(columns.transpose(2, 3, 4, 5, 0, 1), gradInput[part])
        self.gradInput = gradInput if batch is input else gradInput[0]
        return self.gradInput

    def accGradParameters(self, input, gradOutput, scale=1):
        batch = self.batch(input, self.nInputPlane)
        gradient = self._by_place(gradOutput, batch)
        for part in self._parts(batch):
            columns = self._columns(batch[part])
            self._add_gradient(scale * np.matmul(gradient[..., part], columns.swapaxes(1, 2)))
        if self.bias is not None:
            self.gradBias += scale * gradient.sum(2).T.reshape(self.gradBias.shape)

    def arguments(self):
        return (
            f"({self.nInputPlane} -> {self.nOutputPlane}, {self.iW}x{self.iH}, {self.settings()})" + self._bias_text()
        )


class Connected:
    """Mixed into convolutions whose connTable lists the (input plane, output plane) pairs that meet, from 1.

    The pairs' kernels are written into the weight of a plain convolution in which all other kernels are zero.
    """

    def _connect(self, conMatrix, kW, kH, dW, dH):
        """Check and keep the constructor's arguments; draw the parameters."""
        call = type(self).__name__
        whole_numbers(call, 1, kW=kW, kH=kH, dW=dW, dH=dH)
        table = np.array(conMatrix, self.dtype)
        if table.ndim != 2 or table.shape[1] != 2 or not len(table):
            raise ShapeError(f"nn.{call}: conMatrix has one row (input plane, output plane) a pair, got {table.shape}")
        if table.min() < 1 or np.any(table != np.floor(table)):
            raise RangeError(f"nn.{call}: conMatrix counts planes from 1, in whole numbers, got {table.min():g}")
        self.kW, self.kH, self.dW, self.dH = map(int, (kW, kH, dW, dH))
        self.connTable = table
        self.nInputPlane, self.nOutputPlane = map(int, table.max(0))
        self._allocate((len(table), self.kH, self.kW), self.nOutputPlane)

    def _pairs(self):
        """The pairs' positions in the plain convolution's weight, in the order of its first two dimensions."""
        inputs, outputs = self.connTable.astype(np.intp).T - 1
        return outputs, inputs

    def reset(self, stdv=None):
        """Draw uniformly from +-stdv sqrt(3), by default +-1/sqrt(kW kH pairs of the output plane), pair by pair."""
        if stdv:
            return super().reset(stdv)
        targets = self.connTable[:, 1].astype(np.intp) - 1
        pairs = np.bincount(targets, minlength=self.nOutputPlane)
        bounds = 1 / np.sqrt(self.kW * self.kH * np.maximum(pairs, 1))
        for kernel, target in zip(self.weight, targets, strict=True):
            kernel[...] = rng.uniform(-bounds[target], bounds[target], size=kernel.shape)
        for plane, bound in enumerate(bounds if self.bias is not None else ()):
            self.bias[plane] = rng.uniform(-bound, bound)
        return self

    def _matrices(self):
        first, second = self._pairs()
        planes = (self.nOutputPlane, self.nInputPlane) if self._outputs_first else (self.nInputPlane, self.nOutputPlane)
        weight = np.zeros((*planes, self.kH, self.kW), self.weight.dtype)
        np.add.at(weight, (first, second), self.weight)
        return weight.reshape(1, planes[0], -1)

    def _add_gradient(self, matrices):
        whole = matrices.reshape(matrices.shape[1], -1, self.kH, self.kW)
        self.gradWeight += whole[self._pairs()]

    def arguments(self):
        pairs = f"{len(self.connTable)} of {self.nInputPlane}x{self.nOutputPlane} pairs"
        return f"({self.nInputPlane} -> {self.nOutputPlane}, {pairs}, {self.settings()})" + self._bias_text()


class SpatialConvolutionMap(Connected, Convolving):
    """A SpatialConvolution in which only the listed pairs of input and output planes meet.

    Parameters
    ----------
    conMatrix : array (pairs x 2); each row an input plane and an output plane, counted from 1. The static methods
        ``full``, ``oneToOne`` and ``random`` make the usual ones (Torch7's nn.tables).
    kW, kH, dW, dH : as in SpatialConvolution

    Input is (nInputPlane x height x width) or a batch of them, nInputPlane being the largest one listed. ``weight`` is
    pairs x kH x kW, ``bias`` nOutputPlane; pair by pair both start uniform in +-1/sqrt(kW kH n) for an output plane
    with n pairs. Source: Torch7's nn/SpatialConvolutionMap.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> m = nn.SpatialConvolutionMap(nn.SpatialConvolutionMap.oneToOne(2), 1, 1)
    >>> m.weight[...] = [[[1.0]], [[10.0]]]; m.bias.fill(0)
    >>> m.forward(np.ones((2, 1, 2)))
    array([[[ 1.,  1.]],
    <BLANKLINE>
           [[10., 10.]]])
    """

    _outputs_first = True

    def __init__(self, conMatrix, kW, kH, dW=1, dH=1):
        super().__init__()
        self._connect(conMatrix, kW, kH, dW, dH)

    def decayParameters(self, decay):
        """Shrink weight and bias by the fraction ``decay``."""
        for parameter in self.parameters()[0]:
            parameter -= decay * parameter

    @staticmethod
    def full(nin, nout):
        """Every pair: (1, 1), (2, 1), ...

        >>> import pygraph_nn as nn
        >>> nn.SpatialConvolutionMap.full(2, 1)
        array([[1., 1.],
               [2., 1.]])
        """
        return np.array([(i + 1, o + 1) for o in range(nout) for i in range(nin)], float)

    @staticmethod
    def oneToOne(nfeat):
        """Each plane with itself.

        >>> import pygraph_nn as nn
        >>> nn.SpatialConvolutionMap.oneToOne(2)
        array([[1., 1.],
               [2., 2.]])
        """
        return np.array([(i + 1, i + 1) for i in range(nfeat)], float)

    @staticmethod
    def random(nin, nout, nto):
        """``nto`` input planes for each output plane, drawn without repetition until too few are left.

        >>> import pygraph_nn as nn
        >>> nn.SpatialConvolutionMap.random(4, 3, 2).shape
        (6, 2)
        """
        if not 1 <= nto <= nin:
            raise RangeError(f"nn.SpatialConvolutionMap.random: nto must be from 1 to nin = {nin}, got {nto}")
        chunks, order, used, pairs = nin // nto, rng.randperm(nin), 0, []
        for target in range(1, nout + 1):
            pairs += [(source, target) for source in order[used * nto : (used + 1) * nto]]
            used += 1
            if used == chunks:
                order, used = rng.randperm(nin), 0
        return np.array(pairs, float)


class SpatialFullConvolutionMap(Connected, FullConvolving):
    """A SpatialFullConvolution in which only the listed pairs of input and output planes meet.

    Arguments are those of SpatialConvolutionMap; the output is ((height - 1) dH + kH) x ((width - 1) dW + kW). Batches,
    which Torch7 refuses here, are welcome. Source: Torch7's nn/SpatialFullConvolutionMap.lua.

    >>> import numpy as np, pygraph_nn as nn
    >>> m = nn.SpatialFullConvolutionMap(nn.SpatialConvolutionMap.full(2, 3), 2, 2, 2, 2)
    >>> m.forward(np.zeros((2, 3, 3))).shape
    (3, 6, 6)
    """

    _outputs_first = False

    def __init__(self, conMatrix, kW, kH, dW=1, dH=1):
        super().__init__()
        self._connect(conMatrix, kW, kH, dW, dH)

    def _pairs(self):
        return super()._pairs()[::-1]
