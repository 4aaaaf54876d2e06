"""Three LSTM cells on top of each other, for one step: the Lua demo, line for line in Python.

    python examples/stacked_lstm.py [--seed 123] [--dot lstm.dot] [--steps 5]

The demo is that of a blog on the LSTM's forward pass in Lua (seed: "The LSTM's forward pass in Lua", after
https://apaszke.github.io/lstm-explained.html). With ``--steps`` the same network goes on over several steps, and back
through all of them.
"""

import argparse

import numpy as np

import pygraph_nn as nn


def demo(seed=None, dot=None):
    """Run the network on a random input; print the next state of every layer, and the output."""
    if seed is not None:
        nn.manualSeed(seed)

    # 3-layer LSTM network (input and output have 3 dimensions)
    network = [nn.LSTM.create(3, 4), nn.LSTM.create(4, 4), nn.LSTM.create(4, 3)]

    # network input
    x = nn.randn(1, 3)
    previous_state = [
        [np.zeros((1, 4)), np.zeros((1, 4))],
        [np.zeros((1, 4)), np.zeros((1, 4))],
        [np.zeros((1, 3)), np.zeros((1, 3))],
    ]

    # network output
    output = None
    next_state = []

    # forward pass
    layer_input = [x, *previous_state[0]]
    for l in range(len(network)):
        # forward the input
        layer_output = network[l].forward(layer_input)
        # save output state for next iteration
        next_state.append(layer_output)
        # extract hidden state from output
        layer_h = layer_output[1]
        # prepare next layer's input or set the output
        if l < len(network) - 1:
            layer_input = [layer_h, *previous_state[l + 1]]
        else:
            output = layer_h

    show(next_state, output)
    if dot is not None:
        nn.dot(network[0].fg, "LSTM cell", dot)


def through_time(steps, seed=None):
    """Run the same three cells over several steps and back; print the last output and what each layer should change.

    The loss is the sum of all outputs. Returns the gradients by the input and by all parameters, flat.
    """
    if seed is not None:
        nn.manualSeed(seed)
    network = [nn.LSTM.create(3, 4), nn.LSTM.create(4, 4), nn.LSTM.create(4, 3)]
    layers = nn.Layers(*(nn.Unroll(cell) for cell in network))
    _, gradients = layers.getParameters()
    gradients.fill(0)

    x = nn.randn(steps, 1, 3)
    output = layers.forward(x)
    by_x = layers.backward(x, np.ones_like(output))

    print(f"output after {steps} steps")
    print(f"             {row(output[-1])}")
    print("norm of the gradient by the parameters")
    for l, cell in enumerate(network, 1):
        print(f"  layer {l}    {np.sqrt(sum((g * g).sum() for g in cell.parameters()[1])): .15f}")
    print("gradient by the input at the first step")
    print(f"             {row(by_x[0])}")
    return by_x, gradients


def show(next_state, output):
    """Print both with all the digits that two machines should agree on."""
    print("next_state")
    for layer, (c, h) in enumerate(next_state, 1):
        print(f"  layer {layer}  c {row(c)}")
        print(f"           h {row(h)}")
    print("output")
    print(f"             {row(output)}")


def row(array):
    """The one row of a batch of one, as text."""
    return " ".join(f"{value: .15f}" for value in array[0])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Three stacked LSTM cells, one step.")
    parser.add_argument("--seed", type=int, metavar="N", help="the generator's seed; 123 gives Torch7's own numbers")
    parser.add_argument("--dot", metavar="PATH", help="save the picture of one cell's graph as DOT text, and as SVG")
    parser.add_argument(
        "--steps", type=int, default=1, metavar="N", help="then run so many steps, and back (1: do not)"
    )
    arguments = parser.parse_args()
    demo(arguments.seed, arguments.dot)
    if arguments.steps > 1:
        through_time(arguments.steps, arguments.seed)
