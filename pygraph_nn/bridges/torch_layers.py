"""PyTorch modules of our figures where training and evaluation differ, or where our own code computes."""

import torch
from torch.autograd.function import once_differentiable
from torch.nn import functional as F
from torch.utils import _pytree as pytree

from ..modules.places import Parts, at_place
from ..tensors import type_name
from . import torch_tables as tables
from .naming import BUFFERS

__all__ = []


class Noise(torch.nn.Module):
    """Our Dropout in the forms that torch.nn.Dropout does not have, and of whole planes."""

    def __init__(self, p, scaled, stochastic, ndim=None):
        super().__init__()
        self.p, self.scaled, self.stochastic, self.ndim = p, scaled, stochastic, ndim

    def forward(self, x):
        """x with some elements or planes dropped."""
        if (self.training or self.stochastic) and self.p > 0:
            shape = x.shape
            if self.ndim is not None:
                planes = x.dim() - self.ndim + 2
                shape = (*x.shape[:planes], *(1,) * (self.ndim - 2))
            noise = torch.empty(shape, dtype=x.dtype, device=x.device).bernoulli_(1 - self.p)
            return x * (noise / (1 - self.p) if self.scaled else noise)
        return x if self.scaled else x * (1 - self.p)

    def extra_repr(self):
        """The settings."""
        return f"p={self.p}"


class WhiteNoise(torch.nn.Module):
    """x plus normal noise; plus the mean in evaluation."""

    def __init__(self, mean, std):
        super().__init__()
        self.mean, self.std = mean, std

    def forward(self, x):
        """x with noise."""
        return x + (torch.randn_like(x) * self.std + self.mean if self.training else self.mean)


class BatchNorm(torch.nn.modules.batchnorm._BatchNorm):
    """Batch normalization as Torch7 does it: a single row is normalised by the running statistics."""

    def __init__(self, features, eps, momentum, affine, ndim):
        super().__init__(features, eps, momentum, affine)
        self.ndim = ndim

    def forward(self, x):
        """x normalised."""
        batch = x if x.dim() == self.ndim else x[None]
        by_batch = self.training and len(batch) > 1
        y = F.batch_norm(
            batch, self.running_mean, self.running_var, self.weight, self.bias, by_batch, self.momentum, self.eps
        )
        return y if x.dim() == self.ndim else y[0]


class WeightNorm(torch.nn.Module):
    """A module whose weight is g v / |v|."""

    def __init__(self, inner, v, g, axis):
        super().__init__()
        weight = inner.weight.detach().clone()
        del inner.weight
        inner.register_buffer("weight", weight, persistent=False)
        self.inner, self.v, self.g, self.axis = inner, v, g, axis

    def forward(self, x):
        """What the inner module makes of x with that weight."""
        norm = ((self.v * self.v).sum(1, keepdim=True) + 1e-4).sqrt()
        front = self.inner.weight.movedim(self.axis, 0).shape
        weight = (self.v * (self.g / norm)).reshape(front).movedim(0, self.axis)
        return torch.func.functional_call(self.inner, {"weight": weight}, (x,))


class Each(torch.nn.Module):
    """One module for all entries of a table; it may take what is in such an entry one by one."""

    def __init__(self, inner, one_by_one):
        super().__init__()
        self.inner, self.one_by_one = inner, one_by_one

    def forward(self, table):
        """The table of what it makes of them."""
        return [self.inner(*entry) if self.one_by_one else self.inner(entry) for entry in table]


class Parallel(torch.nn.Module):
    """The i-th module for the i-th slice, their outputs joined; dimensions are counted from 1."""

    def __init__(self, parts, split, join):
        super().__init__()
        self.parts, self.split, self.join = torch.nn.ModuleList(parts), split, join

    def forward(self, x):
        """The joined outputs."""
        slices = tables.split(x, self.split)
        return tables.join([part(piece) for part, piece in zip(self.parts, slices)], self.join)


class Converted(torch.nn.Module):
    """Another order of dimensions; an input without the batch gives an output without."""

    def __init__(self, inner, rank, batch_in, batch_out, dtype):
        super().__init__()
        self.inner, self.rank, self.places, self.dtype = inner, rank, (batch_in, batch_out), dtype

    def forward(self, x):
        """x converted."""
        x = x if x.is_floating_point() else x.to(self.dtype)
        if self.rank is None or x.dim() == self.rank:
            return self.inner(x)
        return self.inner(x.unsqueeze(self.places[0])).squeeze(self.places[1])


class Reversed(torch.autograd.Function):
    """y = x; the gradient is turned round."""

    @staticmethod
    def forward(ctx, x, factor):
        """Hand x on."""
        ctx.factor = factor
        return x.view_as(x)

    @staticmethod
    def backward(ctx, gradient):
        """Times minus the factor."""
        return -ctx.factor * gradient, None


class Penalised(torch.autograd.Function):
    """y = x; the gradient of an L1 penalty is added."""

    @staticmethod
    def forward(ctx, x, factor, average, provide):
        """Hand x on."""
        ctx.save_for_backward(x)
        ctx.settings = (factor / x.numel() if average else factor), provide
        return x.view_as(x)

    @staticmethod
    def backward(ctx, gradient):
        """Plus the penalty's gradient."""
        (x,) = ctx.saved_tensors
        factor, provide = ctx.settings
        penalty = factor * torch.sign(x)
        return (gradient + penalty if provide else penalty), None, None, None


def reverse_gradient(x, factor):
    """x, whose gradient comes back times -factor."""
    return Reversed.apply(x, factor)


def penalise(x, factor, average, provide):
    """x, whose gradient comes back with that of an L1 penalty."""
    return Penalised.apply(x, factor, average, provide)


# Our own code ---------------------------------------------------------------------------------------------------------


def running(module):
    """The running statistics inside of a module of ours."""
    found = (getattr(part, name, None) for part in module.listModules() for name in BUFFERS)
    return [array for array in found if array is not None]


class Wrapped(torch.nn.Module):
    """A module of ours inside of PyTorch: numpy computes both passes, on the processor, whatever the tensors' device.

    ``parameters`` are named, in the order of the module's own; ``buffers`` are pairs of a name and a tensor, for what
    ``running`` finds in it.

    torch.compile leaves it as it is (a break of the graph); torch.export refuses it, and so does a second derivative.
    """

    def __init__(self, module, parameters, buffers):
        super().__init__()
        self.module = module
        self.fields, self.running = tuple(parameters), [name for name, _ in buffers]
        for name, parameter in parameters.items():
            self.register_parameter(name, parameter)
        for name, buffer in dict(buffers).items():
            self.register_buffer(name, buffer)

    @torch.compiler.disable
    def forward(self, value):
        """What our module makes of a tensor, or of a table of tensors."""
        leaves, structure = pytree.tree_flatten(value)
        parameters = [getattr(self, field) for field in self.fields]
        found = Ours.apply(self, structure, len(leaves), *leaves, *parameters)
        return pytree.tree_unflatten(list(found), self.structure)

    def extra_repr(self):
        """Our module."""
        return repr(self.module)


class Ours(torch.autograd.Function):
    """Both passes through a module of ours."""

    @staticmethod
    def forward(ctx, wrapped, structure, count, *tensors):
        """Run updateOutput on arrays."""
        module = wrapped.module
        arrays = [tensor.detach().cpu().numpy() for tensor in tensors]
        floats = [array for array in arrays if array.dtype.kind == "f"]
        if floats and floats[0].dtype != module.dtype:
            module.type(type_name(floats[0].dtype))
        for parameter, array in zip(module.parameters()[0], arrays[count:]):
            parameter[...] = array
        for name, array in zip(wrapped.running, running(module)):
            array[...] = getattr(wrapped, name).cpu().numpy()
        if wrapped.training != module.train:
            (module.training if wrapped.training else module.evaluate)()
        ctx.state, ctx.input = {}, pytree.tree_unflatten(arrays[:count], structure)
        output = at_place(ctx.state, Parts(module), module.forward, ctx.input)
        for name, array in zip(wrapped.running, running(module)):
            getattr(wrapped, name).copy_(torch.from_numpy(array))
        leaves, wrapped.structure = pytree.tree_flatten(output)
        ctx.wrapped, ctx.count = wrapped, count
        ctx.shown = [tensor.device for tensor in tensors]
        ctx.structure = wrapped.structure
        device = tensors[0].device
        return tuple(torch.tensor(leaf, device=device) for leaf in leaves)

    @staticmethod
    @once_differentiable
    def backward(ctx, *gradients):
        """Run backward on arrays."""
        module = ctx.wrapped.module
        module.zeroGradParameters()
        arrays = [gradient.detach().cpu().numpy() for gradient in gradients]
        gradOutput = pytree.tree_unflatten(arrays, ctx.structure)
        found = at_place(ctx.state, Parts(module), module.backward, ctx.input, gradOutput)
        leaves = pytree.tree_leaves(found)[: ctx.count]
        leaves += [None] * (ctx.count - len(leaves))
        leaves += [gradient.copy() for gradient in module.parameters()[1]]
        passed = [
            None if leaf is None or not ctx.needs_input_grad[index] else torch.tensor(leaf, device=device)
            for index, (leaf, device) in enumerate(zip(leaves, ctx.shown), 3)
        ]
        return (None, None, None, *passed)
