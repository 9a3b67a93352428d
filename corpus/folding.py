"""The one folding of text for matching: NFKC, lower case, Traditional to Simplified, ё to е.

Folded text exists only in the index, in questions and in comparisons; it is never shown. Every folded character
knows the characters of the source that it stands for.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import compress, pairwise

from opencc import OpenCC

from corpus.document import Span

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af〇"  # for use inside a character class

_HONG_KONG = str.maketrans("衞敍枱", "衛敘檯")  # forms that OpenCC's t2s does not know

_MOST_CLUSTERS = 1 << 16
_SHORT = 2_000  # characters

_HAN = re.compile(rf"[{HAN}]")
_WORD = re.compile(rf"[{HAN}]|\d+|[^\W\d_{HAN}]+")


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded `text`; `text[i]` was folded from the characters `starts[i]` to `ends[i]` of the source."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def source(self, start: int, end: int) -> Span:
        """The source span behind `text[start:end]`; an empty range gives an empty span at its place."""
        if start == end:
            at = self.starts[start] if start < len(self.starts) else self._end()
            return Span(at, at)
        return Span(self.starts[start], self.ends[end - 1])

    def words(self) -> list[str]:
        """Han characters, numbers and words of other scripts."""
        return _WORD.findall(self.text)

    def placed_words(self) -> Iterator[tuple[str, Span]]:
        """With their spans of the folded text."""
        return ((match[0], Span(*match.span())) for match in _WORD.finditer(self.text))

    def _end(self) -> int:
        return self.ends[-1] if self.ends else 0


@cache
def _to_simplified() -> OpenCC:
    return OpenCC("t2s")


def simplified(text: str) -> str:
    """Traditional characters as Simplified ones, in as many characters."""
    if not _HAN.search(text):
        return text
    text = text.translate(_HONG_KONG)
    converted: str = _to_simplified().convert(text)
    if len(converted) == len(text):
        return converted
    return "".join(_to_simplified().convert(char)[:1] or char for char in text)


def _folded_cluster(cluster: str) -> str:
    shaped = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", cluster).casefold()).replace("ё", "е")
    kept = (char for char in shaped if char.isspace() or unicodedata.category(char) not in ("Cf", "Cc"))
    return "".join(" " if char.isspace() else char for char in kept)


class _Clusters(dict[str, str]):
    """Every cluster met so far, folded: looking one up is a hundred times as fast as folding it."""

    def __missing__(self, cluster: str) -> str:
        folded = _folded_cluster(cluster)
        if len(self) < _MOST_CLUSTERS:
            self[cluster] = folded
        return folded


_CLUSTERS = _Clusters()


def _edges(text: str) -> Sequence[int]:
    """Where each character begins, combining marks after it included, so that й folds alike in one piece or two."""
    if not any(map(unicodedata.combining, text)):
        return range(len(text) + 1)
    return [*(at for at, char in enumerate(text) if not at or not unicodedata.combining(char)), len(text)]


def fold(text: str, keep: Callable[[str], bool] | None = None) -> Folded:
    """Fold `text`; with `keep`, only the folded characters for which it is true."""
    return (_fold_again if len(text) <= _SHORT else _fold)(text, keep)


def _fold(text: str, keep: Callable[[str], bool] | None) -> Folded:
    edges = _edges(text)
    clusters: Iterable[str] = text
    if len(edges) <= len(text):
        clusters = [text[start:end] for start, end in pairwise(edges)]
    pieces = list(map(_CLUSTERS.__getitem__, clusters))
    starts, ends = edges[:-1], edges[1:]
    if set(map(len, pieces)) - {1}:
        starts = [at for at, piece in zip(starts, pieces, strict=True) for _ in piece]
        ends = [at for at, piece in zip(ends, pieces, strict=True) for _ in piece]
    folded = simplified("".join(pieces))
    if keep is None:
        return Folded(folded, starts, ends)
    kept = list(map(keep, folded))
    return Folded("".join(compress(folded, kept)), [*compress(starts, kept)], [*compress(ends, kept)])


# A question is folded by all who read something out of it.
_fold_again = lru_cache(64)(_fold)


def letters(text: str) -> Folded:
    """The folded letters and digits alone: equal for two witnesses that differ in script, width or punctuation."""
    return fold(text, keep=str.isalnum)
