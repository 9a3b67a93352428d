"""What every page shares: the reader's language and how it is remembered, the headers, the words in four languages."""

import ast
import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, nodes
from lxml import html

from corpus.document import Role
from service.app import create_app
from service.collection import Collection
from service.doors import interface, message
from service.doors.interface import STRINGS, Links, spoken
from service.question import Note
from service.verification import Reason, Verdict

BASE = "http://127.0.0.1:8000"
LANGUAGES = ["zh-Hans", "zh-Hant", "en", "ru"]
PAGES = ["/timeline", "/timeline?q=INF", "/verify", "/verify?text=abcd", "/p/un-cd-2019/8", "/documents/un-cd-2019"]
CHATS = ["/", "/?q=INF"]
FAILING = ["/p/none/1", "/timeline?q=%00", "/verify?text=a", "/?q=%00"]
COOKIE = "yinju-language"
HEADERS = ("content-language", "vary", "cache-control", "content-security-policy", "referrer-policy")

DOORS = Path(interface.__file__).parent
WORDS: dict[str, dict[str, Any]] = tomllib.loads((DOORS / "web" / "strings.toml").read_text("utf-8"))
PLACEHOLDER = re.compile(r"\{(\w*)\}")


@pytest.fixture
def reader(client: TestClient) -> TestClient:
    """A reader of whom no cookie is held yet."""
    return TestClient(client.app, base_url=BASE)


def at(public_url: str | None, collection: Collection, **changed: Any) -> TestClient:
    settings = replace(collection.settings, public_url=public_url, **changed)
    return TestClient(create_app(Collection(settings)), base_url=BASE)


# The language: by the address, else the one remembered, else the one that the browser prefers.

CHOSEN = [
    *[("zh-Hans", "zh-Hans"), ("zh", "zh-Hans"), ("zh-CN", "zh-Hans"), ("zh-SG", "zh-Hans"), ("zh-Hans-HK", "zh-Hans")],
    *[("zh-Hant", "zh-Hant"), ("ZH-hant", "zh-Hant"), ("zh-TW", "zh-Hant"), ("zh-HK", "zh-Hant"), ("zh-mo", "zh-Hant")],
    *[("zh-Hant-MO", "zh-Hant"), ("en", "en"), ("EN", "en"), ("en-GB", "en"), ("ru", "ru"), ("ru-RU", "ru")],
]
NONSENSE = ["", "xx", "z", "zhx", "english", "-", "en_GB", " ru", "ru;q=1", "../ru", '"><script>', "\x00", "ру", "*"]


@pytest.mark.parametrize(("tag", "language"), CHOSEN)
def test_the_address_chooses(reader: TestClient, tag: str, language: str) -> None:
    other = "ru" if language != "ru" else "en"
    headers = {"accept-language": other, "cookie": f"{COOKIE}={other}"}
    reply = reader.get("/verify", params={"lang": tag}, headers=headers)
    assert reply.headers["content-language"] == language
    tree = html.document_fromstring(reply.content)
    assert tree.get("lang") == language and tree.xpath("//h1/text()") == [WORDS[language]["verify_title"]]
    assert tree.xpath("//nav[@class='tongues']//a[@aria-current='true']/@lang") == [language]
    assert reply.headers["set-cookie"].startswith(f"{COOKIE}={language};")


@pytest.mark.parametrize("tag", NONSENSE)
def test_a_tag_that_names_no_language_chooses_nothing(reader: TestClient, tag: str) -> None:
    for headers, language in (
        ({}, "en"),
        ({"accept-language": "ru"}, "ru"),
        ({"accept-language": "ru", "cookie": f"{COOKIE}=zh-Hant"}, "zh-Hant"),
    ):
        reply = reader.get("/verify", params={"lang": tag}, headers=headers)
        assert (reply.status_code, reply.headers["content-language"]) == (200, language)
        assert "set-cookie" not in reply.headers and "<script>" not in reply.text


def test_the_last_of_several_tags_counts(reader: TestClient) -> None:
    assert reader.get("/verify?lang=ru&lang=zh-TW").headers["content-language"] == "zh-Hant"


@pytest.mark.parametrize(
    ("remembered", "language"),
    [
        *[(language, language) for language in LANGUAGES],
        *[("", "ru"), ("zh", "ru"), ("EN", "ru"), ("xx", "ru"), ("en-GB", "ru"), ("../en", "ru"), ('"', "ru")],
    ],
)
def test_what_is_remembered_goes_before_what_the_browser_prefers(
    reader: TestClient, remembered: str, language: str
) -> None:
    headers = {"accept-language": "ru, en;q=0.5", "cookie": f"other=1; {COOKIE}={remembered}"}
    reply = reader.get("/timeline", headers=headers)
    assert reply.headers["content-language"] == language and "set-cookie" not in reply.headers


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("*", "en"),
        ("fr, de;q=0.5", "en"),
        ("zh", "zh-Hans"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("zh-TW,zh;q=0.9", "zh-Hant"),
        ("zh-HK", "zh-Hant"),
        ("zh-Hant-MO", "zh-Hant"),
        ("zh-Hans-HK", "zh-Hans"),
        ("uk, ru;q=0.9, en;q=0.8", "ru"),
        ("en;q=0.3, ru-RU;q=0.7", "ru"),
        ("en;q=0.5, ru;q=0.5", "en"),
        ("de, en;q=0.1, ru;q=0", "en"),
        ("ru;q=0, *", "en"),
        ("ru;q=0.000, zh;q=0.001", "zh-Hans"),
        (";;;,q=,en-GB;q=x,", "en"),
    ],
)
def test_the_browser_prefers(reader: TestClient, accepted: str, language: str) -> None:
    for path in ("/verify", "/documents/un-cd-2019", *FAILING):
        reply = reader.get(path, headers={"accept-language": accepted})
        assert reply.headers["content-language"] == language, path
        assert html.document_fromstring(reply.content).get("lang") == language, path


@given(st.text() | st.from_regex(r"[a-z*-]{0,5}(;q=[0-9.]{0,4})?(,[a-z*-]{0,5}(;q=[0-9.]{0,4})?){0,4}", fullmatch=True))
def test_any_header_is_some_language(accepted: str) -> None:
    assert spoken(accepted) in LANGUAGES


# The cookie.


@pytest.mark.parametrize(
    ("public_url", "path", "secure"),
    [
        (None, "/", False),
        ("http://host.example", "/", False),
        ("http://host.example/docs/yinju", "/docs/yinju", False),
        ("https://host.example", "/", True),
        ("https://host.example/sub", "/sub", True),
    ],
)
def test_a_chosen_language_is_remembered_for_this_service_alone(
    collection: Collection, public_url: str | None, path: str, secure: bool
) -> None:
    reader = at(public_url, collection)
    for page in ("/verify", "/timeline?q=INF", "/p/un-cd-2019/8", "/p/none/1", "/timeline?q=%00"):
        (cookie,) = reader.get(page, params={"lang": "zh-TW"}).headers.get_list("set-cookie")
        value, *attributes = cookie.split("; ")
        expected = {"httponly", f"path={path}", "samesite=lax", f"max-age={365 * 24 * 3600}"}
        assert value == f"{COOKIE}=zh-Hant", page
        assert {held.lower() for held in attributes} == expected | ({"secure"} if secure else set())


def test_a_choice_holds_for_the_pages_after_it(reader: TestClient) -> None:
    for language in LANGUAGES:
        reader.get("/verify", params={"lang": language})
        for path in ("/timeline", "/p/un-cd-2019/8", "/p/none/1"):
            reply = reader.get(path, headers={"accept-language": "en"})
            assert reply.headers["content-language"] == language and "set-cookie" not in reply.headers


def test_a_choice_is_remembered_also_if_its_page_is_held_already(reader: TestClient) -> None:
    held = reader.get("/verify?lang=ru").headers["etag"]
    reader.get("/verify?lang=en")
    again = reader.get("/verify?lang=ru", headers={"if-none-match": held})
    assert again.status_code == 304
    assert reader.get("/timeline").headers["content-language"] == "ru"


# Headers.


def test_what_a_page_depends_on_is_named_and_only_this_page_is_kept(reader: TestClient) -> None:
    for path in (*CHATS, *PAGES, *FAILING):
        reply = reader.get(path)
        named = {name.strip().lower() for name in reply.headers["vary"].split(",")}
        events = {"accept"} if path.startswith("/?") or path == "/" else set()
        assert named == {"accept-language", "cookie"} | events, path
        assert reply.headers["cache-control"] == "no-cache"
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["referrer-policy"] == "no-referrer"


def test_events_are_not_kept_in_the_place_of_the_page(reader: TestClient) -> None:
    # A browser that goes back takes what it holds for the address, unless this is told to depend on Accept.
    headers = reader.get("/?q=INF", headers={"accept": "text/event-stream"}).headers
    assert headers["content-type"].startswith("text/event-stream")
    assert "accept" in headers.get("vary", "").lower().split(", ") or "no-store" in headers["cache-control"]


@pytest.mark.parametrize("path", [*CHATS, *PAGES])
def test_an_unchanged_page_is_not_sent_again(reader: TestClient, path: str) -> None:
    reply = reader.get(path)
    etag = reply.headers["etag"]
    assert etag == f'"{hashlib.sha256(reply.content).hexdigest()}"'
    for condition in (etag, f"W/{etag}", "*", f'"other", W/{etag}'):
        again = reader.get(path, headers={"if-none-match": condition})
        assert (again.status_code, again.content) == (304, b""), condition
        assert [again.headers[name] for name in ("etag", *HEADERS)] == [
            reply.headers[name] for name in ("etag", *HEADERS)
        ]
        assert "content-type" not in again.headers
    for condition in ('"other"', "", etag.strip('"'), '"*"'):
        assert reader.get(path, headers={"if-none-match": condition}).status_code == 200, condition
    other = reader.get(path, headers={"if-none-match": etag, "accept-language": "ru"})
    assert other.status_code == 200 and other.headers["etag"] != etag


@pytest.mark.parametrize("path", FAILING)
def test_a_page_that_failed_is_sent_again(reader: TestClient, path: str) -> None:
    reply = reader.get(path, headers={"if-none-match": "*"})
    assert reply.status_code in (404, 422) and "etag" not in reply.headers and reply.content


@pytest.mark.parametrize("path", [*CHATS, *PAGES, *FAILING])
def test_head_is_get_without_a_body(reader: TestClient, path: str) -> None:
    got, head = (reader.request(method, path, headers={"x-request-id": "1"}) for method in ("GET", "HEAD"))
    assert head.content == b"" and head.status_code == got.status_code
    assert {**head.headers} == {**got.headers}


def policy(reply: Any) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in reply.headers["content-security-policy"].split(";"))
    return {name: value for name, _, value in parts}


def test_pages_run_their_own_scripts_alone_and_make_no_markup_of_text(reader: TestClient) -> None:
    for path in (*CHATS, *PAGES, *FAILING):
        reply = reader.get(path)
        assert policy(reply) == {
            "default-src": "'none'",
            "script-src": "'self'",
            "style-src": "'self'",
            "img-src": "'self' data:",
            "connect-src": "'self'",
            "base-uri": "'none'",
            "form-action": "'self'",
            "require-trusted-types-for": "'script'",
            "trusted-types": "'none'",
            "frame-ancestors": "'none'",
        }
        tree = html.document_fromstring(reply.content)
        assert not tree.xpath("//style | //@style | //@*[starts-with(name(), 'on')] | //base | //iframe | //object")
        assert all(node.get("src") and not node.text for node in tree.xpath("//script"))


def test_only_the_sites_that_are_set_may_frame_the_pages(collection: Collection) -> None:
    origins = ("https://chat.example.org", "http://localhost:3000")
    framed = at(None, collection, origins=origins)
    for path in ("/verify", "/timeline?q=INF", "/p/un-cd-2019/8", "/p/none/1"):
        reply = framed.get(path)
        assert policy(reply)["frame-ancestors"] == "https://chat.example.org http://localhost:3000"
        assert "x-frame-options" not in reply.headers


# Addresses.


def test_addresses_hold_the_language_only_if_it_was_chosen() -> None:
    links = Links("https://host.example/sub", "ru")
    assert links.permanent("p", "声明/8") == "https://host.example/sub/p/%E5%A3%B0%E6%98%8E/8"
    assert links.api("passages", "a/1", "?format=ris") == "https://host.example/sub/api/passages/a/1?format=ris"
    assert links.static("page.css") == "/sub/static/page.css"
    assert links.page("p", "声明/8") == "/sub/p/%E5%A3%B0%E6%98%8E/8?lang=ru"
    assert links.path("verify", [("text", "a&b=“c”")]) == "/sub/verify?lang=ru&text=a%26b%3D%E2%80%9Cc%E2%80%9D"
    assert links.path() == "/sub/?lang=ru"
    plain = Links("http://127.0.0.1:8000")
    assert [plain.path(), plain.page("documents", "a"), plain.root] == ["/", "/documents/a", ""]
    assert plain.path("", [("q", "a"), ("q", "b")]) == "/?q=a&q=b"


def test_the_same_page_in_another_language_is_one_link_away(reader: TestClient) -> None:
    for path, rest in (
        ("/verify", ""),
        ("/verify?lang=ru&text=a%26b&work=cn-ru-2019", "&text=a%26b&work=cn-ru-2019"),
        ("/timeline?q=%22%3E%3Cb%3E&lang=en", "&q=%22%3E%3Cb%3E"),
    ):
        tree = html.document_fromstring(reader.get(path).content)
        assert tree.xpath("//nav[@class='tongues']//a/@href") == [f"?lang={tag}{rest}" for tag in LANGUAGES]
        assert tree.xpath("//nav[@class='tongues']//a/text()") == [WORDS[tag]["name"] for tag in LANGUAGES]


def test_a_chosen_language_is_carried_along_on_every_own_page(reader: TestClient) -> None:
    for path in (
        "/timeline?q=INF&lang=zh-TW",
        "/verify?text=核战争打不赢也打不得&lang=zh-TW",
        "/p/un-cd-2019/8?lang=zh-TW",
    ):
        tree = html.document_fromstring(reader.get(path).content)
        own = [link for link in tree.xpath("//a/@href") if re.match(r"/(?!api/|static/)", link)]
        assert len(own) > 3 and all("lang=zh-Hant" in link for link in own), path
        assert tree.xpath("count(//form)") == len(tree.xpath("//form/input[@name='lang'][@value='zh-Hant']"))
    assert "lang=" not in " ".join(
        link
        for link in html.document_fromstring(
            TestClient(reader.app, base_url=BASE).get("/timeline?q=INF").content
        ).xpath("//a/@href")
        if not link.startswith("?lang=")
    )


# The words.


def flat(table: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Every leaf of nested tables by its dotted name; a list's items by their places."""
    found: dict[str, Any] = {}
    for name, value in table.items():
        parts: Mapping[Any, Any] | None = value if isinstance(value, dict) else None
        if isinstance(value, list):
            parts = dict(enumerate(value))
        found |= {before + str(name): value} if parts is None else flat(parts, f"{before}{name}.")
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_everything(language: str) -> None:
    assert list(WORDS) == LANGUAGES and WORDS == STRINGS
    said, english = flat(WORDS[language]), flat(WORDS["en"])
    assert said.keys() == english.keys()
    for name, value in said.items():
        assert isinstance(value, str) and value.strip(), name
        if name != "day":  # Chinese writes a month's number, and the others its name
            assert sorted(PLACEHOLDER.findall(value)) == sorted(PLACEHOLDER.findall(english[name])), name
        assert not re.search(r"[{}]", PLACEHOLDER.sub("", value)), name
    assert len(WORDS[language]["months"]) == 12
    assert WORDS[language]["languages"].keys() == set(LANGUAGES)
    assert sorted(WORDS[language]["styles"]) == sorted(WORDS["en"]["styles"])


def test_a_day_is_written_as_each_language_writes_it() -> None:
    for language, pattern in ((language, WORDS[language]["day"]) for language in LANGUAGES):
        month = "number" if language.startswith("zh") else "month"
        assert {*PLACEHOLDER.findall(pattern)} == {"year", month, "day"}


def test_no_name_hides_what_a_dict_can_do() -> None:
    # In a template t.copy would be the method, and not the word.
    held = [name for said in WORDS.values() for dotted in flat(said) for name in dotted.split(".")]
    assert not {*held} & {*dir(dict)}


def templates() -> Iterator[tuple[str, nodes.Template]]:
    for path in sorted((DOORS / "web").glob("*.html")):
        yield path.name, Environment().parse(path.read_text("utf-8"))


def modules() -> Iterator[tuple[str, ast.AST]]:
    """Every function of the pages that takes words from the interface, and not from those of chat messages."""
    for path in sorted(DOORS.glob("*.py")):
        text = path.read_text("utf-8")
        if "doors.interface import" in text or path.name == "interface.py":
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef) and "words_in(" not in ast.unparse(node):
                    yield path.name, node


# What is asked for under a name that is only known when a page is made: each place, and the names it may be.
VERDICTS = [verdict.value for verdict in Verdict]
MADE_UP = {
    "kind ~ '_title'": ["missing_title", "withdrawn_title", "unready_title"],
    "kind ~ '_text'": ["missing_text", "withdrawn_text", "unready_text"],
    "role": ["front", "closing"],
    "kind": ["stayed", "went", "came"],
    "held.verdict": VERDICTS,
    "held.verdict ~ '_text'": [f"{verdict}_text" for verdict in VERDICTS],
    "label": ["also_searched", "required", "after"],
    "worst": ["differs", "respelt", "same"],
    "other.likeness": ["differs", "respelt", "same"],
    "sides['likeness']": ["differs", "respelt", "same"],
    "_REASONS.get(held.reason, held.reason.value)": [
        {"language": "language_reason"}.get(reason.value, reason.value) for reason in Reason
    ],
}


def written(node: nodes.Node) -> str:
    """A template's expression as it is written."""
    match node:
        case nodes.Const(value=value):
            return repr(value)
        case nodes.Name(name=name):
            return name
        case nodes.Getattr(node=held, attr=name):
            return f"{written(held)}.{name}"
        case nodes.Concat(nodes=parts):
            return " ~ ".join(map(written, parts))
    return type(node).__name__


def asked_for() -> Iterator[tuple[str, str]]:
    """(file, name) of every word that a template or module of the pages asks for at the top of the table."""
    for file, template in templates():
        for held in template.find_all((nodes.Getattr, nodes.Getitem)):
            assert isinstance(held, nodes.Getattr | nodes.Getitem)
            table = held.node
            if isinstance(table, nodes.Name) and table.name in ("t", "strings"):
                if isinstance(held, nodes.Getattr):
                    yield file, held.attr
                else:
                    assert isinstance(held, nodes.Getitem)
                    constant = held.arg.value if isinstance(held.arg, nodes.Const) else None
                    yield from ((file, name) for name in ([constant] if constant else MADE_UP[written(held.arg)]))
    for file, function in modules():
        for node in ast.walk(function):
            if isinstance(node, ast.Subscript) and re.fullmatch(r"(\w+\.)*words", ast.unparse(node.value)):
                constant = str(node.slice.value) if isinstance(node.slice, ast.Constant) else None
                yield from ((file, name) for name in ([constant] if constant else MADE_UP[ast.unparse(node.slice)]))


def test_every_word_that_is_asked_for_is_there() -> None:
    asked = list(asked_for())
    assert len(asked) > 100
    assert [(file, name) for file, name in asked if name not in WORDS["en"]] == []


def test_every_word_that_is_there_is_asked_for() -> None:
    assert WORDS["en"].keys() - {name for _, name in asked_for()} == set()


def test_nested_tables_hold_what_is_looked_up_in_them() -> None:
    roles = {role.name.lower() for role in Role} - {"body"}
    assert WORDS["en"]["roles"].keys() == roles
    places = {name for name, value in WORDS["en"].items() if isinstance(value, dict)}
    assert places == {"kinds", "differences", "roles", "languages"}  # test_verify_page.py has the first two


def test_every_note_that_a_page_shows_has_words() -> None:
    for language in LANGUAGES:
        words = message.words_in(language)
        for code in (*("phrase_not_held", "answered_elsewhere", "year_not_held", "statement_not_held", "not_all"),):
            assert "X" in message.noted(Note(code, "", "X"), words) or code in (
                "answered_elsewhere",
                "statement_not_held",
            )
        assert words["nothing"] and all(words[code] for code in message.UNASKED)
