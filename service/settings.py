"""Settings: read once from the environment, at the edge. An unknown YINJU_* name is an error, not a silent no-op."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from corpus.milvus import FILE, NETWORK
from service.keys import Keys

PREFIX = "YINJU_"
ELSEWHERE = "documents are not taken in here: all is read from YINJU_INDEX; where they are, YINJU_DATA is set too"
OPEN = "open"  # in the place of keys: anybody may
MOST_WORKERS = 64
MOST_A_MINUTE = 1_000_000

_ORIGIN = re.compile(r"https?://[^/?#@\s*;'\"]+")
_ORIGIN_FORM = "an origin as in https://chat.example.org, without a path"
_HOST = re.compile(r"[\w.-]+(?::\d+)?|\[[0-9a-fA-F:]+\](?::\d+)?")
_NAME = re.compile(r"(/[A-Za-z_][A-Za-z0-9_]{0,99})?/?\?(shards=[1-9][0-9]?)?")
_UNLINKABLE = re.compile(r"[\s()<>?#@]")
_EVERY_ADDRESS = ("0.0.0.0", "::")  # one can listen there, but not open it


class Log(StrEnum):
    """What is written down of the requests that are served."""

    ERRORS = "errors"
    REQUESTS = "requests"
    QUESTIONS = "questions"  # with their text


class SettingsError(Exception):
    """A setting that can't be used; the message names it."""


@dataclass(frozen=True)
class Settings:
    """Every setting with its default; YINJU_DATA is `data`, and so on."""

    data: Path | None = Path("data")  # None: nothing is kept on this machine, all is read from the index's cluster
    host: str = "127.0.0.1"
    port: int = 8000
    model: str | None = None
    reranker: str | None = None
    glossary: Path | None = None
    examples: Path | None = None
    public_url: str | None = None
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    read_keys: Keys | None = None  # None: nobody has said who may read
    ingest_keys: Keys = Keys()
    rate: int | None = None
    log: Log = Log.REQUESTS
    workers: int = 1
    index: str | None = None

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """Read YINJU_* out of `environ`; an empty value counts as not set. Raises SettingsError."""
        given = {name: value for name, value in environ.items() if name.startswith(PREFIX) and value}
        unknown = [name for name in given if name.removeprefix(PREFIX).lower() not in cls.__dataclass_fields__]
        if unknown:
            known = ", ".join(PREFIX + name.upper() for name in cls.__dataclass_fields__)
            raise SettingsError(f"unknown setting {', '.join(sorted(unknown))}; there are {known}")
        fields = {name.removeprefix(PREFIX).lower(): value for name, value in given.items()}
        return cls(
            data=Path(fields["data"]) if "data" in fields else None if "index" in fields else cls.data,
            index=_index(fields["index"]) if "index" in fields else None,
            host=fields.get("host", cls.host),
            port=_number("port", fields, cls.port, 65535),
            model=fields.get("model"),
            reranker=fields.get("reranker"),
            glossary=_path("glossary", fields),
            examples=_path("examples", fields),
            public_url=_url(fields["public_url"]) if "public_url" in fields else None,
            hosts=_listed("hosts", fields, _HOST, "a host as in localhost:8000, without http://"),
            origins=tuple(map(_origin, _listed("origins", fields, _ORIGIN, _ORIGIN_FORM))),
            proxies=_proxies(fields),
            read_keys=_read_keys(fields),
            ingest_keys=_keys("ingest_keys", fields) or Keys(),
            rate=_number("rate", fields, 0, MOST_A_MINUTE) if "rate" in fields else None,
            log=_log(fields.get("log", cls.log)),
            workers=_number("workers", fields, cls.workers, MOST_WORKERS),
        )

    def served(self) -> "Settings":
        """These, to serve by. Raises SettingsError if others can reach the service and nobody has said who may read."""
        if self.read_keys is None and (self.proxies or not self.is_local):
            where = f"YINJU_HOST is {self.host}" if not self.is_local else "YINJU_PROXIES is set"
            raise SettingsError(
                f"{where}, so that others can reach the service: set YINJU_READ_KEYS to {OPEN!r} if "
                "anybody may read, else to the SHA-256 of the keys that may, made with `printf %s KEY | sha256sum`"
            )
        return self

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the service."""
        try:
            return self.host == "localhost" or ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def base_url(self) -> str:
        """What every outgoing link starts with; never taken from a request."""
        here = "127.0.0.1" if self.host in _EVERY_ADDRESS else self.host
        return self.public_url or f"http://{f'[{here}]' if ':' in here else here}:{self.port}"

    @property
    def own_hosts(self) -> tuple[str, ...]:
        """Host headers that are meant for this service: its public one, those of this machine, and those set."""
        names = ("127.0.0.1", "localhost", "[::1]")
        local = [f"{name}:*" for name in names] + list(names)
        return (_sent(urlsplit(self.base_url)), *local, *self.hosts)

    @property
    def folder(self) -> Path:
        """Where the store is kept. Raises SettingsError if none is kept here."""
        if self.data is None:
            raise SettingsError(ELSEWHERE)
        return self.data

    @property
    def store(self) -> Path:
        return self.folder / "store.sqlite3"

    @property
    def indexes(self) -> Path:
        return self.folder / "indexes"


def _sent(url: SplitResult) -> str:
    """The host as clients write it into a Host or Origin header: lower case, Punycode, no default port."""
    name = (url.hostname or "").encode("idna").decode() if "." in url.netloc else url.hostname or ""
    port = "" if url.port in (None, {"http": 80, "https": 443}[url.scheme]) else f":{url.port}"
    return f"[{name}]{port}" if ":" in name else f"{name}{port}"


def _origin(text: str) -> str:
    """As browsers write it."""
    try:
        url = urlsplit(text)
        return f"{url.scheme}://{_sent(url)}"
    except ValueError as error:
        raise SettingsError(f"YINJU_ORIGINS holds {text!r}; each entry must be {_ORIGIN_FORM}") from error


def _path(name: str, fields: Mapping[str, str]) -> Path | None:
    return Path(fields[name]) if name in fields else None


def _number(name: str, fields: Mapping[str, str], default: int, most: int) -> int:
    text = fields.get(name, str(default))
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= most:
        raise SettingsError(f"{PREFIX}{name.upper()} is {text!r}; it must be a number from 1 to {most}")
    return int(text)


def _url(text: str) -> str:
    try:
        url = urlsplit(text)
        usable = url.scheme in ("http", "https") and bool(_sent(url)) and not _UNLINKABLE.search(text)
    except ValueError:
        usable = False
    if not usable:
        raise SettingsError(
            f"YINJU_PUBLIC_URL is {text!r}; it must start with http:// or https:// and a host name, "
            "and hold no white space, brackets, ?, # or @"
        )
    return text.rstrip("/")


def _index(text: str) -> str:
    try:
        url = urlsplit(text)
        is_named = bool(_NAME.fullmatch(f"{url.path}?{url.query}"))
        is_address = url.scheme in NETWORK and bool(url.hostname) and url.port != 0 and is_named
        usable = is_address or (url.scheme == FILE and not url.netloc and url.path.endswith(".db"))
    except ValueError:
        usable = False
    if not usable:
        raise SettingsError(
            "YINJU_INDEX must be milvus+http://HOST:PORT/NAME, with USER:PASSWORD@ before HOST if need be, "
            "milvus+https://…, with ?shards=8 at the end for a large one, or for a trial milvus+file:///PATH.db; "
            "NAME is made of letters, digits and _"
        )
    return text


def _listed(name: str, fields: Mapping[str, str], pattern: re.Pattern[str], form: str) -> tuple[str, ...]:
    parts = tuple(part.strip().lower().rstrip("/") for part in fields.get(name, "").split(",") if part.strip())
    for part in parts:
        if not pattern.fullmatch(part):
            raise SettingsError(f"{PREFIX}{name.upper()} holds {part!r}; each entry must be {form}")
    return parts


def _log(text: str) -> Log:
    try:
        return Log(text.strip().lower())
    except ValueError as error:
        raise SettingsError(f"YINJU_LOG is {text!r}; it must be one of {', '.join(Log)}") from error


def _proxies(fields: Mapping[str, str]) -> tuple[str, ...]:
    try:
        given = (part.strip() for part in fields.get("proxies", "").split(",") if part.strip())
        return tuple(str(ip_network(part, strict=False)) for part in given)
    except ValueError as error:
        raise SettingsError(
            f"YINJU_PROXIES: {error}; each entry must be an address or a network as in 10.0.0.0/8"
        ) from error


def _read_keys(fields: Mapping[str, str]) -> Keys | None:
    return Keys() if fields.get("read_keys", "").strip().lower() == OPEN else _keys("read_keys", fields)


def _keys(name: str, fields: Mapping[str, str]) -> Keys | None:
    try:
        return Keys.read(fields[name]) if name in fields else None
    except ValueError as error:
        raise SettingsError(f"{PREFIX}{name.upper()}: {error}; make one with `printf %s KEY | sha256sum`") from error
