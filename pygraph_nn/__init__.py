"""Torch7-style neural graphs on numpy and networkx: ``import pygraph_nn as nn``."""

from . import errors, nesting, optim, rng
from .bridges import *
from .criterions import *
from .errors import *
from .graph import *
from .inspection import *
from .modules import *
from .node import *
from .recurrent import *
from .rng import manualSeed, rand, randn, randperm
from .t7 import load, register_class, save
from .tensors import getdefaulttensortype, setdefaulttensortype
from .training import *
from .version import __version__
