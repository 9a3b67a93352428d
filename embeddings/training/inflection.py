"""Russian words and their forms: which lemma a form belongs to, and which forms of a lemma people write.

Dictionaries list lemmas (писать), texts hold forms (пишут), and a stemmer keeps the two apart. pymorphy3 (Korobov 2015)
knows both, with the share of each reading; `wordfreq` knows which forms are in use.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import pymorphy3
import wordfreq

FORMS = 100_000  # the most frequent ones

Shares = Sequence[tuple[str, float]]


@dataclass(frozen=True)
class Inflection:
    forms: Mapping[str, Shares]  # lemma → its forms with their frequency, the most frequent first

    @classmethod
    def known(cls) -> Self:
        analyser = pymorphy3.MorphAnalyzer()
        forms: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        for form in wordfreq.top_n_list("ru", FORMS):
            frequency = wordfreq.word_frequency(form, "ru")
            for reading in analyser.parse(form):
                forms[folded(reading.normal_form)][folded(form)] += frequency * reading.score
        return cls({lemma: ranked(found) for lemma, found in forms.items()})

    def of(self, word: str) -> Shares:
        """The forms of a dictionary word with their frequency: the word alone where it is no known lemma."""
        return self.forms.get(folded(word), [(folded(word), 0.0)])

    def usual(self, word: str, most: int) -> list[str]:
        """The word and its most frequent other forms, at most so many in all."""
        return list(dict.fromkeys([folded(word), *(form for form, _ in self.of(word)[:most])]))[:most]

    def frequency(self, word: str) -> float:
        return sum(frequency for _, frequency in self.of(word))


def ranked(shares: Mapping[str, float]) -> Shares:
    return sorted(shares.items(), key=lambda item: (-item[1], item[0]))


def folded(word: str) -> str:
    return word.lower().replace("ё", "е")
