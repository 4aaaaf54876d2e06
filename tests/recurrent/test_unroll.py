"""Unroll computes what a loop over clones of the cell computes, however it orders the work."""

import numpy as np
import pytest
from recurrent_cells import CELLS, draw, with_decoder

import pygraph_nn as nn
from pygraph_nn.nesting import compare
from pygraph_nn.recurrent.timeplan import Loop, Rows
from pygraph_nn.testing import check_gradients

every_cell = pytest.mark.parametrize("name", CELLS)
LENGTHS = np.array([5, 3])


def clones_by_hand(cell, x, states, gradients):
    """Torch7's way: a clone for each time, that shares parameters; outputs, gradients by x, by states."""
    n = len(states)
    clones = [cell.clone("weight", "bias", "gradWeight", "gradBias") for _ in x]
    inputs, outputs = [], []
    for t, clone in enumerate(clones):
        inputs.append([x[t], *states])
        output = clone.forward(inputs[-1])
        outputs.append(output if isinstance(output, list) else [output])
        states = outputs[-1][:n]
    shown = [(out[n:] or out[n - 1 : n])[0] for out in outputs]
    extra = len(outputs[0]) > n
    last, by_x = list(gradients[1:]), [None] * len(x)
    for t in reversed(range(len(x))):
        by_output = [*last, gradients[0][t]] if extra else [*last[:-1], last[-1] + gradients[0][t]]
        by_x[t], *last = clones[t].backward(inputs[t], by_output if len(by_output) > 1 else by_output[0])
    return [np.stack(shown), *states], [np.stack(by_x), *last]


def pass_through(layer, input, gradOutput):
    layer.zeroGradParameters()
    nn.manualSeed(3)
    output = layer.forward(input)
    by_input = layer.backward(input, gradOutput)
    return output, by_input, [gradient.copy() for gradient in layer.parameters()[1]]


@every_cell
def test_equals_the_clones_made_by_hand(name):
    cell = CELLS[name]()
    x, states, gradients = draw(cell)
    output, by_input, accumulated = pass_through(nn.Unroll(cell), [x, *states], gradients)
    cell.zeroGradParameters()
    nn.manualSeed(3)
    expected = clones_by_hand(cell, x, states, gradients)
    assert compare([output, by_input], list(expected), atol=1e-12)
    assert compare(accumulated, cell.parameters()[1], atol=1e-12)


@every_cell
@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["full", "lengths"])
def test_the_plan_changes_nothing_but_the_order(name, reverse, lengths):
    cell = CELLS[name]()
    x, states, gradients = draw(cell)
    input = [x, *([] if lengths is None else [lengths]), *states]
    planned = pass_through(nn.Unroll(cell, reverse), input, gradients)
    plain = pass_through(nn.Unroll(cell, reverse, hoist=False), input, gradients)
    assert compare(list(planned), list(plain), atol=1e-12)


@every_cell
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["full", "lengths"])
def test_gradients_agree_with_finite_differences(name, lengths):
    cell = CELLS[name]()
    x, states, _ = draw(cell)
    input = [x, *([] if lengths is None else [lengths]), *states]
    reseed = 5 if name == "dropout" else None
    assert check_gradients(nn.Unroll(cell), input, reseed=reseed) < 1e-5


def blocks_of(cell, width=3):
    layer = nn.Unroll(cell)
    layer.forward(nn.randn(5, 2, width))
    return layer._plan.blocks


def names(block):
    return {call.step.node.name for call in block.calls}


def test_what_needs_no_state_runs_once():
    *before, loop = blocks_of(nn.LSTM.create(3, 4))
    assert all(isinstance(block, Rows) for block in before) and names(before[-1]) == {"i2h"}
    assert isinstance(loop, Loop) and "h2h" in names(loop)


def test_what_feeds_no_state_runs_once():
    *_, loop, decoder = blocks_of(with_decoder())
    assert isinstance(loop, Loop) and isinstance(decoder, Rows) and names(decoder) == {"decoder"}


def test_each_layer_of_a_stack_is_a_loop_of_its_own():
    blocks = blocks_of(nn.LSTM.stack(3, 4, 3))
    assert [type(block).__name__[0] for block in blocks if len(block.calls) > 1] == ["L"] * 3
    assert sum("i2h" in names(block) for block in blocks if isinstance(block, Rows)) == 3


def test_random_modules_stay_in_the_order_of_their_draws():
    training = CELLS["dropout"]()
    blocks = blocks_of(training)
    (drawing,) = [block for block in blocks if any(isinstance(c.module, nn.Dropout) for c in block.calls)]
    assert sum(isinstance(call.module, nn.Dropout) for call in drawing.calls) == 2
    assert sum(isinstance(block, Loop) for block in blocks_of(training.evaluate())) == 3


def test_the_plan_follows_a_change_of_mode():
    cell = CELLS["dropout"]()
    layer = nn.Unroll(cell)
    x = nn.randn(5, 2, 3)
    layer.forward(x)
    evaluated = layer.evaluate().forward(x)
    assert compare(evaluated, layer.forward(x))
    assert not compare(evaluated, layer.training().forward(x), atol=1e-3)


@pytest.mark.parametrize("hoist", [True, False])
def test_a_mode_changed_between_the_passes_stays_changed(hoist):
    cell = CELLS["dropout"]()
    layer, x = nn.Unroll(cell, hoist=hoist).training(), nn.randn(5, 2, 3)
    output = layer.forward(x)
    layer.evaluate()
    layer.updateGradInput(x, np.ones_like(output))
    assert not any(module.train for module in cell.listModules())
    layer.accGradParameters(x, np.ones_like(output))
    assert not any(module.train for module in cell.listModules())


def test_the_plan_follows_hoist():
    layer = nn.Unroll(nn.LSTM.create(3, 4))
    layer.forward(nn.randn(5, 2, 3))
    layer.hoist = False
    layer.forward(nn.randn(5, 2, 3))
    assert len(layer._plan.blocks) == 1


def test_no_states_are_zeros_and_the_last_ones_are_kept():
    layer = nn.Unroll(nn.LSTM.create(3, 4))
    x = nn.randn(5, 2, 3)
    y, c, h = layer.forward([x, np.zeros((2, 4)), None])
    assert compare(layer.forward(x), y)
    assert compare(layer.states, [c, h]) and compare(y[-1], h)


def test_carried_states_continue_a_sequence():
    layer = nn.Unroll(nn.LSTM.stack(3, 4, 2))
    x = nn.randn(6, 2, 3)
    whole = layer.forward(x)
    first, *states = layer.forward([x[:2], *[None] * 4])
    second, *states = layer.forward([x[2:], *states])
    assert compare(np.concatenate([first, second]), whole, atol=1e-14)


@pytest.mark.parametrize("name", [name for name in CELLS if name[:3] != "not" and name != "dropout"])
def test_lengths_are_shorter_sequences(name):
    cell = CELLS[name]()
    x, states, gradients = draw(cell)
    layer = nn.Unroll(cell)
    y, *last = layer.forward([x, LENGTHS, *states])
    assert not y[3:, 1].any()
    for row, length in enumerate(LENGTHS):
        alone, *its_last = layer.forward([x[:length, row : row + 1], *(s[row : row + 1] for s in states)])
        assert compare(y[:length, row : row + 1], alone, atol=1e-14)
        assert compare([s[row : row + 1] for s in last], its_last, atol=1e-14)


def test_reverse_with_lengths_begins_at_each_end():
    layer = nn.Unroll(nn.GRU.create(3, 4), reverse=True)
    x = nn.randn(5, 2, 3)
    y = layer.forward([x, LENGTHS])
    forward = nn.Unroll(layer.cell)
    assert compare(y[:3, 1:], forward.forward(x[2::-1, 1:])[::-1], atol=1e-14)


def test_what_lies_beyond_the_end_does_not_matter():
    layer = nn.Unroll(nn.LSTM.create(3, 4))
    x = nn.randn(5, 2, 3)
    g = nn.randn(5, 2, 4)
    clean = pass_through(layer, [x, LENGTHS], g)
    x = x.copy()
    x[3:, 1] = np.nan
    dirty = pass_through(layer, [x, LENGTHS], g)
    assert compare(list(clean), list(dirty), atol=1e-15)
    assert not dirty[1][0][3:, 1].any()


@pytest.mark.parametrize(
    "entrance, width",
    [
        (lambda: nn.LookupTable(5, 4), 1),
        (lambda: nn.Sequential().add(nn.CMul(3)).add(nn.Square()).add(nn.Log()).add(nn.Linear(3, 4)), 3),
    ],
    ids=["indices that are floats", "logarithms"],
)
def test_a_cell_takes_where_there_is_nothing_what_it_takes_elsewhere(entrance, width):
    x, h = nn.Identity()(), nn.Identity()()
    entered = entrance()(nn.Select(2, 1)(x) if width == 1 else x)
    cell = nn.gModule([x, h], [nn.Tanh()(nn.CAddTable()([entered, nn.Linear(4, 4)(h)]))])
    layer, g = nn.Unroll(cell), nn.randn(5, 2, 4)
    x = np.array([2.0, 1, 5, 3, 4])[:, None, None] * np.ones((5, 2, width))
    mask = np.array([[1, 0], [0, 0], [1, 0], [0, 0], [1, 0]], bool)
    y, by_input, accumulated = pass_through(layer, [x, mask], g)
    alone = pass_through(layer, x[::2, :1], g[::2, :1])
    assert compare([y[::2, :1], by_input[0][::2, :1], accumulated], list(alone), atol=1e-14)
    assert not y[:, 1].any() and not by_input[0][:, 1].any()


def test_a_mask_may_have_holes():
    layer = nn.Unroll(nn.LSTM.create(3, 4))
    x = nn.randn(5, 2, 3)
    mask = np.array([[1, 1], [0, 1], [1, 0], [0, 1], [1, 1]], bool)
    y = layer.forward([x, mask])
    assert compare(y[[0, 2, 4], :1], layer.forward(x[[0, 2, 4], :1]), atol=1e-14)
    assert not y[[1, 3], 0].any()


class Embedding(nn.Module):
    """The rows of a matrix that integers from 0 name."""

    row_wise = takes_integers = True

    def __init__(self, count, width):
        super().__init__()
        self.weight, self.gradWeight = nn.randn(count, width), np.zeros((count, width))

    def updateOutput(self, input):
        self.output = self.weight[input]
        return self.output

    def updateGradInput(self, input, gradOutput):
        self.gradInput = np.zeros_like(input)
        return self.gradInput

    def accGradParameters(self, input, gradOutput, scale=1):
        np.add.at(self.gradWeight, input, scale * gradOutput)


def test_integer_sequences_reach_modules_that_take_indices():
    x, h = nn.Identity()(), nn.Identity()()
    joined = nn.CAddTable()([Embedding(7, 4)(x), nn.Linear(4, 4)(h)])
    layer = nn.Unroll(nn.gModule([x, h], [nn.Tanh()(joined)]))
    indices = np.array([[1, 6], [3, 3], [0, 5]])
    y = layer.forward(indices)
    assert y.shape == (3, 2, 4)
    assert not layer.backward(indices, np.ones_like(y)).any()
    plain = nn.Unroll(layer.cell, hoist=False)
    accumulated = pass_through(layer, indices, np.ones_like(y))[2]
    assert compare(accumulated, pass_through(plain, indices, np.ones_like(y))[2], atol=1e-14)


def test_an_unwanted_gradient_is_spared():
    cell = nn.LSTM.create(3, 4)
    x, states, gradients = draw(cell)
    full = pass_through(nn.Unroll(cell), [x, *states], gradients)
    spared = pass_through(nn.Unroll(cell, input_gradient=False), [x, *states], gradients)
    assert spared[1][0] is None
    assert compare(spared[1][1:], full[1][1:]) and compare(spared[2], full[2])
    told = pass_through(nn.Unroll(cell.needGradInput(False, True, True)), [x, *states], gradients)
    assert told[1][0] is None and compare(list(told), list(spared))


@every_cell
def test_gradients_that_are_none_count_as_zeros(name):
    cell = CELLS[name]()
    x, states, gradients = draw(cell)
    layer = nn.Unroll(cell)
    for kept in range(len(gradients)):
        some = [gradient if place == kept else None for place, gradient in enumerate(gradients)]
        zeros = [gradient * (place == kept) for place, gradient in enumerate(gradients)]
        given, filled = (pass_through(layer, [x, *states], by_output) for by_output in (some, zeros))
        assert compare(list(given), list(filled), atol=1e-15)


def test_gradients_side_by_side_are_laid_like_tiles():
    for name, tiled in (("tiles", 1), ("tiles with a gap", 0), ("tiles that overlap", 0), ("lstm", 2), ("gru", 1)):
        layer = nn.Unroll(CELLS[name]())
        layer.backward(nn.randn(5, 2, 3), layer.forward(nn.randn(5, 2, 3)))
        (loop,) = [block for block in layer._plan.blocks if isinstance(block, Loop)]
        assert len(loop.tiled(layer._pass.times[0])) == tiled, name


def test_accumulation_by_itself_equals_backward():
    cell = CELLS["shared"]()
    x, states, gradients = draw(cell)
    layer = nn.Unroll(cell)
    expected = pass_through(layer, [x, *states], gradients)[2]
    layer.zeroGradParameters()
    layer.forward([x, *states])
    layer.updateGradInput([x, *states], gradients)
    assert not any(gradient.any() for gradient in layer.parameters()[1])
    layer.accGradParameters([x, *states], gradients, 0.5)
    layer.accGradParameters([x, *states], gradients, 0.5)
    assert compare(layer.parameters()[1], expected, atol=1e-13)


def test_one_unroll_at_two_places_of_a_graph():
    layer = nn.Unroll(nn.RNN.create(3, 3))
    x = nn.Identity()()
    net = nn.gModule([x], [layer(layer(x))])
    assert check_gradients(net, nn.randn(4, 2, 3)) < 1e-6


def test_parameters_are_the_cells_own_and_move_along():
    cell = nn.LSTM.create(3, 4)
    layer = nn.Unroll(cell)
    x = nn.randn(5, 2, 3)
    layer.forward(x)
    flat, gradient = layer.getParameters()
    layer.zeroGradParameters()
    layer.backward(x, np.ones((5, 2, 4)))
    assert np.shares_memory(cell["i2h"].module.weight, flat) and gradient.any()
    assert flat.size == 4 * 4 * (3 + 4 + 2)


class Doubled(nn.Linear):
    """A Linear whose subclass changes every verb, and looks at its own output: it inherits no promise."""

    def updateOutput(self, input):
        self.output = np.square(super().updateOutput(input))
        return self.output

    def _inner(self, gradOutput):
        return 2 * gradOutput * np.sqrt(self.output) * self.sign

    def updateGradInput(self, input, gradOutput):
        self.sign = np.sign(input @ self.weight.T + self.bias)
        return super().updateGradInput(input, self._inner(gradOutput))

    def accGradParameters(self, input, gradOutput, scale=1):
        super().accGradParameters(input, self._inner(gradOutput), scale)


class Curved(nn.Tanh):
    """A Tanh whose backward pass looks at its input."""

    def updateGradInput(self, input, gradOutput):
        self.gradInput = gradOutput / np.cosh(input) ** 2
        return self.gradInput


class Squeezed(nn.Narrow):
    """A Narrow that halves: not what Narrow's addGradInput adds."""

    def updateOutput(self, input):
        return super().updateOutput(input) / 2

    def updateGradInput(self, input, gradOutput):
        return super().updateGradInput(input, gradOutput / 2)


class Noisy(nn.Linear):
    """A Linear that adds one draw to all rows of a batch."""

    def updateOutput(self, input):
        self.output = super().updateOutput(input) + nn.randn(1, len(self.weight))
        return self.output


class Centered(nn.Tanh):
    """A Tanh of what is left of each feature without the batch's mean."""

    def updateOutput(self, input):
        return super().updateOutput(input - input.mean(0))

    def updateGradInput(self, input, gradOutput):
        slope = super().updateGradInput(input, gradOutput)
        self.gradInput = slope - slope.mean(0)
        return self.gradInput


class Capped(nn.Linear):
    """A Linear whose gradient is capped in each call: no sum over rows."""

    def accGradParameters(self, input, gradOutput, scale=1):
        super().accGradParameters(input, np.clip(gradOutput, -0.1, 0.1 / len(input)), scale)


@pytest.mark.parametrize(
    "make",
    [lambda: Noisy(3, 4), lambda: Capped(3, 4), lambda: nn.Sequential().add(nn.Linear(3, 4)).add(Centered())],
    ids=["noisy", "capped", "inside a container"],
)
def test_a_subclass_with_verbs_of_its_own_runs_time_by_time(make):
    x, h = nn.Identity()(), nn.Identity()()
    cell = nn.gModule([x, h], [nn.Tanh()(nn.CAddTable()([make()(x), nn.Linear(4, 4)(h)]))])
    x, states, gradients = draw(cell)
    plain = pass_through(nn.Unroll(cell, hoist=False), [x, *states], gradients)
    assert compare(list(pass_through(nn.Unroll(cell), [x, *states], gradients)), list(plain), atol=1e-12)


def edited_container():
    """A cell, and an edit of a container in it that no graph takes notice of."""
    inside = nn.Sequential().add(nn.Linear(4, 4))
    x, h = nn.Identity()(), nn.Identity()()
    both = nn.CAddTable()([nn.Linear(3, 4)(x), inside(nn.Linear(4, 4)(h))])
    return nn.gModule([x, h], [nn.Tanh()(both)]), lambda: inside.add(nn.Tanh())


def edited_part():
    cell = CELLS["tiles"]()
    (narrow, _), _ = cell.findModules("nn.Narrow")
    return cell, lambda: setattr(narrow, "index", 3)


def frozen():
    """A layer that learns no longer, by Torch7's custom."""
    cell = nn.LSTM.create(3, 4)
    return cell, lambda: setattr(cell["h2h"].module, "accGradParameters", lambda *arguments: None)


@pytest.mark.parametrize("make", [edited_container, edited_part, frozen])
def test_the_plan_follows_an_edit_between_passes(make):
    cell, edit = make()
    x, states, gradients = draw(cell)
    layer = nn.Unroll(cell)
    for _ in range(2):
        pass_through(layer, [x, *states], gradients)
    edit()
    edited = pass_through(layer, [x, *states], gradients)
    cell.rewire()
    plain = pass_through(nn.Unroll(cell, hoist=False), [x, *states], gradients)
    assert compare(list(edited), list(plain), atol=1e-12)


def test_a_subclass_with_verbs_of_its_own_inherits_no_promise():
    x, h = nn.Identity()(), nn.Identity()()
    both = nn.CAddTable()([nn.Linear(3, 8)(x), Doubled(4, 8)(h)])
    parts = [Curved()(module(both)) for module in (Squeezed(2, 1, 4), Squeezed(2, 5, 4))]
    layer = nn.Unroll(nn.gModule([x, h], [nn.CMulTable()(parts)]))
    assert check_gradients(layer, [nn.randn(40, 2, 3), nn.randn(2, 4)]) < 1e-6


def test_verbs_of_one_object_are_called():
    cell = CELLS["tiles"]()
    linear, narrow = cell.findModules("nn.Linear")[0][1], cell.findModules("nn.Narrow")[0][0]
    x, states, gradients = draw(cell, T=40)
    linear.updateOutput = lambda input: 2 * nn.Linear.updateOutput(linear, input)
    linear.updateGradInput = lambda input, gradOutput: 2 * nn.Linear.updateGradInput(linear, input, gradOutput)
    linear.accGradParameters = lambda *arguments: nn.Linear.accGradParameters(linear, *arguments[:2], 2)
    narrow.updateOutput = lambda input: nn.Narrow.updateOutput(narrow, input) / 2
    narrow.updateGradInput = lambda input, gradOutput: nn.Narrow.updateGradInput(narrow, input, gradOutput / 2)
    cell.rewire()
    planned = pass_through(nn.Unroll(cell), [x, *states], gradients)
    plain = pass_through(nn.Unroll(cell, hoist=False), [x, *states], gradients)
    assert compare(list(planned), list(plain), atol=1e-12)
    assert check_gradients(nn.Unroll(cell), [x, *states]) < 1e-6


def test_nothing_handed_out_is_overwritten():
    layer = nn.Unroll(nn.LSTM.create(3, 4))
    x, states, gradients = draw(layer.cell)
    first = [layer.forward([x, *states]), layer.backward([x, *states], gradients)]
    kept = [[part.copy() for part in table] for table in first]
    layer.forward([2 * x, *states])
    layer.backward([2 * x, *states], gradients)
    assert compare(first, kept)


def test_copies_and_types():
    layer = nn.Unroll(nn.LSTM.create(3, 4), reverse=True)
    x = nn.randn(5, 2, 3)
    y = layer.forward(x)
    twin = layer.clone()
    assert compare(twin.forward(x), y)
    twin.cell["i2h"].module.weight.fill(0)
    assert compare(layer.forward(x), y)
    assert compare(layer.float().forward(x.astype("float32")), y.astype("float32"), atol=1e-6)


def test_a_layer_has_the_type_of_its_cell():
    for layer in (nn.Unroll(nn.LSTM.create(3, 4).float()), nn.Layers(nn.Unroll(nn.LSTM.create(3, 4).float()))):
        assert layer.type() == "torch.FloatTensor" and layer.dtype == np.float32
        assert nn.Sequential().add(layer).double().forward(nn.randn(5, 2, 3)).dtype == np.float64


def test_hooks_see_every_step_and_change_nothing():
    cell = nn.LSTM.create(3, 4)
    x, states, gradients = draw(cell)
    layer, seen = nn.Unroll(cell), []
    expected = pass_through(layer, [x, *states], gradients)

    def watch(node, module, verb, call):
        def run(*arguments, **keywords):
            seen.append((node.name, verb))
            return call(*arguments, **keywords)

        return run

    cell.addHook(watch)
    assert compare(list(pass_through(layer, [x, *states], gradients)), list(expected), atol=1e-14)
    for name, times in (("i2h", 1), ("h2h", 5), ("next_c", 5)):
        assert seen.count((name, "updateOutput")) == seen.count((name, "updateGradInput")) == times
    assert seen.count(("h2h", "accGradParameters")) == 1
    seen.clear()
    cell.removeHook(watch)
    assert compare(list(pass_through(layer, [x, *states], gradients)), list(expected), atol=1e-14) and not seen


def test_values_that_no_backward_pass_looks_at_are_let_go():
    layer = nn.Unroll(nn.LSTM.create(3, 4))
    layer.forward(nn.randn(5, 2, 3))
    slots = {call.step.node.name: call.slot for call in layer._plan.calls}
    for name, kept in (("h2h", False), ("preactivations", False), ("in_gate", True), ("next_c", True)):
        assert any(layer._pass.times[2][slots[name]].strides) == kept


def test_long_sequences_use_the_same_numbers():
    cell = nn.LSTM.create(3, 4)
    x, states, gradients = draw(cell, T=40)
    planned = pass_through(nn.Unroll(cell), [x, *states], gradients)
    assert compare(list(planned), list(pass_through(nn.Unroll(cell, hoist=False), [x, *states], gradients)), atol=1e-12)
    cell.zeroGradParameters()
    assert compare(list(planned[:2]), list(clones_by_hand(cell, x, states, gradients)), atol=1e-12)
    assert compare(planned[2], cell.parameters()[1], atol=1e-12)


def test_parameters_may_change_between_passes():
    layer = nn.Unroll(nn.LSTM.create(3, 4))
    x = nn.randn(40, 2, 3)
    before = layer.forward(x)
    layer.cell["h2h"].module.weight *= 2
    layer.cell["h2h"].module.bias += 1
    after = layer.forward(x)
    assert not compare(before, after, atol=1e-3)
    assert compare(after, layer.clone().forward(x))


def test_memory_grows_linearly_with_time():
    import tracemalloc

    layer = nn.Unroll(nn.LSTM.create(8, 32))

    def peak(T):
        x = np.zeros((T, 16, 8))
        layer.clearState()
        tracemalloc.start()
        layer.backward(x, np.ones_like(layer.forward(x)))
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    peak(4)
    assert peak(80) < 2.2 * peak(40)
