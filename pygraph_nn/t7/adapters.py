"""The few modules that Torch7 puts together from other modules, or whose fields need more than a change of kind."""

import numpy as np

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
from .format import T7Storage

__all__ = ["ADAPTERS"]


class _Adapter:
    """How one class's fields are read (``fields`` are the file's) and written (``fields`` are on their way there)."""

    def read(self, module, fields):
        """Set what the module needs beyond the fields that have become its attributes."""

    def write(self, module, fields):
        """Change the fields to what Torch7 expects."""


class _Inner(_Adapter):
    """A module that Torch7 keeps in a field for its own use."""

    def __init__(self, name, make):
        self.name, self.make = name, make

    def read(self, module, fields):
        vars(module).pop(self.name, None)

    def write(self, module, fields):
        fields[self.name] = _typed(self.make(), module)


class _CReLU(_Adapter):
    """Torch7's is a Sequential of x and -x, joined and rectified."""

    def read(self, module, fields):
        vars(module).pop("modules", None)

    def write(self, module, fields):
        both = ConcatTable().add(Identity()).add(MulConstant(-1))
        parts = (both, JoinTable(2), ReLU(module.inplace))
        fields["modules"] = [_typed(part, module) for part in parts]


class _PartialLinear(_Adapter):
    """Torch7's keeps its weight in the LookupTable of a small network."""

    def read(self, module, fields):
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

    def read(self, module, fields):
        parameter = module.parameters()[0][0]
        module.size = parameter.shape

    def write(self, module, fields):
        fields.pop("size", None)


class _WeightNorm(_Adapter):
    """Torch7's makes the weight of the module inside anew from v and g, and keeps the sizes that it needs for that."""

    _SIZES = ("viewIn", "viewOut", "weightSize", "otherDims")

    def read(self, module, fields):
        inside = module.modules[0]
        if getattr(inside, "weight", None) is None:
            inside.weight = np.empty(module.weightSize, module.dtype)
            inside.gradWeight = np.zeros_like(inside.weight)
            module.updateWeight()
        module.gradV = module.gradV.reshape(module.v.shape)
        for name in self._SIZES:
            vars(module).pop(name, None)

    def write(self, module, fields):
        sizes = list(module.weight.shape)
        front = [sizes.pop(module.outputDim - 1 if module.outputDim > 0 else module.outputDim), *sizes]
        fields["weightSize"] = T7Storage(np.array(module.weight.shape, np.int64))
        fields["viewIn"] = T7Storage(np.array(module.v.shape, np.int64))
        fields["viewOut"] = T7Storage(np.array(front, np.int64))
        fields["otherDims"] = module.v.shape[1]
        fields["_norm"], fields["_scale"] = np.zeros_like(module.g), np.zeros_like(module.g)
        if module.bias is not None:
            fields["bias"], fields["gradBias"] = module.bias, module.gradBias


class _IndexLinear(_Adapter):
    """Torch7's keeps the gradients of the keys that it met, in place of one of the weight's shape."""

    _BUFFERS = ("gradWeightBuffer", "valuesBuffer", "normalizedValues")
    _TABLES = ("running", "sizesCache", "cumSumSizesCache")
    _LEFT_BEHIND = ("keys", "values", "sizes", "cumSumSizes", "lkeys", "lvalues", "updateKeys", "updateKeysBuffer")

    def read(self, module, fields):
        module.gradWeight = np.zeros_like(module.weight)
        for name in (*self._BUFFERS, *self._TABLES, *self._LEFT_BEHIND, "isFlat", "noBatch"):
            vars(module).pop(name, None)

    def write(self, module, fields):
        for name in ("gradWeight", *self._BUFFERS):
            fields[name] = np.empty(0, module.dtype)
        fields["running"] = {"cumSumSizes": [], "keys": [], "gradWeight": [], "counter": 1}
        fields["sizesCache"], fields["cumSumSizesCache"] = [], []


class _OldSizeAverage(_Adapter):
    def read(self, module, fields):
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
    "Mul": _Sizes(),
    "CReLU": _CReLU(),
    "CrossEntropyCriterion": _OldSizeAverage(),
    "IndexLinear": _IndexLinear(),
    "MultiLabelSoftMarginCriterion": _Inner("sigmoid", Sigmoid),
    "PartialLinear": _PartialLinear(),
    "TanhShrink": _Inner("tanh", Tanh),
    "WeightNorm": _WeightNorm(),
}
