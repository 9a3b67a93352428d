"""Files damaged in any way: each is read with its passages slices of its text, or named as one that can't be."""

import io
import zipfile
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from benchmarks.files.formats import docx_file, html, pdf, repacked
from corpus.archive import members, unpacked
from corpus.catalogue import Entry
from corpus.document import CorpusError
from corpus.readers import suffixes
from corpus.records import draft_columns
from service.ingestion import draft_of
from service.sources import Source

EXAMPLES = 50
PARTS = ("word/document.xml", "word/footnotes.xml", "word/styles.xml", "docProps/core.xml", "[Content_Types].xml")
PARAGRAPHS = (
    "The delegations spoke of the harbour and of the railway, and asked for a report on each of them.",
    "双方强调维护全球战略稳定的重要性，愿继续加强协调，并反对单边主义。",
    "Стороны договорились о встрече весной: будут говорить о почте, о гавани и о железной дороге.",
)
TEXT = "Title: Minutes\nDate: 2024-05-03\n\n# Minutes\n\n" + "\n\n".join(PARAGRAPHS) + "\n\n- 1 -\n\f的(de)\n"


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("会议/a.txt", TEXT)
        archive.writestr("b.md", TEXT)
    return file.getvalue()


WHOLE = {
    "a.txt": [TEXT.encode(), TEXT.encode("utf-16"), TEXT.encode("gb18030")],
    "a.md": [TEXT.encode()],
    "a.html": [html(PARAGRAPHS, "Minutes", "en", "2024-05-03", "https://example.org/1", "utf-8")],
    "a.pdf": [pdf([["Minutes", *PARAGRAPHS], ["2", *PARAGRAPHS]], "Minutes")],
    "a.docx": [docx_file(PARAGRAPHS, "Minutes", ("See above.",))],
}
# Places in the file, what is done there, and with what: bytes that stand for something in one of the formats, or any.
TOKENS = st.sampled_from(
    [
        b"\0",
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b"&#0;",
        b"&#xd800;",
        b"<d800>",
        b"</p>",
        b"<p>",
        b"<table><tr><td>",
        b"<!--",
        b"]]>",
        b"-1",
    ]
    + [
        b"99999999999",
        b"/Length 0",
        b"/Filter /FlateDecode",
        b"2 0 R",
        b"endobj",
        b"<<",
        b"\r",
        b"\x0c",
        b"\xe2\x80\xa9",
        b"\n1.\n2.\n",
    ]
)
DAMAGE = st.lists(
    st.tuples(
        st.floats(0, 1, exclude_max=True),
        st.sampled_from(["put", "insert", "delete", "repeat", "cut"]),
        st.one_of(TOKENS, st.binary(min_size=1, max_size=8)),
    ),
    min_size=1,
    max_size=8,
)


def damaged(data: bytes, damage: Sequence[tuple[float, str, bytes]]) -> bytes:
    for place, how, what in damage:
        at, length = int(place * len(data)), len(what) * 8
        before, after = data[:at], data[at:]
        data = {
            "put": before + what + after[len(what) :],
            "insert": before + what + after,
            "delete": before + after[length:],
            "repeat": before + after[:length] + after,
            "cut": before,
        }[how]
    return data


def taken_in(name: str, data: bytes) -> None:
    """Read, split and prepared for the store, or refused by name."""
    source = Source(name, Path(name), Entry("a"), None, True, data=data)
    try:
        draft = draft_of(source)
    except CorpusError as error:
        assert name in str(error)
        return
    assert draft.passages and all(passage.is_slice_of(draft.reading.text) for passage in draft.passages)
    assert draft.reading.data == data and draft.reading.name == name
    for value in draft_columns(draft).values():
        assert not isinstance(value, str) or value.encode()


@pytest.mark.parametrize("name", WHOLE)
@given(st.data())
@settings(deadline=None, max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
def test_a_damaged_file_is_read_or_named(name: str, data: st.DataObject) -> None:
    taken_in(name, damaged(data.draw(st.sampled_from(WHOLE[name])), data.draw(DAMAGE)))


PLACE = st.floats(0, 1, exclude_max=True)
CHANGES = st.lists(
    st.tuples(PLACE, PLACE, st.sampled_from(["remove", "repeat", "rename", "bare", "odd"])), min_size=1, max_size=8
)


def rearranged(xml: bytes, changes: Sequence[tuple[float, float, str]]) -> bytes:
    """Well-formed still, but not what the format wants."""
    root = etree.fromstring(xml)
    for place, other, how in changes:
        held = list(root.iter("*"))
        one, two = held[int(place * len(held))], held[int(other * len(held))]
        if how == "remove" and one is not root:
            one.getparent().remove(one)
        elif how == "repeat":
            two.append(deepcopy(one))
        elif how == "rename":
            one.tag = two.tag
        elif how == "bare":
            one.attrib.clear()
        elif how == "odd":
            one.attrib.update(dict.fromkeys(one.attrib, "-1"))
    return bytes(etree.tostring(root))


@pytest.mark.parametrize("part", PARTS)
@given(CHANGES)
@settings(deadline=None, max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
def test_a_word_file_of_strange_parts_is_read_or_named(part: str, changes: list[tuple[float, float, str]]) -> None:
    (whole,) = WHOLE["a.docx"]
    held = zipfile.ZipFile(io.BytesIO(whole)).read(part)
    taken_in("a.docx", repacked(whole, {part: rearranged(held, changes)}))


@given(DAMAGE)
@settings(deadline=None, max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
def test_a_damaged_archive_is_looked_into_or_named(tmp_path: Path, damage: list[tuple[float, str, bytes]]) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(damaged(zipped(), damage))
    try:
        held = members(path, suffixes())
    except CorpusError as error:
        assert "a.zip" in str(error)
        return
    for member in held:
        try:
            assert unpacked(path, member) == TEXT.encode()
        except CorpusError as error:
            assert f"a.zip!{member.name}: " in str(error)
