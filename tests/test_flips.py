"""A few rounds of the flips benchmark: one flipped bit in any file is found, or harmless, and never a wrong answer."""

import subprocess
import sys
from pathlib import Path

from benchmarks.flips import LOG, ROOT

KINDS = ("store", LOG, "pointer", "segment/rows.jsonl", "large segment/rows.jsonl", "large segment/tokens.bin")


def test_no_flipped_bit_makes_a_wrong_answer(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.flips", str(tmp_path), "--flips", "6", "--every", "6", "--seed", "1"]
    done = subprocess.run([*command, "--kind", *KINDS], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = {line[: line.index("  ")]: [*map(int, line.split()[-8:])] for line in done.stdout.splitlines()[1:]}
    assert {*KINDS} <= {*rows}
    for flips, detected, harmless, wrong, crashed, named, *_ in rows.values():
        assert flips == detected + harmless == 6 and wrong == crashed == 0 and named == detected
    assert rows["segment/rows.jsonl"][1] == rows["pointer"][1] == 6 and rows[LOG][1] > 0
