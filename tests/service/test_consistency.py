"""A few seconds of the consistency benchmark: each answer is of one generation, and the oracle would say if not."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from benchmarks.consistency.__main__ import observed
from benchmarks.consistency.trial import READERS
from service.collection import Collection
from service.ingestion import ingest
from service.settings import Settings

PARCELS = "The lunar post takes parcels of {} pounds."
FERRY = "The lunar ferry takes parcels of {} pounds too, at the quay of the moon."


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


def test_an_index_of_several_changes_holds_one_generation_though_others_change_meanwhile(tmp_path: Path) -> None:
    """Two small documents, one read before and one after a large one, change while that is being indexed."""
    collection = Collection(Settings(data=tmp_path / "data"))
    seen, has_changed = list[set[str]](), False

    def put(name: str, text: str) -> None:
        (tmp_path / f"{name}.txt").write_text(text, "utf-8")
        assert [report.problem for report in ingest(collection.store, [tmp_path / f"{name}.txt"])] == [None]

    def look() -> None:
        index = collection.index()
        held = {row.text for batch in index.batches(range(len(index.segments))) for row in batch.rows}
        seen.append({text for text in held if "lunar" in text})

    def some_are_done(done: int, total: int) -> None:
        nonlocal has_changed
        look()
        if not has_changed:
            has_changed = True
            with ThreadPoolExecutor(1) as other:
                list(other.map(put, ("a-parcels", "z-ferry"), (PARCELS.format("seven"), FERRY.format("seven"))))

    put("b-fish", "Nobody knows the number of fish in the harbour of the moon.")
    collection.build_index()
    put("a-parcels", PARCELS.format("five"))
    put("m-harbour", "\n\n".join(f"Paragraph {number} counts the lamps at quay {number}." for number in range(600)))
    put("z-ferry", FERRY.format("five"))
    collection.grow_index(some_are_done)
    look()
    generations = [set(), *({PARCELS.format(pounds), FERRY.format(pounds)} for pounds in ("five", "seven"))]
    assert [held for at, held in enumerate(seen) if held not in seen[:at]] == generations
