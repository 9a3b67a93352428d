"""Doctor names every damage, and repairs what can be: what is gone is said, and nothing else is lost."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from corpus.checksums import PAGE
from corpus.database import Database
from corpus.document import CorpusError
from corpus.store import Store
from embeddings.publication import current
from service.collection import Collection
from service.doctor import examined, repaired
from service.ingestion import BUILT_IN, ingest
from service.settings import Settings

QUESTION = "what was said about INF"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    collection = Collection(Settings(data=folder / "data"))
    ingest(collection.store, [BUILT_IN])
    file = folder / "moon.txt"
    for pounds in ("five", "six"):
        file.write_text(f"The lunar post takes parcels of {pounds} pounds.\n\nLetters wait there.\n", "utf-8")
        ingest(collection.store, [file])
    collection.build_index()
    collection.store.close()
    return folder / "data"


@pytest.fixture
def settings(made: Path, tmp_path: Path) -> Settings:
    return Settings(data=Path(shutil.copytree(made, tmp_path / "data")))


def said(settings: Settings) -> list[object]:
    collection = Collection(settings, create=False)
    names = [passage.id for member in collection.store.members() for passage in collection.store.body(member.document)]
    quotes = collection.answerer().ask(QUESTION).quotes
    found: list[object] = [quotes, *(collection.lookup().passage(name) for name in [*names, "moon/1"])]
    collection.store.close()
    return found


def flip(path: Path, byte: int, bit: int = 0) -> None:
    data = bytearray(path.read_bytes())
    data[byte] ^= 1 << bit
    path.write_bytes(data)


def page_of(settings: Settings, words: str) -> int:
    """Where in the store some words stand first."""
    return settings.store.read_bytes().index(words.encode())


def change(settings: Settings, query: str) -> None:
    database = Database(settings.store)
    assert database.rows(f"{query} RETURNING 1")
    database.close()


def test_all_well_is_said_with_nothing_and_repair_changes_nothing(settings: Settings) -> None:
    before = {path: path.read_bytes() for path in settings.folder.rglob("*") if path.is_file()}
    assert list(examined(settings)) == [] == list(repaired(settings))
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize("bit", range(4))
def test_a_flipped_bit_of_the_store_is_named_and_nothing_is_lost(settings: Settings, bit: int) -> None:
    before = said(settings)
    flip(settings.store, page_of(settings, "核裁军"), bit)
    page = page_of(settings, "核裁军")
    assert any(line.startswith("store: page ") for line in examined(settings)), page
    assert list(repaired(settings)) == [] == list(examined(settings))
    assert said(settings) == before


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM witnesses WHERE document = 'hant-2022' AND passage = 'hant-2022/30'",
        "UPDATE witnesses SET base = passage WHERE passage = 'xinhua-2025/3'",
        "UPDATE passages SET text = text || '。' WHERE document = 'hant-2022' AND number = 7",
        "UPDATE passages SET spans = '[[' WHERE document = 'hant-2022' AND number = 7",
        "DELETE FROM passages WHERE document = 'hant-2022' AND number = 7",
        "UPDATE passages SET wording = NULL WHERE document = 'hant-2022' AND position = 2",
        "UPDATE documents SET text = text || '。' WHERE id = 'hant-2022'",
        "UPDATE documents SET data = CAST(data || 'x' AS BLOB) WHERE id = 'un-cd-2019'",
    ],
)
def test_what_follows_from_the_files_is_derived_anew(settings: Settings, query: str) -> None:
    before = said(settings)
    change(settings, query)
    assert list(examined(settings)) != []
    assert list(repaired(settings)) == [] == list(examined(settings))
    assert said(settings) == before
    assert settings.store.with_name("store.sqlite3.damaged1").exists()


def test_a_document_whose_file_is_gone_is_named_and_answers_as_withdrawn_until_it_comes_back(
    settings: Settings, made: Path
) -> None:
    before = said(settings)
    change(settings, "UPDATE documents SET data = x'00', text = 'nothing' WHERE id = 'moon' AND version = 2")
    assert [line for line in repaired(settings)] == [
        "moon: its file is gone; ingest it again, until then it answers as withdrawn"
    ]
    assert list(examined(settings)) == []
    collection = Collection(settings)
    assert collection.store.withdrawn("moon") and len(collection.store.members()) == 5
    ingest(collection.store, [made.with_name("moon.txt")])
    collection.build_index()
    assert collection.store.withdrawn("moon") is None
    found = collection.lookup().passage("moon/2")
    assert found and found.passage.text == "Letters wait there." and said(settings)[0] == before[0]


def lose_the_log(settings: Settings) -> None:
    store = settings.store
    older = store.read_bytes()
    opened = Store(store)
    opened.withdraw("moon", opened.documents()[0].accessed)
    opened.close()
    store.write_bytes(older)


def test_a_store_that_lacks_what_it_acknowledged_answers_nothing(settings: Settings) -> None:
    lose_the_log(settings)
    with pytest.raises(CorpusError, match="lacks its last change"):
        Collection(settings)
    assert any("lacks its last change" in line for line in examined(settings))
    (told,) = repaired(settings)
    assert told.startswith("changes: what was acknowledged after number ") and list(examined(settings)) == []
    assert said(settings)


def pointer(settings: Settings) -> Path:
    return settings.indexes / "current"


def rows(settings: Settings) -> Path:
    return settings.indexes / current(settings.indexes).segments[0].name / "rows.jsonl"


def descriptions(settings: Settings) -> Path:
    return settings.indexes / current(settings.indexes).descriptions / "descriptions.npz"


@pytest.mark.parametrize("file", [pointer, rows, descriptions])
def test_a_damaged_index_is_named_and_made_anew(settings: Settings, file: Callable[[Settings], Path]) -> None:
    before = said(settings)
    path = file(settings)
    flip(path, path.stat().st_size // 2, 2)
    (named,) = examined(settings)
    assert named.startswith("index: ") and path.name in named
    assert list(repaired(settings)) == [] and said(settings) == before


def test_a_file_of_the_store_that_is_no_database_is_left_as_it_is(settings: Settings) -> None:
    settings.store.write_bytes(b"this is no database" * PAGE)
    before = settings.store.read_bytes()
    assert any("file is not a database" in line for line in examined(settings))
    with pytest.raises(CorpusError, match="nothing of it can be read; restore it from a backup"):
        list(repaired(settings))
    assert settings.store.read_bytes() == before
