"""A few rounds of the crash benchmark: ingestion killed at random moments loses and damages nothing."""

from pathlib import Path

from benchmarks.crashes import Trial


def test_killed_at_random_moments_it_loses_nothing(tmp_path: Path) -> None:
    trial = Trial(tmp_path, seed=1)
    assert [problem for _ in range(8) for problem in trial.round()] == []
    assert trial.tally.killed >= 4 and trial.tally.acknowledged > 0
