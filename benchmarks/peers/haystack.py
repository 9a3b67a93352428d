# mypy: disable-error-code=import-not-found
"""haystack as a contestant: BM25 and embedding retrievers over its in-memory store, joined.

Of its ways to join the one that does best on the questions of tests/quality. Its documentation has a ranker after the
joiner; those are models that have to be downloaded, so the join has the last word. The store is kept in the JSON file
that it writes itself.
"""

import sys
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from haystack import Document, Pipeline
from haystack.components.joiners import DocumentJoiner
from haystack.components.retrievers.in_memory import (
    InMemoryBM25Retriever,
    InMemoryEmbeddingRetriever,
)
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack_integrations.components.embedders.sentence_transformers import (
    SentenceTransformersDocumentEmbedder,
    SentenceTransformersTextEmbedder,
)

from benchmarks.peers.dialogue import converse
from benchmarks.peers.passage import Passage, Reply

STORE = "store.json"


class Haystack:
    packages = ("haystack-ai", "sentence-transformers-haystack", "sentence-transformers")

    def __init__(self, model: str) -> None:
        self._model = model

    @cached_property
    def _embedder(self) -> SentenceTransformersDocumentEmbedder:
        return SentenceTransformersDocumentEmbedder(model=self._model, progress_bar=False)

    def ingest(self, passages: Sequence[Passage], folder: Path) -> None:
        folder.mkdir()
        store = InMemoryDocumentStore(shared=False)
        documents = [Document(id=held.id, content=held.text, meta=_meta(held)) for held in passages]
        store.write_documents(self._embedder.run(documents=documents)["documents"])
        store.save_to_disk(str(folder / STORE))

    def open(self, folder: Path) -> None:
        store = InMemoryDocumentStore.load_from_disk(str(folder / STORE))
        self._pipeline = Pipeline()
        self._pipeline.add_component(
            "embedder", SentenceTransformersTextEmbedder(model=self._model, progress_bar=False)
        )
        self._pipeline.add_component("dense", InMemoryEmbeddingRetriever(document_store=store))
        self._pipeline.add_component("bm25", InMemoryBM25Retriever(document_store=store))
        self._pipeline.add_component("joiner", DocumentJoiner(join_mode="distribution_based_rank_fusion", top_k=5))
        self._pipeline.connect("embedder.embedding", "dense.query_embedding")
        self._pipeline.connect("dense", "joiner")
        self._pipeline.connect("bm25", "joiner")

    def ask(self, question: str) -> Reply:
        found = self._pipeline.run({"embedder": {"text": question}, "bm25": {"query": question}})["joiner"]["documents"]
        return Reply(bool(found), tuple(Passage(held.id, held.content, **held.meta) for held in found))


def _meta(passage: Passage) -> dict[str, str]:
    return {"title": passage.title, "date": passage.date, "source": passage.source}


if __name__ == "__main__":
    converse(Haystack(sys.argv[1]))
