"""Programs to run and to read; installed as ``pygraph_nn.examples``, for ``python -m pygraph_nn.examples.NAME``."""
