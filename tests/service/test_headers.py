"""What every reply tells a browser, of whatever route, status and kind it is."""

from collections.abc import Iterator

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from service.app import create_app
from service.collection import Collection
from service.doors.gates import LARGEST_BODY
from service.settings import Settings
from tests.service.test_gates import CHAT, HERE, operations

NOTHING = "default-src 'none'; frame-ancestors 'none'"


@pytest.fixture(scope="module")
def framed(collection: Collection) -> Iterator[TestClient]:
    """The service, which another site may frame; a fault is replied to and not raised."""
    settings = Settings(data=collection.settings.folder, origins=(CHAT,))
    with TestClient(create_app(Collection(settings)), base_url=HERE, raise_server_exceptions=False) as opened:
        yield opened


def expect_headers(reply: httpx2.Response) -> None:
    """The same for all; and the policy of a page, or that of what is none."""
    path, headers = reply.url.path, reply.headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    is_for_others = path == "/embed.js" and reply.status_code == 200
    assert headers["cross-origin-resource-policy"] == ("cross-origin" if is_for_others else "same-origin")
    policy = headers["content-security-policy"]
    if not headers.get("content-type", "").startswith("text/html"):
        assert policy == NOTHING
        return
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;")
    assert "base-uri 'none'; form-action 'self'" in policy and "unsafe" not in policy
    # The policy names no other host but those that may frame.
    assert policy.count("//") == policy.count(CHAT) == (0 if path == "/docs" else 1)
    assert policy.endswith("frame-ancestors 'none'" if path == "/docs" else f"frame-ancestors {CHAT}")


def test_every_route_with_every_method(framed: TestClient) -> None:
    assert isinstance(framed.app, FastAPI)
    held = operations(framed.app)
    paths = {path for _, path in held}
    assert {"/", "/docs", "/mcp", "/p/un-cd-2019", "/static/x", "/embed.js", "/v1/responses", "/retrieval"} < paths
    statuses = set()
    for method, path in {*held, *((other, path) for path in paths for other in ("OPTIONS", "PATCH", "HEAD"))}:
        reply = framed.request(method, path, headers={"accept": "application/json"}, follow_redirects=False)
        expect_headers(reply)
        statuses.add(reply.status_code)
    assert {200, 403, 404, 405} < statuses


@pytest.mark.parametrize(
    ("path", "status"),
    [
        *[("/", 200), ("/?q=INF", 200), ("/?q=%F0", 422), ("/timeline?q=INF", 200), ("/verify?text=INF+2019", 200)],
        *[("/p/un-cd-2019/8", 200), ("/p/nothing/1", 404), ("/documents/un-cd-2019", 200), ("/docs", 200)],
        *[("/static/chat.js", 200), ("/static/nothing", 404), ("/static/../app.py", 404), ("/nowhere", 404)],
        *[("/api/passages/un-cd-2019/8?format=bibtex", 200), ("/api/passages/un-cd-2019/8?format=x", 400)],
        *[("/api/documents/un-cd-2019/text", 200), ("/openapi.json", 200), ("/v1/models/gpt", 404)],
    ],
)
def test_whatever_the_status(framed: TestClient, path: str, status: int) -> None:
    reply = framed.get(path, follow_redirects=False)
    assert reply.status_code == status
    expect_headers(reply)


@pytest.mark.parametrize("path", ["/", "/p/un-cd-2019/8", "/static/chat.js"])
def test_what_is_held_already(framed: TestClient, path: str) -> None:
    again = framed.get(path, headers={"if-none-match": framed.get(path).headers["etag"]})
    assert again.status_code == 304
    page = again.url.path in ("/", "/p/un-cd-2019/8")
    assert again.headers["content-security-policy"].endswith(CHAT if page else NOTHING)
    assert again.headers["x-content-type-options"] == "nosniff"


def test_streams_preflights_and_refusals(framed: TestClient) -> None:
    asked = {"model": "yinju", "messages": [{"role": "user", "content": "INF"}], "stream": True}
    allowed = {"origin": CHAT, "access-control-request-method": "POST"}
    for reply, status in (
        (framed.post("/v1/chat/completions", json=asked), 200),
        (framed.get("/?q=INF", headers={"accept": "text/event-stream"}), 200),
        (framed.options("/api/ask", headers=allowed), 200),
        (framed.options("/api/ask", headers=allowed | {"origin": "https://evil.example"}), 400),
        (framed.post("/api/ask", content=b"", headers={"content-length": str(LARGEST_BODY + 1)}), 413),
        (framed.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "ping"}), 200),
    ):
        assert reply.status_code == status
        expect_headers(reply)


def test_a_fault(framed: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(framed.app, FastAPI)
    monkeypatch.setattr(framed.app.state, "collection", None)
    for path in ("/api/documents", "/", "/v1/models/x"):
        reply = framed.get(path)
        assert reply.status_code == (404 if path.startswith("/v1") else 500)
        expect_headers(reply)


def test_the_methods_of_a_path_are_named(framed: TestClient) -> None:
    reply = framed.patch("/api/documents/un-cd-2019")
    assert (reply.status_code, reply.headers["allow"]) == (405, "DELETE, GET, PUT")
    assert reply.json()["detail"] == "PATCH is not taken here, but DELETE, GET, PUT"
