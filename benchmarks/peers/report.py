"""What came of a contest: tables for people, a record for machines."""

import datetime
import os
import platform
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.peers.figures import Contest, Row, per_second

_WIDTH = 24
_SHARES = 2  # decimals


@dataclass(frozen=True, slots=True)
class Machine:
    """What all of it ran on."""

    processor: str
    cores: int
    memory_gb: float
    system: str
    python: str

    @classmethod
    def this(cls) -> "Machine":
        names = re.findall(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
        processor = names[0] if names else platform.machine()
        return cls(processor, os.cpu_count() or 1, round(memory, 1), platform.system(), platform.python_version())


def tables(contest: Contest) -> str:
    """The figures, a row for each entrant."""
    names = dict.fromkeys([*contest.asked, *contest.ingested])
    speed = table({name: contest.speed(name) for name in names})
    return f"{speed}\n\n{table({name: contest.quality(name) for name in contest.asked})}"


def table(rows: Mapping[str, Row]) -> str:
    heads = list(dict.fromkeys(head for row in rows.values() for head in row))
    lines = ["".join([" " * _WIDTH, *(f"{head:>13}" for head in heads)])]
    lines += ["".join([f"{name:{_WIDTH}}", *(_cell(row.get(head)) for head in heads)]) for name, row in rows.items()]
    return "\n".join(lines)


def _cell(value: float | None) -> str:
    if value is None:
        return f"{'–':>13}"
    return f"{value:13,.0f}" if value >= 100 else f"{value:13.{_SHARES}f}"


def record(contest: Contest) -> dict[str, Any]:
    """All of it, with what it takes to read it later."""
    return {
        "date": datetime.date.today().isoformat(),
        "machine": asdict(Machine.this()),
        "versions": {name: held.versions for name, held in contest.ingested.items()},
        "passages": len(contest.holdings.passages),
        "questions": len(contest.cases),
        "answerable": sum(bool(case.gold) for case in contest.cases),
        "speed": {name: contest.speed(name) for name in {**contest.asked, **contest.ingested}},
        "quality": {name: contest.quality(name) for name in contest.asked},
        "rounds": {
            "questions/s": {name: per_second(held) for name, held in contest.asked.items()},
            "start s": contest.started,
            "taking in s": {name: held.seconds for name, held in contest.ingested.items()},
        },
    }
