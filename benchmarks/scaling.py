"""How time and memory grow: with the nodes of a graph, the length of a sequence, the rows of a batch."""

import json
import time
import tracemalloc

import numpy as np

import pygraph_nn as nn

from .timing import alternate


def chain(count):
    """A graph of ``count`` nodes in a row, every other one a Tanh."""
    node = x = nn.Identity()()
    for index in range(count):
        node = (nn.Tanh() if index % 2 else nn.AddConstant(0.5))(node)
    return nn.gModule([x], [node])


def by_nodes(counts=(1_000, 10_000, 100_000)):
    """Build, forward and backward time per node, and memory per node."""
    x = np.ones((1, 1))
    chain(10)  # the first graph of a process imports networkx
    for count in counts:
        start = time.perf_counter()
        net = chain(count)
        built = time.perf_counter() - start

        def forward(net=net):
            net.forward(x)

        def backward(net=net):
            net.backward(x, x)

        forward()
        times = alternate({"forward": forward, "backward": backward}, repeats=5)
        tracemalloc.start()
        kept = chain(min(count, 10_000))
        memory = tracemalloc.get_traced_memory()[0] / len(kept.forwardnodes)
        tracemalloc.stop()
        yield {"size": count, "build": built / count, **{k: v / count for k, v in times.items()}, "bytes": memory}


def by_length(lengths=(10, 100, 1000)):
    """Forward and backward of an unrolled LSTM, per step."""
    for length in lengths:
        layer = nn.Unroll(nn.LSTM.create(64, 64).float())
        x = np.ones((length, 16, 64), "float32")

        def both(layer=layer, x=x):
            layer.backward(x, layer.forward(x))

        yield {"size": length, "both": alternate({"both": both}, repeats=5)["both"] / length}


def by_batch(sizes=(1, 4, 16, 64, 256, 1024)):
    """Forward and backward of one LSTM step, per row."""
    for rows in sizes:
        cell = nn.LSTM.create(128, 128).float()
        inputs = [np.ones((rows, 128), "float32")] * 3

        def both(cell=cell, inputs=inputs):
            cell.backward(inputs, cell.forward(inputs))

        yield {"size": rows, "both": alternate({"both": both}, repeats=9)["both"] / rows}


if __name__ == "__main__":
    print(json.dumps({"nodes": list(by_nodes()), "length": list(by_length()), "batch": list(by_batch())}))
