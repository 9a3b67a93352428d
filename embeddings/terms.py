"""The one analyser: text → terms, the same for passages and for questions.

Text is folded first (`corpus.folding`). Han runs are cut by jieba in its search mode; Latin and Cyrillic words are
stemmed (Snowball); a compound such as COVID-19, NPT2020 or non-proliferation gives its parts and itself in one word.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache, cached_property, lru_cache
from importlib.metadata import version
from itertools import accumulate, chain
from typing import Any

import jieba
import Stemmer

from corpus.document import Span
from corpus.folding import HAN, fold, simplified
from embeddings.dictionary import FOLDER, Dictionary

_TERM = re.compile(rf"[{HAN}]+|[^\W_{HAN}]+(?:[-\u2010./'’][^\W_{HAN}]+)*")
_PART = re.compile(rf"[{HAN}]+|\d+|[^\W\d_{HAN}]+")
_IS_HAN = re.compile(rf"[{HAN}]")
_NAMES = frozenset({"nr", "nrfg", "nrt", "ns", "nt"})
# The first word of a sentence is capitalised whatever it is; an acronym is a name wherever it stands.
_CAPITALISED = re.compile(r"(?<=[^\W_][,;:]\s)[A-ZА-ЯЁ]\w+|(?<=[^\W_]\s)[A-ZА-ЯЁ]\w+|\b[A-ZА-ЯЁ]{2,}\b")
_RUNS = 1 << 12  # of Han characters whose words are remembered
_HAN_RUN = re.compile(rf"[{HAN}]+")


VERSION = f"terms 2, jieba {version('jieba')}, snowball {version('PyStemmer')}, opencc {version('opencc')}"


class Analyser:
    """The analyser, with `names` as Chinese words that jieba's own dictionary may lack."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = tuple(names)
        self._is_whole = False

    def read_whole(self) -> None:
        """Before thousands of texts: the whole dictionary in memory is faster than words looked up one by one."""
        self._is_whole = True

    @property
    def _jieba(self) -> Any:
        return _tokenizer(self._names, self._is_whole)

    def terms(self, text: str) -> list[str]:
        """The terms of `text`, in order, with repetitions."""
        return list(self._terms(fold(text).text))

    def _terms(self, folded: str) -> Iterator[str]:
        for match in _TERM.finditer(folded):
            if _IS_HAN.match(match[0]):
                yield from chain.from_iterable(map(self._searched, self._words(match[0])))
            else:
                yield from _compound(match[0])

    def cuts(self, folded: str) -> frozenset[int]:
        """Where a Chinese word of folded text starts or ends."""
        return frozenset(
            edge
            for match in _HAN_RUN.finditer(folded)
            for edge in accumulate(map(len, self._words(match[0])), initial=match.start())
        )

    @cached_property
    def _words(self) -> Callable[[str], tuple[str, ...]]:
        """The words of a run of Han characters; remembered, for a text's terms and its cuts are asked for in turn."""
        return lru_cache(maxsize=_RUNS)(lambda run: tuple(self._jieba.lcut(run)))

    def _searched(self, word: str) -> Iterator[str]:
        """What a word is found by, as in jieba's search mode: known words of two or three characters in it, then it."""
        known = self._jieba.FREQ
        for length in (2, 3):
            if len(word) > length:
                yield from (gram for gram in _grams(word, length) if known.get(gram))
        yield word

    def names(self, text: str) -> Iterator[Span]:
        """People, places and bodies: Chinese by jieba's parts of speech, else words that only names capitalise."""
        at = 0
        for word, flag in self._tagger.cut(simplified(text)):
            if flag in _NAMES:
                yield Span(at, at + len(word))
            at += len(word)
        yield from (Span(*match.span()) for match in _CAPITALISED.finditer(text))

    @cached_property
    def _tagger(self) -> Any:
        from jieba.posseg import POSTokenizer

        return POSTokenizer(self._jieba)


def _grams(word: str, length: int) -> Iterator[str]:
    return (word[at : at + length] for at in range(len(word) - length + 1))


@lru_cache(maxsize=2)
def _tokenizer(names: tuple[str, ...], is_whole: bool) -> Any:
    """jieba with these names. It would cache its dictionary in a file that any user of the machine can write."""
    tokenizer = jieba.Tokenizer()
    if is_whole or not FOLDER.name.endswith(version("jieba")):
        with tokenizer.get_dict_file() as file:
            tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(file)
    else:
        tokenizer.FREQ = Dictionary()
        tokenizer.total = tokenizer.FREQ.total
    tokenizer.initialized = True
    for name in names:
        tokenizer.add_word(name)
    return tokenizer


@cache
def _stemmer(language: str) -> Any:
    return Stemmer.Stemmer(language)


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """The Snowball stem of one folded word; a short word or an acronym is its own stem."""
    if len(word) < 4:
        return word
    stemmed: str = _stemmer("russian" if "\u0400" <= word[0] <= "\u04ff" else "english").stemWord(word)
    return stemmed


def _compound(word: str) -> Iterator[str]:
    parts = _PART.findall(word.removesuffix("'s").removesuffix("’s"))
    yield from map(stem, parts)
    if len(parts) > 1:
        yield stem("".join(parts))
