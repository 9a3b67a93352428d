"""Files that ship with the program and are read when it runs, held against the SHA-256 sums that ship with them."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from corpus.document import CorpusError

SUMS = "SHA256SUMS"  # as `sha256sum` writes it, by their paths below the folder


def check(folder: Path, *names: str) -> None:
    """Raises CorpusError unless these files below `folder` are as they were shipped."""
    for problem in damage(folder, *names):
        raise CorpusError(problem)


def damage(folder: Path, *names: str) -> Iterator[str]:
    """What is not as it was shipped, a line each: of these files, or of all that are listed."""
    try:
        lines = (line.split(maxsplit=1) for line in (folder / SUMS).read_text("utf-8").splitlines())
        listed = {name: digest for digest, name in lines}
    except (OSError, ValueError):
        listed = dict.fromkeys(names, "")
        if not names:
            yield f"{folder / SUMS}: can't be read; install yinju again"
    for name in names or listed:
        try:
            with (folder / name).open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            digest = ""
        if not digest or listed.get(name) != digest:
            yield f"{folder / name}: is not as it was shipped; install yinju again"
