"""Word files: paragraphs and cells in order, headings and footnotes marked, changes accepted, bombs refused."""

import io

import docx
import pytest
from docx.document import Document

from benchmarks.files.formats import docx_file, repacked
from corpus.document import CorpusError, Role
from corpus.passages import split_file
from corpus.readers import read
from corpus.reading import Reading

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def saved(document: Document) -> bytes:
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def marked(reading: Reading) -> list[tuple[str, Role]]:
    return [(mark.span.of(reading.text), mark.role) for mark in reading.marks]


def test_paragraphs_become_lines_with_headings_and_footnotes_marked() -> None:
    reading = read("a.docx", docx_file(["第一段。", "Второй абзац."], "Отчёт", ["Сноска.", "See above."]))
    assert reading.text == "Отчёт\n第一段。\nВторой абзац.\nСноска.\nSee above."
    assert marked(reading) == [("Отчёт", Role.HEADING), ("Сноска.", Role.NOTE), ("See above.", Role.NOTE)]
    assert (reading.origin.title, reading.has_blocks) == ("Отчёт", True)
    assert reading.reader.startswith("python-docx ") and reading.text_sha256


def test_a_row_is_a_line_and_no_heading_unless_a_cell_holds_more_than_one() -> None:
    document = docx.Document()
    document.add_paragraph("Запасы рыбы в озёрах оценены в отчётном году.")
    table = document.add_table(4, 3)
    for at, text in enumerate(["Озеро", "", "Тонн", "Каменное", "сиг", "57", "Всего", "", "60", "Long", "x", ""]):
        table.cell(at // 3, at % 3).text = text
    table.cell(0, 0).merge(table.cell(0, 1))
    table.cell(3, 0).add_paragraph("prose")
    reading = read("a.docx", saved(document))
    assert reading.text.split("\n")[1:] == [
        *("Озеро\u2003Тонн", "Каменное\u2003сиг\u200357", "Всего\u200360"),
        *("Long", "prose", "x"),
    ]
    (whole,) = (held for held in split_file("a", reading).passages if "\u2003" in held.text)
    assert (whole.role, whole.text) == (Role.BODY, "Озеро\u2003Тонн\nКаменное\u2003сиг\u200357\nВсего\u200360")


def test_changes_are_accepted_and_breaks_and_tabs_kept() -> None:
    body = (
        f"<w:document {W}><w:body><w:p><w:r><w:t>一</w:t><w:tab/><w:t>二</w:t><w:br/><w:t>三</w:t></w:r>"
        "<w:ins><w:r><w:t>四</w:t></w:r></w:ins><w:del><w:r><w:delText>五</w:delText></w:r></w:del></w:p></w:body></w:document>"
    )
    made = repacked(saved(docx.Document()), {"word/document.xml": body.encode()})
    assert read("a.docx", made).text == "一\t二\n三四"


def test_broken_xml_is_named() -> None:
    with pytest.raises(CorpusError, match="a.docx: not a readable DOCX"):
        read("a.docx", repacked(saved(docx.Document()), {"word/document.xml": b"<w:document"}))


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    made = repacked(saved(docx.Document()), {"word/media/image1.png": bytes(64 << 20)})
    with pytest.raises(CorpusError, match=r"a.docx: its part word/media/image1.png unpacks to 67108864 bytes"):
        read("a.docx", made)
