"""Settings that hold for every test and doctest."""

import importlib.util

import pytest
from hypothesis import settings

# A bridge's examples need the framework that it leads to.
collect_ignore_glob = [
    f"pygraph_nn/bridges/{framework}*.py"
    for framework in ("torch", "onnx", "safetensors")
    if importlib.util.find_spec(framework) is None
]

# Times vary on shared machines; a slow example is no wrong one.
settings.register_profile("pygraph_nn", deadline=None, max_examples=50)
settings.load_profile("pygraph_nn")


@pytest.fixture(autouse=True)
def classes_as_they_were(monkeypatch):
    """What a test or a page registers for files is forgotten behind it."""
    from pygraph_nn.t7 import classes

    monkeypatch.setattr(classes, "_registered", dict(classes._registered))
