"""What our modules compute that slide over planes, pad them or enlarge them, as functions of PyTorch tensors."""

import math

import torch
from torch.nn import functional as F

__all__ = []

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


def pool_with_places(x, kernel, stride, padding, dilation, ceil_mode):
    """The largest of every window, and where in its plane it was."""
    pool = F.max_pool2d if len(kernel) == 2 else F.max_pool3d
    return pool(x, kernel, stride, padding, dilation, ceil_mode, return_indices=True)


def unpool(x, places, source, axes):
    """Each element at the place of its maximum in ``source``, zeros elsewhere."""
    flat = x.new_zeros(*x.shape[:-axes], math.prod(source.shape[-axes:]))
    return flat.scatter(-1, places.flatten(-axes), x.flatten(-axes)).reshape(source.shape)
