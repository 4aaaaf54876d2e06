"""What our modules compute, as functions of PyTorch tensors, where PyTorch has no module of the same figures.

An exported network's code calls them. Dimensions are counted from 1, as the modules count them.
"""

import math

import torch
from torch.nn import functional as F

__all__ = []


def axis_of(dimension, ndim, nInputDims=None):
    """The axis of a dimension counted from 1 (or from the end), behind the batch that nInputDims tells of."""
    if dimension < 0:
        return ndim + dimension
    return dimension - 1 + (nInputDims is not None and ndim == nInputDims + 1)


# Elements -------------------------------------------------------------------------------------------------------------


def sqrt(x):
    """Square root whose gradient at 0 is 0."""
    zero = x == 0
    return torch.where(zero, torch.zeros_like(x), torch.sqrt(torch.where(zero, torch.ones_like(x), x)))


def absolute(x):
    """|x|, whose gradient at 0 is that of x."""
    return torch.where(x >= 0, x, -x)


def constant(x, value, nInputDim=None):
    """The value, for each row of a batch."""
    if nInputDim is not None and x.dim() > nInputDim:
        return value.expand(x.shape[0], *value.shape)
    return value.clone()


def laid_out(parameter, x):
    """A parameter as it meets x: whole, along each dimension, or repeated for each row."""
    if parameter.numel() == 1:
        return parameter.reshape((1,) * x.dim())
    if parameter.dim() == x.dim() and all(ours in (1, theirs) for ours, theirs in zip(parameter.shape, x.shape)):
        return parameter
    if parameter.numel() == x.numel():
        return parameter.reshape(x.shape)
    return parameter.reshape((1, *x.shape[1:]))


def scale(x, weight):
    """x times a learnt factor."""
    return x * laid_out(weight, x)


def shift(x, bias):
    """x plus a learnt offset."""
    return x + laid_out(bias, x)


def prelu(x, weight):
    """A slope for each plane below 0."""
    if weight.numel() > 1 and x.dim() > 1:
        weight = weight.reshape(-1, *(1,) * (x.dim() - 2))
    return torch.where(x > 0, x, weight * x)


def crelu(x, nInputDims):
    """Both signs of x, rectified and joined."""
    return torch.cat([torch.relu(x), torch.relu(-x)], x.dim() - nInputDims)


# Rows -----------------------------------------------------------------------------------------------------------------


def softmax(x):
    """The distribution along the features."""
    return torch.softmax(x, 1 - x.dim() % 2)


def log_softmax(x):
    """Its logarithm."""
    return torch.log_softmax(x, 1 - x.dim() % 2)


def softmin(x):
    """The distribution of -x."""
    return torch.softmax(-x, 1 - x.dim() % 2)


def normalize(x, p, eps):
    """Each row divided by its p-norm; of equals the first one is the largest, and 0 has no infinite slope for p < 1."""
    size = x.abs()
    if p == math.inf:
        return x / (size.gather(-1, size.argmax(-1, keepdim=True)) + eps)
    powers = x * x if p == 2 else size**p
    if p < 1:
        smooth = (size + eps) ** p
        powers = smooth + (powers - smooth).detach().nan_to_num(0)  # infinity less infinity, which is infinite already
    return x / (powers.sum(-1, keepdim=True) + eps) ** (1 / p)


def weight_norm_linear(x, v, g, bias, eps):
    """A Linear whose weight is g v / |v|."""
    norm = torch.linalg.vector_norm(v, dim=1, keepdim=True).clamp_min(eps)
    return F.linear(x, v * (g / norm), bias)


def partial_linear(x, weight, bias, picked):
    """Some outputs of a Linear."""
    return F.linear(x, weight[picked], None if bias is None else bias[0, picked])


# Reductions -----------------------------------------------------------------------------------------------------------


def _squeezed(x, axis, squeeze=True):
    return x.squeeze(axis) if squeeze and x.dim() > 1 else x


def total(x, dimension, nInputDims=None, average=False, squeeze=True):
    """The sum or mean along a dimension; a vector gives a vector of one."""
    axis = axis_of(dimension, x.dim(), nInputDims)
    reduced = x.mean(axis, keepdim=True) if average else x.sum(axis, keepdim=True)
    return _squeezed(reduced, axis, squeeze)


def largest(x, dimension, nInputDims=None):
    """The largest entries along a dimension; the gradient goes to the first of equals."""
    axis = axis_of(dimension, x.dim(), nInputDims)
    return _squeezed(x.gather(axis, x.argmax(axis, keepdim=True)), axis)


def smallest(x, dimension, nInputDims=None):
    """The smallest entries along a dimension."""
    axis = axis_of(dimension, x.dim(), nInputDims)
    return _squeezed(x.gather(axis, x.argmin(axis, keepdim=True)), axis)


# Places and shapes ----------------------------------------------------------------------------------------------------


def narrow(x, dimension, index, length):
    """Elements index .. index + length - 1; negative numbers count from the end."""
    axis = axis_of(dimension, x.dim())
    start, size = index - 1, x.shape[axis]
    if length < 0:
        length += size - index + 2
    if start < 0:
        start, length = 0, size - length
    return x.narrow(axis, start, length)


def select(x, dimension, index):
    """One element along a dimension."""
    return x.select(axis_of(dimension, x.dim()), index - 1 if index > 0 else index)


def pad(x, dim, pad, nInputDim=None, value=0, index=1):
    """|pad| values put in along a dimension."""
    batch = nInputDim is not None and dim > 0 and x.dim() > nInputDim
    axis = axis_of(dim + batch if dim > 0 else dim, x.dim())
    size = x.shape[axis]
    place = size - index + 1 if pad > 0 else index - 1
    filling = x.new_full((*x.shape[:axis], abs(pad), *x.shape[axis + 1 :]), value)
    return torch.cat([x.narrow(axis, 0, place), filling, x.narrow(axis, place, size - place)], axis)


def one_hot(x, like, size):
    """Vectors that are 1 at the index, counted from 1; of the type of ``like``, where x counts in integers."""
    hot = F.one_hot(x.long() - 1, size)
    return hot.to(x.dtype if x.is_floating_point() else like.dtype)


def reshape(x, size, batchMode=None):
    """The elements in other sizes, behind the batch if there is one."""
    batch = batchMode
    if batchMode is None:
        batch = x.numel() != math.prod(size) or x.shape[:1] == (1,)
    return x.reshape((x.shape[0], *size) if batch else size)


def view(x, size, numInputDims=None):
    """The elements in other sizes, behind as many rows as are left over."""
    first = 0 if numInputDims is None else x.dim() - numInputDims
    outer = math.prod(x.shape[:first])
    known = math.prod([part for part in size if part != -1])
    batch = outer if -1 in size else outer * (math.prod(x.shape[first:]) // known)
    return x.reshape(size if batch == 1 and first == 0 else (batch, *size))


def collapse(x, nInputDim):
    """The last dimensions made one."""
    return x.flatten(1) if x.dim() > nInputDim else x.flatten()


def squeeze(x, dim=None, numInputDims=None):
    """x without dimensions of size 1, but at least one stays."""
    if dim is not None:
        return x.squeeze(axis_of(dim, x.dim(), numInputDims)) if x.dim() > 1 else x
    batch = numInputDims is not None and x.dim() == numInputDims + 1
    kept = [size for size in x.shape if size != 1] or [1]
    return x.reshape([1, *kept] if batch and x.shape[0] == 1 else kept)


def unsqueeze(x, pos, numInputDims=None):
    """x with a dimension of size 1 put in."""
    if pos < 0:
        return x.unsqueeze(pos)
    return x.unsqueeze(pos - 1 + (0 if numInputDims is None else x.dim() - numInputDims))


def transpose(x, permutations, numInputDims=None):
    """Pairs of dimensions exchanged."""
    offset = 0 if numInputDims is None else x.dim() - numInputDims
    for pair in permutations:
        a, b = (axis_of(dim + offset if dim > 0 else dim, x.dim()) for dim in pair)
        x = x.transpose(a, b)
    return x


def replicate(x, nfeatures, dim, ndim=None):
    """x repeated along a new dimension."""
    axis = dim - 1 + (ndim is not None and x.dim() > ndim)
    return x.unsqueeze(axis).expand(*x.shape[:axis], nfeatures, *x.shape[axis:])


def contiguous(x):
    """x in memory's order."""
    return x.contiguous()
