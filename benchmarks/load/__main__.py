"""What does a running service do under load, up to its capacity and beyond?

    python -m benchmarks.load DATA [--workers 1] [--seconds 10] [--json FILE]
    python -m benchmarks.load --transformer [--json FILE]

DATA is a data folder with an index in it, of which a copy is served by `yinju serve` on 127.0.0.1. The questions are
those of tests/quality that stand alone, each once, in an order that mixes them; who has asked all begins anew. The
clients run on the same machine and share its cores with the service, so that a service with cores of its own does more.

at once      1, 16, 64 and 256 connections, each of which asks again as soon as it has a reply, be it a refusal: answers
             a second, their median and 99th percentile, and the share of the replies that are refusals (503)
capacity     the most answers a second that any of these gets
at 70 %      of the capacity, at a constant rate, whatever the replies do: median and 99th percentile since a question
             was due, and their ratio
at 150 %     the same: the share refused, and the 99th percentile of those answered in the first and in the last
             quarter, which tell whether a queue grows
recovery     the median of questions one after the other before that, and from one second after it on
/livez       idle, and while 64 and 256 connections ask
overhead     all of a question but search and the encoding in it, beside /livez, one after the other: what a client sees
             of the question less the time within Index.search, which a wrapper around it takes down in the service

Every refusal has to say Retry-After, and no reply may be anything but an answer or a refusal; else the run fails.

With `--transformer` nothing is served: 1, 4 and 16 threads have a small BERT with random weights encode questions, one
call after the other and batched, in turns.
"""

import argparse
import gc
import json
import random
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import sleep
from typing import Any

import numpy as np

from benchmarks.first_byte import QUALITY, served
from benchmarks.load.client import Reply, alive, at_a_rate, at_once
from benchmarks.load.spans import overhead
from benchmarks.machine import described
from service.evaluation import read_cases

CONNECTIONS = (1, 16, 64, 256)
USUAL, TOO_MUCH = 0.7, 1.5  # of the capacity
PROBES = 400  # of /livez


def asked() -> list[str]:
    """The questions, mixed, always in the same order."""
    questions = sorted({case.question for case in read_cases(QUALITY) if not case.history})
    random.Random(0).shuffle(questions)
    return questions


def loaded(data: Path, workers: int, seconds: float) -> dict[str, Any]:
    questions = asked()
    gc.freeze()  # no pause of the client's is to be taken for one of the service's
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(shutil.copytree(data, Path(scratch) / "data"))
        with (
            served(copy, YINJU_WORKERS=str(workers)) as port,
            ProcessPoolExecutor(1, get_context("spawn")) as beside,
        ):
            at_once(port, questions, 8, seconds / 2)  # what is opened and remembered at first
            livez = {"idle": spread(beside.submit(alive, port, PROBES).result())}
            steps = {}
            for connections in CONNECTIONS:
                probing = beside.submit(alive, port, PROBES) if connections >= 64 else None
                steps[str(connections)] = step(at_once(port, questions, connections, seconds), seconds)
                if probing:
                    livez[f"{connections} connections"] = spread(probing.result())
            capacity = max(held["answers a second"] for held in steps.values())
            usual = step(at_a_rate(port, questions, USUAL * capacity, 2 * seconds), 2 * seconds)
            before = typical(at_once(port, questions, 1, seconds / 2))
            beyond = at_a_rate(port, questions, TOO_MUCH * capacity, 2 * seconds)
            sleep(1)
            after = typical(at_once(port, questions, 1, seconds / 2))
        spans = overhead(copy, questions[:200])
    return {
        "workers": workers,
        "at once": steps,
        "capacity": capacity,
        "at 70 %": {**usual, "p99 / p50": usual["p99"] / usual["p50"]},
        "at 150 %": {**step(beyond, 2 * seconds), **growth(beyond, 2 * seconds)},
        "recovery": {"before": before, "after": after, "ratio": after / before},
        "/livez": livez,
        "overhead": spans,
    }


def step(replies: Sequence[Reply], seconds: float) -> dict[str, float]:
    """What came of a load; times are those of answers, in ms."""
    answers = [reply.ms for reply in replies if reply.status == 200]
    refused = [reply for reply in replies if reply.status == 503]
    assert len(answers) + len(refused) == len(replies), {reply.status for reply in replies}
    assert all(reply.retry_after for reply in refused)
    return {"answers a second": len(answers) / seconds, **spread(answers), "refused": len(refused) / len(replies)}


def growth(replies: Sequence[Reply], seconds: float) -> dict[str, float]:
    quarters = {"first quarter": (0.0, seconds / 4), "last quarter": (seconds * 3 / 4, seconds)}
    return {
        f"p99, {name}": spread([reply.ms for reply in replies if reply.status == 200 and start <= reply.due <= end])[
            "p99"
        ]
        for name, (start, end) in quarters.items()
    }


def spread(times: Sequence[float]) -> dict[str, float]:
    return {"p50": float(np.percentile(times, 50)), "p99": float(np.percentile(times, 99))}


def typical(replies: Sequence[Reply]) -> float:
    return median(reply.ms for reply in replies if reply.status == 200)


def told(figures: Mapping[str, Any], depth: int = 0) -> str:
    """One line for what holds only numbers, one for each part of what does not."""
    lines = []
    for name, held in figures.items():
        if not isinstance(held, Mapping):
            lines.append(f"{'  ' * depth}{name}  {held:.3g}")
        elif any(isinstance(part, Mapping) for part in held.values()):
            lines += [f"{'  ' * depth}{name}", told(held, depth + 1)]
        else:
            lines.append(
                f"{'  ' * depth}{name:16}" + "".join(f"  {part} {number:.3g}" for part, number in held.items())
            )
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--transformer", action="store_true")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    if (arguments.data is None) is not arguments.transformer:
        parser.error("either DATA or --transformer")
    if arguments.transformer:
        from benchmarks.load.transformer import batching  # with torch, for which a client of the service is slower

        figures: dict[str, Any] = batching(asked())
    else:
        figures = loaded(arguments.data, arguments.workers, arguments.seconds)
    sys.stdout.write(told(figures) + "\n")
    if arguments.json:
        arguments.json.write_text(json.dumps({"machine": described(), **figures}, indent=1) + "\n", "utf-8")
