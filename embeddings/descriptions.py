"""What concepts are about, in everyday words: finds "ships through the northern ice" where a passage names the Arctic.

A description counts for the passages that name its concept, as in document expansion (Tao et al. 2006), but apart from
their own words: it can make a passage more probable, and is never shown.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings.arrays import READING
from embeddings.encoder import Encoder, Tokens, Vectors, unit
from embeddings.glossary import Glossary
from embeddings.late_interaction import Scores, soft_idf
from embeddings.rows import Places

_FILE = "descriptions.npz"
_NAMES = 3  # the most usual ones of each language, told with the description
_IN_CACHE = 256  # words, of two kilobytes each
_REMEMBERED = 4_000  # tokens; two kilobytes each
_STANDS_OUT = 6.0  # standard deviations; more of them say no more


class Fits:
    """How well a question fits each description, by concept.

    The margin is in standard deviations above the other ones, 0 to 6; beside it stands MaxSim, 0 to 1.
    """

    def __init__(self, places: Mapping[str, int], margins: Scores, late: Scores) -> None:
        self._places, self._margins = places, margins
        self._both = np.column_stack([np.append(margins, 0.0), np.append(late, 0.0)])

    def of(self, names: Sequence[str]) -> Scores:
        """(names, 2), margin and MaxSim; zeros for what has no description."""
        found: Scores = self._both[[self._places.get(name, -1) for name in names]]
        return found

    def best(self, count: int) -> list[str]:
        """The concepts that it fits best, the best first, equals by name."""
        least = np.partition(self._margins, -count)[-count] if len(self._margins) > count else 0.0
        near = np.flatnonzero(self._margins >= least)
        names = list(self._places)
        return sorted((names[at] for at in near), key=lambda name: (-self._margins[self._places[name]], name))[:count]


class Descriptions:
    """The described concepts of a glossary, held against questions."""

    def __init__(self, folder: Path) -> None:
        """Open what `build` wrote."""
        self._known = dict[int, Scores]()
        with READING, np.load(folder / _FILE) as held:
            self._concepts = {str(name): at for at, name in enumerate(held["concepts"])}
            # A vector for each language of each description, half its words, half the names; the first of each concept.
            self._centres, self._centre_starts = held["centres"].astype(np.float32), held["centre_starts"]
            # The words of all descriptions, each once; the words of each concept, and the first one of each concept.
            self._words, self._used, self._used_starts = held["words"].astype(np.float32), held["used"], held["starts"]

    @staticmethod
    def build(folder: Path, glossary: Glossary, encoder: Encoder) -> None:
        """Write the descriptions of `glossary` as `encoder` sees them."""
        described = [concept for concept in glossary if concept.about]
        told = [text for concept in described for text in concept.about.values()]
        named = [
            " ".join(concept.names.get(language, ())[:_NAMES]) for concept in described for language in concept.about
        ]
        edges = np.cumsum([0, *(len(concept.about) for concept in described)])
        words, used, texts = _words(encoder, told)
        starts = np.searchsorted(texts, edges[:-1])
        np.savez(
            folder / _FILE,
            concepts=np.array([concept.id for concept in described], np.str_),
            centres=unit(encoder.encode_document(told) + encoder.encode_document(named)).astype(np.float16),
            centre_starts=edges[:-1],
            # Each concept begins with a word of zeros, which is like nothing, so that none is empty.
            words=np.concatenate([np.zeros((1, encoder.dimension)), words]).astype(np.float16),
            used=np.insert(used + 1, starts, 0),
            starts=starts + np.arange(len(starts)),
        )

    def likeness(self, vector: Vectors, tokens: Tokens) -> Fits:
        """How well a question, given as vector and tokens, fits each described concept."""
        directed = np.linalg.norm(tokens.vectors, axis=1) > 0
        asked = tokens.vectors[directed]
        if not self._concepts or not len(asked):
            return Fits({}, np.zeros(0), np.zeros(0))
        near = np.maximum.reduceat(self._centres @ vector, self._centre_starts)
        directions = unit(asked)
        if tokens.ids is None:
            best = self._best(directions)
        else:
            best = self._remembered(directions, tokens.ids[directed].tolist())
        weights = soft_idf(asked, best.mean(axis=1))
        late = weights @ best**2 / weights.sum()
        margins = np.clip(_standardised(_standardised(near) + _standardised(late)), 0.0, _STANDS_OUT)
        return Fits(self._concepts, margins, late)

    def _best(self, asked: Vectors) -> Scores:
        """How near each token comes to a word of each concept: (tokens, concepts).

        Each is worked out alone, for in company the last bits of its figures would depend on it, but in turns with the
        others, so that a part of the words is read from memory once for all of them.
        """
        near = np.zeros((len(asked), len(self._words)), np.float32)
        for start in range(0, len(self._words), _IN_CACHE):
            part = slice(start, start + _IN_CACHE)
            for token, found in zip(asked, near, strict=True):
                np.dot(self._words[part], token, out=found[part])
        best = np.maximum.reduceat(near.take(self._used, axis=1), self._used_starts, axis=1)
        return np.maximum(best, 0.0).astype(np.float64)

    def _remembered(self, asked: Vectors, ids: Sequence[int]) -> Scores:
        """The same, of tokens that have the same vector wherever they stand: most of a question were asked before."""
        known = self._known if len(self._known) < _REMEMBERED else {}
        places = {name: at for at, name in enumerate(ids) if name not in known}  # a question may be one word, repeated
        if places:
            known = self._known = {**known, **dict(zip(places, self._best(asked[[*places.values()]]), strict=True))}
        return np.array([known[name] for name in ids])


def _words(encoder: Encoder, texts: Sequence[str]) -> tuple[Vectors, Places, Places]:
    """The tokens of some texts that have a direction: each once if they are known by ids; which ones the texts use, in
    order; and the text of each of those.
    """
    held = encoder.encode_tokens(texts) or encoder.encode_tokens([""])
    owners = np.repeat(np.arange(len(held)), [len(tokens.spans) for tokens in held])
    if encoder.table:
        ids, used = np.unique(np.concatenate([tokens.ids for tokens in held]), return_inverse=True)
        words = encoder.table(ids)
    else:
        words, used = unit(np.concatenate([tokens.vectors for tokens in held])), np.arange(len(owners))
    directed = (words != 0).any(axis=1)[used]
    return words, used[directed], owners[directed]


def _standardised(scores: NDArray[np.floating]) -> Scores:
    return np.asarray((scores - scores.mean()) / max(float(scores.std()), 1e-9), np.float64)
