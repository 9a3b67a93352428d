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
_FILLER = re.compile(
    r"\b(?:and|what|how|about|in|of|the|statement|does|did|it|say|said|а|и|что|в|о|об|как|году|года|заявлени\w*|сказано)\b"
    r"|那么|那麼|那|呢|怎么|怎麼|说|說|如何|什么|什麼|声明|聲明|的|中|里|裡|年",
    re.IGNORECASE,
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
    notes: list[Note] = []
    filters = UNFILTERED
    if not given.choose_time:
        text, filters, notes = _timed(text, works, interpret)
    if "history" in interpret and history and _leaves_out(text):
        text, filters = _inherited(text, filters, history, works, given, interpret)
        notes.append(Note("follow_up", f"searched as: {text}"))
    mentions = tuple(glossary.mentions(text)) if "aliases" in interpret else ()
    phrases = tuple(_phrases(text)) if "phrases" in interpret else ()
    return Question(asked, text, language_of(asked), mentions, phrases, filters, tuple(notes))


def _timed(text: str, works: Mapping[str, Work], interpret: Collection[str]) -> tuple[str, Filters, list[Note]]:
    """Years and "the latest statement": the text without them, the filters, and what can't be filtered by."""
    dates = [work.date for work in works.values() if work.date]
    notes: list[Note] = []
    if "works" in interpret and dates:
        for pattern, date in ((_LATEST, max(dates)), (_EARLIEST, min(dates))):
            if pattern.search(text):
                return _without(text, pattern), Filters(start=date, end=date), notes
    years = [int(year) for match in _DATED.finditer(text) for year in match.groups() if year]
    if "dates" not in interpret or not years:
        return text, Filters(), notes
    held = [year for year in years if any(date.year == year for date in dates)]
    if not held:
        notes.append(Note("year_not_held", f"no statement of {', '.join(map(str, years))} here; searched all of them"))
        return text, Filters(), notes
    return (
        _without(text, _DATED),
        Filters(start=datetime.date(min(held), 1, 1), end=datetime.date(max(held), 12, 31)),
        notes,
    )


def _without(text: str, pattern: re.Pattern[str]) -> str:
    """`text` without what `pattern` matches, unless nothing to search for would be left."""
    rest = " ".join(pattern.sub(" ", text).split())
    return rest if any(char.isalnum() for char in rest) else text


def _content(text: str) -> str:
    return re.sub(r"[\W\d]+", " ", _FILLER.sub(" ", text)).strip()


def _leaves_out(text: str) -> bool:
    return bool(_FOLLOWS.search(text)) or not _content(text)


def _inherited(
    text: str,
    filters: Filters,
    history: Sequence[str],
    works: Mapping[str, Work],
    given: Filters,
    interpret: Collection[str],
) -> tuple[str, Filters]:
    """The follow-up completed by the question before it, which may have been a follow-up itself."""
    *earlier, last = history
    if not any(char.isalnum() for char in last) or len(last) > LONGEST:
        return text, filters
    before, before_filters = " ".join(last.split()), Filters()
    if not given.choose_time:
        before, before_filters, _ = _timed(before, works, interpret)
    if earlier and _leaves_out(before):
        before, before_filters = _inherited(before, before_filters, earlier, works, given, interpret)
    return f"{before} {_content(text)}".strip(), filters if filters.choose_time else before_filters


def _phrases(text: str) -> list[str]:
    return [phrase.strip() for match in _PHRASE.finditer(text) for phrase in match.groups() if phrase]
