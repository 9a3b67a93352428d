"""A quote in every format: against golden files, and read back by parsers that are not ours."""

import datetime
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import rispy
from bibtexparser.entrypoint import parse_string
from bibtexparser.middlewares import LatexDecodingMiddleware
from citeproc import Citation as CslCitation
from citeproc import CitationItem, CitationStylesBibliography, CitationStylesStyle, formatter
from citeproc.source.json import CiteProcJSON
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db

from corpus.citation import cite
from corpus.document import Document, Origin, Passage, Role, Span, Work
from corpus.formats import FORMATS, Reference
from corpus.store import Store
from service.ingestion import BUILT_IN, prepare

GOLDEN = Path(__file__).parent / "golden"
ACCESSED = datetime.date(2026, 11, 22)
KINDS = {
    "newspaper": "peoples-daily-2025/11",
    "agency": "xinhua-2025/11",
    "text-alone": "un-cd-2019/2",
    "traditional": "hant-2022/13",
    "web-page": "стабильность/2",
    "undated": "arms-control/2",
    "untitled": "会谈记录/2",
}
NASTY = (
    *("\nER  - \nTY  - GEN", "\r\nTI  - x", "](http://x.org)", "<script>alert(1)</script>", "{", "}", "\\", "\\}", '"'),
    *(
        "# ",
        "- ",
        "1. ",
        "12) ",
        "> ",
        "---",
        "***",
        "`",
        "~~~",
        "&amp;",
        "&copy",
        "|",
        "$x$",
        "%",
        "_",
        "^",
        "~",
        "''",
    ),
    *(
        "``",
        "?`",
        "@misc{x,",
        "},\n",
        "\u2028",
        "\x85",
        "\x0b",
        "\t",
        "\u202e",
        "\u2066",
        "\ufeff",
        "\u3000",
        "\\textbf{",
    ),
    *("![x](y)", "<http://x.org>", "www.x.org", "http://x.org", "a@x.org", ":smile:", "中导条约", "«РСМД»", "INF", " "),
)
CHARACTERS = st.characters(exclude_categories=("Cs", "Cn"), exclude_characters="\f")  # which would begin a page
NOTHING_STATED = Origin()


def plain(text: str) -> str:
    """What is to be compared of a text: white space and control characters aside."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", text).split())


TEXTS = st.lists(st.sampled_from(NASTY) | CHARACTERS, min_size=1, max_size=12).map("".join).filter(plain)
URLS = st.lists(st.sampled_from(("%7B", "#", "&lt;", ")", "(", ">", "{", "}", "\\", '"', "^", "`", "é", "?a=1&b=2")))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    held = Store(tmp_path_factory.mktemp("formats") / "store.sqlite3")
    for folder in (BUILT_IN, GOLDEN / "sources"):
        for prepared in prepare([folder]):
            assert prepared.draft, prepared.problem
            held.put(prepared.draft, ACCESSED)
    return held


def cited(work: Work, document: Document, passage: Passage) -> Reference:
    base = "http://127.0.0.1:8000"
    text_url = f"{base}/api/documents/{document.id}/text"
    return Reference(cite(work, document, passage), passage.id, passage.text, f"{base}/p/{passage.id}", text_url)


def invented(text: str, origin: Origin = NOTHING_STATED, name: str = "notes") -> Reference:
    document = Document(name, "work", "en", origin, text, "0" * 64, None, "text/1", ACCESSED)
    return cited(Work("work"), document, Passage(name, Role.BODY, (Span(0, len(text)),), text, 8, 8))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_source_in_each_format(store: Store, kind: str, name: str) -> None:
    found = store.passage(KINDS[kind])
    assert found
    rendered = FORMATS[name].render(cited(store.works()[found[0].work], *found))
    golden = GOLDEN / kind / f"{name}{FORMATS[name].suffix}"
    assert rendered == golden.read_bytes().decode()


def test_no_golden_file_is_left_over() -> None:
    wanted = {f"{kind}/{name}{form.suffix}" for kind in KINDS for name, form in FORMATS.items()}
    files = {path.relative_to(GOLDEN).as_posix() for path in GOLDEN.glob("*/*") if path.parent.name != "sources"}
    assert files == wanted


def read_bibtex(rendered: str) -> tuple[str, str, Mapping[str, str]]:
    # pylatexenc does not know the braces of LaTeX's kernel, and takes its circumflex for an accent.
    macros = {"textbraceleft": "{", "textbraceright": "}", "textasciicircum": "^"}
    context = get_default_latex_context_db()
    context.add_context_category("kernel", macros=[MacroTextSpec(*pair) for pair in macros.items()], prepend=True)
    decoder = LatexDecodingMiddleware(decoder=LatexNodes2Text(latex_context=context))
    library = parse_string(rendered, append_middleware=[decoder])
    assert library.failed_blocks == []
    (entry,) = library.entries
    assert len(library.blocks) == 1
    return entry.entry_type, entry.key, {field.key: field.value for field in entry.fields}


def read_ris(rendered: str) -> dict[str, Any]:
    assert re.fullmatch(r"([A-Z][A-Z0-9]  - [^\r\n]*\r\n)+", rendered)
    (entry,) = rispy.loads(rendered)
    read: dict[str, Any] = entry
    return read


def read_csl(rendered: str) -> Any:
    (reference,) = CiteProcJSON(json.loads(rendered)).values()
    return reference


@given(TEXTS, TEXTS, TEXTS, TEXTS)
@example("}", "{", "\\", "%")
@example('"', "a\\", "@article{x, title = {y}}", "}")
def test_bibtex_is_read_back(title: str, outlet: str, text: str, page: str) -> None:
    origin = Origin(title=title, outlet=outlet, page=page)
    kind, key, fields = read_bibtex(FORMATS["bibtex"].render(invented(text, origin)))
    assert (kind, key) == ("article", "notes:8")
    assert fields.keys() == {"title", "journal", "pages", "langid", "note", "annote"}
    assert [plain(fields[name]) for name in ("title", "journal", "pages")] == [plain(title), plain(outlet), plain(page)]
    assert plain(fields["annote"]) == plain(text)
    assert fields["note"] == "paragraph 8, http://127.0.0.1:8000/p/notes/8"


@given(URLS)
def test_a_url_stands_unescaped_in_bibtex(url: list[str]) -> None:
    source = "https://example.org/" + "".join(url)
    (entry,) = parse_string(FORMATS["bibtex"].render(invented("text", Origin(url=source)))).entries
    assert entry.entry_type == "online" and not set('{}\\" ') & set(entry["url"])
    assert unquote(entry["url"]) == unquote(source) and entry["urldate"] == "2026-11-22"


@given(TEXTS, TEXTS, TEXTS)
def test_ris_is_read_back(title: str, outlet: str, text: str) -> None:
    entry = read_ris(FORMATS["ris"].render(invented(text, Origin(title=title, outlet=outlet))))
    assert entry.keys() == {"type_of_reference", "id", "title", "secondary_title", "language", "notes"}
    assert plain(entry["title"]) == plain(title)
    assert plain(entry["secondary_title"]) == plain(outlet)
    assert [plain(note) for note in entry["notes"]] == ["paragraph 8, http://127.0.0.1:8000/p/notes/8", plain(text)]


@given(TEXTS)
def test_csl_json_is_read_back(title: str) -> None:
    reference = read_csl(FORMATS["csl-json"].render(invented("text", Origin(title=title, page="03"))))
    assert (reference.key, reference.type) == ("notes/8", "article-newspaper")
    assert plain(str(reference.title)) == plain(title)
    assert (str(reference.page), str(reference.note)) == ("03", "paragraph 8")


def test_the_parsers_read_all_that_a_newspaper_page_states(store: Store) -> None:
    found = store.passage("peoples-daily-2025/11")
    assert found
    quote = cited(store.works()["cn-ru-2025"], *found)
    title, url = "中华人民共和国和俄罗斯联邦关于全球战略稳定的联合声明", quote.citation.source_url
    kind, key, fields = read_bibtex(FORMATS["bibtex"].render(quote))
    assert (kind, key, fields["title"], fields["journal"]) == ("article", "peoples-daily-2025:11", title, "人民日报")
    dates = [fields[name] for name in ("year", "date", "origdate", "urldate")]
    assert dates == ["2025", "2025-05-09", "2025-05-08", "2026-11-22"]
    assert (fields["url"], fields["pages"], fields["langid"]) == (url, "03", "chinese")
    entry = read_ris(FORMATS["ris"].render(quote))
    assert (entry["type_of_reference"], entry["title"], entry["urls"]) == ("NEWS", title, [url])
    dates = [entry[name] for name in ("year", "date", "original_publication", "access_date")]
    assert dates == ["2025", "2025/05/09/", "2025/05/08/", "2026/11/22/"]
    assert (entry["start_page"], entry["secondary_title"], entry["notes"][1]) == ("03", "人民日报", quote.text)
    reference = read_csl(FORMATS["csl-json"].render(quote))
    for name, day in {"issued": (2025, 5, 9), "original_date": (2025, 5, 8), "accessed": (2026, 11, 22)}.items():
        assert (reference[name].year, reference[name].month, reference[name].day) == day


def test_a_citation_processor_writes_a_reference_from_the_csl_item(store: Store) -> None:
    found = store.passage("un-cd-2019/2")
    assert found
    items = json.loads(FORMATS["csl-json"].render(cited(store.works()["cn-ru-2019"], *found)))
    style = CitationStylesStyle("harvard-cite-them-right", validate=False)
    bibliography = CitationStylesBibliography(style, CiteProcJSON(items), formatter.plain)
    bibliography.register(CslCitation([CitationItem("un-cd-2019/2")]))
    (line,) = bibliography.bibliography()
    title = "“中华人民共和国和俄罗斯联邦关于加强当代全球战略稳定的联合声明”"
    assert str(line) == f"{title} (2019) {title}."


@given(st.text(st.sampled_from("ab-声я1"), min_size=1), st.text(st.sampled_from("ab-声я1"), min_size=1))
def test_every_document_has_its_own_bibtex_key(one: str, other: str) -> None:
    names = [re.sub("-+", "-", name).strip("-") or "document" for name in (one, other)]
    keys = [read_bibtex(FORMATS["bibtex"].render(invented("text", name=name)))[1] for name in names]
    assert all(re.fullmatch(r"[a-z0-9-]+:8", key) for key in keys)
    assert (keys[0] == keys[1]) == (names[0] == names[1])


@given(TEXTS, TEXTS, TEXTS, URLS)
@example("1. 2", "1) x", "www.x.org", [])
@example("- a", "+ a", "# a", [")"])
@example("12345) a", "===", "---", [">"])
def test_markdown_holds_one_quote_and_the_links_that_are_ours(
    text: str, title: str, outlet: str, url: list[str]
) -> None:
    source = "https://example.org/" + "".join(url)
    quote = invented(text, Origin(title=title, outlet=outlet, url=source))
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(FORMATS["markdown"].render(quote))
    assert [token.type for token in tokens] == [
        *("blockquote_open", "paragraph_open", "inline", "paragraph_close", "blockquote_close"),
        *("paragraph_open", "inline", "paragraph_close"),
    ]
    said, line = tokens[2].children or [], tokens[6].children or []
    assert {token.type for token in said} <= {"text", "text_special"}
    assert plain("".join(token.content for token in said)) == plain(text)
    assert {token.type for token in line} <= {"text", "text_special", "link_open", "link_close"}
    links = [token.attrs["href"] for token in line if token.type == "link_open"]
    assert len(links) == 2 and links[0] == quote.url and str(links[1]).startswith("https://example.org/")
    shown = plain(title), plain(outlet), "¶ 8"
    assert plain("".join(token.content for token in line)) == plain(f"— {', '.join(shown)}")


def test_the_host_stands_for_an_outlet_that_is_not_stated() -> None:
    for host in ("example.org:8080", "[x"):
        rendered = FORMATS["markdown"].render(invented("text", Origin(url=f"http://{host}/a")))
        assert host in rendered.replace("\\[", "[") and f"](<http://{host}/a#:~:text=text>), ¶ 8" in rendered


def test_a_link_that_runs_a_script_is_no_link() -> None:
    rendered = FORMATS["markdown"].render(invented("text", Origin(outlet="News", url="javascript:alert(1)")))
    assert rendered.endswith(", News, ¶ 8\n") and "javascript" not in rendered
    annotation = json.loads(FORMATS["web-annotation"].render(invented("text", Origin(url="javascript:alert(1)"))))
    assert "via" not in annotation["target"]["source"]


def test_a_title_of_control_characters_is_none() -> None:
    assert FORMATS["gost-7.0.5"].render(invented("text", Origin(title="\x08\n"))) == "[notes]. Абз. 8.\n"


@given(TEXTS)
def test_a_reference_is_one_line_and_names_title_and_paragraph(title: str) -> None:
    quote = invented("text", Origin(title=title))
    places = {"gbt-7714-2025": "para. 8", "gbt-7714-2015": "para. 8", "gost-7.0.5": "Абз. 8", "apa-7": "(para. 8)"}
    for name, place in places.items():
        rendered = FORMATS[name].render(quote)
        assert rendered.endswith(f"{place}.\n") and len(rendered.splitlines()) == 1
        assert plain(rendered).startswith(plain(title))


@pytest.mark.parametrize("title", ["Who decides?", "The end.", "怎么办？"])
def test_a_title_that_ends_a_sentence_gets_no_second_stop(title: str) -> None:
    quote = invented("text", Origin(title=title))
    assert FORMATS["gost-7.0.5"].render(quote) == f"{title} Абз. 8.\n"
    assert FORMATS["apa-7"].render(quote) == f"{title} (n.d.). (para. 8).\n"


def test_a_web_annotation_selects_the_quote_in_the_text_of_record(store: Store) -> None:
    found = store.passage("un-cd-2019/2")
    assert found
    document, passage = found
    annotation = json.loads(FORMATS["web-annotation"].render(cited(store.works()[document.work], *found)))
    target = annotation["target"]
    assert target["source"]["id"] == "http://127.0.0.1:8000/api/documents/un-cd-2019/text"
    position, quote = target["selector"]
    exact = document.raw[position["start"] : position["end"]]
    assert exact == quote["exact"] and document.raw.count(exact) == 1
    assert annotation["body"]["value"] == passage.text == exact.replace("\n", "")


def test_media_types_and_suffixes() -> None:
    assert list(FORMATS) == [
        *("csl-json", "bibtex", "ris", "gbt-7714-2025", "gbt-7714-2015", "gost-7.0.5", "apa-7"),
        *("web-annotation", "markdown"),
    ]
    annotation = FORMATS["web-annotation"]
    assert annotation.media_type == 'application/ld+json;profile="http://www.w3.org/ns/anno.jsonld"'
    assert {form.suffix for form in FORMATS.values()} == {".json", ".bib", ".ris", ".txt", ".jsonld", ".md"}
