"""Fields as earlier versions of Torch7, and its packages for GPUs, wrote them, brought up to what our modules expect.

The rules are those by which Torch7's own modules take in old files; each row and function names what it is for.
"""

from itertools import chain

import numpy as np

from ..errors import T7Error

__all__ = ["counterpart", "has_counterpart", "upgrade"]

_SAME_IN_CUDNN = {
    "BatchNormalization", "LogSoftMax", "ReLU", "Sigmoid", "SoftMax", "SpatialAveragePooling",
    "SpatialBatchNormalization", "SpatialConvolution", "SpatialCrossMapLRN", "SpatialFullConvolution",
    "SpatialLogSoftMax", "SpatialMaxPooling", "SpatialSoftMax", "Tanh", "TemporalConvolution",
    "VolumetricAveragePooling", "VolumetricBatchNormalization", "VolumetricConvolution", "VolumetricFullConvolution",
    "VolumetricMaxPooling",
}  # fmt: skip
_COUNTERPARTS = {
    "cudnn.ClippedReLU": "nn.HardTanh",
    "nn.DataParallelTable": "nn.Sequential",
    "nn.DataParallel": "nn.Sequential",
    "fbnn.LinearNB": "nn.Linear",
    "nn.LinearNB": "nn.Linear",
}


def counterpart(class_name):
    """Return the class of nn that does what a class for GPUs, or of an old package, did; others stand for themselves.

    >>> counterpart("cudnn.SpatialConvolution"), counterpart("cudnn.BLSTM")
    ('nn.SpatialConvolution', 'cudnn.BLSTM')
    """
    package, _, name = class_name.partition(".")
    if package == "cudnn" and name in _SAME_IN_CUDNN:
        return "nn." + name
    return _COUNTERPARTS.get(class_name, class_name)


def has_counterpart(class_name, fields):
    """Tell whether an object of a class that has a counterpart is one that the counterpart can do the work of.

    Convolutions in more than one group, and padding in time, are known to cudnn alone.

    >>> has_counterpart("cudnn.SpatialConvolution", {"groups": 2})
    False
    """
    if class_name == "cudnn.TemporalConvolution" and fields.get("padH") not in (None, 0):
        return False
    return not class_name.startswith("cudnn.") or fields.get("groups") in (None, 1)


# Fields that came later, and what a module without them did.
_POOLING = {"padW": 0, "padH": 0, "ceil_mode": False}
_VOLUME_POOLING = {"padT": 0, **_POOLING}
_ADJ = {"adjW": 0, "adjH": 0}
_LATER = {
    "BatchNormalization": {"affine": True, "momentum": 0.1, "eps": 1e-5},
    "ClassNLLCriterion": {"sizeAverage": True, "ignoreIndex": -100},
    "Dropout": {"v2": False},
    "GradientReversal": {"lambda": 1},
    "HardTanh": {"min_val": -1, "max_val": 1, "inplace": False},
    "LookupTable": {"paddingValue": 0},
    "Mean": {"sizeAverage": True},
    "MultiMarginCriterion": {"p": 1, "margin": 1, "sizeAverage": True},
    "Normalize": {"eps": 1e-10},
    "Padding": {"index": 1},
    "ReLU": {"threshold": 0, "val": 0, "inplace": False},
    "Replicate": {"dim": 1},
    "SpatialAveragePooling": {**_POOLING, "count_include_pad": True, "divide": False},
    "SpatialConvolution": {"padW": 0, "padH": 0},
    "SpatialConvolutionLocal": {"padW": 0, "padH": 0},
    "SpatialConvolutionMM": {"padW": 0, "padH": 0},
    "SpatialFullConvolution": {"padW": 0, "padH": 0, **_ADJ},
    "SpatialMaxPooling": _POOLING,
    "Threshold": {"inplace": False},
    "VolumetricConvolution": {"padT": 0, "padW": 0, "padH": 0},
    "VolumetricFullConvolution": {"padT": 0, "padW": 0, "padH": 0, "adjT": 0, **_ADJ},
    "VolumetricMaxPooling": _VOLUME_POOLING,
}
for _name in ("SpatialBatchNormalization", "VolumetricBatchNormalization"):
    _LATER[_name] = _LATER["BatchNormalization"]


def upgrade(class_name, our_name, version, fields):
    """Return a module's fields, as a new dict, with old fields renamed and missing ones added.

    >>> upgrade("nn.SpatialMaxPooling", "SpatialMaxPooling", 1, {"kW": 2})
    {'kW': 2, 'padW': 0, 'padH': 0, 'ceil_mode': False}

    Raises T7Error where the old fields are of a wrong kind.
    """
    fields = dict(fields)
    for function in chain.from_iterable(_UPGRADES.get(name, ()) for name in {class_name: 1, f"nn.{our_name}": 1}):
        try:
            function(fields)
        except (TypeError, ValueError, KeyError, AttributeError, ZeroDivisionError) as error:
            raise T7Error(f"the fields of an old {class_name} do not make sense: {error!r}") from error
    for key, value in _LATER.get(our_name, {}).items():
        if fields.get(key) is None:
            fields[key] = value
    return fields


def _common_padding(fields):
    """One ``padding`` for both sides, before there were two."""
    padding = fields.pop("padding", None)
    if padding is not None:
        fields.setdefault("padW", padding)
        fields.setdefault("padH", padding)


def _flat_weight(*sizes):
    """Weights as matrices, as SpatialConvolution kept them until 2015; the memory stays what it is."""

    def unfold(fields):
        for key in ("weight", "gradWeight"):
            array = fields.get(key)
            if isinstance(array, np.ndarray) and array.ndim == 2:
                fields[key] = array.reshape([fields[size] for size in sizes])

    return unfold


def _folded_weight(fields):
    """The reverse: SpatialConvolutionMM keeps matrices, a convolution that stands for it does not."""
    for key in ("weight", "gradWeight"):
        array = fields.get(key)
        if isinstance(array, np.ndarray) and array.ndim == 4:
            fields[key] = array.reshape(len(array), -1)


def _variance(fields):
    """running_std held 1 / sqrt(variance + eps) until version 2."""
    std = fields.pop("running_std", None)
    if std is not None and fields.get("running_var") is None:
        fields["running_var"] = (1 / np.square(std) - fields.get("eps", 1e-5)).astype(std.dtype)


def _unaffine(fields):
    if fields.get("affine") is None:
        fields["affine"] = fields.get("weight") is not None


def _transposed_weight(fields):
    """VolumetricFullConvolution without adj: weight by output first, and pT, pW, pH."""
    if fields.get("adjW") is None:
        for key in ("weight", "gradWeight"):
            array = fields.get(key)
            if isinstance(array, np.ndarray) and array.ndim == 5:
                fields[key] = np.ascontiguousarray(array.swapaxes(0, 1))
    for letter in "TWH":
        old = fields.pop("p" + letter, None)
        if old is not None:
            fields.setdefault("pad" + letter, old)


def _ungrouped(fields):
    fields.pop("groups", None)


def _of_height_in_time(fields):
    """cudnn takes time for the height of an image whose width are the features."""
    for ours, theirs in (("kW", "kH"), ("dW", "dH")):
        fields[ours] = fields.pop(theirs, fields.get(ours))
    for key in ("padW", "padH", "nInputPlane", "nOutputPlane"):
        fields.pop(key, None)


def _small_k(fields):
    if "K" in fields:
        fields["k"] = fields.pop("K")


def _included_padding(fields):
    """cudnn averages over the padding as well."""
    mode = fields.get("mode")
    fields["divide"] = True
    fields["count_include_pad"] = mode != "CUDNN_POOLING_AVERAGE_COUNT_EXCLUDE_PADDING"


def _clipped(fields):
    fields["min_val"], fields["max_val"] = 0, fields.pop("ceiling", 6)


def _first_replica(fields):
    """The copies of one network on several GPUs: the first is the network."""
    modules = fields.get("modules")
    fields["modules"] = modules[:1] if isinstance(modules, list) else modules


_FOUR = _flat_weight("nOutputPlane", "nInputPlane", "kH", "kW")
_FIVE = _flat_weight("nOutputPlane", "nInputPlane", "kT", "kH", "kW")
_UPGRADES = {
    "cudnn.ClippedReLU": (_clipped,),
    "cudnn.SpatialAveragePooling": (_included_padding,),
    "cudnn.SpatialConvolution": (_ungrouped,),
    "cudnn.SpatialCrossMapLRN": (_small_k,),
    "cudnn.SpatialFullConvolution": (_ungrouped,),
    "cudnn.TemporalConvolution": (_ungrouped, _of_height_in_time),
    "cudnn.VolumetricAveragePooling": (_included_padding,),
    "cudnn.VolumetricConvolution": (_ungrouped,),
    "nn.BatchNormalization": (_variance, _unaffine),
    "nn.DataParallel": (_first_replica,),
    "nn.DataParallelTable": (_first_replica,),
    "nn.SpatialBatchNormalization": (_variance, _unaffine),
    "nn.SpatialConvolution": (_common_padding, _FOUR),
    "nn.SpatialConvolutionLocal": (_common_padding,),
    "nn.SpatialConvolutionMM": (_common_padding, _folded_weight),
    "nn.SpatialFullConvolution": (_common_padding,),
    "nn.VolumetricBatchNormalization": (_variance, _unaffine),
    "nn.VolumetricConvolution": (_FIVE,),
    "nn.VolumetricFullConvolution": (_transposed_weight,),
}
