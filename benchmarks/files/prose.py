"""Prose without end in the collections' own language: word follows word, and a Han character two others, as there."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

from corpus.document import Role
from corpus.language import language_of
from corpus.passages import split_file
from corpus.readers import read_file
from corpus.sentences import sentences

_ROOT = Path(__file__).parents[2]
_SOURCES = (_ROOT / "corpus" / "statements", _ROOT / "tests" / "quality" / "second" / "documents")
_TOKEN = re.compile(r"[\u3400-\u9fff]|[^\s\u3400-\u9fff]+\s*|\s+")
_LONGEST = 400  # tokens of a sentence


class Prose:
    """Sentences of one language, no two alike for long."""

    def __init__(self, texts: Sequence[str], order: int) -> None:
        """Each token is to follow `order` others as it does in `texts`."""
        self._order = order
        self._following: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for text in texts:
            for span in sentences(text):
                tokens = [*[""] * order, *_TOKEN.findall(span.of(text)), ""]
                for at in range(order, len(tokens)):
                    self._following[tuple(tokens[at - order : at])].append(tokens[at])

    def sentence(self, rng: Random) -> str:
        tokens = [""] * self._order
        while len(tokens) < _LONGEST:
            tokens.append(rng.choice(self._following[tuple(tokens[-self._order :])]))
            if not tokens[-1]:
                break
        return "".join(tokens).strip()

    def paragraph(self, rng: Random, letters: int) -> str:
        """Sentences that together have at least so many letters."""
        held: list[str] = []
        while sum(map(len, held)) < letters:
            held.append(self.sentence(rng))
        return ("" if held[0] >= "\u2e80" else " ").join(held)


def documents(folders: Sequence[Path]) -> Mapping[str, list[list[str]]]:
    """The paragraphs of each document below `folders`, by language."""
    held: dict[str, list[list[str]]] = defaultdict(list)
    for path in (path for folder in folders for path in sorted(folder.glob("*.txt"))):
        body = [
            " ".join(one.text.split()) for one in split_file("a", read_file(path)).passages if one.role is Role.BODY
        ]
        held[language_of("".join(body))].append(body)
    return dict(sorted(held.items()))


def order(language: str) -> int:
    return 2 if language.startswith("zh") else 1


def proses() -> Mapping[str, Prose]:
    """By language: zh-Hans, zh-Hant, en and ru."""
    return {
        language: Prose([text for body in bodies for text in body], order(language))
        for language, bodies in documents(_SOURCES).items()
    }
