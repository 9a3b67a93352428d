"""The store: numbers that stay, versions, transactions, works found or declared."""

import datetime
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from corpus.audit import audit
from corpus.changes import NONE
from corpus.database import Database
from corpus.document import CorpusError, Place, Work
from corpus.fulltext import Findable
from corpus.readers import read
from corpus.records import Draft
from corpus.store import Outcome, Store
from corpus.wording import wording
from service.ingestion import prepare

TODAY = datetime.date(2026, 1, 2)
LATER = datetime.date(2027, 1, 2)
PARAGRAPHS = [
    "双方强调维持良好大国关系对解决全球战略性问题的重要性，并愿就此继续开展密切对话与协调。",
    "双方主张在裁军谈判会议上启动关于防止外空武器化的多边谈判，并尽早缔结具有法律约束力的文书。",
    "双方重申致力于建立无化学武器世界，呼吁缔约国采取一切必要措施，恢复有关国际组织的权威性。",
    "双方认为人工智能技术的军事应用可能带来新的风险，愿在联合国框架内就此进一步开展合作与交流。",
    "双方支持以世界贸易组织为核心的多边贸易体制，反对单边主义和保护主义，反对滥用出口管制措施。",
    "双方愿加强在气候变化、生物多样性和可持续交通等领域的合作，推动全球可持续发展议程的落实。",
]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store.sqlite3")


def draft(tmp_path: Path, paragraphs: list[str], name: str = "minutes.txt") -> Draft:
    file = tmp_path / "in" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("\n".join(paragraphs), "utf-8")
    (prepared,) = prepare([file])
    assert prepared.draft, prepared.problem
    return prepared.draft


def numbers(store: Store, document: str = "minutes") -> dict[int | None, str]:
    return {passage.number: passage.text for passage in store.body(document)}


def test_the_same_bytes_again_change_nothing(store: Store, tmp_path: Path) -> None:
    assert store.put(draft(tmp_path, PARAGRAPHS[:3]), TODAY) is Outcome.ADDED
    before = store.documents()
    assert store.put(draft(tmp_path, PARAGRAPHS[:3]), LATER) is Outcome.UNCHANGED
    assert store.documents() == before and before[0].accessed == TODAY


def test_unchanged_paragraphs_keep_their_numbers_and_new_ones_get_unused_ones(store: Store, tmp_path: Path) -> None:
    first, second, third, fourth, fifth, _ = PARAGRAPHS
    store.put(draft(tmp_path, [first, second, third]), TODAY)
    assert store.put(draft(tmp_path, [fourth, first, third]), LATER) is Outcome.NEW_VERSION
    assert numbers(store) == {4: fourth, 1: first, 3: third}
    assert [passage.ordinal for passage in store.body("minutes")] == [1, 2, 3]
    store.put(draft(tmp_path, [second, fifth, first]), LATER)
    assert numbers(store) == {2: second, 5: fifth, 1: first}
    document = store.document("minutes")
    assert document and document.version == 3 and document.accessed == TODAY


def test_a_superseded_passage_still_has_its_old_text_and_document(store: Store, tmp_path: Path) -> None:
    store.put(draft(tmp_path, PARAGRAPHS[:2]), TODAY)
    store.put(draft(tmp_path, PARAGRAPHS[2:4]), LATER)
    held = store.passage("minutes/2")
    assert held is not None
    document, passage = held
    assert (document.version, passage.text) == (1, PARAGRAPHS[1])
    assert passage.is_slice_of(document.raw)


@pytest.mark.parametrize(
    "name", ["minutes/9", "minutes", "minutes/x", "minutes/²", "/1", "../minutes/1", "minutes/" + "1" * 40]
)
def test_an_unknown_passage_is_none(store: Store, tmp_path: Path, name: str) -> None:
    store.put(draft(tmp_path, PARAGRAPHS[:2]), TODAY)
    assert store.passage(name) is None


def test_a_witness_is_found_without_a_catalogue(store: Store, tmp_path: Path) -> None:
    store.put(draft(tmp_path, PARAGRAPHS, "b.txt"), TODAY)
    store.put(
        draft(tmp_path, [*PARAGRAPHS[1:], "另有一段只在这份文件里出现的话，与其他文件都不相同，也没有对应。"], "a.txt"),
        TODAY,
    )
    assert {document.work for document in store.documents()} == {"b"}
    groups = [[passage.id for passage in group] for group in store.paragraphs()]
    assert groups == [["a/1", "b/2"], ["a/2", "b/3"], ["a/3", "b/4"], ["a/4", "b/5"], ["a/5", "b/6"], ["a/6"], ["b/1"]]
    assert store.group("b/2") == ["a/1", "b/2"]


def test_the_catalogue_says_which_witness_is_the_base(store: Store, tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        one = draft(tmp_path, PARAGRAPHS, name)
        store.put(replace(one, work=Work("w", base="b"), source=None), TODAY)
    assert store.group("a/1") == ["b/1", "a/1"]


def test_a_failed_put_leaves_nothing_behind(store: Store, tmp_path: Path) -> None:
    good = draft(tmp_path, PARAGRAPHS)
    unstorable = replace(good.passages[-1], part=object())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="type object"):
        store.put(replace(good, passages=[*good.passages[:-1], unstorable]), TODAY)
    assert store.documents() == [] and store.works() == {}
    assert store.put(good, TODAY) is Outcome.ADDED


def test_the_store_keeps_the_original_bytes(store: Store, tmp_path: Path) -> None:
    data = "\ufeff双方强调合作。\r\n双方主张对话。".encode()
    entry = draft(tmp_path, PARAGRAPHS).entry
    reading = read("minutes.txt", data)
    store.put(Draft(reading, entry, "zh-Hans", (), Findable.of(())), TODAY)
    document, file, kept, _ = store.kept("minutes", 1)
    assert (kept, file, document.raw, document.text_sha256) == (data, "minutes.txt", data.decode(), None)


def test_a_file_that_is_no_store_says_so(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    path.write_bytes(b"not a database, but long enough to look at" * 100)
    with pytest.raises(
        CorpusError,
        match="file is not a database; run `yinju doctor`; if it finds damage, `yinju doctor --repair` rebuilds",
    ):
        Store(path)


def test_a_store_of_another_format_says_so(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    Store(path)
    Database(path).rows("PRAGMA user_version = 99")
    with pytest.raises(CorpusError, match="has format 99"):
        Store(path)


def test_a_withdrawn_document_is_gone_but_for_its_name_and_comes_back_as_it_was(store: Store, tmp_path: Path) -> None:
    store.put(draft(tmp_path, PARAGRAPHS[:4], "first.txt"), TODAY)
    store.put(draft(tmp_path, PARAGRAPHS[:4], "second.txt"), TODAY)
    before = store.documents(), list(store.paragraphs()), store.alignment("first")
    store.withdraw("first", LATER)
    assert (store.withdrawn("first"), store.withdrawn("second")) == (LATER, None)
    assert [member.document for member in store.members()] == ["second"]
    assert (store.document("first"), store.document("first", 1), store.passage("first/1")) == (None, None, None)
    assert store.group("second/1") == ["second/1"]
    assert [[passage.id for passage in group] for group in store.paragraphs()] == [[f"second/{n}"] for n in range(1, 5)]
    assert {place.document for place in store.full_text.holding(wording(PARAGRAPHS[0]).text, 9)} == {"second"}
    with pytest.raises(CorpusError, match="^first: was withdrawn on 2027-01-02$"):
        store.withdraw("first", LATER)
    with pytest.raises(CorpusError, match="^third: no such document; there are second$"):
        store.withdraw("third", LATER)
    assert store.put(draft(tmp_path, PARAGRAPHS[:4], "first.txt"), LATER) is Outcome.ADDED
    assert (store.documents(), list(store.paragraphs()), store.alignment("first")) == before
    assert store.withdrawn("first") is None and list(audit(store)) == []


def test_a_withdrawn_document_comes_back_with_new_text_and_old_numbers(store: Store, tmp_path: Path) -> None:
    store.put(draft(tmp_path, PARAGRAPHS[:2]), TODAY)
    store.withdraw("minutes", TODAY)
    assert store.put(draft(tmp_path, PARAGRAPHS[1:3]), LATER) is Outcome.ADDED
    assert numbers(store) == {2: PARAGRAPHS[1], 3: PARAGRAPHS[2]} and list(audit(store)) == []


def test_paragraphs_are_found_by_their_wording_in_the_newest_version(store: Store, tmp_path: Path) -> None:
    store.put(draft(tmp_path, PARAGRAPHS[:3]), TODAY)
    store.put(draft(tmp_path, [PARAGRAPHS[5], *PARAGRAPHS[1:3]]), LATER)
    assert store.full_text.holding(wording("防止外空武器化").text, 9) == [Place("minutes", 1)]
    assert store.full_text.holding(wording("大国关系").text, 9) == []
    assert store.full_text.resembling(wording("促进全球可持续发屏议程").text, 1) == [Place("minutes", 0)]
    assert store.full_text.resembling("xyz", 9) == [] and store.full_text.resembling("外", 9) == []
    assert store.full_text.holding('"外空" OR 1', 9) == []


def test_a_store_of_the_first_format_is_brought_up_to_date(store: Store, tmp_path: Path) -> None:
    store.put(draft(tmp_path, PARAGRAPHS[:3]), TODAY)
    path = tmp_path / "store.sqlite3"
    for statement in (
        "DROP TABLE withdrawals",
        "DROP TABLE trigrams",
        "DROP TABLE wordings",
        "DROP INDEX passages_by_wording",
        "ALTER TABLE passages DROP COLUMN wording",
        "ALTER TABLE passages DROP COLUMN part",
        "DROP TABLE sketches",
        "DROP INDEX documents_by_work",
        "DROP TABLE changes",
        "DROP TABLE jobs",
        "DROP TABLE changed",
        "DROP INDEX witnesses_by_document",
        "PRAGMA user_version = 1",
    ):
        Database(path).rows(statement)
    store.watermark.path.unlink()
    upgraded = Store(path)
    assert list(upgraded.paragraphs()) == list(store.paragraphs()) and list(audit(upgraded)) == []
    assert upgraded.full_text.holding(wording("防止外空武器化").text, 9) == [Place("minutes", 1)]
    assert upgraded.changes.since(NONE, 1000)[0] == {"minutes"}


def test_to_open_a_store_writes_nothing(store: Store, tmp_path: Path) -> None:
    store.put(draft(tmp_path, PARAGRAPHS[:3]), TODAY)
    files = [tmp_path / "store.sqlite3", tmp_path / "store.sqlite3-wal"]
    before = [file.read_bytes() for file in files]
    assert Store(tmp_path / "store.sqlite3").documents() == store.documents()
    assert [file.read_bytes() for file in files] == before


def test_spans_are_stored_as_numbers(store: Store, tmp_path: Path) -> None:
    store.put(draft(tmp_path, PARAGRAPHS[:1]), TODAY)
    ((spans,),) = Database(tmp_path / "store.sqlite3").rows("SELECT spans FROM passages")
    assert json.loads(spans) == [[0, len(PARAGRAPHS[0])]]


def test_a_restored_paragraph_has_its_old_number_again(store: Store, tmp_path: Path) -> None:
    for paragraphs in (PARAGRAPHS[:3], PARAGRAPHS[:2], PARAGRAPHS[:3]):
        store.put(draft(tmp_path, paragraphs), TODAY)
    assert numbers(store) == {1: PARAGRAPHS[0], 2: PARAGRAPHS[1], 3: PARAGRAPHS[2]}


def test_a_document_does_not_take_over_the_work_of_its_name(store: Store, tmp_path: Path) -> None:
    declared = replace(draft(tmp_path, PARAGRAPHS[:2], "other.txt"), work=Work("minutes", {"en": "Declared"}))
    store.put(declared, TODAY)
    store.put(draft(tmp_path, PARAGRAPHS[2:]), TODAY)
    works = {member.document: member.work for member in store.members()}
    assert works == {"minutes": "minutes-2", "other": "minutes"} and store.works()["minutes"] == declared.work


def test_a_document_that_changes_leaves_the_work_it_shared(store: Store, tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        store.put(draft(tmp_path, PARAGRAPHS, name), TODAY)
    store.put(
        draft(
            tmp_path, ["完全不同的内容，与其他任何文件都没有关系，只谈天气和收成，以及邻里之间的琐事。"] * 9, "a.txt"
        ),
        TODAY,
    )
    assert {member.document: member.work for member in store.members()} == {"a": "a-2", "b": "a"}
    assert store.group("b/1") == ["b/1"]


def test_a_changed_base_reorders_the_witnesses_of_unchanged_documents(store: Store, tmp_path: Path) -> None:
    drafts = [draft(tmp_path, PARAGRAPHS, name) for name in ("a.txt", "b.txt")]
    for base in ("a", "b"):
        for one in drafts:
            store.put(replace(one, work=Work("w", base=base)), TODAY)
        assert store.group("a/1")[0] == f"{base}/1"


def test_another_file_of_the_same_name_is_refused_and_a_moved_one_is_not(store: Store, tmp_path: Path) -> None:
    first = draft(tmp_path, PARAGRAPHS[:2])
    store.put(first, TODAY)
    elsewhere = draft(tmp_path / "in", PARAGRAPHS[2:])
    with pytest.raises(CorpusError, match="its name minutes is that of another file of the collection .*; rename it"):
        store.put(elsewhere, TODAY)
    assert numbers(store) == {1: PARAGRAPHS[0], 2: PARAGRAPHS[1]}
    assert store.put(draft(tmp_path / "in", PARAGRAPHS[:2]), TODAY) is Outcome.UNCHANGED


def test_a_fresh_store_can_be_opened_by_many_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        for at in range(10):
            list(pool.map(Store, [tmp_path / f"{at}.sqlite3"] * 8))


def test_what_is_read_together_is_one_state(store: Store, tmp_path: Path) -> None:
    store.put(draft(tmp_path, PARAGRAPHS[:2]), TODAY)
    other = Store(tmp_path / "store.sqlite3")
    with store.reading():
        before = store.members()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(other.put, draft(tmp_path, PARAGRAPHS, "new.txt"), TODAY).result()
        assert store.members() == before
    assert len(store.members()) == 2


def test_a_read_only_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="name another folder in YINJU_DATA"):
        Store(Path("/proc/nowhere/store.sqlite3"))
