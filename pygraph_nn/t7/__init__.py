"""Torch7's .t7 files: read what people still hold, and write it back."""
