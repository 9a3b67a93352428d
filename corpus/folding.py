"""The one folding of text for matching: NFKC, lower case, Traditional to Simplified, ё to е.

Folded text exists only in the index, in questions and in comparisons; it is never shown. Every folded character
knows the characters of the source that it stands for.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from opencc import OpenCC

from corpus.document import Span

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af〇"  # for use inside a character class

_HONG_KONG = str.maketrans("衞敍枱", "衛敘檯")  # forms that OpenCC's t2s does not know

_WORD = re.compile(rf"[{HAN}]|\d+|[^\W\d_{HAN}]+")


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded `text`; `origins[i]` is the span of the source that `text[i]` was folded from."""

    text: str
    origins: tuple[Span, ...]

    def source(self, start: int, end: int) -> Span:
        """The source span behind `text[start:end]`; an empty range gives an empty span at its place."""
        if start == end:
            at = self.origins[start].start if start < len(self.origins) else self._end()
            return Span(at, at)
        return Span(self.origins[start].start, self.origins[end - 1].end)

    def words(self) -> Iterator[tuple[str, Span]]:
        """Han characters, numbers and words of other scripts, with their spans of the folded text."""
        return ((match[0], Span(*match.span())) for match in _WORD.finditer(self.text))

    def _end(self) -> int:
        return self.origins[-1].end if self.origins else 0


@cache
def _to_simplified() -> OpenCC:
    return OpenCC("t2s")


def simplified(text: str) -> str:
    """Traditional characters as Simplified ones, in as many characters."""
    text = text.translate(_HONG_KONG)
    converted: str = _to_simplified().convert(text)
    if len(converted) == len(text):
        return converted
    return "".join(_to_simplified().convert(char)[:1] or char for char in text)


@lru_cache(maxsize=1 << 16)
def _folded_cluster(cluster: str) -> str:
    shaped = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", cluster).casefold()).replace("ё", "е")
    kept = (char for char in shaped if char.isspace() or unicodedata.category(char) not in ("Cf", "Cc"))
    return "".join(" " if char.isspace() else char for char in kept)


def _clusters(text: str) -> Iterator[Span]:
    """A character with the combining marks that follow it, so that a composed and a decomposed й fold alike."""
    start = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or not unicodedata.combining(text[at]):
            yield Span(start, at)
            start = at


def fold(text: str, keep: Callable[[str], bool] | None = None) -> Folded:
    """Fold `text`; with `keep`, only the folded characters for which it is true."""
    chars: list[str] = []
    origins: list[Span] = []
    for span in _clusters(text) if text else ():
        for char in _folded_cluster(span.of(text)):
            chars.append(char)
            origins.append(span)
    converted = simplified("".join(chars))
    if keep is None:
        return Folded(converted, tuple(origins))
    kept = [at for at, char in enumerate(converted) if keep(char)]
    return Folded("".join(converted[at] for at in kept), tuple(origins[at] for at in kept))


def letters(text: str) -> Folded:
    """The folded letters and digits alone: equal for two witnesses that differ in script, width or punctuation."""
    return fold(text, keep=str.isalnum)
