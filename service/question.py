"""A question as asked → a question as searched, and what was read out of it.

Without any generation: years and "the latest statement" become filters, names bring their other names, quoted words
become required, and a follow-up inherits what it leaves out. The caller can switch each of these off.
"""

import datetime
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from corpus.document import Work
from corpus.folding import fold
from corpus.language import language_of
from embeddings.glossary import Glossary, Mention

LONGEST = 2000  # characters
INTERPRETATIONS = ("dates", "works", "aliases", "phrases", "history")

_YEAR = r"(?<![\d/])(?:19|20)\d{2}(?!\d)(?!-\d)"
_DATED = re.compile(
    rf"\b(?:in|of|from|during|since|в|за|от)\s+(?:the\s+)?({_YEAR})(?:[-\s]?(?:м|году|года|год|г\.))?"
    rf"|({_YEAR})\s*年?(?:的|中的|中|里|裡)?(?=\s*(?:聲明|声明|联合|聯合|statement|document|заявлени))"
    rf"|({_YEAR})\s*年(?!\s*\d)"
    rf"|\b({_YEAR})[-\s]?(?:м|году|года|год|г\.)(?!\w)"
    rf"|^\W*({_YEAR})\W*$",
    re.IGNORECASE,
)
_LATEST = re.compile(
    r"\b(?:latest|newest|most recent|last)\s+(?:joint\s+)?statement\b|最新(?:的|一份|一次)?(?:联合|聯合)?(?:声明|聲明)"
    r"|\bпоследн\w+\s+(?:совместн\w+\s+)?заявлени\w+",
    re.IGNORECASE,
)
_EARLIEST = re.compile(
    r"\b(?:earliest|first|oldest)\s+(?:joint\s+)?statement\b|最早(?:的|一份|一次)?(?:联合|聯合)?(?:声明|聲明)"
    r"|\b(?:перв\w+|сам\w+\s+ранн\w+)\s+(?:совместн\w+\s+)?заявлени\w+",
    re.IGNORECASE,
)
_PHRASE = re.compile(r"“([^“”]{2,})”|「([^「」]{2,})」|«([^«»]{2,})»|\"([^\"]{2,})\"|„([^“„]{2,})“")
_FOLLOWS = re.compile(r"^\W*(?:and|what about|how about|а|и|а что|那么|那麼|那)(?![а-яёa-z])|呢\W*$", re.IGNORECASE)
# The words that ask, not what is asked about. Matched on folded text, so that one script covers both.
_ASKING = re.compile(
    r"\b(?:and|what|which|who|whom|whose|how|when|where|why|about|regarding|concerning|is|are|was|were|be|been|do|does|did"
    r"|has|have|had|can|could|should|would|will|the|a|an|of|in|on|to|for|by|from|with|any|there|it|its|they|their|them|this"
    r"|that|these|those|say|says|said|tell|me|mention|mentions|mentioned|describe|describes|described|treat|treated"
    r"|(?:joint )?statements?|documents?|declarations?|text|part|parties|sides)\b"
    r"|\b(?:а|и|что|кто|где|когда|почему|зачем|как|какие|какой|какая|какое|каким|каком|какую|ли|о|об|обо|про|в|во|на|по|с|к|у"
    r"|это|этот|эти|там|есть|ли|сказано|говорится|говорят|говорили|упоминается|упоминаются|упомянут\w*|пишут|написано"
    r"|(?:совместн\w+ )?заявлени\w+|документ\w*|текст\w*|сторон\w*|году|года|год)\b"
    r"|(?:联合)?声明|文件|那么|那|那份|这份|该份|关于|对于|有关|怎么样|怎样|怎么|如何|什么样|什么|为何|为什么|哪些|哪个|哪里|哪|是否|有没有"
    r"|说了|说到|说|提到|提及|谈到|讲|写|看待|看法|看|评价|态度|内容|部分|里面|里|中|了|吗|呢|的"
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

    @property
    def choose_time(self) -> bool:
        """Whether they already say which statements: then none is read out of the question."""
        return bool(self.works or self.documents or self.start or self.end)


UNFILTERED = Filters()


@dataclass(frozen=True, slots=True)
class Note:
    """Something the reader should know about how the question was understood."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question understood: what is searched, and everything that was read out of it."""

    asked: str
    text: str
    language: str
    mentions: tuple[Mention, ...] = ()
    phrases: tuple[str, ...] = ()
    filters: Filters = field(default_factory=Filters)
    notes: tuple[Note, ...] = ()

    @property
    def aliases(self) -> tuple[str, ...]:
        """The other names of what the question names."""
        named = {mention.span.of(self.text).lower() for mention in self.mentions}
        names = [name for mention in self.mentions for held in mention.concept.names.values() for name in held]
        return tuple(dict.fromkeys(name for name in names if name.lower() not in named))


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
    text = " ".join(checked(asked).split())
    phrases = tuple(_phrases(text)) if "phrases" in interpret else ()
    filters = UNFILTERED
    notes: list[Note] = []
    if not given.choose_time:
        text, filters, notes = _timed(text, works, interpret)
    subject = _subject(text, glossary)
    if "history" in interpret and history and (_FOLLOWS.search(text) or not subject):
        *earlier, last = history
        before = understand(last, earlier, works, glossary, given, interpret)
        subject = f"{before.text} {subject}".strip()
        filters = filters if filters.choose_time else before.filters
        notes = [*notes, Note("follow_up", f"searched as: {subject}")]
    searched = subject or text.strip() or asked
    mentions = tuple(glossary.mentions(searched)) if "aliases" in interpret else ()
    return Question(asked, searched, language_of(asked), mentions, phrases, filters, tuple(notes))


def _timed(text: str, works: Mapping[str, Work], interpret: Collection[str]) -> tuple[str, Filters, list[Note]]:
    """Years and "the latest statement": the text without them, the filters, and what can't be filtered by."""
    dates = [work.date for work in works.values() if work.date]
    if "works" in interpret and dates:
        for pattern, date in ((_LATEST, max(dates)), (_EARLIEST, min(dates))):
            if pattern.search(text):
                return pattern.sub(" ", text), Filters(start=date, end=date), []
    years = [int(year) for match in _DATED.finditer(text) for year in match.groups() if year]
    if "dates" not in interpret or not years:
        return text, UNFILTERED, []
    held = [year for year in years if any(date.year == year for date in dates)]
    if not held:
        note = Note("year_not_held", f"nothing here is dated {', '.join(map(str, years))}; searched all dates")
        return text, UNFILTERED, [note]
    return (
        _DATED.sub(" ", text),
        Filters(start=datetime.date(min(held), 1, 1), end=datetime.date(max(held), 12, 31)),
        [],
    )


def _subject(text: str, glossary: Glossary) -> str:
    """`text` without the words that ask, names left whole; empty if nothing else was said."""
    folded = fold(text)
    cuts = glossary.analyser.cuts(folded.text)
    names = [mention.span for mention in glossary.mentions(text)]
    left = list(text)
    for match in _ASKING.finditer(folded.text):
        span = folded.source(*match.span())
        is_word = match[0].isascii() or "\u0400" <= match[0][0] <= "\u04ff" or set(match.span()) <= cuts
        if is_word and not any(span.start < name.end and name.start < span.end for name in names):
            left[span.start : span.end] = " " * (span.end - span.start)
    subject = " ".join("".join(left).split())
    return subject if any(char.isalnum() for char in subject) else ""


def _phrases(text: str) -> list[str]:
    return [phrase.strip() for match in _PHRASE.finditer(text) for phrase in match.groups() if phrase]
