"""The families of modules that a picture tells apart: by colour, by lightness for print in grey, and by outline."""

from typing import NamedTuple

from ..modules.containers import Container

__all__ = ["Family", "FAMILIES", "family_of"]


class Family(NamedTuple):
    """How the boxes of a family look; families of one outline differ in lightness, so that grey tells them apart."""

    label: str
    fill: str
    line: str
    style: str = "rounded,filled"
    shape: str = "box"


FAMILIES = {
    "end": Family("input, output", "#ffffff", "#555555", "filled", "oval"),
    "route": Family("split, select", "#f5f5f5", "#8a8a8a", "dashed,filled"),
    "view": Family("view, reshape", "#eef1f4", "#6d7f90", "filled"),
    "arithmetic": Family("arithmetic", "#cbe3f9", "#2f6fae", "rounded,filled"),
    "activation": Family("nonlinearity", "#fff6c4", "#9a7b00", "rounded,filled"),
    "regularize": Family("normalise, drop", "#cdbdea", "#6a4c9c", "rounded,filled"),
    "sample": Family("pool, resample", "#8cc5a6", "#2c7a56", "rounded,filled"),
    "weights": Family("has weights", "#f6b26b", "#8f4a00", "bold,filled"),
    "measure": Family("loss, distance", "#f29a9a", "#9c2b2b", "filled", "octagon"),
    "graph": Family("network inside", "#9db9d9", "#23456b", "filled", "box3d"),
    "other": Family("your own", "#dddddd", "#444444", "filled"),
}

# The file that a class lives in says its family. Those not named here have weights, or else do arithmetic.
_FILES = {
    "view": "shapes reshaping selection indices table_structure conversion watching",
    "activation": "activations rectifiers softmax units",
    "regularize": "normalization layer_normalization spatial_normalization dropout gradients",
    "sample": "pooling adaptive_pooling lp_pooling resampling subsampling unpooling padding",
    "measure": "distances",
}
_OF_FILE = {file: family for family, files in _FILES.items() for file in files.split()}


def family_of(module):
    """Return the key in ``FAMILIES`` of a module; ``None`` is a node that only routes.

    >>> import pygraph_nn as nn
    >>> family_of(nn.Linear(2, 2)), family_of(nn.Tanh()), family_of(nn.Sequential())
    ('weights', 'activation', 'graph')
    """
    if module is None:
        return "route"
    if isinstance(module, Container):
        return "graph"
    home = type(module).__module__.split(".")
    plain = "arithmetic" if home[0] == "pygraph_nn" else "other"
    family = "measure" if "criterions" in home else _OF_FILE.get(home[-1], plain) if plain != "other" else plain
    return "weights" if family in ("arithmetic", "other", "activation") and module.parameters()[0] else family
