"""Doctor's eyes: every kind of damage to the store is named."""

from collections.abc import Callable
from pathlib import Path

import pytest

from corpus.audit import audit
from corpus.database import Database
from corpus.store import Store
from service.ingestion import BUILT_IN, ingest


@pytest.fixture
def path(tmp_path: Path) -> Path:
    ingest(Store(tmp_path / "store.sqlite3"), [BUILT_IN])
    return tmp_path / "store.sqlite3"


def change(path: Path, query: str, *values: object) -> None:
    assert len(Database(path).rows(f"{query} RETURNING 1", *values)) == 1


def flip_a_byte(path: Path) -> None:
    ((data,),) = Database(path).rows("SELECT data FROM documents WHERE id = 'hant-2022'")
    changed = data[:5000] + bytes([data[5000] ^ 1]) + data[5001:]
    change(path, "UPDATE documents SET data = ? WHERE id = 'hant-2022'", changed)


def test_a_sound_store_has_no_findings(path: Path) -> None:
    assert list(audit(Store(path))) == []


@pytest.mark.parametrize(
    ("damage", "findings"),
    [
        (flip_a_byte, ["hant-2022: the stored file does not have its SHA-256 any more; ingest the original again"]),
        (
            lambda path: change(
                path, "UPDATE passages SET text = text || '。' WHERE document = 'hant-2022' AND number = 7"
            ),
            ["hant-2022/7: its text is not the slice of the text of record that its spans name"],
        ),
        (
            lambda path: change(path, "UPDATE documents SET text = text || '。' WHERE id = 'hant-2022'"),
            ["hant-2022: the stored text does not have its SHA-256 any more; ingest the original again"],
        ),
        (
            lambda path: change(
                path, "UPDATE passages SET role = 'body' WHERE document = 'xinhua-2025' AND position = 35"
            ),
            ["xinhua-2025: extractor changed: today's rules would split it otherwise; the stored passages stand"],
        ),
        (
            lambda path: change(path, "UPDATE passages SET number = 99 WHERE document = 'hant-2022' AND number = 65"),
            [
                "hant-2022: the numbers of its passages in version 1 have been changed",
                "store: a row can't be read (KeyError('hant-2022/65')); run `yinju doctor --repair`",
            ],
        ),
        (
            lambda path: change(path, "UPDATE witnesses SET base = passage WHERE passage = 'xinhua-2025/3'"),
            ["xinhua-2025/3: stands as a witness of xinhua-2025/3, but is one of peoples-daily-2025/3"],
        ),
        (
            lambda path: change(path, "UPDATE passages SET spans = '[[' WHERE document = 'hant-2022' AND number = 7"),
            ["hant-2022: a row can't be read", "store: a row can't be read", "store: a row can't be read"],
        ),
        (
            lambda path: change(
                path, "UPDATE passages SET wording = NULL WHERE document = 'hant-2022' AND position = 2"
            ),
            ["hant-2022: paragraph 3 can't be found by its wording"],
        ),
    ],
)
def test_damage_is_named(path: Path, damage: Callable[[Path], None], findings: list[str]) -> None:
    damage(path)
    found = list(audit(Store(path)))
    assert [line[: len(finding)] for line, finding in zip(found, findings, strict=True)] == findings


def test_damage_to_a_superseded_version_is_named(tmp_path: Path) -> None:
    file, store = tmp_path / "a.txt", Store(tmp_path / "store.sqlite3")
    for text in ("双方强调维护全球战略稳定。", "双方反对外空武器化。"):
        file.write_text(text, "utf-8")
        ingest(store, [file])
    assert list(audit(store)) == []
    change(tmp_path / "store.sqlite3", "UPDATE passages SET text = '双方同意。' WHERE version = 1")
    assert list(audit(store))[0] == "a/1: its text is not the slice of the text of record that its spans name"
