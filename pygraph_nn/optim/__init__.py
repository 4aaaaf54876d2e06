"""Torch7's optim: functions of (feval, x, config, state) that minimise, and what watches them do it."""

from . import adaptive, descent
from .adaptive import *
from .descent import *

__all__ = [*descent.__all__, *adaptive.__all__]
