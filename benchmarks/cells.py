"""One step of an LSTM cell: ours, PyTorch's LSTMCell and straight-line numpy, forward and with a backward pass."""

import json
import sys

import numpy as np
import torch

import pygraph_nn as nn

from .floor import Layer
from .timing import alternate

SIZES = [(1, 3, 4), (1, 128, 128), (20, 128, 128), (50, 512, 512), (64, 1024, 1024)]


def calls(batch, inputs, hidden, dtype):
    """The contenders, as calls without arguments."""
    generator = np.random.default_rng(0)
    x, c, h = (generator.standard_normal((batch, n)).astype(dtype) for n in (inputs, hidden, hidden))
    gradient = np.ones((batch, hidden), dtype)
    cell = nn.LSTM.create(inputs, hidden).type(f"torch.{'Float' if dtype == 'float32' else 'Double'}Tensor")
    floor = Layer(inputs, hidden, dtype, generator)
    theirs = torch.nn.LSTMCell(inputs, hidden, dtype=getattr(torch, dtype))
    tx, tc, th, ones = (torch.tensor(array) for array in (x, c, h, gradient))
    states = [state.clone().requires_grad_() for state in (th, tc)]

    def forward():
        return cell.forward([x, c, h])

    def both():
        cell.forward([x, c, h])
        return cell.backward([x, c, h], [gradient, gradient])

    def torch_forward():
        with torch.no_grad():
            return theirs(tx, (th, tc))

    def torch_both():
        torch.autograd.backward(theirs(tx, states), [ones, ones])

    cell.needGradInput(False, True, True)
    return {
        "ours": forward,
        "torch": torch_forward,
        "numpy": lambda: floor.step(x, c, h),
        "ours both": both,
        "torch both": torch_both,
    }


def measure(threads, dtype):
    """Yield one row for each size: the size, and the median time of each contender in seconds."""
    torch.set_num_threads(threads)
    for size in SIZES:
        yield {"size": size, **alternate(calls(*size, dtype))}


if __name__ == "__main__":
    print(json.dumps(list(measure(int(sys.argv[1]), sys.argv[2]))))
