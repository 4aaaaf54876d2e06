"""Looking through a module's fields: nothing is missed, and nobody's dict is asked for."""

import subprocess
import sys

import numpy as np
import pytest

import pygraph_nn as nn
from pygraph_nn.modules.fields import fields_of
from tests.module_table import all_rows


def worth_looking_at(module):
    kinds = (np.ndarray, list, tuple, dict, nn.Module)
    return {name: id(value) for name, value in vars(module).items() if isinstance(value, kinds)}


@pytest.mark.parametrize("row", [pytest.param(row, id=name) for name, row in all_rows()])
def test_no_array_table_or_module_is_missed(row):
    module = row.build()
    for part in module.listModules():
        for _ in range(2):
            found = {name: id(value) for name, value in fields_of(part)}
            assert worth_looking_at(part).items() <= found.items()


def test_an_array_under_two_names_is_found_under_both():
    module = nn.Linear(2, 2)
    module.twin = module.weight
    assert "twin" in dict(fields_of(module))


_TRAINED = """
import gc, numpy as np, pygraph_nn as nn
def asked(module):
    return any(value.__class__ is dict for value in gc.get_referents(module))
probe = nn.Tanh()
vars(probe)
net = nn.LSTM.create(3, 4).float()
net.getParameters()
arrays = [np.ones((2, size), "f") for size in (3, 4, 4)]
net.backward(arrays, net.forward(arrays))
repr(net), net.training(), net.zeroGradParameters(), net.updateParameters(0.1)
print(asked(probe), [module for module in net.modules if asked(module)])
"""


@pytest.mark.skipif(
    not (3, 11) <= sys.version_info < (3, 13), reason="where a dict that was asked for slows its object"
)
def test_the_way_to_a_trained_network_leaves_its_modules_fast():
    done = subprocess.run([sys.executable, "-c", _TRAINED], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True []"
