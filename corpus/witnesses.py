"""Which documents witness one work, which of their paragraphs correspond, and where the wording differs.

Everything is compared on folded letters and digits, so script, width, punctuation and line breaks are no difference.
"""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from heapq import nsmallest

from corpus.alignment import carried, edits
from corpus.document import Passage, Span
from corpus.folding import letters

_GRAM = 3
_LONG_GRAM, _LEAST = 8, 4  # letters, and hashes of each paragraph, of a sketch
_SAME = 0.6  # Dice coefficient of two paragraphs' character 3-grams from which they are the same paragraph
_SHARE = 0.5  # of the shorter document's letters that correspond in two witnesses of one work
_ENOUGH = 200  # letters that must correspond: a shared greeting makes no witness


@dataclass(frozen=True, slots=True)
class Variant:
    """One place where a witness differs: spans into the base's and the witness's text, and the witness's wording."""

    base: Span
    witness: Span
    text: str


def variants(base: str, witness: str) -> tuple[Variant, ...]:
    """The fewest edits of letters and digits that make `witness` out of `base`, neighbouring ones joined."""
    folded = letters(base), letters(witness)
    found = []
    for base_range, witness_range in edits(folded[0].text, folded[1].text):
        there = folded[1].source(*witness_range)
        found.append(Variant(folded[0].source(*base_range), there, there.of(witness)))
    return tuple(found)


class Body:
    """The body paragraphs of one document, ready to be compared."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = tuple(texts)

    def __len__(self) -> int:
        return len(self._texts)

    @cached_property
    def letters(self) -> tuple[str, ...]:
        """Folded letters and digits, paragraph by paragraph."""
        return tuple(letters(text).text for text in self._texts)

    @cached_property
    def grams(self) -> tuple[frozenset[str], ...]:
        """The character 3-grams of each paragraph."""
        return tuple(map(_grams, self.letters))

    @cached_property
    def sketch(self) -> frozenset[int]:
        """A few numbers for each paragraph, of which two files of one work share some: the least hashes of its letters.

        After A. Broder, "On the resemblance and containment of documents" (1997).
        """
        found: set[int] = set()
        for text in self.letters:
            grams = {text[at : at + _LONG_GRAM] for at in range(len(text) - _LONG_GRAM + 1)}
            hashes = (int.from_bytes(blake2b(gram.encode(), digest_size=7).digest(), "big") for gram in grams)
            found.update(nsmallest(_LEAST, hashes))
        return frozenset(found)


def align(first: Body, second: Body) -> tuple[tuple[int, int], ...]:
    """Pairs (i, j) of paragraphs that are each other's best match; equals are told apart by their place."""
    scores = _similarities(first.grams, second.grams)
    ranked = {
        pair: (score, -abs(pair[0] / len(first) - pair[1] / len(second)), -pair[1]) for pair, score in scores.items()
    }
    forward = _best(ranked, side=0)
    backward = _best(ranked, side=1)
    return tuple(sorted(pair for pair in forward.values() if backward[pair[1]] == pair))


def _best(ranked: dict[tuple[int, int], tuple[float, float, int]], side: int) -> dict[int, tuple[int, int]]:
    best: dict[int, tuple[int, int]] = {}
    for pair, rank in ranked.items():
        rival = best.get(pair[side])
        if rival is None or rank > ranked[rival]:
            best[pair[side]] = pair
    return best


def _grams(text: str) -> frozenset[str]:
    return frozenset(text[at : at + _GRAM] for at in range(max(1, len(text) - _GRAM + 1))) if text else frozenset()


def _similarities(first: Sequence[frozenset[str]], second: Sequence[frozenset[str]]) -> dict[tuple[int, int], float]:
    postings: dict[str, list[int]] = defaultdict(list)
    for j, held in enumerate(second):
        for gram in held:
            postings[gram].append(j)
    scores = {}
    for i, held in enumerate(first):
        shared = Counter(j for gram in held & postings.keys() for j in postings[gram])
        for j, count in shared.items():
            dice = 2 * count / (len(held) + len(second[j]))
            if dice >= _SAME:
                scores[i, j] = dice
    return scores


def bases(witnesses: Sequence[Sequence[Passage]]) -> dict[str, str]:
    """Passage id → id of the base passage that it witnesses: the first document's that holds the same paragraph."""
    found: dict[str, str] = {}
    bodies = [Body(passage.text for passage in held) for held in witnesses]
    for at, (held, body) in enumerate(zip(witnesses, bodies, strict=True)):
        for earlier, other in zip(witnesses[:at], bodies, strict=False):
            if all(passage.id in found for passage in held):
                break
            for i, j in align(body, other):
                found.setdefault(held[i].id, found[earlier[j].id])
        for passage in held:
            found.setdefault(passage.id, passage.id)
    return found


def are_witnesses(first: Body, second: Body) -> bool:
    """Whether two documents are two files of one work."""
    shared = sum(len(first.letters[i]) for i, _ in align(first, second))
    shorter = min(sum(map(len, body.letters)) for body in (first, second))
    return shared >= max(_ENOUGH, _SHARE * shorter)


def corresponding(span: Span, base: str, witness: str) -> Span:
    """The span of `witness` that stands where `span` stands in `base`."""
    if base == witness:
        return span
    folded = letters(base), letters(witness)
    first = bisect_right(folded[0].ends, span.start)
    last = bisect_left(folded[0].starts, span.end)
    start, end = carried((first, last), folded[0].text, folded[1].text)
    inside = folded[1].source(start, end)
    return _with_punctuation(witness, inside)


def _with_punctuation(text: str, span: Span) -> Span:
    """`span`, widened to the closing punctuation that follows it."""
    end = span.end
    while end < len(text) and not text[end].isalnum() and not text[end].isspace() and text[end] not in "《“「『（([«‘":
        end += 1
    return Span(span.start, end)
