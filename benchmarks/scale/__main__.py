"""What does a collection cost as it grows, from a thousand passages to a million?

    python -m benchmarks.scale FOLDER [--passages 1000 10000 100000 1000000] [--json FILE]

Collections of documents made up in the language of the built-in and the tested ones (`benchmarks/generated.py`: every
document keeps to one subject of theirs, word follows word as there) are made below FOLDER, each by itself, and kept: a
size that is there is only asked. One that was interrupted is finished, and its times say so. Each is filled by the
product's own reading, splitting and storing of text files, then indexed and merged, and asked the questions of
tests/quality.

store, index    passages a second; the making up of documents is part of the first
peak            the most memory that one process had, and of the ones that it started the largest
ready, memory   from the start of `yinju serve` until it is ready, and what it then holds besides the pages of files
ask             a question through the Answerer, in one thread
lexical         BM25 of eight terms of one paragraph, any of which may occur, 100 results
dense           the ten nearest passages; x is how many times as fast as FAISS's exact search in single precision
recall          how many of the ten that exact search finds are found
"""

import argparse
import json
import sys
from pathlib import Path

from benchmarks.machine import described
from benchmarks.scale.building import built
from benchmarks.scale.searching import searched
from benchmarks.scale.table import exponents, table

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--passages", type=int, nargs="+", default=[1_000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    figures = []
    for passages in arguments.passages:
        data = arguments.folder / str(passages)
        figures.append({"passages": passages, **built(data, passages), **searched(data)})
        sys.stderr.write(f"{json.dumps(figures[-1])}\n")
    sys.stdout.write(table(figures))
    if arguments.json:
        told = {"machine": described(), "sizes": figures, "exponents": exponents(figures)}
        arguments.json.write_text(json.dumps(told, indent=1) + "\n", "utf-8")
