"""Time convolutions and pooling on one thread, side by side with PyTorch where it is installed.

Run it as ``python benchmarks/convolution.py``; it prints the median of each call in milliseconds.
"""

import os

# Before numpy is imported: its BLAS reads these once.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import statistics  # noqa: E402
import time  # noqa: E402

import numpy as np  # noqa: E402

import pygraph_nn as nn  # noqa: E402

try:
    import torch
except ImportError:
    torch = None

REPEATS = 21


def medians(*calls):
    """The median time of each call in milliseconds, the calls taking turns so that they share the machine's moods."""
    times = [[] for _ in calls]
    for _ in range(REPEATS + 1):
        for call, taken in zip(calls, times, strict=True):
            start = time.perf_counter()
            call()
            taken.append(time.perf_counter() - start)
    return [1000 * statistics.median(taken[1:]) for taken in times]


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


def main():
    if torch is not None:
        torch.set_num_threads(1)
    print(f"{'milliseconds, float32, one thread':<52}{'':10}{'ours':>8}{'PyTorch':>9}{'ratio':>7}")
    for name, make, make_theirs, shape in cases():
        mine = ours(make, shape)
        judged = theirs(make_theirs, shape) if torch is not None else (None, None)
        for pass_name, own, other in zip(("forward", "backward"), mine, judged, strict=True):
            took, *compared = medians(own, other) if other is not None else medians(own)
            text = f"{compared[0]:9.2f}{took / compared[0]:7.2f}" if compared else f"{'-':>9}{'-':>7}"
            print(f"{name:<52}{pass_name:<10}{took:8.2f}{text}")


if __name__ == "__main__":
    main()
