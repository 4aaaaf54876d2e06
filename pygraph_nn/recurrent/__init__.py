"""Recurrent networks: cells as graphs."""

from .cells import *
