"""The index: built from the store's paragraphs, published as a folder, opened, searched.

One row is one wording of a paragraph; of the wordings of one paragraph only one is ever a hit. Candidates come from
the vectors of passages and sentences, from BM25 and from descriptions; each is looked at closely, and confidence turns
all that into the one probability by which they rank.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log
from pathlib import Path
from typing import Any

import numpy as np

from corpus.document import Span
from corpus.language import language_of
from corpus.sentences import sentences
from embeddings.confidence import CALIBRATED, Confidence, Evidence
from embeddings.dense import DenseIndex
from embeddings.descriptions import Descriptions, Likeness
from embeddings.encoder import Encoder, Vectors
from embeddings.examination import Examiner
from embeddings.glossary import Glossary, Mention
from embeddings.lexical import LexicalIndex
from embeddings.phrases import Phrases
from embeddings.publication import IndexUnusable, current_name, open_current, publish
from embeddings.query import Query
from embeddings.rows import Row, read_rows, write_rows
from embeddings.terms import VERSION
from embeddings.tokens import TokenStore, unit, writing_tokens

_CANDIDATES = 100  # from each side
_DESCRIBED = 3  # concepts whose description a question fits best, and that bring candidates
_TITLE = 0.3  # of a title's vector, added to the passage's
_BATCH = 256
_ROWS, _DENSE, _SENTENCES, _OWNERS, _LANGUAGES = (
    *("rows.jsonl", "dense.faiss", "sentences.faiss"),
    *("sentence-rows.npy", "row-languages.npy"),
)
_BM25_K1 = 1.2  # tantivy's own constant: no term scores above (k1 + 1) times its idf


@dataclass(frozen=True, slots=True)
class Hit:
    """A row found: the probability that it answers, why, and its sentences with their share of the match."""

    row: Row
    score: float
    evidence: Evidence
    sentences: tuple[tuple[Span, float], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """Hits, best first, and the phrases that were not required after all because no row holds them with the others."""

    hits: list[Hit]
    dropped: tuple[str, ...] = ()


class Index:
    """A snapshot: what was published when it was opened. Safe to share between threads."""

    def __init__(
        self, folder: Path, rows: Sequence[Row], languages: frozenset[str], encoder: Encoder, glossary: Glossary
    ) -> None:
        self.name = folder.name
        self.rows = tuple(rows)
        self.glossary = glossary
        self._languages = languages
        self._encoder = encoder
        self._dense = DenseIndex.load(folder / _DENSE)
        self._sentences = DenseIndex.load(folder / _SENTENCES)
        self._owners = np.load(folder / _OWNERS)  # the row of each sentence
        self._lexical = LexicalIndex.load(folder / "lexical")
        self._phrases = Phrases([row.text for row in self.rows], glossary)
        self._descriptions = Descriptions(folder)
        tokens = TokenStore(folder, encoder.dimension, encoder.table)
        self._examiner = Examiner(np.load(folder / _LANGUAGES), tokens, self._dense)

    @classmethod
    def open(cls, folder: Path, encoder: Encoder, glossary: Glossary) -> "Index":
        """The current index below `folder`. Raises IndexUnusable if there is none that `encoder` can search."""
        path, manifest = open_current(folder, _made_with(encoder, glossary))
        return cls(path, read_rows(path / _ROWS), frozenset(manifest["languages"]), encoder, glossary)

    @staticmethod
    def build(
        folder: Path,
        rows: Sequence[Row],
        encoder: Encoder,
        glossary: Glossary,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> bool:
        """Publish an index of `rows` below `folder`, unless the current one is just that; whether it was built.

        `progress` is told how many rows are done, and of how many.
        """
        name = _name(rows, encoder, glossary)
        if current_name(folder) == name and _is_sound(folder, encoder, glossary):
            return False
        publish(
            folder,
            name,
            {**_made_with(encoder, glossary), "languages": sorted({_language(row.text) for row in rows})},
            lambda path: _write(path, rows, encoder, glossary, progress),
        )
        return True

    @staticmethod
    def is_current(folder: Path, rows: Sequence[Row], encoder: Encoder, glossary: Glossary) -> bool:
        """Whether the current index is one of just these rows."""
        return current_name(folder) == _name(rows, encoder, glossary)

    @cached_property
    def documents(self) -> frozenset[str]:
        """All documents that this snapshot knows."""
        return frozenset().union(*(row.documents for row in self.rows))

    def search(self, query: Query, k: int, confidence: Confidence = CALIBRATED) -> Found:
        """The `k` most probable paragraphs for `query`, best first, ties in row order."""
        vector, own = self._encoder.encode_query([query.with_names(self._languages), query.text])
        likeness = self._descriptions.likeness(own, self._encoder.encode_tokens([query.text])[0])
        lexical = self._search_terms(query)
        admitted = self._admitted(query.documents)
        holders, dropped = self._holding(query.phrases, range(len(self.rows)) if admitted is None else admitted)
        rows = lexical.keys() | self._near(vector, admitted) | self._described(likeness, query.documents)
        if holders is not None:
            rows = rows & holders | set(sorted(holders)[:_CANDIDATES])
        best: dict[str, tuple[bool, float, int, Hit]] = {}
        for row, evidence, cuts in self._examine(query, vector, lexical, likeness, sorted(rows)):
            hit = Hit(self.rows[row], confidence.probability(evidence), evidence, cuts)
            # The base's wording, unless only another one answers.
            rank = (hit.row.is_base and hit.score >= confidence.company, hit.score, -row, hit)
            best[hit.row.paragraph[0]] = max(rank, best.get(hit.row.paragraph[0], rank), key=lambda held: held[:3])
        ranked = sorted(best.values(), key=lambda held: (-held[1], -held[2]))
        return Found([held[3] for held in ranked[:k]], dropped)

    def _near(self, vector: Vectors, admitted: Sequence[int] | None) -> set[int]:
        """Rows whose vector, or that of one of their sentences, is near."""
        owned = None if admitted is None else np.flatnonzero(np.isin(self._owners, admitted))
        sentences = self._sentences.search(vector, _CANDIDATES, owned)
        return {*self._dense.search(vector, _CANDIDATES, admitted), *(int(self._owners[at]) for at in sentences)}

    def _described(self, likeness: Mapping[str, Likeness], documents: frozenset[str] | None) -> set[int]:
        """Rows that name what the question describes best."""
        best = sorted(likeness, key=lambda name: (-likeness[name].margin, name))[:_DESCRIBED]
        return set(self._lexical.search({_concept_term(name): 1.0 for name in best}, _CANDIDATES, documents))

    def _examine(
        self,
        query: Query,
        vector: Vectors,
        lexical: Mapping[int, float],
        likeness: Mapping[str, Likeness],
        rows: Sequence[int],
    ) -> Iterator[tuple[int, Evidence, tuple[tuple[Span, float], ...]]]:
        """Look at each of the candidate `rows` closely."""
        looks = self._examiner.look(query.parts(self._languages, self._encoder), vector, rows)
        best = max((look.late for look in looks), default=0.0)
        for look in looks:
            fits = [likeness[name] for name in look.concepts if name in likeness]
            margin, late = max((fit.margin for fit in fits), default=0.0), max((fit.late for fit in fits), default=0.0)
            found = look.late, best, look.dense_margin, lexical.get(look.row, 0.0), float(bool(query.mentions))
            yield look.row, Evidence(*found, margin, late, look.breadth(best)), look.sentences

    def _holding(
        self, phrases: Sequence[str], admitted: Sequence[int]
    ) -> tuple[frozenset[int] | None, tuple[str, ...]]:
        """The admitted rows that hold the phrases, None if any row will do, and the phrases that were dropped."""
        holders: frozenset[int] | None = None
        dropped = []
        for phrase in phrases:
            held = self._phrases.holders(phrase) & (frozenset(admitted) if holders is None else holders)
            if held:
                holders = held
            else:
                dropped.append(phrase)
        return holders, tuple(dropped)

    def _admitted(self, documents: frozenset[str] | None) -> list[int] | None:
        if documents is None:
            return None
        return [at for at, row in enumerate(self.rows) if row.documents & documents]

    def _search_terms(self, query: Query) -> dict[int, float]:
        """BM25 as a share of the best score possible: row → 0…1."""
        wanted: Counter[str] = Counter({term: 1 for term in self.glossary.analyser.terms(query.text)})
        wanted.update({_concept_term(mention.concept.id): 1 for mention in query.mentions})
        known = _language(query.text) in self._languages
        counted = {term: self._lexical.frequency(term) for term in wanted}
        best = sum(self._idf(held) for held in counted.values() if held or known) * (_BM25_K1 + 1)
        found = self._lexical.search(
            {term: 1.0 for term, held in counted.items() if held}, _CANDIDATES, query.documents
        )
        return {row: score / best for row, score in found.items()}

    def _idf(self, frequency: int) -> float:
        return log(1 + (len(self.rows) - frequency + 0.5) / (frequency + 0.5))


def _concept_term(concept: str) -> str:
    return f"§{concept}"


def _made_with(encoder: Encoder, glossary: Glossary) -> Mapping[str, Any]:
    return {
        "model": encoder.name,
        "dimension": encoder.dimension,
        "analyser": VERSION,
        "glossary": glossary.digest,
    }


def _name(rows: Sequence[Row], encoder: Encoder, glossary: Glossary) -> str:
    sha256 = hashlib.sha256(json.dumps(_made_with(encoder, glossary), sort_keys=True).encode())
    for row in rows:
        sha256.update(row.line.encode())
    return f"index-{sha256.hexdigest()[:16]}"


def _is_sound(folder: Path, encoder: Encoder, glossary: Glossary) -> bool:
    try:
        open_current(folder, _made_with(encoder, glossary))
    except IndexUnusable:
        return False
    return True


def _write(
    path: Path, rows: Sequence[Row], encoder: Encoder, glossary: Glossary, progress: Callable[[int, int], None]
) -> None:
    write_rows(path / _ROWS, rows)
    Descriptions.build(path, glossary, encoder)
    _, languages = np.unique([_language(row.text) for row in rows], return_inverse=True)
    np.save(path / _LANGUAGES, languages.astype(np.uint8))
    nothing = np.zeros((0, encoder.dimension), np.float32)
    vectors, cut, owners, named = [nothing], [nothing], list[int](), list[list[Mention]]()
    with writing_tokens(path) as add:
        for start in range(0, len(rows), _BATCH):
            texts = [row.text for row in rows[start : start + _BATCH]]
            held = [(at, span.of(text)) for at, text in enumerate(texts, start) for span in _several(text)]
            titles = [row.title for row in rows[start : start + _BATCH]]
            titled = np.array([[_TITLE if title else 0.0] for title in titles], np.float32)
            vectors.append(unit(encoder.encode_document(texts) + titled * encoder.encode_document(titles)))
            cut.append(encoder.encode_document([text for _, text in held]))
            owners += [at for at, _ in held]
            for text, tokens, title in zip(
                texts, encoder.encode_tokens(texts), encoder.encode_tokens(titles), strict=True
            ):
                named.append(glossary.mentions(text, nested=True))
                add(text, tokens, named[-1], title)
            progress(start + len(texts), len(rows))
    DenseIndex.build(np.concatenate(vectors)).save(path / _DENSE)
    DenseIndex.build(np.concatenate(cut)).save(path / _SENTENCES)
    np.save(path / _OWNERS, np.array(owners, np.int64))
    terms = (
        (
            [
                *glossary.analyser.terms(row.title),
                *glossary.analyser.terms(row.text),
                *(_concept_term(mention.concept.id) for mention in held),
            ],
            row.documents,
        )
        for row, held in zip(rows, named, strict=True)
    )
    LexicalIndex.build(path / "lexical", terms)


def _several(text: str) -> tuple[Span, ...]:
    """The sentences of a text that has more than one: a lone one's vector is the text's."""
    held = sentences(text)
    return held if len(held) > 1 else ()


def _language(text: str) -> str:
    """Without the script: names and backgrounds are those of a language in either."""
    return language_of(text).split("-")[0]
