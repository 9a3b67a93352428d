# mypy: disable-error-code=import-not-found
"""verbatim-rag as a contestant: dense retrieval from Milvus Lite and its static template, which quotes whole passages.

What it can't do here: its sparse vectors and its extractors of spans are models that have to be downloaded, or an LLM,
and it has no BM25 on Milvus Lite. Its own provider of sentence-transformers models can't load the built-in encoder,
for it requires a version of transformers that is too old for it; a provider of ours reads the same vectors with
model2vec.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from model2vec import StaticModel
from verbatim_rag import VerbatimIndex, VerbatimRAG
from verbatim_rag.document import Chunk, Document, ProcessedChunk
from verbatim_rag.embedding_providers import DenseEmbeddingProvider
from verbatim_rag.extractors import SpanExtractor
from verbatim_rag.vector_stores import LocalMilvusStore

from benchmarks.peers.dialogue import converse
from benchmarks.peers.passage import Passage, Reply

DATABASE = "milvus.db"


class StaticProvider(DenseEmbeddingProvider):  # type: ignore[misc]
    def __init__(self, model: str) -> None:
        self._model = StaticModel.from_pretrained(model)

    def embed_text(self, text: str) -> list[float]:
        return self.embed_batch([text])[0]

    def embed_batch(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = self._model.encode(texts).tolist()
        return vectors

    def get_dimension(self) -> int:
        return int(self._model.dim)


class WholePassages(SpanExtractor):  # type: ignore[misc]
    def extract_spans(self, question: str, search_results: list[Any]) -> dict[str, list[str]]:
        return {result.text: [result.text] for result in search_results}


class VerbatimRag:
    packages = ("verbatim-rag", "pymilvus", "milvus-lite", "model2vec")

    def __init__(self, model: str) -> None:
        self._provider = StaticProvider(model)

    def _index(self, folder: Path) -> VerbatimIndex:
        # Flat is exact; the default, IVF_FLAT with 8192 lists, is meant for far more passages.
        store = LocalMilvusStore(
            db_path=str(folder / DATABASE),
            dense_dim=self._provider.get_dimension(),
            enable_sparse=False,
            index_type="FLAT",
        )
        return VerbatimIndex(vector_store=store, dense_provider=self._provider)

    def ingest(self, passages: Sequence[Passage], folder: Path) -> None:
        folder.mkdir()
        index = self._index(folder)
        index.add_documents_bulk(map(_document, passages))
        index.vector_store.client.close()

    def open(self, folder: Path) -> None:
        self._rag = VerbatimRAG(self._index(folder), extractor=WholePassages(), template_mode="static")

    def ask(self, question: str) -> Reply:
        found = self._rag.query(question).documents
        return Reply(bool(found), tuple(map(_passage, found)))


def _document(passage: Passage) -> Document:
    """In one chunk, of which just the text is embedded.

    Cut up by verbatim-rag itself, it would be embedded with its metadata below it, the time of ingestion among them,
    which finds the right passage less often.
    """
    chunk = Chunk(document_id=passage.id, content=passage.text, chunk_number=0)
    chunk.add_processed_chunk(ProcessedChunk(chunk_id=chunk.id, enhanced_content=passage.text))
    # Its local store does not give a document's id back.
    meta = {"passage": passage.id, "date": passage.date}
    return Document(id=passage.id, title=passage.title, source=passage.source, metadata=meta, chunks=[chunk])


def _passage(found: Any) -> Passage:
    meta = found.metadata
    return Passage(meta["passage"], found.content, found.title, meta["date"], found.source)


if __name__ == "__main__":
    converse(VerbatimRag(sys.argv[1]))
