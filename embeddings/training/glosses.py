"""Chinese and Russian words with their English meaning, cleaned for a teacher that only reads English."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from embeddings.training.data import dictionary, rows, titles

MOST_GLOSSES = 4
TRUSTED_PIVOTS = 5
# How far a source is believed where several explain the same word.
WEIGHTS = {"cedict": 1.5, "openrussian": 1.5, "dictionary": 3.0, "title": 1.0, "synset": 0.7, "cldr": 3.0}

BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]|[^\x00-\u024f]+\|?")
REFERENCES = re.compile(r"^(CL:|(old |erhua |archaic |Japanese )*variant of|see( also)? |used in |also written )")

REFERRED = re.compile(r"([^\s|\[]+)\[")


@dataclass(frozen=True)
class Entry:
    word: str
    english: str
    source: str


def entries(folder: Path) -> list[Entry]:
    """Everything that explains a word in English, one entry per word and meaning, in a fixed order."""
    found = [*chinese(folder), *russian(folder)]
    return list(dict.fromkeys(entry for entry in found if entry.word and entry.english))


def chinese(folder: Path) -> Iterator[Entry]:
    explained = {simplified: clean(glosses) for _, simplified, _, glosses in rows(folder, "cedict")}
    for _, simplified, _, glosses in rows(folder, "cedict"):
        yield Entry(simplified, clean(glosses) or explained.get(referred(glosses), ""), "cedict")
    yield from paired(folder, "zh", cldr_column=2)


def russian(folder: Path) -> Iterator[Entry]:
    for word, glosses in rows(folder, "openrussian_others"):
        for english in re.split("[,;] *", glosses):
            yield Entry(word, english, "openrussian")
    for entry in dictionary():
        for english in entry.english:
            yield Entry(entry.russian, english, "dictionary")
    yield from paired(folder, "ru", cldr_column=1)


def paired(folder: Path, language: str, cldr_column: int) -> Iterator[Entry]:
    """What stands beside English in the sources that cover both languages alike."""
    for english, title, _ in titles(folder, f"wiki_en_{language}", TRUSTED_PIVOTS):
        yield Entry(title, english, "title")
    for english, lemma in rows(folder, f"omw_en_{language}"):
        yield Entry(lemma, english, "synset")
    for row in rows(folder, "cldr_en_ru_zh_zht"):
        yield Entry(row[cldr_column], row[0], "cldr")


def referred(glosses: str) -> str:
    """The word that an entry without a meaning of its own points to: see 蘇州市|苏州市[Su1 zhou1 Shi4]."""
    found = REFERRED.search(glosses)
    return found[1] if found else ""


def clean(glosses: str) -> str:
    """The first few meanings without brackets, Chinese, measure words and references to other entries."""
    meanings = (gloss for gloss in glosses.split("/") if not REFERENCES.match(gloss))
    plain = (" ".join(BRACKETS.sub(" ", meaning).split()).removeprefix("to ").strip(" ;,") for meaning in meanings)
    return "; ".join([meaning for meaning in plain if meaning][:MOST_GLOSSES])
