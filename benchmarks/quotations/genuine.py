"""Quotations that are in the collection: as they stand, in other clothes, with an ellipsis, or cut short."""

import re
import unicodedata
from collections.abc import Iterator
from random import Random

from benchmarks.quotations.cases import Case, Paper, Quotable, Shelf, clauses, converted, in_pairs
from benchmarks.quotations.words import CONDITION, NEGATION, NUMBER, harmless
from corpus.document import Passage, Span
from corpus.sentences import sentences

MARKS = {
    "zh": ("……", "…", "...", "[…]", "（略）", "......", "［……］", "[...]"),
    "en": (" ... ", " […] ", "… ", " [...] ", " . . . "),
    "ru": (" ... ", " […] ", "… ", " <…> ", " [...] "),
}
_BREAKS = 24  # between paragraphs, of each document
_SCRIPTS = {"zh-Hans": ("s2t", "s2tw", "s2hk"), "zh-Hant": ("t2s", "tw2s", "hk2s", "t2tw", "t2hk")}
_QUOTES = str.maketrans("“”‘’「」『』«»’", "「」『』“”‘’„“'")
_HALF = str.maketrans("，。；：（）？！“”‘’、", ",.;:()?!\"\"'',")
_FULL = str.maketrans(",.;:()?!", "，。；：（）？！")
_FULL |= {code: code + 0xFEE0 for code in range(ord("0"), ord("z") + 1) if chr(code).isalnum()}


def exact(held: Shelf) -> Iterator[Case]:
    for paragraph in held.paragraphs():
        yield paragraph.found("exact: paragraph", paragraph.text)
        spans = sentences(paragraph.text)
        if len(spans) > 2:
            for first, second in (spans[:2], spans[-2:]):
                yield paragraph.found("exact: sentences", paragraph.text[first.start : second.end])
    for sentence in held.sentences():
        yield sentence.found("exact: sentence", sentence.text)
        yield from _exact_clauses(sentence, held.rng)
    for paper in held.papers:
        pairs = list(paper.neighbours())
        for one, two in held.rng.sample(pairs, min(len(pairs), _BREAKS)):
            yield from _across(paper, one, two)


def _exact_clauses(sentence: Quotable, rng: Random) -> Iterator[Case]:
    """A clause or two. If the rest of the sentence holds anything touchy, whether it is cut short is not judged."""
    spans = clauses(sentence.text)
    if len(spans) > 2:
        first = rng.randrange(len(spans) - 1)
        span = Span(spans[first].start, spans[min(first + rng.randrange(2), len(spans) - 2)].end)
        text = span.of(sentence.text).strip(" ,，;；")
        rest = sentence.text[: span.start] + sentence.text[span.end :]
        if sentence.can_spare(text):
            yield sentence.found("exact: clause", text, False if harmless(sentence.tongue, rest) else None)


def _across(paper: Paper, one: Passage, two: Passage) -> Iterator[Case]:
    last, first = paper.sentences(one)[-1], paper.sentences(two)[0]
    apart = "" if paper.tongue == "zh" else " "
    if last.can_spare(last.text, first.text):
        yield last.found("exact: across a break, new line", f"{last.text}\n{first.text}")
        yield last.found("exact: across a break, one line", f"{last.text}{apart}{first.text}")
        yield last.found("exact: two paragraphs", f"{one.text}\n\n{two.text}")


def ellipses(held: Shelf) -> Iterator[Case]:
    for sentence in held.sentences():
        mark = held.rng.choice(MARKS[sentence.tongue])
        for span in clauses(sentence.text)[1:-1]:
            left_out = span.of(sentence.text)
            if harmless(sentence.tongue, left_out):
                yield from _omitted("ellipsis: harmless clause", sentence, span, mark, critical=False)
        for match in re.finditer(NEGATION[sentence.tongue], sentence.plain):
            yield from _omitted("ellipsis: a negation alone", sentence, Span(*match.span()), mark, critical=True)
        yield sentence.found("ellipsis: around a sentence", f"{mark.strip()}{sentence.text}{mark.strip()}")


def _omitted(kind: str, sentence: Quotable, span: Span, mark: str, critical: bool) -> Iterator[Case]:
    before, after = sentence.text[: span.start].rstrip(), sentence.text[span.end :].lstrip()
    if sentence.can_spare(before, after) and in_pairs(before) and in_pairs(after):
        yield sentence.found(kind, f"{before}{mark}{after}", critical)


def scripts(held: Shelf) -> Iterator[Case]:
    """Converted by OpenCC, never to another region's words: 信息 → 資訊 would be an edit."""
    for sentence in held.sentences():
        ways = _SCRIPTS.get(sentence.paper.language, ())
        for way in ways:
            text = converted(way, sentence.text)
            if text != sentence.text:
                yield sentence.found(f"script: {way}", text)
        if ways:
            half = len(sentence.text) // 2
            mixed = converted(ways[0], sentence.text[:half]) + sentence.text[half:]
            yield sentence.found("script: half of it", mixed)


def punctuated(held: Shelf) -> Iterator[Case]:
    """The same letters and digits in other clothes. Points and dashes between digits stay: 1.4 is not 14."""
    for sentence in held.sentences():
        for kind, text in _disguises(sentence, held.rng):
            if text != sentence.text:
                yield sentence.found(f"punctuation: {kind}", text)


def _disguises(sentence: Quotable, rng: Random) -> Iterator[tuple[str, str]]:
    text = sentence.text
    yield "bare", bare(sentence.tongue, text)
    yield "line breaks", broken(sentence.tongue, text, rng)
    yield "other quotation marks", text.translate(_QUOTES)
    opened, closed = rng.choice([*zip("“「«\"'《", "”」»\"'》", strict=True)])
    yield "wrapped in quotation marks", f"{opened}{text}{closed}"
    unseen = (rng.choice(["", "", "", "\u200b", "\u00ad", "\ufeff"]) + char for char in text)
    yield "invisible characters", "".join(unseen)
    yield "no final mark", text.rstrip('。.!！?？”»"')
    yield "tabs and blanks", f" \t{text.replace(' ', chr(0xA0))}\r\n"
    if sentence.tongue == "zh":
        yield "half width", text.translate(_HALF)
        yield "full width", text.translate(_FULL)
        yield "blank between characters", re.sub(r"(?<=\S)(?=\S)(?<![\da-zA-Z](?=[\da-zA-Z]))", " ", text)
    else:
        yield "capitals", text.upper()
        yield "hyphenated", re.sub(r"(\w{4})(\w{4})", "\\1-\n\\2", text, count=1)
        yield "decomposed", unicodedata.normalize("NFD", text)
        yield "dashes and ё", text.replace("—", "-").replace("–", "-").replace("ё", "е")


def bare(tongue: str, text: str) -> str:
    """Without punctuation, but for what stands between digits."""
    spaced = re.sub(r"(?<!\d)[-–—]|[-–—](?!\d)", "" if tongue == "zh" else " ", text)
    return re.sub(r"(?<=\d)[.,/:–-](?=\d)|([^\w\s£€$%°-])", lambda match: "" if match[1] else match[0], spaced)


def broken(tongue: str, text: str, rng: Random) -> str:
    """In short lines."""
    if tongue == "zh":
        width = rng.randrange(11, 24)
        return "\n".join(text[at : at + width] for at in range(0, len(text), width))
    return re.sub(r"(.{30,40}) ", "\\1\n", text)


def truncated(held: Shelf) -> Iterator[Case]:
    """Cut right before a negation, number or condition, or at the comma before it.

    Only negations of the predicate count, and no cut is made inside brackets: what a name holds could be argued about.
    """
    cues = {"a negation": NEGATION, "a number": NUMBER, "a condition": CONDITION}
    for sentence in held.sentences():
        for name, patterns in cues.items():
            for match in re.finditer(patterns[sentence.tongue], sentence.plain):
                before = sentence.text[: match.start()].rstrip()
                if re.search(r"\d[.,/:]?$|-$", before):  # in the middle of a date or a range
                    continue
                commas = [span.end for span in clauses(before)][:-1]
                yield from _cut(f"truncated: before {name}", sentence, before, held)
                if commas:
                    yield from _cut(f"truncated: at the comma before {name}", sentence, before[: commas[-1]], held)


def _cut(kind: str, sentence: Quotable, before: str, held: Shelf) -> Iterator[Case]:
    text = before.rstrip(" ,，;；:：、")
    if sentence.can_spare(text) and in_pairs(text) and held.stands_once(sentence, text):
        yield sentence.found(kind, text, True)
