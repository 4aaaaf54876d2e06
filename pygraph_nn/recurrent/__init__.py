"""Recurrent networks: cells as graphs, and what runs them through time."""

from .cells import *
from .layers import *
from .unroll import *
from .weights import *
