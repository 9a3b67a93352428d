"""A collection that is there, asked: how long that takes and what is found."""

import os
import random
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import perf_counter, sleep
from typing import Any

import faiss
import numpy as np

from benchmarks.first_byte import QUALITY, is_ready, sampled
from benchmarks.times import ms, spread
from embeddings.encoder import Vectors
from embeddings.stored_segment import StoredSegment
from service.collection import Collection
from service.evaluation import read_cases
from service.settings import Settings

_NEAREST, _TERMS, _WORDED = 10, 8, 300
_STEP = 10_000


def searched(data: Path) -> dict[str, Any]:
    collection = Collection(Settings.from_environ({"YINJU_DATA": str(data)}))
    questions = [case.question for case in sampled(read_cases(QUALITY))]
    answerer, index = collection.answerer(), collection.index()
    segments = [segment for segment in index.segments if isinstance(segment, StoredSegment)]
    for question in questions[:20]:
        answerer.ask(question)
    asked = [ms(lambda question=question: answerer.ask(question)) for question in questions]  # type: ignore[misc]
    vectors = collection.encoder.encode_query(questions)
    return {
        **_started(data),
        **spread("ask", asked),
        **spread("lexical", _lexical(segments, collection)),
        **_dense(segments, vectors),
        "segments": index.sizes,
    }


def _lexical(segments: Sequence[StoredSegment], collection: Collection) -> list[float]:
    """Each of the terms out of one paragraph, as what is asked is as a rule out of one."""
    rng, times = random.Random(0), list[float]()
    for _ in range(_WORDED):
        at = rng.randrange(len(segments))
        text = segments[at].rows[rng.randrange(len(segments[at].rows))].text
        terms = sorted({*collection.glossary.analyser.terms(text)})
        wanted = dict.fromkeys(rng.sample(terms, min(_TERMS, len(terms))), 1.0)
        times.append(ms(lambda wanted=wanted: [one.lexical.search(wanted, 100) for one in segments]))  # type: ignore[misc]
    return times


def _dense(segments: Sequence[StoredSegment], questions: Vectors) -> dict[str, float]:
    """Exact search first, so that the vectors of a million passages need not be held twice."""
    flat = faiss.IndexFlatIP(questions.shape[1])
    for segment in segments:
        for start in range(0, len(segment.rows), _STEP):
            flat.add(segment.dense.vectors(range(start, min(start + _STEP, len(segment.rows)))))
    exact, exact_ms = list[set[int]](), list[float]()
    for question in questions:
        begun = perf_counter()
        _, found = flat.search(question[None], _NEAREST)
        exact_ms.append((perf_counter() - begun) * 1000)
        exact.append(set(found[0].tolist()))
    del flat
    edges = np.cumsum([0, *(len(segment.rows) for segment in segments)])
    times, recalls = list[float](), list[float]()
    for question, wanted in zip(questions, exact, strict=True):
        begun = perf_counter()
        found = [
            (score, int(edge) + row)
            for edge, segment in zip(edges, segments, strict=False)
            for row, score in segment.dense.search(question, _NEAREST).items()
        ]
        times.append((perf_counter() - begun) * 1000)
        nearest = {row for _, row in sorted(found, reverse=True)[:_NEAREST]}
        recalls.append(len(nearest & wanted) / len(wanted))
    return {
        **spread("exact", exact_ms),
        **spread("dense", times),
        "dense_times_faster": median(exact_ms) / median(times),
        "recall_at_10": sum(recalls) / len(recalls),
    }


def _started(data: Path) -> dict[str, float]:
    """`yinju serve`, until it is ready."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    environ = {**os.environ, "YINJU_DATA": str(data), "YINJU_HOST": "127.0.0.1", "YINJU_PORT": str(port)}
    begun = perf_counter()
    process = subprocess.Popen(
        [Path(sys.executable).with_name("yinju"), "serve"], env=environ, stderr=subprocess.DEVNULL
    )
    try:
        while not is_ready(port):
            sleep(0.01)
        ready = perf_counter() - begun
        lines = Path(f"/proc/{process.pid}/status").read_text("ascii").splitlines()
        held = dict(line.split(":", 1) for line in lines)
        return {"ready_s": ready, "memory_mb": _kb(held["VmRSS"]) / 1e3, "own_memory_mb": _kb(held["RssAnon"]) / 1e3}
    finally:
        process.terminate()
        process.wait()


def _kb(text: str) -> int:
    return int(text.split()[0])
