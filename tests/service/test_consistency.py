"""A few seconds of the consistency benchmark: each answer is of one generation, and the oracle would say if not."""

from dataclasses import replace
from pathlib import Path

from benchmarks.consistency.__main__ import observed
from benchmarks.consistency.trial import READERS
from service.collection import Collection


def test_each_answer_is_of_one_generation_while_documents_come_and_go(collection: Collection, tmp_path: Path) -> None:
    assert collection.settings.data
    seen, oracle = observed(collection.settings.data, tmp_path, seconds=4)
    readings = seen.readings
    verdicts = list(oracle.verdicts(readings))
    assert [verdict for verdict in verdicts if not verdict.moments] == []
    assert list(oracle.torn()) == []
    assert {reading.status for reading in readings} <= {200, 422}
    assert {reading.reader for reading in readings} == set(range(READERS))
    assert any(oracle.is_pure(moment) for verdict in verdicts for moment in verdict.moments) and oracle.anew

    # One reply in place of another to the same question that could not be had then.
    at, other = next(
        (at, other)
        for at, verdict in enumerate(verdicts)
        for other in readings
        if other.question == verdict.reading.question and (other.status, other.body) not in verdict.expected.values()
    )
    forged = [*readings[:at], replace(readings[at], status=other.status, body=other.body), *readings[at + 1 :]]
    assert [verdict.reading for verdict in oracle.verdicts(forged) if not verdict.moments] == [forged[at]]

    # The same reader is told something older than before.
    early, late = next(
        (early.reading, late.reading)
        for early in verdicts
        for late in verdicts
        if late.reading.reader == early.reading.reader and max(early.moments) < min(late.moments)
    )
    assert [bool(verdict.moments) for verdict in oracle.verdicts([late, early])] == [True, False]
