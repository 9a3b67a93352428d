"""Quoted words that must occur: word by word, in any script and width, or by another name of the same concept."""

from collections.abc import Sequence
from functools import cached_property

from corpus.folding import fold
from embeddings.glossary import Glossary

_EDGE = "\x1f"


class Phrases:
    """The texts of a collection by row number, made searchable when the first phrase is asked for."""

    def __init__(self, texts: Sequence[str], glossary: Glossary) -> None:
        self._texts = texts
        self._glossary = glossary

    @cached_property
    def _words(self) -> list[str]:
        return [_words(text) for text in self._texts]

    @cached_property
    def _concepts(self) -> list[frozenset[str]]:
        return [frozenset(held.concept.id for held in self._glossary.mentions(text)) for text in self._texts]

    def holders(self, phrase: str) -> frozenset[int]:
        """The rows whose text holds `phrase`; of a name, also those that name the same concept otherwise."""
        wanted = _words(phrase)
        named = {held.concept.id for held in self._glossary.mentions(phrase) if _words(held.span.of(phrase)) == wanted}
        return frozenset(
            row for row, words in enumerate(self._words) if wanted in words or named and named & self._concepts[row]
        )


def _words(text: str) -> str:
    """The words of a text between edges, so that INF is found in "(INF)" and not in "information"."""
    return _EDGE.join(["", *(word for word, _ in fold(text).words()), ""])
