"""Modules and criterions as objects of a .t7 file, and back: which class stands for which name, field by field.

A Torch7 field is an attribute of the same name. What differs: a LongStorage of sizes is a tuple; what a pass left
behind (``output``, ``gradInput`` and the buffers of `fields.py`) is not read, and written as Torch7's constructor
leaves it; fields that start with "_", but ``_type``, are everybody's own.
"""

import dis
import functools
import inspect

import numpy as np

from .. import tensors
from ..criterions.criterion import Criterion
from ..errors import T7Error
from ..memory import convert
from ..modules.containers import Container
from ..modules.decorators import Decorator
from ..modules.module import Module
from ..modules.promises import is_ours
from ..nesting import shape_of
from ..training import StochasticGradient
from .adapters import ADAPTERS
from .fields import NEVER_NIL, RENAMED, constructed, left_over
from .format import STORAGE_CLASSES, TENSOR_CLASSES, T7Object, T7Pairs, T7Storage
from .legacy import counterpart, has_counterpart, upgrade
from .placeholder import Placeholder

__all__ = ["register_class", "class_of", "fill", "network_type", "record_of"]

_registered = {}
_TORCH_NAMES = {"nn.JustElement": "nngraph.JustElement", "nn.JustTable": "nngraph.JustTable"}
_VERSIONS = {
    "nn.BatchNormalization": "V 2",
    "nn.GradientReversal": "V 2",
    "nn.LookupTable": "V 4",
    "nn.SpatialBatchNormalization": "V 2",
    "nn.VolumetricMaxPooling": "V 2",
}
_GENERIC = ("torch.", "tds.", "tds_", "graph.", "nngraph.Node")
_ARRAYS = {"weight", "bias", "gradWeight", "gradBias", "running_mean", "running_var"}


def register_class(name, cls=None):
    """Let objects of the class ``name`` in .t7 files be of ``cls``; without ``cls``, return a decorator.

    The object is made without a call of ``__init__``: the file's fields become its attributes. When it is saved, its
    attributes that do not start with "_" are written under the same name. A class that is registered again, or that
    this package knows, is replaced; ``None`` is not a class.

    >>> import numpy as np, pygraph_nn as nn
    >>> @nn.register_class("Doubler")
    ... class Doubler(nn.Module):
    ...     def updateOutput(self, input):
    ...         self.output = self.factor * input
    ...         return self.output

    Raises T7Error for a name that is no str or stands for a tensor or storage, and for a class that is none.
    """
    if not isinstance(name, str) or not name:
        raise T7Error(f"register_class(name, cls) takes the class's name in Torch7 as a str, got {name!r}")
    if name in TENSOR_CLASSES or name in STORAGE_CLASSES:
        raise T7Error(f"register_class({name!r}, cls): tensors and storages are arrays, and have no class of their own")
    if cls is None:
        return lambda decorated: register_class(name, decorated)
    if not isinstance(cls, type):
        raise T7Error(f"register_class({name!r}, cls) takes a class, got {cls!r}")
    _registered[name] = cls
    return cls


def zoo():
    """Return {Torch7's name: class} of every module and criterion of the package, and of what trains them."""
    found, waiting = {"nn.StochasticGradient": StochasticGradient}, [Module, Criterion]
    while waiting:
        cls = waiting.pop()
        waiting.extend(cls.__subclasses__())
        if is_ours(cls) and cls.__name__[0] != "_" and cls is not Placeholder:
            found[_TORCH_NAMES.get(cls.typename(), cls.typename())] = cls
    return found


def class_of(class_name, known):
    """Return the class that stands for a name, or None where a generic object does; ``known`` is what `zoo` gives."""
    if class_name in _registered:
        return _registered[class_name]
    if class_name.startswith(_GENERIC) and class_name not in known:
        return None
    return known.get(counterpart(class_name), Placeholder)


# -------------------------------------------------------------------------------------------------------- reading


def new(cls, class_name):
    """Return an object of a class, without a call of ``__init__``."""
    try:
        return cls.__new__(cls)
    except TypeError as error:
        raise T7Error(f"an object of the class registered as {class_name} cannot be made: {error}") from error


def fill(obj, class_name, version, fields, cache):
    """Give an object made for ``class_name`` its fields; ``cache`` is a dict for conversions, one for each file."""
    if isinstance(fields, dict) and not has_counterpart(class_name, fields):
        obj.__class__ = Placeholder  # what is in the file refers to this object already
    if isinstance(obj, Placeholder):
        obj.__init__(class_name, f"V {version}" if version else None, fields)
        if isinstance(fields, dict):
            vars(obj)["_type"] = network_type(fields)
        return
    if isinstance(fields, T7Pairs):
        fields = {key: value for key, value in fields if isinstance(key, str)}
    if not isinstance(fields, dict):
        raise T7Error(f"a {class_name} has a table of fields, not {type(fields).__name__}")
    cls = type(obj)
    if not isinstance(obj, (Module, Criterion)):
        _attributes(obj).update((key, value) for key, value in fields.items() if isinstance(key, str))
        return
    fields = upgrade(class_name, cls.__name__, version, fields) if is_ours(cls) else dict(fields)
    _check(class_name, obj, fields)
    _assign(obj, cls, fields, cache)
    _complete(obj, cls)
    if is_ours(cls) and cls.__name__ in ADAPTERS:
        ADAPTERS[cls.__name__].read(obj, fields, cache)
    if is_ours(cls):
        _expect_complete(obj)


def _expect_complete(obj):
    """Raise T7Error where a field is missing that no module of the class can do without."""
    cls = type(obj)
    missing = [name for name in _required(cls) if getattr(obj, name, None) is None]
    missing += [name for name in _made(cls) if not hasattr(obj, name)]
    if isinstance(obj, Decorator) and not obj.modules:
        missing.append("modules")
    if missing:
        raise T7Error(
            f"it lacks {' and '.join(missing)}: the file is damaged, or of another version of the class",
            path=f".{missing[0]}",
        )
    obj.arguments()  # raises where another field is of a wrong kind
    if isinstance(obj, Module) and not isinstance(obj, Container):
        for parameter, gradient in zip(*obj.parameters(), strict=True):
            _expect_fitting(obj, parameter, gradient)


def _expect_fitting(obj, parameter, gradient):
    """Raise T7Error where a gradient is not one of its parameter; in files that were made light there is none."""
    if gradient is None or (gradient.shape, gradient.dtype) == (parameter.shape, parameter.dtype):
        return
    key = next((f".{name}" for name, value in vars(obj).items() if value is gradient), "")
    raise T7Error(
        f"a parameter of a {obj.typename()} is {shape_of(parameter)}, but its gradient {shape_of(gradient)}", path=key
    )


@functools.cache
def _required(cls):
    """The names of the constructor's arguments without a default that it keeps, and the parameters that none lacks."""
    kept, parameters = _kept(cls), inspect.signature(cls.__init__).parameters.values()
    names = [p.name for p in parameters if p.name in kept and p.default is p.empty and p.kind is not p.VAR_POSITIONAL]
    names += NEVER_NIL.get(cls.__name__, ())
    if issubclass(cls, Container):
        return names
    optional = {"bias"} if hasattr(cls, "noBias") else set()
    return names + [n for n in ("weight", "bias") if n in _made(cls) and not hasattr(cls, n) and n not in optional]


def _check(class_name, obj, fields):
    """Raise T7Error where a field that everything rests on is of a wrong kind."""
    for key in _ARRAYS & fields.keys():
        if not isinstance(fields[key], (np.ndarray, type(None))):
            raise T7Error(f"the {key} of a {class_name} is a tensor, not {_kind(fields[key])}", path=f".{key}")
    if isinstance(obj, Container):
        modules = fields.get("modules")
        if not isinstance(modules, list) or not all(isinstance(module, Module) for module in modules):
            odd = modules if not isinstance(modules, list) else next(m for m in modules if not isinstance(m, Module))
            raise T7Error(f"the modules of a {class_name} are a list of modules, not {_kind(odd)}", path=".modules")


def _kind(value):
    return value.class_name if isinstance(value, T7Object) else type(value).__name__


def _assign(obj, cls, fields, cache):
    attributes, passed_over = vars(obj), constructed(cls).keys() | left_over(cls)
    obj._type = network_type(fields)
    half = obj.dtype if any(isinstance(v, np.ndarray) and v.dtype == np.float16 for v in fields.values()) else None
    for key, value in fields.items():
        if value is None or not isinstance(key, str) or key[:1] in ("_", "") or key in passed_over:
            continue
        if callable(getattr(cls, key, None)) or isinstance(getattr(cls, key, None), property):
            continue
        if isinstance(value, T7Storage):
            value = tuple(value.array.tolist())
        elif half is not None and isinstance(value, np.ndarray) and value.dtype == np.float16:
            value = convert(value, half, cache)
        attributes[key] = value
    for key in RENAMED.get(cls.__name__, ()):
        attributes[key] = attributes[key].astype(np.int64)


def network_type(fields):
    """Return the network type that the fields speak of: the CPU's where they come from a GPU, float for half."""
    name = fields.get("_type")
    if isinstance(name, str) and name.startswith("torch."):
        name = name.replace("torch.Cuda", "torch.").replace("torch.Tensor", "torch.FloatTensor")
        name = name.replace("Half", "Float")
        if name in ("torch.FloatTensor", "torch.DoubleTensor"):
            return name
    for key in ("weight", "bias", "output", "gradInput"):
        value = fields.get(key)
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            return "torch.DoubleTensor" if value.dtype == np.float64 else "torch.FloatTensor"
    return tensors.getdefaulttensortype()


def _complete(obj, cls):
    """Give the attributes that Torch7 leaves nil the values of a fresh module."""
    attributes = vars(obj)
    for key in [*constructed(cls), *left_over(cls).intersection(_made(cls))]:
        if key[0] != "_" and not hasattr(cls, key):
            attributes.setdefault(key, None)
    if isinstance(obj, Criterion):
        obj.output = 0.0
    for name, default in _defaults(cls).items():
        if name not in attributes and not hasattr(cls, name):
            attributes[name] = default


@functools.cache
def _defaults(cls):
    """Return {field: default} of the constructors' arguments that they keep and whose default means nil in Torch7."""
    kept, found = _kept(cls), {"weight": None, "bias": None, "gradWeight": None, "gradBias": None}
    for function in reversed(_constructors(cls)):
        parameters = inspect.signature(function).parameters.values()
        nil = [p for p in parameters if p.default is None or p.default is False]
        found.update((p.name, p.default) for p in nil if p.name in kept)
    return found


def _kept(cls):
    """What the constructors of a class and of its bases name, the fields that they fill among it."""
    return {name for function in _constructors(cls) for name in function.__code__.co_names}


@functools.cache
def _made(cls):
    """The names of the public fields that the constructors of a class and of its bases fill."""
    steps = (step for function in _constructors(cls) for step in dis.get_instructions(function))
    return sorted({step.argval for step in steps if step.opname == "STORE_ATTR" and step.argval[0] != "_"})


def _constructors(cls):
    """The constructors of a class and of its bases, and the methods that they leave some fields to."""
    found = [vars(base).get(name) for base in cls.__mro__ for name in ("__init__", "_allocate", "resetSize")]
    return [function for function in found if hasattr(function, "__code__")]


# -------------------------------------------------------------------------------------------------------- writing


def record_of(obj):
    """Return the T7Object that stands for a module, a criterion or an object of a registered class; None for others."""
    if isinstance(obj, Placeholder):
        return T7Object(obj.class_name, obj.version, obj.fields)
    name = _name_of(obj)
    if name is None:
        return None
    if not isinstance(obj, (Module, Criterion)):
        return T7Object(name, "V 1", _public(_attributes(obj)))
    try:
        return T7Object(name, _VERSIONS.get(name, "V 1"), _fields_of(obj))
    except (AttributeError, IndexError, TypeError, ValueError, ArithmeticError) as error:
        raise T7Error(f"a {name} cannot be saved: its fields do not make sense: {error!r}") from error


def registered_name(obj):
    """Return the name under which an object's class is registered, or None."""
    return next((name for name, cls in _registered.items() if type(obj) is cls), None)


def _name_of(obj):
    name = registered_name(obj)
    if name is not None:
        return name
    if isinstance(obj, (Module, Criterion)):
        return _TORCH_NAMES.get(obj.typename(), obj.typename())
    return "nn.StochasticGradient" if type(obj) is StochasticGradient else None


def _attributes(obj):
    """The attributes of an object of a registered class."""
    try:
        return vars(obj)
    except TypeError:
        raise T7Error(f"a {type(obj).__name__} keeps no attributes in a dict that a .t7 could hold") from None


def _public(attributes):
    """What can be written; a module can be called, too, but is no function."""
    ours = (Module, Criterion)
    return {
        key: value
        for key, value in attributes.items()
        if key[:1] != "_" and (isinstance(value, ours) or not callable(value))
    }


def _fields_of(obj):
    cls, made, left = type(obj), constructed(type(obj)), left_over(type(obj))
    fields = {"_type": obj._type}
    if isinstance(obj, Module):
        fields["train"] = obj.train
    else:
        fields["sizeAverage"] = obj.sizeAverage
    for key, value in vars(obj).items():
        if key[:1] == "_" or key in made or key in left or value is None:
            continue
        fields[key] = T7Storage(np.array(value, np.int64)) if _is_sizes(value) else value
    for key, make in made.items():
        fields[key] = make(obj)
    for key, dtype in RENAMED.get(cls.__name__, {}).items():
        fields[key] = fields[key].astype(dtype)
    if is_ours(cls) and cls.__name__ in ADAPTERS:
        ADAPTERS[cls.__name__].write(obj, fields)
    return fields


def _is_sizes(value):
    """Whether a value is a tuple of whole numbers, which Torch7 keeps in a LongStorage."""
    return (
        type(value) is tuple
        and bool(value)
        and all(isinstance(n, (int, np.integer)) and not isinstance(n, bool) for n in value)
    )
