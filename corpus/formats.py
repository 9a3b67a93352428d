"""A quote in the formats of reference managers, annotation tools and editors.

Every value comes from a file or a catalogue and may hold the format's own signs: each format has one function that
makes a value harmless, and all values go through it.
"""

import datetime
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import quote

from corpus import styles
from corpus.citation import Citation, one_line, original_date


@dataclass(frozen=True, slots=True)
class Reference:
    """A passage with its citation. `url` is its own page on this service, `text_url` the text that its spans index."""

    citation: Citation
    passage_id: str
    text: str
    url: str
    text_url: str


@dataclass(frozen=True, slots=True)
class Format:
    """How a quote is written: the media type, the suffix of a file that holds it, and the writer."""

    media_type: str
    suffix: str
    render: Callable[[Reference], str]


def _csl_json(reference: Reference) -> str:
    return json.dumps([reference.citation.csl], ensure_ascii=False, indent=2) + "\n"


_BIBTEX_TYPES = {
    "article-newspaper": ("article", "journal"),
    "webpage": ("online", "organization"),
    "document": ("misc", "howpublished"),
}
_LANGUAGES = {"zh": "chinese", "en": "english", "ru": "russian"}  # as babel and biblatex call them
_LIGATURE = re.compile(r"([-'`<>,])(?=\1)|[?!](?=`)")  # TeX sets -- as a dash, ?` as ¿
_TEX = {char: f"\\{char}" for char in "%&#_$"} | {
    "\\": r"{\textbackslash}",
    # Braces count in BibTeX even behind a backslash.
    "{": r"{\textbraceleft}",
    "}": r"{\textbraceright}",
    "~": r"{\textasciitilde}",
    "^": r"{\textasciicircum}",
    '"': '{"}',  # babel makes a bare one a command in Russian text
    "\0": "{}",  # put between the signs of a ligature
}


def _bibtex(reference: Reference) -> str:
    citation = reference.citation
    kind, outlet = _BIBTEX_TYPES[citation.csl["type"]]
    fields = {
        "title": f"{{{_tex(citation.heading)}}}",  # the second pair of braces keeps capitals
        outlet: _tex(citation.outlet or ""),
        "pages": _tex(citation.page or ""),
        "year": str(citation.issued.year) if citation.issued else "",
        "date": _iso(citation.issued),
        "origdate": _iso(original_date(citation.date, citation.published)),
        "url": _safe_url(citation.source_url or ""),
        "urldate": _iso(citation.accessed),
        "langid": _LANGUAGES.get(citation.language.split("-")[0], ""),
        "note": _tex(_place(reference)),
        "annote": _tex(reference.text),
    }
    lines = [f"  {name} = {{{value}}},\n" for name, value in fields.items() if value]
    return f"@{kind}{{{_bibtex_key(reference.passage_id)},\n{''.join(lines)}}}\n"


def _bibtex_key(passage_id: str) -> str:
    """ASCII, and another one for every id: a name never holds the colon or the two hyphens."""
    document, _, number = passage_id.rpartition("/")
    name = document if document.isascii() else f"xn--{document.encode('punycode').decode()}"
    return f"{name}:{number}"


def _tex(value: str) -> str:
    apart = _LIGATURE.sub(lambda m: f"{m[0]}\0", one_line(value))
    return "".join(_TEX.get(char, char) for char in apart)


def _iso(day: datetime.date | None) -> str:
    return day.isoformat() if day else ""


def _place(reference: Reference) -> str:
    citation = reference.citation
    page = f"page {citation.file_page}, " if citation.file_page else ""
    return f"{page}paragraph {citation.ordinal}, {reference.url}"


_RIS_TYPES = {"article-newspaper": "NEWS", "webpage": "ELEC", "document": "GEN"}


def _ris(reference: Reference) -> str:
    citation = reference.citation
    fields = [
        ("TY", _RIS_TYPES[citation.csl["type"]]),
        ("ID", reference.passage_id),
        ("TI", citation.heading),
        ("T2", citation.outlet),
        ("SP", citation.page),
        ("PY", str(citation.issued.year) if citation.issued else None),
        ("DA", _ris_date(citation.issued)),
        ("OP", _ris_date(original_date(citation.date, citation.published))),
        ("LA", citation.language),
        ("UR", citation.source_url),
        ("Y2", _ris_date(citation.accessed)),
        ("N1", _place(reference)),
        ("N1", reference.text),
    ]
    lines = [f"{tag}  - {one_line(value)}\r\n" for tag, value in fields if value]
    return "".join(lines) + "ER  - \r\n"


def _ris_date(day: datetime.date | None) -> str | None:
    return f"{day:%Y/%m/%d}/" if day else None


def _line(style: Callable[[Citation], str]) -> Callable[[Reference], str]:
    return lambda reference: style(reference.citation) + "\n"


def _web_annotation(reference: Reference) -> str:
    citation = reference.citation
    # The selectors count in the text of record; the outlet's page, where it came from, is laid out otherwise.
    source = {"id": reference.text_url, "type": "Text", "format": "text/plain", "language": citation.language}
    via = {"via": citation.source_url} if citation.source_quote_url else {}
    annotation = {
        "@context": "http://www.w3.org/ns/anno.jsonld",
        "id": reference.url,
        "type": "Annotation",
        "motivation": "highlighting",
        "body": {
            "type": "TextualBody",
            "purpose": "describing",
            "value": reference.text,
            "format": "text/plain",
            "language": citation.language,
        },
        "target": {"type": "SpecificResource", "source": source | via, "selector": list(citation.selectors)},
    }
    return json.dumps(annotation, ensure_ascii=False, indent=2) + "\n"


# Backslashes where every dialect of Markdown knows them, entities for the rest.
_BACKSLASHED = re.compile(r"[\\`*_{}\[\]#+!]|^-|(?<=www)\.", re.IGNORECASE)
_ENTITY = re.compile(r"[&<>~|$^=@]|:(?=\S)")
_LIST_NUMBER = re.compile(r"^(\d+)([.)])")
_HOST = re.compile(r"https?://([^/?#]+)")


def _markdown(reference: Reference) -> str:
    citation = reference.citation
    host = _HOST.match(citation.source_url or "")
    parts = [
        _link(citation.heading, reference.url),
        _link(citation.outlet or (host[1] if host else ""), citation.source_quote_url),
        _markdown_text(_iso(citation.issued)),
        f"p. {citation.file_page}" if citation.file_page else "",
        f"¶ {citation.ordinal}",
    ]
    return f"> {_markdown_text(reference.text)}\n\n— {', '.join(part for part in parts if part)}\n"


def _link(text: str, url: str | None) -> str:
    shown = _markdown_text(text)
    return f"[{shown}](<{_safe_url(url).replace('&', '&amp;')}>)" if shown and url else shown


def _markdown_text(value: str) -> str:
    backslashed = _BACKSLASHED.sub(r"\\\g<0>", one_line(value))
    return _LIST_NUMBER.sub(r"\1\\\2", _ENTITY.sub(lambda m: f"&#{ord(m[0])};", backslashed))


def _safe_url(url: str) -> str:
    """Percent-encoded but for what a URL is made of: no space, parenthesis, brace, quote or backslash is left."""
    return quote(one_line(url), safe="%/:?#[]@!$&*+,;=~")


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "csl-json": Format("application/vnd.citationstyles.csl+json", ".json", _csl_json),
        "bibtex": Format("application/x-bibtex; charset=utf-8", ".bib", _bibtex),
        "ris": Format("application/x-research-info-systems; charset=utf-8", ".ris", _ris),
        "gbt-7714-2025": Format("text/plain; charset=utf-8", ".txt", _line(styles.gbt_7714_2025)),
        "gbt-7714-2015": Format("text/plain; charset=utf-8", ".txt", _line(styles.gbt_7714_2015)),
        "gost-7.0.5": Format("text/plain; charset=utf-8", ".txt", _line(styles.gost_7_0_5)),
        "apa-7": Format("text/plain; charset=utf-8", ".txt", _line(styles.apa_7)),
        "web-annotation": Format(
            'application/ld+json;profile="http://www.w3.org/ns/anno.jsonld"', ".jsonld", _web_annotation
        ),
        "markdown": Format("text/markdown; charset=utf-8", ".md", _markdown),
    }
)
