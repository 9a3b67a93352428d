"""PDF: the text of each page, ended by a form feed, and the title that the file states."""

import io
import logging
import re
from typing import Any

from corpus.document import CorpusError, Origin
from corpus.reading import Reading, library, with_version

# What it warns of names no file, and what matters of it is an error besides.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)

_PAGES = 5_000
_NO_TITLE = re.compile(r"untitled|.*\.(?:docx?|rtf|pdf|indd|wps|odt)|microsoft word\b.*", re.IGNORECASE)


def read_pdf(name: str, data: bytes) -> Reading:
    """Raises CorpusError if it wants a password, has too many pages, or is made of pictures alone."""
    pypdf = library("pypdf", "pdf")
    file = pypdf.PdfReader(io.BytesIO(data))
    if file.is_encrypted and not file.decrypt(""):
        raise CorpusError(f"{name}: is encrypted; save it without its password first")
    if len(file.pages) > _PAGES:
        raise CorpusError(f"{name}: has {len(file.pages)} pages, and {_PAGES} are read at most; split it")
    text = "\f".join(page.extract_text() for page in file.pages)
    if not text.strip():
        raise CorpusError(f"{name}: holds no text, only pictures of it; run text recognition on it first (ocrmypdf)")
    return Reading(name, data, text, with_version("pypdf"), origin=Origin(_title(file)))


def _title(file: Any) -> str | None:
    """The stated title, unless a program has put the name of a file there."""
    said = str(file.metadata.title or "").strip() if file.metadata else ""
    return said if said and not _NO_TITLE.fullmatch(said) else None
