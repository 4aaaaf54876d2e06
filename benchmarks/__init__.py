"""Measurements side by side with what one would pick instead: ``make bench``, or ``python -m benchmarks``."""
