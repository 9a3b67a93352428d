"""yinju …: the terminal door. Data on stdout, everything else on stderr.

Exit codes: 0 done, 1 an error or something skipped, 2 wrong usage,
3 nothing found, or a quotation that isn't, or not whole.
"""

import datetime
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from pydantic import BaseModel

from corpus.document import CorpusError
from corpus.formats import FORMATS
from embeddings.encoder import EncoderError
from embeddings.glossary import GlossaryError
from embeddings.publication import IndexUnusable
from service.collection import Collection
from service.doors import terminal
from service.question import BadQuestion
from service.settings import MOST_WORKERS, Settings, SettingsError
from service.timeline import timeline as make_timeline
from service.verification import BadQuotation, Claim, Verdict
from service.version import version

# What only one command needs it imports itself: who asks should not wait for what takes files in, or for the web.
app = typer.Typer(name="yinju", no_args_is_help=True, add_completion=False, help=__doc__)

_NOTHING_FOUND = 3
_errors = (SettingsError, CorpusError, EncoderError, GlossaryError, IndexUnusable, BadQuestion, BadQuotation)


def main() -> None:
    """The `yinju` command: an expected error is one line on stderr, not a traceback."""
    try:
        app()
    except _errors as error:
        sys.exit(f"yinju: {terminal.plain(str(error))}")


def _settings() -> Settings:
    return Settings.from_environ(os.environ)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="In Chinese, English or Russian.")],
    top_k: Annotated[int, typer.Option(help="The most quotes wanted, 1 to 50.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print what POST /api/ask replies.")] = False,
) -> None:
    """Ask the collection; print the quotes with their citations."""
    answer = Collection(_settings(), create=False).answerer().ask(question, top_k)
    if as_json:
        from service.doors.schemas import AnswerOut

        _print_json(AnswerOut.model_validate(answer))
    else:
        terminal.answer(answer)
    if not answer.answered:
        raise typer.Exit(_NOTHING_FOUND)


@app.command()
def verify(
    quotation: Annotated[str, typer.Argument(help="The quotation; - reads it from stdin.")],
    work: Annotated[str | None, typer.Option(help="The work that it is said to be from.")] = None,
    document: Annotated[str | None, typer.Option(help="The document that it is said to be from.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what POST /api/verify replies.")] = False,
) -> None:
    """Check a quotation: found, altered, misattributed or not found. Exit code 0 only if it is found and whole."""
    text = sys.stdin.read() if quotation == "-" else quotation
    verification = Collection(_settings(), create=False).verifier().verify(text, Claim(work, document))
    if as_json:
        from service.doors.citing import VerificationOut

        _print_json(VerificationOut.of(verification))
    else:
        terminal.verification(verification)
    if verification.verdict is not Verdict.FOUND or verification.is_critical:
        raise typer.Exit(_NOTHING_FOUND)


@app.command()
def timeline(
    question: Annotated[str, typer.Argument(help="A topic or a question.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print what GET /api/timeline replies.")] = False,
) -> None:
    """Show a topic by date: the passages of each statement, and what wording stayed (=), went (-) and came (+)."""
    held = make_timeline(Collection(_settings(), create=False), question)
    if as_json:
        from service.doors.citing import TimelineOut

        _print_json(TimelineOut.model_validate(held))
    else:
        terminal.timeline(held)
    if not held.answered:
        raise typer.Exit(_NOTHING_FOUND)


@app.command()
def export(
    passage: Annotated[str, typer.Argument(help="A passage's id, such as un-cd-2019/8.")],
    style: Annotated[str, typer.Option("--format", help=", ".join(FORMATS))] = "gbt-7714-2025",
    with_proof: Annotated[bool, typer.Option("--proof", help="Print what it takes to check it offline.")] = False,
) -> None:
    """Print a passage as a reference, or the proof of it."""
    from corpus.proof import proof

    if style not in FORMATS:
        raise typer.BadParameter(f"no format {style!r}; there are {', '.join(FORMATS)}")
    collection = Collection(_settings(), create=False)
    found = collection.lookup().passage(passage)
    if found is None:
        withdrawn = collection.library.withdrawn(passage.rpartition("/")[0])
        why = f"withdrawn on {withdrawn}" if withdrawn else "no such passage; ids are document/number"
        terminal.stderr().print(f"{passage}: {why}", markup=False, soft_wrap=True)
        raise typer.Exit(_NOTHING_FOUND)
    sys.stdout.write(proof(found.document, found.passage) if with_proof else FORMATS[style].render(found.reference))


@app.command()
def withdraw(document: Annotated[str, typer.Argument(help="A document's name, such as un-cd-2019.")]) -> None:
    """Take a document out of the collection; its passages are gone from every answer, and their ids say since when."""
    from service.doors.readiness import build_index

    collection = Collection(_settings(), create=False)
    collection.store.withdraw(document, datetime.date.today())
    build_index(collection)


def _print_json(reply: BaseModel) -> None:
    sys.stdout.write(reply.model_dump_json(by_alias=True, indent=1) + "\n")


@app.command()
def ingest(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files, folders, archives, patterns; none: only update the index.")
    ] = None,
    builtin: Annotated[bool, typer.Option("--builtin", help="Add the three built-in statements.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show how each file would be split.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a line of JSON for each file, once stored.")] = False,
) -> None:
    """Take documents into the collection and bring its index up to date. Exit code 1 if anything was skipped."""
    from service.doors import intake
    from service.doors.readiness import build_index, ingested, tried
    from service.ingestion import BUILT_IN
    from service.sources import other_formats

    wanted = [*(paths or []), *([BUILT_IN] if builtin else [])]
    if dry_run:
        skipped = tried(wanted, as_json)
    else:
        collection = Collection(_settings())
        reports = ingested(collection.store, wanted, as_json)
        intake.summary(reports)
        skipped = any(report.problem for report in reports)
        build_index(collection)
    intake.left_aside(other_formats(wanted))
    if skipped:
        raise typer.Exit(1)


@app.command()
def catalogue(folder: Annotated[Path, typer.Argument(help="A folder of documents.")]) -> None:
    """Write the first draft of a folder's catalogue.toml, to be edited; an existing one is left alone."""
    from corpus import cataloguing
    from corpus.catalogue import NAME
    from corpus.confinement import Confinement
    from corpus.store import Store
    from service.doors import intake
    from service.doors.readiness import ingested
    from service.sources import path_below

    path = folder / NAME
    if not folder.is_dir():
        raise typer.BadParameter(f"{folder} is no folder")
    if path.exists():
        raise CorpusError(f"{path}: is there already; edit it, or move it away for a new draft")
    with TemporaryDirectory() as scratch:
        store = Store(Path(scratch) / "store.sqlite3")
        reports = ingested(store, [folder])
        intake.skips(reports)
        files = {report.document: path_below(folder, report.path) for report in reports if report.document}
        with Confinement() as confinement:
            cataloguing.write(path, cataloguing.drafted(store, files, confinement))
    terminal.stderr().print(
        f"{path}: {len(files)} documents; edit it, then `yinju ingest {folder}`", markup=False, soft_wrap=True
    )
    if len(files) < len(reports):
        raise typer.Exit(1)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; else YINJU_HOST.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port to listen on; else YINJU_PORT.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=MOST_WORKERS, help="Processes that answer; else YINJU_WORKERS.")
    ] = None,
) -> None:
    """Serve the collection over HTTP; an empty one starts with the three built-in statements."""
    from service.doors import serving
    from service.doors.readiness import make_ready

    given = {"YINJU_HOST": host, "YINJU_PORT": port, "YINJU_WORKERS": workers}
    os.environ |= {name: str(value) for name, value in given.items() if value is not None}  # for every worker to read
    settings = _settings().served()
    collection = Collection(settings)
    make_ready(collection)
    terminal.stderr().print(f"Yinju {version()} on {settings.base_url} (API: {settings.base_url}/docs)", markup=False)
    if not serving.run(collection):
        raise typer.Exit(1)


@app.command()
def mcp() -> None:
    """Serve the collection to an agent over stdio, by the Model Context Protocol; stdout is only the protocol."""
    if find_spec("mcp") is None:
        sys.exit("yinju: this needs an extra: pip install 'yinju[mcp]'")
    from service.doors.mcp_server import server
    from service.doors.readiness import make_ready

    collection = Collection(_settings())
    make_ready(collection)
    server(collection).run()


@app.command()
def doctor(
    repair: Annotated[
        bool, typer.Option("--repair", help="Rebuild what can be; what is gone is named. Stop the service before.")
    ] = False,
) -> None:
    """Check the program's files, every page of the store and every file of the index; a line for each thing wrong.

    Every passage is derived anew from its stored file. That the index is behind the store is nothing wrong: the next
    `yinju ingest` or `yinju serve` brings it up to date.
    """
    from service.doctor import examined, repaired

    settings = _settings()
    if settings.data and not settings.store.exists():
        Collection(settings, create=False)
    findings = 0
    for finding in (repaired if repair else examined)(settings):
        sys.stdout.write(f"{terminal.plain(finding)}\n")
        findings += 1
    if findings:
        terminal.stderr().print(f"{findings} problems", markup=False)
        raise typer.Exit(1)
    _sound(Collection(settings, create=False))


def _sound(collection: Collection) -> None:
    if collection.keeps_store and not collection.growth.is_current():
        terminal.stderr().print("the index is behind the store; `yinju ingest` brings it up to date", markup=False)
    members = collection.library.members()
    passages = sum(len(collection.library.body(member.document)) for member in members)
    terminal.stderr().print(f"{len(members)} documents, {passages} passages: 0 problems", markup=False)


@app.command()
def evaluate(
    folder: Annotated[Path, typer.Argument(help="A folder of questions with known answers.")],
    worst: Annotated[bool, typer.Option(help="List what went wrong on stderr, the surest first.")] = False,
    ablation: Annotated[bool, typer.Option(help="Only show what each part of the ranking is worth.")] = False,
    curve: Annotated[bool, typer.Option(help="Only show how far the scores can be trusted.")] = False,
    recalibrate: Annotated[bool, typer.Option("--calibrate", help="Only refit the confidence, and print it.")] = False,
) -> None:
    """Ask questions with known answers; print the figures, and fail if one is below its pinned floor."""
    from service import calibration
    from service.doors import figures
    from service.evaluation import read_cases

    collection, cases = Collection(_settings(), create=False), read_cases(folder)
    if recalibrate:
        sys.stdout.write(f"{calibration.refit(calibration.judge(collection.index(), cases))}\n")
    elif ablation:
        figures.ablation(calibration.ablation(calibration.judge(collection.index(), cases)))
    elif curve:
        figures.curves(calibration.judge(collection.index(), cases))
    elif not figures.outcomes(collection, folder, cases, worst):
        raise typer.Exit(1)
