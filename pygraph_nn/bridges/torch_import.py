"""From PyTorch: torch.nn modules as networks of ours, with copies of their weights."""

import torch

from .. import modules as zoo
from ..errors import GraphError, PygraphError, TensorTypeError
from ..recurrent import GRU, LSTM, RNN, Bidirectional, Layers, Unroll, load_torch_weights

__all__ = ["from_torch"]


def from_torch(module):
    """Return a network that computes what a torch.nn module does, in its type and mode, with copies of its weights.

    A module without any numbers of its own gets PyTorch's default type; ``net.double()`` makes it another. A part in
    another mode keeps it; parts that come twice and parameters that two parts share are shared here, too.

    Known are Linear, Bilinear, Embedding, Conv1d to Conv3d, BatchNorm1d (of rows) to BatchNorm3d, Dropout, MaxPool2d,
    AvgPool2d, the usual activations, RNN, LSTM, GRU and their cells, Identity, Flatten, and Sequential of them.
    Recurrent modules become Unroll (Bidirectional, Layers), which take (T x B x ...) as theirs do without
    ``batch_first``; their states come and go in one table [x, state, ...], layer by layer, an LSTM's as c, h. A cell
    takes [x, h] or [x, c, h]. Embeddings count from 1: add 1 to PyTorch's indices. A BatchNorm in training takes its
    running statistics for a batch of one image, as Torch7's does. Raises GraphError for other modules,
    for hooks and for settings that have no counterpart, with a list of all of them, and TensorTypeError for numbers of
    several types or of another type than float32 and float64.

    >>> import torch, pygraph_nn as nn
    >>> net = nn.from_torch(torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Tanh()))
    >>> net.get(1)
    nn.Linear(3 -> 2)
    """
    if not isinstance(module, torch.nn.Module):
        raise TensorTypeError(f"from_torch takes a PyTorch module, got {module!r}")
    dtype, found, refused = _type(module), {}, []
    net = _convert(module, "the module", found, refused)
    _tie(found.values(), refused)
    if refused:
        raise GraphError("from_torch: there is no counterpart of " + "; ".join(refused))
    return net.float() if dtype == torch.float32 else net.double()


def _type(module):
    """The one type of a module's numbers, which a network can have."""
    tensors = [value for value in module.state_dict().values() if isinstance(value, torch.Tensor)]  # not all need be
    types = {t.dtype for t in tensors if t.is_floating_point() or t.is_complex()} or {torch.get_default_dtype()}
    if not any(types == {known} for known in (torch.float32, torch.float64)):
        raise TensorTypeError(
            f"from_torch: a network is all float32 or all float64, the module is {', '.join(sorted(map(str, types)))}: "
            "convert it with module.float()"
        )
    if any(t.is_meta for t in tensors):
        raise TensorTypeError("from_torch: the module is on the meta device and has no numbers yet: load its weights")
    return types.pop()


def _convert(module, path, found, refused):
    """Convert a module; note what cannot be, and put an Identity in its place.

    ``found`` maps the modules that were met to (path, module, what it became): one that comes again is the same here.
    """
    if id(module) not in found:
        try:
            net = _converted(module, path, found, refused)
        except PygraphError as error:
            refused.append(f"{path}: {error}")
            net = zoo.Identity()
        found[id(module)] = path, module, net
    return found[id(module)][2]


def _converted(module, path, found, refused):
    """Our module in the mode of theirs."""
    _need(type(module) is torch.nn.Sequential or type(module) in TABLE, f"a {type(module).__name__}")
    _need(not (module._forward_hooks or module._forward_pre_hooks), f"{module} with hooks on its forward pass")
    if type(module) is torch.nn.Sequential:
        net = zoo.Sequential()
        for name, part in module._modules.items():  # which unlike children() tells a part as often as it comes
            net.add(_convert(part, name if path == "the module" else f"{path}.{name}", found, refused))
        net.train = module.training
        return net
    net = TABLE[type(module)](module)
    return net.training() if module.training else net.evaluate()


def _tie(found, refused):
    """Share the parameters that several modules share there."""
    first = {}
    for path, theirs, ours in found:
        for field, parameter in theirs.named_parameters(recurse=False):
            owner = next((m for m in ours.listModules() if getattr(m, field, None) is not None), None)
            other, place, name = first.setdefault(parameter, (owner, path, field))
            if place == path:
                continue
            try:
                _need(
                    owner is not None and other is not None and name == field, f"{field} shared with {place}'s {name}"
                )
                owner.share(other, field, f"grad{field.capitalize()}")
            except PygraphError as error:
                refused.append(f"{path}: {error}")


def _need(holds, what):
    """Refuse a setting."""
    if not holds:
        raise GraphError(what)


def _array(tensor):
    return tensor.detach().cpu().numpy()


def _filled(net, tensors):
    """Give a module the type and the numbers of tensors, by field."""
    first = next(tensor for tensor in tensors.values() if tensor is not None)
    net.float() if first.dtype == torch.float32 else net.double()
    for field, tensor in tensors.items():
        if tensor is not None:
            own = getattr(net, field)
            own[...] = _array(tensor).reshape(own.shape)
    return net


def _linear(m):
    net = zoo.Linear(m.in_features, m.out_features, m.bias is not None)
    return _filled(net, {"weight": m.weight, "bias": m.bias})


def _bilinear(m):
    net = zoo.Bilinear(m.in1_features, m.in2_features, m.out_features, m.bias is not None)
    return _filled(net, {"weight": m.weight, "bias": m.bias})


def _embedding(m):
    padding = 0 if m.padding_idx is None else m.padding_idx + 1
    norm = None if m.max_norm is None else m.norm_type
    net = zoo.LookupTable(m.num_embeddings, m.embedding_dim, padding, m.max_norm, norm)
    if m.scale_grad_by_freq:
        net.scaleGradByFreq()
    return _filled(net, {"weight": m.weight})


def _convolution(cls, order):
    """A converter; ``order`` puts PyTorch's sizes (T, H, W) into that of our constructor's."""

    def convert(m):
        _need(m.groups == 1 and m.padding_mode == "zeros", f"{m}: groups and padding modes other than zeros")
        _need(not isinstance(m.padding, str), f"{m}: padding by name")
        sizes = [[part[i] for i in order] for part in (m.kernel_size, m.stride, m.padding, m.dilation)]
        net = cls(m.in_channels, m.out_channels, *(number for part in sizes for number in part))
        net = net if m.bias is not None else net.noBias()
        return _filled(net, {"weight": m.weight, "bias": m.bias})

    return convert


def _conv1d(m):
    """A Conv1d takes (N x planes x time): a convolution over planes of height 1."""
    _need(m.groups == 1 and m.padding_mode == "zeros", f"{m}: groups and padding modes other than zeros")
    _need(not isinstance(m.padding, str), f"{m}: padding by name")
    net = zoo.SpatialDilatedConvolution(
        m.in_channels, m.out_channels, m.kernel_size[0], 1, m.stride[0], 1, m.padding[0], 0, m.dilation[0], 1
    )
    net = net if m.bias is not None else net.noBias()
    _filled(net, {"weight": m.weight, "bias": m.bias})
    return zoo.Sequential().add(zoo.Unsqueeze(-2)).add(net).add(zoo.Squeeze(-2))


def _batch_norm(cls):
    def convert(m):
        _need(m.momentum is not None and m.track_running_stats, f"{m}: averages that are not running ones")
        net = cls(m.num_features, m.eps, m.momentum, m.affine)
        statistics = {"running_mean": m.running_mean, "running_var": m.running_var}
        return _filled(net, {**statistics, "weight": m.weight, "bias": m.bias})

    return convert


def _pairs(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def _max_pooling(m):
    _need(not m.return_indices, f"{m}: indices put out")
    sizes = [_pairs(part)[::-1] for part in (m.kernel_size, m.stride, m.padding, m.dilation)]
    net = zoo.SpatialDilatedMaxPooling(*(number for part in sizes for number in part))
    return net.ceil() if m.ceil_mode else net


def _average_pooling(m):
    _need(m.divisor_override is None, f"{m}: a divisor of its own")
    sizes = [_pairs(part)[::-1] for part in (m.kernel_size, m.stride, m.padding)]
    net = zoo.SpatialAveragePooling(*(number for part in sizes for number in part))
    net = net if m.count_include_pad else net.setCountExcludePad()
    return net.ceil() if m.ceil_mode else net


def _flatten(m):
    _need(m.start_dim == 1 and m.end_dim == -1, f"{m}: other dimensions than all but the first")
    return zoo.Reshape(-1, True)


def _softplus(m):
    net = zoo.SoftPlus(m.beta)
    net.threshold = m.threshold
    return net


def _softmax(plain):
    """Ours takes the scores' dimension from the number of dimensions: here it gets rows, of whatever comes."""

    def convert(m):
        _need(m.dim in (1, -1), f"{m}: another dimension than the second and the last")
        rows = zoo.Bottle(plain())
        if m.dim == -1:
            return rows
        return zoo.Sequential().add(zoo.Transpose((2, -1))).add(rows).add(zoo.Transpose((2, -1)))

    return convert


# Recurrent ------------------------------------------------------------------------------------------------------------


def _cell(m, inputs):
    """A cell of the same kind."""
    kind = type(m).__name__.removesuffix("Cell")
    if kind == "LSTM":
        return LSTM.create(inputs, m.hidden_size)
    if kind == "GRU":
        return GRU.create(inputs, m.hidden_size, reset_after=True)
    return RNN.create(inputs, m.hidden_size, m.nonlinearity)


def _typed(net, m):
    return net.float() if next(m.parameters()).dtype == torch.float32 else net.double()


def _recurrent_cell(m):
    net = _typed(_cell(m, m.input_size), m)
    return load_torch_weights(net, {f"{name}_l0": _array(p) for name, p in m.named_parameters()})


def _recurrent(m):
    _need(not m.batch_first, f"{m}: batch_first")
    _need(m.dropout == 0, f"{m}: dropout between layers")
    _need(not getattr(m, "proj_size", 0), f"{m}: projections")
    directions, layers = 2 if m.bidirectional else 1, []
    for number in range(m.num_layers):
        inputs = m.input_size if number == 0 else directions * m.hidden_size
        cells = [_cell(m, inputs) for _ in range(directions)]
        layers.append(Bidirectional(*cells) if m.bidirectional else Unroll(*cells))
    net = _typed(layers[0] if len(layers) == 1 else Layers(*layers), m)
    return load_torch_weights(net, {name: _array(p) for name, p in m.named_parameters()})


TABLE = {
    torch.nn.AvgPool2d: _average_pooling,
    torch.nn.BatchNorm1d: _batch_norm(zoo.BatchNormalization),
    torch.nn.BatchNorm2d: _batch_norm(zoo.SpatialBatchNormalization),
    torch.nn.BatchNorm3d: _batch_norm(zoo.VolumetricBatchNormalization),
    torch.nn.Bilinear: _bilinear,
    torch.nn.Conv1d: _conv1d,
    torch.nn.Conv2d: _convolution(zoo.SpatialDilatedConvolution, (1, 0)),
    torch.nn.Conv3d: _convolution(zoo.VolumetricDilatedConvolution, (0, 2, 1)),
    torch.nn.Dropout: lambda m: zoo.Dropout(m.p),
    torch.nn.ELU: lambda m: zoo.ELU(m.alpha),
    torch.nn.Embedding: _embedding,
    torch.nn.Flatten: _flatten,
    torch.nn.GRU: _recurrent,
    torch.nn.GRUCell: _recurrent_cell,
    torch.nn.Hardshrink: lambda m: zoo.HardShrink(m.lambd),
    torch.nn.Hardtanh: lambda m: zoo.HardTanh(m.min_val, m.max_val),
    torch.nn.Identity: lambda m: zoo.Identity(),
    torch.nn.LeakyReLU: lambda m: zoo.LeakyReLU(m.negative_slope),
    torch.nn.Linear: _linear,
    torch.nn.LogSigmoid: lambda m: zoo.LogSigmoid(),
    torch.nn.LogSoftmax: _softmax(zoo.LogSoftMax),
    torch.nn.LSTM: _recurrent,
    torch.nn.LSTMCell: _recurrent_cell,
    torch.nn.MaxPool2d: _max_pooling,
    torch.nn.PReLU: lambda m: _filled(zoo.PReLU(m.num_parameters if m.num_parameters > 1 else 0), {"weight": m.weight}),
    torch.nn.ReLU: lambda m: zoo.ReLU(),
    torch.nn.ReLU6: lambda m: zoo.ReLU6(),
    torch.nn.RNN: _recurrent,
    torch.nn.RNNCell: _recurrent_cell,
    torch.nn.Sigmoid: lambda m: zoo.Sigmoid(),
    torch.nn.Softmax: _softmax(zoo.SoftMax),
    torch.nn.Softplus: _softplus,
    torch.nn.Softshrink: lambda m: zoo.SoftShrink(m.lambd),
    torch.nn.Softsign: lambda m: zoo.SoftSign(),
    torch.nn.Tanh: lambda m: zoo.Tanh(),
    torch.nn.Tanhshrink: lambda m: zoo.TanhShrink(),
    torch.nn.Threshold: lambda m: zoo.Threshold(m.threshold, m.value),
}
