"""What the terminal shows: answers, verifications and timelines, as text on stdout, remarks on stderr."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import Any

from rich.console import Console
from rich.text import Text

from corpus.citation import Citation, in_language
from corpus.document import Span
from service.answer import Answer, Quote
from service.question import Question
from service.timeline import Change, Timeline
from service.verification import Verification

_WHITE = re.compile(r"\s")
# What a terminal obeys → pictures of control characters, and one sign for those that have none or turn a line around.
_SIGNS = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n"} | {0x7F: 0x2421}
_SIGNS |= dict.fromkeys(
    (*range(0x80, 0xA0), 0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)), 0xFFFD
)

_REASONS = {
    "outside_body": "it stands on a page, but outside the document's body",
    "language": "the collection holds nothing in its language",
    "elsewhere": "not from where it is said to be from",
    "spliced": "put together from several places",
}


def plain(text: str) -> str:
    """`text` with every character that a terminal would obey shown as a sign, one for one; a file may hold any."""
    return text.translate(_SIGNS)


def on_one_line(text: str) -> str:
    """The same, with white space as spaces: highlights stay where they are."""
    return plain(_WHITE.sub(" ", text))


class _Plain(Console):
    """Shows strings as `plain` has them."""

    def print(self, *objects: Any, **named: Any) -> None:
        super().print(*(plain(held) if isinstance(held, str) else held for held in objects), **named)


@cache  # what is printed while a bar is shown must go through the bar's own console
def stderr() -> Console:
    """For all that is no data."""
    return _Plain(stderr=True)


def answer(held: Answer) -> None:
    """The quotes with their citations; on stderr the notes, and what is nearest if nothing answers."""
    _quotes(held.quotes, held.interpreted)
    if not held.answered:
        _nothing(held.nearest, held.interpreted.language)


def _quotes(quotes: Sequence[Quote], asked: Question) -> None:
    for note in asked.notes:
        stderr().print(on_one_line(note.text), markup=False, soft_wrap=True)
    for quote in quotes:
        _paragraph(str(quote.number), quote.text, quote.highlights)
        if quote.leans_on:
            _dim(f"    read with: {on_one_line(quote.leans_on.text)}")
        line = _citation_line(quote.citation, quote.passage_id, quote.url, asked.language)
        _dim("    — " + " · ".join([line, *(f"also {witness.passage_id}" for witness in quote.witnesses)]))
        _stdout().print()


def _nothing(nearest: Sequence[Quote], language: str) -> None:
    beside = " Nearest, but not an answer:" if nearest else ""
    stderr().print(f"Nothing in the collection answers this.{beside}", markup=False, soft_wrap=True)
    for quote in nearest:
        line = _citation_line(quote.citation, quote.passage_id, quote.url, language)
        stderr().print(f"    — {line}", style="dim", markup=False, soft_wrap=True)


def _stdout() -> Console:
    return _Plain(soft_wrap=True, highlight=False)  # a terminal breaks Chinese lines better than rich does


def _paragraph(label: str, text: str, marked: Iterable[Span]) -> None:
    shown = Text(on_one_line(text))
    for span in marked:
        shown.stylize("bold yellow", span.start, span.end)
    _stdout().print(Text.assemble((f"[{label}] ", "bold"), shown))


def _dim(line: str) -> None:
    _stdout().print(line, style="dim", markup=False)


def _citation_line(citation: Citation, passage_id: str, url: str, language: str) -> str:
    title = in_language(citation.titles, language) or citation.title or passage_id
    day = citation.date.isoformat() if citation.date else None
    page = f"p. {citation.file_page}" if citation.file_page else None
    parts = [title, day, page, f"¶ {citation.ordinal}", citation.outlet, url]
    return on_one_line(" · ".join(str(part) for part in parts if part))


def verification(held: Verification) -> None:
    """The verdict, the edits (! where the sense may turn on one), and the places with what is quoted marked."""
    said = [held.verdict.replace("_", " "), _REASONS.get(held.reason or "", "")]
    said += ["but for " + ", ".join(held.differences)] if held.differences else []
    said += ["cut off where the sense may turn"] if held.is_truncated else []
    _stdout().print("; ".join(part for part in said if part), style="bold", markup=False)
    for edit in held.edits:
        source = next(
            quoted.cited.passage.text for quoted in held.passages if quoted.cited.passage.id == edit.passage_id
        )
        change = f"{edit.source.of(source) or '(nothing)'} → {edit.text or '(nothing)'}"
        mark = f"  ! {change} ({edit.kind})" if edit.is_critical else f"    {change}"
        _stdout().print(on_one_line(mark), markup=False)
    for quoted in held.passages:
        _stdout().print()
        cited = quoted.cited
        _paragraph(str(quoted.place + 1), cited.passage.text, quoted.spans)
        _dim("    — " + _citation_line(cited.citation, cited.passage.id, cited.url, cited.citation.language))
        if quoted.cuts:
            _dim("    left out: " + on_one_line(", ".join(f"{cut.text} ({cut.kind})" for cut in quoted.cuts)))
    for outside in held.outside:
        _stdout().print()
        _paragraph(outside.role.value, outside.text, ())
        _dim(f"    — on the page of {outside.document}")


def timeline(held: Timeline) -> None:
    """Each statement's quotes, by date; between two statements the wording that stayed (=), went (-) and came (+)."""
    for label, occurrence in (("first", held.first), ("last", held.last)):
        if occurrence:
            _stdout().print(f"{label} {occurrence.date} {occurrence.passage_id}", markup=False)
    changes = {change.after: change for change in held.changes}
    for entry in held.entries:
        if entry.work.id in changes:
            _change(changes[entry.work.id])
        title = on_one_line(in_language(entry.work.titles, held.interpreted.language) or entry.work.id)
        _stdout().print(f"{entry.work.date or 'no date'} · {title}\n", style="bold", markup=False)
        _quotes(entry.quotes, replace(held.interpreted, notes=()))
    for note in held.interpreted.notes:
        stderr().print(on_one_line(note.text), markup=False, soft_wrap=True)
    if not held.answered:
        _nothing(held.nearest, held.interpreted.language)


def _change(change: Change) -> None:
    for mark, extracts, style in (
        ("=", [kept.after for kept in change.stayed], "dim"),
        ("-", change.went, "red"),
        ("+", change.came, "green"),
    ):
        for extract in extracts:
            _stdout().print(f"  {mark} {on_one_line(extract.text)} ({extract.passage_id})", style=style, markup=False)
    _stdout().print()


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr, to be told how much is done, and of how much."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=stderr(), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
