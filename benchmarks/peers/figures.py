"""Replies and seconds → the figures of each entrant."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median, quantiles

from benchmarks.peers.collection import Holdings, language
from benchmarks.peers.contest import Asked, Ingested
from benchmarks.peers.passage import Reply
from service.evaluation import Case

Row = Mapping[str, float]
Judged = Sequence[tuple[Case, Reply]]


@dataclass(frozen=True, slots=True)
class Contest:
    """What went in and what came out, by the name of the entrant."""

    holdings: Holdings
    cases: Sequence[Case]
    ingested: Mapping[str, Ingested]
    started: Mapping[str, Sequence[float]]
    asked: Mapping[str, Asked]

    def speed(self, name: str) -> Row:
        """Times and memory: medians of the rounds, percentiles of all single times."""
        row: dict[str, float] = {}
        if asked := self.asked.get(name):
            ms = [reply.ms for replies in asked.rounds for reply in replies]
            row["questions/s"] = median(per_second(asked))
            row["p50 ms"], row["p99 ms"] = median(ms), quantiles(ms, n=100, method="inclusive")[98]
            row["start s"], row["peak MB"] = median(self.started[name]), asked.peak
        if ingested := self.ingested.get(name):
            row["passages/s"] = len(self.holdings.passages) / median(ingested.seconds)
        return row

    def quality(self, name: str) -> Row:
        """What the replies of the first round are worth; those of the others are the same."""
        judged = list(zip(self.cases, self.asked[name].rounds[0], strict=True))
        answerable = [held for held in judged if held[0].gold]
        none = [held for held in judged if not held[0].gold]
        row = {"success@1": share(answerable, self._is_answered), "first shown": share(answerable, self._is_shown)}
        row |= {"refused": share(none, lambda case, reply: not reply.answered)} if none else {}
        for group in _held_out, (lambda case: case.kind), language:
            names = sorted({group(case) for case, _ in answerable} - {""})
            row |= {name: share([h for h in answerable if group(h[0]) == name], self._is_answered) for name in names}
        return row

    def _is_answered(self, case: Case, reply: Reply) -> bool:
        return reply.answered and self._is_shown(case, reply)

    def _is_shown(self, case: Case, reply: Reply) -> bool:
        return bool(reply.passages) and self.holdings.answers(reply.passages[0], case)

    def problems(self) -> list[str]:
        """Passages that came back otherwise than they went in."""
        return [
            f"{name} quotes {found.id} as {found.text!r}"
            for name, asked in self.asked.items()
            for replies in asked.rounds
            for reply in replies
            for found in reply.passages
            if not self.holdings.holds(found)
        ]


def _held_out(case: Case) -> str:
    return "held out" if case.is_held_out else ""


def per_second(asked: Asked) -> list[float]:
    """Questions a second in each round."""
    return [1000 / fmean(reply.ms for reply in replies) for replies in asked.rounds]


def share(judged: Judged, is_so: Callable[[Case, Reply], bool]) -> float:
    return fmean(is_so(case, reply) for case, reply in judged)
