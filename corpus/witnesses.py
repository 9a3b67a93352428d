"""Which documents witness one work, which of their paragraphs correspond, and where the wording differs.

Everything is compared on folded letters and digits, so script, width, punctuation and line breaks are no difference.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from heapq import nsmallest

from corpus.alignment import carried, edits
from corpus.document import Passage, Span
from corpus.folding import Folded, letters

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


def align(first: Sequence[str], second: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Pairs (i, j) of paragraphs that are each other's best match; equals are told apart by their place."""
    scores = _similarities([_folded(text) for text in first], [_folded(text) for text in second])
    ranked = {
        pair: (score, -abs(pair[0] / len(first) - pair[1] / len(second)), -pair[1]) for pair, score in scores.items()
    }
    forward = _best(ranked, side=0)
    backward = _best(ranked, side=1)
    return tuple(sorted(pair for pair in forward.values() if backward[pair[1]] == pair))


def _folded(text: str) -> str:
    folded: Folded = letters(text)
    return folded.text


def _best(ranked: dict[tuple[int, int], tuple[float, float, int]], side: int) -> dict[int, tuple[int, int]]:
    best: dict[int, tuple[int, int]] = {}
    for pair, rank in ranked.items():
        rival = best.get(pair[side])
        if rival is None or rank > ranked[rival]:
            best[pair[side]] = pair
    return best


def _grams(text: str) -> frozenset[str]:
    return frozenset(text[at : at + _GRAM] for at in range(max(1, len(text) - _GRAM + 1))) if text else frozenset()


def _similarities(first: Sequence[str], second: Sequence[str]) -> dict[tuple[int, int], float]:
    grams = [_grams(text) for text in first], [_grams(text) for text in second]
    postings: dict[str, list[int]] = defaultdict(list)
    for j, held in enumerate(grams[1]):
        for gram in held:
            postings[gram].append(j)
    scores = {}
    for i, held in enumerate(grams[0]):
        shared = Counter(j for gram in held for j in postings.get(gram, ()))
        for j, count in shared.items():
            dice = 2 * count / (len(held) + len(grams[1][j]))
            if dice >= _SAME:
                scores[i, j] = dice
    return scores


def bases(witnesses: Sequence[Sequence[Passage]]) -> dict[str, str]:
    """Passage id → id of the base passage that it witnesses: the first document's that holds the same paragraph."""
    found: dict[str, str] = {}
    for at, body in enumerate(witnesses):
        texts = [passage.text for passage in body]
        found |= {passage.id: passage.id for passage in body}
        for earlier in reversed(witnesses[:at]):
            for i, j in align(texts, [passage.text for passage in earlier]):
                found[body[i].id] = found[earlier[j].id]
    return found


def are_witnesses(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether two documents, given as their body paragraphs, are two files of one work."""
    pairs = align(first, second)
    shared = sum(len(_folded(first[i])) for i, _ in pairs)
    shorter = min(sum(len(_folded(text)) for text in side) for side in (first, second))
    return shared >= max(_ENOUGH, _SHARE * shorter)


def sketch(texts: Iterable[str]) -> frozenset[int]:
    """A few numbers for each paragraph, of which two files of one work share some: the least hashes of its letters.

    After A. Broder, "On the resemblance and containment of documents" (1997).
    """
    found: set[int] = set()
    for text in texts:
        folded = _folded(text)
        grams = {folded[at : at + _LONG_GRAM] for at in range(len(folded) - _LONG_GRAM + 1)}
        hashes = (int.from_bytes(blake2b(gram.encode(), digest_size=7).digest(), "big") for gram in grams)
        found.update(nsmallest(_LEAST, hashes))
    return frozenset(found)


def corresponding(span: Span, base: str, witness: str) -> Span:
    """The span of `witness` that stands where `span` stands in `base`."""
    if base == witness:
        return span
    folded = letters(base), letters(witness)
    first = sum(origin.end <= span.start for origin in folded[0].origins)
    last = sum(origin.start < span.end for origin in folded[0].origins)
    start, end = carried((first, last), folded[0].text, folded[1].text)
    inside = folded[1].source(start, end)
    return _with_punctuation(witness, inside)


def _with_punctuation(text: str, span: Span) -> Span:
    """`span`, widened to the closing punctuation that follows it."""
    end = span.end
    while end < len(text) and not text[end].isalnum() and not text[end].isspace() and text[end] not in "《“「『（([«‘":
        end += 1
    return Span(span.start, end)
