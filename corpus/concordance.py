"""Where a wording stands in the collection: word for word, or nearly.

The store's trigrams find the paragraphs to look at; consecutive ones are read as one stretch of words, so that a
wording may run over their edges.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate

import numpy as np

from corpus.alignment import Costs, infix, infix_distances
from corpus.document import Passage, Place, Role, Span
from corpus.library import Library
from corpus.sentences import sentences
from corpus.wording import Wording, wording

_MOST = 100  # paragraphs that hold a wording
_ALIKE = 12  # paragraphs that resemble each part of one
_PART = 40  # words to look up at once
_LONE = 4  # words from which a piece may stand in another sentence than the piece before it
_LEAST = 2  # letters of a piece: a single 不 stands everywhere
_STRETCHES = 12  # to align a wording with, those that share most with it; fewer if it is long
_ALIGNED = 12_000  # words in all that are aligned with a stretch
_SPLICE = 4  # edits that reading a wording as two halves from two places has to save
_BREAK = "\x1f"  # between words: no word holds it

_wording = lru_cache(128)(wording)  # one check comes to the same paragraphs several times: body, page, likeness


@dataclass(frozen=True)
class Stretch:
    """Consecutive paragraphs of one document as one sequence of words."""

    paragraphs: tuple[Passage, ...]

    @property
    def document(self) -> str:
        return self.paragraphs[0].document

    @cached_property
    def _wordings(self) -> tuple[Wording, ...]:
        return tuple(_wording(passage.text) for passage in self.paragraphs)

    @cached_property
    def words(self) -> tuple[str, ...]:
        return tuple(word for held in self._wordings for word in held.words)

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *accumulate(len(held.words) for held in self._wordings)]

    @cached_property
    def _line(self) -> tuple[str, list[int]]:
        """All words with breaks around them, and where each begins."""
        places = list(accumulate((len(word) + 1 for word in self.words), initial=0))
        return _BREAK + "".join(word + _BREAK for word in self.words), places

    def parts(self, words: Span) -> Iterator[tuple[Passage, Span]]:
        """The paragraphs that a range of words touches, each with the span of its text; an empty range touches one."""
        for passage, held, start in zip(self.paragraphs, self._wordings, self._starts, strict=False):
            first, last = max(words.start - start, 0), min(words.end - start, len(held.words))
            if first < last or (words.start == words.end and 0 <= words.start - start <= len(held.words)):
                yield passage, held.span(first, max(first, last))
                if words.start == words.end:
                    return

    def place(self, words: Span) -> tuple[int, int]:
        """Where in its document a range of words begins: the paragraph's first character, and the word in it."""
        at = bisect_right(self._starts, words.start) - 1
        return self.paragraphs[at].spans[0].start, words.start - self._starts[at]

    def text(self, words: Span) -> str:
        """From the first to the last of a range of words, all that stands between them, each paragraph on a line."""
        parts = list(self.parts(words))
        first, last = parts[0][1].start, parts[-1][1].end - len(parts[-1][0].text)
        return "\n".join(passage.text for passage, _ in parts)[first : last or None]

    def find(self, words: Sequence[str], since: int = 0) -> Iterator[Span]:
        """Every range of words, from word `since` on, that is just `words`."""
        line, places = self._line
        wanted = _BREAK + "".join(word + _BREAK for word in words)
        at = line.find(wanted, places[since])
        while at >= 0:
            start = bisect_right(places, at) - 1
            yield Span(start, start + len(words))
            at = line.find(wanted, at + 1)

    def in_one_sentence(self, one: int, other: int) -> bool:
        """Whether two words stand in the same sentence."""
        (first, there), (second, here) = (next(self.parts(Span(word, word + 1))) for word in (one, other))
        return first == second and any(
            held.start <= there.start and here.end <= held.end for held in sentences(first.text)
        )


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Where the pieces of a wording stand, in order, each as a range of the stretch's words."""

    stretch: Stretch
    ranges: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Likeness:
    """Where a range of the words looked for nearly stands: a range of the stretch's words, so many edits away."""

    wanted: Span
    stretch: Stretch
    range: Span
    distance: int


class Concordance:
    """The wordings of a store's current documents."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def exact(self, pieces: Sequence[Sequence[str]], roles: Collection[Role]) -> list[Occurrence]:
        """Where all pieces stand word for word and in this order, in paragraphs of these roles."""
        holding = [place for piece in pieces for place in self._holding(piece)]
        found = list(_occurrences(pieces, self._stretches(holding, roles, len(pieces) > 1)))
        if found:
            return found
        # A piece may run over the edge of a paragraph: then no paragraph holds it, but some hold much of it.
        return list(_occurrences(pieces, self._stretches(self._resembling(pieces), roles, len(pieces) > 1)))

    def nearest(self, words: Sequence[str], roles: Collection[Role], preferred: Collection[str]) -> list[Likeness]:
        """Where `words` stand with the fewest edits: one likeness, two if they look spliced, none if nothing is alike.

        Of places that are equally near, one in a `preferred` document.
        """
        most = max(2, min(_STRETCHES, _ALIGNED // len(words)))
        stretches = self._stretches(self._resembling([words]), roles, False)[:most]
        if not stretches:
            return []
        whole = _best(words, Span(0, len(words)), stretches, preferred)
        if whole.distance <= _SPLICE:
            return [whole]
        cut, edits = _cheapest_cut(words, stretches)
        if edits + _SPLICE >= whole.distance:
            return [whole]
        return [_best(words, half, stretches, preferred) for half in (Span(0, cut), Span(cut, len(words)))]

    def _holding(self, words: Sequence[str]) -> list[Place]:
        text = "".join(words)
        return self._library.full_text.holding(text, _MOST) if len(text) > 2 else []

    def _resembling(self, pieces: Iterable[Sequence[str]]) -> list[Place]:
        parts = ("".join(piece[at : at + _PART]) for piece in pieces for at in range(0, len(piece), _PART))
        return [place for part in dict.fromkeys(parts) for place in self._library.full_text.resembling(part, _ALIKE)]

    def _stretches(self, places: Iterable[Place], roles: Collection[Role], whole: bool) -> list[Stretch]:
        """The paragraphs at `places` with their neighbours, most hit first; `whole`: with all between them too."""
        wanted: dict[str, Counter[int]] = defaultdict(Counter)
        for place in places:
            wanted[place.document][place.position] += 1
        found = []
        for document, hits in wanted.items():
            paragraphs = enumerate(self._library.passages(document))
            held = [(at, passage) for at, passage in paragraphs if passage.role in roles]
            near = [at for at, (position, _) in enumerate(held) if position in hits]
            for run in _runs(near, len(held), whole):
                some = held[run.start : run.end]
                found.append((sum(hits[at] for at, _ in some), Stretch(tuple(passage for _, passage in some))))
        return [stretch for _, stretch in sorted(found, key=lambda held: -held[0])]


def _runs(places: Sequence[int], end: int, whole: bool) -> Iterator[Span]:
    """Ranges around `places`, one neighbour on either side, joined where they touch."""
    runs: list[Span] = []
    for at in places:
        run = Span(max(at - 1, 0), min(at + 2, end))
        if runs and (whole or run.start <= runs[-1].end):
            run = Span(runs.pop().start, run.end)
        runs.append(run)
    yield from runs


def _occurrences(pieces: Sequence[Sequence[str]], stretches: Iterable[Stretch]) -> Iterator[Occurrence]:
    for stretch in stretches if all(len("".join(piece)) >= _LEAST for piece in pieces) else ():
        if len(pieces) == 1:
            yield from (Occurrence(stretch, (found,)) for found in stretch.find(pieces[0]))
            continue
        chains = [chain for first in stretch.find(pieces[0]) if (chain := _chain(pieces, stretch, first))]
        if chains:
            yield Occurrence(stretch, min(chains, key=lambda chain: chain[-1].end - chain[0].start))


def _chain(pieces: Sequence[Sequence[str]], stretch: Stretch, first: Span) -> tuple[Span, ...] | None:
    """The pieces one after the other, each as soon as may be; None if one is missing."""
    chain = [first]
    for before, piece in zip(pieces, pieces[1:], strict=False):
        following = next(stretch.find(piece, chain[-1].end), None)
        if following is None:
            return None
        is_lone = min(len(before), len(piece)) < _LONE
        if is_lone and not stretch.in_one_sentence(chain[-1].end - 1, following.start):
            return None
        chain.append(following)
    return tuple(chain)


def _best(words: Sequence[str], part: Span, stretches: Iterable[Stretch], preferred: Collection[str]) -> Likeness:
    likenesses = []
    for stretch in stretches:
        held = infix(words[part.start : part.end], stretch.words)
        likenesses.append(Likeness(part, stretch, held.range, held.distance))
    return min(likenesses, key=lambda held: (held.distance, held.stretch.document not in preferred))


def _cheapest_cut(words: Sequence[str], stretches: Iterable[Stretch]) -> tuple[int, int]:
    """Where to cut `words` so that its halves, each at its own best place, take the fewest edits; and how many."""
    heads: list[Costs] = []
    tails: list[Costs] = []
    for stretch in stretches:
        heads.append(infix_distances(words, stretch.words)[0])
        tails.append(infix_distances(words[::-1], stretch.words[::-1])[0])
    total = np.min(heads, axis=0) + np.min(tails, axis=0)[::-1]
    cut = int(total.argmin())
    return cut, int(total[cut])
