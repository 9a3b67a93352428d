"""The chat page: a thread of questions, each with its quotes. An address gives a page, or its last turn as events.

The page holds the whole thread in its address, so that it works without a script; the script asks for events and lays
them out in the page's own templates.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response

from corpus.document import Work
from service.answer import Answer
from service.collection import Collection
from service.doors import card, thread
from service.doors.holdings import choices, dated, holdings, named
from service.doors.interface import Interface, Page, page
from service.doors.message import UNASKED, noted, words_in
from service.doors.problems import EXPECTED, Problem, problem
from service.doors.streaming import event, streamed
from service.doors.thread import Turn
from service.followups import relation
from service.question import LONGEST, Question
from service.verification import SHORTEST

router = APIRouter(include_in_schema=False, route_class=Page)

_STATIC = Path(__file__).parent / "web" / "static"
_SHOWN = 12  # statements on the empty page
_NAMES = 4  # of those that were searched too
_CHIPS = {"follow_up": "history"}  # notes that are shown as chips, and what is switched off with one
_BLANK: Mapping[str, Any] = {
    **dict.fromkeys(("question", "state", "said", "detail", "timeline"), ""),
    **dict.fromkeys(("chips", "notes", "tries", "cards"), ()),
}


@router.api_route("/", methods=["GET", "HEAD"])
def chat(request: Request) -> Response:
    """The page, or the last turn of its thread as server-sent events to a script that asks for these."""
    interface, turns = Interface.of(request), thread.turns(request.query_params.multi_items())
    chat = _Chat(request.app.state.collection, interface)
    if turns and "text/event-stream" in request.headers.get("accept", ""):
        events = streamed(chat.events(turns), _failed)
        events.headers["Cache-Control"] = "no-store"  # the page has the same address
        return events
    held = [chat.turn(turns[: place + 1]) for place in range(len(turns))]
    reply = page(request, interface, "chat.html", chat.shown(turns, held), held[-1]["status"] if held else 200)
    reply.headers.add_vary_header("Accept")
    return reply


@router.get("/embed.js")
def embed() -> Response:
    """The script that puts the chat into another page."""
    headers = {"Cache-Control": "no-cache", "Cross-Origin-Resource-Policy": "cross-origin"}
    return FileResponse(_STATIC / "embed.js", headers=headers)


def _failed(problem: Problem) -> Iterator[str]:
    yield event({"detail": problem.detail}, "failed")


@dataclass(frozen=True, slots=True)
class _Chat:
    """One collection, for one reader."""

    collection: Collection
    interface: Interface

    def shown(self, turns: Sequence[Turn], held: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """What the template shows; the form keeps the limits of the last turn."""
        works = holdings(self.collection)
        return {
            "turns": held,
            "earlier": thread.query(turns),
            "last": turns[-1] if turns else Turn(""),
            "examples": () if held else self._examples(),
            "holdings": [(work, named(work, self.interface), documents) for work, documents in works[:_SHOWN]],
            "hidden": len(works) - _SHOWN,
            "choices": choices(works, self.interface),
            "years": sorted({work.date.year for work, _ in works if work.date}),
            "longest": LONGEST,
            "blank": _BLANK,
            **card.furniture(self.interface),
        }

    def events(self, turns: Sequence[Turn]) -> Iterator[str]:
        """The last turn, and then its cards one by one."""
        held = self.turn(turns)
        cards = held.pop("cards")
        yield event(held, "turn")
        for made in cards:
            yield event(made, "card")
        yield event({}, "end")

    def turn(self, turns: Sequence[Turn]) -> dict[str, Any]:
        """The last of `turns`, answered after the others."""
        asked, history = turns[-1], [turn.question for turn in turns[:-1]]
        try:
            answer = self.collection.answerer().ask(
                asked.question, filters=asked.filters, history=history, interpret=asked.interpret
            )
        except EXPECTED as error:
            return {**self._refused(problem(error)), "question": asked.question}
        return self._answered(turns, answer)

    def _refused(self, told: Problem) -> dict[str, Any]:
        said = {"state": "failed", "status": told.status, "said": self.interface.words["failed"], "detail": told.detail}
        return {**_BLANK, **said}

    def _answered(self, turns: Sequence[Turn], answer: Answer) -> dict[str, Any]:
        words, quotes = self.interface.words, answer.quotes or answer.nearest
        said = words["quoted"].format(n=len(quotes)) if answer.answered else _silence(answer, self.interface)
        timeline = self.interface.links.path("timeline", [("q", answer.interpreted.text)])
        return {
            "question": turns[-1].question,
            "state": "answered" if answer.answered else "unanswered",
            "status": 200,
            "said": said,
            "detail": "",
            "chips": list(self._chips(turns, answer.interpreted)),
            "notes": notes(answer.interpreted, self.interface),
            "tries": [] if answer.answered else list(self._tries(turns, answer.interpreted)),
            "timeline": timeline if answer.answered else "",
            "cards": [card.of_quote(quote, self.interface) for quote in quotes],
        }

    def _chips(self, turns: Sequence[Turn], understood: Question) -> Iterator[dict[str, str]]:
        """What limits or widens the search, each with the address of the thread without it."""
        words, asked = self.interface.words, turns[-1]
        works = self.collection.library.works()
        for work in asked.works:
            others = tuple(other for other in asked.works if other != work)
            yield self._chip(words["only"].format(text=dated(works[work], self.interface)), turns, works=others)
        if asked.start:
            yield self._chip(words["since"].format(text=asked.start), turns, start="")
        if asked.end:
            yield self._chip(words["until"].format(text=asked.end), turns, end="")
        time = self._time(understood, works)
        if time and _says_no_more(asked.question, understood):
            yield self._taken_off(words["only"].format(text=time), turns[:-1])
        elif time:
            # "The later ones" lean on the turn before.
            read_by = ("history",) if len(turns) > 1 and relation(asked.question) else ("dates", "works")
            yield self._chip(words["only"].format(text=time), turns, without=(*asked.without, *read_by))
        for label, held, name in (
            ("also_searched", understood.aliases[:_NAMES], "aliases"),
            ("required", required(understood), "phrases"),
            ("after", [note.about for note in understood.notes if note.code in _CHIPS], "history"),
        ):
            if held:
                text = words[label].format(text=words["comma"].join(held))
                yield self._chip(text, turns, without=(*asked.without, name))

    def _chip(self, text: str, turns: Sequence[Turn], **changed: Any) -> dict[str, str]:
        return self._taken_off(text, [*turns[:-1], replace(turns[-1], **changed)])

    def _taken_off(self, text: str, left: Sequence[Turn]) -> dict[str, str]:
        label = self.interface.words["remove"].format(text=text)
        return {"text": text, "remove": self._address(left), "label": label}

    def _address(self, turns: Sequence[Turn]) -> str:
        return self.interface.links.path("", thread.query(turns)) + "#latest"

    def _time(self, understood: Question, works: Mapping[str, Work]) -> str:
        """What was read out of a question about time: years if they are whole, else days, or the statements' dates."""
        read = understood.filters
        named = [dated(works[work], self.interface) for work in read.works if work in works]
        days = [day.isoformat() if day else "" for day in (read.start, read.end)]
        if days[0][4:] in ("", "-01-01") and days[1][4:] in ("", "-12-31"):
            days = [day[:4] for day in days]
        span = days[0] if days[0] == days[1] else "–".join(days)
        comma: str = self.interface.words["comma"]
        return comma.join([*named, *([span] if any(days) else [])])

    def _tries(self, turns: Sequence[Turn], understood: Question) -> Iterator[dict[str, str]]:
        words, asked = self.interface.words, turns[-1]
        if asked.filters.choose_time or understood.filters.choose_time:
            wide = Turn(asked.question, without=(*asked.without, "dates", "works"))
            yield {"text": words["try_all"], "href": self._address([*turns[:-1], wide])}
        if required(understood):
            loose = replace(asked, without=(*asked.without, "phrases"))
            yield {"text": words["try_loose"], "href": self._address([*turns[:-1], loose])}
        if sum(map(str.isalnum, asked.question)) >= SHORTEST:
            check = self.interface.links.path("verify", [("text", asked.question)])
            yield {"text": words["try_check"], "href": check}
        yield from self._examples()

    def _examples(self) -> list[dict[str, str]]:
        """Questions about what the collection names, each of which it answers."""
        frame, language = self.interface.words["example"], self.interface.language
        try:
            questions = self.collection.questions(frame, language)
        except EXPECTED:
            return []
        return [{"text": question, "href": self._address([Turn(question)])} for question in questions]


def _says_no_more(question: str, understood: Question) -> bool:
    """Whether a follow-up such as "and in 2022?" says nothing but a time: without it, it is the turn before."""
    is_follow_up = any(note.code == "follow_up" for note in understood.notes)
    return is_follow_up and not {*understood.text.split()} & {*question.split()} and not relation(question)


def required(understood: Question) -> list[str]:
    """The words in quotation marks, but for those that nothing holds."""
    dropped = {note.about for note in understood.notes if note.code == "phrase_not_held"}
    return [phrase for phrase in understood.phrases if not any(phrase in held for held in dropped)]


def _silence(answer: Answer, interface: Interface) -> str:
    words = words_in(interface.language)
    told = next((note.code for note in answer.interpreted.notes if note.code in UNASKED), "nothing")
    return words[told]


def notes(understood: Question, interface: Interface) -> list[str]:
    """What the reader should know about how a question was understood, but for what is said elsewhere on a page."""
    words = words_in(interface.language)
    return [noted(note, words) for note in understood.notes if note.code not in (*_CHIPS, *UNASKED)]
