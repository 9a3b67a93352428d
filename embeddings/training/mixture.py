"""All sources of training batches with their weights, as token arrays, for one recipe."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from embeddings.training import data
from embeddings.training.batches import Neighbours, Pairs, Questions, Source, Spans, Switch
from embeddings.training.glosses import Entry
from embeddings.training.inflection import Inflection
from embeddings.training.meanings import Meanings
from embeddings.training.recipes import Recipe
from embeddings.training.switching import Lexicon, chinese_to_both, chinese_to_russian, english_to_russian
from embeddings.training.texts import Texts
from embeddings.training.tokenizer import encode

FORMS = 4  # of a Russian word that stands alone on its side of a pair
ICT_SHARE = 0.4
TITLE_PIVOTS = 3

PAIR_WEIGHTS = {
    "wiki_en_ru": 2.0,
    "wiki_en_zh": 2.0,
    "wiki_ru_zh": 1.2,
    "par_en_zh_tatoeba": 1.2,
    "par_en_zh_podocs": 1.2,
    "par_en_ru_podocs": 0.4,
    "par_en_zh_mddocs": 0.2,
    "par_en_ru_mddocs": 0.3,
    "par_en_zh_un": 0.25,
    "par_en_ru_un": 0.25,
    "par_ru_zh_un": 0.25,
    "omw_en_ru": 1.0,
    "omw_en_zh": 0.5,
    "omw_ru_zh": 0.6,
    "dictionary_en_ru": 1.0,
    "dictionary_ru_zh": 1.0,
}
ENTRY_WEIGHTS = {"cedict": 1.5, "openrussian": 0.1, "cldr": 0.1}
QUESTION_WEIGHTS = {"drcd": 1.0, "cmrc": 0.6}
NEIGHBOUR_WEIGHTS = {
    "par_en_zh_podocs": 2.0,
    "par_en_zh_tatoeba": 0.8,
    "par_en_ru_podocs": 0.5,
    "par_en_zh_mddocs": 0.4,
    "par_en_ru_mddocs": 0.6,
    "par_en_zh_un": 0.1,
    "par_en_ru_un": 0.1,
    "par_ru_zh_un": 0.1,
}
SPAN_WEIGHT = 1.2


@dataclass(frozen=True)
class Mixture:
    sources: Sequence[Source]
    shares: Sequence[float]  # sum to 1

    def draw(self, rng: np.random.Generator) -> Source:
        return self.sources[rng.choice(len(self.sources), p=self.shares)]


@dataclass(frozen=True)
class Material:
    folder: Path
    tokenizer: Tokenizer
    entries: Sequence[Entry]
    meanings: Meanings

    def mixture(self, recipe: Recipe) -> Mixture:
        contrastive = [*self.pairs(recipe), *self.explained_words(recipe), *self.questions(recipe)]
        ict = [*self.neighbours(recipe), (SPAN_WEIGHT, Spans(self.passages))]
        shares = [*scaled(contrastive, 1 - ICT_SHARE), *scaled(ict, ICT_SHARE)]
        return Mixture([source for _, source in (*contrastive, *ict)], shares)

    def texts(self, strings: Sequence[str]) -> Texts:
        return Texts.of(encode(self.tokenizer, strings))

    @cached_property
    def parallel(self) -> dict[str, tuple[Sequence[str], Texts, Texts]]:
        """Left strings, left tokens and right tokens of every file of pairs."""
        named = {name: data.pairs(self.folder, name) for name in [*data.PARALLEL, *data.SYNSETS]}
        for name in data.TITLES:
            named[name] = [(left, right) for left, right, _ in data.titles(self.folder, name, TITLE_PIVOTS)]
        words = data.dictionary()
        named["dictionary_en_ru"] = [(english, word.russian) for word in words for english in word.english]
        named["dictionary_ru_zh"] = [(word.russian, chinese) for word in words for chinese in word.chinese]
        for name, rows in named.items():
            if name not in data.PARALLEL and "ru" in (languages := name.split("_")[1:]):
                named[name] = list(self.inflected(rows, languages.index("ru")))
        sides = {name: tuple(zip(*rows, strict=True)) for name, rows in named.items()}
        return {name: (left, self.texts(left), self.texts(right)) for name, (left, right) in sides.items()}

    def inflected(self, rows: Sequence[tuple[str, str]], column: int) -> Iterator[tuple[str, str]]:
        """Each pair with the usual forms of its Russian word: dictionaries list lemmas, texts hold forms."""
        for left, right in rows:
            for form in self.inflection.usual((left, right)[column], FORMS):
                yield (form, right) if column == 0 else (left, form)

    @cached_property
    def inflection(self) -> Inflection:
        return Inflection.known()

    def pairs(self, recipe: Recipe) -> Iterator[tuple[float, Source]]:
        for name, weight in PAIR_WEIGHTS.items():
            strings, left, right = self.parallel[name]
            yield weight, Pairs(left, right, self.meanings.find(strings), self.switches(name, recipe))

    def neighbours(self, recipe: Recipe) -> Iterator[tuple[float, Source]]:
        for name, weight in NEIGHBOUR_WEIGHTS.items():
            _, left, right = self.parallel[name]
            yield weight, Neighbours(left, right, self.switches(name, recipe))

    def switches(self, name: str, recipe: Recipe) -> tuple[Switch, Switch]:
        """Of running text between English and Chinese: opposite Russian, the replacements would be the answer."""
        running = data.PARALLEL.get(name) == ("en", "zh")
        shares = (recipe.english, recipe.chinese) if running else (0.0, 0.0)
        return Switch(self.english_russian, shares[0]), Switch(self.chinese_russian, shares[1])

    @cached_property
    def english_russian(self) -> Lexicon:
        return english_to_russian(self.folder, self.tokenizer, self.inflection)

    @cached_property
    def chinese_russian(self) -> Lexicon:
        return chinese_to_russian(self.folder, self.tokenizer, self.inflection)

    @cached_property
    def chinese_both(self) -> Lexicon:
        return chinese_to_both(self.folder, self.tokenizer, self.inflection)

    def explained_words(self, recipe: Recipe) -> Iterator[tuple[float, Source]]:
        for name, weight in ENTRY_WEIGHTS.items():
            entries = [entry for entry in self.entries if entry.source == name]
            english = [entry.english for entry in entries]
            words = self.texts([entry.word for entry in entries])
            # Chinese words explained in English, and so, word by word, in Russian.
            share = recipe.english if name == "cedict" else 0.0
            switch = Switch(self.english_russian, share), Switch(self.chinese_russian)
            yield weight, Pairs(self.texts(english), words, self.meanings.find(english), switch)

    @cached_property
    def passages(self) -> Texts:
        return self.texts(list(dict.fromkeys(question.passage for question in self.asked)))

    @cached_property
    def asked(self) -> Sequence[data.Question]:
        return data.questions(self.folder, held=False)

    def questions(self, recipe: Recipe) -> Iterator[tuple[float, Source]]:
        switch = Switch(self.chinese_both, recipe.questions)
        for name, weight in QUESTION_WEIGHTS.items():
            asked = [question for question in self.asked if question.source == name]
            numbers = {passage: number for number, passage in enumerate(dict.fromkeys(q.passage for q in asked))}
            answers = np.array([numbers[question.passage] for question in asked], dtype=np.int64)
            texts = self.texts([question.text for question in asked])
            yield weight, Questions(texts, self.texts(list(numbers)), answers, switch)


def scaled(weighted: Sequence[tuple[float, Source]], total: float) -> list[float]:
    whole = sum(weight for weight, _ in weighted)
    return [total * weight / whole for weight, _ in weighted]
