"""A contestant in a process of its own, as it is seen from here: what it is told, and what it says."""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.peers.passage import Passage, Reply

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {
    # Nothing comes or goes over a network.
    "HF_HUB_OFFLINE": "1",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    # To wake a second thread takes longer than to search a small collection; with two, txtai needs three times as long.
    "OMP_NUM_THREADS": "1",
}
_PEAK = re.compile(r"VmHWM:\s+(\d+) kB")
_LAST = 2_000  # characters of a log that are shown


class Worker:
    """Raises RuntimeError, with the last of what the process has written, if it does not do what it is told."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self._log = log
        with log.open("a") as errors:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **ENVIRONMENT},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                encoding="utf-8",
            )

    def versions(self) -> dict[str, str]:
        held: dict[str, str] = self._told(do="describe")
        return held

    def ingest(self, passages: Sequence[Passage], folder: Path) -> float:
        """Seconds."""
        return float(self._told(do="ingest", folder=str(folder), passages=[asdict(held) for held in passages]))

    def open(self, folder: Path) -> None:
        self._told(do="open", folder=str(folder))

    def ask(self, questions: Sequence[str]) -> list[Reply]:
        replies = self._told(do="ask", questions=questions)
        return [
            Reply(held["answered"], tuple(Passage(**one) for one in held["passages"]), held["ms"]) for held in replies
        ]

    def _told(self, **command: object) -> Any:
        assert self._process.stdin and self._process.stdout
        try:
            self._process.stdin.write(f"{json.dumps(command, ensure_ascii=False)}\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise RuntimeError(f"{self._process.args!r} has ended:\n{self._log.read_text(errors='replace')[-_LAST:]}")
        return json.loads(line)

    def peak(self) -> float:
        return peak(self._process.pid)

    def close(self) -> None:
        """It ends when nothing more can come; its children end with it."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def peak(process: int) -> float:
    """Megabytes that a process and its children have had resident at most, each at its own time."""
    found = (_PEAK.search(_read(f"/proc/{one}/status")) for one in (process, *children(process)))
    return sum(int(match[1]) for match in found if match) * 1024 / 1e6


def children(process: int) -> Iterator[int]:
    """With their children."""
    for child in _read(f"/proc/{process}/task/{process}/children").split():
        yield int(child)
        yield from children(int(child))


def _read(path: str) -> str:
    """Empty if the process has ended."""
    try:
        return Path(path).read_text()
    except OSError:
        return ""
