"""Rows of modules/convolution.py, full_convolution.py and partial_convolution.py."""

import numpy as np

import pygraph_nn as nn

from . import Row, matrix


def tensors(module, *shape):
    """The module's weight (in the given shape) and bias as torch tensors."""
    import torch

    weight = torch.tensor(module.weight.reshape(shape or module.weight.shape))
    return weight, None if module.bias is None else torch.tensor(module.bias)


def judge(name, *shape, **arguments):
    """torch.nn.functional's convolution of that name, with the module's parameters."""

    def build(module):
        import torch

        weight, bias = tensors(module, *shape)
        return lambda x: getattr(torch.nn.functional, name)(x, weight, bias, **arguments)

    return build


def judge_frames(module):
    """Conv1d on frames that are rows; the weight's windows are laid out frame after frame."""
    import torch

    weight = module.weight.reshape(module.outputFrameSize, module.kW, module.inputFrameSize).swapaxes(1, 2)
    weight, bias = torch.tensor(weight), torch.tensor(module.bias)
    return lambda x: torch.nn.functional.conv1d(x.swapaxes(1, 2), weight, bias, stride=module.dW).swapaxes(1, 2)


def judge_planes(module):
    """Conv2d in groups, one for each input plane."""
    import torch

    planes = module.nInputPlane
    weight = module.weight.reshape(module.nOutputPlane, planes, module.kH, module.kW).swapaxes(0, 1)
    weight, bias = torch.tensor(weight.reshape(-1, 1, module.kH, module.kW)), torch.tensor(module.bias.T.reshape(-1))
    return lambda x: torch.nn.functional.conv2d(x, weight, bias, padding=(module.padH, module.padW), groups=planes)


def judge_rows(module):
    """Conv1d in groups, one for each feature."""
    import torch

    weight, bias = tensors(module)
    groups = module.inputFrameSize
    return lambda x: torch.nn.functional.conv1d(
        x.swapaxes(1, 2), weight, bias, stride=module.dW, groups=groups
    ).swapaxes(1, 2)


def first(batch):
    """The batch's first input, without the batch dimension."""
    return batch[0]


WRONG = (np.ones(5), np.ones((1, 2)), np.ones((2, 3, 9, 9)), np.ones((2, 2, 1, 1)), [np.ones((2, 2, 7, 7))])
PAIRS = [[1, 1], [2, 1], [2, 2], [3, 2], [1, 3]]

ROWS = [
    Row(
        lambda: nn.SpatialConvolution(2, 3, 3, 2, 2, 1, 1, 0),
        matrix(2, 2, 5, 6),
        single=first,
        bad=(*WRONG[:3], np.ones((2, 2, 1, 5)), WRONG[4]),
        torch=judge("conv2d", stride=(1, 2), padding=(0, 1)),
    ),
    Row(lambda: nn.SpatialConvolution(2, 3, 1, 1).noBias(), matrix(2, 2, 3, 3), torch=judge("conv2d")),
    Row(
        lambda: nn.SpatialConvolutionMM(2, 3, 3, 3, 1, 1, 1),
        matrix(2, 2, 4, 5),
        single=first,
        bad=WRONG[:3],
        torch=judge("conv2d", 3, 2, 3, 3, padding=1),
    ),
    Row(
        lambda: nn.SpatialDilatedConvolution(2, 2, 3, 2, 1, 2, 2, 1, 2, 3),
        matrix(2, 2, 6, 5),
        single=first,
        bad=WRONG[:3],
        torch=judge("conv2d", stride=(2, 1), padding=(1, 2), dilation=(3, 2)),
    ),
    Row(
        lambda: nn.SpatialDepthWiseConvolution(2, 3, 3, 2, 1, 1, 1, 0),
        matrix(2, 2, 4, 5),
        single=first,
        bad=WRONG,
        torch=judge_planes,
    ),
    Row(
        lambda: nn.SpatialConvolutionLocal(2, 3, 5, 4, 2, 3, 2, 1, 1),
        matrix(2, 2, 4, 5),
        single=first,
        bad=WRONG,
    ),
    Row(lambda: nn.SpatialConvolutionMap(PAIRS, 2, 3, 1, 2), matrix(2, 3, 7, 4), single=first, bad=WRONG[:2]),
    Row(
        lambda: nn.SpatialConvolutionMap(nn.SpatialConvolutionMap.full(2, 3), 2, 3),
        matrix(2, 2, 5, 4),
        torch=judge("conv2d", 3, 2, 3, 2),
    ),
    Row(
        lambda: nn.SpatialFullConvolution(2, 3, 3, 2, 2, 3, 1, 0, 1, 2),
        matrix(2, 2, 3, 4),
        single=first,
        bad=WRONG[:3],
        torch=judge("conv_transpose2d", stride=(3, 2), padding=(0, 1), output_padding=(2, 1)),
    ),
    Row(
        lambda: nn.SpatialFullConvolution(2, 1, 3, 3, 2, 2, 1, 1),
        lambda generator: [generator.standard_normal((2, 2, 3, 3)), generator.standard_normal((2, 1, 6, 5))],
        single=lambda input: [input[0][0], input[1][0]],
        bad=([np.ones((2, 2, 3, 3))], [np.ones((2, 2, 3, 3)), np.ones(2)]),
    ),
    Row(lambda: nn.SpatialFullConvolutionMap(PAIRS, 2, 3, 2, 1), matrix(2, 3, 3, 4), single=first, bad=WRONG[:2]),
    Row(
        lambda: nn.TemporalConvolution(3, 4, 2, 2),
        matrix(2, 7, 3),
        single=first,
        bad=(np.ones(5), np.ones((7, 4)), np.ones((1, 3)), [np.ones((7, 3))]),
        torch=judge_frames,
    ),
    Row(
        lambda: nn.TemporalRowConvolution(3, 2, 2),
        matrix(2, 7, 3),
        single=first,
        bad=(np.ones(5), np.ones((7, 4)), np.ones((1, 3)), [np.ones((7, 3))]),
        torch=judge_rows,
    ),
    Row(
        lambda: nn.TemporalRowConvolution(3, 2, 1, True),
        matrix(2, 3, 5),
        single=first,
        bad=(np.ones(5), np.ones((4, 7)), np.ones((3, 1))),
        torch=judge("conv1d", groups=3),
    ),
    Row(
        lambda: nn.VolumetricConvolution(2, 2, 2, 3, 1, 1, 2, 1, 1, 0, 1),
        matrix(2, 2, 3, 3, 5),
        single=first,
        bad=(np.ones((2, 3, 3)), np.ones((3, 4, 4, 4)), np.ones((2, 2, 3, 3, 2))),
        torch=judge("conv3d", stride=(1, 1, 2), padding=(1, 1, 0)),
    ),
    Row(
        lambda: nn.VolumetricDilatedConvolution(2, 2, 2, 2, 2, 1, 2, 1, 1, 0, 1, 3, 1, 2),
        matrix(2, 2, 4, 3, 4),
        single=first,
        bad=(np.ones((2, 3, 3)), np.ones((3, 4, 4, 4))),
        torch=judge("conv3d", stride=(1, 1, 2), padding=(1, 1, 0), dilation=(3, 2, 1)),
    ),
    Row(
        lambda: nn.VolumetricFullConvolution(2, 3, 2, 3, 2, 2, 1, 2, 0, 1, 0, 1, 0, 1),
        matrix(2, 2, 2, 3, 2),
        single=first,
        bad=(np.ones((2, 3, 3)), np.ones((3, 4, 4, 4))),
        torch=judge("conv_transpose3d", stride=(2, 2, 1), padding=(0, 0, 1), output_padding=(1, 1, 0)),
    ),
]
