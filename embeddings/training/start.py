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
from embeddings.training.inflection import Inflection, folded
from embeddings.training.meanings import DIMENSIONS, SIF, Meanings, Vectors, unit
from embeddings.training.texts import Texts
from embeddings.training.tokenizer import encode
from embeddings.training.vocabulary import RAREST, Piece

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
    words, vectors = word_vectors(pieces, entries, meanings)
    rows = {word: row for row, word in enumerate(words)}
    owners, explained, weights = zip(*spellings(tokenizer, pieces, words), strict=True)
    spelled = csr_array((weights, (owners, [rows[word] for word in explained])), (len(pieces) + SPECIAL, len(words)))
    table = by_prefix(pieces, by_family(pieces, unit((spelled @ vectors).astype(np.float32))))
    known: NDArray[np.bool_] = np.linalg.norm(table, axis=1) > 0
    return table, known


def word_vectors(
    pieces: Sequence[Piece], entries: Sequence[Entry], meanings: Meanings
) -> tuple[Sequence[str], Vectors]:
    """Every word that is explained, and the unit vector of all that is said about it."""
    english = [piece.text.removeprefix("▁") for piece in pieces if piece.script == "latin" and not piece.inner]
    told = [(word, word, TEACHER_WEIGHT) for word in english]
    told += [(folded(entry.word), entry.english, WEIGHTS[entry.source]) for entry in entries]
    words = {word: row for row, word in enumerate(dict.fromkeys(word for word, _, _ in told))}
    rows = meanings.find([string for _, string, _ in told])
    weights = [weight for _, _, weight in told]
    shape = (len(words), len(meanings.vectors))
    said = csr_array((weights, ([words[word] for word, _, _ in told], rows)), shape=shape)
    return list(words), unit((said @ meanings.vectors).astype(np.float32))


def spellings(tokenizer: Tokenizer, pieces: Sequence[Piece], words: Sequence[str]) -> Iterator[tuple[int, str, float]]:
    """(token, word, weight) for each form of a word that is one piece, or a Russian stem and its ending."""
    inflection = Inflection.known()
    forms = [(form, word, frequency + RAREST) for word in words for form, frequency in inflection.of(word)]
    for (_, word, weight), tokens in zip(forms, encode(tokenizer, [form for form, _, _ in forms]), strict=True):
        if is_owner([pieces[token - SPECIAL] for token in tokens]):
            yield tokens[0], word, weight


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
