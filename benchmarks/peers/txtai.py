# mypy: disable-error-code=import-not-found
"""txtai as a contestant: its hybrid of vectors and BM25 with normalised scores, and its content database.

Of its two ways to normalise the one that does better on the questions of tests/quality, `bayes`. Passages and what it
takes to cite them come out of the database by its SQL.
"""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from txtai import Embeddings

from benchmarks.peers.dialogue import converse
from benchmarks.peers.passage import Passage, Reply

FOUND = "SELECT id, text, title, date, source FROM txtai WHERE similar(:question) LIMIT 5"


class Txtai:
    packages = ("txtai", "model2vec", "faiss-cpu")

    def __init__(self, model: str) -> None:
        # Unless told, it takes the folder for a transformer.
        vectors = {"path": model, "method": "model2vec"}
        scoring = {"method": "bm25", "terms": True, "normalize": "bayes"}
        self._config = {**vectors, "hybrid": True, "scoring": scoring, "content": True}
        self._models: dict[str, object] = {}

    def _embeddings(self) -> Embeddings:
        """With the model that is loaded already, if one is."""
        return Embeddings(self._config, models=self._models)

    def ingest(self, passages: Sequence[Passage], folder: Path) -> None:
        embeddings = self._embeddings()
        embeddings.index((held.id, asdict(held), None) for held in passages)
        embeddings.save(str(folder))
        embeddings.close()

    def open(self, folder: Path) -> None:
        self._opened = self._embeddings()
        self._opened.load(str(folder))

    def ask(self, question: str) -> Reply:
        rows = self._opened.search(FOUND, parameters={"question": question})
        return Reply(bool(rows), tuple(Passage(**row) for row in rows))


if __name__ == "__main__":
    converse(Txtai(sys.argv[1]))
