"""Times calls in turn, so that they share the machine's moods, and reports medians."""

import statistics
import time


def alternate(calls, repeats=15, least=0.02):
    """Return the median time in seconds of each call in the dict ``calls``.

    The calls take turns, ``repeats`` times, after a round of warming up; a call shorter than ``least`` seconds is
    repeated within its turn until it fills that time.
    """
    counts = {}
    for name, call in calls.items():
        call()
        start = time.perf_counter()
        call()
        counts[name] = max(1, int(least / max(time.perf_counter() - start, 1e-7)))
    times = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            start = time.perf_counter()
            for _ in range(counts[name]):
                call()
            times[name].append((time.perf_counter() - start) / counts[name])
    return {name: statistics.median(taken) for name, taken in times.items()}


def span(seconds):
    """A duration in the unit that suits it."""
    for unit, size in (("s", 1), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= 0.9995 * size:  # which three digits show as 1
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def table(title, header, rows):
    """A Markdown table."""
    lines = [f"### {title}", "", "| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join([*lines, *("| " + " | ".join(map(str, row)) + " |" for row in rows), ""])
