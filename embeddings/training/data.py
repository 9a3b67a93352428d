"""The training data as it lies on disk: gzip TSV files, described with their licences in the data folder's README.

Everything under `dev/` is for `evaluate.py` alone; nothing in this module opens it for training.
"""

import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path

# file → languages of its first two columns
PARALLEL = {
    "par_en_zh_tatoeba": ("en", "zh"),
    "par_en_zh_podocs": ("en", "zh"),
    "par_en_ru_podocs": ("en", "ru"),
    "par_en_zh_mddocs": ("en", "zh"),
    "par_en_ru_mddocs": ("en", "ru"),
    "par_en_zh_un": ("en", "zh"),
    "par_en_ru_un": ("en", "ru"),
    "par_ru_zh_un": ("ru", "zh"),
}
TITLES = {"wiki_en_ru": ("en", "ru"), "wiki_en_zh": ("en", "zh"), "wiki_ru_zh": ("ru", "zh")}
SYNSETS = {"omw_en_ru": ("en", "ru"), "omw_en_zh": ("en", "zh"), "omw_ru_zh": ("ru", "zh")}

DICTIONARY = Path(__file__).with_name("russian-dictionary.tsv")

HELD_BACK_DIGITS = "01"


@dataclass(frozen=True)
class Word:
    """A Russian lemma with its usual translations, the most usual first."""

    russian: str
    english: Sequence[str]
    chinese: Sequence[str]


@dataclass(frozen=True)
class Question:
    text: str
    passage: str
    source: str


def rows(folder: Path, name: str) -> Iterator[list[str]]:
    with gzip.open(folder / f"{name}.tsv.gz", "rt", encoding="utf-8", newline="\n") as lines:
        for line in lines:
            yield [column.strip("\r\n") for column in line.split("\t")]  # some columns end in a carriage return


def pairs(folder: Path, name: str) -> list[tuple[str, str]]:
    """The first two columns, in file order: neighbours in a documentation file are neighbours in the text."""
    return [(row[0], row[1]) for row in rows(folder, name)]


def titles(folder: Path, name: str, least_pivots: int) -> list[tuple[str, str, int]]:
    """Wikipedia titles that at least so many pivot languages agree on: a measure of trust and of prominence."""
    return [(row[0], row[1], int(row[2])) for row in rows(folder, name) if int(row[2]) >= least_pivots]


def dictionary() -> list[Word]:
    """The project's own dictionary of the Russian words that news and general texts are made of."""
    lines = (line.split("\t") for line in DICTIONARY.read_text(encoding="utf-8").splitlines())
    return [Word(russian, parted(english), parted(chinese)) for russian, english, chinese in lines]


def parted(words: str) -> list[str]:
    return [word.strip() for word in words.split(",") if word.strip()]


def held_back(passage: str) -> bool:
    """An eighth of the passages is never trained on, chosen by content so that no order or seed can move it."""
    return sha1(passage.encode()).hexdigest()[0] in HELD_BACK_DIGITS


def questions(folder: Path, *, held: bool) -> list[Question]:
    every = (Question(*row[:3]) for row in rows(folder, "qa_zh"))
    return [question for question in every if held_back(question.passage) == held]


def training_texts(folder: Path) -> Iterator[str]:
    """Every running text that is trained on: what the vocabulary is pruned by."""
    for name in PARALLEL:
        for left, right in pairs(folder, name):
            yield left
            yield right
    asked = questions(folder, held=False)
    yield from (question.text for question in asked)
    yield from dict.fromkeys(question.passage for question in asked)
