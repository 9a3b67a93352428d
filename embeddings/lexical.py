"""tantivy: BM25 over terms that are already terms. The only file that imports tantivy."""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import tantivy

_K = 1  # tantivy wants a limit of at least one


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("row", stored=True, indexed=False)
    builder.add_text_field("terms", tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("documents", tokenizer_name="whitespace", index_option="basic")
    return builder.build()


class LexicalIndex:
    """Terms by row number, with the documents that each row belongs to."""

    def __init__(self, index: tantivy.Index) -> None:
        self._index = index
        self._schema = index.schema
        self._searcher = index.searcher()

    @classmethod
    def build(cls, folder: Path, rows: Iterable[tuple[Collection[str], Collection[str]]]) -> "LexicalIndex":
        """Index `rows` of (terms, document ids) in the empty `folder`; the i-th becomes row i."""
        folder.mkdir(parents=True, exist_ok=True)
        index = tantivy.Index(_schema(), path=str(folder))
        writer = index.writer(heap_size=64_000_000, num_threads=1)
        for row, (terms, documents) in enumerate(rows):
            writer.add_document(tantivy.Document(row=row, terms=" ".join(terms), documents=" ".join(documents)))
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        return cls(index)

    @classmethod
    def load(cls, folder: Path) -> "LexicalIndex":
        return cls(tantivy.Index.open(str(folder)))

    def frequency(self, term: str) -> int:
        """In how many rows `term` occurs."""
        return int(self._searcher.doc_freq("terms", term))

    def search(self, terms: Mapping[str, float], k: int, documents: Collection[str] | None = None) -> dict[int, float]:
        """The `k` best rows for weighted `terms`, out of those of `documents` if given: row → BM25 score."""
        if not terms:
            return {}
        wanted = tantivy.Query.boolean_query(
            [
                (
                    tantivy.Occur.Should,
                    tantivy.Query.boost_query(tantivy.Query.term_query(self._schema, "terms", term, "freq"), weight),
                )
                for term, weight in terms.items()
            ]
        )
        if documents is not None:
            admitted = tantivy.Query.term_set_query(self._schema, "documents", list(documents))
            wanted = tantivy.Query.boolean_query(
                [(tantivy.Occur.Must, wanted), (tantivy.Occur.Must, tantivy.Query.const_score_query(admitted, 0.0))]
            )
        hits = self._searcher.search(wanted, limit=max(k, _K), count=False).hits
        return {int(self._searcher.doc(address).to_dict()["row"][0]): float(score) for score, address in hits}
