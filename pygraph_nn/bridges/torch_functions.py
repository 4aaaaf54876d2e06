"""What our modules compute, as functions of PyTorch tensors, where PyTorch has no module of the same figures.

An exported network's code calls them. Dimensions are counted from 1, as the modules count them.
"""

import math
from functools import reduce

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
    """Each row divided by its p-norm."""
    if p == math.inf:
        return x / (x.abs().amax(-1, keepdim=True) + eps)
    powers = x * x if p == 2 else x.abs() ** p
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


def one_hot(x, size, dtype):
    """Vectors that are 1 at the index, counted from 1; of the given type, where x counts in integers."""
    hot = F.one_hot(x.long() - 1, size)
    return hot.to(x.dtype if x.is_floating_point() else dtype)


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
    known = math.prod(part for part in size if part != -1)
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
    """Element by element the largest (or smallest), the first of equals."""
    found = table[0]
    for entry in table[1:]:
        found = torch.where(entry > found if larger else entry < found, entry, found)
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


# Windows --------------------------------------------------------------------------------------------------------------

_CONVOLVE = (F.conv1d, F.conv2d, F.conv3d)
_TRANSPOSED = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)


def temporal_convolution(x, weight, bias, kW, dW):
    """A convolution over rows of features; the weight holds frame after frame."""
    kernel = weight.reshape(weight.shape[0], kW, -1).transpose(1, 2)
    return F.conv1d(x.transpose(-1, -2), kernel, bias, dW).transpose(-1, -2)


def row_convolution(x, weight, bias, dW, frames_last):
    """Every feature convolved over time by itself."""
    frames = x.transpose(-1, -2) if frames_last else x
    y = F.conv1d(frames, weight, bias, dW, groups=weight.shape[0])
    return y.transpose(-1, -2) if frames_last else y


def depthwise_convolution(x, weight, bias, planes, kernel, stride, padding):
    """Every plane convolved by itself, several times."""
    kernels = weight.reshape(-1, planes, *kernel).transpose(0, 1).reshape(-1, 1, *kernel)
    return F.conv2d(x, kernels, None if bias is None else bias.t().reshape(-1), stride, padding, groups=planes)


def mapped_convolution(x, weight, bias, table, planes, stride, transposed):
    """A convolution in which the listed pairs of planes meet."""
    inputs, outputs = table[:, 0], table[:, 1]
    places = (inputs, outputs) if transposed else (outputs, inputs)
    whole = weight.new_zeros(*(planes if transposed else planes[::-1]), *weight.shape[1:])
    whole = whole.index_put(places, weight, accumulate=True)
    return (_TRANSPOSED if transposed else _CONVOLVE)[1](x, whole, bias, stride)


def local_convolution(x, weight, bias, kernel, stride, padding):
    """A convolution whose kernel differs from place to place."""
    batch = x if x.dim() == 4 else x[None]
    columns = F.unfold(batch, kernel, padding=padding, stride=stride)
    places = weight.reshape(-1, weight.shape[2], columns.shape[1])
    y = torch.einsum("poc,ncp->nop", places, columns).reshape(len(batch), weight.shape[2], *weight.shape[:2])
    y = y if bias is None else y + bias
    return y if x.dim() == 4 else y[0]


def full_convolution(x, weight, bias, stride, padding, adjust):
    """A transposed convolution; of a table {input, target}, in the target's sizes."""
    axes = len(stride)
    if isinstance(x, (list, tuple)):
        x, sizes, kernel = x[0], x[1].shape[-axes:], weight.shape[-axes:]
        adjust = [(sizes[i] + 2 * padding[i] - kernel[i]) % stride[i] for i in range(axes)]
    return _TRANSPOSED[axes - 1](x, weight, bias, stride, padding, adjust)


def temporal_max_pooling(x, kW, dW):
    """The largest of windows over rows."""
    return F.max_pool1d(x.transpose(-1, -2), kW, dW).transpose(-1, -2)


def average_pooling(x, kernel, stride, padding, ceil_mode, count_include_pad, divide):
    """The mean of every window, or the sum."""
    pool = F.avg_pool2d if len(kernel) == 2 else F.avg_pool3d
    y = pool(x, kernel, stride, padding, ceil_mode, count_include_pad)
    return y if divide else y * math.prod(kernel)


def subsampling(x, weight, bias, kernel, stride, frames_last):
    """The sum of every window, times a weight and plus a bias for each plane."""
    planes = x.transpose(-1, -2) if frames_last else x
    kernels = weight.reshape(-1, 1, *(1,) * len(kernel)).expand(-1, 1, *kernel)
    y = _CONVOLVE[len(kernel) - 1](planes, kernels, bias, stride, groups=weight.shape[0])
    return y.transpose(-1, -2) if frames_last else y


def side_padding(x, sides, mode):
    """Padding at the sides, (before, after) of each of the last axes; negative numbers crop."""
    for axis, (before, after) in enumerate(sides, -len(sides)):
        size = x.shape[axis]
        start, stop = max(-before, 0), size - max(-after, 0)
        inner = x.narrow(axis, start, stop - start)
        if mode == "zeros":
            inner = _fill(inner, axis, max(before, 0), max(after, 0))
        else:
            places = torch.arange(-before, size + after, device=x.device)
            if mode == "replicate":
                places = places.clamp(0, size - 1)
            else:
                places = torch.where(places < 0, -places, torch.where(places >= size, 2 * (size - 1) - places, places))
            inner = x.index_select(x.dim() + axis, places)
        x = inner
    return x


def _fill(x, axis, before, after):
    ends = [x.new_zeros(*x.shape[:axis], n, *x.shape[axis:][1:]) for n in (before, after)]
    return torch.cat([ends[0], x, ends[1]], axis)


def upsample_nearest(x, factor, axes):
    """Every element repeated along the last axes."""
    for axis in range(-axes, 0) if axes else range(2 - x.dim(), 0):
        x = x.repeat_interleave(factor, axis)
    return x


def pixel_shuffle(x, factor):
    """r x r planes become one plane r times as large."""
    return F.pixel_shuffle(x, factor)


def _interpolation(size, wanted, like):
    """The matrix that interpolates linearly, its places rounded to float32 as ours are."""
    step = torch.tensor(size - 1, dtype=torch.float32) / max(wanted - 1, 1)
    places = step * torch.arange(wanted, dtype=torch.float32)
    low = places.long() if size != wanted else torch.arange(wanted)
    part = (places - low.float()).to(like.dtype) if size != wanted else torch.zeros(wanted, dtype=like.dtype)
    first = F.one_hot(low, size).to(like.dtype) * (1 - part)[:, None]
    second = F.one_hot((low + 1).clamp_max(size - 1), size).to(like.dtype) * part[:, None]
    return (first + second).to(like.device)


def upsample_linear(x, factor, sizes, axes=None):
    """Linear interpolation along the last axes, corners meeting corners."""
    axes = axes or x.dim() - 2
    wanted = [size * factor for size in x.shape[-axes:]] if factor is not None else sizes[-axes:]
    for axis, size in enumerate(wanted, -axes):
        matrix = _interpolation(x.shape[axis], size, x)
        x = torch.tensordot(x, matrix, ([axis], [1])).movedim(-1, axis)
    return x


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
    unit = [rows / (rows.square().sum(-1, keepdim=True).sqrt() + 1e-12) for rows in (x, weight)]
    return unit[0] @ unit[1].T


def cross_map_normalization(x, size, alpha, beta, k):
    """x divided by a power of the sum of its neighbours' squares."""
    squares, half = x * x, size // 2
    padded = F.pad(squares, (0, 0, 0, 0, half, half))
    total = sum(padded.narrow(-3, place, x.shape[-3]) for place in range(size))
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
            room = 0 if other == axis else max(y.shape[other] for y in table) - x.shape[other]
            sides += [room // 2, room - room // 2]
        padded.append(F.pad(x, sides))
    return torch.cat(padded, axis)


def cast(x, dtype):
    """x in another type."""
    return x.to(dtype)


def entry_of(table, key):
    """An entry of a table by its key."""
    return table[key]
