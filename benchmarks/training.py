"""Training step of a two-layer LSTM over 50 times: ours, PyTorch's nn.LSTM, a loop over its cells, straight numpy."""

import json
import sys

import numpy as np
import torch

import pygraph_nn as nn

from .floor import Layer
from .timing import alternate

TIMES, BATCH = 50, 50
WIDTHS = [128, 512]


def calls(width, dtype):
    """The contenders, as calls without arguments: zero the gradients, forward, backward."""
    generator = np.random.default_rng(0)
    x = generator.standard_normal((TIMES, BATCH, width)).astype(dtype)
    dy = np.ones((TIMES, BATCH, width), dtype)
    kind = f"torch.{'Float' if dtype == 'float32' else 'Double'}Tensor"
    net = nn.Sequential()
    net.add(nn.Unroll(nn.LSTM.create(width, width), input_gradient=False)).add(nn.Unroll(nn.LSTM.create(width, width)))
    net.type(kind)
    floor = [Layer(width, width, dtype, generator) for _ in range(2)]
    tx, tdy, precision = torch.tensor(x), torch.tensor(dy), getattr(torch, dtype)
    whole = torch.nn.LSTM(width, width, 2, dtype=precision)
    cells = [torch.nn.LSTMCell(width, width, dtype=precision) for _ in range(2)]

    def ours():
        net.zeroGradParameters()
        net.forward(x)
        net.backward(x, dy)

    def numpy():
        h = floor[1].forward(floor[0].forward(x))
        floor[0].backward(floor[1].backward(dy, True), False)
        return h

    def lstm():
        whole.zero_grad()
        whole(tx)[0].backward(tdy)

    def loop():
        first = second = None
        outputs = []
        for cell in cells:
            cell.zero_grad()
        for row in tx:
            first = cells[0](row, first)
            second = cells[1](first[0], second)
            outputs.append(second[0])
        torch.stack(outputs).backward(tdy)

    return {"ours": ours, "nn.LSTM": lstm, "LSTMCell loop": loop, "numpy": numpy}


def measure(threads, dtype):
    """Yield one row for each width: the width, and the median time of each contender in seconds."""
    torch.set_num_threads(threads)
    for width in WIDTHS:
        yield {"size": width, **alternate(calls(width, dtype), repeats=7)}


if __name__ == "__main__":
    print(json.dumps(list(measure(int(sys.argv[1]), sys.argv[2]))))
