"""Training steps per second of an exported LSTM layer on a GPU, beside PyTorch's own nn.LSTM on cuDNN.

    python -m benchmarks.gpu

Forward, backward and one step of SGD; each with and without torch.compile, and with its mode that records the kernels
of a pass as one CUDA graph. On a machine without a GPU it says so.
"""

import sys
import time

import torch

import pygraph_nn as nn


def layers(inputs, size, device):
    """The contestants by name."""
    ours = nn.to_torch(nn.Unroll(nn.LSTM.create(inputs, size)).float()).to(device)
    theirs = torch.nn.LSTM(inputs, size).to(device)
    for name, layer, call in (
        ("exported Unroll(LSTM)", ours, lambda layer, x: layer(x)),
        ("torch.nn.LSTM", theirs, lambda layer, x: layer(x)[0]),
    ):
        yield name, layer, call
        yield f"{name}, torch.compile", torch.compile(layer), call
        yield f"{name}, torch.compile, reduce-overhead", torch.compile(layer, mode="reduce-overhead"), call


def steps_per_second(layer, call, x, seconds=3.0):
    """Measure after a warm-up that compiles what is to be compiled."""
    optimiser = torch.optim.SGD(layer.parameters(), lr=1e-3)

    def step():
        optimiser.zero_grad(set_to_none=True)
        call(layer, x).square().mean().backward()
        optimiser.step()

    for _ in range(5):
        step()
    torch.cuda.synchronize()
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        for _ in range(5):
            step()
        torch.cuda.synchronize()
        count += 5
    return count / (time.perf_counter() - start)


def main():
    """Print a table."""
    if not torch.cuda.is_available():
        print("no GPU that PyTorch can use: nothing is measured", file=sys.stderr)
        return
    device = torch.device("cuda")
    print(f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}, float32, steps per second\n")
    print("| times x batch x inputs -> size | layer | steps/s |\n|---|---|---|")
    for times, batch, inputs, size in ((32, 32, 64, 128), (64, 128, 256, 512)):
        x = torch.randn(times, batch, inputs, device=device)
        for name, layer, call in layers(inputs, size, device):
            print(f"| {times} x {batch} x {inputs} -> {size} | {name} | {steps_per_second(layer, call, x):.1f} |")


if __name__ == "__main__":
    main()
