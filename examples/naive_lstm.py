"""NaiveLSTM: all weights 0.5, all inputs 1; then two layers, both directions, and two layers in both directions.

    python examples/naive_lstm.py

The cell and its test are those of a blog on PyTorch's LSTM (seed: "PyTorch: the LSTM's forward pass"): with 10 inputs
and 20 units every gate sees 0.5 * 10 + 0.5 + 0.5 * 20 + 0.5 = 16, so that c = 1 * 1 + 1 * 1 = 2 and h = tanh(2). The
three networks that the text draws are then run on the same weights here and in PyTorch, or, where PyTorch is not
installed, held against figures that it gave.
"""

import numpy as np

import pygraph_nn as nn

INPUTS, HIDDEN = 3, 4
NETWORKS = {
    "two layers": {"num_layers": 2},
    "both directions": {"bidirectional": True},
    "two layers, both directions": {"num_layers": 2, "bidirectional": True},
}
# The sum of y and the last y[-1, -1, :2] that PyTorch 2 gave, for weights and inputs as ``numbers`` makes them.
FIGURES = {
    "two layers": [-0.4262812991357432, 0.16370966623727887, 0.07032241164091226],
    "both directions": [-4.18021463929978, -0.18459614017035844, -0.4661356735528601],
    "two layers, both directions": [-3.0591504965549423, -0.07461171290237822, 0.16996590345145812],
}


def naive_lstm():
    """Run the cell on ones with all weights 0.5; return the next h and the next c."""
    lstm = nn.LSTM.create(10, 20)
    for parameter in lstm.parameters()[0]:
        parameter.fill(0.5)
    c, h = lstm.forward([np.ones((1, 10)), np.ones((1, 20)), np.ones((1, 20))])
    return h, c


def numbers(*shape, start=1):
    """An array that every machine and every library makes alike."""
    return 0.5 * np.sin(start + np.arange(np.prod(shape))).reshape(shape)


def build(num_layers=1, bidirectional=False):
    """The network with its weights in PyTorch's layout set from ``numbers``."""
    layers = []
    for layer in range(num_layers):
        width = INPUTS if layer == 0 else HIDDEN * (1 + bidirectional)
        cells = [nn.LSTM.create(width, HIDDEN) for _ in range(1 + bidirectional)]
        layers.append(nn.Bidirectional(*cells) if bidirectional else nn.Unroll(*cells))
    net = nn.Layers(*layers)
    weights = nn.torch_weights(net)
    return nn.load_torch_weights(
        net, {name: numbers(*weight.shape, start=n) for n, (name, weight) in enumerate(weights.items())}
    )


def pytorch(net, x, **options):
    """What PyTorch's LSTM makes of the same weights and input; None where it is not installed."""
    try:
        import torch
    except ImportError:
        return None
    lstm = torch.nn.LSTM(INPUTS, HIDDEN, **options).double()
    lstm.load_state_dict({name: torch.from_numpy(weight) for name, weight in nn.torch_weights(net).items()})
    return lstm(torch.from_numpy(x))[0].detach().numpy()


def figures(y):
    """The few numbers that stand for an output."""
    return [y.sum(), *y[-1, -1, :2]]


def demo():
    """Print the test's values, and for each network by how much it differs from PyTorch; return the differences."""
    h, c = naive_lstm()
    print("h", h.shape, h)
    print("c", c.shape, c)
    x, differences = numbers(5, 2, INPUTS), []
    for name, options in NETWORKS.items():
        net = build(**options)
        y = net.forward(x)
        theirs = pytorch(net, x, **options)
        source = "stored figures" if theirs is None else "PyTorch"
        pairs = (figures(y), FIGURES[name]) if theirs is None else (y, theirs)
        differences.append(np.abs(np.subtract(*pairs)).max())
        print(f"{name}: y is {'x'.join(map(str, y.shape))}, differs from {source} by at most {differences[-1]:.1e}")
    return differences


if __name__ == "__main__":
    demo()
