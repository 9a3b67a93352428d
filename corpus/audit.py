"""Does every stored passage still follow from its stored file? All are read, split, sliced and numbered anew."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import groupby

from corpus.document import CorpusError, Document, Passage
from corpus.passages import Extent, numbered, split_file
from corpus.readers import read
from corpus.store import Store
from corpus.wording import wording

CHANGED = "extractor changed"  # which is no damage


def audit(store: Store) -> Iterator[str]:
    """One line for each thing that is wrong, naming the document or passage; nothing if all is well."""
    yield from _read(store.broken_pages, "store")
    known: dict[str, dict[int, tuple[str, ...]]] = {}
    for name, version in store.kept_versions():
        yield from _read(partial(_audit_version, store, name, version, known.setdefault(name, {})), name)
    for looked in (_audit_witnesses, _audit_wordings):
        yield from _read(partial(looked, store), "store")


def _read(look: Callable[[], Iterable[str]], name: str) -> Iterator[str]:
    """What is found by looking; that it can't be looked at is a finding too."""
    try:
        yield from look()
    except CorpusError as error:
        yield f"{name}: {error}"
    except (ValueError, TypeError, KeyError) as error:
        yield f"{name}: a row can't be read ({error!r}); run `yinju doctor --repair`"


def _audit_version(store: Store, name: str, version: int, known: dict[int, tuple[str, ...]]) -> Iterator[str]:
    document, file, data, extent = store.kept(name, version)
    passages = store.passages(name, version)
    yield from _audit_document(document, file, data, extent, passages)
    yield from _audit_numbers(document, passages, known)


def _audit_document(
    document: Document, file: str, data: bytes, extent: Extent, passages: list[Passage]
) -> Iterator[str]:
    for passage in passages:
        if not passage.is_slice_of(document.raw):
            yield f"{passage.id}: its text is not the slice of the text of record that its spans name"
    if hashlib.sha256(data).hexdigest() != document.sha256:
        yield f"{document.id}: the stored file does not have its SHA-256 any more; ingest the original again"
        return
    if hashlib.sha256(document.raw.encode()).hexdigest() != (document.text_sha256 or document.sha256):
        yield f"{document.id}: the stored text does not have its SHA-256 any more; ingest the original again"
        return
    yield from _audit_extraction(document, file, data, extent, passages)


def _audit_extraction(
    document: Document, file: str, data: bytes, extent: Extent, passages: list[Passage]
) -> Iterator[str]:
    try:
        reading = read(file, data)
    except CorpusError as error:
        yield f"{document.id}: {error}"
        return
    if reading.text != document.raw:
        yield f"{document.id}: {CHANGED} ({document.reader} then, {reading.reader} now); the stored text stands"
        return
    today = split_file(document.id, reading, extent).passages
    if [(p.role, p.spans) for p in today] != [(p.role, p.spans) for p in passages]:
        yield f"{document.id}: {CHANGED}: today's rules would split it otherwise; the stored passages stand"


def _audit_numbers(document: Document, passages: list[Passage], known: dict[int, tuple[str, ...]]) -> Iterator[str]:
    """Numbers are given once and for all: those of this version follow from `known`, those of the versions before."""
    expected = numbered(passages, known)
    if [passage.number for passage in expected] != [passage.number for passage in passages]:
        yield f"{document.id}: the numbers of its passages in version {document.version} have been changed"
    for number, held in groupby(passages, key=lambda passage: passage.number):
        if number is not None:
            known[number] = tuple(passage.text for passage in held)


def _audit_wordings(store: Store) -> Iterator[str]:
    for member in store.members():
        held = store.full_text.wordings(member.document)
        for at, passage in enumerate(store.passages(member.document)):
            if held.get(at) != wording(passage.text).text:
                yield f"{member.document}: paragraph {at + 1} can't be found by its wording"


def _audit_witnesses(store: Store) -> Iterator[str]:
    stored = {passage.id: group[0].id for group in store.paragraphs() for passage in group}
    expected = {passage: base for work in store.works() for passage, base in store.alignment(work).items()}
    for passage in sorted(expected.keys() | stored.keys()):
        if expected.get(passage) != stored.get(passage):
            yield f"{passage}: stands as a witness of {stored.get(passage)}, but is one of {expected.get(passage)}"
