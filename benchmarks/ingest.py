"""Taking a mixed collection in: how fast, in how much memory, and whether all that is good is in and all else named.

    python -m benchmarks.ingest FOLDER [--files 5000]

Makes the files of `benchmarks.files` below FOLDER, runs `yinju ingest` on them in a process of its own, then once more,
then `yinju doctor`. Memory is that of the process and of the readers that it starts, without the pages that it shares
with them or has mapped from disk; it is given at each tenth of the files.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import track

from benchmarks.files.making import Made, files
from corpus.document import Role
from corpus.folding import letters
from corpus.store import Store

_TENTHS = 10


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a command: its lines of JSON, its exit code, its seconds, and megabytes at each tenth of the lines."""

    told: list[dict[str, object]]
    code: int
    seconds: float
    reading: float
    memory: list[int]


def main(folder: Path, count: int) -> int:
    made = list(track(_made(folder / "files", count), "making", total=count, console=Console(stderr=True)))
    documents = sum(len(held.texts) for held in made)
    first = run(folder, ["ingest", str(folder / "files"), "--json"], documents)
    again = run(folder, ["ingest", str(folder / "files"), "--json"], documents)
    doctor = run(folder, ["doctor"], 1)
    store = Store(folder / "data" / "store.sqlite3")
    problems = [*_problems(made, first, store), *_differences(first, again), *(str(line) for line in doctor.told)]
    outcomes = Counter(str(line["outcome"] or "skipped") for line in first.told)
    rates = f"{documents / first.reading:.1f} documents/s stored, {store.count() / first.seconds:.0f} passages/s in all"
    sys.stdout.write(f"{count} files, {documents} documents, {store.count()} passages, {os.cpu_count()} cores\n")
    sys.stdout.write(f"{first.seconds:.0f} s ({first.reading:.0f} reading, the rest indexing): {rates}\n")
    sys.stdout.write(f"{dict(outcomes)}; again {again.seconds:.0f} s; doctor {doctor.seconds:.0f} s\n")
    sys.stdout.write(f"memory, MB, at each tenth of the files, then while indexing: {first.memory}\n")
    sys.stdout.write(
        "".join(f"PROBLEM {problem}\n" for problem in problems) or "all good ones in, all broken ones named\n"
    )
    return 1 if problems else 0


def _made(folder: Path, count: int) -> Iterator[Made]:
    folder.mkdir(parents=True)
    for made in files(count):
        (folder / made.name).write_bytes(made.data)
        yield Made(made.name, b"", made.texts)


def run(folder: Path, arguments: Sequence[str], expected: int) -> Run:
    """Run `yinju` and watch it; `expected` is how many lines it will print."""
    started = time.perf_counter()
    environ = {**os.environ, "YINJU_DATA": str(folder / "data")}
    command = [str(Path(sys.executable).with_name("yinju")), *arguments]
    process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    told, reading, peaks = list[dict[str, object]](), 0.0, [0] * (_TENTHS + 1)

    def watch() -> None:
        while process.poll() is None:
            at = min(len(told) * _TENTHS // expected, _TENTHS)
            peaks[at] = max(peaks[at], memory(process.pid))
            time.sleep(0.1)

    watcher = threading.Thread(target=watch)
    watcher.start()
    assert process.stdout
    for line in process.stdout:
        told.append(json.loads(line) if line.startswith("{") else {"said": line})
        reading = time.perf_counter() - started
    process.wait()
    watcher.join()
    return Run(told, process.returncode, time.perf_counter() - started, reading, peaks)


def memory(process: int) -> int:
    """Megabytes that a process and its children have to themselves."""
    total = 0
    for one in (process, *_children(process)):
        try:
            held = Path(f"/proc/{one}/status").read_text()
        except OSError:
            continue
        anonymous = re.search(r"RssAnon:\s+(\d+) kB", held)
        total += int(anonymous[1]) if anonymous else 0
    return total >> 10


def _children(process: int) -> list[int]:
    try:
        return [int(one) for one in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except OSError:
        return []


def _problems(made: Sequence[Made], ran: Run, store: Store) -> Iterator[str]:
    """What is not as it should be after the first run."""
    by_path: dict[str, list[dict[str, object]]] = {}
    for line in ran.told:
        by_path.setdefault(Path(str(line["path"]).partition("!")[0]).name, []).append(line)
    for file in made:
        lines = by_path.pop(file.name, [])
        if not file.texts:
            if len(lines) != 1 or not lines[0]["problem"]:
                yield f"{file.name} is broken, but {lines} was said"
            continue
        if len(lines) != len(file.texts) or any(line["problem"] for line in lines):
            yield f"{file.name} is good, but {lines} was said"
            continue
        for line, texts in zip(lines, file.texts, strict=True):
            yield from _missing(str(line["document"]), texts, store)
    yield from (f"{name} was read, but is none of them" for name in by_path)


def _missing(document: str, texts: Sequence[str], store: Store) -> Iterator[str]:
    held = "".join(letters(held.text).text for held in store.passages(document) if held.role is Role.BODY)
    for text in texts:
        if letters(text).text not in held:
            yield f"{document}: lacks {text[:60]!r}"


def _differences(first: Run, again: Run) -> Iterator[str]:
    """Twice the same: nothing is new, and what was skipped is skipped for the same reason."""
    for one, other in zip(first.told, again.told, strict=True):
        expected = one["outcome"] and "unchanged"
        if (other["path"], other["outcome"], other["problem"]) != (one["path"], expected, one["problem"]):
            yield f"{one['path']}: {one['outcome'] or one['problem']}, then {other['outcome'] or other['problem']}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=5000)
    arguments = parser.parse_args()
    sys.exit(main(arguments.folder, arguments.files))
