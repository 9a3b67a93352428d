"""A question as asked → a question as searched, and what was read out of it.

Without any generation: years and "the latest statement" become filters, names bring their other names, quoted words
become required, and a follow-up inherits what it leaves out. The caller can switch each of these off.
"""

import datetime
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from corpus.document import Span, Work
from corpus.folding import fold, letters
from corpus.language import language_of
from embeddings.glossary import Glossary, Mention
from service.dates import Dating, blank, read_dates
from service.followups import Leaning, leaning, relation

LONGEST = 2000  # characters
TURNS = 5  # earlier questions that a follow-up may lean on
INTERPRETATIONS = ("dates", "works", "aliases", "phrases", "history")
_LISTED, _SHOWN = 20, 80  # names in a message, characters of one

_PHRASE = re.compile(r"“([^“”]{2,})”|「([^「」]{2,})」|«([^«»]{2,})»|\"([^\"]{2,})\"|„([^“„]{2,})“")
# The words that ask, not what is asked about. Matched on folded text, so that one script covers both.
_ASKING = re.compile(
    r"\b(?:and|what|which|who|whom|whose|how|when|where|why|about|regarding|concerning|is|are|was|were|be|been|do|does|did"
    r"|has|have|had|can|could|should|would|will|the|a|an|of|in|on|to|for|by|from|with|any|there|it|its|they|their|them|this"
    r"|that|these|those|else|more|say|says|said|tell|me|i|my|you|your|we|our|please|mention|mentions|mentioned|describe|describes|described|treat"
    r"|treated|too|also|again|still|already|bring|brought|come|came|raised?|up|discuss(?:ed)?|talk(?:ed)?|think|thinks|thought|ones?"
    r"|roles?|play|position|stance|attitude|opinion|views?|viewed|see|seen|regard|regarded"
    r"|(?:joint )?statements?|documents?|declarations?|text|part|parties|sides)\b"
    r"|\b(?:а|и|что|кто|где|когда|почему|зачем|как|какие|какой|какая|какое|каким|каком|какую|ли|о|об|обо|про|в|во|на|по|с|к|у|за|от|до|из|для|при"
    r"|это|этот|этом|этого|эти|они|них|нем|ней|там|есть|ли|еще|подробнее|насчет|сказано|говорится|говорят|говорили|пишут"
    r"|тоже|также|уже|снова|упоминается|упоминаются|упоминал\w*|упомянут\w*|говорил\w*|писал\w*|расскажи(?:те)?|написано"
    r"|роль|играет|играть|позици[яию]|мнение|взгляд|считают|думают|относятся|оценивают"
    r"|(?:совместн\w+ )?заявлени\w+|документ\w*|текст\w*|сторон\w*|году|года|год)\b"
    r"|(?:联合)?声明|文件|那么|那里|那些|那份|那个|那|这份|这个|该份|其中|它们|他们|它|还有|更多|请问|关于|对于|有关|怎么样|怎样|怎么"
    r"|如何|什么样|什么|为何|为什么|哪些|哪个|哪里|哪|是否|有没有|说了|说到|说过|说|提到|提及|提过|谈到|谈论|谈过|谈|提|讲到|讲过|讲"
    r"|写|这样|同样|也|还|又|看待|看法|看|评价|态度|立场|观点|意见|内容|部分|里面|里|中|了|过|吗|呢|的"
)


class BadQuestion(Exception):
    """A question or filter that can't be searched; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Which documents to search; empty means all. `start` and `end` bound the day a statement was made, inclusive."""

    works: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    start: datetime.date | None = None
    end: datetime.date | None = None
    languages: tuple[str, ...] = ()

    def admit(self, work: Work) -> bool:
        """Whether they let a work through; documents and languages are not looked at."""
        return (
            (not self.works or work.id in self.works)
            and (not self.start or (work.date is not None and work.date >= self.start))
            and (not self.end or (work.date is not None and work.date <= self.end))
        )

    @property
    def choose_time(self) -> bool:
        """Whether they already say which statements: then none is read out of the question."""
        return bool(self.works or self.documents or self.start or self.end)


UNFILTERED = Filters()


@dataclass(frozen=True, slots=True)
class Note:
    """Something the reader should know about how the question was understood; `about` is what it speaks of."""

    code: str
    text: str
    about: str = ""


_NO_SUBJECT = Note("no_subject", "the question names nothing to look for")


@dataclass(frozen=True, slots=True)
class Question:
    """A question understood: what is searched, and everything that was read out of it."""

    text: str
    language: str
    mentions: tuple[Mention, ...] = ()
    phrases: tuple[str, ...] = ()
    filters: Filters = field(default_factory=Filters)
    notes: tuple[Note, ...] = ()
    # What a follow-up keeps that puts another thing in the place of the one named; None if it is the words around that.
    frame: str | None = None

    @property
    def subjectless(self) -> bool:
        """Whether it names nothing to look for: `text` is then only what was asked."""
        return _NO_SUBJECT in self.notes

    @property
    def aliases(self) -> tuple[str, ...]:
        """The other names of what the question names."""
        named = {mention.span.of(self.text).lower() for mention in self.mentions}
        names = [name for mention in self.mentions for held in mention.concept.names.values() for name in held]
        return tuple(dict.fromkeys(name for name in names if name.lower() not in named))


def listed(names: Iterable[str]) -> str:
    """Some names for a message, which others may have chosen, shortened."""
    held = list(names)
    shown = ", ".join(name[:_SHOWN] for name in held[:_LISTED])
    return f"{shown} and {len(held) - _LISTED} more" if len(held) > _LISTED else shown


def checked(text: str) -> str:
    """`text` if it can be a question. Raises BadQuestion."""
    if len(text) > LONGEST:
        raise BadQuestion(f"the question has {len(text)} characters; at most {LONGEST} are allowed")
    if any(unicodedata.category(char) in ("Cs", "Cc") and not char.isspace() for char in text):
        raise BadQuestion("the question holds control characters or half a surrogate pair; send plain text")
    if not any(char.isalnum() for char in text):
        raise BadQuestion("the question is empty; ask with at least one letter or digit")
    return text


def understand(
    asked: str,
    history: Sequence[str],
    works: Mapping[str, Work],
    glossary: Glossary,
    given: Filters = UNFILTERED,
    interpret: Collection[str] = INTERPRETATIONS,
) -> Question:
    """Read `asked`, after the user's earlier questions `history`, oldest first. Raises BadQuestion."""
    turns = [turn for turn in history[-TURNS:] if _can_be_asked(turn)] if "history" in interpret else []
    return _Reader(works, glossary, given, interpret).read(checked(asked), turns)


@dataclass(frozen=True, slots=True)
class _Reader:
    works: Mapping[str, Work]
    glossary: Glossary
    given: Filters
    interpret: Collection[str]

    def read(self, asked: str, turns: Sequence[str]) -> Question:
        text = " ".join(asked.split())
        mentions = self.glossary.mentions(text)
        names = [mention.span for mention in mentions]
        dating = read_dates(text, self.works, names, "dates" in self.interpret, "works" in self.interpret)
        filters, notes = (UNFILTERED, ()) if self.given.choose_time else _chosen(dating)
        named = _subject(blank(text, dating.spans), names, self.glossary)
        subject = named and _subject(text if self.given.choose_time else dating.text, names, self.glossary)
        phrases = tuple(_phrases(text)) if "phrases" in self.interpret else ()
        question = Question(subject, language_of(asked), (), phrases, filters, notes)
        if turns:
            question = self._follow_up(question, text, dating, names, turns)
        if not question.text:
            question = replace(question, text=text, notes=(*question.notes, _NO_SUBJECT))
        if "aliases" not in self.interpret:
            return question
        if question.text != text:
            mentions = self.glossary.mentions(question.text)
        return replace(question, mentions=tuple(mentions))

    def _follow_up(
        self, alone: Question, text: str, dating: Dating, names: Sequence[Span], turns: Sequence[str]
    ) -> Question:
        """`alone` and what it leaves out, as far as the turn before has it."""
        moved = relation(text)
        own = _subject(blank(text, [*dating.spans, moved[1]]), names, self.glossary) if moved else alone.text
        leans = leaning(text, own)
        before = alone if leans is Leaning.NOTHING else self.read(turns[-1], turns[:-1])
        if before is alone or before.subjectless:
            return alone
        frame = self._around(before.text) if before.frame is None else before.frame
        lent = {Leaning.TOPIC: before.text, Leaning.FRAME: frame}.get(leans, "")
        searched = _joined(lent, own)
        filters, notes = alone.filters, alone.notes
        if not dating.spans and not self.given.choose_time:
            filters, notes = _moved(moved[0], before.filters, self.works) if moved else (before.filters, notes)
        return replace(
            alone,
            text=searched,
            phrases=tuple(dict.fromkeys((*(before.phrases if lent == before.text else ()), *alone.phrases))),
            filters=filters,
            notes=(*notes, Note("follow_up", f"searched as: {searched}", searched)),
            frame=before.text if leans is Leaning.TOPIC and own else frame,
        )

    def _around(self, subject: str) -> str:
        """The words of a subject around the things that it names."""
        left = blank(subject, [mention.span for mention in self.glossary.mentions(subject)])
        return _spaced(left)


def _spaced(text: str) -> str:
    """The words of a text from which some were taken, without the signs that are left alone."""
    return " ".join(word for word in text.split() if any(map(str.isalnum, word)))


def _chosen(dating: Dating) -> tuple[Filters, tuple[Note, ...]]:
    filters = Filters(works=dating.works, start=dating.start, end=dating.end)
    if not dating.unheld:
        return filters, ()
    unheld, searched = ", ".join(dating.unheld), "the other dates" if filters.choose_time else "all dates"
    return filters, (Note("year_not_held", f"nothing here is dated {unheld}; searched {searched}", unheld),)


def _moved(relation: str, filters: Filters, works: Mapping[str, Work]) -> tuple[Filters, tuple[Note, ...]]:
    """The statements later or earlier than those of `filters`, or the others."""
    dated = {work.id: work.date for work in works.values() if work.date}
    chosen = {id: day for id, day in dated.items() if filters.choose_time and filters.admit(works[id])}
    days = sorted((chosen or dated).values())
    if relation == "other":
        held = tuple(id for id in dated if id not in chosen)
    elif relation == "later":
        held = tuple(id for id, day in dated.items() if days and day > days[-1 if chosen else 0])
    else:
        held = tuple(id for id, day in dated.items() if days and day < days[0 if chosen else -1])
    none = Note("statement_not_held", f"no statement here is {relation}; searched all dates")
    return Filters(works=held), () if held else (none,)


def _can_be_asked(turn: str) -> bool:
    try:
        return bool(checked(turn))
    except BadQuestion:
        return False


def _joined(earlier: str, subject: str) -> str:
    """Both, and no longer than a question may be: the earlier one gives way, word by word."""
    room = max(LONGEST - len(subject) - 1, 0)
    if len(earlier) > room:
        earlier = earlier[: room + 1].rpartition(" ")[0] or earlier[:room]
    return f"{earlier} {subject}".strip()


def _subject(text: str, names: Sequence[Span], glossary: Glossary) -> str:
    """`text` without the words that ask, names left whole; empty if nothing, or a lone letter, is left."""
    folded = fold(text)
    cuts = glossary.analyser.cuts(folded.text)
    asking = []
    for match in _ASKING.finditer(folded.text):
        span = folded.source(*match.span())
        is_word = match[0].isascii() or "\u0400" <= match[0][0] <= "\u04ff" or set(match.span()) <= cuts
        if is_word and not any(span.start < name.end and name.start < span.end for name in names):
            asking.append(span)
    subject = _spaced(blank(text, asking))
    said = letters(subject).text
    return subject if len(said) > 1 or said > "\u2e80" else ""


def _phrases(text: str) -> list[str]:
    return [phrase.strip() for match in _PHRASE.finditer(text) for phrase in match.groups() if phrase]
