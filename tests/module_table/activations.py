"""Rows of modules/activations.py."""

import numpy as np

import pygraph_nn as nn

from . import Row, matrix


def away_from(*points):
    """Push the numbers that are close to a point where a derivative jumps a little away from it."""

    def nudge(x):
        for point in points:
            x = np.where(np.abs(x - point) < 0.01, point + 0.02, x)
        return x

    return nudge


def wide(generator):
    """A batch with numbers in it that overflow exp."""
    return np.concatenate([generator.standard_normal((4, 3)), [[-1e4, -30, 30], [1e4, 50, -50]]])


def functional(name, *arguments):
    """PyTorch's torch.nn.functional.NAME as a second judge."""

    def judge(module):
        import torch

        return lambda x: getattr(torch.nn.functional, name)(x, *arguments)

    return judge


a_table = ([np.ones(2), np.ones(2)],)

ROWS = [
    Row(lambda: nn.Sigmoid(), matrix(3, 4), single=lambda x: x[0], bad=a_table, torch=functional("sigmoid")),
    Row(
        lambda: nn.Sigmoid(),
        wide,
        differences=False,
        why="only PyTorch judges huge numbers",
        torch=functional("sigmoid"),
    ),
    Row(lambda: nn.Tanh(), matrix(3, 4), single=lambda x: x[0], bad=a_table, torch=functional("tanh")),
    Row(lambda: nn.LogSigmoid(), matrix(2, 3, 4), single=lambda x: x[0], bad=a_table, torch=functional("logsigmoid")),
    Row(
        lambda: nn.LogSigmoid(),
        wide,
        differences=False,
        why="only PyTorch judges huge numbers",
        torch=functional("logsigmoid"),
    ),
    Row(lambda: nn.TanhShrink(), matrix(3, 4), single=lambda x: x[0], bad=a_table, torch=functional("tanhshrink")),
    Row(
        lambda: nn.HardTanh(-0.5, 0.75),
        matrix(6, 4),
        single=lambda x: x[0],
        bad=a_table,
        smooth=away_from(-0.5, 0.75),
        torch=functional("hardtanh", -0.5, 0.75),
    ),
    Row(lambda: nn.Clamp(-0.25, 0.5), matrix(6, 4), bad=a_table, smooth=away_from(-0.25, 0.5)),
    Row(lambda: nn.SoftPlus(), matrix(3, 4), single=lambda x: x[0], bad=a_table, torch=functional("softplus")),
    Row(lambda: nn.SoftPlus(3), matrix(3, 4), torch=functional("softplus", 3)),
    Row(
        lambda: nn.SoftPlus(),
        wide,
        differences=False,
        why="only PyTorch judges huge numbers",
        torch=functional("softplus"),
    ),
    Row(lambda: nn.SoftSign(), matrix(3, 4), single=lambda x: x[0], bad=a_table, torch=functional("softsign")),
    Row(
        lambda: nn.SoftShrink(0.25),
        matrix(6, 4),
        single=lambda x: x[0],
        bad=a_table,
        smooth=away_from(-0.25, 0.25),
        torch=functional("softshrink", 0.25),
    ),
    Row(
        lambda: nn.HardShrink(0.25),
        matrix(6, 4),
        single=lambda x: x[0],
        bad=a_table,
        smooth=away_from(-0.25, 0.25),
        torch=functional("hardshrink", 0.25),
    ),
]
