"""What does a passage cost in Milvus, and a question?

    python -m benchmarks.cluster FOLDER [--passages 10000] [--json FILE]

Starts the server that PyPI carries (2.3.5, which has no BM25) with its data below FOLDER, fills it from a collection of
`benchmarks.scale` there, and asks it the questions of tests/quality through a process that keeps nothing. What follows
for up to a billion passages is worked out from the bytes of a passage.

bytes           of a passage in each table: what is sent, without what the engine adds
taken in        passages a second, prepared here on all cores and written by one process
ask             a question, the first time and again; requests: how often Milvus is asked for it, the first time
"""

import argparse
import json
import sys
from pathlib import Path

from benchmarks.cluster.costs import Costs, measured
from benchmarks.cluster.server import Server
from benchmarks.cluster.sizing import table
from benchmarks.machine import described
from benchmarks.scale.building import built

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--passages", type=int, default=10_000)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    data = arguments.folder / str(arguments.passages)
    built(data, arguments.passages)
    server = Server(arguments.folder / "milvus")
    try:
        costs: Costs = measured(server, data, arguments.passages)
    finally:
        server.stop()
    for name, value in costs.items():
        sys.stdout.write(f"{name:24}{value if isinstance(value, dict) else round(value, 3)}\n")
    sys.stdout.write(table(costs))
    if arguments.json:
        arguments.json.write_text(json.dumps({"machine": described(), **costs}, indent=1) + "\n", "utf-8")
