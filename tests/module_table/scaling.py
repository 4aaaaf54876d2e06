"""Rows of modules/scaling.py."""

import numpy as np

import pygraph_nn as nn

from . import Row, matrix
from .activations import a_table


def first(x):
    return x[0]


def plus(module):
    """PyTorch's sum with the module's bias."""
    import torch

    return lambda x: x + torch.tensor(module.bias)


def times(module):
    """PyTorch's product with the module's weight."""
    import torch

    return lambda x: x * torch.tensor(module.weight)


ROWS = [
    Row(lambda: nn.Add(4), matrix(3, 4), single=first, bad=(np.ones(3), np.ones((4, 3)), *a_table), torch=plus),
    Row(lambda: nn.Add(6), matrix(3, 2, 3), bad=(np.ones((2, 5)),)),
    Row(lambda: nn.Add(4, True), matrix(3, 5), single=first, torch=plus),
    Row(lambda: nn.Mul(), matrix(2, 3, 4), single=first, bad=a_table, torch=times),
    Row(lambda: nn.CAdd(4), matrix(3, 4), single=first, bad=(np.ones(3), np.ones((4, 3)), *a_table), torch=plus),
    Row(lambda: nn.CAdd(3, 4), matrix(2, 3, 4), single=first, bad=(np.ones((2, 4)), np.ones((3, 3, 3))), torch=plus),
    Row(lambda: nn.CAdd(1, 3, 1), matrix(2, 3, 4), bad=(np.ones((2, 4, 3)),), torch=plus),
    Row(lambda: nn.CMul(4), matrix(3, 4), single=first, bad=(np.ones(3), np.ones((4, 3)), *a_table), torch=times),
    Row(lambda: nn.CMul(3, 4), matrix(2, 3, 4), single=first, bad=(np.ones((2, 4)), np.ones((3, 3, 3))), torch=times),
    Row(lambda: nn.CMul([1, 3, 1]), matrix(2, 3, 4), bad=(np.ones((2, 4, 3)),), torch=times),
]
