"""Text → tokens with their places. A Unigram tokenizer is read without the trie that the library makes of it.

That trie takes 100 MB for 95,000 pieces, which is half of what a service should need; for the few words of a question
a dictionary does. All else, normalisation and cutting into words, stays the library's.
"""

import json
from array import array
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any

from tokenizers import PreTokenizedString, Token, Tokenizer

_UNKNOWN = 10.0  # what an unknown character scores less than the rarest piece, as in SentencePiece
_REMEMBERED = 1 << 14  # words
_MANY = 64  # texts; so many are worth the library's own tokenizer, which is faster once it is loaded


class Encodings:
    """Of one tokenizer.json. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        """Raises whatever tokenizers raises of a file that is none."""
        told = json.loads(path.read_text("utf-8"))
        self._path = path
        self._whole: Any = None
        self._light: Unigram | None = None
        if told["model"]["type"] == "Unigram" and not told["model"].get("byte_fallback"):
            self._light = Unigram(told)
        else:
            self._whole = self._loaded()

    def __call__(self, texts: Sequence[str]) -> Sequence[Any]:
        """What the library's `encode_batch` gives, without special tokens: `ids` and `offsets` of each text."""
        if self._light and len(texts) < _MANY and not self._whole:
            return [self._light.encode(text) for text in texts]
        self._whole = self._whole or self._loaded()
        encoded: Sequence[Any] = self._whole.encode_batch(list(texts), add_special_tokens=False)
        return encoded

    def _loaded(self) -> Any:
        tokenizer = Tokenizer.from_file(str(self._path))
        tokenizer.no_padding()
        return tokenizer


class Unigram:
    """The most probable pieces of each word (Kudo 2018), by Viterbi's algorithm."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        """From what a tokenizer.json holds."""
        model = told["model"]
        pieces, scores = zip(*model["vocab"], strict=True)
        self._places = dict(zip(pieces, range(len(pieces)), strict=True))
        self._scores = array("d", scores)
        self._unknown, self._worst = model["unk_id"], min(self._scores) - _UNKNOWN
        self._longest = max(map(len, self._places))
        wordless = {"type": "WordLevel", "vocab": {"?": 0}, "unk_token": "?"}
        self._rest = Tokenizer.from_str(json.dumps({**told, "model": wordless}))
        self._tokens = lru_cache(_REMEMBERED)(self._cut)

    def encode(self, text: str) -> Any:
        """As the library does."""
        words = PreTokenizedString(text)
        if self._rest.normalizer:
            words.normalize(self._rest.normalizer.normalize)
        if self._rest.pre_tokenizer:
            self._rest.pre_tokenizer.pre_tokenize(words)
        words.tokenize(lambda word: list(self._tokens(word)))
        return words.to_encoding()

    def _cut(self, word: str) -> tuple[Token, ...]:
        places = [0, *accumulate(len(char.encode()) for char in word)]  # Token counts bytes
        return tuple(
            Token(piece, word[start:end], (places[start], places[end])) for piece, start, end in self._pieces(word)
        )

    def _pieces(self, word: str) -> Iterator[tuple[int, int, int]]:
        """Piece, start and end of each; unknown characters next to each other are one."""
        best = self._best(word)
        found, end = list[tuple[int, int, int]](), len(word)
        while end:
            _, start, piece = best[end]
            if found and piece == self._unknown == found[-1][0]:
                found[-1] = piece, start, found[-1][2]
            else:
                found.append((piece, start, end))
            end = start
        return reversed(found)

    def _best(self, word: str) -> list[tuple[float, int, int]]:
        """For each end: the best score of all before it, and where its last piece starts, and which one that is."""
        best: list[tuple[float, int, int]] = [(0.0, 0, 0), *[(float("-inf"), 0, 0)] * len(word)]
        for start in range(len(word)):
            score = best[start][0]
            is_known = False
            for end in range(start + 1, min(len(word), start + self._longest) + 1):
                piece = self._places.get(word[start:end])
                if piece is not None:
                    is_known |= end == start + 1
                    if score + self._scores[piece] > best[end][0]:
                        best[end] = score + self._scores[piece], start, piece
            if not is_known and score + self._worst > best[start + 1][0]:
                best[start + 1] = score + self._worst, start, self._unknown
        return best
