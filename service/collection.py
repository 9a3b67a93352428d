"""One collection on disk, opened: its store, its encoder and the current snapshot of its index."""

import threading
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from corpus.document import CorpusError
from corpus.store import Store
from embeddings import glossary
from embeddings.batching import Batched
from embeddings.encoder import Encoder, EncoderError, open_encoder
from embeddings.glossary import Glossary
from embeddings.growth import Growth, Told
from embeddings.index import Index
from embeddings.publication import IndexMismatch, IndexMissing, IndexUnusable, condemn, damage, tidying
from embeddings.reranker import Reranker
from service import examples, own_questions
from service.answer import Answerer
from service.contents import Contents
from service.lookup import Lookup
from service.settings import Settings
from service.snapshot import Snapshot
from service.verification import Verifier


class Collection:
    """What the settings point at. The encoder is loaded on first use; an index published later is picked up."""

    def __init__(self, settings: Settings, create: bool = True) -> None:
        """Raises CorpusError if the store can't be opened, GlossaryError or SettingsError if a keeper's file can't.

        Without `create`, a folder that holds no collection is a CorpusError too.
        """
        if not create and not settings.store.exists():
            raise CorpusError(
                f"{settings.data}: no collection here; `yinju ingest FOLDER` makes one, `yinju serve` one with the "
                "built-in statements, and YINJU_DATA names another folder"
            )
        self.settings = settings
        self.store = Store(settings.store)
        own = [settings.glossary] if settings.glossary else []
        self.glossary: Glossary = glossary.load(glossary.BUILT_IN, *own)
        self._own_questions = own_questions.load(settings.examples) if settings.examples else {}
        self._snapshot = Snapshot(settings.indexes, self._opened)
        self._lookup = Lookup(self.store, settings.base_url)
        self._answerer: Answerer | None = None
        self._examples_lock = threading.Lock()
        self._examples: dict[tuple[str, str, str], tuple[str, ...]] = {}  # by index, frame and language

    @cached_property
    def encoder(self) -> Encoder:
        encoder = open_encoder(self.settings.model)
        return encoder if encoder.table else Batched(encoder)  # a look into a table takes no time to save

    @cached_property
    def reranker(self) -> Reranker | None:
        return Reranker(self.settings.reranker) if self.settings.reranker else None

    @property
    def growth(self) -> Growth:
        """How the index follows the store."""
        return Growth(self.settings.indexes, Contents(self.store), self.encoder, self.glossary)

    def build_index(self, told: Told = lambda done, total: None) -> bool:
        """Bring the index up to date with the store, and tidy; whether there was anything to do."""
        return self.grow_index(told) | self.tidy_index(told)

    def grow_index(self, told: Told = lambda done, total: None) -> bool:
        """Bring the index up to date with the store, as fast as can be; whether there was anything to do."""
        with suppress(IndexUnusable):  # then it is made anew
            self.index()
        return self.growth.grow(self._snapshot.held, told)

    def tidy_index(self, told: Told = lambda done, total: None) -> bool:
        """Let the index be one of fewer segments, if it has too many; whether it had, and nobody else is at it."""
        with tidying(self.settings.indexes) as is_alone:
            return is_alone and self.growth.merge(self._snapshot.held, told)

    def _opened(self, held: Index | None) -> Index:
        return Index.open(self.settings.indexes, self.encoder, self.glossary, held)

    def index(self) -> Index:
        """The current index. Raises IndexUnusable if there is none to open, unless an earlier one is still held."""
        return self._snapshot.index()

    def index_problems(self) -> list[str]:
        """What is wrong with the index; it is not that there is none yet, or that it is behind the store."""
        try:
            return [f"{folder.name}: {problem}" for folder in self._folders() for problem in damage(folder)]
        except IndexMissing:
            return []
        except IndexUnusable as error:
            return [str(error)]

    def _folders(self) -> list[Path]:
        return [self.settings.indexes / name for name in self.index().state.folders]

    def scrub_index(self) -> bool:
        """Read the index in full; one that is damaged is given up and made anew. Whether it was."""
        damaged = [folder for folder in self._folders() if any(damage(folder))]
        for folder in damaged:
            condemn(folder)
        if damaged:
            self._snapshot.forget()
            self.renew()
        return bool(damaged)

    def renew(self) -> None:
        """Answer from the store as it is now, as soon as this returns. Raises as `index` does."""
        self.grow_index()
        self._snapshot.newest()

    def reached(self) -> int:
        """The number of the store's change that answers are of, all before it included; 0 if there are no answers."""
        try:
            change = self.index().state.change
        except (IndexUnusable, EncoderError):
            return 0
        return change.number if self.store.changes.knows(change) else 0

    def answerer(self) -> Answerer:
        """An Answerer over the current snapshot."""
        index, held = self.index(), self._answerer
        if held is None or held.index is not index:
            held = self._answerer = Answerer(self.store, index, self._lookup, self.reranker)
        return held

    def questions(self, frame: str, language: str) -> tuple[str, ...]:
        """What a page in `language` offers to ask: the keeper's questions, else some that `frame` makes of subjects.

        Raises IndexUnusable.
        """
        own = own_questions.asked_in(self._own_questions, language)
        return own or tuple(frame.format(subject=subject) for subject in self.examples(frame, language))

    def examples(self, frame: str, language: str) -> tuple[str, ...]:
        """Subjects that `frame` makes questions of which are answered, for a page in `language`; found once a snapshot.

        There are none while the store is ahead of the index. Raises IndexUnusable.
        """
        index = self.index()
        asked = index.name, frame, language
        with self._examples_lock:
            if asked not in self._examples:
                # No reranker: it changes the order of what is quoted, not whether anything is.
                answerer = Answerer(self.store, index, self._lookup)
                try:
                    found = examples.subjects(index, self.store, answerer, frame, language)
                except IndexMismatch:
                    return ()
                self._examples = {key: held for key, held in self._examples.items() if key[0] == index.name}
                self._examples[asked] = found
            return self._examples[asked]

    def lookup(self) -> Lookup:
        """Passages by id, as the store holds them now."""
        return self._lookup

    def verifier(self) -> Verifier:
        """A Verifier of quotations, over the store as it is now."""
        return Verifier(self.store, self.glossary, self._lookup)
