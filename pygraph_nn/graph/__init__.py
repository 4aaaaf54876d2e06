"""Graphs of nodes: their topology, their program, and the gModule that runs it."""

from .gmodule import *
from .nest import *
