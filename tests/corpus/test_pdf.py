"""PDF files: pages part by form feeds, noise gets a role, and what can't be read says what to do."""

import io

import pypdf
import pytest

from benchmarks.files.formats import pdf
from corpus.citation import file_page
from corpus.document import CorpusError, Role
from corpus.passages import split_file
from corpus.readers import read

HEAD = "Council of Ministers · Annual Report"
PAGES = [
    [
        HEAD,
        "The Parties agreed on the first point, and the secre-",
        "tariat will report to the council of ministers in",
        "1",
    ],
    [
        HEAD,
        "due course. They agreed on nothing else of importance",
        "that day.",
        "双方强调，应维护国际和平与稳定，反对任何国家",
        "2",
    ],
    [HEAD, "谋求单方面军事优势。", "3"],
]


def locked(password: str) -> bytes:
    writer, file = pypdf.PdfWriter(io.BytesIO(pdf([["Text."]]))), io.BytesIO()
    writer.encrypt(password, owner_password="owner", algorithm="RC4-128")
    writer.write(file)
    return file.getvalue()


def test_pages_are_anchors_and_their_heads_and_numbers_stand_apart() -> None:
    reading = read("a.pdf", pdf(PAGES, "Отчёт"))
    assert reading.text == "\f".join("\n".join(page) for page in PAGES)
    assert reading.origin.title == "Отчёт"
    made = split_file("a", reading).passages
    assert [passage.text for passage in made if passage.role is Role.BODY] == [
        "The Parties agreed on the first point, and the secre-tariat will report to the council of ministers in\n"
        "due course. They agreed on nothing else of importance\nthat day.",
        "双方强调，应维护国际和平与稳定，反对任何国家谋求单方面军事优势。",
    ]
    furniture = [passage.text for passage in made if passage.role is Role.FURNITURE]
    assert furniture == [HEAD, "1", HEAD, "2", HEAD, "3"]
    assert [file_page(reading.text, passage.spans) for passage in made if passage.role is Role.BODY] == [1, 2]
    assert all(passage.is_slice_of(reading.text) for passage in made)


@pytest.mark.parametrize("title", ["Microsoft Word - Draft 3.doc", "untitled", "minutes.docx", " "])
def test_a_title_that_a_program_made_of_a_file_name_is_none(title: str) -> None:
    assert read("a.pdf", pdf([["Text."]], title)).origin.title is None


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"%PDF-1.7 broken", "not a readable PDF"),
        (b"no pdf at all", "not a readable PDF"),
        (pdf([["Text."]])[:-300], "not a readable PDF|holds no text"),
        (pdf([[], []]), "holds no text, only pictures of it; run text recognition on it first"),
        (locked("secret"), "is encrypted; save it without its password first"),
        (pdf([["x"]] * 5_001), "has 5001 pages, and 5000 are read at most; split it"),
    ],
    ids=["broken", "other", "cut off", "pictures", "locked", "long"],
)
def test_what_cannot_be_read_says_what_to_do(data: bytes, message: str) -> None:
    with pytest.raises(CorpusError, match=f"a.pdf: .*({message})"):
        read("a.pdf", data)


def test_one_that_only_its_owner_may_change_is_read() -> None:
    assert read("a.pdf", locked("")).text == "Text."
