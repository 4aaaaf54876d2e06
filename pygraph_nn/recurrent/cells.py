"""Recurrent cells, one step each, as graphs of primitive modules.

A cell is a gModule from [x, state, ...] to [next state, ...] whose last state is what it shows to the layer above.
Any graph of this form is one; those below are the usual ones, to use, to take apart or to copy from.
"""

from ..errors import RangeError
from ..graph.gmodule import gModule
from ..modules.activations import Sigmoid, Tanh
from ..modules.arithmetic import MulConstant
from ..modules.dropout import Dropout
from ..modules.linear import Linear
from ..modules.rectifiers import ReLU
from ..modules.scaling import CMul
from ..modules.shapes import Identity, Narrow
from ..modules.tables import CAddTable, CMulTable

__all__ = ["RNN", "LSTM", "PeepholeLSTM", "GRU"]


def _inputs(*names):
    return [Identity()().annotate(name=name) for name in names]


class RNN:
    """The simple recurrent network (Elman 1990)."""

    @staticmethod
    def create(input_size, rnn_size, nonlinearity="tanh"):
        """Return one step of a simple recurrent network: a gModule from [x, prev_h] to next_h.

        ::

            next_h = tanh(W x + U h + b)

        x is (batch x input_size), the others (batch x rnn_size). ``nonlinearity="relu"`` takes max(0, .) in place of
        tanh. Raises RangeError for another one.

        >>> import pygraph_nn as nn
        >>> rnn = nn.RNN.create(3, 4)
        >>> rnn.forward([nn.randn(1, 3), nn.randn(1, 4)]).shape
        (1, 4)
        """
        if nonlinearity not in ("tanh", "relu"):
            raise RangeError(f'RNN.create: nonlinearity is "tanh" or "relu", not {nonlinearity!r}')
        x, prev_h = _inputs("x", "prev_h")
        i2h = Linear(input_size, rnn_size)(x).annotate(name="i2h")
        h2h = Linear(rnn_size, rnn_size)(prev_h).annotate(name="h2h")
        preactivation = CAddTable()([i2h, h2h]).annotate(name="preactivation")
        next_h = (Tanh() if nonlinearity == "tanh" else ReLU())(preactivation).annotate(name="next_h")
        return gModule([x, prev_h], [next_h])


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

    @staticmethod
    def stack(input_size, rnn_size, layers, dropout=0):
        """Return one step of several LSTMs on top of each other, as one cell.

        It is a gModule from [x, c1, h1, c2, h2, ...] to the next states in the same order. The node ``layer1`` holds
        the first LSTM, and so on; with ``dropout``, each h on its way up to the next layer loses that share of its
        elements. Raises RangeError for fewer than one layer.

        >>> import pygraph_nn as nn
        >>> cell = nn.LSTM.stack(3, 4, layers=2)
        >>> states = cell.forward([nn.randn(1, 3), *(nn.randn(1, 4) for _ in range(4))])
        >>> len(states), cell["layer2"].module is cell.modules[-1]
        (4, True)
        """
        if isinstance(layers, bool) or not isinstance(layers, int) or layers < 1:
            raise RangeError(f"LSTM.stack: layers is a whole number from 1, not {layers!r}")
        inputs = _inputs("x", *(f"prev_{name}{layer}" for layer in range(1, layers + 1) for name in "ch"))
        below, outputs = inputs[0], []
        for layer in range(1, layers + 1):
            if dropout and layer > 1:
                below = Dropout(dropout)(below)
            cell = LSTM.create(input_size if layer == 1 else rnn_size, rnn_size)
            node = cell([below, *inputs[2 * layer - 1 : 2 * layer + 1]]).annotate(name=f"layer{layer}")
            outputs += node.split(2)
            below = outputs[-1]
        return gModule(inputs, outputs)


class PeepholeLSTM:
    """Long short-term memory whose gates see the cell state (Gers and Schmidhuber 2000)."""

    @staticmethod
    def create(input_size, rnn_size):
        """Return one step of an LSTM with peepholes: a gModule from [x, prev_c, prev_h] to [next_c, next_h].

        ::

            i, f   = sigmoid(W x + U h + b + p * prev_c)    the input and forget gates
            g      = tanh(W x + U h + b)                    the input transform
            next_c = f * prev_c + i * g
            o      = sigmoid(W x + U h + b + p * next_c)    the output gate
            next_h = o * tanh(next_c)

        Each gate has a vector p of its own. Sizes, and the order of the rows of both Linear modules, are those of
        ``LSTM.create``. Source: Graves 2013, Generating sequences with recurrent neural networks, equations 7 to 11;
        Shi et al. 2015 call it FC-LSTM.

        >>> import pygraph_nn as nn
        >>> lstm = nn.PeepholeLSTM.create(3, 4)
        >>> next_c, next_h = lstm.forward([nn.randn(1, 3), nn.randn(1, 4), nn.randn(1, 4)])
        >>> next_c.shape
        (1, 4)
        """
        x, prev_c, prev_h = _inputs("x", "prev_c", "prev_h")
        i2h = Linear(input_size, 4 * rnn_size)(x).annotate(name="i2h")
        h2h = Linear(rnn_size, 4 * rnn_size)(prev_h).annotate(name="h2h")
        preactivations = CAddTable()([i2h, h2h]).annotate(name="preactivations")

        def chunk(position):
            return Narrow(2, position * rnn_size + 1, rnn_size)(preactivations)

        def gate(position, c, name):
            peephole = CMul(rnn_size)(c).annotate(name=f"{name}_peephole")
            return Sigmoid()(CAddTable()([chunk(position), peephole])).annotate(name=name)

        in_gate = gate(0, prev_c, "in_gate")
        forget_gate = gate(1, prev_c, "forget_gate")
        in_transform = Tanh()(chunk(3)).annotate(name="in_transform")
        c_forget = CMulTable()([forget_gate, prev_c]).annotate(name="c_forget")
        c_input = CMulTable()([in_gate, in_transform]).annotate(name="c_input")
        next_c = CAddTable()([c_forget, c_input]).annotate(name="next_c")
        out_gate = gate(2, next_c, "out_gate")
        next_h = CMulTable()([out_gate, Tanh()(next_c)]).annotate(name="next_h")
        return gModule([x, prev_c, prev_h], [next_c, next_h])


class GRU:
    """The gated recurrent unit (Cho et al. 2014)."""

    @staticmethod
    def create(input_size, rnn_size, reset_after=False):
        """Return one step of a GRU: a gModule from [x, prev_h] to next_h.

        ::

            r, z   = sigmoid(W x + U h + b)            the reset and update gates
            n      = tanh(W x + U (r * h) + b)         the candidate
            next_h = (1 - z) * h + z * n

        x is (batch x input_size), the others (batch x rnn_size); the rows of the Linear modules' weights are in the
        order reset, update, candidate. With ``reset_after``, the gate meets the product, n = tanh(W x + b + r * (U h +
        c)), which is the form of PyTorch and cuDNN. Source: char-rnn's GRU.lua.

        >>> import pygraph_nn as nn
        >>> gru = nn.GRU.create(3, 4)
        >>> gru.forward([nn.randn(1, 3), nn.randn(1, 4)]).shape
        (1, 4)
        """
        x, prev_h = _inputs("x", "prev_h")

        def chunk(node, position, length=1):
            return Narrow(2, position * rnn_size + 1, length * rnn_size)(node)

        i2h = Linear(input_size, 3 * rnn_size)(x).annotate(name="i2h")
        h2h = Linear(rnn_size, (3 if reset_after else 2) * rnn_size)(prev_h).annotate(name="h2h")
        h2gates = chunk(h2h, 0, 2) if reset_after else h2h
        gates = Sigmoid()(CAddTable()([chunk(i2h, 0, 2), h2gates])).annotate(name="gates")
        reset_gate = chunk(gates, 0).annotate(name="reset_gate")
        update_gate = chunk(gates, 1).annotate(name="update_gate")
        if reset_after:
            h2candidate = CMulTable()([reset_gate, chunk(h2h, 2)])
        else:
            h2candidate = Linear(rnn_size, rnn_size)(CMulTable()([reset_gate, prev_h]))
        h2candidate.annotate(name="h2candidate")
        candidate = Tanh()(CAddTable()([chunk(i2h, 2), h2candidate])).annotate(name="candidate")
        # (1 - z) h + z n = h + z (n - h)
        difference = CAddTable()([candidate, MulConstant(-1)(prev_h)]).annotate(name="difference")
        change = CMulTable()([update_gate, difference]).annotate(name="change")
        next_h = CAddTable()([prev_h, change]).annotate(name="next_h")
        return gModule([x, prev_h], [next_h])
