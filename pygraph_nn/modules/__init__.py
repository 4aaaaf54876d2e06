"""Everything that computes in a graph: one file per family, each with its own ``__all__``."""

from .activations import *
from .arithmetic import *
from .containers import *
from .conversion import *
from .convolution import *
from .dropout import *
from .full_convolution import *
from .gradients import *
from .linear import *
from .module import *
from .normalization import *
from .padding import *
from .partial_convolution import *
from .pooling import *
from .rectifiers import *
from .reductions import *
from .resampling import *
from .reshaping import *
from .scaling import *
from .shapes import *
from .softmax import *
from .subsampling import *
from .tables import *
from .units import *
from .unpooling import *
