"""Looking at networks: pictures, summaries, and errors that point at the node."""

from .pictures import *
