"""Encodings: what each text was written in is found, and what is no text is refused."""

import codecs
import re
from pathlib import Path
from random import Random

import pytest

from corpus.decoding import decode
from corpus.document import CorpusError

SECOND = Path(__file__).parents[1] / "quality" / "second" / "documents"
WRITTEN = {
    "zh": ["utf-8", "gb18030", "gb2312", "utf-16-le", "utf-16-be"],
    "hant": ["utf-8", "big5", "big5hkscs", "gb18030", "utf-16-le"],
    "ru": ["utf-8", "cp1251", "koi8-r", "utf-16-le", "utf-16-be"],
    "en": ["utf-8", "cp1252", "utf-16-le", "utf-16-be"],
}


@pytest.fixture(scope="module")
def prose(statements: dict[str, str]) -> dict[str, str]:
    second = {tag: "\n".join(path.read_text("utf-8") for path in sorted(SECOND.glob(f"{tag}-*"))) for tag in WRITTEN}
    curly = second["en"].replace("'", "’")
    return second | {"en": curly, "hant": statements["hant-2022"], "zh": second["zh"] + statements["un-cd-2019"]}


@pytest.mark.parametrize(("tag", "encoding"), [(tag, name) for tag, names in WRITTEN.items() for name in names])
@pytest.mark.parametrize("length", [200, 2000])
def test_what_a_text_was_written_in_is_found(prose: dict[str, str], tag: str, encoding: str, length: int) -> None:
    rng = Random(length)
    for start in rng.sample(range(len(prose[tag]) - length), 25):
        # No text begins with я and ю, which read as a mark of UTF-16.
        data = re.sub("^[яю]+", "", prose[tag][start : start + length]).encode(encoding, "ignore")
        assert decode("a.txt", data)[0] == data.decode(encoding), start


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("双方强调，应维护国际和平。".encode("gb18030"), "gb18030"),
        ("雙方強調，應維護國際和平與安全，反對單方面的軍事優勢。".encode("big5"), "big5hkscs"),
        ("Стороны подчеркнули важность мира.".encode("koi8-r"), "koi8-r"),
        ("Стороны подчеркнули важность мира.".encode("cp1251"), "cp1251"),
        ("The parties’ aims.".encode("cp1252"), "cp1252"),
        ("双方强调".encode("utf-16"), "utf-16"),
        ("双方强调".encode(), "utf-8"),
    ],
)
def test_the_choice_is_recorded(data: bytes, said: str) -> None:
    assert decode("a.txt", data)[1] == said


def test_what_a_page_says_is_believed_if_it_fits() -> None:
    short = "Мир".encode("koi8-r")
    assert decode("a.html", short, "KOI8-R") == ("Мир", "koi8-r")
    assert decode("a.html", "镕基".encode("gb18030"), "gb2312") == (
        "镕基",
        "gb18030",
    )  # 镕 is in none of GB 2312's rows
    assert decode("a.html", "双方强调。".encode(), "koi8-r, or so")[0] == "双方强调。"
    assert decode("a.html", "双方强调。".encode(), "ascii") == ("双方强调。", "utf-8")


@pytest.mark.parametrize(
    "data",
    [
        b"\x7fELF\x02\x01\x01\x00\x00\x00" + bytes(range(256)),
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + Random(0).randbytes(500),
        b"PK\x03\x04" + Random(1).randbytes(5000),
        Random(2).randbytes(50_000),
        codecs.BOM_UTF16_LE + b"\x00\xd8\x41\x00",
    ],
    ids=["elf", "png", "zip", "noise", "half a surrogate pair"],
)
def test_what_is_no_text_is_refused_with_what_to_do(data: bytes) -> None:
    with pytest.raises(CorpusError, match=r"a\.txt: .* convert it to UTF-8 first, for example with iconv"):
        decode("a.txt", data)
