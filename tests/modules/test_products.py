"""Products of pairs: what a row of the module table cannot say."""

import numpy as np

import pygraph_nn as nn


def test_experts_of_one_number_are_mixed_to_a_vector_of_one():
    module, input = nn.MixtureTable(), [np.array([0.25, 0.75]), np.array([2.0, 4.0])]
    output = module.forward(input)
    assert isinstance(output, np.ndarray) and output.tolist() == [3.5]
    by_gates, by_experts = module.backward(input, np.array([2.0]))
    assert by_gates.tolist() == [4, 8] and by_experts.tolist() == [0.5, 1.5]
