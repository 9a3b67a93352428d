"""What the terminal shows of an evaluation: figures on stdout, what went wrong on stderr."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from service.calibration import Judged
from service.calibration import curve as draw_curve
from service.collection import Collection
from service.doors.terminal import stderr
from service.evaluation import Case, Figures, below_floor, evaluate, grouped, highlights, overall, worst


def outcomes(collection: Collection, folder: Path, cases: Sequence[Case], with_worst: bool) -> bool:
    """Ask every case and show what came of it; whether all figures reach their floors."""
    answered = evaluate(collection.answerer(), cases)
    figures = grouped(answered)
    for group, held in figures.items():
        row = "  ".join(f"{name} {value:.3f}" for name, value in held.means.items())
        sys.stdout.write(f"{group:28s} n {held.count:3d}  {row}\n")
    _intervals("All question files together", overall(answered))
    if (folder / "highlights.tsv").exists():
        _intervals("Highlighted sentences, in characters", highlights(collection.index(), folder))
    for line in worst(answered) if with_worst else ():
        stderr().print(line, markup=False, highlight=False, soft_wrap=True)
    problems = below_floor(folder, figures)
    for problem in problems:
        stderr().print(f"below the floor: {problem}", markup=False)
    return not problems


def _intervals(title: str, groups: Mapping[str, Figures]) -> None:
    """Figures by group, with their intervals."""
    sys.stdout.write(f"\n{title}, with 95 % intervals\n")
    for group, held in groups.items():
        row = "  ".join(
            f"{name} {value:.3f} [{low:.2f}, {high:.2f}]"
            for name, value in held.means.items()
            for low, high in [held.intervals[name]]
        )
        sys.stdout.write(f"{group:18s} n {held.count:3d}  {row}\n")


def ablation(rows: Mapping[str, Mapping[str, Figures]]) -> None:
    """What each part of the ranking is worth."""
    sys.stdout.write("success@1/recall@5 of the candidates, ranked by some parts; no threshold\n")
    for row, kinds in rows.items():
        figures = "  ".join(
            f"{kind} {held.means['success@1']:.3f}/{held.means['recall@5']:.3f}" for kind, held in kinds.items()
        )
        sys.stdout.write(f"{row:26s} {figures}\n")


def curves(judged: Sequence[Judged]) -> None:
    """How far the scores can be trusted."""
    held_out = [held for held in judged if held.case.is_held_out]
    learned = [held for held in judged if not held.case.is_held_out]
    for name, some in (("questions", learned), ("held-out questions", held_out)):
        if not some:
            continue
        told = draw_curve(some)
        sys.stdout.write(f"{told.questions} {name}: expected calibration error of the first passage {told.error:.3f}\n")
        for said, came, count in told.reliability:
            sys.stdout.write(f"  said {said:.2f}  came true {came:.2f}  n {count}\n")
        for threshold, refused, wrongly, right in told.thresholds:
            sys.stdout.write(
                f"  threshold {threshold:.2f}: unanswerable refused {refused:.3f}, "
                f"answerable refused {wrongly:.3f}, first quote right {right:.3f}\n"
            )
