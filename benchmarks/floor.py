"""A straight-line LSTM in numpy, written for one purpose: to show what the same arithmetic costs without any engine."""

import numpy as np


def sigmoid(x):
    """1 / (1 + exp(-x))."""
    y = np.negative(x)
    np.exp(y, y)
    y += 1
    return np.reciprocal(y, y)


class Layer:
    """One LSTM layer's parameters in the order in, forget, out, transform, with a step and passes through time."""

    def __init__(self, inputs, hidden, dtype, generator):
        self.W, self.U = (generator.standard_normal((4 * hidden, n)).astype(dtype) * 0.1 for n in (inputs, hidden))
        self.b = np.zeros(4 * hidden, dtype)
        self.H = hidden

    def step(self, x, c, h):
        """One step from (x, c, h) to (next c, next h)."""
        H, a = self.H, x.dot(self.W.T)
        a += self.b
        a += h.dot(self.U.T)
        gates, g = sigmoid(a[:, : 3 * H]), np.tanh(a[:, 3 * H :])
        c = gates[:, H : 2 * H] * c
        c += gates[:, :H] * g
        return c, gates[:, 2 * H :] * np.tanh(c)

    def forward(self, x):
        """All steps of x (T x B x inputs) from zero states; the input's product for all times at once."""
        T, B, _ = x.shape
        H = self.H
        a = (x.reshape(T * B, -1).dot(self.W.T) + self.b).reshape(T, B, 4 * H)
        c = h = np.zeros((B, H), x.dtype)
        self.x, self.kept, hs = x, [], np.empty((T, B, H), x.dtype)
        for t in range(T):
            a[t] += h.dot(self.U.T)
            gates, g = sigmoid(a[t, :, : 3 * H]), np.tanh(a[t, :, 3 * H :])
            before = c
            c = gates[:, H : 2 * H] * before
            c += gates[:, :H] * g
            squashed = np.tanh(c)
            h = np.multiply(gates[:, 2 * H :], squashed, hs[t])
            self.kept.append((gates, g, before, squashed))
        self.hs = hs
        return hs

    def backward(self, dy, needs_input):
        """Gradients by U, W and b, and by x where it is needed."""
        T, B, H = dy.shape
        da = np.empty((T, B, 4 * H), dy.dtype)
        dh = dc = np.zeros((B, H), dy.dtype)
        for t in reversed(range(T)):
            gates, g, before, squashed = self.kept[t]
            i, f, o = gates[:, :H], gates[:, H : 2 * H], gates[:, 2 * H :]
            dh = dy[t] + dh
            dc = dc + dh * o * (1 - squashed * squashed)
            np.multiply(dc, g, da[t, :, :H])
            np.multiply(dc, before, da[t, :, H : 2 * H])
            np.multiply(dh, squashed, da[t, :, 2 * H : 3 * H])
            da[t, :, : 3 * H] *= gates * (1 - gates)
            np.multiply(dc * i, 1 - g * g, da[t, :, 3 * H :])
            dh, dc = da[t].dot(self.U), dc * f
        flat = da.reshape(T * B, -1)
        self.dU = da[1:].reshape((T - 1) * B, -1).T.dot(self.hs[:-1].reshape((T - 1) * B, H))
        self.dW, self.db = flat.T.dot(self.x.reshape(T * B, -1)), flat.sum(0)
        return flat.dot(self.W).reshape(self.x.shape) if needs_input else None
