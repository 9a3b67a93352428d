"""What a collection can be asked about: a few of its own names and words, each of which the Answerer answers.

In works that the glossary knows they are names of concepts, in all others words that a work says in several places and
the rest seldom. Nothing is generated: a subject is a name of the glossary or stands in a passage.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain, pairwise
from math import log, sqrt
from os.path import commonprefix
from typing import Any

from corpus.document import Member
from corpus.folding import HAN, fold
from corpus.library import Library
from embeddings.examination import Place
from embeddings.glossary import Concept, Glossary
from embeddings.index import Index
from embeddings.rows import Row
from embeddings.terms import stem
from service.answer import Answerer

_WORKS, _ROWS = 24, 240  # looked at, all together
_START = re.compile(r"(?s).{0,400}\b")  # of a row; up to the end of a word
_TRIES = 12  # questions asked in search of subjects that are answered

_KNOWN = 0.5  # share of a work's paragraphs that name a concept, if the glossary is about the same things
_USUAL = 0.1  # share of all paragraphs: what more of them name says nothing
_PROPER = 2.0  # how much better a name such as INF Treaty is than a term such as military superiority
_TITLE = 3.0  # how much better a word of the work's title is
_WORSE = 0.25  # what is left of a subject that is like one chosen before, or of a word that can't be a nominative

_ENDING, _READABLE = 3, (14, 40)  # letters by which a word's forms differ; characters of a name: Han, other
_SHORTEST, _LITTLE = 4, 3  # letters: of a word that is not Han; of words such as of, which names do not capitalise
_HAN, _HAN_WORD = re.compile(rf"[{HAN}]"), re.compile(rf"[{HAN}]{{2,}}")
_ACRONYM = re.compile(r"[A-ZА-ЯЁ\d .-]+s?")
_ADJECTIVE = re.compile(r"[а-яё-]+(?:ий|ый|ой)")
_PLURAL = re.compile(r"[а-яё][ыи]$|[a-z]s$")
_OBLIQUE = re.compile(r"[а-яё](?:[ое]в|[оеи]й|[аяеоё]м|[аяиы]х|[аяыи]ми|[уюе]|[ое]го)$")


@dataclass(frozen=True, slots=True)
class _Paragraph:
    """A paragraph looked at, by its base's id, in the wording that suits the page best."""

    id: str
    work: str
    language: str
    text: str
    title: str
    named: tuple[tuple[Concept, str], ...]  # with the wording of the name


@dataclass(frozen=True, slots=True)
class _Subject:
    """Something to ask about: a concept or, by its stem, a word.

    `works` and `paragraphs` name it, `home` most often, and `parts` are the terms of its name.
    """

    name: str
    key: str
    home: str
    works: frozenset[str]
    paragraphs: frozenset[str]
    parts: frozenset[str]
    score: float
    is_foreign: bool  # not in the language of the page
    is_word: bool


def subjects(
    index: Index, library: Library, answerer: Answerer, frame: str, language: str, most: int = 4
) -> tuple[str, ...]:
    """At most `most` subjects that `answerer` answers when `frame`, as in "What of {subject}?", asks about them.

    `language` is that of the page: zh-Hans, zh-Hant, en or ru. A bounded part of the index is looked at. Raises
    IndexMismatch if the library has moved on.
    """
    paragraphs = list(_sample(index, library, language))
    known = _known(paragraphs)
    concepts = list(_concepts([held for held in paragraphs if held.work in known], index.glossary, language))
    others = [held for held in paragraphs if held.work not in known or len(concepts) < most]
    candidates = [*concepts, *_words(others, index.glossary, language)]
    works = {member.document: member.work for member in library.members()}
    chosen: list[_Subject] = []  # each at home where the answer is from
    quoted: set[str] = set()
    for _ in range(_TRIES):
        if not candidates or len(chosen) == most:
            break
        best = max(candidates, key=lambda subject: _preference(subject, chosen))
        done, answer = {best.key}, answerer.ask(frame.format(subject=best.name), top_k=1)
        quote = next(iter(answer.quotes), None)
        if quote and quote.passage_id not in quoted and best.key in _keys(quote.text, index.glossary):
            quoted.add(quote.passage_id)
            chosen.append(replace(best, home=works[quote.citation.document]))
            done |= _keys(best.name, index.glossary)
        candidates = [subject for subject in candidates if subject.key not in done and subject.name != best.name]
    return tuple(subject.name for subject in chosen)


def _preference(subject: _Subject, chosen: Sequence[_Subject]) -> tuple[bool, int, bool, float]:
    """Those in the page's language first, then those of works that fewest chosen ones stand for."""
    is_alike = any(subject.parts & other.parts or _overlap(subject, other) for other in chosen)
    untreated = subject.works.difference(*(other.works for other in chosen))
    score = subject.score * (1 + len(untreated)) * (_WORSE if is_alike else 1.0)
    served = sum(other.home == subject.home for other in chosen)
    return not subject.is_foreign, -served, not subject.is_word, score


def _overlap(one: _Subject, other: _Subject) -> bool:
    """Whether paragraphs name both: for concepts any, for words, of which each paragraph has many, most."""
    least = min(len(one.paragraphs), len(other.paragraphs)) / 2 if one.is_word else 0
    return len(one.paragraphs & other.paragraphs) > least


def _keys(text: str, glossary: Glossary) -> set[str]:
    """The concepts and the stems of a text."""
    return {*(mention.concept.id for mention in glossary.mentions(text)), *(key for key, _ in _spoken(text, glossary))}


def _sample(index: Index, library: Library, language: str) -> Iterator[_Paragraph]:
    """Paragraphs spread evenly over the works, half of these in the page's language if so many are."""
    members = {member.document: member for member in library.members()}
    works: dict[str, list[str]] = defaultdict(list)
    for document in sorted(members):
        works[members[document].work].append(document)
    own = [work for work in works if any(_is_own(members[held].language, language) for held in works[work])]
    others = sorted(works.keys() - {*own})
    taken = _evenly(own, max(_WORKS // 2, _WORKS - len(others)))
    taken += _evenly(others, _WORKS - len(taken))
    for work in taken:
        seen: set[Place] = set()
        ranges = []
        for document in works[work]:
            if places := [place for place in index.places(document) if place not in seen]:  # documents share rows
                ranges.append(places)
                seen.update(places)
        for place in chain(*(_evenly(places, max(1, _ROWS // len(taken) // len(ranges))) for places in ranges)):
            row = index.row(place)
            if row.is_base:
                yield _paragraph(row, library, members, index.glossary, language)


def _evenly(things: Sequence[Any], most: int) -> list[Any]:
    count = min(len(things), most)
    return [things[at * len(things) // count] for at in range(count)]


def _is_own(tag: str, language: str) -> bool:
    """Whether both are one language, in whatever script."""
    return tag.partition("-")[0] == language.partition("-")[0]


def _paragraph(
    row: Row, library: Library, members: Mapping[str, Member], glossary: Glossary, language: str
) -> _Paragraph:
    tags = {name: members[name.rpartition("/")[0]] for name in row.paragraph if name.rpartition("/")[0] in members}
    # Its first document may be withdrawn already.
    held = next((name for name, member in tags.items() if member.language == language), next(iter(tags)))
    passage = library.passage(held) if held != row.paragraph[0] else None
    match = _START.match(passage[1].text if passage else row.text)
    text = match[0] if match else ""
    mentions = ((mention.concept, mention.span.of(text)) for mention in glossary.mentions(text))
    named = tuple((concept, wording) for concept, wording in mentions if _is_named(concept, wording))
    return _Paragraph(row.paragraph[0], tags[held].work, tags[held].language, text, row.title, named)


def _is_named(concept: Concept, wording: str) -> bool:
    """Whether a wording is a form of a name and not just of the same stem, as "colonies" is of "colonialism"."""
    return bool(_HAN.search(wording)) or any(_is_form(wording, name) for name in chain(*concept.names.values()))


@lru_cache(maxsize=1 << 12)
def _is_form(wording: str, name: str) -> bool:
    forms, words = (fold(text).words() for text in (wording, name))
    if len(forms) != len(words) or (name[0].isupper() and not wording[0].isupper()):
        return False
    pairs = [(max(len(form), len(word)), commonprefix([form, word])) for form, word in zip(forms, words, strict=True)]
    return all(longer - len(shared) <= _ENDING for longer, shared in pairs)


def _known(paragraphs: Sequence[_Paragraph]) -> set[str]:
    """The works that are about what the glossary is about."""
    held = Counter(paragraph.work for paragraph in paragraphs)
    naming = Counter(paragraph.work for paragraph in paragraphs if paragraph.named)
    return {work for work, count in held.items() if naming[work] >= _KNOWN * count}


def _concepts(paragraphs: Sequence[_Paragraph], glossary: Glossary, language: str) -> Iterator[_Subject]:
    """The concepts named, but for those named too often to say anything and those that act everywhere."""
    naming: dict[str, list[tuple[_Paragraph, str]]] = defaultdict(list)
    concepts: dict[str, Concept] = {}
    for paragraph in paragraphs:
        for concept, wording in paragraph.named:
            concepts[concept.id] = concept
            naming[concept.id].append((paragraph, wording))
    for key, concept in concepts.items():
        held = frozenset(paragraph.id for paragraph, _ in naming[key])
        if len(held) > max(2, _USUAL * len(paragraphs)) or _is_actor(concept):
            continue
        name, is_foreign = _name(concept, naming[key], language)
        works = Counter(sorted(paragraph.work for paragraph, _ in naming[key]))
        home = works.most_common(1)[0][0]
        is_proper = any(map(_is_proper, concept.names.get("en", ()))) and not _ACRONYM.fullmatch(name)
        score = sqrt(len(held)) * (_PROPER if is_proper else 1.0)
        parts = frozenset(glossary.analyser.terms(name))
        yield _Subject(name, key, home, frozenset(works), held, parts, score, is_foreign, is_word=False)


def _name(concept: Concept, named: Sequence[tuple[_Paragraph, str]], language: str) -> tuple[str, bool]:
    """The name to show, and whether it is foreign to the page."""
    wordings = Counter(wording for _, wording in named)
    own = Counter(wording for held, wording in named if held.language == language and _HAN.search(wording))
    if language == "zh-Hant" and any(map(_is_short, own)):
        # The glossary's names are Simplified; the passages have the Traditional ones.
        return next(name for name, _ in own.most_common() if _is_short(name)), False
    tongue = language.partition("-")[0]
    names = [name for name in concept.names.get(tongue, ()) if _is_short(name)]
    spelled = [name for name in names if not _ACRONYM.fullmatch(name)]
    proper = [name for name in spelled if _is_proper(name)]
    name = next(iter((*proper, *spelled, *names)), None)
    return name or min(wordings, key=lambda held: (len(held), held)), name is None or language == "zh-Hant"


def _is_short(name: str) -> bool:
    return len(name) <= _READABLE[0 if _HAN.search(name) else 1]


def _is_proper(name: str) -> bool:
    """Whether it is capitalised as names are, and not just an acronym."""
    return not _ACRONYM.fullmatch(name) and all(word[0].isupper() for word in name.split() if len(word) > _LITTLE)


def _is_actor(concept: Concept) -> bool:
    """Whether an adjective names it too, as Russian shows: states, regions and creeds, which act everywhere."""
    return any(_ADJECTIVE.fullmatch(name) for name in concept.names.get("ru", ()))


def _words(paragraphs: Sequence[_Paragraph], glossary: Glossary, language: str) -> Iterator[_Subject]:
    """The best words of each work."""
    names = dict.fromkeys(held.work for held in paragraphs)
    works = {name: [held for held in paragraphs if held.work == name] for name in names}
    spoken = {held.id: [*_spoken(held.text, glossary)] for held in paragraphs}
    frequency = Counter(key for words in spoken.values() for key in dict(words))
    comparable = Counter(held[0].language for held in works.values())
    for held in works.values():
        titles = {key for paragraph in held for key, _ in _spoken(paragraph.title, glossary)}
        found = [*_words_of(held, spoken, frequency, titles, not _is_own(held[0].language, language))]
        if comparable[held[0].language] == 1:  # nothing shows which words are usual ones; those of the title are not
            found = [word for word in found if word.key in titles] or found
        yield from sorted(found, key=lambda word: -word.score)[:_TRIES]


def _words_of(
    held: Sequence[_Paragraph],
    spoken: Mapping[str, Sequence[tuple[str, str]]],
    frequency: Mapping[str, int],
    titles: Collection[str],
    is_foreign: bool,
) -> Iterator[_Subject]:
    """The words of one work; best are those in several of its paragraphs but not in most, and seldom elsewhere."""
    forms: dict[str, Counter[str]] = defaultdict(Counter)
    naming: dict[str, set[str]] = defaultdict(set)
    for paragraph in held:
        for key, form in spoken[paragraph.id]:
            forms[key][form] += 1
            naming[key].add(paragraph.id)
    for key, counts in forms.items():
        name, count = _shown(counts), len(naming[key])
        score = sqrt(count * counts.total()) * log((len(held) + 1) / count) * (count / frequency[key]) ** 2
        # What is met in several forms is rather a noun than a word such as "around".
        score *= sqrt(len({form.lower() for form in counts})) * (_TITLE if key in titles else 1.0)
        score *= _WORSE if _OBLIQUE.search(name) else 1.0
        sets = frozenset({held[0].work}), frozenset(naming[key]), frozenset({key})
        yield _Subject(name, key, held[0].work, *sets, score, is_foreign, is_word=True)


def _shown(forms: Counter[str]) -> str:
    """The form of a word to show: a plural stands well in any frame, an oblique case in none."""
    lower = [form for form in forms if form == form.lower()] or [*forms]
    case = {form: bool(_OBLIQUE.search(form)) - bool(_PLURAL.search(form)) for form in lower}
    return min(lower, key=lambda form: (case[form], -forms[form], len(form), form))


def _spoken(text: str, glossary: Glossary) -> Iterator[tuple[str, str]]:
    """The words of a text, as stem and as they stand there: no numbers, and none too short to mean much."""
    folded = fold(text)
    for start, end in pairwise(sorted(glossary.analyser.cuts(folded.text))):
        if _HAN_WORD.fullmatch(folded.text[start:end]):
            yield folded.text[start:end], folded.source(start, end).of(text)
    for word, span in folded.placed_words():
        if len(word) >= _SHORTEST and word.isalpha() and not _HAN.match(word):
            yield stem(word), folded.source(span.start, span.end).of(text)
