"""The few modules that Torch7 puts together from other modules, or whose fields need more than a change of kind."""

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
    "MultiLabelSoftMarginCriterion": _Inner("sigmoid", Sigmoid),
    "PartialLinear": _PartialLinear(),
    "TanhShrink": _Inner("tanh", Tanh),
}
