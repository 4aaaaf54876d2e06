"""Torch7's .t7 files: read what people still hold, and write it back."""

from .classes import register_class
from .files import load, save

__all__ = ["load", "save", "register_class"]
