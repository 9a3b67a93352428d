"""What stands before every door: keys, other sites' scripts, the size of a body; and the settings that say so."""

import base64
import hashlib
import json
import re
import shutil
import subprocess
import traceback
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from starlette.routing import Mount

from service.app import create_app
from service.collection import Collection
from service.doors.gates import LARGEST_BODY
from service.keys import Keys
from service.rate import Rate
from service.settings import Settings, SettingsError

KEY, OTHER, INGEST = "a reader's key", "ключ:читателя", "a keeper's key"
HERE = "http://127.0.0.1:8000"
CHAT = "https://chat.example.org"
NEEDED = "a key is needed: as `Authorization: Bearer KEY`, or in a browser as the password"
TOO_LARGE = "the body is over 4194304 bytes, the most that is taken"
OPEN = {"/livez", "/readyz", "/static/x"}
CORS = ("access-control-allow-origin", "access-control-allow-headers", "access-control-allow-methods")


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def basic(credentials: bytes) -> bytes:
    return b"Basic " + base64.b64encode(credentials)


@pytest.fixture(scope="module")
def keyed(collection: Collection) -> Iterator[TestClient]:
    """The service for two readers, and for the scripts of one other site."""
    environ = {
        "YINJU_DATA": str(collection.settings.folder),
        "YINJU_READ_KEYS": f" {digest(KEY).upper()},{digest(OTHER)} ",
        "YINJU_ORIGINS": CHAT,
    }
    with TestClient(create_app(Collection(Settings.from_environ(environ))), base_url=HERE) as opened:
        yield opened


def operations(app: FastAPI) -> set[tuple[str, str]]:
    """Every method and path that is served; parameters are filled in."""
    found = set()
    for route in iter_route_contexts(app.routes):
        assert route.path, f"{route} is reached by no path that this test can see"
        path = re.sub(r"\{[^}]*\}", "un-cd-2019", route.path) + ("/x" if isinstance(route.route, Mount) else "")
        found |= {(method, path) for method in route.methods or ("GET", "POST", "DELETE")}
    return found


def wants(method: str, path: str) -> str | None:
    """The scope that a request wants, by what DESIGN and README say of its route."""
    if path in OPEN:
        return None
    is_change = (path.startswith("/api/documents/") and method in ("PUT", "DELETE")) or path.startswith("/api/jobs/")
    return "ingest" if is_change else "read"


HOLDERS = {"nobody": None, "stranger": "wrong", "reader": KEY, "keeper": INGEST}
# By which keys are set, and by who asks: the scopes that are granted.
GRANTED = {
    (): {who: {"read"} for who in HOLDERS},
    ("read",): {"nobody": set(), "stranger": set(), "reader": {"read"}, "keeper": set()},
    ("ingest",): {who: {"read"} for who in HOLDERS} | {"keeper": {"read", "ingest"}},
    ("read", "ingest"): {"nobody": set(), "stranger": set(), "reader": {"read"}, "keeper": {"read", "ingest"}},
}


@pytest.mark.parametrize("scopes", GRANTED, ids="-".join)
def test_every_door_admits_whom_it_should_and_nobody_else(
    collection: Collection, tmp_path: Path, scopes: tuple[str, ...]
) -> None:
    shutil.copytree(collection.settings.folder, tmp_path / "data")
    keys = {"read": digest(KEY), "ingest": digest(INGEST)}
    environ = {f"YINJU_{scope.upper()}_KEYS": keys[scope] for scope in scopes}
    settings = Settings.from_environ({"YINJU_DATA": str(tmp_path / "data"), **environ})
    app = create_app(Collection(settings))
    doors = operations(app)
    assert {"/", "/docs", "/mcp", "/openapi.json", "/p/un-cd-2019", "/retrieval"} < {path for _, path in doors}
    assert {("POST", "/api/ask"), ("PUT", "/api/documents/un-cd-2019")} | {("GET", path) for path in OPEN} <= doors
    with TestClient(app, base_url=HERE) as client:
        for method, path in sorted(doors):
            for who, key in HOLDERS.items():
                headers = {"accept": "application/json"}  # else GET /mcp opens a stream
                headers |= {"authorization": f"Bearer {key}"} if key else {}
                reply = client.request(method, path, headers=headers, follow_redirects=False)
                scope = wants(method, path)
                told = (method, path, who, reply.status_code)
                assert (reply.status_code not in (401, 403)) == (scope is None or scope in GRANTED[scopes][who]), told
                if reply.status_code == 401:
                    assert reply.headers["www-authenticate"].startswith("Bearer, Basic realm="), told
                if scope == "ingest" and not scopes.count("ingest"):
                    assert reply.status_code == 403, told  # no key admits to these
                if path == "/retrieval":
                    assert reply.status_code != 401, told  # Dify takes a new endpoint for good unless it says 403


@pytest.mark.parametrize(
    "path", ["/nowhere", "/livez/../api/documents", "/api/livez", "/STATIC/x", "//livez", "/static"]
)
def test_what_only_looks_open_is_closed(keyed: TestClient, path: str) -> None:
    assert keyed.get(path).status_code == 401


def test_what_is_open_serves_without_a_key(keyed: TestClient) -> None:
    assert keyed.get("/livez").json() == {"status": "alive"}
    assert keyed.get("/readyz").json()["status"] == "ready"
    assert keyed.get("/static/swagger-ui/swagger-ui.css").status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        f"Bearer {KEY}".encode(),
        f"bearer   {KEY} ".encode(),
        f"Bearer {OTHER}".encode(),
        basic(f"reader:{KEY}".encode()),
        basic(f":{KEY}".encode()),
        basic(f"читатель:{OTHER}".encode()),  # the password goes on after its own colon
        basic(f":{KEY}".encode()).replace(b"Basic", b"BASIC"),
    ],
)
def test_a_key_is_taken_as_a_token_and_as_a_password(keyed: TestClient, header: bytes) -> None:
    reply = keyed.get("/api/documents/un-cd-2019", headers={b"authorization": header})
    assert (reply.status_code, reply.json()["id"]) == (200, "un-cd-2019")


@pytest.mark.parametrize(
    "header",
    [
        b"",
        KEY.encode(),
        b"Bearer",
        b"Bearer ",
        b"Bearer wrong",
        f"Bearer {KEY} {KEY}".encode(),
        f"Bearer {KEY[:-1]}".encode(),
        f"Bearer {KEY.upper()}".encode(),
        f"Bearer {digest(KEY)}".encode(),
        f"Bearer Bearer {KEY}".encode(),
        f"Token {KEY}".encode(),
        b"Bearer \xff\xfe",
        "Bearer неверный".encode(),
        b"\xff",
        b"Basic",
        "Basic é".encode("latin-1"),
        "Basic ключ".encode(),
        "Bearer ключ".encode(),
        b"Basic !",
        b"Basic YQ",
        basic(b""),
        basic(KEY.encode()),
        basic(f"{KEY}:".encode()),
        basic(b"reader:wrong"),
        basic(b"reader:\xff"),
        f"Basic reader:{KEY}".encode(),
    ],
)
def test_a_wrong_or_malformed_key_is_told_what_to_send(keyed: TestClient, header: bytes) -> None:
    reply = keyed.get("/api/documents", headers={b"authorization": header})
    assert (reply.status_code, reply.headers["content-type"]) == (401, "application/problem+json")
    assert reply.headers["www-authenticate"] == 'Bearer, Basic realm="Yinju", charset="UTF-8"'
    assert reply.json() == {
        "type": "about:blank",
        "status": 401,
        "title": "Invalid API key",
        "detail": NEEDED,
        "errors": [],
    }
    clients = keyed.get("/v1/models", headers={b"authorization": header})
    assert (clients.status_code, clients.headers["content-type"]) == (401, "application/json")
    assert clients.json() == {
        "error": {"message": NEEDED, "type": "invalid_request_error", "param": None, "code": "invalid_api_key"}
    }
    assert "www-authenticate" in clients.headers and keyed.get("/livez").status_code == 200


def test_no_key_is_asked_for_where_none_is_set(client: TestClient) -> None:
    for header in ("Bearer wrong", "Basic !", ""):
        assert client.get("/v1/models", headers={"authorization": header}).status_code == 200


def test_keys_admit_whoever_has_one_of_them() -> None:
    keys = Keys.read(f"{digest(KEY)}, {digest(OTHER).upper()}")
    assert keys == Keys((digest(KEY), digest(OTHER)))
    assert [keys.admit(key) for key in (KEY, OTHER, "wrong", "", None, digest(KEY))] == [True, True] + [False] * 4
    assert not Keys((digest(""),)).admit(None)
    assert Keys().admit(None) and Keys().admit("any")


@pytest.mark.parametrize(
    "text",
    [
        "hunter2",
        "hunter2" * 10,
        f"{digest(KEY)},hunter2",
        f"{digest(KEY)} {digest(OTHER)}",
        f"{digest(KEY)},",
        ",",
        digest(KEY)[:-1],
        digest(KEY) + "0",
        "g" * 64,
        "٣" * 64,
        f"sha256:{digest(KEY)}",
    ],
)
def test_what_is_no_digest_is_refused_and_never_repeated(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environ({"YINJU_READ_KEYS": text})
    assert str(caught.value) == (
        "YINJU_READ_KEYS: each entry must be the SHA-256 of a key, 64 hexadecimal digits; "
        "make one with `printf %s KEY | sha256sum`"
    )
    shown = "".join(traceback.format_exception(caught.value))
    assert not any(part in shown for part in text.split(",") if len(part) > 1)


def test_a_key_under_a_misspelt_name_is_not_repeated() -> None:
    with pytest.raises(SettingsError, match="unknown setting YINJU_READ_KEY;") as caught:
        Settings.from_environ({"YINJU_READ_KEY": "hunter2"})
    assert "hunter2" not in str(caught.value)


def test_keys_hosts_and_origins_are_lists() -> None:
    read = Settings.from_environ(
        {
            "YINJU_READ_KEYS": digest(KEY),
            "YINJU_HOSTS": "yinju.internal, [::1]:9000 ,192.168.1.5:8000,",
            "YINJU_ORIGINS": f"{CHAT}/, http://localhost:3000",
        }
    )
    assert read.read_keys == Keys((digest(KEY),))
    assert read.hosts == ("yinju.internal", "[::1]:9000", "192.168.1.5:8000")
    assert read.origins == (CHAT, "http://localhost:3000")
    empty = Settings.from_environ({"YINJU_READ_KEYS": "", "YINJU_HOSTS": "", "YINJU_ORIGINS": ""})
    assert (empty.read_keys, empty.hosts, empty.origins) == (None, (), ())


def test_the_hosts_that_are_meant_are_the_public_one_this_machine_and_those_set() -> None:
    local = ("127.0.0.1:*", "localhost:*", "[::1]:*", "127.0.0.1", "localhost", "[::1]")
    assert Settings().own_hosts == ("127.0.0.1:8000", *local)
    public = Settings(public_url="https://docs.example.org:8443/yinju", hosts=("yinju.internal",))
    assert public.own_hosts == ("docs.example.org:8443", *local, "yinju.internal")


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("HOSTS", "http://docs.example.org", "holds 'http://docs.example.org'; each entry must be a host as in"),
        ("HOSTS", "docs.example.org,a b", "holds 'a b'"),
        ("HOSTS", "docs.example.org/yinju", "holds 'docs.example.org/yinju'"),
        ("HOSTS", "docs.example.org:http", "holds 'docs.example.org:http'"),
        ("HOSTS", "*", r"holds '\*'"),
        ("HOSTS", "*.example.org", r"holds '\*.example.org'"),
        ("HOSTS", "::1", "holds '::1'"),
        ("ORIGINS", "chat.example.org", "holds 'chat.example.org'; each entry must be an origin as in https://"),
        ("ORIGINS", f"{CHAT},https://chat.example.org/chat", "holds 'https://chat.example.org/chat'"),
        ("ORIGINS", "https://user@chat.example.org", "holds 'https://user@chat.example.org'"),
        ("ORIGINS", "*", r"holds '\*'"),
        ("ORIGINS", "https://*.example.org", r"holds 'https://\*.example.org'"),
        ("ORIGINS", "null", "holds 'null'"),
        ("ORIGINS", "https://", "holds 'https:'"),
        ("ORIGINS", "ftp://chat.example.org", "holds 'ftp://chat.example.org'"),
    ],
)
def test_a_bad_host_or_origin_is_named(name: str, text: str, told: str) -> None:
    with pytest.raises(SettingsError, match=f"YINJU_{name} {told}"):
        Settings.from_environ({f"YINJU_{name}": text})


def preflight(served: TestClient, origin: str, method: str = "POST") -> dict[str, str]:
    """The CORS headers with which the service replies to a browser that asks beforehand, without a key."""
    asked = {"access-control-request-method": method, "access-control-request-headers": "authorization,content-type"}
    reply = served.options("/api/ask", headers={"origin": origin, **asked})
    assert (reply.status_code == 200) == ("access-control-allow-origin" in reply.headers)
    return {name: reply.headers[name] for name in CORS if name in reply.headers}


def test_other_sites_scripts_read_nothing_by_default(client: TestClient) -> None:
    assert preflight(client, CHAT) == preflight(client, HERE) == {}
    for origin in (CHAT, HERE, "null"):
        reply = client.get("/api/documents", headers={"origin": origin})
        assert reply.status_code == 200 and not {*CORS} & {*reply.headers}


def test_the_listed_origin_may_ask_beforehand_and_read_replies_and_refusals(keyed: TestClient) -> None:
    allowed = preflight(keyed, CHAT)
    assert allowed["access-control-allow-origin"] == CHAT
    assert allowed["access-control-allow-headers"] == "authorization,content-type"
    assert {"GET", "POST"} <= {*allowed["access-control-allow-methods"].split(", ")}
    mine = {"authorization": f"Bearer {KEY}", "origin": CHAT}
    large = {"content-length": str(LARGEST_BODY + 1)}
    for reply, status in (
        (keyed.get("/api/documents", headers=mine), 200),
        (keyed.get("/api/documents", headers={"origin": CHAT}), 401),
        (keyed.get("/v1/models", headers={"origin": CHAT}), 401),
        (keyed.post("/api/ask", headers=mine, json={}), 422),
        (keyed.post("/api/ask", headers=mine | large, json={}), 413),
        (keyed.get("/api/documents/nothing", headers=mine), 404),
    ):
        assert (reply.status_code, reply.headers["access-control-allow-origin"]) == (status, CHAT)
        assert "Origin" in reply.headers["vary"] and "access-control-allow-credentials" not in reply.headers


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://chat.example.org", f"{CHAT}.evil.example", f"{CHAT}:8443", "null", HERE]
)
def test_an_origin_that_is_not_listed_may_not(keyed: TestClient, origin: str) -> None:
    assert "access-control-allow-origin" not in preflight(keyed, origin)
    for headers in ({"authorization": f"Bearer {KEY}"}, {}):
        reply = keyed.get("/api/documents", headers={"origin": origin, **headers})
        assert reply.status_code == (200 if headers else 401)
        assert "access-control-allow-origin" not in reply.headers


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses"])
def test_a_body_over_the_limit_is_refused_in_openais_envelope(client: TestClient, path: str) -> None:
    envelope = {
        "error": {"message": TOO_LARGE, "type": "invalid_request_error", "param": None, "code": "content_too_large"}
    }
    declared = client.post(path, content=b" " * (LARGEST_BODY + 1))
    counted = client.post(path, content=(b" " * 65536 for _ in range(LARGEST_BODY // 65536 + 1)))
    for reply in (declared, counted):
        assert (reply.status_code, reply.headers["content-type"]) == (413, "application/json")
        assert reply.json() == envelope


def test_a_body_of_just_the_limit_is_answered(client: TestClient) -> None:
    asked = json.dumps({"model": "yinju", "messages": [{"role": "user", "content": "INF"}]}).encode()
    for body in (asked.ljust(LARGEST_BODY), iter([asked, b" " * (LARGEST_BODY - len(asked))])):
        reply = client.post("/v1/chat/completions", content=body, headers={"content-type": "application/json"})
        assert (reply.status_code, reply.json()["object"]) == (200, "chat.completion")
    for path in ("/mcp", "/retrieval"):
        reply = client.post(path, content=asked.ljust(LARGEST_BODY + 1), headers={"content-type": "application/json"})
        assert (reply.status_code, reply.json()["detail"]) == (413, TOO_LARGE)


def test_a_missing_key_is_told_before_a_large_body_is_read(keyed: TestClient) -> None:
    reply = keyed.post("/v1/responses", content=b" " * (LARGEST_BODY + 1))
    assert (reply.status_code, reply.json()["error"]["code"]) == (401, "invalid_api_key")


# Who can reach it, under which name, and how often.


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "yinju.example.org"])
def test_reading_is_open_to_others_only_where_that_was_said(host: str) -> None:
    with pytest.raises(SettingsError, match=f"YINJU_HOST is {host}, .* set YINJU_READ_KEYS to 'open' if anybody may"):
        Settings.from_environ({"YINJU_HOST": host}).served()
    for chosen, keys in (("open", Keys()), (" Open ", Keys()), (digest(KEY), Keys((digest(KEY),)))):
        settings = Settings.from_environ({"YINJU_HOST": host, "YINJU_READ_KEYS": chosen})
        assert settings.served() is settings and settings.read_keys == keys


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_on_this_machine_alone_nothing_has_to_be_said(host: str) -> None:
    settings = Settings.from_environ({"YINJU_HOST": host})
    assert settings.served() is settings


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("localhost", 200),
        ("LocalHost:9", 200),
        ("[::1]:8000", 200),
        ("192.168.1.5:8000", 200),
        ("yinju:8000", 200),
        ("host.docker.internal:8000", 200),
        ("docs.example.org", 200),
        ("DOCS.example.org:8443", 200),
        ("yinju.example.net", 200),
        ("attacker.example", 421),
        ("attacker.example:8000", 421),
        ("127.0.0.1.attacker.example", 421),
        ("docs.example.org.attacker.example", 421),
        ("attacker.example.", 421),
        ("localhost.attacker.example:8000", 421),
    ],
)
def test_once_names_are_listed_no_other_is_answered(collection: Collection, host: str, status: int) -> None:
    """A site can have its own name lead to the reader's machine; the browser then sends that name."""
    given = {"YINJU_PUBLIC_URL": "https://docs.example.org/yinju", "YINJU_HOSTS": "yinju.example.net:8000"}
    settings = Settings.from_environ({"YINJU_DATA": str(collection.settings.folder), **given})
    with TestClient(create_app(Collection(settings)), base_url=HERE) as client:
        for path in ("/api/documents", "/", "/livez"):
            reply = client.get(path, headers={"host": host})
            assert reply.status_code == status
            assert status == 200 or reply.json()["detail"].endswith("list the name in YINJU_HOSTS")


def test_who_asks_too_often_is_told_when_to_come_back(collection: Collection) -> None:
    settings = Settings(
        data=collection.settings.folder,
        read_keys=Keys((digest(KEY), digest(OTHER))),
        ingest_keys=Keys((digest(INGEST),)),
        rate=5,
    )
    app = create_app(Collection(settings))
    here, there = (TestClient(app, base_url=HERE, client=(name, 1)) for name in ("2001:db8::1", "192.0.2.1"))

    def statuses(client: TestClient, key: str, times: int = 6) -> list[int]:
        sent = {b"authorization": b"Bearer " + key.encode()}
        return [client.get("/api/documents/nowhere", headers=sent).status_code for _ in range(times)]

    assert statuses(here, KEY) == [404] * 5 + [429]
    assert statuses(there, KEY, 1) == [429]  # a key is one caller wherever it is used
    assert statuses(here, OTHER) == [404] * 5 + [429]
    assert statuses(here, INGEST) == [404] * 5 + [429]
    assert statuses(here, "wrong") == [401] * 5 + [429]  # and without a known one it is the address that counts
    neighbour = TestClient(app, base_url=HERE, client=("2001:db8::ffff:2", 1))
    assert statuses(neighbour, "another", 1) == [429]
    assert statuses(there, "wrong", 1) == [401]
    reply = here.post("/v1/responses", headers={"authorization": f"Bearer {KEY}"}, json={"input": "INF"})
    assert reply.status_code == 429 and 1 <= int(reply.headers["retry-after"]) <= 12
    assert reply.json()["error"]["message"] == "at most 5 requests a minute are answered for one caller"
    assert [here.get(path).status_code for path in ("/livez", "/readyz", "/static/page.css") * 4] == [200] * 12


def test_the_address_is_that_behind_a_proxy_if_the_proxy_is_known() -> None:
    read = Settings.from_environ({"YINJU_PROXIES": "127.0.0.1, 10.1.2.3/8,2001:db8::/32"})
    assert read.proxies == ("127.0.0.1/32", "10.0.0.0/8", "2001:db8::/32")
    with pytest.raises(SettingsError, match="YINJU_PROXIES: .* an address or a network as in 10.0.0.0/8"):
        Settings.from_environ({"YINJU_PROXIES": "nginx"})


@given(st.integers(1, 100), st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 90)), max_size=200))
def test_a_caller_has_its_requests_at_once_and_they_come_back_one_by_one(
    limit: int, asked: list[tuple[str, int]]
) -> None:
    """Beside a bucket that is counted in fractions."""
    now = 0
    rate = Rate(limit, lambda: float(now))
    left = {"a": (Fraction(limit), 0), "b": (Fraction(limit), 0)}
    for caller, after in asked:
        now += after
        held, since = left[caller]
        held = min(Fraction(limit), held + Fraction(limit * (now - since), 60))
        wait = rate.wait(caller)
        if held >= 1:
            assert wait < 1e-6
        else:
            assert wait == pytest.approx(float((1 - held) * 60 / limit))
        left[caller] = held - 1 if held >= 1 else held, now


def test_only_so_many_callers_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.rate._MOST", 3)
    rate = Rate(1, lambda: 0.0)
    assert [rate.wait(caller) for caller in "aabcd"] == [0, 60, 0, 0, 0]
    assert [rate.wait(caller) for caller in "dcb"] == [60, 60, 60] and rate.wait("a") == 0


def test_what_sha256sum_prints_is_a_digest_and_no_key_is_none() -> None:
    printed = subprocess.run(["sha256sum"], input=KEY.encode(), capture_output=True, check=True).stdout.decode()
    assert Keys.read(printed) == Keys((digest(KEY),))
    for text in (digest(""), f"{digest(KEY)},{digest('')}"):
        with pytest.raises(ValueError, match="of no key at all, as of a variable that is not set"):
            Keys.read(text)
    assert not any(Keys((digest(""),)).admit(key) for key in ("", None))


def test_bodies_are_only_held_up_to_a_total(collection: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.doors.gates._MOST_HELD", 10_000)
    with TestClient(create_app(collection), base_url=HERE) as client:
        for _ in range(3):  # what is replied to is held no more
            assert client.post("/api/ask", json={"question": "INF", "history": []}).status_code == 200
            full = client.post("/api/ask", content=b'{"question": "INF"}'.ljust(10_001))
            assert (full.status_code, full.headers["retry-after"]) == (503, "10")
            assert "the most that is held; send this one again later" in full.json()["detail"]


def test_a_proxy_opens_a_service_to_others_too() -> None:
    with pytest.raises(SettingsError, match="YINJU_PROXIES is set, so that others can reach the service"):
        Settings.from_environ({"YINJU_PROXIES": "127.0.0.1"}).served()
