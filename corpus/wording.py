"""What a text says, as the words on which two wordings are compared: script, width, case and punctuation are no words.

A word is a Han character, a number, a word of another script, or a sign that changes what is said, such as %.
Hyphens and apostrophes join words; 1,000 and 1 000 are one number, 1.5 and 15 are two, and so are 102 and 10².
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

from corpus.document import Span
from corpus.folding import HAN, fold

_LETTER = rf"[^\W\d_{HAN}]"
_UNIT = rf"(?:(?:{_LETTER}\.){{2,}}|{_LETTER}+)"
_JOINT = r"(?:[-\u2010\u2011\u2013](?:\s*\n\s*)?|['’ʼ`])"  # a word divided at the end of a line is one word
_WORD = re.compile(
    rf"[{HAN}]"
    r"|(?<![\w.,])[-\u2212](?=\d)"  # a minus sign
    r"|\d{1,3}(?:[, ]\d{3})+(?!\d)(?:\.\d+)*|\d+(?:[.,:/\u2044]\d+)*"
    rf"|{_UNIT}(?:{_JOINT}{_UNIT})*"
    r"|[%‰$€£¥₽°]|[+<>=≤≥±×÷](?=\s?\d)"
)
_LINE_END = re.compile("[\r\n]")
_INSIDE = re.compile(r"[\s.'’ʼ`\u2010\u2011\u2013-]")
_GROUPED = re.compile(r"\d{1,3}(?:[, ]\d{3})+(?:\.\d+)*")


@dataclass(frozen=True)
class Wording:
    """The words of a text; `spans[i]` is the span of the text that `words[i]` was read from."""

    words: tuple[str, ...]
    spans: tuple[Span, ...]

    @cached_property
    def text(self) -> str:
        """The words on end: what a substring search for one wording in another can be made on."""
        return "".join(self.words)

    def span(self, start: int, end: int) -> Span:
        """The text's span behind `words[start:end]`; an empty range gives an empty span after the word before it."""
        if start < end:
            return Span(self.spans[start].start, self.spans[end - 1].end)
        at = self.spans[start - 1].end if start else self.spans[0].start if self.spans else 0
        return Span(at, at)


def wording(text: str) -> Wording:
    """The words of `text`, in order."""
    folded = fold(text)
    # Folding makes a space of a line break, but only a line break joins what a hyphen divides.
    lines = folded.text
    if _LINE_END.search(text):
        chars = ("\n" if text[at] in "\r\n" else char for char, at in zip(lines, folded.starts, strict=True))
        lines = "".join(chars)
    lines = lines.replace("着", "著")  # 順著 is how 顺着 is written in Taiwan; the folding keeps them apart
    ranges = [Span(*match.span()) for match in _WORD.finditer(lines)]
    spans = tuple(folded.source(*held) for held in ranges)
    words = (_word(held.of(lines), span.of(text)) for held, span in zip(ranges, spans, strict=True))
    return Wording(tuple(words), spans)


def _word(folded: str, written: str) -> str:
    """One spelling for one word. `written` is as the source has it: folding makes 102 of 10²."""
    if not folded[0].isdigit():
        return _INSIDE.sub("", folded) or "-"
    raised = "^" if any(unicodedata.decomposition(char).startswith("<su") for char in written) else ""
    bare = re.sub("[, ]", "", folded) if _GROUPED.fullmatch(folded) else folded.replace(",", ".")
    return raised + bare
