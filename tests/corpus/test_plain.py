"""Text files: the text of record is the decoded file; of Markdown, headings are marked."""

import hashlib

import pytest

from corpus.document import Role
from corpus.readers import read


@pytest.mark.parametrize("text", ["双方强调。\r\n第二段。\r", "\ufeffтекст\n", "é\u0301\u2028x"])
def test_text_is_the_decoded_file(text: str) -> None:
    reading = read("a.txt", text.encode())
    assert reading.text == text
    assert (reading.sha256, reading.text_sha256) == (hashlib.sha256(text.encode()).hexdigest(), None)


@pytest.mark.parametrize("encoding", ["utf-16", "gb18030"])
def test_a_text_in_another_encoding_has_a_digest_of_its_own(encoding: str) -> None:
    text = "双方强调，应维护国际和平与稳定。"
    reading = read("a.txt", text.encode(encoding))
    assert (reading.text, reading.reader) == (text, encoding)
    assert reading.text_sha256 == hashlib.sha256(text.encode()).hexdigest()


def test_headings_of_markdown_are_marked_but_not_those_in_code() -> None:
    text = "# Title\n\nText #1.\n\n## Part\n\n```\n# no heading\n```\n\n    # nor this\n#nor this\n"
    reading = read("a.md", text.encode())
    assert [(mark.span.of(text), mark.role) for mark in reading.marks] == [
        ("# Title", Role.HEADING),
        ("## Part", Role.HEADING),
    ]
