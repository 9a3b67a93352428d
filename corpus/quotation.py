"""A quotation as somebody wrote it, beside its source: pieces, differences in writing alone, what it cuts off."""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from corpus.alignment import edits
from corpus.cleaning import readings_in_brackets
from corpus.cues import Cue, cues
from corpus.document import Span
from corpus.folding import simplified
from corpus.sentences import sentences
from corpus.wording import Wording, wording

_ELLIPSIS = re.compile(r"[\[(（【〔]\s*(?:…+|⋯+|\.{3,}|[上中下后後]?略)\s*[\])）】〕]|…+|⋯+|\.(?:\s?\.){2,}|。{3,}")
_MARKUP = re.compile(r"</?[A-Za-z][^<>]{0,200}>|[\[［〔]\d{1,3}[\]］〕]")  # tags; the numbers of notes
_CLAUSE_END = re.compile(r"[，；：,;:—–]")
_TRUNCATING = ("negation", "date", "number", "condition", "reversal", "name")


@dataclass(frozen=True, slots=True)
class Cut:
    """Words that a quotation leaves out of a sentence that it quotes, and on which the sense may turn."""

    source: Span
    text: str
    kind: str


def said(text: str) -> Wording:
    """The words of a quotation, without what only its page or its mail has put there: see `differences`."""
    held = wording(text)
    debris = [Span(*match.span()) for match in _MARKUP.finditer(text)] + list(readings_in_brackets(text))
    inside = {at for mark in debris for at in range(mark.start, mark.end)}
    kept = [at for at, span in enumerate(held.spans) if inside.isdisjoint(range(span.start, span.end))]
    return Wording(tuple(held.words[at] for at in kept), tuple(held.spans[at] for at in kept))


def pieces(text: str, words: Wording) -> tuple[Span, ...]:
    """The quotation's words between its ellipses, as ranges of `words`."""
    starts = [span.start for span in words.spans]
    edges = [0]
    for match in _ELLIPSIS.finditer(text):
        edges += bisect_left(starts, match.start()), bisect_left(starts, match.end())
    edges.append(len(starts))
    return tuple(Span(*edge) for edge in zip(edges[::2], edges[1::2], strict=True) if edge[0] < edge[1])


def readings(text: str) -> list[tuple[Wording, tuple[Span, ...]]]:
    """The words of a quotation and the pieces they come in: as it stands, for its source may hold an ellipsis or a tag
    too, and then without what its page has put there; each as one piece, and then as those between its ellipses.
    """
    held = [(words, parts) for words in (wording(text), said(text)) for parts in (_whole(words), pieces(text, words))]
    return list(dict.fromkeys(held))


def _whole(words: Wording) -> tuple[Span, ...]:
    return (Span(0, len(words.words)),)


def cuts(source: str, quoted: Sequence[Span]) -> Iterator[Cut]:
    """What the sentences of `source` that hold a `quoted` span say outside of all of them, where the sense may turn.

    A negation or condition bears on the whole sentence, a number on what stands before it or in its clause, a verb such
    as 反对 on what follows in its clause. An ellipsis may hide none of them, nor a name. A number or date that is
    quoted in part is cut too.
    """
    told: list[Span] = []
    held = [sentence for sentence in sentences(source) if any(meet(sentence, span) for span in quoted)]
    for cue in cues(source, *_TRUNCATING):
        if any(span.start <= cue.span.start and cue.span.end <= span.end for span in quoted):
            continue
        sentence = next((sentence for sentence in held if meet(cue.span, sentence)), None)
        if sentence and not any(meet(cue.span, span) for span in told) and _bears(cue, source, sentence, quoted):
            told.append(cue.span)  # a date's number is told with the date
            yield Cut(cue.span, cue.span.of(source), cue.kind)


def _bears(cue: Cue, source: str, sentence: Span, quoted: Sequence[Span]) -> bool:
    """Whether what is quoted of the sentence may depend on a cue that is not."""
    if cue.kind in ("negation", "condition"):
        return not any(meet(cue.span, span) for span in quoted)
    following = min((span.start for span in quoted if cue.span.end <= span.start < sentence.end), default=None)
    is_governed = following is not None and not _CLAUSE_END.search(source, cue.span.end, following)
    is_after = any(sentence.start < span.end and span.start < cue.span.end for span in quoted)
    is_hidden = is_after and following is not None
    if cue.kind == "name":
        return is_hidden
    return is_governed or is_hidden or (is_after and cue.kind != "reversal")


def fused(one: str, end: int, other: str, start: int) -> Cut | None:
    """What is cut where a quotation goes on, after an ellipsis, from `end` in one sentence at `start` in another.

    None if it leaves the first sentence at its end or enters the second at its beginning: else their halves become one.
    """
    rest = next((Span(end, held.end) for held in sentences(one) if held.start < end <= held.end), Span(end, end))
    opening = next((Span(held.start, start) for held in sentences(other) if held.start <= start < held.end), None)
    is_whole = not wording(rest.of(one)).words or opening is None or not wording(opening.of(other)).words
    is_same = one is other and rest.start <= start < rest.end
    return None if is_whole or is_same else Cut(rest, rest.of(one), "sentence")


def meet(one: Span, other: Span) -> bool:
    """Whether two spans share a character; an empty span inside another one shares its place."""
    return one.start < other.end and other.start < one.end


# What differs in the writing alone: each step takes one kind of difference away.

_SIGNS = "%‰$€£¥₽°+<>=≤≥±×÷"
_STEPS: dict[str, Callable[[str], str]] = {
    "markup": lambda text: _MARKUP.sub("", text),
    "gloss": lambda text: _without_glosses(text),
    "invisible": lambda text: "".join(char for char in text if char.isspace() or unicodedata.category(char)[0] != "C"),
    "width": lambda text: unicodedata.normalize("NFKC", text),
    "script": lambda text: simplified(text).translate(str.maketrans("ёЁ着", "еЕ著")),
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


def _without_glosses(text: str) -> str:
    edges = [0, *(edge for gloss in readings_in_brackets(text) for edge in gloss), len(text)]
    return "".join(text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True))


def _distance(one: str, other: str) -> int:
    return sum(max(there.end - there.start, here.end - here.start) for there, here in edits(one, other))
