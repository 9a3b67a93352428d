"""What can't be answered, at every door that takes it: the refusal says what to do, and repeats none of it at length.

Keys stand in test_gates.py, files in test_bad_files.py, and whatever else a schema allows in test_documentation.py.
"""

import hashlib
import html
import json
import re
import shutil
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote, urlsplit

import httpx2
import pytest
from fastapi.testclient import TestClient

from service.app import create_app
from service.collection import Collection
from service.doors.gates import LARGEST_BODY, LONGEST_ADDRESS
from service.keys import Keys
from service.settings import Settings

KEY = "an ingester's key"
SURROGATE, NUL, LONG = "INF \ud800", "IN\0F", "x" * 100_000
HERE = "http://127.0.0.1:8000"

Refusal = tuple[int, str]
Door = Callable[[TestClient, str], Refusal]


def told(reply: httpx2.Response) -> Refusal:
    """The status, and what it says in words: of a problem, of OpenAI's envelope, or on a page."""
    kind = reply.headers["content-type"]
    if kind.startswith("text/html"):
        said = re.search(r'(?:class="detail"|</strong> <span) lang="en">([^<]+)<', reply.text)
        return reply.status_code, html.unescape(said[1]) if said else ""
    assert len(reply.content) < 6000
    held = reply.json()
    assert kind == ("application/json" if "error" in held else "application/problem+json")
    return reply.status_code, held["error"]["message"] if "error" in held else held["detail"]


def post(path: str, **body: Any) -> Door:
    """A door that takes JSON; `...` stands for the text."""

    def sent(client: TestClient, text: str) -> Refusal:
        return told(client.post(path, content=put_in(body, text), headers={"content-type": "application/json"}))

    return sent


def put_in(body: object, text: str) -> str:
    # Not by the client, which can't write half a surrogate pair.
    return json.dumps(body).replace('"..."', json.dumps(text))


def get(path: str) -> Door:
    return lambda client, text: told(client.get(path.replace("...", quote(text[:50_000]))))


def mcp(tool: str, argument: str) -> Door:
    def called(client: TestClient, text: str) -> Refusal:
        asked = {"method": "tools/call", "params": {"name": tool, "arguments": {argument: text}}}
        accepted = {"accept": "application/json, text/event-stream"}
        result = client.post("/mcp", json={"jsonrpc": "2.0", "id": 1, **asked}, headers=accepted).json()["result"]
        assert result["isError"] and len(result["content"][0]["text"]) < 1000
        return 422, result["content"][0]["text"]

    return called


MESSAGES = [{"role": "user", "content": "..."}]
QUESTIONS: dict[str, Door] = {
    "ask": post("/api/ask", question="..."),
    "timeline": get("/api/timeline?q=..."),
    "chat": post("/v1/chat/completions", model="yinju", messages=MESSAGES),
    "streamed chat": post("/v1/chat/completions", model="yinju", messages=MESSAGES, stream=True),
    "responses": post("/v1/responses", model="yinju", input="..."),
    "responses of messages": post("/v1/responses", model="yinju", input=MESSAGES),
    "retrieval": post("/retrieval", query="..."),
    "mcp": mcp("search", "query"),
    "page": get("/?q=..."),
    "timeline page": get("/timeline?q=..."),
}
QUOTATIONS: dict[str, Door] = {
    "verify": post("/api/verify", text="..."),
    "mcp": mcp("verify_quote", "text"),
    "page": get("/verify?text=..."),
}
BAD_QUESTIONS = {
    "empty": ("", "the question is empty; ask with at least one letter or digit"),
    "blank": (" \t\r\n\u3000", "the question is empty; ask with at least one letter or digit"),
    "signs": ("?! …“”«»🚀", "the question is empty; ask with at least one letter or digit"),
    "100 kB": (LONG, "characters; at most 2000 are allowed"),
    "a letter too long": ("и" * 2001, "the question has 2001 characters; at most 2000 are allowed"),
    "half a pair": (SURROGATE, "the question holds control characters or half a surrogate pair; send plain text"),
    "NUL": (NUL, "the question holds control characters or half a surrogate pair; send plain text"),
    "an escape": ("INF \x1b[31m", "the question holds control characters or half a surrogate pair; send plain text"),
}
BAD_QUOTATIONS = {
    "empty": ("", "give 4 letters or more"),
    "short": ("INF", "give 4 letters or more"),
    "signs": ("?! …“”«»🚀", "give 4 letters or more"),
    "100 kB": (LONG, "characters; at most 5000 are checked at once"),
    "half a pair": (SURROGATE, "the quotation holds half a surrogate pair; send plain text"),
    "full of gaps": ("word … " * 41, "at most 40 ellipses"),
}
# An address can't hold half a pair, a page without a text is its form, and a chat says more of an empty message.
OTHERWISE = {
    "empty": ("chat", "responses", "page"),
    "blank": ("chat", "responses", "page"),
    "half a pair": ("mcp", "page", "timeline"),
}


def table(doors: dict[str, Door], bad: dict[str, tuple[str, str]]) -> Iterator[Any]:
    for name, (text, detail) in bad.items():
        for door, sent in doors.items():
            if not any(word in door for word in OTHERWISE.get(name, ())):
                yield pytest.param(
                    sent,
                    text,
                    400 if door.endswith(("chat", "messages", "responses")) else 422,
                    detail,
                    id=f"{name}-{door}",
                )


@pytest.mark.parametrize(
    ("sent", "text", "status", "detail"), [*table(QUESTIONS, BAD_QUESTIONS), *table(QUOTATIONS, BAD_QUOTATIONS)]
)
def test_a_text_that_can_t_be_taken(client: TestClient, sent: Door, text: str, status: int, detail: str) -> None:
    code, said = sent(client, text)
    assert code == status and detail in said
    assert len(said) < 400


@pytest.mark.parametrize("text", ["", " \n"])
@pytest.mark.parametrize("door", ["chat", "streamed chat", "responses", "responses of messages"])
def test_a_message_without_a_text(client: TestClient, door: str, text: str) -> None:
    assert QUESTIONS[door](client, text) == (
        400,
        "the last message of the user's holds no text; images and files can't be read here",
    )


@pytest.mark.parametrize("text", ["\ufeffINF", "INF\u202e", "\u2066INF\u2069", "\u200bINF\u200d", "\u00adINF"])
def test_what_is_not_seen_changes_no_answer(client: TestClient, text: str) -> None:
    def asked(question: str) -> list[str]:
        return [quote["passage_id"] for quote in client.post("/api/ask", json={"question": question}).json()["quotes"]]

    assert asked(text) == asked("INF") != []


# Bodies.

JSON_DOORS = ("/api/ask", "/api/verify", "/v1/chat/completions", "/v1/responses", "/retrieval")
UNREADABLE = "the body can't be read as JSON: send UTF-8, no number of over 4300 digits, and few levels of nesting"
SEND_JSON = "send a JSON object, with the Content-Type application/json"
BODIES: dict[str, tuple[bytes, str, int, str]] = {
    "nothing": (b"", "application/json", 422, SEND_JSON),
    "a form": (b"question=INF&query=INF", "application/x-www-form-urlencoded", 422, SEND_JSON),
    "JSON that is called text": (b'{"question": "INF"}', "text/plain", 422, SEND_JSON),
    "a list": (b"[]", "application/json", 422, SEND_JSON),
    "a number": (b"1e400", "application/json", 422, SEND_JSON),
    "half of it": (b'{"a": ', "application/json", 422, "/: no JSON: Expecting value, at character 6"),
    "a control character": (b'{"a": "\n"}', "application/json", 422, "/: no JSON: Invalid control character at"),
    "no UTF-8": (b'{"a": "\xff"}', "application/json", 400, UNREADABLE),
    "5000 digits": (b'{"a": ' + b"9" * 5000 + b"}", "application/json", 400, UNREADABLE),
    "100,000 lists": (b"[" * 100_000, "application/json", 400, UNREADABLE),
    "100,000 objects": (b'{"a":' * 100_000, "application/json", 400, UNREADABLE),
    "5 MB": (
        b" " * (5 << 20),
        "application/json",
        413,
        f"the body is over {LARGEST_BODY} bytes, the most that is taken",
    ),
}


@pytest.mark.parametrize("path", JSON_DOORS)
@pytest.mark.parametrize(("body", "kind", "status", "detail"), BODIES.values(), ids=BODIES)
def test_a_body_that_can_t_be_read(
    client: TestClient, path: str, body: bytes, kind: str, status: int, detail: str
) -> None:
    code, said = told(client.post(path, content=body, headers={"content-type": kind}))
    assert code == (400 if path.startswith("/v1") and status == 422 else status)
    assert detail in said


@pytest.mark.parametrize("body", [b"", b"[" * 100_000, b'{"a": "\xff"}', b"9" * 5000, b'{"method": 1e400}', b"[]"])
def test_a_body_that_mcp_can_t_read(client: TestClient, body: bytes) -> None:
    accepted = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
    reply = client.post("/mcp", content=body, headers=accepted)
    assert (reply.status_code, reply.json()["id"]) == (400, None) and len(reply.content) < 3000
    assert reply.json()["error"]["message"]


# Caps.


def most(name: str, items: int) -> str:
    return f"{name}: List should have at most {items} items"


CAPS: dict[str, tuple[Door, str]] = {
    "top_k of 0": (post("/api/ask", question="INF", top_k=0), "top_k is 0; it must be from 1 to 50"),
    "top_k of 51": (post("/api/ask", question="INF", top_k=51), "top_k is 51; it must be from 1 to 50"),
    "top_k of 4000 digits": (post("/api/ask", question="INF", top_k=10**4000), "it must be from 1 to 50"),
    "top_k of retrieval": (post("/retrieval", query="INF", retrieval_setting={"top_k": 51}), "it must be from 1 to 50"),
    "history": (
        post("/api/ask", question="INF", history=[{"role": "user", "content": "a"}] * 101),
        most("/history", 100),
    ),
    "a million turns": (post("/api/ask", question="INF", history=[0] * 1_000_000), most("/history", 100)),
    "a turn": (
        post("/api/ask", question="INF", history=[{"role": "user", "content": "a" * 100_001}]),
        "/history/0/content: String should have at most 100000 characters",
    ),
    "works": (post("/api/ask", question="INF", filters={"works": ["w"] * 101}), most("/filters/works", 100)),
    "documents": (
        post("/api/ask", question="INF", filters={"documents": ["d"] * 101}),
        most("/filters/documents", 100),
    ),
    "languages": (post("/api/ask", question="INF", filters={"languages": ["l"] * 21}), most("/filters/languages", 20)),
    "a name": (
        post("/api/ask", question="INF", filters={"works": [LONG]}),
        "/filters/works/0: String should have at most 1000 characters",
    ),
    "interpretations": (post("/api/ask", question="INF", interpret=["dates"] * 400_000), "at most 5 items"),
    "unknown fields": (
        post("/api/ask", question="INF", **{f"a{at}": 0 for at in range(200_000)}),
        "an object of 200001 fields; it may have 50",
    ),
    "unknown fields of a turn": (
        post("/api/ask", question="INF", history=[{f"a{at}": 0 for at in range(40)}] * 100),
        "4180 more",
    ),
    "the name of a field": (post("/api/ask", question="INF", **{LONG: 0}), "/" + "x" * 80 + ": Extra inputs are not"),
    "a claimed work": (
        post("/api/verify", text="核战争打不赢", claimed={"work": LONG}),
        "/claimed/work: String should have at most 1000 characters",
    ),
    "a claimed work on the page": (
        get("/verify?text=INF+INF&work=..."),
        f"claimed.work: no '{'x' * 80}'; there are cn-ru-2019, cn-ru-2022, cn-ru-2025",
    ),
    "messages": (
        post("/v1/chat/completions", model="yinju", messages=[{"role": "user", "content": "INF"}] * 1001),
        most("/messages", 1000),
    ),
    "a million messages": (
        post("/v1/chat/completions", model="yinju", messages=[0] * 1_000_000),
        most("/messages", 1000),
    ),
    "parts": (
        post("/v1/chat/completions", model="yinju", messages=[{"content": [{"type": "text"}] * 1001}]),
        most("/messages/0/content/list[Part]", 1000),
    ),
    "input": (post("/v1/responses", model="yinju", input=[0] * 1_000_000), most("/input/list[MessageIn]", 1000)),
    "works of the page": (
        get("/?q=INF" + "".join(f"&work={at}" for at in range(11))),
        "at most 10 statements can be chosen; choose fewer, or none for all",
    ),
    "a year of the page": (get("/?q=INF&from=..."), f"{'x' * 20!r} is no year; write one as in 2019"),
    "a version": (
        get(f"/api/documents/un-cd-2019/text?version={2**31}"),
        "/version: Input should be less than or equal to",
    ),
    "a version of 5000 digits": (
        get(f"/api/documents/un-cd-2019/text?version={'9' * 5000}"),
        "/version: Unable to parse",
    ),
    "a day that is a number": (post("/api/ask", question="INF", filters={"from": 0}), "write a day as in 2019-06-05"),
    "a day of seconds": (post("/api/ask", question="INF", filters={"to": "1e300"}), "write a day as in 2019-06-05"),
    "half a pair in a name": (post("/api/ask", question="INF", filters={"works": ["..."]}), "as a unicode string"),
    "half a pair in a field's name": (post("/api/ask", **{"question": "INF", "...": 0}), "as a unicode string"),
    "not a number": (
        post("/retrieval", query="INF", retrieval_setting={"score_threshold": float("nan")}),
        "/retrieval_setting/score_threshold: Input should be a finite number",
    ),
}


@pytest.mark.parametrize(("sent", "detail"), CAPS.values(), ids=CAPS)
def test_what_is_over_a_cap_is_told_which(client: TestClient, sent: Door, detail: str) -> None:
    code, said = sent(client, SURROGATE if "unicode" in detail else LONG)
    assert code in (400, 422) and detail in said
    assert len(said) < 3000


@pytest.mark.parametrize(
    "path", ["/api/documents/...", "/api/passages/...", "/api/passages/un-cd-2019/8?format=...", "/v1/models/..."]
)
def test_a_name_of_nothing_is_not_repeated_at_length(client: TestClient, path: str) -> None:
    code, said = get(path)(client, LONG)
    assert code in (400, 404) and len(said) < 300


@pytest.mark.parametrize("path", ["/", "/verify", "/api/timeline", "/p/x"])
def test_an_address_that_is_too_long(served: str, path: str) -> None:
    connection = HTTPConnection(urlsplit(served).netloc)
    for length, is_taken in ((LONGEST_ADDRESS - 1000, True), (LONGEST_ADDRESS, False)):
        connection.request("GET", f"{path}?q=INF&text=INF+2019&x={'x' * length}")
        reply = connection.getresponse()
        held = reply.read()
        assert (reply.status != 414) == is_taken
    assert (
        json.loads(held)["detail"]
        == f"the address is over {LONGEST_ADDRESS} bytes, the most that is read; put less into it"
    )


@pytest.fixture(scope="module")
def keeper(collection: Collection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The service over a copy of the collection, for one who may ingest."""
    data = tmp_path_factory.mktemp("kept") / "data"
    shutil.copytree(collection.settings.folder, data)
    keys = Keys((hashlib.sha256(KEY.encode()).hexdigest(),))
    app = create_app(Collection(Settings(data=data, ingest_keys=keys)))
    with TestClient(app, base_url=HERE, headers={"authorization": f"Bearer {KEY}"}) as opened:
        yield opened


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        (f"{'x' * 201}", "a name of 201 characters; it may have 200"),
        (f"x?work={'x' * 201}", "a name of 201 characters; it may have 200"),
        ("a%2E%2E", "'a..' can't be a name; 'a' could"),
        ("x?work=.", "'.' can't be a name; 'document' could"),
        ("x?work=..%2Fx", "'../x' can't be a name; 'x' could"),
        ("%00", "'\\x00' can't be a name; 'document' could"),
        (f"x?title={'x' * 1001}", "/title: String should have at most 1000 characters"),
        (f"x?outlet={'x' * 1001}", "/outlet: String should have at most 1000 characters"),
        (f"x?url=http://{'x' * 2001}", "/url: String should have at most 2000 characters"),
        ("x?url=javascript:alert(1)", "/url: String should match pattern"),
        ("x?published=0", "/published: Value error, write a day as in 2019-06-05"),
        ("x?date=1e9", "/date: Value error, write a day as in 2019-06-05"),
        (f"x?language={'en-' * 500}x", "/language: String should"),
    ],
)
def test_what_is_said_of_a_file(keeper: TestClient, path: str, detail: str) -> None:
    reply = keeper.put(f"/api/documents/{path}", content=b"A file.", headers={"content-type": "text/plain"})
    code, said = told(reply)
    assert code == 422 and detail in said
    assert len(said) < 300 and keeper.get("/api/documents/x").status_code == 404
