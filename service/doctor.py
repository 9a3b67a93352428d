"""Everything that can be damaged, looked at; and what can be had again, rebuilt.

Nothing is made worse: a flipped bit is put back only where a checksum says which, a store is made anew aside and takes
the place of the damaged one, which is kept, and an index follows from its store.
"""

import datetime
from collections.abc import Iterator
from pathlib import Path

import corpus
import embeddings
from corpus import shipped
from corpus.audit import CHANGED, audit
from corpus.checksums import faults, log_faults, mend
from corpus.document import CorpusError
from corpus.rebuilding import rebuild
from corpus.store import Store
from corpus.watermark import Watermark
from embeddings.encoder import EncoderError
from embeddings.glossary import GlossaryError
from embeddings.publication import IndexUnusable
from service.collection import Collection
from service.settings import Settings

_ROOMS = (Path(corpus.__file__).parent, Path(embeddings.__file__).parent)


def examined(settings: Settings) -> Iterator[str]:
    """A line for each thing that is wrong: with the program's own files, with the store, with the index."""
    yield from _program()
    if settings.data:
        yield from _pages(settings.store)
        yield from _store(settings.store)
    yield from _index(settings)


def repaired(settings: Settings) -> Iterator[str]:
    """Repair what can be; a line for each thing that is gone for good, or still wrong.

    Raises CorpusError or IndexUnusable if it can't be done now, and all is as it was.
    """
    if not any(_program()):  # what is rebuilt by a damaged program would be damaged
        try:
            if settings.data:
                yield from _repaired_store(settings.store)
            _repair_index(settings)
        except OSError as error:
            raise CorpusError(f"{error.filename}: {error.strerror}; then run `yinju doctor --repair` again") from error
    yield from examined(settings)


def _program() -> Iterator[str]:
    for room in _ROOMS:
        yield from shipped.damage(room)


def _pages(path: Path) -> Iterator[str]:
    """What its checksums say, before SQLite opens it."""
    if path.exists():
        found = [*log_faults(path.with_name(f"{path.name}-wal")), *faults(path)]
        yield from (f"store: {fault}; run `yinju doctor --repair`" for fault in found)


def _store(path: Path) -> Iterator[str]:
    if Watermark(path.with_name(f"{path.name}-last")).is_damaged:
        yield "store: the note of its last change is damaged; run `yinju doctor --repair`"
    try:
        store = Store(path)
    except CorpusError as error:
        yield f"store: {error}"
        return
    try:
        yield from audit(store)
    finally:
        store.close()


def _index(settings: Settings) -> Iterator[str]:
    try:
        collection = Collection(settings, create=False)
    except (CorpusError, GlossaryError):
        return  # of which its store or the program has told
    try:
        yield from (f"index: {problem}" for problem in collection.index_problems())
    except (CorpusError, EncoderError, IndexUnusable) as error:
        yield f"index: {error}"
    finally:
        _close(collection)


def _repaired_store(path: Path) -> Iterator[str]:
    for file, find in ((path.with_name(f"{path.name}-wal"), log_faults), (path, faults)):
        while known := [fault for fault in find(file) if fault.bit is not None]:
            for fault in known:
                mend(file, fault)
    note = Watermark(path.with_name(f"{path.name}-last"))
    if note.is_damaged:
        note.path.unlink()
    if any(CHANGED not in finding for finding in (*_pages(path), *_store(path))):
        yield from rebuild(path, datetime.date.today())


def _repair_index(settings: Settings) -> None:
    collection = Collection(settings)
    if collection.index_problems() and not collection.scrub_index():
        collection.renew()
    _close(collection)


def _close(collection: Collection) -> None:
    """For a store can only be replaced that nobody has open."""
    if collection.keeps_store:
        collection.store.close()
