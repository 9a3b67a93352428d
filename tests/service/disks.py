"""A file system of its own for a test, which can be full, or only read."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class Disk:
    """Mounted at `path`, of so many kilobytes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def mount(self, kilobytes: int) -> None:
        self._run("mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(self.path))

    def resize(self, kilobytes: int) -> None:
        self._run("mount", "-o", f"remount,size={kilobytes}k", str(self.path))

    def seal(self) -> None:
        """From now on it can only be read."""
        self._run("mount", "-o", "remount,ro", str(self.path))

    def fill(self) -> Path:
        """Leave no room."""
        with (self.path / "filler").open("wb", buffering=0) as file:
            try:
                while file.write(bytes(1 << 16)):
                    pass
            except OSError:
                pass
        return self.path / "filler"

    def _run(self, *command: str) -> None:
        subprocess.run(command, check=True, capture_output=True)


@contextmanager
def mounted(path: Path) -> Iterator[Disk]:
    """A disk of 64 MB at `path`; where none can be mounted the test is skipped."""
    made = Disk(path)
    path.mkdir()
    try:
        made.mount(64_000)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no file system can be mounted here ({error})")
    yield made
    subprocess.run(["umount", "--lazy", str(path)], check=True)
