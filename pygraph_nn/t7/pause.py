"""Garbage collection waits while many objects are made that all live on: looking at them again and again finds none."""

import gc
from contextlib import contextmanager

__all__ = ["collection_paused"]


@contextmanager
def collection_paused():
    """Pause Python's cyclic garbage collection for the block, if it is on.

    >>> with collection_paused():
    ...     gc.isenabled()
    False
    >>> gc.isenabled()
    True
    """
    paused = gc.isenabled()
    if paused:
        gc.disable()
    try:
        yield
    finally:
        if paused:
            gc.enable()
