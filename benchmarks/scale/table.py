"""The figures of several sizes beside each other, and how each grows."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

_ROWS = {
    "store": ("passages/s", lambda held: held["passages"] / held["store_s"]),
    "index": ("passages/s", lambda held: held["passages"] / (held["index_s"] + held["merge_s"])),
    "peak": ("MB", lambda held: held["peak_mb"]),
    "peak of a child": ("MB", lambda held: held["peak_child_mb"]),
    "disk, store": ("MB", lambda held: held["disk_store_mb"]),
    "disk, index": ("MB", lambda held: held["disk_index_mb"]),
    "ready": ("s", lambda held: held["ready_s"]),
    "memory, own": ("MB", lambda held: held["own_memory_mb"]),
    "ask, p50": ("ms", lambda held: held["ask_p50_ms"]),
    "ask, p99": ("ms", lambda held: held["ask_p99_ms"]),
    "lexical, p50": ("ms", lambda held: held["lexical_p50_ms"]),
    "lexical, p99": ("ms", lambda held: held["lexical_p99_ms"]),
    "exact, p50": ("ms", lambda held: held["exact_p50_ms"]),
    "dense, p50": ("ms", lambda held: held["dense_p50_ms"]),
    "dense, x": ("", lambda held: held["dense_times_faster"]),
    "recall@10": ("", lambda held: held["recall_at_10"]),
}
_GROWING = ("store_s", "index_s", "ask_p50_ms", "lexical_p50_ms", "exact_p50_ms", "dense_p50_ms", "disk_index_mb")


def table(figures: Sequence[Mapping[str, Any]]) -> str:
    head = f"{'passages':24}" + "".join(f"{held['passages']:>12,}" for held in figures)
    lines = [
        f"{name + (f', {unit}' if unit else ''):24}" + "".join(f"{of(held):12,.4g}" for held in figures)  # type: ignore[no-untyped-call]
        for name, (unit, of) in _ROWS.items()
    ]
    slopes = ", ".join(f"{name} {slope:.2f}" for name, slope in exponents(figures).items())
    return "\n".join([head, *lines, f"grows as passages to the power of: {slopes}", ""])


def exponents(figures: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """The slope of each figure over the number of passages, both as logarithms; from 10,000 on, if there are two."""
    held = [one for one in figures if one["passages"] >= 10_000] or figures
    if len(held) < 2:
        return {}
    sizes = np.log([one["passages"] for one in held])
    return {name: float(np.polyfit(sizes, np.log([one[name] for one in held]), 1)[0]) for name in _GROWING}
