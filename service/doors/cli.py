"""yinju …: the terminal door. Data on stdout, everything else on stderr.

Exit codes: 0 done, 1 an error or something skipped, 2 wrong usage, 3 nothing found.
"""

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from corpus.audit import audit
from corpus.catalogue import load
from corpus.citation import in_language
from corpus.document import CorpusError
from embeddings.encoder import EncoderError
from embeddings.glossary import GlossaryError
from embeddings.publication import IndexUnusable
from service.answer import Answer, Quote
from service.app import create_app
from service.calibration import Judged, judge, refit
from service.calibration import ablation as run_ablation
from service.calibration import curve as draw_curve
from service.collection import Collection
from service.doors.schemas import AnswerOut
from service.evaluation import Figures, below_floor, grouped, highlights, overall, read_cases
from service.evaluation import evaluate as run_evaluation
from service.evaluation import worst as list_worst
from service.ingestion import BUILT_IN, Report
from service.ingestion import ingest as ingest_files
from service.question import BadQuestion
from service.settings import Settings, SettingsError
from service.version import version

app = typer.Typer(name="yinju", no_args_is_help=True, add_completion=False, help=__doc__)

_NOTHING_FOUND = 3
_ON_ONE_LINE = re.compile(r"\s")  # one for one, so that highlights stay where they are
_errors = (SettingsError, CorpusError, EncoderError, GlossaryError, IndexUnusable, BadQuestion)


def main() -> None:
    """The `yinju` command: an expected error is one line on stderr, not a traceback."""
    try:
        app()
    except _errors as error:
        sys.exit(f"yinju: {error}")


def _settings() -> Settings:
    return Settings.from_environ(os.environ)


def _stderr() -> Console:
    return Console(stderr=True)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="In Chinese, English or Russian.")],
    top_k: Annotated[int, typer.Option(help="The most quotes wanted, 1 to 50.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print what POST /api/ask replies.")] = False,
) -> None:
    """Ask the collection; print the quotes with their citations."""
    answer = Collection(_settings(), create=False).answerer().ask(question, top_k)
    if as_json:
        sys.stdout.write(AnswerOut.model_validate(answer).model_dump_json(by_alias=True, indent=1) + "\n")
    else:
        _print(answer)
    if not answer.answered:
        raise typer.Exit(_NOTHING_FOUND)


def _print(answer: Answer) -> None:
    console = Console(soft_wrap=True, highlight=False)  # a terminal breaks Chinese lines better than rich does
    for note in answer.interpreted.notes:
        _stderr().print(note.text, markup=False, soft_wrap=True)
    for quote in answer.quotes:
        text = Text(_ON_ONE_LINE.sub(" ", quote.text))
        for span in quote.highlights:
            text.stylize("bold yellow", span.start, span.end)
        console.print(Text.assemble((f"[{quote.number}] ", "bold"), text))
        console.print(_citation_line(quote, answer.interpreted.language), style="dim", markup=False)
        console.print()
    if not answer.answered:
        nearest = " Nearest, but not an answer:" if answer.nearest else ""
        _stderr().print(f"Nothing in the collection answers this.{nearest}", markup=False, soft_wrap=True)
        for quote in answer.nearest:
            line = _citation_line(quote, answer.interpreted.language)
            _stderr().print(line, style="dim", markup=False, soft_wrap=True)


def _citation_line(quote: Quote, language: str) -> str:
    citation = quote.citation
    title = in_language(citation.titles, language) or citation.title or quote.passage_id
    day = citation.date.isoformat() if citation.date else None
    parts = [title, day, f"¶ {citation.paragraph}", citation.outlet, quote.url]
    witnesses = [f"also {witness.passage_id}" for witness in quote.witnesses]
    return "    — " + " · ".join(str(part) for part in [*parts, *witnesses] if part)


@app.command()
def ingest(
    paths: Annotated[list[Path] | None, typer.Argument(help="Files and folders; none: only update the index.")] = None,
    builtin: Annotated[bool, typer.Option("--builtin", help="Add the three built-in statements.")] = False,
) -> None:
    """Take documents into the collection and bring its index up to date."""
    collection = Collection(_settings())
    wanted = [*(paths or []), *([BUILT_IN] if builtin else [])]
    reports = _ingest(collection, wanted)
    _build_index(collection)
    if any(report.problem for report in reports):
        raise typer.Exit(1)


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr, to be told how much is done, and of how much."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=_stderr(), transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _ingest(collection: Collection, paths: list[Path]) -> list[Report]:
    with _progress("Reading") as progress:
        reports = ingest_files(collection.store, paths, progress)
    for report in reports:
        line = f"{report.document}: {report.outcome}" if report.outcome else f"skipped: {report.problem}"
        _stderr().print(line, markup=False, soft_wrap=True)
    return reports


def _build_index(collection: Collection) -> None:
    with _progress("Indexing") as progress:
        built = collection.build_index(progress)
    _stderr().print("index built" if built else "index up to date", markup=False)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; else YINJU_HOST.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port to listen on; else YINJU_PORT.")] = None,
) -> None:
    """Serve the collection over HTTP; an empty one starts with the three built-in statements."""
    overrides = {key: str(value) for key, value in (("YINJU_HOST", host), ("YINJU_PORT", port)) if value is not None}
    settings = Settings.from_environ({**os.environ, **overrides})
    collection = Collection(settings)
    if {member.document for member in collection.store.members()} <= set(load(BUILT_IN).documents()):
        _ingest(collection, [BUILT_IN])
    _build_index(collection)
    _stderr().print(f"Yinju {version()} on {settings.base_url} (API: {settings.base_url}/docs)", markup=False)
    collection.answerer()  # a model that can't be loaded is found out now
    try:
        uvicorn.run(create_app(collection), host=settings.host, port=settings.port, log_level="warning")
    except SystemExit as stopped:  # uvicorn's 3 for a port in use would read as "nothing found"
        raise typer.Exit(1 if stopped.code else 0) from stopped


@app.command()
def doctor() -> None:
    """Re-derive every passage from its stored file and check the index; one line for each thing that is wrong."""
    collection = Collection(_settings(), create=False)
    findings = list(audit(collection.store))
    try:
        collection.index()
        if not collection.is_indexed():
            findings.append("index: not up to date with the store; run `yinju ingest`")
    except IndexUnusable as error:
        findings.append(f"index: {error}")
    for finding in findings:
        sys.stdout.write(f"{finding}\n")
    members = collection.store.members()
    passages = sum(len(collection.store.body(member.document)) for member in members)
    _stderr().print(f"{len(members)} documents, {passages} passages: {len(findings)} problems", markup=False)
    if findings:
        raise typer.Exit(1)


@app.command()
def evaluate(
    folder: Annotated[Path, typer.Argument(help="A folder of questions with known answers.")],
    worst: Annotated[bool, typer.Option(help="List what went wrong on stderr, the surest first.")] = False,
    ablation: Annotated[bool, typer.Option(help="Only show what each part of the ranking is worth.")] = False,
    curve: Annotated[bool, typer.Option(help="Only show how far the scores can be trusted.")] = False,
    recalibrate: Annotated[bool, typer.Option("--calibrate", help="Only refit the confidence, and print it.")] = False,
) -> None:
    """Ask questions with known answers; print the figures, and fail if one is below its pinned floor."""
    collection, cases = Collection(_settings(), create=False), read_cases(folder)
    if recalibrate:
        sys.stdout.write(f"{refit(judge(collection.index(), cases))}\n")
        return
    if ablation:
        _print_ablation(run_ablation(judge(collection.index(), cases)))
        return
    if curve:
        _print_curves(judge(collection.index(), cases))
        return
    outcomes = run_evaluation(collection.answerer(), cases)
    figures = grouped(outcomes)
    for group, held in figures.items():
        row = "  ".join(f"{name} {value:.3f}" for name, value in held.means.items())
        sys.stdout.write(f"{group:28s} n {held.count:3d}  {row}\n")
    _print_intervals("All question files together", overall(outcomes))
    if (folder / "highlights.tsv").exists():
        _print_intervals("Highlighted sentences, in characters", highlights(collection.index(), folder))
    for line in list_worst(outcomes) if worst else ():
        _stderr().print(line, markup=False, highlight=False, soft_wrap=True)
    problems = below_floor(folder, figures)
    for problem in problems:
        _stderr().print(f"below the floor: {problem}", markup=False)
    if problems:
        raise typer.Exit(1)


def _print_intervals(title: str, groups: Mapping[str, Figures]) -> None:
    sys.stdout.write(f"\n{title}, with 95 % intervals\n")
    for group, held in groups.items():
        row = "  ".join(
            f"{name} {value:.3f} [{low:.2f}, {high:.2f}]"
            for name, value in held.means.items()
            for low, high in [held.intervals[name]]
        )
        sys.stdout.write(f"{group:18s} n {held.count:3d}  {row}\n")


def _print_ablation(rows: Mapping[str, Mapping[str, Figures]]) -> None:
    sys.stdout.write("success@1/recall@5 of the candidates, ranked by some parts; no threshold\n")
    for row, kinds in rows.items():
        figures = "  ".join(
            f"{kind} {held.means['success@1']:.3f}/{held.means['recall@5']:.3f}" for kind, held in kinds.items()
        )
        sys.stdout.write(f"{row:26s} {figures}\n")


def _print_curves(judged: Sequence[Judged]) -> None:
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
