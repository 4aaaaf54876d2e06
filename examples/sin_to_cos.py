"""A recurrent network learns cos from sin, ten steps at a time, its states carried along.

    python examples/sin_to_cos.py [--cell lstm|gru|peephole|rnn] [--picture sin_to_cos.png]

The experiment is that of a blog on building LSTM networks (seed: "How LSTM works, and an experiment with PyTorch"): two
layers of 32 units under a Linear, the sine twice as two inputs, Adam with learning rate 0.02, 300 updates, each on ten
points of the next half period. The last states of one stretch begin the next; no gradient flows between stretches.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

import pygraph_nn as nn

HIDDEN, STEPS, RATE = 32, 10, 0.02
CELLS = {
    "lstm": nn.LSTM.create,
    "gru": nn.GRU.create,
    "peephole": nn.PeepholeLSTM.create,
    "rnn": nn.RNN.create,
}


class Model:
    """Two recurrent layers and a Linear over all their steps, with carried states."""

    def __init__(self, cell):
        self.layers = nn.Layers(nn.Unroll(CELLS[cell](2, HIDDEN)), nn.Unroll(CELLS[cell](HIDDEN, HIDDEN)))
        self.out = nn.Linear(HIDDEN, 1)
        self.x, self.dx = nn.Sequential().add(self.layers).add(self.out).getParameters()
        self.criterion = nn.MSECriterion()
        self.states = [np.zeros((1, HIDDEN)) for _ in range(self.layers.n_states)]

    def loss(self, sine, cosine):
        """Run one stretch; return the loss and its gradient, and keep prediction and last states."""
        input = [np.stack([sine, sine], 1)[:, None], *self.states]
        hidden, *last = self.layers.forward(input)
        rows = hidden.reshape(-1, HIDDEN)
        self.prediction = self.out.forward(rows)
        loss = self.criterion.forward(self.prediction, cosine[:, None])
        self.dx.fill(0)
        slope = self.out.backward(rows, self.criterion.backward(self.prediction, cosine[:, None]))
        self.layers.backward(input, [slope.reshape(hidden.shape), *[None] * len(last)])
        self.states = last
        return loss, self.dx


def train(cell="lstm", updates=300, seed=1, progress=None):
    """Train; return the losses, and points of time, targets and predictions in the order of the updates."""
    nn.manualSeed(seed)
    model, state = Model(cell), {}
    losses, curves = [], []
    for update in range(updates):
        time = np.linspace(update * np.pi, (update + 1) * np.pi, STEPS)
        sine, cosine = np.sin(time), np.cos(time)
        _, (loss,) = nn.optim.adam(lambda _, s=sine, c=cosine: model.loss(s, c), model.x, {"learningRate": RATE}, state)
        losses.append(loss)
        curves.append((time, cosine, model.prediction[:, 0]))
        if progress:
            progress(update + 1, updates, loss)
    return losses, [np.concatenate(parts) for parts in zip(*curves)]


def bar(done, total, loss):
    """Show on standard error how far the training is; where nobody watches, only its end."""
    if done < total and not sys.stderr.isatty():
        return
    filled = 30 * done // total
    print(f"\r[{'#' * filled}{'.' * (30 - filled)}] {done}/{total} loss {loss:.5f}", end="", file=sys.stderr)
    if done == total:
        print(file=sys.stderr)


def empty_figure(path):
    """An empty matplotlib figure, made before the training, so that what prevents a picture shows before the work."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise nn.MissingExtraError("matplotlib", "plot", "a picture") from error
    figure = Figure(figsize=(8, 6), layout="constrained")
    known = figure.canvas.get_supported_filetypes()
    if Path(path).suffix[1:].lower() not in known or not Path(path).parent.is_dir():
        raise nn.RangeError(
            f"{path}: a picture lies in a folder that is there, and its name ends in {', '.join(known)}"
        )
    return figure


def picture(figure, losses, curves):
    """Draw target and prediction at the end, and the loss of every update."""
    time, target, prediction = (curve[-60:] for curve in curves)
    above, below = figure.subplots(2)
    above.plot(time, target, "r-", label="target (cos)")
    above.plot(time, prediction, "b.-", label="prediction")
    above.legend(loc="lower left")
    below.semilogy(range(1, len(losses) + 1), losses)
    below.set(xlabel="update", ylabel="loss")


def demo(cell="lstm", updates=300, seed=1, path=None, progress=bar):
    """Train, print the last loss and the last stretch, save the picture if a path is given; return the losses."""
    if updates < 1:
        raise nn.RangeError(f"updates is a number from 1 up, not {updates}")
    figure = empty_figure(path) if path else None
    losses, curves = train(cell, updates, seed, progress)
    print(f"{cell}: loss {losses[0]:.4f} at first, {losses[-1]:.5f} after {updates} updates")
    for name, curve in zip(("time", "cos", "prediction"), curves):
        print(f"{name:>10}", " ".join(f"{value:8.3f}" for value in curve[-STEPS:]))
    if path:
        picture(figure, losses, curves)
        figure.savefig(path)
        print(f"picture saved as {path}")
    return losses


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Learn cos from sin.")
    parser.add_argument("--cell", choices=CELLS, default="lstm")
    parser.add_argument("--updates", type=int, default=300, metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    parser.add_argument("--picture", metavar="PATH", help="save target, prediction and loss (needs matplotlib)")
    arguments = parser.parse_args()
    try:
        demo(arguments.cell, arguments.updates, arguments.seed, arguments.picture)
    except nn.PygraphError as error:
        sys.exit(f"sin_to_cos: {error}")
