"""One collection, opened: its store if that is here, its encoder and the current snapshot of its index."""

import threading
from contextlib import suppress
from functools import cached_property
from importlib import import_module

from corpus.document import CorpusError
from corpus.library import Library
from corpus.store import Store
from embeddings import glossary
from embeddings.batching import Batched
from embeddings.encoder import Encoder, EncoderError, open_encoder
from embeddings.glossary import Glossary
from embeddings.growth import Told
from embeddings.index import Index
from embeddings.journal import keeping
from embeddings.publication import IndexMismatch, IndexMissing, IndexUnusable
from embeddings.reranker import Reranker
from service import examples, own_questions
from service.answer import Answerer
from service.engine import Engine, Folder, Growing
from service.lookup import Lookup
from service.settings import ELSEWHERE, Settings, SettingsError
from service.snapshot import Snapshot
from service.verification import Verifier


class Collection:
    """What the settings point at. The encoder is loaded on first use; an index published later is picked up."""

    def __init__(self, settings: Settings, create: bool = True) -> None:
        """Raises CorpusError if the store can't be opened, GlossaryError or SettingsError if a keeper's file can't.

        Without `create`, a folder that holds no collection is a CorpusError too.
        """
        if not create and settings.data and not settings.store.exists():
            raise CorpusError(
                f"{settings.data}: no collection here; `yinju ingest FOLDER` makes one, `yinju serve` one with the "
                "built-in statements, and YINJU_DATA names another folder"
            )
        self.settings = settings
        self._store = Store(settings.store) if settings.data else None
        own = [settings.glossary] if settings.glossary else []
        self.glossary: Glossary = glossary.load(glossary.BUILT_IN, *own)
        self._own_questions = own_questions.load(settings.examples) if settings.examples else {}
        self._engine = self._chosen_engine()
        self._snapshot = Snapshot(self._engine)
        self._lookup: Lookup | None = None
        self._answerer: Answerer | None = None
        self._examples_lock = threading.Lock()
        self._examples: dict[tuple[str, str, str], tuple[str, ...]] = {}  # by index, frame and language

    def _chosen_engine(self) -> Engine:
        settings = self.settings
        if not settings.index:
            return Folder(settings.indexes, lambda: self.encoder, self.glossary)
        # Only who has a cluster should wait for what it takes.
        engines = import_module("service.cluster_engine")
        locks = settings.indexes if settings.data else None
        engine: Engine = engines.ClusterEngine(settings.index, locks, lambda: self.encoder, self.glossary)
        return engine

    @property
    def keeps_store(self) -> bool:
        """Whether documents are taken in here."""
        return self._store is not None

    @property
    def store(self) -> Store:
        """Where documents are kept. Raises SettingsError if that is not here."""
        if self._store is None:
            raise SettingsError(ELSEWHERE)
        return self._store

    @property
    def library(self) -> Library:
        """What is read: the store, or what the cluster has of it. Raises IndexUnusable or CorpusError."""
        return self._store or self._engine.library(self.index())

    @cached_property
    def encoder(self) -> Encoder:
        encoder = open_encoder(self.settings.model)
        return encoder if encoder.table else Batched(encoder)  # a look into a table takes no time to save

    @cached_property
    def reranker(self) -> Reranker | None:
        return Reranker(self.settings.reranker) if self.settings.reranker else None

    @property
    def growth(self) -> Growing:
        """How the index follows the store."""
        return self._engine.growth(self.store)

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
        with self._engine.tidying() as is_alone:
            return is_alone and self.growth.merge(self._snapshot.held, told)

    def index(self) -> Index:
        """The current index. Raises IndexUnusable if there is none to open, unless an earlier one is still held."""
        return self._snapshot.index()

    def checked(self) -> Index:
        """The current index, if what it is kept in, and the store, can be reached just now.

        Raises IndexUnusable, EncoderError or CorpusError.
        """
        self._engine.mark(fresh=True)
        self.library.last()
        return self.index()

    def index_problems(self) -> list[str]:
        """What is wrong with the index; it is not that there is none yet, or that it is behind the store."""
        try:
            return self._engine.problems(self.index())
        except IndexMissing:
            return []
        except IndexUnusable as error:
            return self._engine.damage() or [str(error)]

    def scrub_index(self) -> bool:
        """Read the index in full; one that is damaged is given up and made anew. Whether it was."""
        is_damaged = self._engine.give_up()
        if is_damaged:
            self._snapshot.forget()
            self.renew()
        return is_damaged

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
            held = self._answerer = self._answering(index, self.reranker)
        return held

    def _answering(self, index: Index, reranker: Reranker | None = None) -> Answerer:
        library = self._store or self._engine.library(index)
        return Answerer(library, index, self._looking_up(library), reranker)

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
                answerer = self._answering(index)
                try:
                    with keeping():  # what is asked here nobody has asked
                        found = examples.subjects(index, answerer.library, answerer, frame, language)
                except IndexMismatch:
                    return ()
                self._examples = {key: held for key, held in self._examples.items() if key[0] == index.name}
                self._examples[asked] = found
            return self._examples[asked]

    def lookup(self) -> Lookup:
        """Passages by id, as they are now."""
        return self._looking_up(self.library)

    def _looking_up(self, library: Library) -> Lookup:
        held = self._lookup  # read once: another thread may be setting it
        if held is None or held.library is not library:
            held = self._lookup = Lookup(library, self.settings.base_url)
        return held

    def verifier(self) -> Verifier:
        """A Verifier of quotations, over the collection as it is now."""
        library = self.library
        return Verifier(library, self.glossary, self._looking_up(library))
