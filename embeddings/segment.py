"""Segment: some rows of an index with all that finds them, in a folder that never changes once it is written."""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpus.document import Span
from corpus.folding import fold
from corpus.language import language_of
from corpus.sentences import sentences
from embeddings.dense import DenseIndex
from embeddings.encoder import Encoder, Vectors
from embeddings.glossary import Glossary
from embeddings.lexical import LexicalIndex, writing_terms
from embeddings.rows import Row, Rows, writing_rows
from embeddings.tokens import TokenStore, unit, writing_tokens

Mask = NDArray[np.bool_]

_TITLE = 0.3  # of a title's vector, added to the passage's
_BATCH = 256
_DENSE, _SENTENCES, _OWNERS = "dense.faiss", "sentences.faiss", "sentence-rows.npy"
_LANGUAGES, _TAGS = "row-languages.npy", "languages.json"
_LEXICAL = "lexical"


class Segment:
    """Rows by number, from 0. Safe to share between threads."""

    def __init__(self, folder: Path, encoder: Encoder) -> None:
        """Open what `write` wrote with the same encoder; the caller has checked the files."""
        self.name = folder.name
        self.rows = Rows(folder)
        self.dense = DenseIndex.load(folder / _DENSE)
        self.lexical = LexicalIndex(folder / _LEXICAL)
        self.tokens = TokenStore(folder, encoder.dimension, encoder.table)
        # A number for the language of each row, and what the numbers stand for.
        self.languages: NDArray[np.uint8] = np.load(folder / _LANGUAGES)
        self.tags: tuple[str, ...] = tuple(json.loads((folder / _TAGS).read_text("utf-8")))
        self._sentences = DenseIndex.load(folder / _SENTENCES)
        self._owners: NDArray[np.int64] = np.load(folder / _OWNERS)  # the row of each sentence

    def holders(self, documents: Collection[str]) -> Mask:
        """Which rows hold a passage of one of `documents`."""
        mask = np.zeros(len(self.rows), np.bool_)
        for document in documents:
            mask[self.rows.of(document)] = True
        return mask

    def near(self, vector: Vectors, k: int, admitted: Mask | None) -> set[int]:
        """Rows, out of those admitted, whose vector, or that of one of their sentences, is near."""
        owned = None if admitted is None else admitted[self._owners]
        found = self._sentences.search(vector, k, owned)
        return {*self.dense.search(vector, k, admitted), *(int(self._owners[at]) for at in found)}


def write(
    folder: Path,
    rows: Iterable[Row],
    encoder: Encoder,
    glossary: Glossary,
    told: Callable[[Sequence[Row]], None] = lambda rows: None,
) -> str:
    """Fill the empty `folder` with `rows`, of which few are held at once; returns a digest of them.

    `told` hears of each batch when it is done.
    """
    sha256, owners, tags, languages = hashlib.sha256(), list[int](), dict[str, int](), list[int]()
    dense, cut = DenseIndex(encoder.dimension), DenseIndex(encoder.dimension)
    with (
        writing_rows(folder) as add_row,
        writing_tokens(folder) as add_tokens,
        writing_terms(folder / _LEXICAL) as add_terms,
    ):
        for batch in _batches(rows):
            texts, titles = [row.text for row in batch], [row.title for row in batch]
            held = [(at, span.of(text)) for at, text in enumerate(texts, len(dense)) for span in _several(text)]
            owners += [at for at, _ in held]
            cut.add(encoder.encode_document([text for _, text in held]))
            titled = np.array([[_TITLE if title else 0.0] for title in titles], np.float32)
            dense.add(unit(encoder.encode_document(texts) + titled * encoder.encode_document(titles)))
            encoded = zip(encoder.encode_tokens(texts), encoder.encode_tokens(titles), strict=True)
            for row, (tokens, title) in zip(batch, encoded, strict=True):
                sha256.update(row.line.encode())
                mentions = glossary.mentions(row.text, nested=True)
                add_row(row)
                add_tokens(row.text, tokens, mentions, title)
                terms = [*glossary.analyser.terms(row.title), *glossary.analyser.terms(row.text)]
                terms += (concept_term(mention.concept.id) for mention in mentions)
                add_terms(terms, words_of(row.text), row.documents)
                languages.append(tags.setdefault(language_tag(row.text), len(tags)))
            told(batch)
    dense.save(folder / _DENSE)
    cut.save(folder / _SENTENCES)
    np.save(folder / _OWNERS, np.array(owners, np.int64))
    np.save(folder / _LANGUAGES, np.array(languages, np.uint8))
    (folder / _TAGS).write_text(json.dumps(list(tags)), "utf-8")
    return sha256.hexdigest()


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    left = iter(rows)
    while batch := list(islice(left, _BATCH)):
        yield batch


def _several(text: str) -> tuple[Span, ...]:
    """The sentences of a text that has more than one: a lone one's vector is the text's."""
    held = sentences(text)
    return held if len(held) > 1 else ()


def words_of(text: str) -> list[str]:
    """The words of a text as phrases are looked for: folded, Han characters one by one."""
    return [word for word, _ in fold(text).words()]


def concept_term(concept: str) -> str:
    """The term of a concept that a row names."""
    return f"§{concept}"


def language_tag(text: str) -> str:
    """Without the script: names and backgrounds are those of a language in either."""
    return language_of(text).split("-")[0]
