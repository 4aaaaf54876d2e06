"""Torch7's optim: functions of (feval, x, config, state) that minimise, and what watches them do it."""

from . import adaptive, checking, clipping, confusion, descent, evolution, line_search, logger, proximal, second_order
from .adaptive import *
from .checking import *
from .clipping import *
from .confusion import *
from .descent import *
from .evolution import *
from .line_search import *
from .logger import *
from .proximal import *
from .second_order import *

_FAMILIES = (descent, adaptive, second_order, line_search, proximal, evolution, checking, clipping, confusion, logger)
__all__ = [name for family in _FAMILIES for name in family.__all__]
