"""Engine: where a collection's index is kept. Whoever answers opens it there; who has the store lets it grow."""

from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from corpus.document import CorpusError
from corpus.library import Library
from corpus.store import Store
from embeddings.encoder import Encoder
from embeddings.glossary import Glossary
from embeddings.growth import Growth, Told
from embeddings.index import Index
from embeddings.manifest import damage
from embeddings.publication import IndexUnusable, condemn, current, mark, tidying
from service.contents import Contents


class Growing(Protocol):
    """How an index follows its store."""

    def is_current(self) -> bool:
        """Whether it has all that the store has."""

    def grow(self, held: Index | None = None, told: Told = ..., /) -> bool:
        """Bring it up to date, as fast as can be; whether there was anything to do."""

    def merge(self, held: Index | None = None, told: Told = ..., /) -> bool:
        """Make it faster to search; whether there may be more to do."""


class Engine(Protocol):
    """Safe to share between threads."""

    def mark(self, fresh: bool = False) -> Hashable:
        """What changes whenever an index is published; None if there is none. Unless `fresh`, as of a moment ago.

        Raises IndexUnusable if it can't be known.
        """

    def opened(self, held: Index | None) -> Index:
        """The index that is published, given what is open. Raises IndexUnusable."""

    def library(self, index: Index) -> Library:
        """What is read beside an index where there is no store. Raises CorpusError if that can't be."""

    def growth(self, store: Store) -> Growing:
        """What lets the index follow a store."""

    def tidying(self) -> AbstractContextManager[bool]:
        """Whether this process may tidy up now."""

    def problems(self, index: Index) -> list[str]:
        """What is wrong with an index, read in full."""

    def damage(self) -> list[str]:
        """What is damaged of what is published, read in full, whether or not it can be opened."""

    def give_up(self) -> bool:
        """Read in full what is published, and let nobody open what is damaged; whether anything is."""


class Folder:
    """An index in a folder of this machine."""

    def __init__(self, folder: Path, encoder: Callable[[], Encoder], glossary: Glossary) -> None:
        self._folder, self._encoder, self._glossary = folder, encoder, glossary

    def mark(self, fresh: bool = False) -> Hashable:
        return mark(self._folder)

    def opened(self, held: Index | None) -> Index:
        return Index.open(self._folder, self._encoder(), self._glossary, held)

    def library(self, index: Index) -> Library:
        raise CorpusError("an index in a folder has its store beside it; set YINJU_DATA")

    def growth(self, store: Store) -> Growing:
        return Growth(self._folder, Contents(store), self._encoder(), self._glossary)

    def tidying(self) -> AbstractContextManager[bool]:
        return tidying(self._folder)

    def problems(self, index: Index) -> list[str]:
        return self.damage()

    def damage(self) -> list[str]:
        return [f"{name}: {problem}" for name in self._folders() for problem in damage(self._folder / name)]

    def give_up(self) -> bool:
        damaged = [name for name in self._folders() if any(damage(self._folder / name))]
        for name in damaged:
            condemn(self._folder / name)
        return bool(damaged)

    def _folders(self) -> tuple[str, ...]:
        try:
            return current(self._folder).folders
        except IndexUnusable:
            return ()
