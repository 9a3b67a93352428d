"""Bytes → the text of record, by file format. For text files that is the decoded file, without newline translation.

For html, pdf and docx it is what the reader built, block by block; the reader's name and version are kept with it.
"""

import hashlib
import importlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

from corpus.document import CorpusError, Mark, Origin

_BYTE_ORDER_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


@dataclass(frozen=True, slots=True)
class Reading:
    """One file as read. `text_sha256` is None where the text of record, in UTF-8, is the file byte for byte."""

    name: str
    data: bytes
    text: str
    reader: str
    marks: tuple[Mark, ...] = ()
    origin: Origin = Origin()
    language: str | None = None

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def text_sha256(self) -> str | None:
        encoded = self.text.encode()
        return None if encoded == self.data else hashlib.sha256(encoded).hexdigest()


def read_file(path: Path) -> Reading:
    """Read one file. Raises CorpusError if it is missing, unreadable, or not what its suffix says."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CorpusError(f"{path}: {error.strerror}; check the path and its permissions") from error
    return read(path.name, data)


def read(name: str, data: bytes) -> Reading:
    """Read `data` as the format that the suffix of `name` says. Raises CorpusError as `read_file` does."""
    suffix = Path(name).suffix.lower()
    reader = _READERS.get(suffix)
    if reader is None:
        raise CorpusError(f"{name}: unknown suffix; can read {', '.join(_READERS)}")
    try:
        text, reader_name = reader(name, data)
    except CorpusError:
        raise
    except Exception as error:  # whatever a parser throws at a broken file
        raise CorpusError(f"{name}: not a readable {suffix[1:].upper()} ({error}); open and save it anew") from error
    text = text.encode("utf-8", "replace").decode()  # half a surrogate pair, out of a broken font, can't be stored
    if not text.strip():
        raise CorpusError(f"{name}: holds no text")
    return Reading(name, data, text, reader_name)


def suffixes() -> frozenset[str]:
    """The suffixes that `read` knows."""
    return frozenset(_READERS)


def _plain(name: str, data: bytes) -> tuple[str, str]:
    encoding = _BYTE_ORDER_MARKS.get(data[:2], "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise CorpusError(
            f"{name}: byte {error.start} is not {encoding.upper()}; convert the file to UTF-8 first, "
            "for example with iconv -f GB18030 -t UTF-8"
        ) from error
    if "\0" in text:
        raise CorpusError(f"{name}: holds NUL characters, so it is a binary file and not text")
    return text, encoding


def _html(name: str, data: bytes) -> tuple[str, str]:
    trafilatura = _library("trafilatura", "html")
    return trafilatura.extract(data, include_comments=False) or "", _named("trafilatura")


def _pdf(name: str, data: bytes) -> tuple[str, str]:
    pypdf = _library("pypdf", "pdf")
    return "\f".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages), _named("pypdf")


def _docx(name: str, data: bytes) -> tuple[str, str]:
    docx = _library("docx", "docx")
    return "\n".join(_blocks(docx.Document(io.BytesIO(data)))), _named("python-docx")


def _blocks(container: Any) -> Iterator[str]:
    """The paragraphs of a document or a table cell, in order, those inside tables too."""
    for item in container.iter_inner_content():
        if hasattr(item, "rows"):
            yield from (block for row in item.rows for cell in row.cells for block in _blocks(cell))
        else:
            yield item.text


def _library(module: str, extra: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise CorpusError(f"reading {extra} files needs an extra: pip install 'yinju[{extra}]'") from error


def _named(distribution: str) -> str:
    return f"{distribution} {version(distribution)}"


_READERS: dict[str, Callable[[str, bytes], tuple[str, str]]] = {
    ".txt": _plain,
    ".md": _plain,
    ".html": _html,
    ".pdf": _pdf,
    ".docx": _docx,
}
