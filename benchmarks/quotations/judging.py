"""What a verifier makes of the cases."""

import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.quotations.cases import Case
from service.verification import Verdict, Verification, Verifier


@dataclass(frozen=True, slots=True)
class Judged:
    """A case with what was said of it."""

    case: Case
    said: Verification

    @property
    def has_wrong_verdict(self) -> bool:
        return self.said.verdict not in self.case.right

    @property
    def has_wrong_flag(self) -> bool:
        return self.case.critical not in (None, self.said.is_critical)

    @property
    def has_wrong_reason(self) -> bool:
        return self.case.reason not in (None, self.said.reason)

    @property
    def is_wrong(self) -> bool:
        return self.has_wrong_verdict or self.has_wrong_flag or self.has_wrong_reason

    @property
    def is_falsely_found(self) -> bool:
        return self.said.verdict is Verdict.FOUND and self.has_wrong_verdict


@dataclass(frozen=True, slots=True)
class Confusion:
    """Every case, judged."""

    judged: tuple[Judged, ...]

    @property
    def passes(self) -> bool:
        """Nothing is called found that is not there, and 99 % of what is there word for word is found."""
        exact = [one for one in self.judged if one.case.kind.startswith("exact")]
        missed = sum(one.has_wrong_verdict for one in exact)
        return not any(one.is_falsely_found for one in self.judged) and missed <= 0.01 * len(exact)

    def table(self) -> str:
        """A line for each kind: how many, called what, how many wrong verdicts, flags and reasons."""
        kinds: dict[str, list[Judged]] = defaultdict(list)
        for one in self.judged:
            kinds[one.case.kind].append(one)
        head = ("kind", "cases", *Verdict, "wrong", "critical", "flag right", "flag wrong", "reason wrong")
        lines = [head, *(_row(kind, held) for kind, held in kinds.items()), _row("all", self.judged)]
        return "\n".join(f"{line[0]:44s}" + "".join(f"{cell!s:>14s}" for cell in line[1:]) for line in lines)

    def wrong(self) -> str:
        """Every misjudged case: kind, what was said and what is right, the quotation."""
        return "\n".join(line for one in self.judged if one.is_wrong for line in _described(one))


def _row(kind: str, judged: Sequence[Judged]) -> tuple[object, ...]:
    flags = [one.has_wrong_flag for one in judged if one.case.critical is not None]
    return (
        kind,
        len(judged),
        *(sum(one.said.verdict is verdict for one in judged) for verdict in Verdict),
        sum(one.has_wrong_verdict for one in judged),
        sum(one.said.is_critical for one in judged),
        flags.count(False),
        flags.count(True),
        sum(one.has_wrong_reason for one in judged),
    )


def _described(one: Judged) -> Iterator[str]:
    case, said = one.case, one.said
    flag = {None: "", True: ", critical", False: ", not critical"}[case.critical]
    yield f"\n{case.kind} · {case.source}{f' · {case.claimed}' if case.claimed else ''}"
    yield (
        f"  said: {said.verdict}{', critical' if said.is_critical else ''}{f', {said.reason}' if said.reason else ''}; "
        f"right: {' or '.join(sorted(case.right))}{flag}{f', {case.reason}' if case.reason else ''}"
    )
    yield f"  {case.text}"


def confusion(verifier: Verifier, cases: Sequence[Case]) -> Confusion:
    """Ask the verifier about every case; progress goes to stderr."""
    judged = []
    for done, case in enumerate(cases, 1):
        judged.append(Judged(case, verifier.verify(case.text, case.claimed)))
        sys.stderr.write(f"\r{done}/{len(cases)}")
    sys.stderr.write("\n")
    return Confusion(tuple(judged))
