"""Library: what a collection holds, to be read, wherever it is kept."""

import datetime
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from corpus.changes import Change
from corpus.document import Document, Member, Origin, Passage, Place, Work


class Wordings(Protocol):
    """The paragraphs of current versions, of any role, by their wording."""

    def holding(self, words: str, most: int) -> list[Place]:
        """Paragraphs in whose wording `words` (three characters or more) stand."""

    def resembling(self, words: str, most: int) -> list[Place]:
        """The paragraphs that share most with `words`, by their rarest trigrams."""


class Library(Protocol):
    """Safe to share between threads. Every method raises CorpusError if what keeps it fails."""

    @property
    def full_text(self) -> Wordings:
        """Finds paragraphs."""

    def last(self) -> Change:
        """The last change of what is read."""

    def reading(self) -> AbstractContextManager[None]:
        """What is read inside is one state of the collection, whatever is ingested meanwhile."""

    def work(self, name: str) -> Work | None:
        """One work; None if there is none of this name."""

    def works(self) -> Mapping[str, Work]:
        """Every work by its id."""

    def members(self) -> Sequence[Member]:
        """Every document with its work and language, by id."""

    def origins(self) -> list[tuple[Member, Origin]]:
        """Every document with where it comes from, by id; without its text, so that many can be held."""

    def documents(self) -> list[Document]:
        """The current version of every document, by id."""

    def document(self, name: str, version: int | None = None) -> Document | None:
        """One document, in its current version unless another is asked for; None if it has been withdrawn."""

    def withdrawn(self, document: str) -> datetime.date | None:
        """When a document was withdrawn; None if it wasn't."""

    def passages(self, document: str, version: int | None = None) -> list[Passage]:
        """All paragraphs of a document, in order, whatever their role; of its current version unless one is given."""

    def body(self, document: str) -> list[Passage]:
        """The numbered paragraphs of a document's current version."""

    def passage(self, name: str) -> tuple[Document, Passage] | None:
        """The passage called `document/number` with the newest version of its document that holds it."""

    def group(self, passage: str) -> list[str]:
        """The ids of all passages that witness the same paragraph as `passage`, itself included, the base first."""
