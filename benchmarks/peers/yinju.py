"""Yinju as a contestant, in process; its index of the passages, or the whole of its ingestion if files are named."""

import sys
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from benchmarks.peers.dialogue import converse
from benchmarks.peers.passage import Passage, Reply
from embeddings import glossary
from embeddings.encoder import Encoder, open_encoder
from embeddings.glossary import Glossary
from embeddings.growth import build
from embeddings.rows import Row
from service.answer import Quote
from service.collection import Collection
from service.ingestion import ingest
from service.settings import Settings


class Yinju:
    packages = ("yinju",)

    @cached_property
    def _encoder(self) -> Encoder:
        return open_encoder()

    @cached_property
    def _glossary(self) -> Glossary:
        return glossary.load(glossary.BUILT_IN)

    def ingest(self, passages: Sequence[Passage], folder: Path) -> None:
        """Only what the others do too: an index. Answering takes the store besides."""
        rows = [Row((held.id,), (held.id,), held.text, held.title) for held in passages]
        build(folder, rows, self._encoder, self._glossary)

    def open(self, folder: Path) -> None:
        self._collection = Collection(Settings(data=folder), create=False)
        self._collection.index()

    def ask(self, question: str) -> Reply:
        answer = self._collection.answerer().ask(question)
        return Reply(answer.answered, tuple(map(_passage, answer.quotes or answer.nearest)))


class FromFiles(Yinju):
    """Ingestion as a user has it: files are read, split, compared with each other, stored and indexed."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths

    def ingest(self, passages: Sequence[Passage], folder: Path) -> None:
        collection = Collection(Settings(data=folder))
        ingest(collection.store, self._paths)
        # The encoder is loaded once, as everyone's is.
        collection.encoder = self._encoder
        collection.build_index()


def _passage(quote: Quote) -> Passage:
    cited = quote.citation
    return Passage(quote.passage_id, quote.text, cited.title or "", f"{cited.date or ''}", cited.source_url or "")


if __name__ == "__main__":
    converse(FromFiles([Path(path) for path in sys.argv[1:]]) if sys.argv[1:] else Yinju())
