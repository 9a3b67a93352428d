"""What every page shares: the reader's language, the addresses, the frame and the headers that keep it harmless.

What comes from a document or a request only ever passes through Jinja's autoescape, or as JSON to scripts that insert
it as text: the policy forbids every other way.
"""

import datetime
import hashlib
import re
import tomllib
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from fastapi import Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from corpus.document import CorpusError
from service.collection import Collection
from service.settings import Settings

STRINGS: Mapping[str, Mapping[str, Any]] = tomllib.loads(
    (Path(__file__).parent / "web" / "strings.toml").read_text("utf-8")
)
_DEFAULT = "en"
_TRADITIONAL = re.compile(r"zh-(?:hant|tw|hk|mo)\b")
_ADDRESS = re.compile(r"https?://[^\s\x00-\x1f]+", re.IGNORECASE)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; require-trusted-types-for 'script'; trusted-types 'none'; "
    "frame-ancestors {}"
)
_REMEMBERED = "yinju-language"  # the cookie's name
_YEAR = 365 * 24 * 3600  # seconds


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses: permanent ones as the outside sees them, and the page's own, which hold under any name of the host.

    A language that the reader chose by its address is carried along, for a page in a frame can't keep a cookie.
    """

    base: str
    chosen: str | None = None

    def permanent(self, kind: str, name: str) -> str:
        """`kind` is "p" or "documents"."""
        return f"{self.base}/{kind}/{quote(name, safe='/')}"

    def page(self, kind: str, name: str) -> str:
        return self.path(f"{kind}/{quote(name, safe='/')}")

    def path(self, name: str = "", query: Sequence[tuple[str, str]] = ()) -> str:
        """One of our own pages."""
        held = [*([("lang", self.chosen)] if self.chosen else []), *query]
        return f"{self.root}/{name}" + (f"?{urlencode(held)}" if held else "")

    def api(self, kind: str, name: str, rest: str = "") -> str:
        return f"{self.base}/api/{kind}/{quote(name, safe='/')}{rest}"

    def static(self, name: str) -> str:
        return f"{self.root}/static/{name}"

    @property
    def root(self) -> str:
        return urlsplit(self.base).path


@dataclass(frozen=True, slots=True)
class Interface:
    """How pages speak to one reader."""

    language: str
    links: Links

    @classmethod
    def of(cls, request: Request) -> "Interface":
        """The language that the address names, else the one remembered, else the one that the browser prefers."""
        links = Links(_settings(request).base_url, _interface(request.query_params.get("lang", "").lower()))
        remembered = request.cookies.get(_REMEMBERED, "")
        spoken_ = remembered if remembered in STRINGS else spoken(request.headers.get("accept-language", ""))
        return cls(links.chosen or spoken_, links)

    @property
    def words(self) -> Mapping[str, Any]:
        return STRINGS[self.language]

    def day(self, date: datetime.date) -> str:
        pattern: str = self.words["day"]
        month = self.words["months"][date.month - 1]
        return pattern.format(year=date.year, number=date.month, month=month, day=date.day)


class Page(APIRoute):
    """A route whose reply is a page also while what it shows can't be read."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def shown(request: Request) -> Response:
            try:
                return await handler(request)
            except CorpusError:
                return page(request, Interface.of(request), "missing.html", {"kind": "unready"}, 503)

        return shown


def typed(text: str) -> str:
    """`text` as its reader typed it: a form sends each of its line breaks as two characters."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def page(
    request: Request, interface: Interface, template: str, shown: Mapping[str, Any], status: int = 200
) -> Response:
    """The page that `template` makes of what is `shown`; a 304 to those who hold it already."""
    links = interface.links
    rest = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    frame = {
        "t": interface.words,
        "day": interface.day,
        "language": interface.language,
        "languages": STRINGS,
        "links": links,
        "query": urlencode(rest),
    }
    body = _TEMPLATES.get_template(template).render({**frame, **shown}).encode()
    headers = {
        "Content-Language": interface.language,
        "Vary": "Accept-Language, Cookie",
        "Cache-Control": "no-cache",
        "Content-Security-Policy": _POLICY.format(" ".join(_settings(request).origins) or "'none'"),
    }
    reply = Response(body, status, headers, "text/html; charset=utf-8")  # the server sends no body after HEAD
    if status == 200:
        headers["ETag"] = reply.headers["ETag"] = f'"{hashlib.sha256(body).hexdigest()}"'
        if _is_held(request.headers.get("if-none-match", ""), headers["ETag"]):
            reply = Response(status_code=304, headers=headers)
    if links.chosen:
        path, secure = urlsplit(links.base).path or "/", links.base.startswith("https:")
        reply.set_cookie(_REMEMBERED, links.chosen, _YEAR, path=path, secure=secure, httponly=True, samesite="lax")
    return reply


def _settings(request: Request) -> Settings:
    collection: Collection = request.app.state.collection
    return collection.settings


def _is_held(condition: str, tag: str) -> bool:
    """Whether an If-None-Match names the tag; W/ makes no difference there (RFC 9110, 13.1.2)."""
    return condition.strip() == "*" or tag in re.findall(r'"[^"]*"', condition)


def spoken(accepted: str) -> str:
    """The language of the interface that an Accept-Language header prefers."""
    ranked: list[tuple[float, int, str]] = []
    for place, item in enumerate(accepted.lower().split(",")):
        tag, _, rest = item.strip().partition(";")
        weight = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", rest)
        ranked.append((-float(weight[1]) if weight else -1.0, place, tag.strip()))
    known = (_interface(tag) for weight, _, tag in sorted(ranked) if weight < 0)
    return next((language for language in known if language), _DEFAULT)


def _interface(tag: str) -> str | None:
    if _TRADITIONAL.match(tag):
        return "zh-Hant"
    return {"zh": "zh-Hans", "en": "en", "ru": "ru"}.get(tag.partition("-")[0])


def web_address(url: str | None) -> str | None:
    """`url` if it is an http or https address, so that a `javascript:` one never becomes a link."""
    return url if url and _ADDRESS.fullmatch(url) else None


def visible(text: str) -> str:
    """`text` without control characters: what a title says can't turn the line around."""
    return _CONTROLS.sub("", text)


_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "web"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters |= {"visible": visible, "web_address": web_address}
