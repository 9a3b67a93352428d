"""Does every stored passage still follow from its stored file? Re-reads, re-splits and re-slices all of them."""

import hashlib
from collections.abc import Iterator

from corpus.document import CorpusError, Document, Passage
from corpus.passages import Extent, split
from corpus.readers import read
from corpus.store import Store


def audit(store: Store) -> Iterator[str]:
    """One line for each thing that is wrong, naming the document or passage; nothing if all is well."""
    yield from (f"store: {finding}" for finding in store.broken_pages())
    for document, file, data, extent in store.kept():
        yield from _audit_document(document, file, data, extent, store.passages(document.id))


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
        yield f"{document.id}: extractor changed ({document.reader} then, {reading.reader} now); the stored text stands"
    elif [(p.role, p.spans) for p in split(document.id, reading.text, extent)] != [(p.role, p.spans) for p in passages]:
        yield f"{document.id}: extractor changed: today's rules would split it otherwise; the stored passages stand"
