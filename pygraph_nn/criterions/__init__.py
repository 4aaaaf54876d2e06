"""Losses: one file per family, each with its own ``__all__``."""

from .binary import *
from .classification import *
from .criterion import *
from .embedding import *
from .multi import *
from .regression import *
