"""The one place in this room that reaches for matplotlib, an extra."""

from ..errors import MissingExtraError

__all__ = ["new_figure", "show"]


def new_figure(purpose, on_screen):
    """Return an empty matplotlib figure; only one meant for the screen is registered with pyplot, which keeps it.

    Raises: MissingExtraError, which says what ``purpose`` needs and how to install it.
    """
    try:
        from matplotlib import pyplot
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("matplotlib", "plot", purpose) from error
    return pyplot.figure(layout="constrained") if on_screen else Figure(layout="constrained")


def show(figure):
    """Bring the figure to the screen without waiting for it to be closed; without a screen, do nothing."""
    if figure.canvas.required_interactive_framework is not None and figure.canvas.manager is not None:
        figure.show()
        figure.canvas.flush_events()
