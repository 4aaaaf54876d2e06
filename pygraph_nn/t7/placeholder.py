"""The stand-in for an object whose class nobody here knows: it keeps everything, shows it, and cannot run."""

from ..errors import StateError
from ..modules.module import Module
from ..nesting import is_table, shape_of

__all__ = ["Placeholder"]


class Placeholder(Module):
    """An object of an unknown class from a .t7 file: its class's name, its version and its fields as they were read.

    It is a Module, so that containers and graphs can hold it, and is written back unchanged; its fields are also
    attributes, to be read and set. ``nn.register_class`` gives the class life. Raises StateError when it is run.

    >>> net = Placeholder("OneHot", fields={"outputSize": 65})
    >>> net, net.outputSize
    (OneHot(outputSize=65), 65)
    >>> net.forward(None)
    Traceback (most recent call last):
    pygraph_nn.errors.StateError: nobody here knows the class OneHot, so that it cannot run; give it life with ...
    """

    def __init__(self, class_name, version="V 1", fields=None):
        super().__init__()
        self.class_name, self.version = class_name, version
        self.fields = {} if fields is None else fields
        if isinstance(fields, dict):
            self.__dict__["train"] = bool(fields.get("train", True))

    def __getattr__(self, name):
        fields = vars(self).get("fields")
        if name[:2] != "__" and isinstance(fields, dict) and name in fields:
            return fields[name]
        raise AttributeError(f"{vars(self).get('class_name', 'a placeholder')} has no field {name!r}")

    def __setattr__(self, name, value):
        fields = vars(self).get("fields")
        known = isinstance(fields, dict) and name in fields and name not in ("output", "gradInput")
        if known:
            fields[name] = value
        if not known or name in vars(self):
            super().__setattr__(name, value)

    def typename(self):
        """The class's name in the file."""
        return self.class_name

    def children(self):
        """The modules in the field ``modules``, where it has one."""
        modules = self.fields.get("modules") if isinstance(self.fields, dict) else None
        if not isinstance(modules, list):
            return []
        return [module for module in modules if isinstance(module, Module)]

    def check_input(self, input):
        """Any input will do: it cannot run anyway."""

    def updateOutput(self, input):
        """Raise StateError."""
        raise StateError(
            f"nobody here knows the class {self.class_name}, so that it cannot run; give it life with "
            f"nn.register_class({self.class_name!r}, YourClass) before loading the file"
        )

    def updateGradInput(self, input, gradOutput):
        """Raise StateError."""
        self.updateOutput(input)

    def parameters(self):
        """None: what cannot run cannot learn."""
        return [], []

    def replace(self, callback):
        """Return what ``callback`` puts in this one's place; the fields stay as they are."""
        return callback(self)

    def arguments(self):
        """The fields, in short."""
        items = self.fields.items() if isinstance(self.fields, dict) else enumerate(self.fields, 1)
        shown = [f"{key}={_short(value)}" for key, value in items]
        return f"({', '.join(shown[:12])}{', ...' if len(shown) > 12 else ''})"


def _short(value):
    if isinstance(value, Module):
        return value.typename()
    if is_table(value) or isinstance(value, dict):
        return f"table of {len(value)}"
    return shape_of(value) if hasattr(value, "dtype") else repr(value)[:60]
