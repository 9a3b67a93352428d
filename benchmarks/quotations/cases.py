"""A case, and what cases are made of: the sentences and paragraphs of a collection."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from itertools import chain, pairwise, zip_longest
from random import Random

from opencc import OpenCC

from corpus.document import Passage, Role, Span
from corpus.folding import letters, simplified
from corpus.sentences import sentences
from corpus.store import Store
from service.verification import Claim, Reason, Verdict

Verdicts = frozenset[Verdict]
FOUND, ALTERED = frozenset({Verdict.FOUND}), frozenset({Verdict.ALTERED})
MISATTRIBUTED, NOT_FOUND = frozenset({Verdict.MISATTRIBUTED}), frozenset({Verdict.NOT_FOUND})
NO_SUCH_TEXT = ALTERED | NOT_FOUND  # a heavy change may be called either
_ELLIPSIS = re.compile(r"…+|\.{3,}|（略）|\. \. \.")
_CLAUSE_END = re.compile(r"[，；]|[,;](?!\d)")
_BRACKETS = (("《", "》"), ("“", "”"), ("(", ")"), ("「", "」"), ("（", "）"), ("«", "»"))


@dataclass(frozen=True, slots=True)
class Case:
    """A quotation, the verdicts that are right, and whether it must be called critical (None: not judged)."""

    kind: str
    text: str
    right: Verdicts
    critical: bool | None = None
    claimed: Claim | None = None
    source: str = ""  # passage id
    reason: Reason | None = None  # judged if given


@dataclass(frozen=True, eq=False)
class Paper:
    """One document: its paragraphs, and the letters of its body in one string."""

    id: str
    work: str
    language: str
    passages: tuple[Passage, ...]

    @property
    def tongue(self) -> str:
        return self.language.partition("-")[0]

    @cached_property
    def body(self) -> list[Passage]:
        return [passage for passage in self.passages if passage.role is Role.BODY]

    @cached_property
    def letters(self) -> str:
        return "".join(letters(passage.text).text for passage in self.body)

    def sentences(self, passage: Passage) -> "list[Quotable]":
        return [Quotable(self, passage, span.of(passage.text)) for span in sentences(passage.text)]

    def neighbours(self) -> Iterator[tuple[Passage, Passage]]:
        """Body paragraphs that stand next to each other with no heading between."""
        return (pair for pair in pairwise(self.passages) if all(passage.role is Role.BODY for passage in pair))


@dataclass(frozen=True, slots=True)
class Quotable:
    """A sentence or a whole paragraph of a document."""

    paper: Paper
    passage: Passage
    text: str

    @property
    def tongue(self) -> str:
        return self.paper.tongue

    @property
    def plain(self) -> str:
        """The text in Simplified characters, in as many of them."""
        return simplified(self.text) if self.tongue == "zh" else self.text

    def is_worth_editing(self, times: int = 1) -> bool:
        """Whether it is so long that, edited, it could not be called something else altogether."""
        return size(self.text) >= times * (14 if self.tongue == "zh" else 40)

    def can_spare(self, *pieces: str) -> bool:
        """Whether each piece is long enough to be quoted on its own."""
        return all(size(piece) >= (8 if self.tongue == "zh" else 24) for piece in pieces)

    def case(self, kind: str, text: str, right: Verdicts, critical: bool | None, claimed: Claim | None = None) -> Case:
        return Case(kind, text, right, critical, claimed, self.passage.id)

    def found(self, kind: str, text: str, critical: bool | None = False) -> Case:
        return self.case(kind, text, FOUND, critical)

    def altered(self, kind: str, text: str, critical: bool | None) -> Case:
        return self.case(kind, text, ALTERED, critical)

    def absent(self, kind: str, text: str) -> Case:
        return self.case(kind, text, NO_SUCH_TEXT, None)


@dataclass(frozen=True, slots=True)
class Shelf:
    """All documents, and the chance by which one family of cases picks from them."""

    papers: tuple[Paper, ...]
    rng: Random

    def holds(self, text: str) -> bool:
        """Whether the body of any document has these letters, whatever their script, width and punctuation.

        With an ellipsis in it: whether it has those of every piece, one after the other.
        """
        pieces = [letters(piece).text for piece in _ELLIPSIS.split(text)]
        return any(re.search(".*".join(pieces), paper.letters) for paper in self.papers)

    def stands_once(self, quotable: Quotable, text: str) -> bool:
        """Whether only witnesses of its own paragraph have `text`: else another place need not be cut short."""
        wanted = letters(text).text
        return all(paper.letters.count(wanted) <= (paper.work == quotable.paper.work) for paper in self.papers)

    def sentences(self) -> list[Quotable]:
        """Every sentence that is long enough to edit, in random order, the documents taking turns."""
        return self._mixed(list(chain.from_iterable(map(paper.sentences, paper.body))) for paper in self.papers)

    def paragraphs(self) -> list[Quotable]:
        """The same for paragraphs."""
        return self._mixed([Quotable(paper, one, one.text) for one in paper.body] for paper in self.papers)

    def _mixed(self, groups: Iterable[list[Quotable]]) -> list[Quotable]:
        mixed = [self.rng.sample(group, len(group)) for group in groups]
        return [one for turn in zip_longest(*mixed) for one in turn if one and one.is_worth_editing()]

    def partners(self) -> Iterator[tuple[Quotable, Quotable]]:
        """Two sentences in one language, of two paragraphs."""
        ordered = self.sentences()
        for one in ordered:
            other = self.rng.choice([other for other in ordered if other.tongue == one.tongue])
            if other.passage.id != one.passage.id:
                yield one, other


def papers(store: Store) -> tuple[Paper, ...]:
    members = store.members()
    return tuple(Paper(m.document, m.work, m.language, tuple(store.passages(m.document))) for m in members)


def clauses(text: str) -> list[Span]:
    """What stands between commas and semicolons, each with the mark that ends it."""
    edges = [0, *(match.end() for match in _CLAUSE_END.finditer(text)), len(text)]
    return [Span(*pair) for pair in pairwise(edges) if pair[0] < pair[1]]


def in_pairs(text: str) -> bool:
    """Whether every bracket and quotation mark that is opened is closed: no name was cut in two."""
    return all(text.count(opened) == text.count(closed) for opened, closed in _BRACKETS)


@lru_cache(maxsize=1 << 16)
def size(text: str) -> int:
    """How many letters and digits."""
    return len(letters(text).text)


def converted(way: str, text: str) -> str:
    """In another script, by OpenCC; `way` is such as s2t."""
    changed: str = _converter(way).convert(text)
    return changed


_converter = cache(OpenCC)
