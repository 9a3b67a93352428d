"""The built-in statements: taken in once, and again when the program brings other files.

Reading them takes longer than all the rest of a start.
"""

import hashlib
from contextlib import suppress
from pathlib import Path

from corpus import shipped
from corpus.catalogue import load
from corpus.document import CorpusError
from corpus.store import Store
from service.ingestion import BUILT_IN
from service.version import version


def check() -> None:
    """Raises CorpusError if their files are not as they were shipped."""
    shipped.check(BUILT_IN.parent, *(f"{BUILT_IN.name}/{path.name}" for path in BUILT_IN.iterdir()))


def is_wanted(store: Store, mark: Path) -> bool:
    """Whether they are to be taken in: nothing else is there, none was withdrawn, and they are not as `mark` says.

    Raises CorpusError if nothing is there, and their files are not as they were shipped.
    """
    held = {member.document for member in store.members()}
    try:
        check()
    except CorpusError:
        if held:
            return False
        raise
    names = set(load(BUILT_IN).documents())
    return held <= names and not any(map(store.withdrawn, names)) and not _is_as(mark)


def taken_in(mark: Path) -> None:
    """Say so in the file `mark`; if it can't be written, they are taken in once more."""
    with suppress(OSError):
        mark.write_text(_digest(), "ascii")


def _is_as(mark: Path) -> bool:
    return mark.exists() and mark.read_bytes() == _digest().encode()


def _digest() -> str:
    """Of the files, and of the program that reads them."""
    sha256 = hashlib.sha256(version().encode())
    for path in sorted(BUILT_IN.iterdir()):
        sha256.update(path.read_bytes())
    return sha256.hexdigest()
