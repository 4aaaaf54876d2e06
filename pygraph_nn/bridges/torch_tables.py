"""What our modules of tables, pairs and distances compute, as functions of PyTorch tensors."""

from functools import reduce

import torch
from torch.nn import functional as F

from .torch_functions import axis_of, sqrt

__all__ = []


# Tables ---------------------------------------------------------------------------------------------------------------


def add_table(table):
    """The sum of a table."""
    return reduce(torch.add, table)


def multiply_table(table):
    """The product of a table."""
    return reduce(torch.mul, table)


def subtract_table(table):
    """The first entry less the second."""
    return table[0] - table[1]


def divide_table(table):
    """The first entry divided by the second."""
    return table[0] / table[1]


def extreme_table(table, larger):
    """Element by element the largest (or smallest), the first of equals; NaN beats all numbers."""
    found = table[0]
    for entry in table[1:]:
        beats = entry > found if larger else entry < found
        found = torch.where(beats | entry.isnan() & ~found.isnan(), entry, found)
    return found


def add_to_each(table):
    """The first entry added to each of the table that is the second."""
    return [table[0] + entry for entry in table[1]]


def join(table, dimension, nInputDims=None):
    """Arrays joined along a dimension."""
    return torch.cat(list(table), axis_of(dimension, table[0].dim(), nInputDims))


def split(x, dimension, nInputDims=None):
    """The slices along a dimension."""
    return list(x.unbind(axis_of(dimension, x.dim(), nInputDims)))


def bilinear(table, weight, bias):
    """A form in two inputs for each output."""
    return F.bilinear(table[0], table[1], weight, bias)


# Pairs ----------------------------------------------------------------------------------------------------------------


def multiply_matrices(table, transA, transB):
    """The matrix product."""
    first, second = table
    return torch.matmul(first.mT if transA else first, second.mT if transB else second)


def multiply_vector(table, trans):
    """Matrix times vector."""
    matrix, vector = table
    return torch.matmul(matrix.mT if trans else matrix, vector[..., None])[..., 0]


def mixture(table, dim):
    """Experts, mixed by the weights of a gater."""
    gater, experts = table
    axis = gater.dim() - 1
    if isinstance(experts, (list, tuple)):
        experts = torch.stack(list(experts), axis)
    elif dim is not None:
        axis = axis_of(dim, experts.dim())
    if gater.dim() == experts.dim() == 1:
        experts = experts[:, None]
    shape = [1] * experts.dim()
    shape[axis] = gater.shape[-1]
    if gater.dim() == 2:
        shape[0] = gater.shape[0]
    return (gater.reshape(shape) * experts).sum(axis)


def index_select(table, dimension):
    """Slices by index, counted from 1."""
    source, index = table
    return source.index_select(axis_of(dimension, source.dim()), index.long() - 1)


def masked_select(table):
    """The elements that the mask names."""
    return table[0][table[1] != 0]


def glu(x, dim):
    """One half times the sigmoid of the other."""
    return F.glu(x, -1 if dim is None else axis_of(dim, x.dim()))


# Structure of tables --------------------------------------------------------------------------------------------------


def narrow_table(table, offset, length):
    """Some entries of a table."""
    start = offset - 1 if offset > 0 else len(table) + offset
    return list(table)[start : start + length]


def flatten_table(table):
    """All tensors of a nested table, in order."""
    if isinstance(table, dict):
        table = list(table.values())
    return [leaf for entry in table for leaf in flatten_table(entry)] if isinstance(table, (list, tuple)) else [table]


def zip_table(table):
    """A table of n tables of m as one of m tables of n."""
    return [list(column) for column in zip(*table)]


def zip_one_to_many(table):
    """The first entry beside every entry of the second."""
    return [[table[0], entry] for entry in table[1]]


# Embeddings and distances ---------------------------------------------------------------------------------------------


def look_up(x, weight, padding, max_norm, norm_type, by_frequency):
    """The rows of a matrix by index, counted from 1."""
    norm = 2.0 if norm_type is None else norm_type
    return F.embedding(x.long() - 1, weight, padding - 1 if padding else None, max_norm, norm, by_frequency)


def dot_product(table):
    """The product of each pair of rows."""
    return (table[0] * table[1]).sum(-1, keepdim=table[0].dim() == 1)


def cosine_distance(table):
    """The cosine of each pair of rows."""
    first, second = table
    one = first.dim() == 1
    lengths = [(rows * rows).sum(-1, keepdim=one) + 1e-12 for rows in (first, second)]
    return (first * second).sum(-1, keepdim=one) / (lengths[0] * lengths[1]).sqrt()


def _with_slope(value, slope, argument, axis, keepdim=False):
    """``value`` whose gradient by ``argument`` is ``slope``: ours adds an epsilon that the value does not have."""
    return value.detach() + (slope.detach() * (argument - argument.detach())).sum(axis, keepdim=keepdim)


def pairwise_distance(table, p):
    """The p-norm of the difference of each pair of rows."""
    difference, one = table[0] - table[1], table[0].dim() == 1
    value = (difference.abs() ** p).sum(-1, keepdim=one) ** (1 / p)
    length = (value if one else value[..., None]) + 1e-6
    slope = difference.sign() * difference.abs() ** (p - 1) * length ** (1 - p)
    return _with_slope(value, slope, difference, -1, one)


def euclidean(x, weight, factors=None):
    """The distances to learnt vectors, whose dimensions may be weighted."""
    difference = x[..., :, None] - weight
    difference = difference if factors is None else difference * factors
    value = (difference * difference).sum(-2).sqrt()
    return _with_slope(value, difference / (value[..., None, :] + 1e-7), difference, -2)


def cosine(x, weight):
    """The cosines with learnt vectors."""
    unit = [rows / (sqrt(rows.square().sum(-1, keepdim=True)) + 1e-12) for rows in (x, weight)]
    return unit[0] @ unit[1].T


def cross_map_normalization(x, size, alpha, beta, k):
    """x divided by a power of the sum of its neighbours' squares."""
    squares, half = x * x, size // 2
    padded = F.pad(squares, (0, 0, 0, 0, half, half))
    total = sum([padded.narrow(-3, place, x.shape[-3]) for place in range(size)])
    return x * (k + alpha / size * total) ** -beta


# Around other modules -------------------------------------------------------------------------------------------------


def center(x):
    """x less the means of its rows, in the order in which Torch7 takes them off."""
    means = x.reshape(-1, x.shape[-1]).mean(1)
    return x - means.repeat(x.shape[-1]).reshape(x.shape)


def fuse(x, ndim):
    """The first dimensions made one, so that ``ndim`` are left."""
    return x.flatten(0, x.dim() - ndim) if x.dim() > ndim else x


def part(y, x, ndim):
    """y with the dimensions that ``fuse`` made one apart again."""
    extra = x.dim() - ndim
    return y.reshape(*x.shape[:extra], -1, *y.shape[1:]) if extra > 0 else y


def center_depth(table, dimension):
    """Arrays joined along a dimension, the smaller ones in the middle of zeros."""
    axis, padded = axis_of(dimension, table[0].dim()), []
    for x in table:
        sides = []
        for other in reversed(range(x.dim())):
            room = 0 if other == axis else max([y.shape[other] for y in table]) - x.shape[other]
            sides += [room // 2, room - room // 2]
        padded.append(F.pad(x, sides))
    return torch.cat(padded, axis)


def cast(x, dtype):
    """x in another type."""
    return x.to(dtype)


def entry_of(table, key):
    """An entry of a table by its key."""
    return table[key]


def detached(value):
    """A tensor or a table without a way back for gradients."""
    if isinstance(value, (list, tuple)):
        return [detached(entry) for entry in value]
    return value.detach()
