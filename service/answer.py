"""The one place that decides what is quoted. Every door translates the Answer that is made here."""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from corpus.citation import Citation
from corpus.context import Context
from corpus.document import Member, Span, Work
from corpus.library import Library
from corpus.witnesses import corresponding
from embeddings.confidence import CALIBRATED
from embeddings.hits import Found, Hit
from embeddings.index import Index
from embeddings.journal import note, stage
from embeddings.publication import IndexMismatch
from embeddings.query import Query
from embeddings.reranker import Reranker
from service.lookup import Lookup, Witness
from service.question import INTERPRETATIONS, UNFILTERED, BadQuestion, Filters, Note, Question, listed, understand

MOST = 50  # quotes in one answer
_NEAREST = 3
_HIGHLIGHT = 0.9  # a sentence that matches at least this share as well as the best one is highlighted too


@dataclass(frozen=True, slots=True)
class Quote:
    """One paragraph, verbatim. `highlights` are spans of `text`; `number` is None where it is no answer."""

    number: int | None
    passage_id: str
    text: str
    score: float
    highlights: tuple[Span, ...]
    leans_on: Context | None
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

    def __init__(self, library: Library, index: Index, lookup: Lookup, reranker: Reranker | None = None) -> None:
        self.library = library
        self.index = self._index = index
        self._lookup = lookup
        self._reranker = reranker
        # What follows from the store's list of documents, which is a new one whenever it changes.
        self._unlimited: tuple[Sequence[Member], frozenset[str] | None] | None = None
        self._works: tuple[Sequence[Member], Mapping[str, str]] | None = None

    def ask(
        self,
        question: str,
        top_k: int = 5,
        filters: Filters = UNFILTERED,
        history: Sequence[str] = (),
        interpret: Collection[str] = INTERPRETATIONS,
    ) -> Answer:
        """Answer with at most `top_k` quotes, all from one state of the store. Raises BadQuestion."""
        started = time.perf_counter()
        if not 1 <= top_k <= MOST:
            raise BadQuestion(f"top_k is {str(top_k)[:20]}; it must be from 1 to {MOST}")
        with self.library.reading():
            understood, quotes, nearest = self._asked(question, top_k, filters, history, interpret)
        note(question=question, answered=bool(quotes))
        return Answer(question, understood, quotes, nearest, round((time.perf_counter() - started) * 1000, 2))

    def _asked(
        self, question: str, top_k: int, filters: Filters, history: Sequence[str], interpret: Collection[str]
    ) -> tuple[Question, tuple[Quote, ...], tuple[Quote, ...]]:
        works, members = self.library.works(), self.library.members()
        _check(filters, works, members)
        with stage("understand"):
            understood = understand(question, history, works, self._index.glossary, filters, interpret)
        limits = [held for held in (filters, understood.filters) if held != UNFILTERED]
        narrowed = self._narrowed(works, members, limits)
        query = Query(understood.text, understood.mentions, understood.phrases, narrowed)
        found = Found([]) if understood.subjectless else self._index.search(query, MOST)
        # Whether anything answers is a question to the whole collection; which passages do, one to those admitted.
        widest = found if narrowed is None else self._index.search(replace(query, documents=None), 1)
        is_treated = bool(widest.hits) and widest.hits[0].score >= CALIBRATED.threshold
        best = takewhile(lambda hit: hit.score >= CALIBRATED.company, found.hits)
        answering = list(best) if is_treated else []
        answers = _chosen(self._reranked(understood.text, answering), self._works_of(members), top_k)
        understood = replace(understood, notes=(*understood.notes, *self._notes(found, is_treated and not answers)))
        nearest = () if answers else found.hits[:_NEAREST]
        with stage("cite"):
            quotes = tuple(self._quote(hit, narrowed, number) for number, hit in enumerate(answers, 1))
            return understood, quotes, tuple(self._quote(hit, narrowed, None) for hit in nearest)

    def _narrowed(
        self, works: Mapping[str, Work], members: Sequence[Member], limits: Sequence[Filters]
    ) -> frozenset[str] | None:
        """The documents to search; None for all that are in the index, as a rule if nothing limits them."""
        known = self._unlimited  # read once: another thread may be setting it
        if not limits and known and known[0] is members:
            return known[1]
        admitted = frozenset(
            member.document for member in members if all(_admits(held, member, works[member.work]) for held in limits)
        )
        narrowed = None if self._index.documents <= admitted else admitted
        if not limits:
            self._unlimited = members, narrowed
        return narrowed

    def _works_of(self, members: Sequence[Member]) -> Mapping[str, str]:
        """The work of each document."""
        known = self._works
        if known is None or known[0] is not members:
            known = self._works = members, {member.document: member.work for member in members}
        return known[1]

    def _notes(self, found: Found, elsewhere: bool) -> Iterator[Note]:
        if not self._index.size:
            yield Note("empty_collection", "the collection is empty; take documents in with `yinju ingest FOLDER`")
        if found.dropped:
            dropped = ", ".join(found.dropped)
            text = f"not required, for no paragraph here holds all that is quoted: {dropped}"
            yield Note("phrase_not_held", text, dropped)
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
        held = self._lookup.passage(quoted, hit.row.paragraph)
        if held is None:
            raise IndexMismatch(f"{quoted} is in the index but not in the store; run `yinju ingest`")
        text = held.passage.text
        if quoted == hit.row.members[0] and text != hit.row.text:
            raise IndexMismatch(f"{quoted} has another text in the store than in the index; run `yinju ingest`")
        carried = [corresponding(span, hit.row.text, text) for span in highlighted(hit)]
        return Quote(
            number=number,
            passage_id=quoted,
            text=text,
            score=round(hit.score, 4),
            highlights=tuple(span for span in carried if span.start < span.end),
            leans_on=held.leans_on,
            citation=held.citation,
            witnesses=held.witnesses,
            url=held.url,
        )


def _chosen(answers: Sequence[Hit], work: Mapping[str, str], top_k: int) -> list[Hit]:
    """The hits to quote, in order: where not all have room, each work's best goes before another's second."""
    turns: Counter[str] = Counter()
    places = []
    for place, hit in enumerate(answers):
        documents = (member.rpartition("/")[0] for member in hit.row.paragraph)
        name = next(work[document] for document in documents if document in work)
        places.append((turns[name], place))
        turns[name] += 1
    return [answers[place] for place in sorted(place for _, place in sorted(places)[:top_k])]


def highlighted(hit: Hit) -> tuple[Span, ...]:
    """The sentences of a hit that answer, in its own text."""
    best = max((score for _, score in hit.sentences), default=0.0)
    return tuple(span for span, score in hit.sentences if score and score >= _HIGHLIGHT * best)


def _check(filters: Filters, works: Mapping[str, Work], members: Sequence[Member]) -> None:
    known: dict[str, Callable[[], set[str]]] = {
        "works": lambda: set(works),
        "documents": lambda: {member.document for member in members},
        "languages": lambda: {tag for member in members for tag in (member.language, member.language.split("-")[0])},
    }
    for name, list_values in known.items():
        given = getattr(filters, name)
        values = list_values() if given else set()
        unknown = [value for value in given if value not in values]
        if unknown:
            raise BadQuestion(
                f"filters.{name}: no {listed(map(repr, unknown))}; there are {listed(sorted(values)) or 'none'}"
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
