"""One topic through the statements, by date: the passages of each, and what wording came, went and stayed.

Its passages are the quotes of an answer: the Answerer alone decides what treats the topic. Wording is compared between
neighbouring statements, in their passages on the topic; whether it came or went, against all that the other says.
"""

import datetime
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from corpus.document import Member, Span, Work
from corpus.folding import HAN, fold
from corpus.reuse import LEAST, Stretch, repeated, rest, tiles, weight
from corpus.sentences import sentences
from corpus.wording import wording
from embeddings.confidence import CALIBRATED
from embeddings.glossary import Concept, Glossary
from service.answer import MOST, Quote
from service.collection import Collection
from service.question import INTERPRETATIONS, UNFILTERED, Filters, Note, Question

_CHINESE = re.compile(f"[{HAN}]+")
_BESIDE_NAMES = LEAST // 2  # what shared wording must say besides the topic's name: the name alone always stays


@dataclass(frozen=True, slots=True)
class Entry:
    """What one statement says on the topic, in its own order."""

    work: Work
    quotes: tuple[Quote, ...]

    @property
    def best(self) -> Quote:
        return min(self.quotes, key=lambda quote: quote.number or 0)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Where the topic comes up: the best passage of a dated statement."""

    work: str
    date: datetime.date
    passage_id: str


@dataclass(frozen=True, slots=True)
class Extract:
    """A slice of a quote: `text` is the quote's text from `span.start` to `span.end`."""

    passage_id: str
    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Kept:
    """The same words in two statements; they may differ in script, case and punctuation."""

    before: Extract
    after: Extract


@dataclass(frozen=True, slots=True)
class Change:
    """From one statement, by work id, to the next that treats the topic.

    `stayed` is in both; `went` is in the passages of the first and nowhere in the second; `came` the other way round.
    """

    before: str
    after: str
    stayed: tuple[Kept, ...]
    went: tuple[Extract, ...]
    came: tuple[Extract, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """What came of a question. `first` and `last` are None if none is dated; `nearest` is filled if nothing answers."""

    question: str
    interpreted: Question
    entries: tuple[Entry, ...]
    first: Occurrence | None
    last: Occurrence | None
    changes: tuple[Change, ...]
    nearest: tuple[Quote, ...]

    @property
    def answered(self) -> bool:
        return bool(self.entries)


def timeline(
    collection: Collection,
    question: str,
    filters: Filters = UNFILTERED,
    interpret: Sequence[str] = INTERPRETATIONS,
) -> Timeline:
    """The topic of `question` by date, undated statements last. Raises BadQuestion."""
    answer = collection.answerer().ask(question, MOST, filters, interpret=interpret)
    with collection.library.reading():
        works, members = collection.library.works(), collection.library.members()
    entries = _entries(answer.quotes, works, members)
    dated = [Occurrence(entry.work.id, entry.work.date, entry.best.passage_id) for entry in entries if entry.work.date]
    comparison = _Comparison(collection, members, _Topic(collection.glossary, answer.interpreted))
    return Timeline(
        question=question,
        interpreted=_noted(answer.interpreted, len(answer.quotes)),
        entries=entries,
        first=dated[0] if dated else None,
        last=dated[-1] if dated else None,
        changes=tuple(comparison.changes(entries)),
        nearest=answer.nearest,
    )


def _noted(question: Question, quotes: int) -> Question:
    """With as many quotes as an answer holds there may be earlier and later ones."""
    if quotes < MOST:
        return question
    note = Note(
        "not_all", f"only the {MOST} most probable passages are shown; there may be earlier and later ones", str(MOST)
    )
    return replace(question, notes=(*question.notes, note))


def _entries(quotes: Iterable[Quote], works: Mapping[str, Work], members: Sequence[Member]) -> tuple[Entry, ...]:
    work = {member.document: member.work for member in members}
    held: dict[str, list[Quote]] = defaultdict(list)
    for quote in quotes:
        held[work[_document(quote)]].append(quote)
    entries = (Entry(works[name], tuple(sorted(some, key=_place))) for name, some in held.items())
    return tuple(sorted(entries, key=lambda entry: (entry.work.date or datetime.date.max, entry.work.id)))


def _document(quote: Quote) -> str:
    return quote.passage_id.rpartition("/")[0]


def _place(quote: Quote) -> tuple[str, int, str]:
    """Translations are kept apart; in one language the paragraph counts, whichever witness is quoted."""
    return _language(quote), quote.citation.paragraph or 0, quote.passage_id


def _language(quote: Quote) -> str:
    return quote.citation.language.split("-")[0]


@dataclass(frozen=True, slots=True)
class _Part:
    """A quote from where it comes to the topic."""

    quote: Quote
    start: int

    @property
    def text(self) -> str:
        return self.quote.text[self.start :]

    def extract(self, span: Span) -> Extract:
        moved = Span(span.start + self.start, span.end + self.start)
        return Extract(self.quote.passage_id, moved, moved.of(self.quote.text))


class _Topic:
    """What a question is about, for finding where a quote speaks of it."""

    def __init__(self, glossary: Glossary, question: Question) -> None:
        self._glossary = glossary
        self._concepts: dict[str, Concept] = {mention.concept.id: mention.concept for mention in question.mentions}

    def parts(self, quotes: Sequence[Quote]) -> list[_Part]:
        """The quotes that name the topic; if none does, those that answer by themselves, or else the best.

        A paragraph may come to its topic late, and goes on about it without naming it: all after that counts.
        """
        places = {quote.passage_id: [span.start for span in self.names(quote.text)] for quote in quotes}
        named = [quote for quote in quotes if places[quote.passage_id]]
        best = max(quote.score for quote in quotes)
        sure = [quote for quote in quotes if quote.score >= min(best, CALIBRATED.threshold)]
        return [_Part(quote, _start(quote, places[quote.passage_id])) for quote in named or sure]

    def names(self, text: str) -> Iterator[Span]:
        """Where `text` names the topic, also inside of another name: 外空 in 防止外空军备竞赛."""
        for mention in self._glossary.mentions(text, nested=True):
            if mention.concept.id in self._concepts:
                yield mention.span
        said = wording(text)
        for name in self._spellings:
            for at in range(len(said.words) - len(name) + 1):
                if said.words[at : at + len(name)] == name:
                    yield said.span(at, at + len(name))

    @cached_property
    def _spellings(self) -> frozenset[tuple[str, ...]]:
        """The Chinese names, as words; those of other languages have no other name around them."""
        names = (
            name for held in self._concepts.values() for name in held.names.get("zh", ()) if name not in held.cased
        )
        return frozenset(wording(name).words for name in names) - {()}

    def says_more(self, text: str) -> bool:
        """Whether wording says anything besides the topic's name."""
        named = list(self.names(text))
        said = wording(text)
        others = [
            word
            for word, span in zip(said.words, said.spans, strict=True)
            if not any(name.start <= span.start < name.end for name in named)
        ]
        return weight(others) >= _BESIDE_NAMES


def _start(quote: Quote, names: Iterable[int]) -> int:
    """Where the first sentence starts that names the topic or is highlighted."""
    places = [*names, *(span.start for span in quote.highlights)]
    return max((held.start for held in sentences(quote.text) if places and held.start <= min(places)), default=0)


class _Comparison:
    """The wording of neighbouring statements."""

    def __init__(self, collection: Collection, members: Sequence[Member], topic: _Topic) -> None:
        self._store = collection.library
        self._analyser = collection.glossary.analyser
        self._members = members
        self._topic = topic

    def changes(self, entries: Iterable[Entry]) -> Iterator[Change]:
        """Between dated neighbours that share a language."""
        for before, after in pairwise(entry for entry in entries if entry.work.date):
            shared = _languages(before) & _languages(after)
            if shared:
                yield self._change(_in(before, shared), _in(after, shared), shared)

    def _change(self, before: Entry, after: Entry, languages: frozenset[str]) -> Change:
        sides = self._topic.parts(before.quotes), self._topic.parts(after.quotes)
        return Change(
            before=before.work.id,
            after=after.work.id,
            stayed=tuple(self._stayed(*sides)),
            went=self._only_in(sides[0], self._texts(after.work, languages)),
            came=self._only_in(sides[1], self._texts(before.work, languages)),
        )

    def _stayed(self, before: Sequence[_Part], after: Sequence[_Part]) -> Iterator[Kept]:
        for tile in tiles(_texts(before), _texts(after)):
            kept = Kept(_extract(before, tile.first), _extract(after, tile.second))
            if self._topic.says_more(kept.before.text):
                yield kept

    def _only_in(self, parts: Sequence[_Part], others: Sequence[str]) -> tuple[Extract, ...]:
        texts = _texts(parts)
        return tuple(_extract(parts, held) for held in rest(texts, repeated(texts, others), units=self._units))

    def _texts(self, work: Work, languages: frozenset[str]) -> list[str]:
        """All that a statement says, in any of its files."""
        documents = [
            held for held in self._members if held.work == work.id and held.language.split("-")[0] in languages
        ]
        return list({passage.text: None for held in documents for passage in self._store.body(held.document)})

    def _units(self, text: str) -> Iterator[Span]:
        """The Chinese words of a text: no extract should begin in the middle of one."""
        folded = fold(text)
        for start, end in pairwise(sorted(self._analyser.cuts(folded.text))):
            if _CHINESE.fullmatch(folded.text, start, end):
                yield folded.source(start, end)


def _languages(entry: Entry) -> frozenset[str]:
    return frozenset(_language(quote) for quote in entry.quotes)


def _in(entry: Entry, languages: frozenset[str]) -> Entry:
    return replace(entry, quotes=tuple(quote for quote in entry.quotes if _language(quote) in languages))


def _texts(parts: Iterable[_Part]) -> list[str]:
    return [part.text for part in parts]


def _extract(parts: Sequence[_Part], held: Stretch) -> Extract:
    return parts[held.place].extract(held.span)
