"""How much memory a process takes, as Linux counts it."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Made = TypeVar("Made")

_FORGET_PEAK = "5"


def growth(pid: int, work: Callable[[], Made]) -> tuple[Made, float]:
    """What `work` gives, and by how many MiB a process was larger at most meanwhile than before."""
    before = _resident(pid, "VmRSS")
    Path(f"/proc/{pid}/clear_refs").write_text(_FORGET_PEAK, "utf-8")
    made = work()
    return made, max(0.0, _resident(pid, "VmHWM") - before)


def _resident(pid: int, name: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))
