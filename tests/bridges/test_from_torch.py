"""PyTorch's modules as ours: the same numbers, in the same type and mode."""

import numpy as np
import pytest

import pygraph_nn as nn
from pygraph_nn.nesting import compare

torch = pytest.importorskip("torch", reason="the bridge comes from PyTorch, which is not installed")
pytestmark = pytest.mark.torch
t = torch.nn


def three_times(part):
    return t.Sequential(part, t.ReLU(), part, part)


CASES = [
    (lambda: t.Linear(3, 2), (5, 3)),
    (lambda: t.Linear(3, 2, bias=False), (5, 3)),
    (lambda: t.Conv1d(2, 3, 2, stride=2, padding=1, dilation=2), (4, 2, 9)),
    (lambda: t.Conv2d(2, 3, (2, 3), stride=(2, 1), padding=(1, 0), dilation=(1, 2)), (4, 2, 7, 9)),
    (lambda: t.Conv3d(2, 3, (2, 3, 1), stride=(1, 2, 1), padding=(1, 0, 2), bias=False), (2, 2, 4, 5, 3)),
    (lambda: t.BatchNorm1d(3), (5, 3)),
    (lambda: t.BatchNorm2d(3, affine=False), (5, 3, 2, 4)),
    (lambda: t.BatchNorm3d(3, eps=1e-3, momentum=0.3), (5, 3, 2, 2, 2)),
    (lambda: t.MaxPool2d((2, 3), (2, 1), (1, 1), ceil_mode=True), (2, 3, 7, 8)),
    (lambda: t.AvgPool2d((2, 3), (2, 1), (1, 1), count_include_pad=False), (2, 3, 7, 8)),
    (lambda: t.Sequential(t.Conv2d(1, 2, 3), t.ReLU(), t.Flatten(), t.Linear(18, 2), t.LogSoftmax(1)), (4, 1, 5, 5)),
    (lambda: t.PReLU(3), (5, 3)),
    (lambda: t.Hardtanh(-0.5, 0.25), (5, 3)),
    (lambda: t.Threshold(0.1, 2.0), (5, 3)),
    *[
        (make, (5, 3))
        for make in (
            t.ELU, t.Hardshrink, t.Identity, t.LeakyReLU, t.LogSigmoid, t.PReLU, t.ReLU, t.ReLU6, t.Sigmoid, t.Softplus,
            t.Softshrink, t.Softsign, t.Tanh, t.Tanhshrink,
        )
    ],
    (lambda: t.Softplus(2.0, 0.1), (5, 3)),
    (lambda: t.Softmax(1), (5, 3)),
    (lambda: t.Softmax(1), (2, 3, 4, 5)),
    (lambda: t.Softmax(-1), (2, 3, 4)),
    (lambda: t.LogSoftmax(-1), (2, 3, 4, 5)),
    (lambda: t.Sequential(*[t.Linear(3, 3), t.Tanh()] * 2), (5, 3)),


    (lambda: t.Softplus(2, threshold=0.5), (5, 3)),
    *[
        (make, shape)
        for make in (lambda: t.Softmax(1), lambda: t.Softmax(-1), lambda: t.LogSoftmax(1), lambda: t.LogSoftmax(-1))
        for shape in ((5, 3), (5, 3, 4), (5, 3, 4, 2))
    ],
    (lambda: three_times(t.Sequential(t.Linear(3, 3), t.Tanh())), (5, 3)),
    (lambda: t.LSTM(3, 4), (5, 2, 3)),
    (lambda: t.LSTM(3, 4, num_layers=2, bidirectional=True), (5, 2, 3)),
    (lambda: t.GRU(3, 4, num_layers=2), (5, 2, 3)),
    (lambda: t.RNN(3, 4, nonlinearity="relu", bias=False), (5, 2, 3)),
]  # fmt: skip


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["double", "float"])
@pytest.mark.parametrize(("make", "shape"), CASES, ids=lambda value: str(value) if isinstance(value, tuple) else "")
def test_the_same_numbers(make, shape, dtype):
    torch.manual_seed(1)
    theirs = make().to(dtype)
    ours = nn.from_torch(theirs)
    if not theirs.state_dict():
        assert ours.type() == "torch.FloatTensor"
        ours.type("torch.DoubleTensor" if dtype == torch.float64 else "torch.FloatTensor")
    x = torch.randn(shape, dtype=dtype)
    for mode in ("train", "eval"):
        getattr(theirs, mode)()
        ours = ours.training() if mode == "train" else ours.evaluate()
        expected = theirs(x)
        expected = expected[0] if isinstance(expected, tuple) else expected
        tolerance = 1e-10 if dtype == torch.float64 else 1e-4
        assert compare(ours.forward(x.numpy()), expected.detach().numpy(), rtol=tolerance, atol=tolerance / 10)


def test_what_leads_to_torch_leads_back():
    torch.manual_seed(1)
    theirs = t.Sequential(t.Linear(3, 4), t.BatchNorm1d(4), t.Tanh()).double()
    x = torch.randn(5, 3, dtype=torch.float64)
    again = nn.to_torch(nn.from_torch(theirs))
    assert torch.allclose(again(x), theirs(x), atol=1e-12)


def test_cells_and_embeddings():
    torch.manual_seed(1)
    x, h, c = (torch.randn(2, n, dtype=torch.float64) for n in (3, 4, 4))
    lstm = t.LSTMCell(3, 4).double()
    next_h, next_c = lstm(x, (h, c))
    made = nn.from_torch(lstm).forward([x.numpy(), c.numpy(), h.numpy()])
    assert compare(made, [next_c.detach().numpy(), next_h.detach().numpy()], atol=1e-12)
    for cell in (t.GRUCell(3, 4).double(), t.RNNCell(3, 4).double()):
        made = nn.from_torch(cell).forward([x.numpy(), h.numpy()])
        assert compare(made, cell(x, h).detach().numpy(), atol=1e-12)
    embedding = t.Embedding(5, 3, padding_idx=2)
    index = np.array([[0, 2, 4]])
    expected = embedding(torch.tensor(index)).detach().numpy()
    assert compare(nn.from_torch(embedding).forward(index + 1), expected)


def test_dropout_and_mode():
    net = nn.from_torch(t.Sequential(t.Dropout(0.3)).eval())
    assert net.get(1).p == 0.3 and not net.train


def test_a_part_at_several_places_is_one_module():
    linear = t.Linear(3, 3)
    net = nn.from_torch(t.Sequential(linear, t.Sequential(t.Tanh(), linear)))
    assert net.get(2).get(2) is net.get(1)


def test_a_part_in_another_mode_keeps_it():
    theirs = t.Sequential(t.Linear(3, 3), t.BatchNorm1d(3), t.Sequential(t.Dropout(0.5)))
    theirs[1].eval()
    assert [m.train for m in nn.from_torch(theirs).listModules()] == [True, True, False, True, True]
    assert [m.train for m in nn.from_torch(theirs.eval()).listModules()] == 5 * [False]


def test_what_is_shared_there_is_shared_here():
    part = t.Linear(4, 3)
    net = nn.from_torch(three_times(part))
    assert net.get(1) is net.get(3) is net.get(4)
    theirs = t.Sequential(t.Embedding(5, 3), t.Linear(3, 5))
    theirs[1].weight = theirs[0].weight
    net = nn.from_torch(theirs)
    x = np.array([[1, 4]])
    y = net.forward(x[0])
    assert compare(y, theirs(torch.tensor(x[0] - 1)).detach().numpy(), rtol=1e-5, atol=1e-6)
    net.zeroGradParameters()
    net.backward(x[0], np.ones_like(y))
    theirs(torch.tensor(x[0] - 1)).sum().backward()
    assert compare(net.get(2).gradWeight, theirs[0].weight.grad.numpy(), rtol=1e-5, atol=1e-6)
    assert net.getParameters()[0].size == 20
    cells = t.Sequential(t.RNN(3, 3), t.RNN(3, 3))
    cells[1].weight_hh_l0 = cells[0].weight_ih_l0
    with pytest.raises(nn.GraphError, match="1: weight_hh_l0 shared with 0's weight_ih_l0"):
        nn.from_torch(cells)


def test_refusals_come_in_a_list():
    hooked = t.Tanh()
    hooked.register_forward_hook(lambda module, args, output: 2 * output)
    module = t.Sequential(
        t.Linear(2, 2), t.GELU(), t.Sequential(t.LSTM(2, 2, batch_first=True)), t.Dropout(1.0), hooked
    )
    message = (
        r"1: a GELU; 2\.0: LSTM\(2, 2, batch_first=True\): batch_first; 3: nn\.Dropout.*got 1\.0; "
        r"4: Tanh\(\) with hooks"
    )
    with pytest.raises(nn.GraphError, match=message):
        nn.from_torch(module)


def test_a_state_that_is_no_tensor_does_not_disturb():
    class Counted(t.Linear):
        def get_extra_state(self):
            return {"calls": 3}

        def set_extra_state(self, state):
            pass

    with pytest.raises(nn.GraphError, match="a Counted"):
        nn.from_torch(t.Sequential(Counted(3, 2)))


def test_numbers_of_other_types_and_none_at_all():
    for module, match in (
        (t.Linear(2, 2).half(), "all float32 or all float64, the module is torch.float16"),
        (t.Sequential(t.Linear(2, 2), t.Linear(2, 2).double()), "torch.float32, torch.float64"),
        (t.Linear(2, 2, device="meta"), "meta"),
        (t.Linear, "takes a PyTorch module"),
    ):
        with pytest.raises(nn.TensorTypeError, match=match):
            nn.from_torch(module)
