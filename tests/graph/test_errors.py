"""Wrong wiring is found when the gModule is built, wrong values when it runs, and each error says what to do."""

import numpy as np
import pytest

import pygraph_nn as nn

HERE = __file__


def one():
    return nn.Identity()()


def refuses(error, *words):
    """Expect an error whose message has all these words."""
    pattern = "".join(f"(?=[\\s\\S]*{word})" for word in words)
    return pytest.raises(error, match=pattern)


def test_unused_input():
    a, b = one(), one()
    with refuses(nn.GraphError, r"inputs\[1\]", "unused", HERE):
        nn.gModule([a, b], [nn.Tanh()(a)])


def test_unused_split_output():
    x = one()
    first, _, _ = nn.SplitTable(1)(x).split(3)
    with refuses(nn.GraphError, r"2 of split\(3\) outputs", "unused", HERE):
        nn.gModule([x], [first])


def test_unused_split():
    x = one()
    h = nn.SplitTable(1)(x)
    h.split(2)
    with refuses(nn.GraphError, r"split\(2\)", "unused"):
        nn.gModule([x], [nn.JoinTable(1)(h)])


def test_dangling_node():
    x = one()
    dangling = nn.Tanh()(x)
    with refuses(nn.GraphError, "dangling", "does not connect to an output", HERE):
        nn.gModule([x], [nn.Sigmoid()(x)])
    assert dangling.inputs == [x]


def test_a_node_left_from_an_earlier_try():
    x = one()
    nn.Tanh()(x)
    with refuses(nn.GraphError, "left from an earlier try, make nn.Identity anew"):
        nn.gModule([x], [nn.Tanh()(x)])


def test_a_node_where_a_list_belongs():
    x = one()
    y = nn.Tanh()(x)
    with refuses(nn.GraphError, r"gModule\(inputs\) takes a list", r"nn.Identity", r"\[node\]"):
        nn.gModule(x, y)
    with refuses(nn.GraphError, r"gModule\(outputs\) takes a list", r"nn.Tanh", r"\[node\]"):
        nn.gModule([x], y)


def test_a_module_where_a_node_belongs():
    with refuses(nn.GraphError, r"inputs\[0\]", r"nn.Linear\(2 -> 2\)", "did you forget a second pair of parentheses"):
        nn.Tanh()(nn.Linear(2, 2))
    with refuses(nn.GraphError, r"inputs\[1\]", "second pair of parentheses"):
        nn.CAddTable()([one(), nn.Tanh()])
    x = one()
    with refuses(nn.GraphError, r"outputs\[0\]", "second pair of parentheses"):
        nn.gModule([x], [nn.Tanh()])
    with refuses(nn.GraphError, r"inputs\[0\]", "second pair of parentheses"):
        nn.gModule([nn.Tanh()], [x])


def test_none_and_empty_lists():
    with refuses(nn.GraphError, r"inputs\[0\] is None"):
        nn.Tanh()(None)
    with refuses(nn.GraphError, r"inputs\[1\] is None"):
        nn.CAddTable()([one(), None])
    with refuses(nn.GraphError, "empty list", "module()"):
        nn.CAddTable()([])
    with refuses(nn.GraphError, r"gModule\(outputs\)", "at least one Node"):
        nn.gModule([one()], [])
    with refuses(nn.GraphError, r"gModule\(inputs\)", "at least one Node"):
        nn.gModule(None, [one()])


def test_two_arguments_and_nested_lists():
    with refuses(nn.GraphError, r"\[input1, input2\]"):
        nn.CAddTable()(one(), one())
    with refuses(nn.GraphError, r"inputs\[0\] is a table", "nn.nest"):
        nn.CAddTable()([[one()], one()])


def test_a_cycle():
    x = one()
    a = nn.CAddTable()([x, x])
    b = nn.Tanh()(a)
    a.inputs[1] = b
    with refuses(nn.GraphError, "cycle", "nn.Tanh", "nn.CAddTable"):
        nn.gModule([x], [b])


def test_a_node_without_inputs_that_is_not_declared():
    x, stray = one(), one()
    with refuses(nn.GraphError, "no inputs", "list of inputs", HERE):
        nn.gModule([x], [nn.CAddTable()([x, stray])])


def test_inputs_with_inputs_and_inputs_twice():
    x = one()
    with refuses(nn.GraphError, r"inputs\[0\]", "inputs of its own"):
        nn.gModule([nn.Tanh()(x)], [nn.Tanh()(x)])
    with refuses(nn.GraphError, r"inputs\[1\]", "twice"):
        nn.gModule([x, x], [x])


def test_wrong_number_of_inputs_and_grad_outputs():
    net = nn.LSTM.create(3, 4)
    with refuses(nn.ShapeError, "takes 3 inputs, got 2"):
        net.forward([np.ones((1, 3)), np.ones((1, 4))])
    with refuses(nn.TensorTypeError, r"table \(list\) of 3 inputs", "float64 1x3"):
        net.forward(np.ones((1, 3)))
    net.forward([np.ones((1, n)) for n in (3, 4, 4)])
    with refuses(nn.ShapeError, "2 outputs, got 1 gradOutputs"):
        net.backward(None, [np.ones((1, 4))])
    with refuses(nn.TensorTypeError, "gradOutput must be a table", "float64 1x4"):
        net.backward(None, np.ones((1, 4)))
    with refuses(nn.ShapeError, "put out 1x4, so its gradOutput must be 1x4, got float64 1x5"):
        net.backward(None, [np.ones((1, 4)), np.ones((1, 5))])


def test_a_split_of_the_wrong_length_or_of_an_array():
    x = one()
    a, b = x.split(2)
    net = nn.gModule([x], [nn.CAddTable()([a, b])])
    with refuses(nn.NodeError, r"split\(2\)", "got 3"):
        net.forward([np.ones(1)] * 3)
    with refuses(nn.NodeError, r"split\(2\) takes a table \(list\)", "float64 2"):
        net.forward(np.ones(2))
    with pytest.raises(nn.RangeError, match="at least 1"):
        x.split(0)


def test_a_table_where_an_array_belongs_and_the_reverse():
    x = one()
    with refuses(nn.NodeError, "takes one array, got", "nn.Linear"):
        nn.gModule([x], [nn.Linear(2, 2)(x)]).forward([np.ones(2)])
    y = one()
    with refuses(nn.NodeError, "takes a table", "nn.CAddTable"):
        nn.gModule([y], [nn.CAddTable()(y)]).forward(np.ones(2))


def test_wrong_dtype():
    net = nn.LSTM.create(3, 4).float()
    with refuses(nn.TensorTypeError, "float32", "float64", "astype", r"net.double\(\)"):
        net.forward([np.ones((1, n)) for n in (3, 4, 4)])
    with refuses(nn.NodeError, "i2h|nn.Identity|nn.Linear", "takes no integers", "int64"):
        net.forward([np.ones((1, 3), int), np.ones((1, 4), "float32"), np.ones((1, 4), "float32")])
    with refuses(nn.TensorTypeError, "float64"):
        nn.Linear(2, 2).float().forward(np.ones(2))
    with refuses(nn.TensorTypeError, "numpy array"):
        nn.Linear(2, 2).forward([1.0, 2.0])


def test_a_wrong_width_inside_a_graph_names_node_module_line_and_shapes():
    x = one()
    wide = nn.Linear(5, 3)(x).annotate(name="wide")
    line = wide.declared
    net = nn.gModule([x], [wide])
    with refuses(nn.NodeError, "'wide'", r"nn.Linear\(5 -> 3\)", line, "float64 2x4", "5") as caught:
        net.forward(np.ones((2, 4)))
    assert caught.value.node is wide
    assert isinstance(caught.value.__cause__, nn.ShapeError)


def test_backward_before_forward():
    for module in (nn.Tanh(), nn.Sequential().add(nn.Tanh()), nn.LSTM.create(2, 2)):
        with refuses(nn.StateError, "needs a forward pass"):
            module.backward(np.ones(1), np.ones(1))


def test_backward_after_a_failed_pass_or_an_edit():
    x = one()
    hidden = nn.Linear(2, 2)(x)
    net = nn.gModule([x], [nn.Tanh()(hidden)])
    with pytest.raises(nn.NodeError):
        net.forward(np.ones(3))
    with refuses(nn.StateError, "needs a forward pass"):
        net.backward(np.ones(2), np.ones(2))
    net.forward(np.ones(2))
    net.updateGradInput(np.ones(2), np.ones(2))
    hidden.module = nn.Linear(2, 2)
    with refuses(nn.StateError, "needs a forward pass"):
        net.backward(np.ones(2), np.ones(2))
    with refuses(nn.StateError, "needs updateGradInput"):
        net.accGradParameters(np.ones(2), np.ones(2))
    assert net.backward(np.ones(2), net.forward(np.ones(2))).shape == (2,)


def test_dimensions_and_offsets_count_from_one():
    for build in (
        lambda: nn.Narrow(0, 1, 1),
        lambda: nn.Narrow(1, 0, 1),
        lambda: nn.JoinTable(0),
        lambda: nn.SplitTable(0),
    ):
        with refuses(nn.RangeError, "counted from 1", "got 0"):
            build()
    with refuses(nn.RangeError, "dimension 3", "2 dimensions"):
        nn.Narrow(3, 1, 1).forward(np.ones((2, 2)))
    with refuses(nn.RangeError, "from 2 to 4", "has 3"):
        nn.Narrow(1, 2, 3).forward(np.ones(3))
    with refuses(nn.RangeError, "counted 1 to 1"):
        nn.Sequential().add(nn.Tanh()).get(2)


def test_names_that_are_not_there():
    net = nn.LSTM.create(2, 2)
    with refuses(nn.RangeError, "no node named 'i2hh'", "did you mean 'i2h'"):
        net["i2hh"]
    x = one()
    both = nn.gModule([x], [nn.Tanh()(nn.Tanh()(x).annotate(name="t")).annotate(name="t")])
    with refuses(nn.GraphError, "2 nodes named 't'"):
        both["t"]


def test_bad_seeds_and_types():
    with pytest.raises(nn.RangeError):
        nn.manualSeed(float("nan"))
    with refuses(nn.TensorTypeError, "torch.CudaTensor", "to_torch"):
        nn.Linear(2, 2).type("torch.CudaTensor")
    with refuses(nn.TensorTypeError, "torch.CudaTensor", "to_torch"):
        nn.LSTM.create(2, 2).cuda()
    with refuses(nn.GraphError, "add takes a Module"):
        nn.Sequential().add(nn.Tanh)
    with refuses(nn.GraphError, "needs a module on the right"):
        one() - 3


def test_a_node_among_a_modules_arguments():
    with refuses(nn.GraphError, r"nn\.Tanh\(\.\.\.\) makes a module", HERE, r"nn\.Tanh\(\.\.\.\)\(node\)"):
        nn.Tanh(one())
    with refuses(nn.GraphError, "parentheses", r"nn\.Linear\(\.\.\.\)\(node\)"):
        nn.Linear(3, 2, one())


def test_a_class_or_a_number_as_a_nodes_module():
    x = one()
    for wrong in (nn.Tanh, 3):
        with refuses(nn.GraphError, "node.module is a module", HERE, "parentheses"):
            x.module = wrong


def test_a_callback_that_returns_nothing():
    x = one()
    for net in (nn.Sequential().add(nn.Tanh()), nn.gModule([x], [nn.Tanh()(x)])):
        kept = list(net.modules)
        with refuses(nn.GraphError, "returned None for nn.Tanh"):
            net.replace(lambda module: module if module.children() or "Identity" in repr(module) else None)
        assert net.modules == kept


def test_what_cannot_be_shared():
    with refuses(nn.RangeError, "no module in it has a field 'wieght'; did you mean 'weight'"):
        nn.Sequential().add(nn.Linear(3, 2)).clone("wieght")
    assert repr(nn.Tanh().clone("weight", "gradWeight")) == "nn.Tanh"  # scripts ask any network
    with refuses(nn.ShapeError, "weight is float64 2x3 here and float64 2x4 in nn.Linear"):
        nn.Linear(3, 2).share(nn.Linear(4, 2), "weight")
    with refuses(nn.ShapeError, "weight is float64 2x3 here and float32 2x3"):
        nn.Linear(3, 2).share(nn.Linear(3, 2).float(), "weight")


def test_a_weight_of_another_type_put_in_by_hand():
    linear = nn.Linear(3, 2)
    linear.weight = np.ones((2, 3), "float32")
    with refuses(nn.TensorTypeError, "is of type float64, but its weight is float32 2x3"):
        linear.forward(np.ones((1, 3)))
    linear.weight = [[1.0, 2.0, 3.0]]
    with refuses(nn.TensorTypeError, r"its weight is \[\[float, float, float\]\]: write numbers into the weight"):
        linear.forward(np.ones((1, 3)))


def test_an_index_that_is_no_whole_number():
    net = nn.Sequential().add(nn.Tanh())
    for index in (1.0, "1", True, None):
        with refuses(nn.RangeError, "an index is a whole number from 1 to 1"):
            net.get(index)
    with refuses(nn.RangeError, "whole number from 1 to 5, got nan"):
        nn.LookupTable(5, 2).forward(np.array([1, np.nan]))
    with refuses(nn.RangeError, "between 1 and 5"):
        nn.LookupTable(5, 2).forward(np.array([1e30]))


def test_outputs_without_gradients_among_the_entries_of_a_split():
    x, input = one(), np.arange(6.0).reshape(2, 3)
    first, second, third = nn.SplitTable(2)(x).split(3)
    net = nn.gModule([x], [first, second, third])
    net.forward(input)
    gradient = np.ones(2)
    assert net.backward(input, [gradient, None, gradient]).tolist() == [[1, 0, 1], [1, 0, 1]]
    assert net.backward(input, [None, None, None]).tolist() == [[0, 0, 0], [0, 0, 0]]
    net = nn.gModule([y := one()], [nn.SplitTable(2)(y)])
    net.forward(input)
    assert net.backward(input, [gradient, None, gradient]).tolist() == [[1, 0, 1], [1, 0, 1]]
    with refuses(nn.ShapeError, "takes a table of 3 entries, got 2"):
        net.backward(input, [gradient, gradient])
    with refuses(nn.ShapeError, "put out 2, so its gradOutput must be 2, got float64 1"):
        net.backward(input, [np.ones(1)] * 3)
    with refuses(nn.ShapeError, "must be 2, got float64 1"):
        split = nn.SplitTable(2)
        split.forward(input)
        split.backward(input, [np.ones(1)] * 3)


def test_inputs_that_a_parallel_table_does_not_read_have_no_gradient():
    a, b = one(), one()
    net = nn.gModule([a, b], [nn.ParallelTable().add(nn.Tanh())([a, b])])
    input = [np.zeros(2), np.zeros(3)]
    net.forward(input)
    assert [gradient.tolist() for gradient in net.backward(input, [np.ones(2)])] == [[1, 1], [0, 0, 0]]


def test_backward_after_a_failed_forward_of_a_container():
    for container in (nn.Sequential(), nn.ConcatTable()):
        net = container.add(nn.Linear(3, 3)).add(nn.Linear(3, 2))
        output = net.forward(np.ones((1, 3)))
        with pytest.raises(nn.NodeError):
            net.forward(np.ones((1, 4)))
        with refuses(nn.StateError, "forward pass"):
            net.backward(np.ones((1, 3)), output)


def test_a_container_inside_itself():
    net = nn.Sequential()
    for call in (net.add, net.insert):
        with refuses(nn.GraphError, "cannot be inside itself"):
            call(nn.Sequential().add(net))


def test_a_failure_inside_a_module_names_the_users_node_first():
    i = nn.Identity()()
    inner = nn.gModule([i], [nn.Linear(3, 2)(i).annotate(name="inside")])
    x = nn.Identity()()
    outer = nn.gModule([x], [nn.Sequential().add(inner)(x).annotate(name="mine")])
    with refuses(nn.NodeError, r"^forward failed at node 'mine' \(nn.Sequential", "node 'inside'") as caught:
        outer.forward(np.ones((1, 4)))
    assert caught.value.node.name == "inside"


def test_a_listener_that_fails_hides_nothing(monkeypatch):
    def deaf(net, node, error):
        raise ZeroDivisionError("ears")

    monkeypatch.setattr(nn.gModule, "_listeners", (deaf,))
    x = nn.Identity()()
    with refuses(nn.NodeError, "forward failed at node", "ZeroDivisionError: ears"):
        nn.gModule([x], [nn.Linear(3, 2)(x)]).forward(np.ones((1, 4)))


def test_a_criterion_made_of_a_node_is_refused():
    with refuses(nn.GraphError, "MSECriterion", "parentheses"):
        nn.MSECriterion(nn.Identity()())


def test_verbs_out_of_turn():
    net = nn.Sequential().add(nn.Linear(2, 2))
    for prepare in (lambda: None, lambda: net.forward(np.ones(2)), net.clearState):
        prepare()
        with refuses(nn.StateError, "accGradParameters needs updateGradInput"):
            net.accGradParameters(np.ones(2), np.ones(2))
    light = nn.Linear(2, 2)
    del light.gradWeight
    light.zeroGradParameters()
    with refuses(nn.StateError, "has no gradient"):
        light.updateParameters(0.1)


def test_the_modules_of_a_graph_cannot_be_inserted_or_removed():
    x = nn.Identity()()
    net = nn.gModule([x], [nn.Tanh()(x)])
    for edit in (lambda: net.add(nn.Tanh()), lambda: net.insert(nn.Tanh(), 1), lambda: net.remove(1), net.remove):
        with refuses(nn.GraphError, "build another graph"):
            edit()


def test_nodes_may_be_named_by_numbers():
    x = nn.Identity()()
    net = nn.gModule([x], [nn.Tanh()(x).annotate(name=5)])
    assert net[5].module.typename() == "nn.Tanh" and net[5].label().startswith("5")
    with refuses(nn.RangeError, "no node named '55'", "did you mean '5'"):
        net["55"]
