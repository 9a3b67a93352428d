"""The index: built from the store's paragraphs, published as a folder, opened, searched.

One row is one wording of a paragraph; of the wordings of one paragraph only one is ever a hit. Candidates come from
the vectors and from BM25; late interaction looks at each of them closely, and confidence turns all that into the one
probability by which they rank.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Any

import numpy as np

from corpus.document import Span
from corpus.language import language_of
from embeddings.confidence import CALIBRATED, Confidence, Evidence
from embeddings.dense import DenseIndex
from embeddings.encoder import Encoder, Tokens, Vectors
from embeddings.fusion import Background, standardised
from embeddings.glossary import Glossary, Mention
from embeddings.late_interaction import LateInteraction, Part, Units, units
from embeddings.lexical import LexicalIndex
from embeddings.phrases import Phrases
from embeddings.publication import IndexUnusable, current_name, open_current, publish
from embeddings.rows import Row, read_rows, write_rows
from embeddings.terms import VERSION

_CANDIDATES = 100  # from each side; late interaction sees at most twice as many
_BACKGROUND = 256  # rows that stand for the collection when scores are standardised
_BATCH = 256
_ROWS = "rows.jsonl"
_CACHED = 4096  # rows whose token vectors are kept in memory
# Measured with the built-in model over the questions and paragraphs of tests/quality.
_TYPICAL_DENSE, _TYPICAL_LATE = Background(0.11, 0.08), Background(0.10, 0.09)
_BM25_K1 = 1.2  # tantivy's own constant: no term scores above (k1 + 1) times its idf


@dataclass(frozen=True, slots=True)
class Query:
    """A question as searched.

    `mentions` are the concepts it names; `phrases` must occur, in this wording or by another name of the same concept;
    `documents` are those to search, None for all.
    """

    text: str
    mentions: tuple[Mention, ...] = ()
    phrases: tuple[str, ...] = ()
    documents: frozenset[str] | None = None


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
        self._dense = DenseIndex.load(folder / "dense.faiss")
        self._lexical = LexicalIndex.load(folder / "lexical")
        self._phrases = Phrases([row.text for row in self.rows], glossary)
        self._cut: dict[int, Units] = {}
        sample = sorted({int(at) for at in np.linspace(0, len(rows) - 1, min(len(rows), _BACKGROUND))}) if rows else []
        self._sample = self._units(sample)
        self._sample_vectors = self._dense.vectors(sample)

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
        languages = sorted({language_of(row.text).split("-")[0] for row in rows})
        publish(
            folder,
            name,
            {**_made_with(encoder, glossary), "languages": languages},
            lambda path: _write(path, rows, encoder, glossary, progress),
        )
        return True

    @staticmethod
    def is_current(folder: Path, rows: Sequence[Row], encoder: Encoder, glossary: Glossary) -> bool:
        """Whether the current index is one of just these rows."""
        return current_name(folder) == _name(rows, encoder, glossary)

    def search(self, query: Query, k: int, confidence: Confidence = CALIBRATED) -> Found:
        """The `k` most probable paragraphs for `query`, best first, ties in row order."""
        vector = self._encoder.encode_query([self._with_names(query)])[0]
        lexical = self._search_terms(query)
        admitted = self._admitted(query.documents)
        dense = self._dense.search(vector, _CANDIDATES, admitted)
        holders, dropped = self._holding(query.phrases, range(len(self.rows)) if admitted is None else admitted)
        rows = dense.keys() | lexical.keys()
        if holders is not None:
            rows = rows & holders | set(sorted(holders)[:_CANDIDATES])
        best: dict[str, tuple[bool, float, int, Hit]] = {}
        for row, evidence, cuts in self._examine(query, vector, lexical, sorted(rows)):
            hit = Hit(self.rows[row], confidence.probability(evidence), evidence, cuts)
            # The base's wording, unless only another one answers.
            rank = (hit.row.is_base and hit.score >= confidence.threshold, hit.score, -row, hit)
            best[hit.row.paragraph[0]] = max(rank, best.get(hit.row.paragraph[0], rank), key=lambda held: held[:3])
        ranked = sorted(best.values(), key=lambda held: (-held[1], -held[2]))
        return Found([held[3] for held in ranked[:k]], dropped)

    def _examine(
        self, query: Query, vector: Vectors, lexical: Mapping[int, float], rows: Sequence[int]
    ) -> Iterator[tuple[int, Evidence, tuple[tuple[Span, float], ...]]]:
        """Look at each of the candidate `rows` closely."""
        if not rows:
            return
        interaction = LateInteraction(self._parts(query), self._sample)
        passages = self._units(rows)
        late = interaction.score(passages)
        late_margin = standardised(late.passages, interaction.background, _TYPICAL_LATE)
        dense_margin = standardised(self._dense.vectors(rows) @ vector, self._sample_vectors @ vector, _TYPICAL_DENSE)
        for at, row in enumerate(rows):
            figures = late.passages[at], late.breadths[at], late_margin[at], dense_margin[at], lexical.get(row, 0.0)
            evidence = Evidence(*map(float, figures))
            yield row, evidence, tuple(zip(passages[at].sentences, map(float, late.sentences[at]), strict=True))

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

    # The question's sides.

    def _names(self, mention: Mention) -> list[str]:
        """The names of a concept in the collection's languages, the most usual of each first."""
        return [name for language in sorted(self._languages) for name in mention.concept.names.get(language, ())]

    def _with_names(self, query: Query) -> str:
        usual = (
            name
            for mention in query.mentions
            for language in sorted(self._languages)
            for name in mention.concept.names.get(language, ())[:1]
        )
        return " ".join([query.text, *usual])

    def _parts(self, query: Query) -> list[Part]:
        """Every mention as one part with all its names; every other token as a part of its own."""
        names = [self._names(mention) for mention in query.mentions]
        own, *others = self._encoder.encode_tokens([query.text, *(name for held in names for name in held)])
        parts = []
        for mention, held in zip(query.mentions, names, strict=True):
            wordings = [_within(own, mention.span), *(others.pop(0).vectors for _ in held)]
            parts.append(Part(tuple(wording for wording in wordings if len(wording)), mention.concept.id))
        for vector, span in zip(own.vectors, own.spans, strict=True):
            if not any(mention.span.start <= span.start < mention.span.end for mention in query.mentions):
                parts.append(Part((vector[None, :],)))
        return parts

    def _search_terms(self, query: Query) -> dict[int, float]:
        """BM25 as a share of the best score possible: row → 0…1."""
        wanted: Counter[str] = Counter({term: 1 for term in self.glossary.analyser.terms(query.text)})
        wanted.update({_concept_term(mention.concept.id): 1 for mention in query.mentions})
        known = language_of(query.text).split("-")[0] in self._languages
        counted = {term: self._lexical.frequency(term) for term in wanted}
        best = sum(self._idf(held) for held in counted.values() if held or known) * (_BM25_K1 + 1)
        found = self._lexical.search(
            {term: 1.0 for term, held in counted.items() if held}, _CANDIDATES, query.documents
        )
        return {row: score / best for row, score in found.items()}

    def _idf(self, frequency: int) -> float:
        return log(1 + (len(self.rows) - frequency + 0.5) / (frequency + 0.5))

    def _units(self, rows: Sequence[int]) -> list[Units]:
        """The token vectors of `rows`, sentence by sentence; the latest ones are kept."""
        cached = self._cut  # another thread may begin a new one at any time
        cut = {row: cached[row] for row in rows if row in cached}
        fresh = [row for row in rows if row not in cut]
        for row, tokens in zip(fresh, self._encoder.encode_tokens([self.rows[row].text for row in fresh]), strict=True):
            text = self.rows[row].text
            cut[row] = units(text, tokens, [(held.concept.id, held.span) for held in self.glossary.mentions(text)])
        kept = cached if len(cached) + len(fresh) <= _CACHED else {}
        self._cut = kept | {row: cut[row] for row in fresh} if fresh else cached
        return [cut[row] for row in rows]


def _within(tokens: Tokens, span: Span) -> Vectors:
    return tokens.vectors[[at for at, held in enumerate(tokens.spans) if span.start <= held.start < span.end]]


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
    vectors = [np.zeros((0, encoder.dimension), np.float32)]
    for start in range(0, len(rows), _BATCH):
        batch = rows[start : start + _BATCH]
        vectors.append(encoder.encode_document([row.text for row in batch]))
        progress(start + len(batch), len(rows))
    DenseIndex.build(np.concatenate(vectors)).save(path / "dense.faiss")
    LexicalIndex.build(
        path / "lexical",
        (
            (
                [
                    *glossary.analyser.terms(row.text),
                    *(_concept_term(mention.concept.id) for mention in glossary.mentions(row.text)),
                ],
                row.documents,
            )
            for row in rows
        ),
    )
