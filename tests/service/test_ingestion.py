"""Ingest of a folder: names, collisions, catalogues; the service picks up a new index without a restart."""

from pathlib import Path

from fastapi.testclient import TestClient

from corpus.store import Outcome, Store
from service.app import create_app
from service.collection import Collection
from service.ingestion import BUILT_IN, ingest
from service.settings import Settings

TEXT = "双方强调维护全球战略稳定的重要性，愿继续加强协调。"


def test_the_built_in_statements_are_five_documents_of_three_works(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.sqlite3")
    assert [report.outcome for report in ingest(store, [BUILT_IN])] == [Outcome.ADDED] * 5
    before = [store.body(document.id) for document in store.documents()]
    assert [report.outcome for report in ingest(store, [BUILT_IN])] == [Outcome.UNCHANGED] * 5
    assert [store.body(document.id) for document in store.documents()] == before
    assert set(store.works()) == {"cn-ru-2019", "cn-ru-2022", "cn-ru-2025"}
    assert len(store.paragraphs()) == 112


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
    (collection.settings.indexes / "current").write_text("index-nowhere")
    assert collection.index() is held
