"""What is known about a file: from a table beside it, else from the file itself.

The table is one of `catalogue.toml`, or a file of its own named after the file: `speech.pdf.toml`.
"""

import datetime
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from corpus.citation import WEB_PAGE
from corpus.document import CorpusError, Origin, Work
from corpus.language import LANGUAGES
from corpus.passages import Extent
from corpus.reading import Reading

NAME = "catalogue.toml"

_HEADER = re.compile(r"^[ \t\ufeff]*(?P<key>[\w ]{1,16})[:：][ \t]*(?P<value>\S.*?)[ \t]*$", re.MULTILINE)
_HEADER_KEYS = {
    "title": {"标题", "標題", "title", "заголовок"},
    "url": {"链接", "鏈接", "連結", "url", "link", "ссылка"},
    "outlet": {"来源", "來源", "source", "источник"},
    "published": {
        *("发布时间", "發布時間", "發佈時間", "发布日期", "發布日期", "發佈日期", "日期", "时间", "時間"),
        *("published", "date", "дата", "дата публикации"),
    },
}
_HEADER_LINES = 8
_TAG = re.compile(r"zh-Han[st]|(?!zh)[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_KINDS = {str: "text", dict: "table", datetime.date: "plain date such as 2019-06-05"}
# The order of 3/5/2024 is anybody's guess, so it is none of these.
_DATES = (
    re.compile(r"(?<!\d)(?P<year>\d{4})\s*[-./年]\s*(?P<month>\d{1,2})\s*[-./月]\s*(?P<day>\d{1,2})(?!\d)"),
    re.compile(r"\b(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})\b"),
    re.compile(r"\b(?P<day>\d{1,2})\s+(?P<month>[^\W\d_]{3,9})\.?,?\s+(?P<year>\d{4})\b"),
    re.compile(r"\b(?P<month>[^\W\d_]{3,9})\.?\s+(?P<day>\d{1,2}),?\s+(?P<year>\d{4})\b"),
)
_MONTHS = {
    name: number
    for names in ("jan feb mar apr may jun jul aug sep oct nov dec", "янв фев мар апр мая июн июл авг сен окт ноя дек")
    for number, name in enumerate(names.split(), 1)
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One file's place in the catalogue. `work` and `language` are None where they are to be found out."""

    document: str
    work: str | None = None
    language: str | None = None
    origin: Origin = Origin()
    extent: Extent = Extent()


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The works and, by file name, the entries of one folder. A folder without a catalogue has an empty one."""

    works: Mapping[str, Work] = field(default_factory=dict)
    entries: Mapping[str, Entry] = field(default_factory=dict)

    def documents(self) -> list[str]:
        """The names of the documents that the catalogue knows."""
        return [entry.document for entry in self.entries.values()]


def completed(entry: Entry, reading: Reading) -> Entry:
    """An entry with what the file's own metadata add to it, and then its first lines."""
    known = (entry.origin, reading.origin, stated_origin(reading.text))
    facts = {
        name: next((value for origin in known if (value := getattr(origin, name))), None)
        for name in Origin.__dataclass_fields__
    }
    return replace(entry, origin=Origin(**facts))


def slug(path: str) -> str:
    """A document's name out of its path: letters and digits of any script, the rest as single hyphens."""
    stem = (str(Path(path).with_suffix("")) if Path(path).name else path).lower()
    return re.sub(r"[\W_]+", "-", stem).strip("-") or "document"


def stated_origin(text: str) -> Origin:
    """What the first lines say in so many words: `标题: …`, `链接: …`, `发布时间: …`."""
    said: dict[str, str] = {}
    for match in _HEADER.finditer("\n".join(text.splitlines()[:_HEADER_LINES])):
        for name, keys in _HEADER_KEYS.items():
            if match["key"].strip().lower() in keys:
                said.setdefault(name, match["value"])
    url, outlet = said.get("url"), said.get("outlet")
    return Origin(
        title=said.get("title"),
        outlet=outlet if outlet and not WEB_PAGE.match(outlet) else None,
        published=_date(said.get("published", "")),
        url=url if url and WEB_PAGE.fullmatch(url) else None,
    )


def _date(text: str) -> datetime.date | None:
    for pattern in _DATES:
        if match := pattern.search(text):
            month = match["month"]
            number = int(month) if month.isdecimal() else _MONTHS.get(month[:3].lower(), 0)
            try:
                return datetime.date(int(match["year"]), number, int(match["day"]))
            except ValueError:
                return None
    return None


def sidecar(file: Path, name: str) -> Catalogue | None:
    """What `FILE.toml` beside a file says of it, as a catalogue of `name` alone; None if there is no such file.

    It holds what an entry of a catalogue does, and a table `work`. Raises CorpusError as `load` does.
    """
    path = file.with_name(f"{file.name}.toml")
    if not path.is_file():
        return None
    with _parsing(path):
        table = tomllib.loads(path.read_text("utf-8"))
        document, said = table.pop("document", slug(name)), table.pop("work", {})
        if not isinstance(said, dict):
            raise ValueError("work is a table here: [work], and below it date, titles and the like")
        work = _work(said.pop("id", document), said) if said else None
        _, entry = _entry(document, {**table, "file": name} | ({"work": work.id} if work else {}))
    return Catalogue({work.id: work} if work else {}, {name: entry})


def load(folder: Path) -> Catalogue:
    """The catalogue of `folder`. Raises CorpusError if it can't be parsed or says what can't be meant."""
    path = folder / NAME
    if not path.exists():
        return Catalogue()
    with _parsing(path):
        table = tomllib.loads(path.read_text("utf-8"))
        _check("the catalogue", table, {"works": dict, "documents": dict})
        works = {name: _work(name, work) for name, work in table.get("works", {}).items()}
        held = [_entry(name, entry) for name, entry in table.get("documents", {}).items()]
        _check_references(works, held)
    return Catalogue(works, dict(held))


@contextmanager
def _parsing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CorpusError(f"{path}: {error.strerror}; check its permissions") from error
    except ValueError as error:
        raise CorpusError(f"{path}: {error}; see corpus/statements/{NAME} for the form") from error


def _check(name: str, table: object, kinds: Mapping[str, type]) -> None:
    if not isinstance(table, dict):
        raise ValueError(f"{name} is a table")
    for key, value in table.items():
        if key not in kinds:
            raise ValueError(f"{name}: unknown key {key!r}; there are {', '.join(kinds)}")
        if type(value) is not kinds[key]:
            raise ValueError(f"{name}: {key} = {value!r} is no {_KINDS[kinds[key]]}")


def _check_references(works: Mapping[str, Work], held: Sequence[tuple[str, Entry]]) -> None:
    witnesses: dict[str, set[str]] = {work: set() for work in works}
    documents: dict[str, str] = {}
    for file, entry in held:
        if entry.work is not None and entry.work not in works:
            raise ValueError(f"{entry.document} names the work {entry.work!r}, which has no [works] table")
        if file in documents:
            raise ValueError(f"{documents[file]} and {entry.document} name the same file {file!r}")
        documents[file] = entry.document
        if entry.work:
            witnesses[entry.work].add(entry.document)
    for work in works.values():
        if work.base and work.base not in witnesses[work.id]:
            raise ValueError(f"{work.id}: its base {work.base!r} is no document that names this work")


def _work(name: object, table: dict[str, Any]) -> Work:
    if not isinstance(name, str):
        raise ValueError(f"{name!r} is no name of a work")
    _check(name, table, {"date": datetime.date, "base": str, "titles": dict, "places": dict})
    for key in ("titles", "places"):
        _check(f"{name}: {key}", table.get(key, {}), dict.fromkeys(LANGUAGES, str))
    return Work(name, **table)


def _entry(name: str, table: dict[str, Any]) -> tuple[str, Entry]:
    if slug(str(name)) != name:
        raise ValueError(f"{name!r} can't be a document's name; {slug(str(name))!r} could")
    origin = dict.fromkeys(Origin.__dataclass_fields__, str) | {"published": datetime.date}
    extent = dict.fromkeys(Extent.__dataclass_fields__, str)
    _check(name, table, {"file": str, "work": str, "language": str, **origin, **extent})
    if "file" not in table:
        raise ValueError(f"{name}: file is missing, the path of the document below this folder")
    language, url = table.get("language"), table.get("url")
    if language is not None and not _TAG.fullmatch(language):
        raise ValueError(f"{name}: language = {language!r} is no tag of a language, such as {', '.join(LANGUAGES)}")
    if url is not None and not WEB_PAGE.fullmatch(url):
        raise ValueError(f"{name}: url = {url!r} is no address that starts with https:// or http://")
    facts, edges = ({key: table[key] for key in keys if key in table} for keys in (origin, extent))
    return table["file"], Entry(name, table.get("work"), language, Origin(**facts), Extent(**edges))
