"""A quote as pages show it: all in words, links and marked pieces of text, for a template or a script to place."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from corpus.citation import Citation, one_line
from corpus.context import Context
from corpus.document import Span
from corpus.formats import FORMATS
from corpus.styles import apa_7, gbt_7714_2025, gost_7_0_5
from service.answer import Quote
from service.doors.interface import Interface, visible, web_address
from service.lookup import Cited, Witness

# Each format's name to a reader; the styles among them are also written out.
LABELS = {
    "gbt-7714-2025": "GB/T 7714-2025",
    "gbt-7714-2015": "GB/T 7714-2015",
    "gost-7.0.5": "ГОСТ Р 7.0.5-2008",
    "apa-7": "APA 7",
    "bibtex": "BibTeX",
    "ris": "RIS",
    "csl-json": "CSL-JSON",
    "web-annotation": "Web Annotation",
    "markdown": "Markdown",
}
STYLES = {"gbt-7714-2025": gbt_7714_2025, "gost-7.0.5": gost_7_0_5, "apa-7": apa_7}

Pieces = list[tuple[str, bool]]

_BLANK: Mapping[str, Any] = {
    **dict.fromkeys(("id", "document", "seal", "name", "language", "url", "href", "place", "check", "source"), ""),
    **dict.fromkeys(("title", "title_language", "title_href", "badge", "likeness", "reference"), ""),
    **dict.fromkeys(("text", "facts", "witnesses"), ()),
    "context": {"text": "", "href": ""},
}
_BLANK_WITNESS: Mapping[str, Any] = {
    **dict.fromkeys(("id", "outlet", "tongue", "language", "base_language", "href", "likeness"), ""),
    **dict.fromkeys(("here", "there"), ()),
}


def furniture(interface: Interface) -> dict[str, Any]:
    """What templates need for cards of any page: the formats to copy in, the reader's own first, and blank cards."""
    order = dict.fromkeys([*interface.words["styles"], *FORMATS])
    return {
        "formats": [(name, LABELS[name]) for name in order],
        "styles": " ".join(name for name in order if FORMATS[name].media_type.startswith("text/plain")),
        "blank_card": _BLANK,
        "blank_witness": _BLANK_WITNESS,
    }


def of_quote(quote: Quote, interface: Interface) -> dict[str, Any]:
    """The card of a quote, or of a nearest passage, its answering sentences marked."""
    made = _card(quote.passage_id, quote.text, quote.highlights, quote, interface)
    if quote.number is not None:
        name = interface.words["quote_n"].format(n=quote.number, text=made["name"])
        made |= {"seal": str(quote.number), "name": name}
    return made


def of_cited(cited: Cited, marked: Sequence[Span], interface: Interface) -> dict[str, Any]:
    """The card of a paragraph, `marked` spans of its text marked."""
    return _card(cited.passage.id, cited.passage.text, marked, cited, interface)


def _card(name: str, text: str, marked: Sequence[Span], held: Quote | Cited, interface: Interface) -> dict[str, Any]:
    links, words, citation = interface.links, interface.words, held.citation
    href = links.page("p", name)
    return {
        "id": name,
        "document": citation.document,
        "seal": "¶",
        "name": words["paragraph"].format(n=citation.ordinal),
        "language": citation.language,
        "text": list(pieces(text, marked)),
        "context": _context(held.leans_on, interface),
        "url": held.url,
        "href": href,
        "place": f"{href}#p{name.rpartition('/')[2]}",
        "check": links.path("verify", [("text", text)]),
        "source": web_address(citation.source_quote_url or citation.source_url),
        **_title(citation, interface),
        "title_href": links.page("documents", citation.document),
        "facts": list(_facts(citation, interface)),
        "badge": words["also_in"].format(n=len(held.witnesses)) if held.witnesses else None,
        "likeness": _likeness(words, text, held.witnesses),
        "witnesses": [_witness(text, citation.language, witness, interface) for witness in held.witnesses],
        "reference": STYLES[words["styles"][0]](citation),
    }


def _title(citation: Citation, interface: Interface) -> dict[str, str]:
    """In the reader's language if there is one, and in which language it is."""
    translated = citation.titles.get(interface.language)
    if translated:
        return {"title": visible(one_line(translated)), "title_language": interface.language}
    return {"title": visible(citation.heading), "title_language": citation.language}


def _facts(citation: Citation, interface: Interface) -> Iterator[dict[str, str]]:
    here = interface.language
    yield {"text": interface.day(citation.date) if citation.date else interface.words["undated"], "language": here}
    if citation.file_page:
        yield {"text": interface.words["file_page"].format(n=citation.file_page), "language": here}
    yield {"text": interface.words["paragraph"].format(n=citation.ordinal), "language": here}
    if citation.outlet:
        yield {"text": visible(one_line(citation.outlet)), "language": citation.language}
    yield {"text": _tongue(citation.language, interface), "language": here}


def _tongue(language: str, interface: Interface) -> str:
    return str(interface.words["languages"].get(language, language))


def _context(context: Context | None, interface: Interface) -> dict[str, str] | None:
    if context is None:
        return None
    return {"text": context.text, "href": interface.links.page("p", context.passage) if context.passage else ""}


def _likeness(words: Mapping[str, Any], text: str, witnesses: Sequence[Witness]) -> str:
    """In what the most different of the witnesses differs."""
    kinds = {likeness(text, witness) for witness in witnesses}
    worst = next((kind for kind in ("differs", "respelt", "same") if kind in kinds), None)
    return words[worst].format(n=sum(len(witness.variants) for witness in witnesses)) if worst else ""


def likeness(base: str, other: Witness) -> str:
    return "differs" if other.variants else "same" if other.text == base else "respelt"


def _witness(base: str, language: str, witness: Witness, interface: Interface) -> dict[str, Any]:
    sides = compared(base, witness)
    return {
        "id": witness.passage_id,
        "outlet": visible(one_line(witness.outlet or "")),
        "tongue": _tongue(witness.language, interface),
        "language": witness.language,
        "base_language": language,
        "href": interface.links.page("p", witness.passage_id),
        "likeness": interface.words[sides["likeness"]].format(n=len(witness.variants)),
        "here": sides["here"],
        "there": sides["there"],
    }


def compared(base: str, other: Witness) -> dict[str, Any]:
    """A paragraph beside another witness of it, both cut where their wording differs."""
    return {
        "witness": other,
        "likeness": likeness(base, other),
        "here": list(pieces(base, [variant.base for variant in other.variants])),
        "there": list(pieces(other.text, [variant.witness for variant in other.variants])),
    }


def pieces(text: str, spans: Iterable[Span]) -> Iterator[tuple[str, bool]]:
    """`text` cut at `spans`, each piece with whether it is in one; an empty span gives an empty piece."""
    at = 0
    for start, end in spans:
        if start < at or end < start:
            continue  # two letters of one character differ: it is marked already
        if at < start:
            yield text[at:start], False
        yield text[start:end], True
        at = end
    if at < len(text):
        yield text[at:], False
