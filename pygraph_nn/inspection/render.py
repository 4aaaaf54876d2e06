"""Runs Graphviz: DOT text in, a file of another format out."""

import re
import shutil
import subprocess

from ..errors import PygraphError

__all__ = ["RenderError", "graphviz", "render", "version", "FORMATS", "INSTALL"]

FORMATS = ("svg", "png", "pdf")
INSTALL = (
    "Graphviz's program 'dot' is not installed; it comes with: apt install graphviz (Debian, Ubuntu), "
    "dnf install graphviz (Fedora), brew install graphviz (macOS), winget install graphviz (Windows), "
    "conda install graphviz"
)


class RenderError(PygraphError, RuntimeError):
    """Graphviz is missing, took too long, or could not make sense of the text."""


def graphviz():
    """Return the path of Graphviz's ``dot``, or None where it is not installed."""
    return shutil.which("dot")


def render(text, format="svg", timeout=120):
    """Return a picture of DOT text as bytes.

    Raises RenderError where ``dot`` is missing, fails, or needs more than ``timeout`` seconds.
    """
    if format not in FORMATS:
        raise RenderError(f"a picture can be {', '.join(FORMATS)}, got {format!r}")
    program = graphviz()
    if program is None:
        raise RenderError(INSTALL)
    try:
        done = subprocess.run(
            [program, f"-T{format}"], input=text.encode(), capture_output=True, check=False, timeout=timeout
        )
    except subprocess.TimeoutExpired:
        lines = text.count("\n")
        raise RenderError(
            f"dot did not lay out {lines} lines within {timeout} s: draw a part of the graph, or with simple=True"
        ) from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        raise RenderError(f"dot failed with exit code {done.returncode}: {said}")
    return done.stdout


def version():
    """Return the version of the installed Graphviz, or None where there is none that runs."""
    program = graphviz()
    if program is None:
        return None
    try:
        done = subprocess.run([program, "-V"], capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"version (\S+)", done.stderr + done.stdout)
    return found[1] if found else None
