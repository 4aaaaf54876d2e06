"""The few modules that Torch7 puts together from other modules, or whose fields need more than a change of kind."""

import numpy as np

from ..memory import memory_key
from ..modules import (
    MM,
    ConcatTable,
    Identity,
    JoinTable,
    LookupTable,
    MulConstant,
    ParallelTable,
    ReLU,
    Sequential,
    Sigmoid,
    Tanh,
)
from ..tensors import TENSOR_TYPES, type_name
from .format import T7Object, T7Storage

__all__ = ["ADAPTERS"]


class _Adapter:
    """How one class's fields are read (``fields`` are the file's) and written (``fields`` are on their way there).

    ``cache`` is a dict, one for each file.
    """

    def read(self, module, fields, cache):
        """Set what the module needs beyond the fields that have become its attributes."""

    def write(self, module, fields):
        """Change the fields to what Torch7 expects."""


class _Inner(_Adapter):
    """A module that Torch7 keeps in a field for its own use."""

    def __init__(self, name, make):
        self.name, self.make = name, make

    def read(self, module, fields, cache):
        vars(module).pop(self.name, None)

    def write(self, module, fields):
        fields[self.name] = _typed(self.make(), module)


class _CReLU(_Adapter):
    """Torch7's is a Sequential of x and -x, joined and rectified."""

    def read(self, module, fields, cache):
        vars(module).pop("modules", None)

    def write(self, module, fields):
        both = ConcatTable().add(Identity()).add(MulConstant(-1))
        parts = (both, JoinTable(2), ReLU(module.inplace))
        fields["modules"] = [_typed(part, module) for part in parts]


class _PartialLinear(_Adapter):
    """Torch7's keeps its weight in the LookupTable of a small network."""

    def read(self, module, fields, cache):
        table = vars(module).pop("network").modules[0].modules[1]
        module.weight, module.gradWeight = table.weight, table.gradWeight

    def write(self, module, fields):
        table = LookupTable.__new__(LookupTable)
        vars(table).update(output=None, gradInput=None, paddingValue=0, shouldScaleGradByFreq=False, maxNorm=None)
        vars(table).update(normType=None, weight=fields.pop("weight"), gradWeight=fields.pop("gradWeight"))
        table._type = module._type
        network = Sequential().add(ParallelTable().add(Identity()).add(table)).add(MM(False, True))
        fields["network"] = _typed(network, module)


class _Sizes(_Adapter):
    """A module whose own ``size`` follows from its parameters, where Torch7 keeps none."""

    def read(self, module, fields, cache):
        parameter = module.parameters()[0][0]
        module.size = parameter.shape

    def write(self, module, fields):
        fields.pop("size", None)


class _WeightNorm(_Adapter):
    """Torch7's makes the weight of the module inside anew from v and g, and keeps the sizes that it needs for that."""

    _SIZES = ("viewIn", "viewOut", "weightSize", "otherDims")

    def read(self, module, fields, cache):
        inside = module.modules[0]
        if getattr(inside, "weight", None) is None:
            inside.weight = np.empty(module.weightSize, module.dtype)
            inside.gradWeight = np.zeros_like(inside.weight)
            module.updateWeight()
        module.gradV = module.gradV.reshape(module.v.shape)
        module.g, module.gradG = module.g.reshape(-1, 1), module.gradG.reshape(-1, 1)
        for name in self._SIZES:
            vars(module).pop(name, None)

    def write(self, module, fields):
        sizes = list(module.weight.shape)
        front = [sizes.pop(module.outputDim - 1 if module.outputDim > 0 else module.outputDim), *sizes]
        fields["weightSize"] = T7Storage(np.array(module.weight.shape, np.int64))
        fields["viewIn"] = T7Storage(np.array(module.v.shape, np.int64))
        fields["viewOut"] = T7Storage(np.array(front, np.int64))
        fields["otherDims"] = module.v.shape[1]
        fields["_norm"], fields["_scale"] = np.zeros((2, len(module.g)), module.dtype)
        if module.bias is not None:
            fields["bias"], fields["gradBias"] = module.bias, module.gradBias


class _IndexLinear(_Adapter):
    """Torch7's keeps the gradients of the keys that it met, in place of one of the weight's shape."""

    _BUFFERS = ("gradWeightBuffer", "valuesBuffer", "normalizedValues")
    _TABLES = ("running", "sizesCache", "cumSumSizesCache")
    _LEFT_BEHIND = ("keys", "values", "sizes", "cumSumSizes", "lkeys", "lvalues", "updateKeys", "updateKeysBuffer")

    def read(self, module, fields, cache):
        module.gradWeight = cache.setdefault(("gradWeight", memory_key(module.weight)), np.zeros_like(module.weight))
        module.train = bool(fields.get("train"))  # where nothing is said, Torch7's does not train
        for name in (*self._BUFFERS, *self._TABLES, *self._LEFT_BEHIND, "isFlat", "noBatch"):
            vars(module).pop(name, None)

    def write(self, module, fields):
        for name in ("gradWeight", *self._BUFFERS):
            fields[name] = np.empty(0, module.dtype)
        fields["running"] = {"cumSumSizes": [], "keys": [], "gradWeight": [], "counter": 1}
        fields["sizesCache"], fields["cumSumSizesCache"] = [], []


class _First(_Adapter):
    """Torch7's keeps the module inside under a further name, next to what ``more`` makes."""

    def __init__(self, **more):
        self.more = more

    def read(self, module, fields, cache):
        for name in self.more:
            vars(module).pop(name, None)
        vars(module).pop("module", None)

    def write(self, module, fields):
        if module.modules:
            fields["module"] = module.modules[0]
        fields.update((name, make()) for name, make in self.more.items())


class _Bottle(_Adapter):
    """Torch7's measures its input in two vectors, and keeps the difference of their lengths."""

    def read(self, module, fields, cache):
        for name in ("inShape", "outShape", "dimDelta"):
            vars(module).pop(name, None)

    def write(self, module, fields):
        fields["dimDelta"] = module.nInputDim - module.nOutputDim
        fields["inShape"] = np.zeros(module.nInputDim, module.dtype)
        fields["outShape"] = np.zeros(module.nOutputDim, module.dtype)


class _Parallel(_Adapter):
    """Torch7's names the dimension along which the outputs meet only once, and measures them during a pass."""

    def read(self, module, fields, cache):
        module.dimension = module.outputDimension

    def write(self, module, fields):
        del fields["dimension"], fields["outputSize"]


class _MultiCriterion(_Adapter):
    """Torch7's keeps the weights in a storage."""

    def read(self, module, fields, cache):
        module.weights = list(module.weights)

    def write(self, module, fields):
        fields["weights"] = T7Storage(np.array(module.weights, np.float64))


class _Copy(_Adapter):
    """Torch7's says its types by those of gradInput and output, and has functions of its own where it need not copy."""

    def read(self, module, fields, cache):
        kinds = (fields.get("gradInput"), fields.get("output"))
        intype, outtype = (type_name(kind.dtype) if isinstance(kind, np.ndarray) else module._type for kind in kinds)
        module.intype, module.outtype = intype, outtype
        if "forceCopy" not in fields:
            module.forceCopy = intype == outtype and "updateOutput" not in fields

    def write(self, module, fields):
        intype, outtype = fields.pop("intype", None), fields.pop("outtype", None)
        fields["gradInput"] = np.empty(0, TENSOR_TYPES[intype or module._type])
        fields["output"] = np.empty(0, TENSOR_TYPES[outtype or module._type])


class _Convert(_Adapter):
    """Torch7's makes the module inside at its first pass, by what its constructor found out about the shapes."""

    def read(self, module, fields, cache):
        for name in ("converter", "batchMode", "transposition"):
            vars(module).pop(name, None)
        for name in ("input", "output"):
            vars(module).pop(f"{name}BatchDim", None)
            vars(module).pop(f"n{name.capitalize()}Dim", None)
        module.modules = []

    def write(self, module, fields):
        shapes = {"input": module.inputShape, "output": module.outputShape}
        for name, shape in shapes.items():
            fields[f"{name}BatchDim"] = shape.index("b") + 1
            fields[f"n{name.capitalize()}Dim"] = -1 if "*" in shape else len(shape)
        if len(module.inputShape) == len(module.outputShape):
            fields["transposition"] = set(module.inputShape) <= set(module.outputShape)
        fields["modules"] = []


class _OldSizeAverage(_Adapter):
    def read(self, module, fields, cache):
        vars(module).pop("oldSizeAverage", None)

    def write(self, module, fields):
        fields["oldSizeAverage"] = fields["sizeAverage"] = bool(module.sizeAverage)


def _typed(part, module):
    """Give a part made for the file, and all inside it, the module's type."""
    for each in part.listModules():
        each._type = module._type
    return part


ADAPTERS = {
    "Add": _Sizes(),
    "Bottle": _Bottle(),
    "Convert": _Convert(),
    "Copy": _Copy(),
    "MapTable": _First(),
    "Mul": _Sizes(),
    "CReLU": _CReLU(),
    "CrossEntropyCriterion": _OldSizeAverage(),
    "IndexLinear": _IndexLinear(),
    "MultiLabelSoftMarginCriterion": _Inner("sigmoid", Sigmoid),
    "MultiCriterion": _MultiCriterion(),
    "Parallel": _Parallel(),
    "PartialLinear": _PartialLinear(),
    "Profile": _First(timer=lambda: T7Object("torch.Timer")),
    "TanhShrink": _Inner("tanh", Tanh),
    "WeightNorm": _WeightNorm(),
}
