"""A question as asked → a question as searched, and what was read out of it.

Without any generation: years and "the latest statement" become filters, names bring their other names, quoted words
become required, and a follow-up inherits what it leaves out. The caller can switch each of these off.
"""

import datetime
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from corpus.document import Span, Work
from corpus.folding import fold, letters
from corpus.language import language_of
from embeddings.glossary import Glossary, Mention
from service.dates import Dating, blank, read_dates

LONGEST = 2000  # characters
TURNS = 5  # earlier questions that a follow-up may lean on
INTERPRETATIONS = ("dates", "works", "aliases", "phrases", "history")

_PHRASE = re.compile(r"“([^“”]{2,})”|「([^「」]{2,})」|«([^«»]{2,})»|\"([^\"]{2,})\"|„([^“„]{2,})“")
_OPENS = re.compile(r"^\W*(?:and|what about|how about|а|и|那么|那)(?![а-яa-z])|呢\W*$")
_ANAPHOR = re.compile(
    r"\b(?:there|it|its|they|them|their|that|those|там|этом|этого|нем|ней|них)\b|那里|那儿|其中|它|他们"
)
# The words that ask, not what is asked about. Matched on folded text, so that one script covers both.
_ASKING = re.compile(
    r"\b(?:and|what|which|who|whom|whose|how|when|where|why|about|regarding|concerning|is|are|was|were|be|been|do|does|did"
    r"|has|have|had|can|could|should|would|will|the|a|an|of|in|on|to|for|by|from|with|any|there|it|its|they|their|them|this"
    r"|that|these|those|else|more|say|says|said|tell|me|please|mention|mentions|mentioned|describe|describes|described|treat|treated"
    r"|(?:joint )?statements?|documents?|declarations?|text|part|parties|sides)\b"
    r"|\b(?:а|и|что|кто|где|когда|почему|зачем|как|какие|какой|какая|какое|каким|каком|какую|ли|о|об|обо|про|в|во|на|по|с|к|у"
    r"|это|этот|этом|этого|эти|они|них|нем|ней|там|есть|ли|еще|подробнее|насчет|сказано|говорится|говорят|говорили|пишут"
    r"|упоминается|упоминаются|упомянут\w*|расскажи(?:те)?|написано|(?:совместн\w+ )?заявлени\w+|документ\w*"
    r"|текст\w*|сторон\w*|году|года|год)\b"
    r"|(?:联合)?声明|文件|那么|那里|那|那份|这份|该份|其中|它们|他们|它|还有|更多|请问|关于|对于|有关|怎么样|怎样|怎么|如何|什么样|什么|为何|为什么"
    r"|哪些|哪个|哪里|哪|是否|有没有|说了|说到|说|提到|提及|谈到|讲|写|看待|看法|看|评价|态度|内容|部分|里面|里|中|了|吗|呢|的"
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
    names = [mention.span for mention in glossary.mentions(text)]
    dating = read_dates(text, works, names, "dates" in interpret, "works" in interpret)
    filters, notes = (UNFILTERED, []) if given.choose_time else _chosen(dating)
    own = _subject(blank(text, dating.spans), names, glossary)
    subject = own and _subject(text if given.choose_time else dating.text, names, glossary)
    phrases = tuple(_phrases(text)) if "phrases" in interpret else ()
    before = _before(text, own, history, works, glossary, given, interpret) if "history" in interpret else None
    if before is not None:
        subject = _joined(before.text, subject)
        phrases = tuple(dict.fromkeys((*before.phrases, *phrases)))
        filters = filters if dating.spans else before.filters
        notes = [*notes, Note("follow_up", f"searched as: {subject}")]
    notes = notes if subject else [*notes, _NO_SUBJECT]
    mentions = tuple(glossary.mentions(subject or text)) if "aliases" in interpret else ()
    return Question(subject or text, language_of(asked), mentions, phrases, filters, tuple(notes))


def _chosen(dating: Dating) -> tuple[Filters, list[Note]]:
    filters = Filters(works=dating.works, start=dating.start, end=dating.end)
    searched = "the other dates" if filters.choose_time else "all dates"
    note = Note("year_not_held", f"nothing here is dated {', '.join(dating.unheld)}; searched {searched}")
    return filters, [note] if dating.unheld else []


def _before(
    text: str,
    own: str,
    history: Sequence[str],
    works: Mapping[str, Work],
    glossary: Glossary,
    given: Filters,
    interpret: Collection[str],
) -> Question | None:
    """The question that `text` follows up, as far as it has a subject to lend; None if `text` stands by itself."""
    folded = fold(text).text
    if own and not (_OPENS.search(folded) and _ANAPHOR.search(folded)):
        return None
    turns = [turn for turn in history[-TURNS:] if _can_be_asked(turn)]
    if not turns:
        return None
    before = understand(turns[-1], turns[:-1], works, glossary, given, interpret)
    return None if before.subjectless else before


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
    subject = " ".join(blank(text, asking).split())
    said = letters(subject).text
    return subject if len(said) > 1 or said > "\u2e80" else ""


def _phrases(text: str) -> list[str]:
    return [phrase.strip() for match in _PHRASE.finditer(text) for phrase in match.groups() if phrase]
