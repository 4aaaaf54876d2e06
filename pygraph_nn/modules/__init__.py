"""Everything that computes in a graph: one file per family, each with its own ``__all__``."""

from .activations import *
from .containers import *
from .linear import *
from .module import *
from .rectifiers import *
from .scaling import *
from .shapes import *
from .softmax import *
from .tables import *
