"""A collection put into a server, and asked from there."""

import resource
from collections.abc import Callable, Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.cluster.server import Server
from benchmarks.first_byte import QUALITY, sampled
from benchmarks.times import ms, spread
from corpus.cluster import Cluster
from corpus.replica import PASSAGES, RECORDS
from corpus.table import Table
from embeddings.cluster_rows import rows_table
from service.collection import Collection
from service.doors import terminal
from service.evaluation import read_cases
from service.settings import Settings

Costs = dict[str, Any]

_SAMPLE = 2_000  # entries of a table whose sizes stand for all


def measured(server: Server, data: Path, passages: int) -> Costs:
    url = f"milvus+http://127.0.0.1:{server.port}/scale_{passages}"
    keeper = Collection(Settings.from_environ({"YINJU_DATA": str(data), "YINJU_INDEX": url}))
    _ = keeper.growth  # makes the tables, which takes seconds once
    begun = perf_counter()
    with terminal.progress("Writing") as told:
        keeper.grow_index(told)
    took = perf_counter() - begun
    cluster = Cluster(url)
    tables = {"rows": rows_table(keeper.encoder.dimension), "passages": PASSAGES, "records": RECORDS}
    opened = {name: cluster.table(name, fields) for name, fields in tables.items()}
    return {
        "passages": passages,
        "taken_in_per_s": passages / took,
        "entries": {name: table.count("since > 0", strict=True) for name, table in opened.items()},
        "bytes": {name: _bytes(table, list(tables[name])) for name, table in opened.items()},
        "disk_store_mb": (data / "store.sqlite3").stat().st_size / 1e6,
        "server_memory_mb": server.memory_mb(),
        **_asked(Collection(Settings.from_environ({"YINJU_INDEX": url}))),
    }


def _bytes(table: Table, fields: list[str]) -> Mapping[str, float]:
    """Of each field of an entry, on average."""
    names = [name for name in fields if name != "nothing"]
    held = table.query(
        "since > 0", [name for name in names if table.has_words or name not in ("terms", "trigrams")], _SAMPLE
    )
    return {name: sum(_size(one[name]) for one in held) / len(held) for name in held[0] if held}


def _size(value: Any) -> int:
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, (list, tuple)) or hasattr(value, "__iter__"):
        return sum(4 if isinstance(one, float) else _size(one) for one in value)
    return 8


def _asked(reader: Collection) -> Costs:
    questions = [case.question for case in sampled(read_cases(QUALITY))]
    begun = perf_counter()
    answerer = reader.answerer()
    answerer.ask(questions[0])
    ready = perf_counter() - begun
    counted = _Counted()
    first = [ms(lambda question=question: answerer.ask(question)) for question in questions[1:]]  # type: ignore[misc]
    asked = counted.stop() / len(first)
    again = [ms(lambda question=question: answerer.ask(question)) for question in questions[1:]]  # type: ignore[misc]
    return {
        "first_answer_s": ready,
        **spread("first", first),
        **spread("again", again),
        "requests": asked,
        "reader_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
    }


class _Counted:
    """How often a table is asked, by anybody in this process, until it is stopped."""

    def __init__(self) -> None:
        self._number, self._kept = 0, {name: getattr(Table, name) for name in ("query", "count", "_search")}
        for name, method in self._kept.items():
            setattr(Table, name, self._counting(method))

    def _counting(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*arguments: Any, **named: Any) -> Any:
            self._number += 1
            return method(*arguments, **named)

        return counting

    def stop(self) -> int:
        for name, method in self._kept.items():
            setattr(Table, name, method)
        return self._number
