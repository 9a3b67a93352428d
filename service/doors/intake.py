"""What ingestion says of files: a line of JSON each, or text on the terminal."""

import datetime
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from corpus.document import Passage, Role
from corpus.records import Draft
from corpus.store import Outcome
from service.doors.schemas import Pair, Reply
from service.doors.terminal import on_one_line, plain, stderr
from service.indexing import State
from service.ingestion import Prepared, Report

_SHOWN = 100  # characters of a paragraph in a trial
_FEW = 20  # files that are named one by one


class PassageOut(Reply):
    role: str
    number: str | None = Field(description="As in the passage's id; it may differ if the document is known already.")
    text: str
    spans: list[Pair]


class FileOut(Reply):
    """What became of a file, or would. `deleted` counts the characters that each cleaning rule left out."""

    path: str
    document: str | None
    outcome: str | None
    problem: str | None
    work: str | None = None
    language: str | None = None
    title: str | None = None
    date: datetime.date | None = None
    outlet: str | None = None
    published: datetime.date | None = None
    url: str | None = None
    reader: str | None = None
    paragraphs: int | None = None
    deleted: Mapping[str, int] | None = None
    passages: list[PassageOut] | None = None

    @classmethod
    def of(cls, report: Report) -> "FileOut":
        """What was done."""
        facts = _facts(report.draft) if report.draft else {}
        return cls(path=report.path, document=report.document, outcome=report.outcome, problem=report.problem, **facts)

    @classmethod
    def of_trial(cls, prepared: Prepared) -> "FileOut":
        """What would be done, with every paragraph."""
        draft = prepared.draft
        facts = _facts(draft) | {"passages": [_passage(held) for held in draft.passages]} if draft else {}
        name = draft.entry.document if draft else None
        return cls(path=prepared.path, document=name, outcome=None, problem=prepared.problem, **facts)


class JobOut(Reply):
    """A change on its way into the index: `waiting`, `done` or `failed`."""

    id: str
    document: str
    outcome: str | None = Field(description="What became of the document; null where it was withdrawn.")
    state: State
    problem: str | None


class StoredOut(FileOut):
    """A document that is safe in the store, and the job that makes it findable."""

    job: JobOut


def _facts(draft: Draft) -> dict[str, Any]:
    origin = draft.entry.origin
    return {
        "work": draft.work.id if draft.work else None,
        "date": draft.work.date if draft.work else None,
        "language": draft.language,
        "title": origin.title,
        "outlet": origin.outlet,
        "published": origin.published,
        "url": origin.url,
        "reader": draft.reading.reader,
        "paragraphs": len({passage.number for passage in draft.passages if passage.number}),
        "deleted": draft.deleted,
    }


def _passage(held: Passage) -> PassageOut:
    number = held.place if held.role is Role.BODY else None
    return PassageOut(role=held.role.value, number=number, text=held.text, spans=list(held.spans))


def line(made: FileOut) -> None:
    """One line of JSON on stdout, at once: whoever reads it may rely on it."""
    sys.stdout.write(made.model_dump_json(exclude_none=made.passages is not None) + "\n")
    sys.stdout.flush()


def summary(reports: Sequence[Report]) -> None:
    """How many files were added, unchanged, made new versions, skipped; which, unless they are many; and why not."""
    counted = Counter(report.outcome or "skipped" for report in reports)
    changed = [report for report in reports if report.outcome not in (None, Outcome.UNCHANGED)]
    for report in changed if len(changed) <= _FEW else ():
        _say(f"{report.document}: {report.outcome}")
    skips(reports)
    _say(", ".join(f"{count} {what}" for what, count in counted.items()) or "nothing to read")


def skips(reports: Sequence[Report]) -> None:
    """The files that were skipped, and why."""
    for report in reports:
        if report.problem:
            _say(_skipped(report.path, report.problem))


def left_aside(others: Mapping[str, int]) -> None:
    """What no reader is for."""
    if others:
        held = ", ".join(f"{count} {suffix}" for suffix, count in sorted(others.items()))
        _say(f"left aside, for these formats are not read: {held}")


def _say(line: str) -> None:
    stderr().print(line, markup=False, highlight=False, soft_wrap=True)


def _skipped(path: str, problem: str) -> str:
    return f"skipped: {problem}" if path in problem else f"skipped: {path}: {problem}"


def trial(made: FileOut) -> None:
    """How a file would be split: a line for each paragraph, its role or number first."""
    if made.problem:
        sys.stdout.write(f"{plain(_skipped(made.path, made.problem))}\n\n")
        return
    facts = [made.title, made.date or made.published, made.outlet, made.language, made.reader, made.url]
    described = on_one_line(" · ".join(str(fact) for fact in facts if fact))
    sys.stdout.write(f"{made.document}  ({on_one_line(made.path)})\n  {described}\n")
    if made.deleted:
        sys.stdout.write(f"  left out: {', '.join(f'{rule} {count}' for rule, count in made.deleted.items())}\n")
    for passage in made.passages or ():
        shown = plain(" ".join(passage.text.split()))
        shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
        sys.stdout.write(f"  {passage.number or passage.role:>14}  {shown}\n")
    sys.stdout.write("\n")
