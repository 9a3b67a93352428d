"""Readers: what is read from each format, and what bad files are told."""

import hashlib
import io
import zipfile
from pathlib import Path

import docx
import pytest

from corpus.document import CorpusError
from corpus.readers import read, read_file


@pytest.mark.parametrize("text", ["双方强调。\r\n第二段。\r", "\ufeffтекст\n", "é\u0301\u2028x"])
def test_text_is_the_decoded_file(text: str) -> None:
    reading = read("a.txt", text.encode())
    assert reading.text == text
    assert (reading.sha256, reading.text_sha256) == (hashlib.sha256(text.encode()).hexdigest(), None)


def test_utf_16_with_a_mark_is_read_and_its_text_has_a_digest_of_its_own() -> None:
    reading = read("a.txt", "双方强调。".encode("utf-16"))
    assert (reading.text, reading.text_sha256) == ("双方强调。", hashlib.sha256("双方强调。".encode()).hexdigest())


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.txt", b"", "a.txt: holds no text"),
        ("a.txt", b" \n\t", "a.txt: holds no text"),
        ("a.txt", "双方强调".encode("gb18030"), "is not UTF-8; convert the file to UTF-8 first"),
        ("a.txt", b"\x7fELF\x02\x01\x01\x00\x00\x00", "binary file and not text"),
        ("a.txt", b"\x89PNG\r\n\x1a\n\x00", "is not UTF-8"),
        ("a.exe", b"MZ", "unknown suffix; can read .txt, .md, .html, .pdf, .docx"),
        ("a", b"text", "unknown suffix"),
        ("a.pdf", b"%PDF-1.7 broken", "not a readable PDF"),
        ("a.pdf", b"no pdf at all", "not a readable PDF"),
        ("a.docx", b"no zip at all", "not a readable DOCX"),
        ("a.html", b"<html></html>", "holds no text"),
    ],
)
def test_bad_files_are_told_what_is_wrong(name: str, data: bytes, message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        read(name, data)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="missing.txt: No such file or directory; check the path"):
        read_file(tmp_path / "missing.txt")


def test_docx_paragraphs_become_lines() -> None:
    document, file = docx.Document(), io.BytesIO()
    for text in ("第一段。", "Второй абзац."):
        document.add_paragraph(text)
    document.save(file)
    reading = read("a.docx", file.getvalue())
    assert reading.text == "第一段。\nВторой абзац."
    assert reading.reader.startswith("python-docx ") and reading.text_sha256


def test_the_text_of_docx_tables_is_read() -> None:
    document, file = docx.Document(), io.BytesIO()
    document.add_paragraph("前。")
    table = document.add_table(2, 2)
    for at, text in enumerate(["甲", "乙", "丙", "丁"]):
        table.cell(at // 2, at % 2).text = text
    document.add_paragraph("后。")
    document.save(file)
    assert read("a.docx", file.getvalue()).text == "前。\n甲\n乙\n丙\n丁\n后。"


def test_a_docx_with_broken_xml_is_named() -> None:
    document, file, broken = docx.Document(), io.BytesIO(), io.BytesIO()
    document.save(file)
    with zipfile.ZipFile(file) as whole, zipfile.ZipFile(broken, "w") as parts:
        for name in whole.namelist():
            parts.writestr(name, b"<w:document" if name == "word/document.xml" else whole.read(name))
    with pytest.raises(CorpusError, match="a.docx: not a readable DOCX"):
        read("a.docx", broken.getvalue())


def test_html_keeps_the_article() -> None:
    article = "".join(f"<p>双方强调第{n}点，并就此达成一致意见，愿继续保持沟通。</p>" for n in range(1, 6))
    page = f"<html><body><nav><a href='/'>首页</a></nav><article><h1>声明</h1>{article}</article></body></html>"
    reading = read("a.html", page.encode())
    assert "双方强调第5点" in reading.text and "首页" not in reading.text
