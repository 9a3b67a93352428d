"""Ingest of a folder: names, collisions, catalogues; the service picks up a new index without a restart."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fastapi.testclient import TestClient

from corpus.store import Outcome, Store
from embeddings.publication import current
from service.app import create_app
from service.collection import Collection
from service.contents import Contents
from service.ingestion import BUILT_IN, Report, ingest
from service.settings import Settings

TEXT = "双方强调维护全球战略稳定的重要性，愿继续加强协调。"


def test_the_built_in_statements_are_five_documents_of_three_works(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.sqlite3")
    assert [report.outcome for report in ingest(store, [BUILT_IN])] == [Outcome.ADDED] * 5
    before = [store.body(document.id) for document in store.documents()]
    assert [report.outcome for report in ingest(store, [BUILT_IN])] == [Outcome.UNCHANGED] * 5
    assert [store.body(document.id) for document in store.documents()] == before
    assert set(store.works()) == {"cn-ru-2019", "cn-ru-2022", "cn-ru-2025"}
    assert len(list(store.paragraphs())) == 112


def test_witnesses_of_the_statements_are_found_without_the_catalogue(
    tmp_path: Path, statements: dict[str, str]
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name, text in statements.items():
        (folder / f"{name}.txt").write_bytes(text.encode())
    store = Store(tmp_path / "store.sqlite3")
    ingest(store, [folder])
    works = {document.id: document.work for document in store.documents()}
    assert works["un-cd-2019"] == works["hant-glossed-2019"] != works["peoples-daily-2025"] == works["xinhua-2025"]
    assert len({works[name] for name in works}) == 3


def test_progress_is_told_after_every_file_and_every_batch(tmp_path: Path) -> None:
    collection, told, stored = Collection(Settings(data=tmp_path / "data")), list[tuple[int, int]](), list[str]()

    def heard(report: Report) -> None:
        assert report.document and collection.store.document(report.document)
        stored.append(report.document)

    ingest(collection.store, [BUILT_IN], heard)
    assert sorted(stored) == ["hant-2022", "hant-glossed-2019", "peoples-daily-2025", "un-cd-2019", "xinhua-2025"]
    collection.build_index(lambda done, total: told.append((done, total)))
    assert told == [(159, 159)]


def test_two_files_of_one_name_are_a_collision(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "a").mkdir(parents=True)
    (folder / "a-b.txt").write_text(TEXT, "utf-8")
    (folder / "a" / "b.txt").write_text(TEXT, "utf-8")
    first, second = ingest(Store(tmp_path / "store.sqlite3"), [folder])
    assert first.outcome is Outcome.ADDED and second.problem and "would be called a-b, as" in second.problem


def test_a_file_without_prose_is_skipped(tmp_path: Path) -> None:
    file = tmp_path / "title.txt"
    file.write_text("公报", "utf-8")
    (report,) = ingest(Store(tmp_path / "store.sqlite3"), [file])
    assert report.problem and "no paragraph in it reads like body text" in report.problem


def test_a_changed_catalogue_reaches_documents_that_did_not_change(tmp_path: Path) -> None:
    folder, store = tmp_path / "in", Store(tmp_path / "store.sqlite3")
    folder.mkdir()
    (folder / "a.txt").write_text(TEXT, "utf-8")
    catalogue = '[works.w.titles]\nen = "{}"\n[documents.a]\nfile = "a.txt"\nwork = "w"\n'
    for title in ("First", "Second"):
        (folder / "catalogue.toml").write_text(catalogue.format(title))
        ingest(store, [folder])
        assert store.works()["w"].titles == {"en": title}


def test_a_running_service_answers_from_a_newly_published_index(tmp_path: Path) -> None:
    collection = Collection(Settings(data=tmp_path / "data"))
    file = tmp_path / "a.txt"
    file.write_text(TEXT, "utf-8")
    with TestClient(create_app(collection)) as client:
        assert client.get("/readyz").status_code == 503
        refused = client.post("/api/ask", json={"question": "战略稳定"})
        assert refused.status_code == 503 and "no index yet; run `yinju ingest`" in refused.json()["detail"]
        assert client.get("/livez").status_code == 200
        writer = Collection(collection.settings)
        ingest(writer.store, [file])
        writer.build_index()
        assert client.get("/readyz").json()["paragraphs"] == 1
        file.write_text(f"{TEXT}\n双方反对外空武器化，主张尽快谈判缔结具有法律约束力的文书。", "utf-8")
        ingest(writer.store, [file])
        writer.build_index()
        answer = client.post("/api/ask", json={"question": "外空武器化"}).json()
        assert [quote["passage_id"] for quote in answer["quotes"]] == ["a/2"]


def test_a_running_service_keeps_its_snapshot_when_the_new_index_is_broken(tmp_path: Path) -> None:
    collection = Collection(Settings(data=tmp_path / "data"))
    file = tmp_path / "a.txt"
    file.write_text(TEXT, "utf-8")
    ingest(collection.store, [file])
    collection.build_index()
    held = collection.index()
    pointer = collection.settings.indexes / "current"
    file.write_text(f"{TEXT}\n双方反对外空武器化，主张尽快谈判缔结文书。", "utf-8")
    ingest(collection.store, [file])
    collection.build_index()
    manifest = collection.settings.indexes / current(collection.settings.indexes).segments[0].name / "manifest.json"
    whole = manifest.read_text()
    manifest.write_text("{")
    assert collection.index() is held
    manifest.write_text(whole)
    while collection.index() is held:  # it is tried again every second
        time.sleep(0.1)
    assert collection.index().size == 2
    pointer.write_bytes(b"\xff\xfe")
    assert collection.index().size == 2


def test_the_index_knows_whether_it_holds_what_the_store_holds(tmp_path: Path) -> None:
    collection, file = Collection(Settings(data=tmp_path / "data")), tmp_path / "a.txt"
    file.write_text(TEXT, "utf-8")
    ingest(collection.store, [file])
    assert not collection.growth.is_current()
    collection.build_index()
    assert collection.growth.is_current()
    file.write_text(f"{TEXT}\n双方反对外空武器化，主张尽快谈判缔结文书。", "utf-8")
    ingest(collection.store, [file])
    assert not collection.growth.is_current()


def test_indexes_are_built_one_after_the_other(tmp_path: Path) -> None:
    collections = [Collection(Settings(data=tmp_path / "data")) for _ in range(4)]
    files = [tmp_path / f"{at}.txt" for at in range(4)]
    for at, file in enumerate(files):
        file.write_text(f"第{at}份文件强调维护全球战略稳定的重要性，愿继续加强协调。" * 3, "utf-8")

    def take_in(at: int) -> None:
        ingest(collections[at].store, [files[at]])
        collections[at].build_index()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(take_in, range(4)))
    assert collections[0].growth.is_current()


def test_every_wording_is_a_row_and_the_bases_text_comes_first(collection: Collection) -> None:
    rows = list(Contents(collection.store).rows())
    held = {row.paragraph[0]: row for row in rows if row.is_base}
    assert len(held) == 112 and len(rows) == 115
    assert held["un-cd-2019/8"].members == ("un-cd-2019/8", "hant-glossed-2019/8")
    assert held["un-cd-2019/12"].members == ("un-cd-2019/12",) and "会2231 号" in held["un-cd-2019/12"].text


def served(tmp_path: Path, **files: str) -> Collection:
    collection = Collection(Settings(data=tmp_path / "data"))
    for name, text in files.items():
        (tmp_path / f"{name}.txt").write_text(text, "utf-8")
        ingest(collection.store, [tmp_path / f"{name}.txt"])
    collection.build_index()
    return collection


def test_a_sentence_that_occurs_twice_in_a_paragraph_is_one_quote(tmp_path: Path) -> None:
    sentence = "双方反对外空武器化，主张尽快谈判缔结文书。"
    collection = served(tmp_path, a=f"{sentence}双方还讨论了其他问题，并就此交换了意见。{sentence}", b=TEXT)
    (quote,) = collection.answerer().ask("外空武器化").quotes
    assert (quote.number, quote.passage_id) == (1, "a/1")
    assert [quote.text[span.start : span.end] for span in quote.highlights] == [sentence, sentence]
    assert len({span.start for span in quote.highlights}) == 2


def test_words_that_only_another_witness_has_are_found_and_quoted_there(tmp_path: Path) -> None:
    shared = [f"双方就第{n}个议题开展了密切对话，并同意继续加强在这一领域的协调与合作。" for n in "一二三四五六七"]
    collection = served(tmp_path, a="\n".join([*shared, TEXT]), b="\n".join([*shared, f"{TEXT[:-1]}，并重建灯塔。"]))
    (quote,) = collection.answerer().ask("重建灯塔").quotes
    assert quote.passage_id == "b/8" and [witness.passage_id for witness in quote.witnesses] == ["a/8"]
    assert collection.answerer().ask("战略稳定的重要性").quotes[0].passage_id == "a/8"


def test_a_superseded_passage_is_marked(tmp_path: Path) -> None:
    collection = served(tmp_path, a=TEXT)
    (tmp_path / "a.txt").write_text("双方反对外空武器化，主张尽快谈判缔结文书。", "utf-8")
    ingest(collection.store, [tmp_path / "a.txt"])
    collection.build_index()
    with TestClient(create_app(collection)) as client:
        old, new = (client.get(f"/api/passages/a/{number}").json() for number in (1, 2))
        assert (old["text"], old["superseded"], new["superseded"]) == (TEXT, True, False)
        assert client.get("/api/documents/a/text", params={"version": 1}).text == TEXT


def test_an_empty_collection_answers_nothing(tmp_path: Path) -> None:
    answer = served(tmp_path).answerer().ask("外空武器化")
    assert (answer.quotes, answer.nearest) == ((), ())
    assert [note.code for note in answer.interpreted.notes] == ["empty_collection"]


def test_questions_and_ingest_at_the_same_time_never_fail(tmp_path: Path) -> None:
    collection = served(tmp_path, a=TEXT)
    writer = Collection(collection.settings)

    def write() -> None:
        for at in range(12):
            file = tmp_path / f"new-{at}.txt"
            file.write_text(f"第{at}份文件强调维护全球战略稳定的重要性，愿继续加强协调。", "utf-8")
            ingest(writer.store, [file])
            writer.build_index()

    with TestClient(create_app(collection)) as client, ThreadPoolExecutor(5) as pool:
        writing = pool.submit(write)
        asked = 0
        while not writing.done() or asked < 20:
            replies = pool.map(lambda _: client.post("/api/ask", json={"question": "战略稳定"}).status_code, range(4))
            assert list(replies) == [200] * 4
            asked += 4
        writing.result()
        assert client.get("/readyz").json()["paragraphs"] == 13
