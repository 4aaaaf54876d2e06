"""What Torch7's constructors leave in the fields of their modules, where ours keep nothing or None there.

Torch7's methods expect these fields: empty tensors to resize, tables to fill, modules to call. They are written into
every file and passed over when one is read: what stands in them is of use to Torch7 alone, or left from a pass.
"""

from functools import cache

import numpy as np

from ..modules.promises import is_ours
from .format import T7Storage

__all__ = ["constructed", "left_over", "NEVER_NIL", "RENAMED"]

# Fields that Torch7 and we keep under one name, but theirs counts in another kind of array.
RENAMED = {"PartialLinear": {"partition": np.float64}}
# Fields for which a constructor finds a value where its caller gives none.
NEVER_NIL = {"Bottle": ("nOutputDim",), "Convert": ("inputShape", "outputShape")}


def _empty(module):
    return np.empty(0, module.dtype)


def _bytes(module):
    return np.empty(0, np.uint8)


def _longs(module):
    return np.empty(0, np.int64)


def _one(module):
    return np.zeros(1, module.dtype)


def _ones(module):
    return np.ones(1, module.dtype)


def _one_long(module):
    return np.zeros(1, np.int64)


def _table(module):
    return []


def _pair(module):
    return [_empty(module), _empty(module)]


def _pair_of_ones(module):
    return [np.zeros(1, module.dtype), np.zeros(1, module.dtype)]


def _sizes(count):
    return lambda module: T7Storage(np.zeros(count, np.int64))


def _constant(value):
    return lambda module: value


def _batch_size(module):
    return T7Storage(np.array([0, *module.size], np.int64))


def _columns(module):
    return np.arange(1, module.outputsize + 1, dtype=module.dtype)


def _like_parameter(module):
    return np.zeros_like(module.parameters()[0][0])


def _rows(module):
    return np.zeros(len(module.weight), module.dtype)


def _row_norms(module):
    return np.zeros((len(module.weight), 1), module.dtype)


_BASE = {"output": _empty, "gradInput": _empty}
_PLAIN_TABLE = {"gradInput": _table}
_TABLES = {"output": _table, "gradInput": _table}
_PAIR = {"gradInput": _pair}
_EXTREME = {"mask": _empty, "maxVals": _empty, "gradMaxVals": _empty}
_NOISE = {"noise": _empty}
_INDICES = {"indices": _longs}
_LOSSES = {"output_tensor": _one, "total_weight_tensor": _ones, "target": _one_long}
_UPSAMPLING = {"inputSize": _sizes(4), "outputSize": _sizes(4)}

_CONSTRUCTED = {
    "Module": _BASE,
    "Criterion": {"output": _constant(0), "gradInput": _empty},
    "ModuleFromCriterion": {"output": _one, "gradInput": _pair},
    "JustElement": _PLAIN_TABLE,
    "JustTable": {"output": _table},
    "Add": {"_ones": _ones, "output": _empty},
    "Bilinear": _PAIR,
    "CAddTable": _PLAIN_TABLE,
    "CAddTensorTable": _PLAIN_TABLE,
    "CDivTable": _PLAIN_TABLE,
    "CMaxTable": {**_PLAIN_TABLE, **_EXTREME, "maxIdx": _empty},
    "CMinTable": {**_PLAIN_TABLE, "mask": _empty, "minVals": _empty, "minIdx": _empty, "gradMaxVals": _empty},
    "CMulTable": _PLAIN_TABLE,
    "CSubTable": _PLAIN_TABLE,
    "ClassNLLCriterion": _LOSSES,
    "CAdd": {"output": _like_parameter},
    "CMul": {"output": _like_parameter},
    "ClassSimplexCriterion": {"_target": lambda module: np.zeros(module.nClasses, module.dtype)},
    "Concat": {"outputSize": _sizes(0)},
    "ConcatTable": {"output": _table},
    "CosineDistance": _PAIR,
    "CosineEmbeddingCriterion": _PAIR,
    "CriterionTable": {"gradInput": lambda module: [_empty(module)]},
    "DotProduct": _PAIR,
    "Dropout": _NOISE,
    "Euclidean": {
        "fastBackward": _constant(True),
        "output": lambda module: np.zeros(module.weight.shape[1], module.dtype),
        "gradInput": lambda module: np.zeros(module.weight.shape[0], module.dtype),
    },
    "FlattenTable": {**_TABLES, "input_map": _table},
    "Index": _PAIR,
    "JoinTable": {**_PLAIN_TABLE, "size": _sizes(0)},
    "L1HingeEmbeddingCriterion": _PAIR,
    "LinearWeightNorm": {"norm": _row_norms, "scale": _row_norms},
    "MM": _PAIR,
    "MV": _PAIR,
    "MarginRankingCriterion": {"gradInput": _pair_of_ones},
    "MapTable": _TABLES,
    "MaskedSelect": {
        "_maskIndices": _longs,
        "_maskIndexBuffer": _longs,
        "_maskIndexBufferCPU": lambda module: np.empty(0, np.float32),
        "_gradBuffer": _empty,
        "_gradMask": _bytes,
    },
    "MixtureTable": {
        **_PLAIN_TABLE,
        "size": _sizes(0),
        "size2": _sizes(0),
        "batchSize": _constant(0),
        "backwardSetup": _constant(False),
    },
    "Mul": {"output": _empty},
    "MultiLabelMarginCriterion": {"isTarget": _empty},
    "NarrowTable": _TABLES,
    "Padding": {"outputSize": _sizes(0)},
    "PairwiseDistance": {**_PLAIN_TABLE, "diff": _empty},
    "ParallelCriterion": _PLAIN_TABLE,
    "ParallelTable": _TABLES,
    "PartialLinear": {"allcolumns": _columns},
    "RReLU": _NOISE,
    "Reshape": {"batchsize": _batch_size},
    "SelectTable": _PLAIN_TABLE,
    "SpatialClassNLLCriterion": _LOSSES,
    "SpatialDropout": _NOISE,
    "SpatialFullConvolution": {"ones": _empty},
    "SparseLinear": {"gradInput": _table, "output": _rows, "sparseUpdate": _constant(0)},
    "SpatialDilatedMaxPooling": _INDICES,
    "SpatialMaxPooling": _INDICES,
    "SpatialUpSamplingBilinear": _UPSAMPLING,
    "SpatialUpSamplingNearest": _UPSAMPLING,
    "UpSampling": {"inputSize": _sizes(5), "outputSize": _sizes(5)},
    "VolumetricDropout": _NOISE,
    "VolumetricFullConvolution": {"finput": _empty, "fgradInput": _empty, "ones": _empty},
    "VolumetricMaxPooling": _INDICES,
    "WeightedEuclidean": {"output": _empty, "gradInput": _empty},
    "WhiteNoise": _NOISE,
    "ZipTable": _TABLES,
    "ZipTableOneToMany": {**_TABLES, "gradInputEl": _empty},
}


_POOLED = {"indices", "iwidth", "iheight", "itime"}
_UNPOOLED = {"indices", "owidth", "oheight", "otime"}
_COSINE = {"w", "w1", "w22", "w32"}
_STATISTICS = {"save_mean", "save_std", "buffer", "buffer2", "centered", "std", "normalized"}
# What a pass leaves in further fields, in Torch7 or here; the next pass makes it anew.
_LEFT = {
    "Module": {"output", "gradInput", "finput", "fgradInput"},
    "Criterion": {"output", "gradInput", "output_tensor"},
    "BatchNormalization": _STATISTICS,
    "Bilinear": {"buff1", "buff2"},
    "CMaxTable": {"maskByteTensor"},
    "CMinTable": {"maskByteTensor"},
    "CosineDistance": {"buffer", "ones", *_COSINE},
    "CosineEmbeddingCriterion": {"buffer", *_COSINE},
    "DistanceRatioCriterion": {"dX", "dY", "loss"},
    "DotProduct": {"buffer"},
    "HingeEmbeddingCriterion": {"buffer"},
    "Linear": {"addBuffer"},
    "LogSigmoid": {"buffer"},
    "LookupTable": {"copiedInput"},
    "MarginRankingCriterion": {"dist", "mask"},
    "MixtureTable": {"dimG", "table"},
    "ModuleCriterion": {"input", "target"},
    "Normalize": {"norm", "normp", "buffer", "buffer2", "cross", "indices"},
    "PReLU": {"gradWeightBuf", "gradWeightBuf2"},
    "PairwiseDistance": {"grad", "ones", "outExpand"},
    "Parallel": {"totalOutputSize"},
    "PartialLinear": {"addBuffer", "buffer"},
    "Recurrent": {"states"},
    "SoftMin": {"mininput"},
    "SoftSign": {"temp", "tempgrad"},
    "SparseLinear": {"formatted_input", "lastInput", "legacyMode"},
    "SpatialAdaptiveMaxPooling": _POOLED,
    "SpatialCrossMapLRN": {"scale", "paddedRatio", "accumRatio"},
    "SpatialDilatedMaxPooling": _POOLED,
    "SpatialDivisiveNormalization": {"localstds", "adjustedstds", "thresholdedstds", "normalizedstds", "ones"},
    "SpatialFractionalMaxPooling": _POOLED,
    "SpatialMaxPooling": _POOLED,
    "SpatialMaxUnpooling": _UNPOOLED,
    "SpatialSubtractiveNormalization": {"localsums", "adjustedsums", "ones"},
    "TemporalDynamicKMaxPooling": _POOLED,
    "TemporalMaxPooling": _POOLED,
    "VolumetricDilatedMaxPooling": _POOLED,
    "VolumetricFractionalMaxPooling": _POOLED,
    "VolumetricMaxPooling": _POOLED,
    "VolumetricMaxUnpooling": _UNPOOLED,
    "WeightedMSECriterion": {"buffer"},
}


@cache
def constructed(cls):
    """Return {field: function of the module that makes its value} for a class, from its bases down.

    >>> import pygraph_nn as nn
    >>> constructed(nn.CAddTable)["gradInput"](nn.CAddTable())
    []
    """
    fields = {}
    for base in reversed(_ours(cls)):
        fields.update(_CONSTRUCTED.get(base.__name__, {}))
    return fields


def _ours(cls):
    """The class and its bases, but for those of a user, which may have any name."""
    return [base for base in cls.__mro__ if is_ours(base)]


@cache
def left_over(cls):
    """Return the names of the fields of a class that hold what a pass left behind.

    >>> import pygraph_nn as nn
    >>> "indices" in left_over(nn.SpatialMaxPooling), "weight" in left_over(nn.Linear)
    (True, False)
    """
    return frozenset().union(*(_LEFT.get(base.__name__, ()) for base in _ours(cls)))
