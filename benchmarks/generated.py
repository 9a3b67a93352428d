"""A collection of any size in the collections' own language: each document keeps to the subject of one that is there.

Word follows word as in that document, and now and then as anywhere in its language. A document's number alone decides
what it says, so that any part of the collection can be made at any time.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from benchmarks.files.prose import Prose, documents, order
from corpus.catalogue import Entry
from corpus.document import Origin, Work
from corpus.parallel import in_order
from corpus.records import Draft
from service.ingestion import draft_of
from service.sources import Source

PARAGRAPHS = 20  # of a document
_ELSEWHERE = 0.2  # share of the sentences that are about anything
_ROOT = Path(__file__).parents[1]
_FOLDERS = (
    _ROOT / "corpus" / "statements",
    _ROOT / "tests" / "quality" / "second" / "documents",
    _ROOT / "tests" / "quality" / "archive" / "documents",
)
_DRAFTS = 32  # made at once by one core


class Generated:
    """Documents by number, from 0."""

    def __init__(self) -> None:
        self._subjects: list[tuple[str, Prose, Prose]] = []
        for language, bodies in documents(_FOLDERS).items():
            anything = Prose([text for body in bodies for text in body], order(language))
            self._subjects += [(language, Prose(body, order(language)), anything) for body in bodies]

    def paragraphs(self, number: int) -> list[str]:
        rng = Random(f"generated/{number}")
        language, subject, anything = rng.choice(self._subjects)
        gap = "" if language.startswith("zh") else " "
        return [gap.join(self._sentences(rng, subject, anything)) for _ in range(PARAGRAPHS)]

    def _sentences(self, rng: Random, subject: Prose, anything: Prose) -> Iterator[str]:
        wanted, held = rng.randrange(60, 320), 0
        while held < wanted:
            sentence = (anything if rng.random() < _ELSEWHERE else subject).sentence(rng)
            held += len(sentence)
            yield sentence

    def draft(self, number: int) -> Draft:
        """As if it had been read from a text file beside a catalogue, which says that it is a work of its own."""
        name = f"generated-{number:07}"
        body = "\n\n".join(self.paragraphs(number)).encode()
        entry = Entry(name, name, None, Origin(f"Generated, {number}", None, None, None, None))
        return draft_of(Source(f"{name}.txt", Path(f"{name}.txt"), entry, Work(name), True, data=body))


_here: Generated


def _begin() -> None:
    global _here
    _here = Generated()


def _made(numbers: Sequence[int]) -> list[Draft]:
    return [_here.draft(number) for number in numbers]


def drafts(passages: int, first: int = 0) -> Iterator[Draft]:
    """Documents with so many paragraphs in all, from document `first` on; made on all cores."""
    count = -(-passages // PARAGRAPHS)
    numbers = range(first, first + count)
    for held in in_order(_made, (numbers[at : at + _DRAFTS] for at in range(0, count, _DRAFTS)), _begin):
        yield from held
