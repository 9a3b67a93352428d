"""The Model Context Protocol door, over HTTP at /mcp and over stdio: `search` and `fetch` in the shape that ChatGPT
requires of a connector (https://developers.openai.com/api/docs/mcp), and `verify_quote`.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Annotated

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ResourceNotFoundError, ToolError
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import ToolAnnotations
from pydantic import BaseModel, Field
from starlette.routing import Route
from starlette.types import ASGIApp

from service.collection import Collection
from service.doors.gates import LARGEST_BODY
from service.doors.message import label
from service.doors.problems import EXPECTED, problem
from service.lookup import Cited
from service.verification import LONGEST, SHORTEST, Claim, Quoted, Verification
from service.version import version

_INSTRUCTIONS = (
    "Verbatim paragraphs of a collection of documents, with citations. Nothing is generated. Search first, then fetch "
    "what you want to quote; quote `text` word for word and give its `url`. No result means that nothing here answers. "
    "Check any quotation with verify_quote before you pass it on."
)


class _Absent(Exception):
    """There is no such passage; the message says why."""


class ResultOut(BaseModel):
    id: str
    title: str
    url: str


class SearchOut(BaseModel):
    results: list[ResultOut]


class FetchOut(BaseModel):
    id: str
    title: str
    text: str
    url: str
    metadata: dict[str, str]


class PlaceOut(BaseModel):
    id: str
    title: str
    text: str
    url: str
    quoted: list[str] = Field(description="What of the text the quotation covers.")
    left_out: list[str] = Field(description="What its sentences say besides, and the sense may turn on.")


class ChangeOut(BaseModel):
    id: str
    source: str = Field(description="What stands there; empty where something was put in.")
    quotation: str = Field(description="What the quotation has instead; empty where something was left out.")
    critical: bool = Field(description="The sense may turn on it.")


class VerdictOut(BaseModel):
    verdict: str = Field(description="found, altered, misattributed or not_found.")
    reason: str = Field(description="outside_body, language, spliced, elsewhere, or nothing.")
    truncated: bool
    critical: bool = Field(description="The sense may turn on what was changed or left out.")
    differences: list[str] = Field(description="Such as script or punctuation; none changes a word.")
    edits: list[ChangeOut]
    places: list[PlaceOut]


class _Tools:
    """What the protocol offers; the docstrings are what a model reads."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    def search(
        self, query: Annotated[str, Field(description="A question, topic or name, in Chinese, English or Russian.")]
    ) -> SearchOut:
        """Find the paragraphs that answer a question, best first. Years in the query are understood as limits."""
        with _told():
            answer = self._collection.answerer().ask(query)
        language = answer.interpreted.language
        return SearchOut(
            results=[
                ResultOut(id=quote.passage_id, title=label(quote.citation, language), url=quote.url)
                for quote in answer.quotes
            ]
        )

    def fetch(self, id: Annotated[str, Field(description="An id that search gave, such as un-cd-2019/8.")]) -> FetchOut:
        """Get a paragraph word for word, with what it takes to cite it and the ids of the paragraphs around it."""
        with _told():
            held = self._held(id)
        citation = held.citation
        return FetchOut(
            id=held.passage.id,
            title=label(citation, citation.language),
            text=held.passage.text,
            url=held.url,
            metadata={name: str(value) for name, value in _metadata(held) if value is not None},
        )

    def verify_quote(
        self,
        text: Annotated[str, Field(description=f"The quotation, {SHORTEST} letters to {LONGEST} characters.")],
        work: Annotated[
            str | None, Field(description="The work that it is said to be from, such as cn-ru-2019.")
        ] = None,
        document: Annotated[str | None, Field(description="The document that it is said to be from.")] = None,
    ) -> VerdictOut:
        """Check a quotation word by word: found, altered (with the edits), misattributed or not found."""
        with _told():
            return _verdict(self._collection.verifier().verify(text, Claim(work, document)))

    def passage(self, document: str, number: str) -> str:
        """One paragraph, word for word."""
        try:
            return self._held(f"{document}/{number}").passage.text
        except _Absent as absent:
            raise ResourceNotFoundError(str(absent)) from absent

    def _held(self, name: str) -> Cited:
        """A passage; _Absent says why there is none."""
        held = self._collection.lookup().passage(name) if name.isprintable() else None
        if held:
            return held
        since = self._collection.library.withdrawn(name.rpartition("/")[0]) if name.isprintable() else None
        raise _Absent(
            f"withdrawn on {since}" if since else "no such passage; ids are document/number, as search gives them"
        )


@contextmanager
def _told() -> Iterator[None]:
    """What can be put right is told to the model; anything else only to the log."""
    try:
        yield
    except _Absent as absent:
        raise ToolError(str(absent)) from absent
    except EXPECTED as error:
        raise ToolError(problem(error).detail) from error


def _metadata(held: Cited) -> Iterator[tuple[str, object]]:
    citation = held.citation
    yield "date", citation.date
    yield "file_page", citation.file_page
    yield "paragraph", citation.ordinal
    yield "language", citation.language
    yield "outlet", citation.outlet
    yield "source_url", citation.source_url
    yield "sha256", citation.sha256
    yield "read_with", held.leans_on and held.leans_on.text
    yield "superseded", "true" if held.is_superseded else None
    yield "previous", held.previous
    yield "next", held.next
    yield "witnesses", ", ".join(witness.passage_id for witness in held.witnesses) or None


def _verdict(held: Verification) -> VerdictOut:
    texts = {quoted.cited.passage.id: quoted.cited.passage.text for quoted in held.passages}
    return VerdictOut(
        verdict=held.verdict,
        reason=held.reason or "",
        truncated=held.is_truncated,
        critical=held.is_critical,
        differences=list(held.differences),
        edits=[
            ChangeOut(
                id=edit.passage_id,
                source=edit.source.of(texts[edit.passage_id]),
                quotation=edit.text,
                critical=edit.is_critical,
            )
            for edit in held.edits
        ],
        places=[_place(quoted) for quoted in held.passages],
    )


def _place(quoted: Quoted) -> PlaceOut:
    passage, citation = quoted.cited.passage, quoted.cited.citation
    return PlaceOut(
        id=passage.id,
        title=label(citation, citation.language),
        text=passage.text,
        url=quoted.cited.url,
        quoted=[span.of(passage.text) for span in quoted.spans],
        left_out=[cut.text for cut in quoted.cuts],
    )


def server(collection: Collection) -> MCPServer:
    """The server over `collection`; `run()` serves it on stdio."""
    tools = _Tools(collection)
    made = MCPServer("yinju", "Yinju 引据", instructions=_INSTRUCTIONS, version=version(), log_level="WARNING")
    for tool in (tools.search, tools.fetch, tools.verify_quote):
        made.tool(annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False))(tool)
    made.resource("passage://{document}/{number}", mime_type="text/plain")(tools.passage)
    return made


def over_http(collection: Collection) -> tuple[ASGIApp, Callable[[], AbstractAsyncContextManager[None]]]:
    """What answers at /mcp, which keeps no session, and what has to be open while it does."""
    settings, made = collection.settings, server(collection)
    own = [f"{scheme}://{host}" for scheme in ("http", "https") for host in settings.own_hosts]
    security = TransportSecuritySettings(
        allowed_hosts=list(settings.own_hosts), allowed_origins=[*own, *settings.origins]
    )
    app = made.streamable_http_app(
        stateless_http=True, json_response=True, transport_security=security, max_request_body_size=LARGEST_BODY
    )
    (route,) = app.routes
    assert isinstance(route, Route)
    return route.app, made.session_manager.run
