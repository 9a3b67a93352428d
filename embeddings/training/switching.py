"""Code-switching (Qin et al. 2020): words replaced by dictionary translations, for pairs that no corpus has.

There are few Russian–Chinese and no cross-lingual question–passage pairs here; replacing words makes some.
A word is a single token; its translation may be several.
"""

import math
from bisect import bisect
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Self

import numpy as np
import Stemmer
from tokenizers import Tokenizer

from embeddings.training.data import dictionary, pairs, titles
from embeddings.training.glosses import russian
from embeddings.training.inflection import Inflection, folded
from embeddings.training.texts import Texts
from embeddings.training.tokenizer import START, encode
from embeddings.training.vocabulary import RAREST

LONGEST_TRANSLATION = 3  # tokens; longer ones are explanations
NAME_PIVOTS = 3
TRANSLATIONS = 4  # of an English word
FORMS = 4  # of a Russian word, the most frequent ones


@dataclass(frozen=True)
class Options:
    """Translations as token sequences, and the running total of their shares."""

    sequences: Sequence[Sequence[int]]
    totals: Sequence[float]

    def at(self, point: float) -> Sequence[int]:
        return self.sequences[bisect(self.totals, point * self.totals[-1])]


@dataclass(frozen=True)
class Lexicon:
    translations: Mapping[int, Options]

    @classmethod
    def of(cls, tokenizer: Tokenizer, words: Iterable[tuple[str, str, float]]) -> Self:
        """From (word, translation, share)."""
        sources, targets, shares = zip(*words, strict=True)
        found: dict[int, list[tuple[float, list[int]]]] = defaultdict(list)
        for source, target, share in zip(encode(tokenizer, sources), encode(tokenizer, targets), shares, strict=True):
            if len(source) == 1 and 0 < len(target) <= LONGEST_TRANSLATION:
                found[source[0]].append((share, target))
        return cls({word: options(told) for word, told in found.items()})

    def with_inflections(self, tokenizer: Tokenizer) -> "Lexicon":
        """English forms that no dictionary lists (countries) take the translations of their lemma (country)."""
        stem = Stemmer.Stemmer("english").stemWord
        words = {token: text.removeprefix(START) for text, token in tokenizer.get_vocab().items() if text[0] == START}
        lemmas = {stem(words[token]): token for token in sorted(self.translations, reverse=True) if token in words}
        forms = {token: lemmas[stem(word)] for token, word in words.items() if stem(word) in lemmas}
        inflected = {token: self.translations[lemma] for token, lemma in forms.items()}
        return Lexicon({**inflected, **self.translations})

    def switch(self, texts: Texts, share: float, rng: np.random.Generator) -> Texts:
        chosen = rng.random(len(texts.tokens)) < share
        draws = rng.random(len(texts.tokens))
        flat: list[int] = []
        offsets = [0]
        for begin, end in zip(texts.offsets[:-1].tolist(), texts.offsets[1:].tolist(), strict=True):
            for at in range(begin, end):
                token = int(texts.tokens[at])
                options = self.translations.get(token) if chosen[at] else None
                flat.extend(options.at(draws[at]) if options else (token,))
            offsets.append(len(flat))
        return Texts(np.array(flat, dtype=np.int64), np.array(offsets, dtype=np.int64))


def options(told: list[tuple[float, list[int]]]) -> Options:
    return Options([sequence for _, sequence in told], list(accumulate(share for share, _ in told)))


def english_to_russian(folder: Path, tokenizer: Tokenizer, inflection: Inflection) -> Lexicon:
    told: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for entry in russian(folder):
        if entry.source not in ("title", "dictionary"):
            told[folded(entry.word)][entry.english.lower()] += 1.0
    for word in dictionary():
        told[folded(word.russian)] = {english.lower(): 1 / (rank + 1) for rank, english in enumerate(word.english)}
    names = [(english, title, RAREST) for english, title, _ in titles(folder, "wiki_en_ru", NAME_PIVOTS)]
    return Lexicon.of(tokenizer, [*usual(told, inflection), *names]).with_inflections(tokenizer)


def usual(told: Mapping[str, Mapping[str, float]], inflection: Inflection) -> Iterator[tuple[str, str, float]]:
    """(English, Russian form, share): p(Russian | English) ∝ p(Russian) p(English | Russian), rare synonyms left out.

    Square roots, so that the usual word and form are met more often than the others, and the others still met.
    """
    found: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for word, meanings in told.items():
        for english, share in meanings.items():
            found[english].append(((inflection.frequency(word) + RAREST) * share / sum(meanings.values()), word))
    for english, words in found.items():
        for share, word in sorted(words, reverse=True)[:TRANSLATIONS]:
            forms = inflection.of(word)[:FORMS]
            total = sum(frequency for _, frequency in forms) + RAREST
            for form, frequency in forms:
                yield english, form, math.sqrt(share * (frequency + RAREST) / total)


def chinese_to_russian(folder: Path, tokenizer: Tokenizer, inflection: Inflection) -> Lexicon:
    return Lexicon.of(tokenizer, russian_names(folder, inflection))


def chinese_to_both(folder: Path, tokenizer: Tokenizer, inflection: Inflection) -> Lexicon:
    english = [
        *((chinese, english, 1.0) for english, chinese in pairs(folder, "omw_en_zh")),
        *((chinese, english, 1.0) for english, chinese, _ in titles(folder, "wiki_en_zh", NAME_PIVOTS)),
    ]
    return Lexicon.of(tokenizer, [*english, *russian_names(folder, inflection)])


def russian_names(folder: Path, inflection: Inflection) -> Iterator[tuple[str, str, float]]:
    """(Chinese, Russian form, share); of a word with several forms each counts for less."""
    told = [(chinese, word.russian) for word in dictionary() for chinese in word.chinese]
    for chinese, word in [*told, *((chinese, word) for word, chinese in pairs(folder, "omw_ru_zh"))]:
        yield from ((chinese, form, 0.5) for form in inflection.usual(word, FORMS))
    yield from ((chinese, title, 1.0) for title, chinese, _ in titles(folder, "wiki_ru_zh", NAME_PIVOTS))
