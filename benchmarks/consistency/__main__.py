"""Is every answer of one committed state of the collection, whatever is put in and withdrawn meanwhile?

    python -m benchmarks.consistency DATA [--seconds 60] [--seed 0] [--json FILE]

DATA is a data folder with an index in it, of which a copy is served on 127.0.0.1 in a process of its
own. Three documents, two
of which witness the same paragraph, come, change and go over HTTP, one change after the other, some before the one
before is in the index; each acknowledged change makes a generation. Meanwhile four clients ask without a pause. What
each reply may be, a quiet copy of the service says afterwards that has gone through the same changes: see oracle.py.

pure           answers from an index made anew of all that the generation holds, and of nothing else
following      other answers of one generation and one index: the index is behind, or has grown and is not tidied up yet
mismatches     replies that are of no generation, or of an earlier one than the same client has seen; one is printed
torn           indexes that hold what no generation does
followed       from the acknowledgement of a change until its job is done, in ms

Exit code 1 if there is a mismatch, a torn index or a reply with a status of 500 or more.
"""

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.consistency.oracle import Oracle, Verdict
from benchmarks.consistency.server import serving
from benchmarks.consistency.trial import Seen, tried
from benchmarks.freshness import KEY
from benchmarks.machine import described
from benchmarks.times import spread
from service.keys import Keys
from service.settings import Settings


def observed(data: Path, scratch: Path, seconds: float, seed: int = 0) -> tuple[Seen, Oracle]:
    """A trial with a copy of `data`, and the oracle that has gone through the same."""
    digest, kept = hashlib.sha256(KEY.encode()).hexdigest(), scratch / "kept"
    served = Path(shutil.copytree(data, scratch / "served"))
    copy = Path(shutil.copytree(data, scratch / "copy", ignore=shutil.ignore_patterns("indexes")))
    settings = Settings(data=served, ingest_keys=Keys((digest,)), public_url="http://127.0.0.1")
    with serving(settings, kept) as port:
        seen = tried(port, seconds, seed)
    return seen, Oracle(replace(settings, data=copy), kept, seen)


def told(verdict: Verdict) -> str:
    """All of a mismatch: what was replied, and what should have been."""
    reading = verdict.reading
    lines = [f"reader {reading.reader}, question {reading.question}", f"stored {reading.stored}"]
    lines += [f"indexed {reading.indexed}, begun {reading.begun}", f"replied {reading.status} {reading.body.decode()}"]
    lines += [
        f"generation {generation}, index {index}: {status} {body.decode()}"
        for (generation, index), (status, body) in verdict.expected.items()
    ]
    return "\n".join(lines)


def figures(seen: Seen, oracle: Oracle, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    matched = [verdict for verdict in verdicts if verdict.moments]
    pure = sum(any(map(oracle.is_pure, verdict.moments)) for verdict in matched)
    return {
        "answers": len(verdicts),
        "generations": len(seen.changes),
        "indexes": oracle.indexes,
        "made_anew": oracle.anew,
        "pure": pure,
        "following": len(matched) - pure,
        "mismatches": len(verdicts) - len(matched),
        "torn": len(list(oracle.torn())),
        "5xx": sum(reading.status >= 500 for reading in seen.readings),
        **spread("followed", [seconds * 1000 for seconds in seen.followed_s]),
        "followed_most_ms": max(seen.followed_s) * 1000,
    }


def main(data: Path, seconds: float, seed: int, out: Path | None) -> int:
    with tempfile.TemporaryDirectory() as scratch:
        seen, oracle = observed(data, Path(scratch), seconds, seed)
        verdicts = list(oracle.verdicts(seen.readings))
        held = figures(seen, oracle, verdicts)
    wrong = [told(verdict) for verdict in verdicts if not verdict.moments]
    sys.stdout.write("".join(f"{line}\n" for line in [*oracle.torn(), *wrong[:1]]))
    sys.stdout.write(json.dumps(held, indent=1) + "\n")
    if out:
        out.write_text(json.dumps({"machine": described(), "seconds": seconds, **held}, indent=1) + "\n", "utf-8")
    return 1 if held["mismatches"] or held["torn"] or held["5xx"] else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    sys.exit(main(arguments.data, arguments.seconds, arguments.seed, arguments.json))
