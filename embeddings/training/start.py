"""Token vectors before training: each piece gets the teacher's vector of what it means in English.

Dictionary distillation. An English word is asked of the teacher directly; a Chinese word or a Russian stem gets the
weighted mean of its glosses, titles and synonyms. Pieces that no dictionary explains get the mean of the English sides
of the sentences they occur in. The vector's length is the SIF weight (Arora, Liang & Ma 2017), so that a plain sum of
token vectors is already a weighted one.
"""

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import Stemmer
from numpy.typing import NDArray
from scipy.sparse import csr_array
from tokenizers import Tokenizer

from embeddings.training.data import PARALLEL, TITLES, pairs
from embeddings.training.glosses import WEIGHTS, Entry
from embeddings.training.meanings import DIMENSIONS, SIF, Meanings, Vectors, unit
from embeddings.training.texts import Texts
from embeddings.training.tokenizer import encode
from embeddings.training.vocabulary import Piece

log = logging.getLogger(__name__)

SPECIAL = 2  # [UNK] and "▁" come first and keep a zero vector
TEACHER_WEIGHT = 5.0  # an English word's own vector against what dictionaries of other languages say about it
SHORTEST_STEM = 4  # with its "▁"
SHORTEST_PREFIX, SHARED_PREFIX = 6, 0.6  # letters with the "▁", and the share of the stem that they must be
INNER_WEIGHT = 0.3
UNEXPLAINED_LENGTH = 0.3


def table(
    folder: Path, tokenizer: Tokenizer, pieces: Sequence[Piece], entries: Sequence[Entry], meanings: Meanings
) -> Vectors:
    explained, known = dictionary_vectors(tokenizer, pieces, entries, meanings)
    log.info("%d of %d pieces explained by a dictionary", known.sum(), len(pieces))
    explained *= sif_weights(pieces)[:, None]
    neighbours = context_vectors(folder, tokenizer, explained, ~known)
    log.info("%d more by the sentences they occur in", neighbours.any(axis=1).sum())
    vectors = explained + neighbours * sif_weights(pieces)[:, None] + noise(~known & ~neighbours.any(axis=1))
    vectors[:SPECIAL] = 0
    return vectors


def dictionary_vectors(
    tokenizer: Tokenizer, pieces: Sequence[Piece], entries: Sequence[Entry], meanings: Meanings
) -> tuple[Vectors, NDArray[np.bool_]]:
    """Unit vectors of the pieces that a dictionary explains, and which these are."""
    owners, strings, weights = zip(*explanations(tokenizer, pieces, entries), strict=True)
    rows = meanings.find(strings)
    told = csr_array((weights, (owners, rows)), shape=(len(pieces) + SPECIAL, len(meanings.vectors)))
    vectors = by_prefix(pieces, by_family(pieces, unit((told @ meanings.vectors).astype(np.float32))))
    known: NDArray[np.bool_] = np.linalg.norm(vectors, axis=1) > 0
    return vectors, known


def explanations(
    tokenizer: Tokenizer, pieces: Sequence[Piece], entries: Sequence[Entry]
) -> Iterator[tuple[int, str, float]]:
    """(token, English string, weight) for whatever is one piece, or a Russian stem and its ending."""
    for token, piece in enumerate(pieces, start=SPECIAL):
        if piece.script == "latin" and not piece.inner:
            yield token, piece.text.removeprefix("▁"), TEACHER_WEIGHT
    spellings = encode(tokenizer, [entry.word for entry in entries])
    for entry, tokens in zip(entries, spellings, strict=True):
        if is_owner([pieces[token - SPECIAL] for token in tokens]):
            yield tokens[0], entry.english, WEIGHTS[entry.source]


def is_owner(spelling: Sequence[Piece]) -> bool:
    match spelling:
        case [_]:
            return True
        case [opening, ending]:
            return ending.inner and not opening.inner and len(opening.text) >= SHORTEST_STEM
    return False


def by_family(pieces: Sequence[Piece], vectors: Vectors) -> Vectors:
    """Russian forms that no dictionary lists (заявления) take what is known of their stem's other forms (заявление)."""
    stem = Stemmer.Stemmer("russian").stemWord
    families: dict[str, list[int]] = defaultdict(list)
    for token, piece in enumerate(pieces, start=SPECIAL):
        if piece.script == "cyrillic" and not piece.inner and len(piece.text) >= SHORTEST_STEM:
            word = piece.text.removeprefix("▁")
            for name in {word, stem(word)}:
                families[name].append(token)
    shared = vectors.copy()
    for name in sorted(families):
        members = np.array(families[name])
        unknown = members[~vectors[members].any(axis=1)]
        shared[unknown] += vectors[members].sum(axis=0)
    return unit(shared)


def by_prefix(pieces: Sequence[Piece], vectors: Vectors) -> Vectors:
    """What is still unknown takes the mean of the stems it shares the longest beginning with: гидравлическ, -ик."""
    stems = {
        piece.text: token
        for token, piece in enumerate(pieces, start=SPECIAL)
        if piece.script == "cyrillic" and not piece.inner and len(piece.text) > SHORTEST_PREFIX
    }
    known: dict[str, list[int]] = defaultdict(list)
    for text, token in stems.items():
        if vectors[token].any():
            for length in range(SHORTEST_PREFIX, len(text) + 1):
                known[text[:length]].append(token)
    derived = vectors.copy()
    for text, token in stems.items():
        shared = next(
            (text[:length] for length in range(len(text), SHORTEST_PREFIX - 1, -1) if text[:length] in known), ""
        )
        if not vectors[token].any() and len(shared) >= SHARED_PREFIX * len(text):
            derived[token] = vectors[known[shared]].mean(axis=0)
    return unit(derived)


def sif_weights(pieces: Sequence[Piece]) -> Vectors:
    probabilities = np.exp([piece.log_probability for piece in pieces])
    inner = np.where([piece.inner for piece in pieces], INNER_WEIGHT, 1.0)
    return np.concatenate([np.zeros(SPECIAL), inner * SIF / (SIF + probabilities)]).astype(np.float32)


def context_vectors(folder: Path, tokenizer: Tokenizer, explained: Vectors, wanted: NDArray[np.bool_]) -> Vectors:
    """For the wanted tokens the mean vector of the English sides they occur beside, as unit vectors."""
    english, other = zip(*english_pairs(folder), strict=True)
    sides = Texts.of(encode(tokenizer, english))
    means = unit(occurrences(sides, len(explained)).T @ explained)
    means -= means.mean(axis=0)
    total = np.zeros_like(explained)
    for texts in (sides, Texts.of(encode(tokenizer, other))):
        total += occurrences(texts.keep(wanted[texts.tokens]), len(explained)) @ means
    return unit(total)


def english_pairs(folder: Path) -> Iterator[tuple[str, str]]:
    for name, languages in (PARALLEL | TITLES).items():
        if languages[0] == "en":
            yield from pairs(folder, name)


def occurrences(texts: Texts, vocabulary: int) -> csr_array:
    """Tokens × texts: how often each token stands in each text."""
    ones = np.ones(len(texts.tokens), dtype=np.float32)
    return csr_array((ones, (texts.tokens, texts.owners)), shape=(vocabulary, len(texts)))


def noise(rows: NDArray[np.bool_]) -> Vectors:
    """Pieces that nothing is known about start as short random vectors, to be moved by training."""
    random = np.random.default_rng(0).standard_normal((len(rows), DIMENSIONS)).astype(np.float32)
    vectors: Vectors = UNEXPLAINED_LENGTH * INNER_WEIGHT * unit(random) * rows[:, None]
    return vectors
