"""How long something takes, once and often."""

from collections.abc import Callable, Iterable
from statistics import median, quantiles
from time import perf_counter


def ms(work: Callable[[], object]) -> float:
    begun = perf_counter()
    work()
    return (perf_counter() - begun) * 1000


def spread(name: str, times: Iterable[float]) -> dict[str, float]:
    """The median and the 99th percentile of some times in ms."""
    held = list(times)
    return {f"{name}_p50_ms": median(held), f"{name}_p99_ms": quantiles(held, n=100, method="inclusive")[98]}
