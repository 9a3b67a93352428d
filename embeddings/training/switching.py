"""Code-switching (Qin et al. 2020): words replaced by dictionary translations, for pairs that no corpus has.

There are few Russian–Chinese and no cross-lingual question–passage pairs here; replacing words makes some.
A word is a single token; its translation may be several.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import Stemmer
import wordfreq
from tokenizers import Tokenizer

from embeddings.training.data import pairs, titles
from embeddings.training.glosses import russian
from embeddings.training.texts import Texts
from embeddings.training.tokenizer import START, encode

LONGEST_TRANSLATION = 3  # tokens; longer ones are explanations
NAME_PIVOTS = 3
TRANSLATIONS = 4  # of an English word


@dataclass(frozen=True)
class Lexicon:
    translations: Mapping[int, Sequence[Sequence[int]]]

    @classmethod
    def of(cls, tokenizer: Tokenizer, words: Iterable[tuple[str, str]]) -> Self:
        sources, targets = zip(*words, strict=True)
        found: dict[int, list[list[int]]] = defaultdict(list)
        for source, target in zip(encode(tokenizer, sources), encode(tokenizer, targets), strict=True):
            if len(source) == 1 and 0 < len(target) <= LONGEST_TRANSLATION:
                found[source[0]].append(target)
        return cls(found)

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
        draws = rng.integers(0, 1 << 30, len(texts.tokens))
        flat: list[int] = []
        offsets = [0]
        for begin, end in zip(texts.offsets[:-1].tolist(), texts.offsets[1:].tolist(), strict=True):
            for at in range(begin, end):
                token = int(texts.tokens[at])
                options = self.translations.get(token) if chosen[at] else None
                flat.extend(options[int(draws[at]) % len(options)] if options else (token,))
            offsets.append(len(flat))
        return Texts(np.array(flat, dtype=np.int64), np.array(offsets, dtype=np.int64))


def english_to_russian(folder: Path, tokenizer: Tokenizer) -> Lexicon:
    words = [
        *((entry.english, entry.word) for entry in russian(folder) if entry.source != "title"),
        *((english, title) for english, title, _ in titles(folder, "wiki_en_ru", NAME_PIVOTS)),
    ]
    return Lexicon.of(tokenizer, most_usual(words)).with_inflections(tokenizer)


def most_usual(words: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Synsets give a word many rare synonyms; only its most frequent Russian translations are kept."""
    found: dict[str, set[str]] = defaultdict(set)
    for english, word in words:
        found[english.lower()].add(word.lower())
    return [
        (english, word)
        for english, options in found.items()
        for word in sorted(options, key=lambda option: (-wordfreq.word_frequency(option, "ru"), option))[:TRANSLATIONS]
    ]


def chinese_to_both(folder: Path, tokenizer: Tokenizer) -> Lexicon:
    words = [
        *((chinese, english) for english, chinese in pairs(folder, "omw_en_zh")),
        *((chinese, russian) for russian, chinese in pairs(folder, "omw_ru_zh")),
        *((chinese, english) for english, chinese, _ in titles(folder, "wiki_en_zh", NAME_PIVOTS)),
        *((chinese, russian) for russian, chinese, _ in titles(folder, "wiki_ru_zh", NAME_PIVOTS)),
    ]
    return Lexicon.of(tokenizer, words)
