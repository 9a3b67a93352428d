"""All rows of an index in a cluster, as of one change: a segment whose rows are fetched when they are looked at.

The cluster finds candidates; they are looked at and scored here, by the same figures as those of any other segment, so
that what is answered does not depend on the engine.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import log

import numpy as np
from numpy.typing import NDArray

from corpus.changes import Change
from corpus.document import CorpusError, parted
from corpus.table import Entry, Table, alive, number, quoted, word
from embeddings.cluster_rows import K1, LOOKED_AT, B, pieces_of
from embeddings.encoder import Vectors
from embeddings.preparation import Batch, Preparation
from embeddings.rows import Row
from embeddings.segment import Limits, Order
from embeddings.tokens import Piece, Units, units_of

_FOUND = 100  # by the engine's BM25, of which the best by ours are taken
_RARE = 3  # terms by which rows are found where there is no BM25
_SAMPLE = 256  # rows of a language
_LENGTHS = 4_000  # rows whose lengths stand for all
_REMEMBERED = 4_000  # rows that were looked at; some ten kilobytes each
_BATCH = 256


@dataclass(frozen=True, slots=True)
class _Held:
    """One row with all that is looked at."""

    row: Row
    vector: Vectors
    pieces: tuple[Piece, ...]
    terms: str
    words: str
    tag: str


class ClusterSegment:
    """Rows by the numbers of their entries."""

    seen: tuple[int, int] | None = None
    is_checked = True

    def __init__(
        self,
        table: Table,
        change: Change,
        languages: Collection[str],
        preparation: Preparation,
        documents: Callable[[], Set[str]] | None = None,
        before: "ClusterSegment | None" = None,
    ) -> None:
        """`documents` lists all that have rows, if something can faster than the rows themselves.

        What was looked at `before` need not be fetched again: an entry never changes what it holds.
        """
        self.name = f"{change.number}-{change.token}"
        table.catch_up()
        self._table, self._alive = table, alive(change)
        self._preparation, self._listed = preparation, documents
        self._known: Mapping[int, _Held] = before._known if before else {}
        self._count = lru_cache(1 << 12)(table.count)
        self.tags = tuple(tag for tag in sorted(languages) if self._count(self._spoken(tag)))

    def __len__(self) -> int:
        return self._count(self._alive)

    @cached_property
    def documents(self) -> Set[str]:
        if self._listed:
            return self._listed()
        found = self._table.each(self._alive, ["documents"])
        return {document for entry in found for document in entry["documents"]}

    def _spoken(self, tag: str) -> str:
        return f"language in {quoted([tag])} and {self._alive}"

    def _where(self, limits: Limits) -> str:
        """The condition that a row is admitted; nothing is ever in `without`."""
        if limits.documents is None:
            return self._alive
        return f"array_contains_any(documents, {quoted(sorted(limits.documents))}) and {self._alive}"

    def size(self, limits: Limits) -> int:
        return self._count(self._where(limits))

    def paragraphs(self, limits: Limits) -> int:
        return self._count(f"is_base == true and {self._where(limits)}")

    def near(self, vector: Vectors, k: int, limits: Limits) -> set[int]:
        # All at once: they are looked at one by one.
        return {*self._fetched(self._table.nearest(vector.tolist(), k, self._where(limits)))}

    def frequency(self, term: str) -> int:
        return self._count(f"array_contains(term_ids, {number(term)}) and {self._alive}")

    def scores(self, terms: Mapping[str, float], k: int, limits: Limits) -> dict[int, float]:
        if not terms:
            return {}
        held = self._fetched(self._candidates(terms, max(k, _FOUND), limits))
        scored = {row: self._score(one.terms, terms) for row, one in held.items()}
        best = sorted(scored, key=lambda row: (-scored[row], row))[:k]
        return {row: scored[row] for row in best if scored[row]}

    def _candidates(self, terms: Mapping[str, float], k: int, limits: Limits) -> Sequence[int]:
        if self._table.has_words:
            return self._table.matching("terms", " ".join(map(word, terms)), k, self._where(limits))
        rare = sorted((term for term in terms if self.frequency(term)), key=lambda term: (self.frequency(term), term))
        wanted = quoted(number(term) for term in rare[:_RARE])
        where = f"array_contains_any(term_ids, {wanted}) and {self._where(limits)}"
        return [one["id"] for one in self._table.query(where, (), k)]

    def _score(self, text: str, wanted: Mapping[str, float]) -> float:
        """BM25 as Robertson & Zaragoza (2009) have it, and as tantivy rounds it."""
        held = Counter(text.split())
        normal = K1 * (1 - B + B * _rounded(held.total()) / self._usual_length)
        score = 0.0
        for term, weight in wanted.items():
            score += weight * self._idf(term) * held[term] * (K1 + 1) / (held[term] + normal)
        return score

    def _idf(self, term: str) -> float:
        frequency: int = self.frequency(term)
        return log(1 + (len(self) - frequency + 0.5) / (frequency + 0.5))

    @cached_property
    def _usual_length(self) -> float:
        lengths = [entry["length"] for entry in self._drawn(self._alive, _LENGTHS, ["length"])]
        return max(float(np.mean(lengths or [1])), 1.0)

    def _drawn(self, where: str, count: int, fields: Sequence[str]) -> list[Entry]:
        """So many entries of those, or a few more, by chance, and always the same; all if there are fewer."""
        share = 2 * count / max(self._count(where), 1)
        found = self._table.query(f"draw < {share} and {where}", ["draw", *fields])
        return sorted(found, key=lambda entry: (entry["draw"], entry["id"]))[:count]

    def holding(self, words: Sequence[str], terms: Collection[str], limits: Limits) -> set[int]:
        ways = []
        if words:
            ways.append(f"array_contains_all(word_ids, {quoted({number(one) for one in words})})")
        if terms:
            ways.append(f"array_contains_any(term_ids, {quoted({number(term) for term in terms})})")
        if not ways:
            return set()
        found = self._table.query(f"({' or '.join(ways)}) and {self._where(limits)}", ["words", "term_text"])
        phrase = f" {' '.join(words)} "
        holders = {
            entry["id"]
            for entry in found
            if (words and phrase in f" {entry['words']} ") or not {*terms}.isdisjoint(entry["term_text"].split())
        }
        self._fetched(sorted(holders)[:_FOUND])  # more are not looked at
        return holders

    def of(self, document: str) -> list[int]:
        found = self._table.query(self._where(Limits(frozenset([document]))), ())
        held = self._fetched([entry["id"] for entry in found])
        return sorted(held, key=lambda row: _order(held[row].row))

    def row(self, row: int) -> Row:
        return self._fetched([row])[row].row

    def order(self, row: int) -> Order:
        return _order(self.row(row))

    def paragraph(self, row: int) -> tuple[int, bool]:
        held = self.row(row)
        return held.key, held.is_base

    def tag(self, row: int) -> str:
        return self._fetched([row])[row].tag

    def of_language(self, tag: str, limits: Limits) -> NDArray[np.int64]:
        where = f"{self._spoken(tag)} and {self._where(limits)}"
        return np.array(sorted(entry["id"] for entry in self._drawn(where, _SAMPLE, ())), np.int64)

    def look(self, rows: Sequence[int]) -> tuple[Units, Vectors]:
        held = self._fetched(rows)
        units = units_of([held[row].pieces for row in rows], self._preparation.dimension, self._preparation.table)
        vectors = np.array([held[row].vector for row in rows], np.float32)
        return units, vectors.reshape(-1, self._preparation.dimension)

    def batches(self, limits: Limits) -> Iterator[Batch]:
        ids = sorted(entry["id"] for entry in self._table.each(self._where(limits), ()))
        for start in range(0, len(ids), _BATCH):
            some = self._fetched(ids[start : start + _BATCH])
            held = [some[id_] for id_ in ids[start : start + _BATCH]]
            yield Batch(
                rows=tuple(one.row for one in held),
                vectors=np.array([one.vector for one in held], np.float32),
                pieces=tuple(one.pieces for one in held),
                terms=tuple(one.terms for one in held),
                words=tuple(one.words for one in held),
                tags=tuple(one.tag for one in held),
            )

    def _fetched(self, rows: Sequence[int]) -> Mapping[int, _Held]:
        """Rows with all that is looked at. Raises CorpusError if one is not there any more."""
        known = self._known  # read once: another thread may be setting it
        missing = [row for row in dict.fromkeys(rows) if row not in known]
        if missing:
            found = self._table.get(missing, LOOKED_AT)
            if len(found) < len(missing):
                raise CorpusError("what was found has been cleared away, for this service is long behind; ask again")
            kept = known if len(known) < _REMEMBERED else {row: known[row] for row in rows if row in known}
            known = self._known = {**kept, **self._held({row: found[row] for row in missing})}
        return {row: known[row] for row in rows}

    def _held(self, found: Mapping[int, Entry]) -> dict[int, _Held]:
        rows = {id_: Row.of(entry["row"]) for id_, entry in found.items()}
        pieces: Sequence[tuple[Piece, ...]]
        if self._preparation.table:
            pieces = [pieces_of(entry["pieces"]) for entry in found.values()]
        else:
            pieces = self._preparation.batch(list(rows.values())).pieces
        return {
            id_: _Held(
                rows[id_], np.array(one["vector"], np.float32), held, one["term_text"], one["words"], one["language"]
            )
            for (id_, one), held in zip(found.items(), pieces, strict=True)
        }


def _order(row: Row) -> Order:
    document, place, part = parted(row.members[0]) or (row.members[0], 0, None)
    return document, place, part or 0


def _rounded(length: int) -> int:
    """A length as tantivy and Lucene keep it: in a byte, above 24 to four binary digits."""
    more = length - 24
    digits = max(more.bit_length() - 4, 0)
    return length if more < 0 else 24 + (more >> digits << digits)
