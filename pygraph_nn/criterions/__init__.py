"""Losses: one file per family, each with its own ``__all__``."""

from .criterion import *
from .regression import *
