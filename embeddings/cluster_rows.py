"""Rows as entries of a table in a cluster: what they are found by, and all that is looked at when they are."""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence

import numpy as np

from corpus.document import Span
from corpus.table import MOST, Entry, Field, Kind, digest, joined, number, word
from embeddings.preparation import Batch
from embeddings.rows import Row
from embeddings.tokens import Piece

K1, B = 1.2, 0.75  # of BM25, as everywhere


def rows_table(dimension: int) -> dict[str, Field]:
    """The fields of the table of rows."""
    return {
        "vector": Field(Kind.VECTOR, dimension=dimension),
        "terms": Field(Kind.WORDS, b=B),
        "term_ids": Field(Kind.NUMBERS, indexed=True),
        "words": Field(Kind.TEXT),
        "word_ids": Field(Kind.NUMBERS, indexed=True),
        "documents": Field(Kind.NAMES, indexed=True),
        "language": Field(Kind.NAME, indexed=True),
        "is_base": Field(Kind.FLAG),
        "draw": Field(Kind.SHARE, indexed=True),
        "length": Field(Kind.NUMBER),
        "row": Field(Kind.TEXT),
        "term_text": Field(Kind.TEXT),
        "pieces": Field(Kind.TEXT),
    }


LOOKED_AT = ("vector", "row", "term_text", "words", "language", "pieces")


def row_id(row: Row) -> int:
    """By which a row is known: rows that are equal in all are one."""
    return digest(row.line)


def entries(batch: Batch, keeps_tokens: bool) -> Iterator[Entry]:
    """What the table keeps of rows. Token vectors that depend on their neighbours would not fit."""
    held = zip(batch.rows, batch.vectors, batch.pieces, batch.terms, batch.words, batch.tags, strict=True)
    for row, vector, pieces, terms, words, tag in held:
        id_ = row_id(row)
        yield {
            "id": id_,
            "vector": vector.tolist(),
            "terms": joined(map(word, terms.split())),
            "term_ids": sorted({number(term) for term in terms.split()})[:MOST],
            "words": words,
            "word_ids": sorted({number(one) for one in words.split()})[:MOST],
            "documents": sorted(row.documents)[:MOST],
            "language": tag,
            "is_base": row.is_base,
            "draw": (id_ & (1 << 53) - 1) / (1 << 53),
            "length": len(terms.split()),
            "row": row.line,
            "term_text": terms,
            "pieces": _written(pieces) if keeps_tokens else "",
        }


def _written(pieces: Sequence[Piece]) -> str:
    held = [
        [*piece.span, b64encode(piece.tokens.astype(np.uint32).tobytes()).decode(), sorted(piece.concepts)]
        for piece in pieces
    ]
    return json.dumps(held, ensure_ascii=False)


def pieces_of(held: str) -> tuple[Piece, ...]:
    return tuple(
        Piece(Span(start, end), np.frombuffer(b64decode(tokens), np.uint32), frozenset(concepts))
        for start, end, tokens, concepts in json.loads(held)
    )
