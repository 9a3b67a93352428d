"""The built-in statements: taken in once, and again when the program brings other files.

Reading them takes longer than all the rest of a start.
"""

import hashlib
from pathlib import Path

from corpus.catalogue import load
from corpus.store import Store
from service.ingestion import BUILT_IN
from service.version import version


def is_wanted(store: Store, mark: Path) -> bool:
    """Whether they are to be taken in: nothing else is there, none was withdrawn, and they are not as `mark` says."""
    names = set(load(BUILT_IN).documents())
    is_alone = {member.document for member in store.members()} <= names and not any(map(store.withdrawn, names))
    return is_alone and not _is_as(mark)


def taken_in(mark: Path) -> None:
    """Say so in the file `mark`."""
    mark.write_text(_digest(), "ascii")


def _is_as(mark: Path) -> bool:
    return mark.exists() and mark.read_text("ascii") == _digest()


def _digest() -> str:
    """Of the files, and of the program that reads them."""
    sha256 = hashlib.sha256(version().encode())
    for path in sorted(BUILT_IN.iterdir()):
        sha256.update(path.read_bytes())
    return sha256.hexdigest()
