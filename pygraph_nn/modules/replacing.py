"""What stands behind ``replace``: the substitutes of all modules of a network, before the first of them changes."""

from ..errors import GraphError

__all__ = ["Replacement"]


class Replacement:
    """The callback of ``replace``: it has been asked for all modules of a network before the first of them changes."""

    def __init__(self, callback, network):
        if not callable(callback):
            raise GraphError(f"replace takes a function from a module to its substitute, got {callback!r}")
        self.substitutes, self.begun = {}, set()
        for module in network.listModules():
            if id(module) not in self.substitutes:
                self.substitutes[id(module)] = module, self._checked(module, callback(module))

    @classmethod
    def of(cls, callback, network):
        """Return ``callback`` itself where it is a part's share of a replacement under way."""
        return callback if isinstance(callback, cls) else cls(callback, network)

    @staticmethod
    def _checked(module, substitute):
        if not hasattr(substitute, "updateOutput") or isinstance(substitute, type):
            raise GraphError(
                f"replace: the callback returned {substitute!r} for {module.title()}; it returns a module, the same "
                "one where nothing changes"
            )
        return substitute

    def __call__(self, module):
        return self.substitutes[id(module)][1]

    def begins(self, module):
        """Tell whether it is the first time that what is inside ``module`` is to be replaced."""
        first = id(module) not in self.begun
        self.begun.add(id(module))
        return first
