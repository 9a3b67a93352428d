"""The page on which a quotation is checked: the verdict, what was changed, and where it stands."""

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from service.collection import Collection
from service.doors import card
from service.doors.holdings import choices, holdings
from service.doors.interface import Interface, Page, page, typed
from service.doors.problems import EXPECTED, problem
from service.verification import LONGEST, Claim, Verdict, Verification

router = APIRouter(include_in_schema=False, route_class=Page)

_MARKS = {Verdict.FOUND: "✓", Verdict.ALTERED: "≠", Verdict.MISATTRIBUTED: "≠", Verdict.NOT_FOUND: "?"}
_REASONS = {"language": "language_reason"}


@router.api_route("/verify", methods=["GET", "HEAD"])
def quotation(request: Request, text: str = "", work: str = "") -> Response:
    """The page of a quotation, with where it is said to be from; without one only the form."""
    collection: Collection = request.app.state.collection
    interface = Interface.of(request)
    text = typed(text)
    shown: dict[str, Any] = {"given": text, "claimed": work, "longest": LONGEST, "problem": "", "held": None}
    status = 200
    if text.strip():
        try:
            checked = collection.verifier().verify(text.strip(), Claim(work) if work else None)
            shown["held"] = _shown(checked, interface)
        except EXPECTED as error:
            status, shown["problem"] = problem(error).status, problem(error).detail
    shown |= {"choices": choices(holdings(collection), interface), **card.furniture(interface)}
    return page(request, interface, "verify.html", shown, status)


def _shown(held: Verification, interface: Interface) -> dict[str, Any]:
    words = interface.words
    cuts = [cut for quoted in held.passages if quoted.place == 0 for cut in quoted.cuts]
    return {
        "verdict": held.verdict.value,
        "mark": _MARKS[held.verdict],
        "reason": words[_REASONS.get(held.reason, held.reason.value)] if held.reason else "",
        "cuts": [_at_stake(cut.text, cut.kind, words) for cut in cuts],
        "writing": [words["differences"][name] for name in held.differences],
        "edits": list(_edits(held, words)),
        "quoted": list(card.pieces(held.text, sorted({edit.quoted for edit in held.edits}))),
        "sources": list(_sources(held)),
        "cards": [card.of_cited(quoted.cited, quoted.spans, interface) for quoted in held.passages],
        "outside": [(words["roles"][outside.role.name.lower()], outside) for outside in held.outside],
    }


def _at_stake(text: str, kind: str | None, words: Mapping[str, Any]) -> dict[str, str]:
    return {"text": text, "kind": words["kinds"][kind] if kind else ""}


def _edits(held: Verification, words: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    texts = {quoted.cited.passage.id: quoted.cited.passage.text for quoted in held.passages}
    for edit in held.edits:
        yield {"source": edit.source.of(texts[edit.passage_id]), **_at_stake(edit.text, edit.kind, words)}


def _sources(held: Verification) -> Iterator[dict[str, Any]]:
    """What the quotation covers of each paragraph, as far as it was changed, the changed places marked."""
    for quoted in held.passages if held.edits else ():
        cited = quoted.cited
        marks = sorted({edit.source for edit in held.edits if edit.passage_id == cited.passage.id})
        within = [*quoted.spans, *marks]
        start, end = min(span.start for span in within), max(span.end for span in within)
        pieces = card.pieces(cited.passage.text[start:end], [mark.moved(-start) for mark in marks])
        yield {"id": cited.passage.id, "language": cited.citation.language, "pieces": list(pieces)}
