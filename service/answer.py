"""The one place that decides what is quoted. Every door translates the Answer that is made here."""

import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from corpus.citation import Citation, cite
from corpus.document import Document, Member, Passage, Span, Work
from corpus.store import Store
from corpus.witnesses import Variant, corresponding, variants
from embeddings.confidence import CALIBRATED
from embeddings.index import Found, Hit, Index
from embeddings.publication import IndexMismatch
from embeddings.query import Query
from embeddings.reranker import Reranker
from service.question import INTERPRETATIONS, UNFILTERED, BadQuestion, Filters, Note, Question, understand

MOST = 50  # quotes in one answer
_NEAREST = 3
_HIGHLIGHT = 0.9  # a sentence that matches at least this share as well as the best one is highlighted too


@dataclass(frozen=True, slots=True)
class Witness:
    """Another passage that holds the same paragraph, and where its wording differs from the quote's."""

    passage_id: str
    title: str | None
    outlet: str | None
    source_url: str | None
    text: str
    variants: tuple[Variant, ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """One paragraph, verbatim. `highlights` are spans of `text`; `number` is None where it is no answer."""

    number: int | None
    passage_id: str
    text: str
    score: float
    highlights: tuple[Span, ...]
    leans_on: Span | None
    citation: Citation
    witnesses: tuple[Witness, ...]
    url: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a question. `nearest` holds passages that are not an answer, and only if there is none."""

    question: str
    interpreted: Question
    quotes: tuple[Quote, ...]
    nearest: tuple[Quote, ...]
    took_ms: float

    @property
    def answered(self) -> bool:
        return bool(self.quotes)


class Answerer:
    """A store and a snapshot of its index, ready to answer. Safe to share between threads.

    With a reranker, what is quoted comes in its order; what is quoted at all, and the scores, stay the same.
    """

    def __init__(self, store: Store, index: Index, base_url: str, reranker: Reranker | None = None) -> None:
        self._store = store
        self._index = index
        self._base_url = base_url
        self._reranker = reranker

    def ask(
        self,
        question: str,
        top_k: int = 5,
        filters: Filters = UNFILTERED,
        history: Sequence[str] = (),
        interpret: Collection[str] = INTERPRETATIONS,
    ) -> Answer:
        """Answer with at most `top_k` quotes. Raises BadQuestion."""
        started = time.perf_counter()
        if not 1 <= top_k <= MOST:
            raise BadQuestion(f"top_k is {top_k}; it must be from 1 to {MOST}")
        with self._store.reading():
            works, members = self._store.works(), self._store.members()
        _check(filters, works, members)
        understood = understand(question, history, works, self._index.glossary, filters, interpret)
        admitted = [
            member.document
            for member in members
            if _admits(filters, member, works[member.work]) and _admits(understood.filters, member, works[member.work])
        ]
        narrowed = None if len(admitted) == len(members) else frozenset(admitted)
        query = Query(understood.text, understood.mentions, understood.phrases, narrowed)
        found = Found([]) if understood.subjectless else self._index.search(query, MOST)
        # Whether anything answers is a question to the whole collection; which passages do, one to those admitted.
        widest = found if narrowed is None else self._index.search(replace(query, documents=None), 1)
        is_treated = bool(widest.hits) and widest.hits[0].score >= CALIBRATED.threshold
        answering = [hit for hit in found.hits if hit.score >= CALIBRATED.company] if is_treated else []
        answers = _chosen(self._reranked(understood.text, answering), members, top_k)
        understood = replace(understood, notes=(*understood.notes, *self._notes(found, is_treated and not answers)))
        nearest = [] if answers else found.hits[:_NEAREST]
        quotes = tuple(self._quote(hit, narrowed, number) for number, hit in enumerate(answers, 1))
        others = tuple(self._quote(hit, narrowed, None) for hit in nearest)
        return Answer(question, understood, quotes, others, round((time.perf_counter() - started) * 1000, 2))

    def _notes(self, found: Found, elsewhere: bool) -> Iterator[Note]:
        if not self._index.rows:
            yield Note("empty_collection", "the collection is empty; take documents in with `yinju ingest FOLDER`")
        if found.dropped:
            text = f"not required, for no paragraph here holds all that is quoted: {', '.join(found.dropped)}"
            yield Note("phrase_not_held", text)
        if elsewhere:
            yield Note("answered_elsewhere", "nothing here answers, but documents that the filters leave out do")

    def _reranked(self, question: str, hits: list[Hit]) -> list[Hit]:
        if self._reranker is None:
            return hits
        scores = self._reranker.scores(question, [hit.row.text for hit in hits])
        return [hits[place] for place in sorted(range(len(hits)), key=lambda place: (-scores[place], place))]

    def _quote(self, hit: Hit, documents: frozenset[str] | None, number: int | None) -> Quote:
        """Quote the first passage of the wording found that the filters admit."""
        quoted = next(
            member for member in hit.row.members if documents is None or member.rpartition("/")[0] in documents
        )
        document, passage = self._held(quoted)
        if quoted == hit.row.members[0] and passage.text != hit.row.text:
            raise IndexMismatch(f"{quoted} has another text in the store than in the index; run `yinju ingest`")
        carried = [corresponding(span, hit.row.text, passage.text) for span in highlighted(hit)]
        return Quote(
            number=number,
            passage_id=quoted,
            text=passage.text,
            score=round(hit.score, 4),
            highlights=tuple(held for held in carried if held.start < held.end),
            leans_on=None,
            citation=self._cite(document, passage),
            witnesses=self._witnesses(passage, (member for member in hit.row.paragraph if member != quoted)),
            url=self.url(quoted),
        )

    def _held(self, name: str) -> tuple[Document, Passage]:
        held = self._store.passage(name)
        if held is None:
            raise IndexMismatch(f"{name} is in the index but not in the store; run `yinju ingest`")
        return held

    def _cite(self, document: Document, passage: Passage) -> Citation:
        return cite(self._store.works()[document.work], document, passage)

    def _witnesses(self, quoted: Passage, others: Iterable[str]) -> tuple[Witness, ...]:
        witnesses = []
        for name in others:
            document, passage = self._held(name)
            citation = self._cite(document, passage)
            witnesses.append(
                Witness(
                    name,
                    citation.title,
                    citation.outlet,
                    citation.source_url,
                    passage.text,
                    variants(quoted.text, passage.text),
                )
            )
        return tuple(witnesses)

    def url(self, passage: str) -> str:
        """Where a reader opens a passage."""
        return f"{self._base_url}/p/{passage}"

    def look_up(self, name: str) -> tuple[Passage, Citation, tuple[Witness, ...]] | None:
        """One passage by its id, with its citation and the other witnesses; None if there is none."""
        held = self._store.passage(name)
        if held is None:
            return None
        document, passage = held
        others = [member for member in self._store.group(passage.id) if member != passage.id]
        return passage, self._cite(document, passage), self._witnesses(passage, others)


def _chosen(answers: Sequence[Hit], members: Sequence[Member], top_k: int) -> list[Hit]:
    """The hits to quote, in order: where not all have room, each work's best goes before another's second."""
    work = {member.document: member.work for member in members}
    turns: Counter[str] = Counter()
    places = []
    for place, hit in enumerate(answers):
        name = work[hit.row.paragraph[0].rpartition("/")[0]]
        places.append((turns[name], place))
        turns[name] += 1
    return [answers[place] for place in sorted(place for _, place in sorted(places)[:top_k])]


def highlighted(hit: Hit) -> tuple[Span, ...]:
    """The sentences of a hit that answer, in its own text."""
    best = max((score for _, score in hit.sentences), default=0.0)
    return tuple(span for span, score in hit.sentences if score and score >= _HIGHLIGHT * best)


def _check(filters: Filters, works: Mapping[str, Work], members: Sequence[Member]) -> None:
    known = {
        "works": set(works),
        "documents": {member.document for member in members},
        "languages": {tag for member in members for tag in (member.language, member.language.split("-")[0])},
    }
    for name, values in known.items():
        unknown = [value for value in getattr(filters, name) if value not in values]
        if unknown:
            raise BadQuestion(
                f"filters.{name}: no {', '.join(map(repr, unknown))}; there are {', '.join(sorted(values))}"
            )
    if filters.start and filters.end and filters.start > filters.end:
        raise BadQuestion("filters: from is later than to")


def _admits(filters: Filters, member: Member, work: Work) -> bool:
    languages = (member.language, member.language.split("-")[0])
    return (
        filters.admit(work)
        and (not filters.documents or member.document in filters.documents)
        and (not filters.languages or any(tag in filters.languages for tag in languages))
    )
