"""A passage by its id: what a reader needs to check it."""

import datetime
from pathlib import Path

from corpus.store import Store
from service.collection import Collection
from service.ingestion import ingest
from service.lookup import Lookup


def test_a_passage_comes_with_its_proof_and_what_it_leans_on(collection: Collection) -> None:
    found = collection.lookup().passage("peoples-daily-2025/4")
    assert found and found.leans_on
    assert (found.leans_on.kind, found.leans_on.passage) == ("anaphor", "peoples-daily-2025/3")
    before = collection.store.passage("peoples-daily-2025/3")
    assert before and found.leans_on.span.of(before[1].text) == found.leans_on.text
    assert found.leans_on.word.of(found.passage.text).startswith("上述")
    assert [witness.passage_id for witness in found.witnesses] == ["xinhua-2025/4"]
    assert found.url == "http://127.0.0.1:8000/p/peoples-daily-2025/4" and not found.is_superseded
    assert found.text_url == "http://127.0.0.1:8000/api/documents/peoples-daily-2025/text"
    assert collection.lookup().passage("peoples-daily-2025/999") is None


def test_a_superseded_passage_refers_to_its_own_version(tmp_path: Path) -> None:
    store, file = Store(tmp_path / "store.sqlite3"), tmp_path / "纪要.txt"
    for text in ("双方强调维护全球战略稳定。", "双方反对外空武器化。"):
        file.write_text(text, "utf-8")
        ingest(store, [file])
    old, new = (Lookup(store, "http://x").passage(name) for name in ("纪要/1", "纪要/2"))
    assert old and new
    assert (old.is_superseded, new.is_superseded) == (True, False)
    assert old.text_url == "http://x/api/documents/%E7%BA%AA%E8%A6%81/text?version=1"
    assert new.url == "http://x/p/%E7%BA%AA%E8%A6%81/2"
    assert old.citation.accessed is None and new.reference.text == "双方反对外空武器化。"
    store.withdraw("纪要", datetime.date(2026, 1, 2))
    assert Lookup(store, "http://x").passage("纪要/2") is None
