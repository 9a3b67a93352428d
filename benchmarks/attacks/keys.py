"""Callers with a wrong key, who try again as soon as they are refused."""

from collections.abc import Sequence

from benchmarks.load.client import at_once

CALLERS = 16


def wrong(port: int, questions: Sequence[str], seconds: float) -> dict[str, float]:
    replies = at_once(port, questions, CALLERS, seconds, "wrong")
    assert {reply.status for reply in replies} == {401}
    return {"callers": CALLERS, "refused_a_second": len(replies) / seconds}
