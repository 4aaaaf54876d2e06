"""Looking at networks: pictures, summaries, and errors that point at the node."""

from .debug import *
from .naming import *
from .notebook import *
from .pictures import *
from .profile import *
from .summary import *
from .viewer import *
