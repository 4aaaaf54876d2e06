"""Recurrent networks: cells as graphs, and what runs them through time."""

from .cells import *
from .unroll import *
