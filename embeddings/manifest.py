"""The manifest of a folder: the size, the SHA-256 and both ends of every file in it."""

import hashlib
import json
from collections.abc import Iterator
from math import inf
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"

_END = 1 << 16  # bytes of each end


def seal(folder: Path) -> Path:
    """Write the manifest of a folder's files; its path."""
    held = {str(path.relative_to(folder)): _seal(path) for path in files(folder)}
    (folder / MANIFEST).write_text(json.dumps(held, ensure_ascii=False, indent=1), "utf-8")
    return folder / MANIFEST


def damage(path: Path, most: float = inf) -> Iterator[str]:
    """What is wrong with the files of an index folder, a line each; those over `most` bytes are read at their ends."""
    try:
        manifest = dict(json.loads((path / MANIFEST).read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        yield f"{MANIFEST}: {error}"
        return
    for name, held in manifest.items():
        try:
            size = (path / name).stat().st_size
            is_read = size <= most or size != held["bytes"]
            if held != (_seal(path / name) if is_read else {**held, "ends": _ends(path / name)}):
                yield f"{name} has changed since it was published"
        except OSError as error:
            yield f"{name}: {error.strerror}"
        except (TypeError, KeyError) as error:
            yield f"{MANIFEST}: {error!r}"


def files(folder: Path) -> list[Path]:
    """All files but lock files and the manifest itself, in a fixed order."""
    return sorted(
        path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock" and path.name != MANIFEST
    )


def _seal(path: Path) -> dict[str, Any]:
    return {"bytes": path.stat().st_size, "sha256": _sha256(path), "ends": _ends(path)}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _ends(path: Path) -> str:
    with path.open("rb") as file:
        sha256 = hashlib.sha256(file.read(_END))
        file.seek(max(0, path.stat().st_size - _END))
        sha256.update(file.read(_END))
    return sha256.hexdigest()
