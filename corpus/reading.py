"""Reading: one file as read, with what its format says about its text."""

import hashlib
import importlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import accumulate
from types import ModuleType

from corpus.document import CorpusError, Mark, Origin, Role, Span

CELL = "\u2003"  # between the cells of a table's row: white space that can be seen


@dataclass(frozen=True, slots=True)
class Reading:
    """`text_sha256` is None where the text of record, in UTF-8, is the file byte for byte.

    `marks` are in order; `origin` and `language` are what the file's own metadata state. With `has_blocks` each line is
    a paragraph, as the format says.
    """

    name: str
    data: bytes
    text: str
    reader: str
    marks: tuple[Mark, ...] = ()
    origin: Origin = Origin()
    language: str | None = None
    has_blocks: bool = False

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def text_sha256(self) -> str | None:
        encoded = self.text.encode()
        return None if encoded == self.data else hashlib.sha256(encoded).hexdigest()


def joined(blocks: Iterable[tuple[str, Role | None]]) -> tuple[str, tuple[Mark, ...]]:
    """A text of one block a line, and the marks of those whose role the file states."""
    held = [(text, role) for text, role in blocks if text.strip()]
    ends = accumulate(len(text) + 1 for text, _ in held)
    marks = (
        Mark(Span(end - 1 - len(text), end - 1), role) for (text, role), end in zip(held, ends, strict=True) if role
    )
    return "\n".join(text for text, _ in held), tuple(marks)


def row(cells: Sequence[Sequence[tuple[str, Role | None]]]) -> list[tuple[str, Role | None]]:
    """The blocks of a table's row, given those of each cell: one line, unless a cell holds more than a line itself."""
    said = [[(text, role) for text, role in cell if text.strip()] for cell in cells]
    if any(len(cell) > 1 for cell in said) or sum(map(bool, said)) < 2:
        return [block for cell in said for block in cell]
    return [(CELL.join(" ".join(text.split()) for cell in said for text, _ in cell), None)]


def library(module: str, extra: str) -> ModuleType:
    """A library that only one format needs. Raises CorpusError if it is not installed."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise CorpusError(f"reading {extra} files needs an extra: pip install 'yinju[{extra}]'") from error


def with_version(distribution: str) -> str:
    """What a text is said to be read by."""
    return f"{distribution} {version(distribution)}"
