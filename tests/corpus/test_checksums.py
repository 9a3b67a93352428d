"""One flipped bit in a store or its log is found wherever it is, and put back where it can be told."""

import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from corpus.checksums import PAGE, faults, log_faults, mend
from corpus.document import CorpusError
from corpus.store import Store
from service.ingestion import BUILT_IN, ingest

FLIPS = 150


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "store.sqlite3")
    ingest(made, [BUILT_IN])
    return made


@pytest.fixture
def path(store: Store, tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite3"


def test_a_flipped_bit_in_a_page_is_found_and_mostly_put_back(store: Store, path: Path) -> None:
    store.close()
    data, rng, mended = path.read_bytes(), Random(1), 0
    assert list(faults(path)) == [] and len(data) > 100 * PAGE
    for _ in range(FLIPS):
        bit = rng.randrange(8 * len(data))
        path.write_bytes(flipped(data, bit))
        (fault,) = faults(path)
        assert fault.name == f"page {bit // 8 // PAGE + 1}" and fault.bit in (bit, None)
        if fault.bit is not None:
            mend(path, fault)
            assert path.read_bytes() == data
            mended += 1
    assert mended > FLIPS // 2


def test_a_flipped_bit_in_the_log_is_found_before_sqlite_passes_over_what_follows(path: Path) -> None:
    log = path.with_name("store.sqlite3-wal")
    data, rng, mended = log.read_bytes(), Random(2), 0
    assert list(log_faults(log)) == []
    copy = path.parent / "copy.sqlite3"
    for number in range(FLIPS):
        bit = rng.randrange(8 * len(data)) if number % 2 else 256 + rng.randrange(100) * 8 * (PAGE + 24) + number
        broken = copy.with_name("copy.sqlite3-wal")
        broken.write_bytes(flipped(data, bit))
        (fault,) = log_faults(broken)
        assert fault.bit in (bit, None)
        if number < 3:
            copy.write_bytes(path.read_bytes())
            with pytest.raises(CorpusError, match="of its log is damaged; run `yinju doctor`"):
                Store(copy)
        if fault.bit is not None:
            mend(broken, fault)
            assert broken.read_bytes() == data
            mended += 1
    assert mended > FLIPS // 2


def test_what_a_killed_process_has_not_finished_is_no_damage(path: Path) -> None:
    log = path.with_name("store.sqlite3-wal")
    data = log.read_bytes()
    assert len(data) > 200 * PAGE
    broken = log.with_name("broken")
    for cut in (PAGE + 100, 40 * (PAGE + 24) + 32 + 24, 30):
        broken.write_bytes(data[:cut])
        assert list(log_faults(broken)) == []
    broken.write_bytes(data[:-PAGE] + bytes(PAGE))
    assert list(log_faults(broken)) == []


def test_a_store_of_a_format_before_there_were_checksums_is_not_taken_for_damaged(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    with closing(sqlite3.connect(path)) as store, store:
        store.execute("CREATE TABLE works (id TEXT PRIMARY KEY)")
        store.execute("PRAGMA user_version = 5")
    assert list(faults(path)) == []
    path.write_bytes(flipped(path.read_bytes(), 8 * 62 + 1))  # a format that is none, and no checksums
    assert [str(fault) for fault in faults(path)] == ["page 1 is damaged", "page 2 is damaged", "page 3 is damaged"]
