"""What of a store goes into its index: every wording of every paragraph once, with the title of its document."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import lru_cache

from corpus.changes import Change
from corpus.citation import title
from corpus.document import Passage
from corpus.folding import letters
from corpus.store import Store
from embeddings.rows import Row

_TITLES = 100  # of documents that are remembered: paragraphs come document by document


class Contents:
    """A store as the source of an index."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def reading(self) -> AbstractContextManager[None]:
        return self._store.reading()

    def last(self) -> Change:
        return self._store.changes.last()

    def knows(self, change: Change) -> bool:
        return self._store.changes.knows(change)

    def since(self, change: Change, most: int) -> tuple[frozenset[str], Change]:
        return self._store.changes.since(change, most)

    def count(self, documents: Collection[str] | None = None) -> int:
        return self._store.count(documents)

    def rows(self, documents: Collection[str] | None = None) -> Iterator[Row]:
        titled = lru_cache(maxsize=_TITLES)(self._title)
        for group in self._store.paragraphs(documents):
            yield from _wordings(group, titled)

    def _title(self, document: str) -> str:
        """Empty if it has none, or was withdrawn a moment ago."""
        for member, origin in self._store.origins(document):
            if work := self._store.work(member.work):
                return title(work, member.language, origin) or ""
        return ""


def _wordings(group: Sequence[Passage], titled: Callable[[str], str]) -> Iterator[Row]:
    wordings: dict[str, list[Passage]] = {}
    for passage in group:
        wordings.setdefault(letters(passage.text).text, []).append(passage)
    paragraph = tuple(passage.id for passage in group)
    for held in wordings.values():
        yield Row(tuple(passage.id for passage in held), paragraph, held[0].text, titled(held[0].document))
