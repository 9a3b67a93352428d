"""Which cases are asked about: so many of each kind, the same for the same collection and seed."""

from collections import Counter
from random import Random

from benchmarks.quotations.cases import FOUND, MISATTRIBUTED, Case, Shelf, papers
from benchmarks.quotations.forged import claims, critical_edits, invented, outside, rearranged, small_edits, spliced
from benchmarks.quotations.genuine import ellipses, exact, punctuated, scripts, truncated
from corpus.store import Store
from service.verification import Claim

GENUINE = (exact, ellipses, scripts, punctuated, truncated)
FORGED = (critical_edits, small_edits, rearranged, spliced, claims, outside, invented)
PER_KIND = 12  # cases, where the collection gives so many
_MOST = {exact: 24, outside: 24, invented: 100}  # 99 % of a handful of exact ones says nothing
_SAME_LETTERS = {"critical: decimal point moved", "critical: numbers run together"}


def generated(store: Store, seed: int = 0, per_kind: int = PER_KIND) -> list[Case]:
    """The same list for the same collection and seed; with fewer per kind, the first ones of each kind."""
    made: dict[tuple[str, str, Claim | None], Case] = {}
    counts: Counter[str] = Counter()
    read = papers(store)
    for family in (*GENUINE, *FORGED):
        held = Shelf(read, Random(f"{seed}/{family.__name__}"))  # its own chance: a new family changes no other
        for case in family(held):
            key = case.kind, case.text, case.claimed
            if counts[case.kind] < _MOST.get(family, per_kind) and key not in made and _is_sound(case, held):
                counts[case.kind] += 1
                made[key] = case
    return list(made.values())


def _is_sound(case: Case, held: Shelf) -> bool:
    """Whether what should not be found is really nowhere: an edit may make just what another sentence says."""
    if case.right in (FOUND, MISATTRIBUTED):
        return True
    if case.kind in _SAME_LETTERS:
        return not any(case.text in passage.text for paper in held.papers for passage in paper.body)
    return not held.holds(case.text)
