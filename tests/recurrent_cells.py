"""Cells and sequences that the tests of recurrent networks share."""

import numpy as np

import pygraph_nn as nn


def with_batch_sum(width=3, size=4, rows=1):
    """A cell with modules that are not row-wise on the way in: JoinTable and Narrow along the rows."""
    x, h = nn.Identity()(), nn.Identity()()
    turned = nn.Narrow(rows, 1, 2)(nn.JoinTable(1)([x, x]))
    mixed = nn.Linear(width, size)(nn.CAddTable()([x, turned]))
    return nn.gModule([x, h], [nn.Tanh()(nn.CAddTable()([mixed, nn.Linear(size, size)(h)]))])


def with_decoder(width=3, size=4, classes=5):
    """An LSTM under a decoder: the output is no state."""
    x, c, h = nn.Identity()(), nn.Identity()(), nn.Identity()()
    next_c, next_h = nn.LSTM.create(width, size)([x, c, h]).split(2)
    decoder = nn.Linear(size, classes)(next_h).annotate(name="decoder")
    return nn.gModule([x, c, h], [next_c, next_h, decoder])


def shared_twice(width=3, size=3):
    """One Linear at two places, once on the input and once on the state; a container; a delayed state of no loop."""
    x, h, late = nn.Identity()(), nn.Identity()(), nn.Identity()()
    linear = nn.Linear(width, size)
    both = nn.CAddTable()([linear(x), linear(h), nn.Linear(size, size)(late)])
    deep = nn.Sequential().add(nn.Linear(size, size)).add(nn.Sigmoid())(both)
    return nn.gModule([x, h, late], [nn.Tanh()(deep), nn.MulConstant(2)(x)])


def with_dropout(width=3, size=4):
    """Three layers with dropout between them: draws must fall in the order of the plain way."""
    return nn.LSTM.stack(width, size, 3, dropout=0.4)


def only_routes(width=3):
    """A state that never changes, one that is the last input, and one that is the sum of all three."""
    x, constant, late, total = nn.Identity()(), nn.Identity()(), nn.Identity()(), nn.Identity()()
    mixed = nn.Tanh()(nn.Linear(width, width)(nn.CAddTable()([x, constant, late, total])))
    return nn.gModule([x, constant, late, total], [constant, x, mixed])


def with_tables(width=3, size=4):
    """Tables between the nodes, also across the border of the loop: a split of the input's, and one of the state's."""
    x, h = nn.Identity()(), nn.Identity()()
    pair = nn.ParallelTable().add(nn.Linear(width, size)).add(nn.Tanh())(nn.Identity()([x, x]))
    first, second = pair.split(2)
    both = nn.Identity()([nn.CAddTable()([first, nn.Linear(size, size)(h)]), second])
    h_next, shown = nn.ParallelTable().add(nn.Tanh()).add(nn.Linear(width, 2))(both).split(2)
    return nn.gModule([x, h], [h_next, nn.Sigmoid()(shown)])


class _Named(nn.Module):
    """y = {double: 2 x, same: x}."""

    row_wise = True

    def updateOutput(self, input):
        self.output = {"double": 2 * input, "same": input}
        return self.output

    def updateGradInput(self, input, gradOutput):
        self.gradInput = 2 * gradOutput["double"] + gradOutput["same"]
        return self.gradInput


class _Unnamed(nn.Module):
    """y = the product of both entries of such a table."""

    def __init__(self, row_wise):
        super().__init__()
        self.row_wise = row_wise

    def updateOutput(self, input):
        self.output = input["double"] * input["same"]
        return self.output

    def updateGradInput(self, input, gradOutput):
        self.gradInput = {"double": gradOutput * input["same"], "same": gradOutput * input["double"]}
        return self.gradInput


def with_names(width=3, size=4):
    """Tables with keys: within the loop and what runs once, and across the border between them both ways."""
    x, h = nn.Identity()(), nn.Identity()()
    entered, carried = _Named()(nn.Linear(width, size)(x)), _Named()(nn.Linear(size, size)(h))
    next_h = nn.Tanh()(nn.CAddTable()([_Unnamed(False)(entered), _Unnamed(True)(carried)]))
    shown = nn.CAddTable()([_Unnamed(True)(carried), _Unnamed(True)(entered)])
    return nn.gModule([x, h], [next_h, shown])


def with_parts(first, second, width=3, size=4, wide=8):
    """Two states that are parts of one sum; (offset, length) says which part is whose."""
    x, h, g = nn.Identity()(), nn.Identity()(), nn.Identity()()
    both = nn.CAddTable()([nn.Linear(width, wide)(x), nn.Linear(size, wide)(h), nn.Linear(size, wide)(g)])
    return nn.gModule([x, h, g], [nn.Tanh()(nn.Narrow(2, *part)(both)) for part in (first, second)])


CELLS = {
    "rnn": lambda: nn.RNN.create(3, 4),
    "relu": lambda: nn.RNN.create(3, 4, nonlinearity="relu"),
    "lstm": lambda: nn.LSTM.create(3, 4),
    "peephole": lambda: nn.PeepholeLSTM.create(3, 4),
    "gru": lambda: nn.GRU.create(3, 4),
    "gru, reset after": lambda: nn.GRU.create(3, 4, reset_after=True),
    "stack": lambda: nn.LSTM.stack(3, 4, 3),
    "dropout": with_dropout,
    "not row-wise": with_batch_sum,
    "not row-wise, from the end": lambda: with_batch_sum(rows=-2),
    "decoder": with_decoder,
    "shared": shared_twice,
    "routes": only_routes,
    "tables": with_tables,
    "tables with keys": with_names,
    "tiles": lambda: with_parts((5, 4), (1, 4)),
    "tiles with a gap": lambda: with_parts((1, 4), (6, 4), wide=9),
    "tiles that overlap": lambda: with_parts((1, 4), (3, 4), wide=6),
}


def state_sizes(cell):
    """How wide each state is; 3, the width of x, where no Linear tells."""
    try:
        return [size[0] for size in nn.Unroll(cell)._find_sizes([None] * (cell.nInputs - 1))]
    except nn.ShapeError:
        return [3] * (cell.nInputs - 1)


def draw(cell, T=5, B=2, seed=0):
    """A sequence of B = 2, initial states, and gradients for everything that an Unroll of the cell puts out."""
    generator = np.random.default_rng(seed)
    layer = nn.Unroll(cell)
    x = generator.standard_normal((T, B, 3))
    states = [generator.standard_normal((B, size)) for size in state_sizes(cell)]
    output = layer.forward([x, *states])
    return x, states, [generator.standard_normal(part.shape) for part in output]
