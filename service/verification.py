"""Is this quotation in the collection, and does it say what its source says?

Found means: every word stands there, in this order. What differs in script, width, case, spacing or punctuation is
named; any other difference makes it altered, with the fewest edits that lead to it, and whether the sense turns on one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby, pairwise

from corpus.concordance import Concordance, Likeness, Occurrence
from corpus.document import Passage, Role, Span
from corpus.language import language_of
from corpus.library import Library
from corpus.quotation import Cut, cuts, differences, fused, pieces, readings, said
from corpus.wording import Wording
from embeddings.glossary import Glossary
from service.alteration import Alterations, Edit
from service.lookup import Cited, Lookup
from service.question import listed

SHORTEST = 4  # letters and digits
LONGEST = 5_000  # characters
_MOST_ELLIPSES = 40
_ALTERED = 0.4  # edits per word up to which a wording is an alteration of another
_BRIEFLY = 0.25  # the same for less than `_BRIEF` words, which are soon like anything
_BRIEF = 8
_PLACES = 20  # to show
_BODY = frozenset({Role.BODY})
_TEXT = frozenset({Role.BODY, Role.HEADING})
_ANY = frozenset(Role)


class BadQuotation(ValueError):
    """A quotation that can't be checked, or a claim about it that names nothing; the message says what would do."""


class Verdict(StrEnum):
    """`MISATTRIBUTED` is found, but not where it is claimed to be from."""

    FOUND = "found"
    ALTERED = "altered"
    MISATTRIBUTED = "misattributed"
    NOT_FOUND = "not_found"


class Reason(StrEnum):
    """Why a quotation is not found, or what kind of alteration it is."""

    OUTSIDE_BODY = "outside_body"
    LANGUAGE = "language"
    SPLICED = "spliced"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class Claim:
    """Where a quotation is said to be from: a work, a document, or both."""

    work: str | None = None
    document: str | None = None


@dataclass(frozen=True, slots=True)
class Quoted:
    """A paragraph with the spans of its text that the quotation covers; those of one `place` together hold it all."""

    place: int
    spans: tuple[Span, ...]
    cuts: tuple[Cut, ...]
    cited: Cited


@dataclass(frozen=True, slots=True)
class Outside:
    """A paragraph that stands on a document's page and is no part of its body."""

    document: str
    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What came of a check. `differences` are those that make no other words: script, width, case and the like."""

    text: str
    verdict: Verdict
    reason: Reason | None = None
    differences: tuple[str, ...] = ()
    passages: tuple[Quoted, ...] = ()
    edits: tuple[Edit, ...] = ()
    outside: tuple[Outside, ...] = ()

    @property
    def is_truncated(self) -> bool:
        """Whether the first place's sentences go on, or begin, with words on which the sense may turn."""
        return any(quoted.cuts for quoted in self.passages if quoted.place == 0)

    @property
    def is_critical(self) -> bool:
        return self.is_truncated or self.reason is Reason.SPLICED or any(edit.is_critical for edit in self.edits)


class Verifier:
    """Checks quotations against a store. Safe to share between threads."""

    def __init__(self, library: Library, glossary: Glossary, lookup: Lookup) -> None:
        self._library = library
        self._lookup = lookup
        self._concordance = Concordance(library)
        self._alterations = Alterations(glossary)

    def verify(self, text: str, claimed: Claim | None = None) -> Verification:
        """Check one quotation. Raises BadQuotation."""
        if len(text) > LONGEST:
            raise BadQuotation(f"the quotation has {len(text)} characters; at most {LONGEST} are checked at once")
        if any("\ud800" <= char <= "\udfff" for char in text):
            raise BadQuotation("the quotation holds half a surrogate pair; send plain text")
        if text.count("…") + text.count("...") > _MOST_ELLIPSES:
            raise BadQuotation(f"the quotation leaves out too much to be checked: at most {_MOST_ELLIPSES} ellipses")
        words = said(text)
        if sum(map(str.isalnum, words.text)) < SHORTEST:
            raise BadQuotation(f"the quotation is too short to be told from chance; give {SHORTEST} letters or more")
        with self._library.reading():
            claimed_documents = self._documents(claimed)
            return (
                self._found(text, claimed_documents)
                or self._found_outside(text)
                or self._altered(text, words, claimed_documents)
                or self._not_found(text)
            )

    def _documents(self, claimed: Claim | None) -> frozenset[str] | None:
        """The documents that a claim admits; None if nothing is claimed."""
        if claimed is None or claimed == Claim():
            return None
        members = self._library.members()
        for name, known in (("work", {m.work for m in members}), ("document", {m.document for m in members})):
            wanted = getattr(claimed, name)
            if wanted is not None and wanted not in known:
                raise BadQuotation(f"claimed.{name}: no {wanted[:80]!r}; there are {listed(sorted(known)) or 'none'}")
        return frozenset(
            member.document
            for member in members
            if claimed.work in (None, member.work) and claimed.document in (None, member.document)
        )

    # Word for word.

    def _found(self, text: str, claimed: frozenset[str] | None) -> Verification | None:
        for words, parts in readings(text):
            places = self._places(_words(words, parts), claimed)
            if places:
                is_here = claimed is None or places[0].stretch.document in claimed
                return Verification(
                    text,
                    Verdict.FOUND if is_here else Verdict.MISATTRIBUTED,
                    differences=_differences(text, words, parts, places[0]),
                    passages=tuple(self._quoted(places)),
                )
        return None

    def _places(self, wanted: Sequence[Sequence[str]], claimed: frozenset[str] | None) -> list[Occurrence]:
        """Where the pieces stand, the claimed and the least cut first, and each paragraph of a work once."""
        found = self._concordance.exact(wanted, _BODY) or self._concordance.exact(wanted, _TEXT)

        def rank(place: Occurrence) -> tuple[bool, bool, bool]:
            touched = _touched(place)
            is_cut = any(_cuts(place, passage, spans) for passage, spans in touched)
            return place.stretch.document not in (claimed or ()), is_cut, self._base(touched[0][0]) != touched[0][0].id

        once: dict[tuple[object, ...], Occurrence] = {}
        for place in sorted((place for place in found if _touched(place)), key=rank):
            starts = [place.stretch.place(words)[1] for words in place.ranges]
            once.setdefault((*(self._base(passage) for passage, _ in _touched(place)), *starts), place)
        return list(once.values())[:_PLACES]

    def _base(self, passage: Passage) -> str:
        return self._library.group(passage.id)[0]

    def _quoted(self, places: Sequence[Occurrence]) -> Iterator[Quoted]:
        for at, place in enumerate(places):
            for passage, spans in _touched(place):
                cited = self._lookup.passage(passage.id)
                assert cited, "the paragraph was just read from the store"
                yield Quoted(at, spans, _cuts(place, passage, spans), cited)

    def _found_outside(self, text: str) -> Verification | None:
        for words, parts in readings(text):
            for place in self._concordance.exact(_words(words, parts), _ANY):
                return _outside(text, [passage for part in place.ranges for passage, _ in place.stretch.parts(part)])
        return None

    # Nearly.

    def _altered(self, text: str, words: Wording, claimed: frozenset[str] | None) -> Verification | None:
        parts = pieces(text, words)
        likenesses = self._nearest(words, parts, _BODY, claimed)
        if not likenesses:
            beside = self._nearest(words, parts, _ANY, None)
            passages = [passage for held in beside for passage, _ in held.stretch.parts(held.range)]
            return _outside(text, passages) if passages else None
        is_elsewhere = claimed is not None and not claimed & {held.stretch.document for held in likenesses}
        is_spliced = len(likenesses) > len(parts) or not _in_order(likenesses)
        return Verification(
            text,
            Verdict.ALTERED,
            Reason.SPLICED if is_spliced else Reason.ELSEWHERE if is_elsewhere else None,
            passages=tuple(self._quoted([Occurrence(held.stretch, (held.range,)) for held in likenesses])),
            edits=tuple(edit for held in likenesses for edit in self._alterations.edits(text, words, held)),
        )

    def _nearest(
        self, words: Wording, parts: Sequence[Span], roles: frozenset[Role], claimed: frozenset[str] | None
    ) -> list[Likeness]:
        """Where the parts of a quotation nearly stand; nothing if one of them is too far from everything."""
        found = []
        for part in parts:
            likenesses = self._concordance.nearest(words.words[part.start : part.end], roles, claimed or ())
            if not likenesses or any(held.distance > _allowed(held.wanted) for held in likenesses):
                return []
            found += [replace(held, wanted=held.wanted.moved(part.start)) for held in likenesses]
        return found

    def _not_found(self, text: str) -> Verification:
        held = {member.language.split("-")[0] for member in self._library.members()}
        is_foreign = language_of(text).split("-")[0] not in held
        return Verification(text, Verdict.NOT_FOUND, Reason.LANGUAGE if is_foreign else None)


def _allowed(wanted: Span) -> float:
    length = wanted.end - wanted.start
    return length * (_ALTERED if length >= _BRIEF else _BRIEFLY)


def _words(words: Wording, parts: Sequence[Span]) -> list[tuple[str, ...]]:
    return [words.words[part.start : part.end] for part in parts]


def _touched(place: Occurrence) -> list[tuple[Passage, tuple[Span, ...]]]:
    """The body paragraphs that an occurrence touches, each with the spans of its text, in order."""
    parts = [part for words in place.ranges for part in place.stretch.parts(words)]
    grouped = groupby(parts, key=lambda part: part[0])
    return [(passage, tuple(span for _, span in held)) for passage, held in grouped if passage.role is Role.BODY]


def _cuts(place: Occurrence, passage: Passage, spans: Sequence[Span]) -> tuple[Cut, ...]:
    return (*cuts(passage.text, spans), *_joints(place, passage))


def _joints(place: Occurrence, passage: Passage) -> Iterator[Cut]:
    """Where an ellipsis makes one sentence out of the halves of two, of which the first is the passage's."""
    for before, after in pairwise(place.ranges):
        (one, left), (other, entered) = list(place.stretch.parts(before))[-1], next(place.stretch.parts(after))
        cut = fused(one.text, left.end, other.text, entered.start) if one == passage else None
        if cut:
            yield cut


def _differences(text: str, words: Wording, parts: Sequence[Span], place: Occurrence) -> tuple[str, ...]:
    found: set[str] = {"ellipsis"} if len(parts) > 1 else set()
    for part, held in zip(parts, place.ranges, strict=True):
        found |= {*differences(place.stretch.text(held), words.span(*part).of(text))}
    return tuple(sorted(found))


def _in_order(likenesses: Sequence[Likeness]) -> bool:
    """Whether one document holds them one after the other."""
    places = [(held.stretch.document, held.stretch.place(held.range)) for held in likenesses]
    return all(one[0] == other[0] and one[1] <= other[1] for one, other in pairwise(places))


def _outside(text: str, passages: Sequence[Passage]) -> Verification:
    outside = tuple(Outside(p.document, p.role, p.text) for p in passages if p.role is not Role.BODY)
    return Verification(text, Verdict.NOT_FOUND, Reason.OUTSIDE_BODY, outside=outside)
