"""The index: segments searched as one.

One row is one wording of a paragraph; of the wordings of one paragraph only one is ever a hit. Candidates come from
the vectors of passages, from BM25 and from descriptions; each is looked at closely, and confidence turns
all that into the one probability by which they rank.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from math import log
from pathlib import Path

import numpy as np

from embeddings.confidence import CALIBRATED, FITTED_ON, Confidence, Evidence
from embeddings.descriptions import Descriptions, Fits
from embeddings.encoder import Encoder, Vectors
from embeddings.examination import Examiner, Looks, Place
from embeddings.fusion import chance
from embeddings.glossary import Glossary
from embeddings.hits import Found, Hit, Hits
from embeddings.journal import stage
from embeddings.late_interaction import Scores
from embeddings.preparation import Batch, concept_term, language_tag, made_with, words_of
from embeddings.publication import IndexDamaged, State, check, current, seen, sound
from embeddings.query import Query
from embeddings.rows import Row
from embeddings.segment import Limits, Order, Segment
from embeddings.stored_segment import StoredSegment

_CANDIDATES = 40  # from each side
_DESCRIBED = 3  # concepts whose description a question fits best, and that bring candidates
_NONSENSE = (ArithmeticError, LookupError, ValueError)  # what comes of reading what was not written
_BM25_K1 = 1.2  # tantivy's own constant: no term scores above (k1 + 1) times its idf

_Weighed = tuple[Looks, Evidence[Scores]]  # some rows as they were looked at, and what speaks for them
# Whether another wording of its paragraph would be better; less its probability; its order; and where it stands.
_Rank = tuple[bool, float, tuple[int, Order], tuple[Looks, Evidence[Scores], int]]


class Index:
    """A snapshot: what was published when it was opened. Safe to share between threads."""

    def __init__(
        self,
        state: State,
        segments: Sequence[Segment],
        descriptions: Descriptions,
        encoder: Encoder,
        glossary: Glossary,
    ) -> None:
        self.state, self.name, self.glossary = state, state.name, glossary
        self.segments = tuple(segments)
        self.descriptions = descriptions
        self._encoder = encoder
        self._without = [Limits(None, frozenset(held.without)) for held in state.segments]
        self._languages = frozenset(tag for segment in segments for tag in segment.tags)
        self._examiner = Examiner(segments, self._without)

    @classmethod
    def open(cls, folder: Path, encoder: Encoder, glossary: Glossary, before: "Index | None" = None) -> "Index":
        """The current index below `folder`; what `before` has open already is not opened again.

        Raises IndexUnusable if there is none that `encoder` can search.
        """
        state = current(folder)
        check(state, made_with(encoder, glossary))
        if before and before.state == state and all(_is_there(folder, segment) for segment in before.segments):
            return before
        try:
            return cls._of(folder, state, encoder, glossary, before)
        except (OSError, IndexDamaged, *_NONSENSE) as error:
            if current(folder) == state:
                raise IndexDamaged(str(error) if isinstance(error, IndexDamaged) else f"{folder}: {error!r}") from error
        # Others have published meanwhile, twice, and cleared away what was being opened.
        return cls.open(folder, encoder, glossary, before)

    @classmethod
    def _of(cls, folder: Path, state: State, encoder: Encoder, glossary: Glossary, before: "Index | None") -> "Index":
        known = {one.name: one for one in before.segments if _is_there(folder, one)} if before else {}
        segments = [
            known.get(held.name) or StoredSegment(sound(folder / held.name), encoder) for held in state.segments
        ]
        if before and before.state.descriptions == state.descriptions:
            descriptions = before.descriptions
        else:
            descriptions = Descriptions(sound(folder / state.descriptions, is_in_full=True))
        return cls(state, segments, descriptions, encoder, glossary)

    @property
    def sizes(self) -> list[int]:
        """How many rows of each segment count."""
        return [segment.size(limits) for segment, limits in self._each(None)]

    @property
    def size(self) -> int:
        """How many rows count."""
        return sum(self.sizes)

    @property
    def paragraphs(self) -> int:
        """How many paragraphs they are wordings of."""
        return self._paragraphs(None)

    def _paragraphs(self, documents: frozenset[str] | None) -> int:
        return sum(segment.paragraphs(limits) for segment, limits in self._each(documents))

    def _each(self, documents: frozenset[str] | None) -> Iterator[tuple[Segment, Limits]]:
        """Every segment, with what limits a search of `documents`, or of all, to what counts there."""
        held = zip(self.segments, self._without, strict=True)
        return ((segment, replace(limits, documents=documents)) for segment, limits in held)

    @cached_property
    def documents(self) -> frozenset[str]:
        """All documents that this snapshot knows."""
        return frozenset().union(*(segment.documents - limits.without for segment, limits in self._each(None)))

    def places(self, document: str) -> list[Place]:
        """The rows that hold a passage of a document, in order."""
        return [
            (at, row)
            for at, (segment, limits) in enumerate(self._each(None))
            if document not in limits.without
            for row in segment.of(document)
        ]

    def row(self, place: Place) -> Row:
        at, row = place
        return self.segments[at].row(row)

    def batches(self, segments: range) -> Iterator[Batch]:
        """All rows that count in some segments, as they were prepared."""
        for at in segments:
            yield from self.segments[at].batches(self._without[at])

    def search(self, query: Query, k: int, confidence: Confidence = CALIBRATED) -> Found:
        """The `k` most probable paragraphs for `query`, best first, ties in row order. Raises IndexDamaged."""
        try:
            return self._search(query, k, confidence)
        except _NONSENSE as error:
            if all(segment.is_checked for segment in self.segments):
                raise
            raise IndexDamaged(f"index: {error!r} from a large file; run `yinju doctor --repair`") from error

    def _search(self, query: Query, k: int, confidence: Confidence) -> Found:
        with stage("encode"):
            vector, own = self._encoder.encode_query([query.with_names(self._languages), query.text])
            likeness = self.descriptions.likeness(own, self._encoder.encode_tokens([query.text])[0])
        with stage("retrieve"):
            lexical = self._search_terms(query)
            holders, dropped = self._holding(query.phrases, query.documents)
            places = lexical.keys() | self._near(vector, query.documents) | self._described(likeness, query.documents)
        if holders is not None:
            places = places & holders | set(sorted(holders)[:_CANDIDATES])
        by_chance = chance(max(self._paragraphs(query.documents), FITTED_ON)) - chance(FITTED_ON)
        with stage("examine"):
            looks = list(self._examiner.look(query.parts(self._languages, self._encoder), vector, sorted(places)))
            weighed = self._weighed(looks, lexical, likeness, bool(query.mentions), by_chance)
            best: dict[int, _Rank] = {}
            for key, rank in self._ranks(weighed, confidence):
                best[key] = min(rank, best.get(key, rank), key=lambda held: held[:3])
        ranked = sorted(best.values(), key=lambda held: held[1:3])
        return Found(Hits(self._hit, ranked[:k]), dropped)

    def _hit(self, rank: _Rank) -> Hit:
        _, score, _, (looks, evidence, number) = rank
        why = Evidence(*(float(figures[number]) for figures in evidence))
        return Hit(self.row(looks.places[number]), -score, why, looks.sentences(number))

    def _ranks(self, weighed: Iterable[_Weighed], confidence: Confidence) -> Iterator[tuple[int, _Rank]]:
        """The rank of each row, beside its paragraph."""
        for looks, evidence in weighed:
            for number, score in enumerate(confidence.probability(evidence).tolist()):
                at, row = place = looks.places[number]
                key, is_base = self.segments[at].paragraph(row)
                # The base's wording, unless only another one answers.
                answers = is_base and score >= confidence.company
                yield key, (not answers, -score, self._order(place), (looks, evidence, number))

    def _order(self, place: Place) -> tuple[int, Order]:
        """Which of two rows that are equally good comes first."""
        at, row = place
        return at, self.segments[at].order(row)

    def _near(self, vector: Vectors, documents: frozenset[str] | None) -> set[Place]:
        """Rows whose vectors are near."""
        return {
            (at, row)
            for at, (segment, limits) in enumerate(self._each(documents))
            for row in segment.near(vector, _CANDIDATES, limits)
        }

    def _described(self, likeness: Fits, documents: frozenset[str] | None) -> set[Place]:
        """Rows that name what the question describes best."""
        return set(self._lexical({concept_term(name): 1.0 for name in likeness.best(_DESCRIBED)}, documents))

    def _weighed(
        self, looks: Sequence[Looks], lexical: Mapping[Place, float], likeness: Fits, named: bool, by_chance: float
    ) -> Iterator[_Weighed]:
        """What speaks for each of the candidates."""
        best = max((float(held.late.max()) for held in looks), default=0.0)
        for held in looks:
            described = held.fits(likeness)
            evidence = Evidence(
                late=held.late,
                best=np.full(len(held.late), best),
                dense_margin=held.dense_margin - by_chance,
                lexical=np.array([lexical.get(place, 0.0) for place in held.places]),
                named=np.full(len(held.late), float(named)),
                described=described[:, 0],
                described_late=described[:, 1],
                breadth=held.breadth(best),
            )
            yield held, evidence

    def _holding(
        self, phrases: Sequence[str], documents: frozenset[str] | None
    ) -> tuple[set[Place] | None, tuple[str, ...]]:
        """The admitted rows that hold the phrases, None if any row will do, and the phrases that were dropped."""
        holders: set[Place] | None = None
        dropped = []
        for phrase in phrases:
            held = self._holders(phrase, documents)
            if holders is not None:
                held &= holders
            if held:
                holders = held
            else:
                dropped.append(phrase)
        return holders, tuple(dropped)

    def _holders(self, phrase: str, documents: frozenset[str] | None) -> set[Place]:
        """The rows whose text holds `phrase`; of a name, also those that name the same concept otherwise."""
        wanted = words_of(phrase)
        mentions = self.glossary.mentions(phrase)
        named = [concept_term(held.concept.id) for held in mentions if words_of(held.span.of(phrase)) == wanted]
        return {
            (at, row)
            for at, (segment, limits) in enumerate(self._each(documents))
            for row in segment.holding(wanted, named, limits)
        }

    def _search_terms(self, query: Query) -> dict[Place, float]:
        """BM25 as a share of the best score possible: row → 0…1."""
        wanted: Counter[str] = Counter({term: 1 for term in self.glossary.analyser.terms(query.text)})
        wanted.update({concept_term(mention.concept.id): 1 for mention in query.mentions})
        known = language_tag(query.text) in self._languages
        counted = {term: self._frequency(term) for term in wanted}
        best = sum(self._idf(held) for held in counted.values() if held or known) * (_BM25_K1 + 1)
        found = self._lexical({term: 1.0 for term, held in counted.items() if held}, query.documents)
        return {place: score / best for place, score in found.items()}

    def _lexical(self, terms: Mapping[str, float], documents: frozenset[str] | None) -> dict[Place, float]:
        """The best rows of each segment by BM25, a term weighing in each what it weighs in all of them together."""
        found: dict[Place, float] = {}
        for at, (segment, limits) in enumerate(self._each(documents)):
            here, count = {term: segment.frequency(term) for term in terms}, len(segment)
            weights = {
                term: weight * self._idf(self._frequency(term)) / _idf(count, here[term])
                for term, weight in terms.items()
                if here[term]
            }
            found |= {(at, row): score for row, score in segment.scores(weights, _CANDIDATES, limits).items()}
        return found

    def _frequency(self, term: str) -> int:
        return sum(segment.frequency(term) for segment in self.segments)

    def _idf(self, frequency: int) -> float:
        return _idf(sum(map(len, self.segments)), frequency)


def _is_there(folder: Path, segment: Segment) -> bool:
    """Whether a segment that is open is still the one that has its name."""
    return segment.seen is not None and segment.seen == seen(folder / segment.name)


def _idf(count: int, frequency: int) -> float:
    return log(1 + (count - frequency + 0.5) / (frequency + 0.5))
