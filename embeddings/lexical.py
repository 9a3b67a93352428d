"""tantivy: BM25 over terms that are already terms, and phrases of words. The only file that imports tantivy."""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import tantivy

_HEAP = 64_000_000  # bytes


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("row", fast=True, indexed=False)
    # Kept as they came, for the index that this one will be merged into.
    builder.add_text_field("terms", stored=True, tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("words", stored=True, tokenizer_name="whitespace", index_option="position")
    builder.add_text_field("documents", tokenizer_name="whitespace", index_option="basic")
    return builder.build()


class Adding(Protocol):
    """Takes what one row is found by: its terms, its words in order, its documents. The i-th becomes row i.

    Terms and words are parted by spaces.
    """

    def __call__(self, terms: str, words: str, documents: Collection[str], /) -> None: ...


@contextmanager
def writing_terms(folder: Path) -> Iterator[Adding]:
    """Gives what adds a row to a new index in the empty `folder`. Raises OSError, as on a full disk."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield from _writing(folder)
    except ValueError as error:  # which is all that tantivy raises
        raise OSError(f"{folder.name}: {error}") from error


def _writing(folder: Path) -> Iterator[Adding]:
    writer = tantivy.Index(_schema(), path=str(folder)).writer(heap_size=_HEAP, num_threads=1)
    count = 0

    def add(terms: str, words: str, documents: Collection[str]) -> None:
        nonlocal count
        writer.add_document(tantivy.Document(row=count, terms=terms, words=words, documents=" ".join(documents)))
        count += 1

    yield add
    writer.commit()
    writer.wait_merging_threads()


def _linked(folder: Path) -> TemporaryDirectory[str]:
    """A folder that can be written to, with links to all the files of one that can't."""
    links = TemporaryDirectory(prefix="yinju-")
    for path in (held for held in folder.resolve().iterdir() if held.suffix != ".lock"):
        (Path(links.name) / path.name).symlink_to(path)
    return links


@contextmanager
def _panicking() -> Iterator[None]:
    """What tantivy makes of a damaged file is no Exception: it would end a thread."""
    try:
        yield
    except BaseException as error:
        if type(error).__name__ == "PanicException":
            raise ValueError(f"tantivy: {error}") from error
        raise


class LexicalIndex:
    """Terms and words by row number, with the documents that each row belongs to."""

    def __init__(self, folder: Path) -> None:
        """Open what `writing_terms` wrote."""
        # tantivy wants to write a lock file beside what it opens.
        self._links = None if os.access(folder, os.W_OK) else _linked(folder)
        index = tantivy.Index.open(self._links.name if self._links else str(folder))
        self._schema = index.schema
        self._searcher = index.searcher()

    def frequency(self, term: str) -> int:
        """In how many rows `term` occurs."""
        with _panicking():
            return int(self._searcher.doc_freq("terms", term))

    def search(
        self,
        terms: Mapping[str, float],
        k: int,
        documents: Collection[str] | None = None,
        without: Collection[str] = (),
    ) -> dict[int, float]:
        """The `k` best rows for weighted `terms`: row → BM25 score.

        Out of those that belong to one of `documents`, if given, and to none of `without`.
        """
        if not terms or k < 1:
            return {}
        wanted = tantivy.Query.boolean_query(
            [
                (tantivy.Occur.Should, tantivy.Query.boost_query(self._term("terms", term), weight))
                for term, weight in terms.items()
            ]
        )
        limits = [(tantivy.Occur.Must, wanted)]
        if documents is not None:
            admitted = tantivy.Query.const_score_query(self._any_of(documents), 0.0)
            limits.append((tantivy.Occur.Must, admitted))
        if without:
            limits.append((tantivy.Occur.MustNot, self._any_of(without)))
        return self._found(tantivy.Query.boolean_query(limits) if len(limits) > 1 else wanted, k)

    def holding(self, words: Sequence[str], terms: Collection[str] = ()) -> set[int]:
        """The rows in which `words` stand on end, or which have one of `terms`."""
        ways = [self._term("terms", term) for term in terms]
        if len(words) > 1:
            ways.append(tantivy.Query.phrase_query(self._schema, "words", list(words)))
        else:
            ways += [self._term("words", word) for word in words]
        wanted = tantivy.Query.boolean_query([(tantivy.Occur.Should, way) for way in ways])
        return set(self._found(wanted, self._searcher.num_docs)) if self._searcher.num_docs else set()

    def texts(self) -> Iterator[tuple[str, str]]:
        """The terms and the words of every row, in order, as they were added."""
        if not self._searcher.num_docs:
            return
        hits = self._searcher.search(tantivy.Query.all_query(), limit=self._searcher.num_docs, count=False).hits
        addresses = [address for _, address in hits]
        rows = self._searcher.fast_field_values("row", addresses)
        for _, place in sorted((int(row or 0), place) for place, row in enumerate(rows)):
            held = self._searcher.doc(addresses[place])
            yield str(held.get_first("terms") or ""), str(held.get_first("words") or "")

    def _term(self, field: str, term: str) -> tantivy.Query:
        return tantivy.Query.term_query(self._schema, field, term, "freq")

    def _any_of(self, documents: Collection[str]) -> tantivy.Query:
        return tantivy.Query.term_set_query(self._schema, "documents", list(documents))

    def _found(self, query: tantivy.Query, k: int) -> dict[int, float]:
        with _panicking():
            hits = self._searcher.search(query, limit=k, count=False).hits
            rows = self._searcher.fast_field_values("row", [address for _, address in hits])
        return {int(row or 0): float(score) for row, (score, _) in zip(rows, hits, strict=True)}
