"""Rows of modules/layer_normalization.py."""

import numpy as np

import pygraph_nn as nn

from . import Row, matrix


def layer_norm(ours):
    """PyTorch's layer_norm, whose eps is added to the mean of the squares, not to their sum."""
    import torch

    return lambda x: torch.nn.functional.layer_norm(x, x.shape[-1:], eps=1e-10 / x.shape[-1])


ROWS = [
    Row(lambda: nn.LayerNormalization(5), matrix(3, 5), bad=(np.ones((3, 4)), np.ones((1, 3, 5)), [np.ones(5)])),
    Row(lambda: nn.LayerNormalization(5, 0.5, 1e-3, False), matrix(3, 5)),
    Row(lambda: nn.LayerNormalization(5), matrix(1, 5), single=lambda input: input[0], torch=layer_norm),
]
