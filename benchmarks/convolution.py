"""Convolution and pooling, forward and backward: ours beside PyTorch's, float32, one thread."""

import json

import numpy as np
import torch

import pygraph_nn as nn

from .timing import alternate


def cases():
    """Rows of (name, our module, PyTorch's function of (torch.nn), input shape)."""
    yield (
        "SpatialConvolution(64, 64, 3, 3, 1, 1, 1, 1)",
        lambda: nn.SpatialConvolution(64, 64, 3, 3, 1, 1, 1, 1),
        lambda layers: layers.Conv2d(64, 64, 3, padding=1),
        (8, 64, 32, 32),
    )
    yield (
        "SpatialConvolution(3, 32, 5, 5, 2, 2)",
        lambda: nn.SpatialConvolution(3, 32, 5, 5, 2, 2),
        lambda layers: layers.Conv2d(3, 32, 5, stride=2),
        (16, 3, 64, 64),
    )
    yield (
        "SpatialConvolution(128, 128, 1, 1)",
        lambda: nn.SpatialConvolution(128, 128, 1, 1),
        lambda layers: layers.Conv2d(128, 128, 1),
        (16, 128, 16, 16),
    )
    yield (
        "SpatialFullConvolution(32, 32, 4, 4, 2, 2, 1, 1)",
        lambda: nn.SpatialFullConvolution(32, 32, 4, 4, 2, 2, 1, 1),
        lambda layers: layers.ConvTranspose2d(32, 32, 4, stride=2, padding=1),
        (8, 32, 16, 16),
    )
    yield (
        "VolumetricConvolution(8, 16, 3, 3, 3)",
        lambda: nn.VolumetricConvolution(8, 16, 3, 3, 3),
        lambda layers: layers.Conv3d(8, 16, 3),
        (4, 8, 10, 20, 20),
    )
    yield (
        "SpatialMaxPooling(2, 2)",
        lambda: nn.SpatialMaxPooling(2, 2),
        lambda layers: layers.MaxPool2d(2),
        (8, 64, 32, 32),
    )
    yield (
        "SpatialAveragePooling(3, 3, 2, 2)",
        lambda: nn.SpatialAveragePooling(3, 3, 2, 2),
        lambda layers: layers.AvgPool2d(3, stride=2),
        (8, 64, 32, 32),
    )


def ours(make, shape):
    """Our forward and backward pass, ready to be timed."""
    module = make().float()
    input = np.random.default_rng(0).standard_normal(shape, np.float32)
    gradOutput = np.ones_like(module.forward(input))
    return (lambda: module.forward(input)), (lambda: module.backward(input, gradOutput))


def theirs(make, shape):
    """PyTorch's forward and backward pass, ready to be timed."""
    layer = make(torch.nn)
    input = torch.randn(shape, requires_grad=True)
    output = layer(input)
    gradOutput = torch.ones_like(output)
    backward = lambda: torch.autograd.backward(output, gradOutput, retain_graph=True)  # noqa: E731
    return (lambda: layer(input)), backward


def measure():
    """Yield a row for each case and pass: names, and the median times in seconds."""
    torch.set_num_threads(1)
    for name, make, make_theirs, shape in cases():
        passes = zip(("forward", "backward"), ours(make, shape), theirs(make_theirs, shape), strict=True)
        for pass_name, own, other in passes:
            yield {"name": name, "pass": pass_name, **alternate({"ours": own, "torch": other}, repeats=9)}


if __name__ == "__main__":
    print(json.dumps(list(measure())))
