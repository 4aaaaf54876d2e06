"""For every class of module: what it becomes in PyTorch, a torch.nn module or a call of a function.

A converter takes our module and ``parameter``, which makes a torch Parameter of one of its fields.
"""

import operator
from dataclasses import dataclass, field

import numpy as np
import torch

from .. import modules as zoo
from ..errors import GraphError
from ..tensors import TENSOR_TYPES
from . import torch_functions as f
from . import torch_layers as layers
from . import torch_tables as tables
from . import torch_windows as windows

__all__ = []


@dataclass
class Field:
    """A parameter of the module, by the name of its field; None where the field is."""

    name: str


@dataclass
class Constant:
    """An array that is no parameter."""

    array: np.ndarray


@dataclass
class Call:
    """A call of ``function`` with the input and further arguments."""

    function: object
    arguments: tuple = ()
    keywords: dict = field(default_factory=dict)


def call(function, *fields):
    """A converter: a call with the values of the module's fields."""
    return lambda m, parameter: Call(function, tuple(getattr(m, name) for name in fields))


def learnt(function, *fields, more=()):
    """A converter: a call with the module's parameters, then with the values of other fields."""
    return lambda m, parameter: Call(function, (*map(Field, fields), *(getattr(m, name) for name in more)))


def plain(cls, *fields):
    """A converter: a module of PyTorch built from the values of fields."""
    return lambda m, parameter: cls(*(getattr(m, name) for name in fields))


def _with(module, parameters):
    """Put our parameters into a module of PyTorch that was built without memory of its own."""
    for name, value in parameters.items():
        setattr(module, name, value)
    return module


def _linear(m, parameter):
    outputs, inputs = m.weight.shape
    made = torch.nn.Linear(inputs, outputs, m.bias is not None, device="meta")
    return _with(made, {"weight": parameter("weight"), "bias": parameter("bias")})


def _convolution(m, parameter):
    cls = (torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d)[len(m.axes) - 1]
    made = cls(
        m.nInputPlane, m.nOutputPlane, m.along("k"), m.along("d"), m.along("pad"), m.along("dilation"),
        bias=m.bias is not None, device="meta",
    )  # fmt: skip
    return _with(made, {"weight": parameter("weight", made.weight.shape), "bias": parameter("bias")})


def _full_convolution(m, parameter):
    geometry = (m.along("d"), m.along("pad"), m.along("adj"))
    return Call(windows.full_convolution, (Field("weight"), Field("bias"), *geometry))


def _mapped(transposed):
    def convert(m, parameter):
        table = Constant(m.connTable.astype(np.int64) - 1)
        arguments = (Field("weight"), Field("bias"), table, (m.nInputPlane, m.nOutputPlane), m.along("d"), transposed)
        return Call(windows.mapped_convolution, arguments)

    return convert


def _depthwise(m, parameter):
    geometry = (m.nInputPlane, m.along("k"), m.along("d"), m.along("pad"))
    return Call(windows.depthwise_convolution, (Field("weight"), Field("bias"), *geometry))


def _local(m, parameter):
    return Call(windows.local_convolution, (Field("weight"), Field("bias"), m.along("k"), m.along("d"), m.along("pad")))


def _max_pooling(m, parameter):
    cls = torch.nn.MaxPool2d if len(m.axes) == 2 else torch.nn.MaxPool3d
    return cls(m.along("k"), m.along("d"), m.along("pad"), m.along("dilation"), ceil_mode=m.ceil_mode)


def _average_pooling(m, parameter):
    geometry = (m.along("k"), m.along("d"), m.along("pad"))
    return Call(windows.average_pooling, (*geometry, m.ceil_mode, m.count_include_pad, m.divide))


def _subsampling(m, parameter):
    arguments = (Field("weight"), Field("bias"), m.along("k"), m.along("d"), m.frames_last)
    return Call(windows.subsampling, arguments)


def _padding(mode):
    def convert(m, parameter):
        sides = tuple((getattr(m, before), getattr(m, after)) for before, after in m.sides)
        return Call(windows.side_padding, (sides, mode))

    return convert


def _upsampling(axes):
    def convert(m, parameter):
        if m.mode == "linear":
            return Call(windows.upsample_linear, (m.scale_factor, (m.odepth, m.oheight, m.owidth), axes))
        return Call(windows.upsample_nearest, (m.scale_factor, axes))

    return convert


def _batch_norm(m, parameter):
    made = layers.BatchNorm(m.running_mean.size, m.eps, m.momentum, m.weight is not None, m.nDim)
    made.running_mean, made.running_var = parameter("running_mean"), parameter("running_var")
    return _with(made, {"weight": parameter("weight"), "bias": parameter("bias")})


def _dropout(m, parameter):
    ndim = getattr(m, "nDim", None)
    if m.v2 and not m.stochastic_inference and ndim is None:
        return torch.nn.Dropout(m.p)
    return layers.Noise(m.p, m.v2, m.stochastic_inference, ndim)


def _add_constant(m, parameter):
    constant = m.constant_scalar
    return Call(operator.add, (Constant(constant) if isinstance(constant, np.ndarray) else constant,))


def _lambda(cls):
    return lambda m, parameter: cls(getattr(m, "lambda"))


def _reverse(m, parameter):
    return Call(layers.reverse_gradient, (getattr(m, "lambda"),))


def _one_hot(m, parameter):
    return Call(f.one_hot, (Constant(np.zeros(0, m.dtype)), m.outputSize))


def _weight_norm_linear(m, parameter):
    return Call(f.weight_norm_linear, (Field("v"), Field("g"), Field("bias"), m.eps))


def _partial_linear(m, parameter):
    return Call(f.partial_linear, (Field("weight"), Field("bias"), Constant(m.partition - 1)))


def _adaptive(cls):
    return lambda m, parameter: cls((m.H, m.W))


def refuse(reason):
    """A converter that refuses."""

    def convert(m, parameter):
        raise GraphError(f"{m!r} {reason}")

    return convert


def _look_up(m, parameter):
    settings = (m.paddingValue, m.maxNorm, m.normType, m.shouldScaleGradByFreq)
    return Call(tables.look_up, (Field("weight"), *settings))


def _copy(m, parameter):
    return Call(tables.cast, (getattr(torch, TENSOR_TYPES[m.outtype or m.type()].name),))


_NEEDS_ITS_POOLING = "asks another node, its pooling module, for places: it has no counterpart on its own"
_WINDOW = ("kW", "dW")

TABLE = {
    zoo.Abs: call(f.absolute),
    zoo.Add: learnt(f.shift, "bias"),
    zoo.AddConstant: _add_constant,
    zoo.BatchNormalization: _batch_norm,
    zoo.Bilinear: learnt(tables.bilinear, "weight", "bias"),
    zoo.CAdd: learnt(f.shift, "bias"),
    zoo.CAddTable: call(tables.add_table),
    zoo.CAddTensorTable: call(tables.add_to_each),
    zoo.CDivTable: call(tables.divide_table),
    zoo.Clamp: plain(torch.nn.Hardtanh, "min_val", "max_val"),
    zoo.CMaxTable: lambda m, parameter: Call(tables.extreme_table, (True,)),
    zoo.CMinTable: lambda m, parameter: Call(tables.extreme_table, (False,)),
    zoo.CMul: learnt(f.scale, "weight"),
    zoo.CMulTable: call(tables.multiply_table),
    zoo.Collapse: call(f.collapse, "nInputDim"),
    zoo.Constant: lambda m, parameter: Call(f.constant, (Constant(m.value), m.nInputDim)),
    zoo.Contiguous: call(f.contiguous),
    zoo.Copy: _copy,
    zoo.Cosine: learnt(tables.cosine, "weight"),
    zoo.CosineDistance: call(tables.cosine_distance),
    zoo.CReLU: call(f.crelu, "nInputDims"),
    zoo.CSubTable: call(tables.subtract_table),
    zoo.DotProduct: call(tables.dot_product),
    zoo.Dropout: _dropout,
    zoo.ELU: plain(torch.nn.ELU, "alpha"),
    zoo.Euclidean: learnt(tables.euclidean, "weight"),
    zoo.Exp: call(torch.exp),
    zoo.FlattenTable: call(tables.flatten_table),
    zoo.GatedLinearUnit: call(tables.glu, "dim"),
    zoo.GradientReversal: _reverse,
    zoo.HardShrink: _lambda(torch.nn.Hardshrink),
    zoo.HardTanh: plain(torch.nn.Hardtanh, "min_val", "max_val"),
    zoo.Index: call(tables.index_select, "dimension"),
    zoo.JoinTable: call(tables.join, "dimension", "nInputDims"),
    zoo.L1Penalty: call(layers.penalise, "l1weight", "sizeAverage", "provideOutput"),
    zoo.LeakyReLU: plain(torch.nn.LeakyReLU, "negval"),
    zoo.Linear: _linear,
    zoo.LinearWeightNorm: _weight_norm_linear,
    zoo.Log: call(torch.log),
    zoo.LogSigmoid: plain(torch.nn.LogSigmoid),
    zoo.LogSoftMax: call(f.log_softmax),
    zoo.LookupTable: _look_up,
    zoo.MaskedSelect: call(tables.masked_select),
    zoo.Max: call(f.largest, "dimension", "nInputDims"),
    zoo.Mean: call(f.total, "dimension", "nInputDims", "sizeAverage", "squeeze"),
    zoo.Min: call(f.smallest, "dimension", "nInputDims"),
    zoo.MixtureTable: call(tables.mixture, "dim"),
    zoo.MM: call(tables.multiply_matrices, "transA", "transB"),
    zoo.Mul: learnt(f.scale, "weight"),
    zoo.MulConstant: call(operator.mul, "constant_scalar"),
    zoo.MV: call(tables.multiply_vector, "trans"),
    zoo.Narrow: call(f.narrow, "dimension", "index", "length"),
    zoo.NarrowTable: call(tables.narrow_table, "offset", "length"),
    zoo.Normalize: call(f.normalize, "p", "eps"),
    zoo.OneHot: _one_hot,
    zoo.Padding: call(f.pad, "dim", "pad", "nInputDim", "value", "index"),
    zoo.PairwiseDistance: call(tables.pairwise_distance, "norm"),
    zoo.PartialLinear: _partial_linear,
    zoo.PixelShuffle: call(windows.pixel_shuffle, "upscaleFactor"),
    zoo.Power: call(torch.pow, "pow"),
    zoo.PReLU: learnt(f.prelu, "weight"),
    zoo.ReLU: plain(torch.nn.ReLU),
    zoo.ReLU6: plain(torch.nn.ReLU6),
    zoo.Replicate: call(f.replicate, "nfeatures", "dim", "ndim"),
    zoo.Reshape: call(f.reshape, "size", "batchMode"),
    zoo.RReLU: plain(torch.nn.RReLU, "lower", "upper"),
    zoo.Select: call(f.select, "dimension", "index"),
    zoo.SelectTable: call(tables.entry_of, "index"),
    zoo.Sigmoid: plain(torch.nn.Sigmoid),
    zoo.SoftMax: call(f.softmax),
    zoo.SoftMin: call(f.softmin),
    zoo.SoftPlus: plain(torch.nn.Softplus, "beta", "threshold"),
    zoo.SoftShrink: _lambda(torch.nn.Softshrink),
    zoo.SoftSign: plain(torch.nn.Softsign),
    zoo.SpatialAdaptiveAveragePooling: _adaptive(torch.nn.AdaptiveAvgPool2d),
    zoo.SpatialAdaptiveMaxPooling: _adaptive(torch.nn.AdaptiveMaxPool2d),
    zoo.SpatialAveragePooling: _average_pooling,
    zoo.SpatialBatchNormalization: _batch_norm,
    zoo.SpatialConvolution: _convolution,
    zoo.SpatialConvolutionLocal: _local,
    zoo.SpatialConvolutionMap: _mapped(False),
    zoo.SpatialConvolutionMM: _convolution,
    zoo.SpatialCrossMapLRN: call(tables.cross_map_normalization, "size", "alpha", "beta", "k"),
    zoo.SpatialDepthWiseConvolution: _depthwise,
    zoo.SpatialDilatedConvolution: _convolution,
    zoo.SpatialDilatedMaxPooling: _max_pooling,
    zoo.SpatialDropout: _dropout,
    zoo.SpatialFullConvolution: _full_convolution,
    zoo.SpatialFullConvolutionMap: _mapped(True),
    zoo.SpatialLogSoftMax: call(f.log_softmax),
    zoo.SpatialMaxPooling: _max_pooling,
    zoo.SpatialMaxUnpooling: refuse(_NEEDS_ITS_POOLING),
    zoo.SpatialReflectionPadding: _padding("reflect"),
    zoo.SpatialReplicationPadding: _padding("replicate"),
    zoo.SpatialSoftMax: call(f.softmax),
    zoo.SpatialSubSampling: _subsampling,
    zoo.SpatialUpSamplingBilinear: _upsampling(2),
    zoo.SpatialUpSamplingNearest: _upsampling(2),
    zoo.SpatialZeroPadding: _padding("zeros"),
    zoo.SplitTable: call(tables.split, "dimension", "nInputDims"),
    zoo.Sqrt: call(f.sqrt),
    zoo.Square: call(torch.square),
    zoo.Squeeze: call(f.squeeze, "dim", "numInputDims"),
    zoo.Sum: call(f.total, "dimension", "nInputDims", "sizeAverage", "squeeze"),
    zoo.Tanh: plain(torch.nn.Tanh),
    zoo.TanhShrink: plain(torch.nn.Tanhshrink),
    zoo.TemporalConvolution: learnt(windows.temporal_convolution, "weight", "bias", more=_WINDOW),
    zoo.TemporalMaxPooling: call(windows.temporal_max_pooling, *_WINDOW),
    zoo.TemporalRowConvolution: learnt(windows.row_convolution, "weight", "bias", more=("dW", "frames_last")),
    zoo.TemporalSubSampling: _subsampling,
    zoo.Threshold: plain(torch.nn.Threshold, "threshold", "val"),
    zoo.Transpose: call(f.transpose, "permutations", "numInputDims"),
    zoo.Unsqueeze: call(f.unsqueeze, "pos", "numInputDims"),
    zoo.UpSampling: _upsampling(None),
    zoo.View: call(f.view, "size", "numInputDims"),
    zoo.VolumetricAveragePooling: _average_pooling,
    zoo.VolumetricBatchNormalization: _batch_norm,
    zoo.VolumetricConvolution: _convolution,
    zoo.VolumetricDilatedConvolution: _convolution,
    zoo.VolumetricDilatedMaxPooling: _max_pooling,
    zoo.VolumetricDropout: _dropout,
    zoo.VolumetricFullConvolution: _full_convolution,
    zoo.VolumetricMaxPooling: _max_pooling,
    zoo.VolumetricMaxUnpooling: refuse(_NEEDS_ITS_POOLING),
    zoo.VolumetricReplicationPadding: _padding("replicate"),
    zoo.WeightedEuclidean: learnt(tables.euclidean, "weight", "diagCov"),
    zoo.WhiteNoise: plain(layers.WhiteNoise, "mean", "std"),
    zoo.ZeroGrad: call(tables.detached),
    zoo.ZipTable: call(tables.zip_table),
    zoo.ZipTableOneToMany: call(tables.zip_one_to_many),
}
