"""Everything that computes in a graph: one file per family, each with its own ``__all__``."""

from .activations import *
from .arithmetic import *
from .containers import *
from .convolution import *
from .full_convolution import *
from .linear import *
from .module import *
from .partial_convolution import *
from .rectifiers import *
from .reductions import *
from .scaling import *
from .shapes import *
from .softmax import *
from .tables import *
