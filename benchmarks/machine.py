"""The machine that figures were measured on, as benchmarks write it beside them."""

import datetime
import os
import platform
from pathlib import Path

_PROCESSOR = Path("/proc/cpuinfo")
_UNKNOWN = "unknown"


def described() -> dict[str, str]:
    """What figures depend on besides the code: processor, cores that may be used, memory, Python, and the day."""
    return {
        "processor": _processor(),
        "cores": str(_cores()),
        "memory": _memory(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "date": datetime.date.today().isoformat(),
    }


def _processor() -> str:
    """Its model; of several processors the first one's."""
    try:
        lines = _PROCESSOR.read_text("utf-8").splitlines()
    except OSError:  # only Linux has it
        return platform.processor() or _UNKNOWN
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine() or _UNKNOWN)


def _cores() -> int:
    """Those that this process may use, where the system says so, for a container may have fewer than its host."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def _memory() -> str:
    try:
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return _UNKNOWN
    return f"{size / (1 << 30):.1f} GiB"
