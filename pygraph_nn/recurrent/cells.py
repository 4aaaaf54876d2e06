"""Recurrent cells, one step each, as graphs of primitive modules."""

from ..graph.gmodule import gModule
from ..modules.activations import Sigmoid, Tanh
from ..modules.linear import Linear
from ..modules.shapes import Identity, Narrow
from ..modules.tables import CAddTable, CMulTable

__all__ = ["LSTM"]


class LSTM:
    """Long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000)."""

    @staticmethod
    def create(input_size, rnn_size):
        """Return one step of an LSTM: a gModule from [x, prev_c, prev_h] to [next_c, next_h].

        ::

            i, f, o = sigmoid(W x + U h + b)      the input, forget and output gates
            g       = tanh(W x + U h + b)         the input transform
            next_c  = f * prev_c + i * g
            next_h  = o * tanh(next_c)

        x is (batch x input_size), the others (batch x rnn_size). The rows of both Linear modules' weights are in the
        order in, forget, out, transform. Source: the Lua of https://apaszke.github.io/lstm-explained.html.

        >>> import pygraph_nn as nn
        >>> lstm = nn.LSTM.create(3, 4)
        >>> next_c, next_h = lstm.forward([nn.randn(1, 3), nn.randn(1, 4), nn.randn(1, 4)])
        >>> next_h.shape
        (1, 4)
        """
        x = Identity()().annotate(name="x")
        prev_c = Identity()().annotate(name="prev_c")
        prev_h = Identity()().annotate(name="prev_h")

        # preactivations of all gates at once
        i2h = Linear(input_size, 4 * rnn_size)(x).annotate(name="i2h")
        h2h = Linear(rnn_size, 4 * rnn_size)(prev_h).annotate(name="h2h")
        preactivations = CAddTable()([i2h, h2h]).annotate(name="preactivations")

        # nonlinear transforms
        pre_sigmoid_chunk = Narrow(2, 1, 3 * rnn_size)(preactivations).annotate(name="pre_sigmoid_chunk")
        all_gates = Sigmoid()(pre_sigmoid_chunk).annotate(name="all_gates")
        in_chunk = Narrow(2, 3 * rnn_size + 1, rnn_size)(preactivations).annotate(name="in_chunk")
        in_transform = Tanh()(in_chunk).annotate(name="in_transform")

        # the three gates
        in_gate = Narrow(2, 1, rnn_size)(all_gates).annotate(name="in_gate")
        forget_gate = Narrow(2, rnn_size + 1, rnn_size)(all_gates).annotate(name="forget_gate")
        out_gate = Narrow(2, 2 * rnn_size + 1, rnn_size)(all_gates).annotate(name="out_gate")

        # next cell state
        c_forget = CMulTable()([forget_gate, prev_c]).annotate(name="c_forget")
        c_input = CMulTable()([in_gate, in_transform]).annotate(name="c_input")
        next_c = CAddTable()([c_forget, c_input]).annotate(name="next_c")

        # next hidden state
        c_transform = Tanh()(next_c).annotate(name="c_transform")
        next_h = CMulTable()([out_gate, c_transform]).annotate(name="next_h")

        return gModule([x, prev_c, prev_h], [next_c, next_h])
