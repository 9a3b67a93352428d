"""The Model Context Protocol door through its own client: in memory, over HTTP and over stdio, in both eras."""

import datetime
import json
import shutil
import socket
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import anyio
import httpx2
import pytest
import uvicorn
from fastapi.testclient import TestClient
from mcp import MCPError
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.server import MCPServer
from mcp.types import CallToolResult, JSONRPCResponse, TextContent, TextResourceContents, jsonrpc_message_adapter
from mcp.types.version import HANDSHAKE_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from service.app import create_app
from service.collection import Collection
from service.doors.mcp_server import server
from service.keys import Keys
from service.settings import Settings

T = TypeVar("T")

ROOT = Path(__file__).parents[2]
KEY = "a reader's key"
ERAS = {"auto": MODERN_PROTOCOL_VERSIONS, "legacy": HANDSHAKE_PROTOCOL_VERSIONS}
VERBATIM = "双方谴责将商业航天系统用于干涉主权国家内政"
QUESTIONS = {
    "en": "what was said about INF in 2019",
    "zh-Hans": "外空武器化",
    "zh-Hant": "外空軍備競賽",
    "ru": "Договор о нераспространении ядерного оружия",
}


def within(connect: Callable[[], Client], work: Callable[[Client], Awaitable[T]]) -> T:
    """What `work` makes of a connected client; nothing hangs longer than two minutes."""

    async def session() -> T:
        with anyio.fail_after(120):
            async with connect() as client:
                return await work(client)

    return anyio.run(session)


@dataclass(frozen=True)
class Reader:
    """A client of one era, and where it connects."""

    target: str | MCPServer
    era: str

    def do(self, work: Callable[[Client], Awaitable[T]]) -> T:
        return within(lambda: Client(self.target, mode=self.era), work)

    def call(self, tool: str, **arguments: object) -> CallToolResult:
        return self.do(lambda client: client.call_tool(tool, arguments))

    def given(self, tool: str, **arguments: object) -> dict[str, Any]:
        return given(self.call(tool, **arguments))


@pytest.fixture(scope="module")
def in_memory(collection: Collection) -> MCPServer:
    return server(collection)


@pytest.fixture(params=[(way, era) for way in ("memory", "http") for era in ERAS], ids="-".join)
def reader(request: pytest.FixtureRequest, in_memory: MCPServer, served: str) -> Reader:
    way, era = request.param
    return Reader(in_memory if way == "memory" else f"{served}/mcp", era)


@pytest.fixture
def near(in_memory: MCPServer) -> Reader:
    return Reader(in_memory, "auto")


def given(result: CallToolResult) -> dict[str, Any]:
    """The structured result, if it is one: a single text beside it says the same in JSON."""
    (item,) = result.content
    assert not result.is_error and isinstance(item, TextContent), result
    assert json.loads(item.text) == result.structured_content
    found: dict[str, Any] = result.structured_content
    return found


def told(result: CallToolResult) -> str:
    """What a failed call says."""
    (item,) = result.content
    assert result.is_error and result.structured_content is None and isinstance(item, TextContent), result
    assert "Traceback" not in item.text and 'File "' not in item.text
    return item.text


def asked(client: TestClient, question: str) -> dict[str, Any]:
    answer: dict[str, Any] = client.post("/api/ask", json={"question": question}).json()
    return answer


def test_both_eras_are_served(reader: Reader) -> None:
    async def greeted(client: Client) -> tuple[str, str, str]:
        assert client.server_info and client.server_info.title
        return client.protocol_version, client.server_info.name, client.instructions or ""

    version, name, instructions = reader.do(greeted)
    assert version in ERAS[reader.era] and name == "yinju"
    assert "Nothing is generated." in instructions and "verify_quote" in instructions


def test_the_tools_are_those_that_connectors_need_and_one_to_check_quotations(reader: Reader) -> None:
    tools = {tool.name: tool for tool in reader.do(lambda client: client.list_tools()).tools}
    assert tools.keys() == {"search", "fetch", "verify_quote"}
    for name, argument in (("search", "query"), ("fetch", "id")):
        schema = tools[name].input_schema
        assert schema["properties"].keys() == {argument} and schema["required"] == [argument]
        assert schema["properties"][argument]["type"] == "string" and schema["properties"][argument]["description"]
    verify = tools["verify_quote"].input_schema
    assert verify["properties"].keys() == {"text", "work", "document"} and verify["required"] == ["text"]
    for tool in tools.values():
        assert tool.annotations and tool.annotations.read_only_hint and tool.annotations.open_world_hint is False
        assert tool.description and tool.output_schema and tool.output_schema["type"] == "object"


@pytest.mark.parametrize("language", QUESTIONS)
def test_search_finds_what_the_api_quotes(reader: Reader, client: TestClient, language: str) -> None:
    answer = asked(client, QUESTIONS[language])
    found = reader.given("search", query=QUESTIONS[language])
    assert found.keys() == {"results"} and len(found["results"]) == len(answer["quotes"]) > 0
    for result, quote in zip(found["results"], answer["quotes"], strict=True):
        assert result.keys() == {"id", "title", "url"} and result["title"].strip()
        assert (result["id"], result["url"]) == (quote["passage_id"], quote["url"])
        assert result["url"] == f"http://127.0.0.1:8000/p/{result['id']}"


def test_a_title_is_in_the_questions_language(near: Reader) -> None:
    titles = [near.given("search", query=question)["results"][0]["title"] for question in QUESTIONS.values()]
    assert titles[0] == (
        "Joint Statement of the People's Republic of China and the Russian Federation on Strengthening Contemporary "
        "Global Strategic Stability, 2019-06-05, ¶ 8"
    )
    assert titles[1].startswith("中华人民共和国和俄罗斯联邦") and titles[2].startswith("中華人民共和國和俄羅斯聯邦")
    assert titles[3].startswith("Совместное заявление")


@pytest.mark.parametrize("question", ["How do I reset my password?", "的", "2022年2月4日"])
def test_nothing_answers_is_no_error_and_no_result(reader: Reader, question: str) -> None:
    assert reader.given("search", query=question) == {"results": []}


def test_fetch_gives_a_passage_with_what_it_takes_to_cite_it(reader: Reader, collection: Collection) -> None:
    held = collection.store.passage("un-cd-2019/8")
    assert held
    assert reader.given("fetch", id="un-cd-2019/8") == {
        "id": "un-cd-2019/8",
        "title": "中华人民共和国和俄罗斯联邦关于加强当代全球战略稳定的联合声明，2019-06-05，第 8 段",
        "text": held[1].text,
        "url": "http://127.0.0.1:8000/p/un-cd-2019/8",
        "metadata": {
            "date": "2019-06-05",
            "paragraph": "8",
            "language": "zh-Hans",
            "sha256": held[0].sha256,
            "previous": "un-cd-2019/7",
            "next": "un-cd-2019/9",
            "witnesses": "hant-glossed-2019/8",
        },
    }


def test_fetch_names_the_source_and_what_a_passage_has_to_be_read_with(near: Reader) -> None:
    metadata = near.given("fetch", id="peoples-daily-2025/4")["metadata"]
    assert metadata["outlet"] == "人民日报" and metadata["witnesses"] == "xinhua-2025/4"
    assert metadata["source_url"] == "http://politics.people.com.cn/n1/2025/0509/c1001-40476042.html"
    assert metadata["read_with"].startswith("应通过平等对话和相互尊重的磋商解决关切")


def test_every_passage_is_fetched_word_for_word(
    near: Reader, collection: Collection, statements: Mapping[str, str]
) -> None:
    body = [passage for name in statements for passage in collection.store.body(name)]

    async def fetched(client: Client) -> list[dict[str, Any]]:
        return [given(await client.call_tool("fetch", {"id": passage.id})) for passage in body]

    for passage, held in zip(body, near.do(fetched), strict=True):
        raw = statements[passage.document]
        assert held["text"] == passage.text == "".join(raw[start:end] for start, end in passage.spans)
        assert held["id"] == passage.id and held["url"] == f"http://127.0.0.1:8000/p/{passage.id}"
        assert held["metadata"]["sha256"] == sha256(raw.encode()).hexdigest() and held["title"]
        assert all(isinstance(value, str) and value for value in held["metadata"].values())
    assert len(body) == 159


def test_a_quotation_that_stands_there_is_found(reader: Reader) -> None:
    verdict = reader.given("verify_quote", text=VERBATIM)
    (place,) = verdict.pop("places")
    assert verdict == {
        "verdict": "found",
        "reason": "",
        "truncated": False,
        "critical": False,
        "differences": [],
        "edits": [],
    }
    assert place == {
        "id": "peoples-daily-2025/11",
        "title": "中华人民共和国和俄罗斯联邦关于全球战略稳定的联合声明，2025-05-08，第 11 段",
        "text": f"{VERBATIM}、介入他国武装冲突的行为。",
        "url": "http://127.0.0.1:8000/p/peoples-daily-2025/11",
        "quoted": [VERBATIM],
        "left_out": [],
    }


def test_an_altered_quotation_comes_with_its_edit(reader: Reader) -> None:
    verdict = reader.given("verify_quote", text=VERBATIM.replace("谴责", "欢迎"))
    assert (verdict["verdict"], verdict["critical"]) == ("altered", True)
    assert verdict["edits"] == [
        {"id": "peoples-daily-2025/11", "source": "谴责", "quotation": "欢迎", "critical": True}
    ]
    assert [place["quoted"] for place in verdict["places"]] == [[VERBATIM]]


def test_a_quotation_is_held_against_what_it_is_said_to_be_from(reader: Reader) -> None:
    for claimed, expected in (
        ({"work": "cn-ru-2019"}, "misattributed"),
        ({"document": "hant-2022"}, "misattributed"),
        ({"work": "cn-ru-2025"}, "found"),
        ({"work": "cn-ru-2025", "document": "xinhua-2025"}, "found"),
        ({"work": None, "document": None}, "found"),
    ):
        verdict = reader.given("verify_quote", text=VERBATIM, **claimed)
        assert verdict["verdict"] == expected and verdict["places"][0]["text"].startswith(VERBATIM), claimed


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("双方同意在月球上共同建设一座茶馆并向公众开放", ""),
        ("A nuclear war cannot be won", "language"),
        ("据外媒报道,一名伊朗高级官员证实", "outside_body"),
    ],
)
def test_what_stands_nowhere_is_not_found(reader: Reader, text: str, reason: str) -> None:
    verdict = reader.given("verify_quote", text=text)
    assert (verdict["verdict"], verdict["reason"]) == ("not_found", reason)
    assert verdict["edits"] == verdict["places"] == []


def test_what_a_quotation_leaves_out_is_shown(near: Reader) -> None:
    cut = near.given("verify_quote", text="美国决定退出《苏美关于消除中程和中短程导弹条约》")
    assert (cut["verdict"], cut["truncated"], cut["critical"]) == ("found", True, True)
    (place,) = cut["places"]
    assert place["left_out"] and all(words and words in place["text"] for words in place["left_out"])


def test_what_is_wrong_is_told_and_the_server_goes_on(reader: Reader) -> None:
    absent = "no such passage; ids are document/number, as search gives them"
    calls: list[tuple[str, dict[str, object], str]] = [
        ("search", {"query": ""}, "the question is empty; ask with at least one letter or digit"),
        ("search", {"query": " \n？"}, "the question is empty; ask with at least one letter or digit"),
        ("search", {"query": "x" * 2001}, "the question has 2001 characters; at most 2000 are allowed"),
        ("search", {"query": "a\x00b"}, "the question holds control characters or half a surrogate pair"),
        ("search", {"query": 7}, "query\n  Input should be a valid string"),
        ("search", {}, "query\n  Field required"),
        ("fetch", {"id": "un-cd-2019/999"}, absent),
        ("fetch", {"id": "nothing/1"}, absent),
        ("fetch", {"id": "un-cd-2019"}, absent),
        ("fetch", {"id": "../../etc/passwd"}, absent),
        ("fetch", {"id": "un-cd-2019\x00/8\n"}, absent),
        ("fetch", {"id": ""}, absent),
        ("fetch", {"id": "x" * 9000}, absent),
        ("verify_quote", {"text": "北约"}, "the quotation is too short to be told from chance; give 4 letters or more"),
        ("verify_quote", {"text": "双" * 5001}, "the quotation has 5001 characters; at most 5000 are checked at once"),
        ("verify_quote", {"text": VERBATIM, "work": "x"}, "no 'x'; there are cn-ru-2019, cn-ru-2022, cn-ru-2025"),
        ("verify_quote", {"text": VERBATIM, "document": "x"}, "no 'x'; there are hant-2022, hant-glossed-2019"),
        ("answer", {}, "Unknown tool: answer"),
    ]

    async def tried(client: Client) -> list[CallToolResult]:
        results = [await client.call_tool(tool, arguments) for tool, arguments, _ in calls]
        return [*results, await client.call_tool("search", {"query": "中导条约"})]

    *failed, last = reader.do(tried)
    for result, (tool, arguments, expected) in zip(failed, calls, strict=True):
        assert expected in told(result), (tool, arguments)
    assert given(last)["results"][0]["id"] == "un-cd-2019/8"


def test_a_collection_without_an_index_says_what_to_run(tmp_path: Path) -> None:
    empty = Reader(server(Collection(Settings(data=tmp_path))), "auto")
    assert "no index yet; run `yinju ingest`" in told(empty.call("search", query="INF"))


def test_a_withdrawn_document_is_said_to_be(collection: Collection, tmp_path: Path) -> None:
    shutil.copytree(collection.settings.folder, tmp_path / "data")
    own = Collection(Settings(data=tmp_path / "data"))
    left = Reader(server(own), "auto")
    assert left.given("search", query="中导条约")["results"][0]["id"] == "un-cd-2019/8"
    own.store.withdraw("un-cd-2019", datetime.date(2026, 1, 2))
    assert "withdrawn on 2026-01-02" in told(left.call("fetch", id="un-cd-2019/8"))
    assert left.do(lambda client: refusal(client, "passage://un-cd-2019/8")) == "withdrawn on 2026-01-02"
    found = [result["id"] for result in left.given("search", query="中导条约")["results"]]
    assert found[0] == "hant-glossed-2019/8" and not any(name.startswith("un-cd-2019/") for name in found)
    assert left.given("fetch", id="hant-glossed-2019/8")["metadata"].get("witnesses") is None


def test_a_passage_is_a_resource(reader: Reader, collection: Collection) -> None:
    async def read(client: Client) -> tuple[list[tuple[str, str | None]], list[Any]]:
        templates = (await client.list_resource_templates()).resource_templates
        contents = (await client.read_resource("passage://hant-2022/33")).contents
        return [(template.uri_template, template.mime_type) for template in templates], contents

    templates, (content,) = reader.do(read)
    held = collection.store.passage("hant-2022/33")
    assert templates == [("passage://{document}/{number}", "text/plain")]
    assert held and isinstance(content, TextResourceContents)
    assert (content.uri, content.mime_type, content.text) == ("passage://hant-2022/33", "text/plain", held[1].text)


async def refusal(client: Client, uri: str) -> str:
    """What reading an unknown resource fails with."""
    with pytest.raises(MCPError) as caught:
        await client.read_resource(uri)
    assert caught.value.error.code == -32602 and caught.value.error.data == {"uri": uri}
    return caught.value.error.message


def test_an_unknown_resource_is_an_error_that_says_so(reader: Reader) -> None:
    absent = "no such passage; ids are document/number, as search gives them"
    said = {"passage://un-cd-2019/999": absent, "passage://nothing/1": absent}
    strange = ("passage://un-cd-2019", "passage://un-cd-2019/8/9", "passage://../../etc/passwd", "file:///etc/passwd")
    said |= {uri: f"Unknown resource: {uri}" for uri in strange}

    async def read(client: Client) -> tuple[dict[str, str], CallToolResult]:
        refusals = {uri: await refusal(client, uri) for uri in said}
        return refusals, await client.call_tool("search", {"query": "INF"})

    refusals, after = reader.do(read)
    assert refusals == said and given(after)["results"]


INITIALIZE = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
DISCOVER = {
    "_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
}
GREETINGS: dict[str, tuple[str, Mapping[str, object], Mapping[str, str]]] = {
    "legacy": ("initialize", INITIALIZE, {}),
    "auto": ("server/discover", DISCOVER, {"mcp-protocol-version": "2026-07-28", "mcp-method": "server/discover"}),
}


def greet(client: TestClient, era: str, path: str = "/mcp", **headers: str) -> httpx2.Response:
    """The reply to the first message of a client."""
    method, params, own = GREETINGS[era]
    accepted = {"accept": "application/json, text/event-stream", **own, **headers}
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return client.post(path, json=message, headers=accepted, follow_redirects=False)


@pytest.mark.parametrize("era", ERAS)
def test_posting_to_mcp_is_answered_there_and_never_redirected(client: TestClient, era: str) -> None:
    reply = greet(client, era)
    assert (reply.status_code, reply.headers["content-type"]) == (200, "application/json")
    assert reply.json()["result"]["instructions"].startswith("Verbatim paragraphs")
    slash = greet(client, era, "/mcp/")
    assert slash.status_code == 404 and "location" not in slash.headers
    for refused in (greet(client, era, accept="text/html"), client.post("/mcp", follow_redirects=False)):
        assert 400 <= refused.status_code < 500 and "location" not in refused.headers


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"jsonrpc": "2.0"}'])
def test_a_broken_message_is_refused_in_the_protocols_terms(client: TestClient, content: bytes) -> None:
    accepted = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
    reply = client.post("/mcp", content=content, headers=accepted)
    assert reply.status_code == 400 and reply.json()["error"]["code"] in (-32700, -32602, -32600)
    assert greet(client, "auto").status_code == 200


@pytest.fixture(scope="module")
def public(collection: Collection) -> Iterator[TestClient]:
    """The service under a public name, another name inside, and for another site's scripts."""
    settings = Settings.from_environ(
        {
            "YINJU_DATA": str(collection.settings.folder),
            "YINJU_PUBLIC_URL": "https://docs.example.org/yinju",
            "YINJU_HOSTS": "yinju.internal:9000",
            "YINJU_ORIGINS": "https://chat.example.org",
        }
    )
    with TestClient(create_app(Collection(settings)), base_url="http://127.0.0.1:8000") as opened:
        yield opened


@pytest.mark.parametrize("era", ERAS)
def test_a_request_that_is_meant_for_another_host_is_not_answered(public: TestClient, era: str) -> None:
    ours = ("docs.example.org", "yinju.internal:9000", "127.0.0.1:8000", "localhost", "localhost:1", "[::1]:8000")
    foreign = ("evil.example", "docs.example.org.evil.example", "127.0.0.1.evil.example", "yinju.internal:9001")
    assert {host: greet(public, era, host=host).status_code for host in ours} == dict.fromkeys(ours, 200)
    assert {host: greet(public, era, host=host).status_code for host in foreign} == dict.fromkeys(foreign, 421)


@pytest.mark.parametrize("era", ERAS)
def test_a_script_of_a_foreign_site_is_not_answered(public: TestClient, era: str) -> None:
    ours = ("https://docs.example.org", "https://chat.example.org", "http://127.0.0.1:8000", "http://localhost:3000")
    foreign = ("https://evil.example", "https://chat.example.org.evil.example", "http://chat.example.org", "null")
    assert {site: greet(public, era, origin=site).status_code for site in ours} == dict.fromkeys(ours, 200)
    assert {site: greet(public, era, origin=site).status_code for site in foreign} == dict.fromkeys(foreign, 403)


def test_without_settings_only_this_machine_is_meant(client: TestClient) -> None:
    assert greet(client, "auto", host="docs.example.org").status_code == 421
    assert greet(client, "auto", origin="https://chat.example.org").status_code == 403
    assert greet(client, "auto", host="localhost:8000", origin="http://localhost:8000").status_code == 200


@contextmanager
def running(app: ASGIApp, at: socket.socket) -> Iterator[None]:
    """A real server on a listening socket: what connects before it has started waits there."""
    running = uvicorn.Server(uvicorn.Config(app, lifespan="on", log_level="warning"))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [at]}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        running.should_exit = True
        thread.join()


def under(path: str, app: ASGIApp) -> ASGIApp:
    """`app` behind a proxy that hands on what is under `path`, without it, and nothing else."""

    async def proxied(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith(f"{path}/"):
            await PlainTextResponse("not ours", 404)(scope, receive, send)
        else:
            inner = {**scope, "path": scope["path"].removeprefix(path)} if scope["type"] == "http" else scope
            await app(inner, receive, send)

    return proxied


@pytest.fixture(scope="module")
def behind(collection: Collection) -> Iterator[str]:
    """The address of a real server under a sub-path that wants a key."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/yinju"
        keys = Keys((sha256(KEY.encode()).hexdigest(),))
        settings = Settings(data=collection.settings.folder, public_url=address, read_keys=keys)
        with running(under("/yinju", create_app(Collection(settings))), listening):
            yield address


def through(address: str, era: str, work: Callable[[Client, httpx2.AsyncClient], Awaitable[T]], **headers: str) -> T:
    """What `work` makes of a client that sends `headers`, and of the HTTP client below it."""

    async def session() -> T:
        with anyio.fail_after(120):
            async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
                async with Client(streamable_http_client(f"{address}/mcp", http_client=http), mode=era) as client:
                    return await work(client, http)

    return anyio.run(session)


@pytest.mark.parametrize("era", ERAS)
def test_every_link_opens_from_where_the_reader_is(behind: str, era: str) -> None:
    async def opened(client: Client, http: httpx2.AsyncClient) -> dict[str, tuple[str, httpx2.Response]]:
        found = given(await client.call_tool("search", {"query": "外空武器化"}))["results"]
        checked = given(await client.call_tool("verify_quote", {"text": VERBATIM}))["places"]
        fetched = [given(await client.call_tool("fetch", {"id": held["id"]})) for held in (*found, *checked)]
        assert [held["url"] for held in fetched] == [held["url"] for held in (*found, *checked)]
        return {held["url"]: (held["text"], await http.get(held["url"])) for held in fetched}

    pages = through(behind, era, opened, authorization=f"Bearer {KEY}")
    assert len(pages) > 3 and all(url.startswith(f"{behind}/p/") for url in pages)
    for url, (text, page) in pages.items():
        assert page.status_code == 200 and text in page.text and f'rel="canonical" href="{url}"' in page.text


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}])
def test_without_a_key_nobody_comes_in(behind: str, era: str, headers: dict[str, str]) -> None:
    with pytest.RaisesGroup(pytest.RaisesExc(MCPError), flatten_subgroups=True):
        through(behind, era, lambda client, http: client.list_tools(), **headers)
    method, params, own = GREETINGS[era]
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    reply = httpx2.post(f"{behind}/mcp", json=message, headers={**own, **headers})
    assert (reply.status_code, reply.json()["title"]) == (401, "Invalid API key")
    assert reply.headers["www-authenticate"].startswith("Bearer")


@dataclass(frozen=True)
class Spoken:
    """A session over stdio: the era's version, a search, a failed one, the lines of stdout, and stderr."""

    version: str
    found: CallToolResult
    failed: CallToolResult
    lines: list[str]
    stderr: str


def spoken(data: Path, era: str, folder: Path) -> Spoken:
    """What `yinju mcp` says to a client, after a line that is no message at all."""
    lines, errors = folder / f"{era}.stdout", folder / f"{era}.stderr"
    mode = {"auto": MODERN_PROTOCOL_VERSIONS[-1]}.get(era, era)  # to find out by itself it waits no more than 10 s
    serve = '"$0" -c "from service.doors.cli import main; main()" mcp'
    command = StdioServerParameters(
        command="sh",
        args=["-c", f'{{ echo "no JSON"; cat; }} | {serve} | tee "$1"', sys.executable, str(lines)],
        env={"YINJU_DATA": str(data), "HF_HUB_OFFLINE": "1"},
        cwd=ROOT,
    )

    async def conversation(client: Client) -> tuple[str, CallToolResult, CallToolResult]:
        found = await client.call_tool("search", {"query": "what was said about INF"})
        return client.protocol_version, found, await client.call_tool("search", {"query": ""})

    with errors.open("w") as stderr:
        said = within(lambda: Client(stdio_client(command, errlog=stderr), mode=mode), conversation)
    return Spoken(*said, lines.read_text("utf-8").splitlines(), errors.read_text("utf-8"))


def test_over_stdio_stdout_is_only_the_protocol_in_both_eras(tmp_path: Path, client: TestClient) -> None:
    quoted = [quote["passage_id"] for quote in asked(client, "what was said about INF")["quotes"]]
    sessions = {era: spoken(tmp_path / "data", era, tmp_path) for era in ERAS}
    for era, session in sessions.items():
        assert session.version in ERAS[era] and "the question is empty" in told(session.failed)
        assert [held["id"] for held in given(session.found)["results"]] == quoted != []
        messages = [jsonrpc_message_adapter.validate_json(line) for line in session.lines]
        assert sum(isinstance(message, JSONRPCResponse) for message in messages) >= 2
        assert "Traceback" not in session.stderr
    first, second = sessions.values()  # the first start takes the built-in statements in, the second finds them there
    assert "un-cd-2019: added" in first.stderr and "index built" in first.stderr
    assert "un-cd-2019" not in second.stderr and "index up to date" in second.stderr
