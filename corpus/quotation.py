"""A quotation as somebody wrote it, beside its source: pieces, differences in writing alone, what it cuts off."""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from corpus.alignment import edits
from corpus.cues import cues
from corpus.document import Span
from corpus.folding import simplified
from corpus.sentences import sentences
from corpus.wording import Wording

_ELLIPSIS = re.compile(r"[\[(（【〔]\s*(?:…+|⋯+|\.{3,}|[上中下后後]?略)\s*[\])）】〕]|…+|⋯+|\.(?:\s?\.){2,}|。{3,}")
_CLAUSE_END = re.compile(r"[，；：,;:—–]")
_TRUNCATING = ("negation", "date", "number", "condition")


@dataclass(frozen=True, slots=True)
class Cut:
    """Words that a quotation leaves out of a sentence that it quotes, and on which the sense may turn."""

    source: Span
    text: str
    kind: str


def pieces(text: str, words: Wording) -> tuple[Span, ...]:
    """The quotation's words between its ellipses, as ranges of `words`."""
    starts = [span.start for span in words.spans]
    edges = [0]
    for match in _ELLIPSIS.finditer(text):
        edges += bisect_left(starts, match.start()), bisect_left(starts, match.end())
    edges.append(len(starts))
    return tuple(Span(*edge) for edge in zip(edges[::2], edges[1::2], strict=True) if edge[0] < edge[1])


def readings(text: str, words: Wording) -> list[tuple[Span, ...]]:
    """The quotation as one piece, for its source may hold an ellipsis too; then as the pieces between its ellipses."""
    parts = pieces(text, words)
    whole = (Span(0, len(words.words)),)
    return [whole] if parts == whole else [whole, parts]


def cuts(source: str, quoted: Sequence[Span]) -> Iterator[Cut]:
    """What the sentences of `source` that hold a `quoted` span say outside of all of them, where the sense may turn.

    A number before what is quoted bears on it only within its clause; a negation or condition, and whatever comes
    after, within the sentence.
    """
    told: list[Span] = []
    held = [sentence for sentence in sentences(source) if any(meet(sentence, span) for span in quoted)]
    for cue in cues(source, *_TRUNCATING):
        if any(meet(cue.span, span) for span in [*quoted, *told]):  # a date's number is told with the date
            continue
        sentence = next((sentence for sentence in held if meet(cue.span, sentence)), None)
        first = min((span.start for span in quoted if sentence and meet(span, sentence)), default=0)
        is_apart = cue.kind in ("number", "date") and _CLAUSE_END.search(source, cue.span.end, first)
        if sentence and not is_apart:
            told.append(cue.span)
            yield Cut(cue.span, cue.span.of(source), cue.kind)


def meet(one: Span, other: Span) -> bool:
    """Whether two spans share a character; an empty span inside another one shares its place."""
    return one.start < other.end and other.start < one.end


# What differs in the writing alone: each step takes one kind of difference away.

_SIGNS = "%‰$€£¥₽°+<>=≤≥±×÷"
_STEPS: dict[str, Callable[[str], str]] = {
    "invisible": lambda text: "".join(char for char in text if char.isspace() or unicodedata.category(char)[0] != "C"),
    "width": lambda text: unicodedata.normalize("NFKC", text),
    "script": lambda text: simplified(text).replace("ё", "е").replace("Ё", "Е"),
    "case": str.casefold,
    "spacing": lambda text: "".join(text.split()),
    "punctuation": lambda text: "".join(char for char in text if char.isalnum() or char in _SIGNS),
}


def differences(source: str, quotation: str) -> tuple[str, ...]:
    """Of two texts of one wording, the kinds of difference that lie between them; none if they are equal."""
    found, apart = [], _distance(source, quotation)
    for kind, step in _STEPS.items():
        source, quotation = step(source), step(quotation)
        nearer = _distance(source, quotation)
        if nearer < apart:
            found.append(kind)
        apart = nearer
    return tuple(found)


def _distance(one: str, other: str) -> int:
    return sum(max(there.end - there.start, here.end - here.start) for there, here in edits(one, other))
