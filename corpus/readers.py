"""Bytes → the text of record, by the format that a file's suffix says. Each format has a file of its own."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from corpus.document import CorpusError
from corpus.pdf import read_pdf
from corpus.plain import read_markdown, read_text
from corpus.reading import Reading
from corpus.webpage import read_page
from corpus.word import read_docx

_READERS: dict[str, Callable[[str, bytes], Reading]] = {
    ".txt": read_text,
    ".md": read_markdown,
    ".html": read_page,
    ".htm": read_page,
    ".pdf": read_pdf,
    ".docx": read_docx,
}


def read_file(path: Path) -> Reading:
    """Read one file. Raises CorpusError if it is missing, unreadable, or not what its suffix says."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CorpusError(f"{path}: {error.strerror}; check the path and its permissions") from error
    return read(path.name, data)


def read(name: str, data: bytes) -> Reading:
    """Read `data` as the format that the suffix of `name` says.

    Raises CorpusError as `read_file` does.

    It may take any time and memory, or crash: `confinement` is where that does no harm.
    """
    suffix = Path(name).suffix.lower()
    if suffix not in _READERS:
        raise CorpusError(f"{name}: unknown suffix; can read {', '.join(_READERS)}")
    try:
        reading = _READERS[suffix](name, data)
    except (CorpusError, MemoryError):
        raise
    except Exception as error:  # whatever a parser throws at a broken file
        raise CorpusError(f"{name}: not a readable {suffix[1:].upper()} ({error}); open and save it anew") from error
    text = reading.text.encode("utf-8", "replace").decode()  # half a surrogate pair, out of a broken font
    if not text.strip():
        raise CorpusError(f"{name}: holds no text")
    return replace(reading, text=text)


def suffixes() -> frozenset[str]:
    """The suffixes that `read` knows."""
    return frozenset(_READERS)
