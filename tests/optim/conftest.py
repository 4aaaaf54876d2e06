"""What several tests of optim need."""

import pytest


@pytest.fixture
def screenless():
    """Let matplotlib draw into memory, whatever screen there is, and forget the figures afterwards."""
    matplotlib = pytest.importorskip("matplotlib", reason="pictures need the plot extra")
    from matplotlib import pyplot

    backend = matplotlib.get_backend()
    matplotlib.use("Agg")
    yield
    pyplot.close("all")
    matplotlib.use(backend)
