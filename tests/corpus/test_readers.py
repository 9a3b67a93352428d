"""Readers: a file is read by its suffix, and bad files are told what is wrong."""

from pathlib import Path

import pytest

from corpus.document import CorpusError
from corpus.readers import read, read_file


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.txt", b"", "a.txt: holds no text"),
        ("a.pdf", b"", "a.pdf: not a readable PDF .*empty file"),
        ("a.txt", b" \n\t", "a.txt: holds no text"),
        ("a.txt", b"\x7fELF\x02\x01\x01\x00\x00\x00" + bytes(range(256)), "convert it to UTF-8 first"),
        ("a.exe", b"MZ", "unknown suffix; can read .txt, .md, .html, .htm, .pdf, .docx"),
        ("a", b"text", "unknown suffix"),
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


def test_a_suffix_may_be_in_capitals() -> None:
    assert read("A.TXT", b"Text.").text == "Text."
