"""The version, in its one place: setup.cfg reads it from here, and so does ``pygraph_nn.__version__``."""

__all__ = ["__version__"]

__version__ = "0.1.0"
