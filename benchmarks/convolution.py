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


def median(call):
    """The median time of one call, in milliseconds."""
    call()
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


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
    """Median times of forward and of backward."""
    module = make().float()
    input = np.random.default_rng(0).standard_normal(shape, np.float32)
    gradOutput = np.ones_like(module.forward(input))
    return median(lambda: module.forward(input)), median(lambda: module.backward(input, gradOutput))


def theirs(make, shape):
    """Median times of PyTorch's forward and of its backward."""
    layer = make(torch.nn)
    input = torch.randn(shape, requires_grad=True)
    output = layer(input)
    gradOutput = torch.ones_like(output)
    backward = median(lambda: torch.autograd.backward(output, gradOutput, retain_graph=True))
    return median(lambda: layer(input)), backward


def main():
    if torch is not None:
        torch.set_num_threads(1)
    print(f"{'milliseconds, float32, one thread':<52}{'':10}{'ours':>8}{'PyTorch':>9}{'ratio':>7}")
    for name, make, make_theirs, shape in cases():
        mine = ours(make, shape)
        judged = theirs(make_theirs, shape) if torch is not None else (None, None)
        for pass_name, own, other in zip(("forward", "backward"), mine, judged, strict=True):
            compared = f"{other:9.2f}{own / other:7.2f}" if other is not None else f"{'-':>9}{'-':>7}"
            print(f"{name:<52}{pass_name:<10}{own:8.2f}{compared}")


if __name__ == "__main__":
    main()
