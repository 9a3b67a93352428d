"""Work on several cores: one result after the other, in order, and of what is to come only so much at once."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from typing import Any, TypeVar

# Those that this process may use, where the system says so.
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
_AHEAD = 4  # pieces of work that each core may be ahead

One = TypeVar("One")
Other = TypeVar("Other")


def in_order(
    work: Callable[[One], Other],
    things: Iterable[One],
    begin: Callable[..., None] | None = None,
    given: tuple[Any, ...] = (),
) -> Iterator[Other]:
    """`work` on each of `things`, in processes that each begin with `begin(*given)`; all of it must travel."""
    with ProcessPoolExecutor(CORES, get_context("spawn"), begin, given) as pool:
        yield from ordered(pool, work, things)


def ordered(pool: Executor, work: Callable[[One], Other], things: Iterable[One]) -> Iterator[Other]:
    """`work` on each of `things`, by a pool that works on all cores."""
    left = iter(things)
    ahead: deque[Future[Other]] = deque(pool.submit(work, thing) for thing in islice(left, CORES * _AHEAD))
    while ahead:
        result = ahead.popleft().result()
        ahead.extend(pool.submit(work, thing) for thing in islice(left, 1))
        yield result
