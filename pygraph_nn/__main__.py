"""``python -m pygraph_nn``: the command line, where the ``pygraph-nn`` program is not on the path."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
