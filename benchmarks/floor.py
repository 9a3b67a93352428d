"""How near to what the machine could do at best is the search of vectors?

    python -m benchmarks.floor [--json FILE]

Exact search has to read every vector once, so that nothing is faster than reading that much memory: a dot product of an
array of that size with itself, by BLAS. Both are timed in turns, on one thread; the vectors are random, which makes no
difference to a search that looks at all of them. Share is the floor's time out of the search's. What everything in a
request but the search costs, beside an endpoint that does nothing, `python -m benchmarks.load` measures.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

from benchmarks.machine import described
from embeddings.dense import DenseIndex, DenseWriter, Kind
from embeddings.encoder import Vectors, open_encoder, unit

SIZES, ROUNDS = (10_000, 100_000), 60


def main(out: Path | None) -> None:
    dimension, figures = open_encoder().dimension, []
    sys.stdout.write(f"{'vectors':>9}{'held as':>9}{'search, ms':>12}{'floor, ms':>11}{'share':>7}{'read, GB/s':>12}\n")
    for count in SIZES:
        vectors = unit(np.random.default_rng(0).normal(size=(count, dimension)).astype(np.float32))
        for kind, width in ((Kind.FLAT, 4), (Kind.HALF, 2)):
            search, floor = timed(vectors, kind, count * dimension * width)
            rate = count * dimension * width / floor / 1e9
            figures.append({"vectors": count, "kind": kind, "search_ms": search * 1e3, "floor_ms": floor * 1e3})
            cells = f"{search * 1e3:12.2f}{floor * 1e3:11.2f}{floor / search:7.2f}{rate:12.1f}"
            sys.stdout.write(f"{count:9,}{kind:>9}{cells}\n")
    if out:
        out.write_text(json.dumps({"machine": described(), "figures": figures}, indent=1) + "\n", "utf-8")


def timed(vectors: Vectors, kind: Kind, size: int) -> tuple[float, float]:
    """Seconds of a search, and of reading `size` bytes."""
    read, questions = np.ones(size // 4, np.float32), vectors[:: len(vectors) // ROUNDS]
    searching, reading = list[float](), list[float]()
    with tempfile.TemporaryDirectory() as folder:
        writer = DenseWriter(vectors.shape[1], kind)
        writer.add(vectors)
        writer.save(Path(folder) / "vectors")
        index = DenseIndex(Path(folder) / "vectors")
        for question in questions:
            begun = perf_counter()
            index.search(question, 10)
            searched = perf_counter()
            np.dot(read, read)
            searching.append(searched - begun)
            reading.append(perf_counter() - searched)
    return median(searching), median(reading)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    main(parser.parse_args().json)
