"""A collection of some size, filled and indexed, with what that took."""

import datetime
import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from time import perf_counter

from rich.console import Console
from rich.progress import track

from benchmarks.generated import PARAGRAPHS, drafts
from corpus.store import Store
from service.collection import Collection
from service.doors import terminal
from service.settings import Settings

_NOTE = "built.json"


def built(data: Path, passages: int) -> dict[str, float]:
    """The collection below `data` and what it took, as noted when it was built."""
    note = data / _NOTE
    if not note.exists():
        # In a process of its own, whose memory is that of this work alone.
        subprocess.run([sys.executable, "-m", __name__, str(data), str(passages)], check=True)
    held: dict[str, float] = json.loads(note.read_text("utf-8"))
    return held


def _build(data: Path, passages: int) -> dict[str, float]:
    collection = Collection(Settings.from_environ({"YINJU_DATA": str(data)}))
    begun = perf_counter()
    _fill(collection.store, passages)
    filled = perf_counter()
    with terminal.progress("Indexing") as told:
        collection.grow_index(told)
        grown = perf_counter()
        while collection.tidy_index(told):
            pass
    merged = perf_counter()
    mine, others = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {
        "store_s": filled - begun,
        "index_s": grown - filled,
        "merge_s": merged - grown,
        "peak_mb": mine / 1e3,
        "peak_child_mb": others / 1e3,
        "disk_store_mb": _size(data / "store.sqlite3"),
        "disk_index_mb": sum(map(_size, (data / "indexes").rglob("*"))),
    }


def _fill(store: Store, passages: int) -> None:
    there = len(store.members())
    total = -(-passages // PARAGRAPHS) - there
    made = drafts(passages - there * PARAGRAPHS, there) if total else iter(())
    for draft in track(made, "Storing", total, console=Console(stderr=True)):
        store.put(draft, datetime.date(2026, 1, 1))


def _size(path: Path) -> float:
    return path.stat().st_size / 1e6 if path.is_file() else 0.0


if __name__ == "__main__":
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    figures = _build(folder, int(sys.argv[2]))
    (folder / _NOTE).write_text(json.dumps(figures), "utf-8")
