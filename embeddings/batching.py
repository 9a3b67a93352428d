"""Texts of many threads, encoded together: several short questions take a transformer little longer than one.

They also have to be encoded one call after the other: tokenizers keep the padding of the call that is being made as a
setting of their own, so that two calls at once spoil each other.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from embeddings.encoder import Encoder, Tokens, Vectors

_MOST = 32  # texts in one call of the model
_PADDED = 8192  # characters in one call, each text counted as long as the longest, to which the model pads them all
_WINDOW = 0.005  # seconds that a call waits for as many others as the one before it had

_Encode = Callable[[Sequence[str]], Any]  # texts → as many rows


class Batched:
    """An Encoder around one that is slow. Safe to share between threads, even if that one is not; it starts none.

    What is indexed comes many texts at a time, and lets questions in between.
    """

    def __init__(self, encoder: Encoder) -> None:
        self.name, self.dimension, self.table = encoder.name, encoder.dimension, encoder.table
        self._encoder, self._turns = encoder, _Turns()

    def encode_query(self, texts: Sequence[str]) -> Vectors:
        return self._vectors(self._encoder.encode_query, texts)

    def encode_document(self, texts: Sequence[str]) -> Vectors:
        return self._vectors(self._encoder.encode_document, texts)

    def encode_tokens(self, texts: Sequence[str]) -> list[Tokens]:
        held = [self._turns.rows(self._encoder.encode_tokens, part) for part in _parts(texts)]
        return [tokens for rows in held for tokens in rows]

    def _vectors(self, encode: _Encode, texts: Sequence[str]) -> Vectors:
        held = [self._turns.rows(encode, part) for part in _parts(texts)]
        return np.concatenate([np.zeros((0, self.dimension), np.float32), *held])


def _parts(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    return (texts[start : start + _MOST] for start in range(0, len(texts), _MOST))


@dataclass(slots=True)
class _Call:
    """Some texts for one of the model's functions, and the rows or the error that came of them."""

    encode: _Encode
    texts: Sequence[str]
    rows: Any = None
    error: BaseException | None = None
    is_done: bool = False


class _Turns:
    """One model. Whoever finds it free calls it, for those first in the queue; everybody else waits for theirs."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: deque[_Call] = deque()
        self._is_busy = False
        self._company = 1  # calls that were encoded together the last time

    def rows(self, encode: _Encode, texts: Sequence[str]) -> Any:
        """What `encode` makes of `texts`. Raises what it raises, if only for a text that they were encoded with."""
        call = _Call(encode, texts)
        with self._changed:
            self._waiting.append(call)
            self._changed.notify_all()
        while self._has_to_lead(call):
            self._run(self._taken())
        if call.error is not None:
            raise call.error
        return call.rows

    def _has_to_lead(self, call: _Call) -> bool:
        """Wait until another has done the call, or until the model is free and it is up to this one."""
        with self._changed:
            self._changed.wait_for(lambda: call.is_done or not self._is_busy)
            if not call.is_done:
                self._is_busy = True
            return not call.is_done

    def _taken(self) -> list[_Call]:
        """The first in the queue and its like, after a moment for those to come; a lone caller is not kept waiting."""
        with self._changed:
            if self._company > 1:
                self._changed.wait_for(lambda: len(self._waiting) >= self._company, _WINDOW)
            taken = [self._waiting.popleft()]
            for call in tuple(self._waiting):
                if call.encode == taken[0].encode and _has_room(taken, call):
                    taken.append(call)
                    self._waiting.remove(call)
            return taken

    def _run(self, calls: Sequence[_Call]) -> None:
        made, error = None, None
        try:
            made = calls[0].encode([text for call in calls for text in call.texts])
        except BaseException as raised:  # each caller raises it
            error = raised
        with self._changed:
            start = 0
            for call in calls:
                end = start + len(call.texts)
                call.rows, call.error, call.is_done = None if made is None else made[start:end], error, True
                start = end
            self._is_busy, self._company = False, len(calls)
            self._changed.notify_all()


def _has_room(calls: Sequence[_Call], other: _Call) -> bool:
    texts = [text for call in (*calls, other) for text in call.texts]
    return len(texts) <= _MOST and len(texts) * max(map(len, texts)) <= _PADDED
