"""Cleaning only deletes, and only what it may: checked on the five files and on generated noise."""

import re
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypinyin import lazy_pinyin

from corpus.cleaning import (
    DOCUMENT_RULES,
    PARAGRAPH_RULES,
    Kept,
    control_characters,
    page_furniture,
    pinyin_glosses,
    running_heads,
)
from corpus.document import Role, Span
from corpus.passages import split

INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)
FURNITURE = re.compile(r"(?m)^[ \t]*(?:- \d+ -|第\d+页|Page \d+ of \d+|стр\. \d+)[ \t]*$")
GLOSS = re.compile(r"(?<=[\u4e00-\u9fff])\([a-zà-ǜü]+\)")


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def deletable(gap: str, before: str) -> bool:
    """Whether a gap inside a passage holds nothing but what the promise allows."""
    rest = INVISIBLE.sub("", gap)
    rest = FURNITURE.sub("", rest)
    gloss = GLOSS.match(before + rest, 1)
    if gloss:
        rest = rest[len(gloss[0]) :]
    return not rest.strip()


PIECES = st.sampled_from(
    [
        "双方",
        "条约。",
        "的",
        "和平",
        "INF",
        "treaty ",
        "нератификация ",
        " ",
        "\u3000",
        "\t",
        "\n",
        "\r\n",
        "\n\n",
        "\n    ",
    ]
    + [
        "(NPT)",
        "第一款(a)",
        "non-\nproliferation",
        "\u00ad",
        "\x07",
        "\u200b",
        "\ufeff",
        "\u202e",
        "。”",
        "(",
        ")",
        "2026",
    ]
    + ["\n- 3 -\n", "\n第12页\n", "\nPage 3 of 10\n", "\nстр. 7\n", "\u2028", "\x0c", "́", "𠮷", "😀"]
)
GLOSSED = st.sampled_from(
    ["的(de)", "和(hé)", "北(běi)京", "个(gè)", "了(le)", "条約", "第一款(a)", "(NPT)", "中(x)", "\n"]
)


def repeated(head: str, raw: str) -> bool:
    """Whether a line set apart is a running head: not a page's number, but how lines begin twice, digits aside."""
    plain = [re.sub(r"\d", "0", squeezed(INVISIBLE.sub("", line))).casefold() for line in raw.splitlines()]
    said = re.sub(r"\d", "0", squeezed(head)).casefold()
    return sum(line.startswith(said) for line in plain) > 1 and not FURNITURE.fullmatch(head)


@given(st.lists(PIECES, max_size=80).map("".join))
@settings(max_examples=300, deadline=None)
def test_noise_is_sliced_and_no_word_goes_missing(raw: str) -> None:
    passages = split("noise", raw).passages
    assert all(passage.is_slice_of(raw) for passage in passages)
    spans = sorted(span for passage in passages for span in passage.spans)
    assert all(one.end <= other.start for one, other in pairwise(spans))
    for passage in passages:
        for left, right in zip(passage.spans, passage.spans[1:], strict=False):
            assert deletable(raw[left.end : right.start], raw[left.end - 1])
    expected = squeezed(
        FURNITURE.sub("", INVISIBLE.sub("", re.sub("\r\n|[\r\x0c\x0b\x1c-\x1e\x85\u2028\u2029]", "\n", raw)))
    )
    kept = (held.text for held in passages if held.role is not Role.FURNITURE or repeated(held.text, raw))
    assert squeezed("".join(kept)) == expected


@given(st.text())
@settings(max_examples=300, deadline=None)
def test_a_passage_of_any_text_is_a_slice_of_it(raw: str) -> None:
    passages = split("any", raw).passages
    assert all(passage.is_slice_of(raw) for passage in passages)
    assert all("".join(span.of(raw) for span in passage.spans) == passage.text for passage in passages)
    spans = sorted(span for passage in passages for span in passage.spans)
    assert all(one.end <= other.start for one, other in pairwise(spans))
    assert all(char in squeezed("".join(passage.text for passage in passages)) for char in raw if char.isalnum())


@given(st.lists(GLOSSED, min_size=1, max_size=60).map("".join))
@settings(max_examples=200, deadline=None)
def test_glosses_go_only_where_they_are_readings_and_many(raw: str) -> None:
    glosses = re.findall(r"([的和北个了])\((?:de|hé|běi|gè|le)\)", raw)
    expected = re.sub(r"(?<=[的和北个了])\((?:de|hé|běi|gè|le)\)", "", raw) if len(glosses) >= 8 else raw
    assert Kept.all_of(raw).without([pinyin_glosses]).text == expected


@given(
    st.lists(st.sampled_from(["alpha", "beta", "мир", "договор", "1978"]), min_size=1, max_size=120),
    st.integers(20, 60),
)
@settings(max_examples=100, deadline=None)
def test_hard_wrapped_words_keep_one_space(words: list[str], width: int) -> None:
    lines, line = [], ""
    for word in words:
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    raw = "\n".join([*lines, line])
    assert [word for passage in split("wrapped", raw).passages for word in passage.text.split()] == words
    assert all("  " not in passage.text for passage in split("wrapped", raw).passages)


def test_the_five_files_lose_only_what_they_may(statements: dict[str, str]) -> None:
    for name, raw in statements.items():
        for passage in split(name, raw).passages:
            for left, right in zip(passage.spans, passage.spans[1:], strict=False):
                gap = raw[left.end : right.start]
                assert deletable(gap, raw[left.end - 1]), (passage.id, gap)


def test_every_gloss_of_the_glossed_file_is_the_reading_of_its_character(statements: dict[str, str]) -> None:
    raw = statements["hant-glossed-2019"]
    spans = list(pinyin_glosses(raw))
    assert len(spans) == 272
    left = Kept.all_of(raw).without([pinyin_glosses]).text
    assert re.findall(r"\([^)]*\)", left) == ["(《中導條約》)", "(NPT)", "(生物)", "(《禁止生物武器公約》)"]
    toneless = {
        "".join(c for c in unicodedata.normalize("NFD", raw[s.start + 1 : s.end - 1]) if c.isascii()) for s in spans
    }
    assert {"de", "ming", "he", "ren"} <= toneless
    assert lazy_pinyin("的")[0] == "de"


def test_a_few_brackets_are_no_glossed_document() -> None:
    assert list(pinyin_glosses("他的(de)书和(hé)笔")) == []


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("加强\n战略协作", "加强战略协作"),
        ("呼吁 NPT 所有\n缔约国", "呼吁 NPT 所有缔约国"),
        ("the nuclear\nweapon", "the nuclear\nweapon"),
        ("the nuclear \n  weapon", "the nuclear weapon"),
        ("the nuclear\r\nweapon", "the nuclear\nweapon"),
        ("non-\nproliferation", "non-proliferation"),
        ("COVID-\n2019", "COVID-\n2019"),
        ("A-\nB", "A-\nB"),
        ("a  \t b", "a b"),
        ("安理会\n\n2231 号", "安理会2231 号"),
        ("нерас\u00adпространение", "нераспространение"),
    ],
)
def test_lines_join(raw: str, kept: str) -> None:
    assert Kept.all_of(raw).without([*DOCUMENT_RULES, *PARAGRAPH_RULES]).text == kept


@pytest.mark.parametrize("line", ["- 3 -", "— 12 —", "第3页", "第 3 页 共 10 页", "Page 3 of 10", "стр. 7"])
def test_a_page_number_line_is_furniture(line: str) -> None:
    assert list(page_furniture(f"前\n{line}\n后")) == [Span(2, 2 + len(line) + 1)]
    assert list(page_furniture(f"见{line}。")) == []
    assert Kept.all_of(f"前\r{line}\x0c后").without([page_furniture]).text == "前\r\x0c后"


def test_a_bare_number_is_furniture_only_at_the_edge_of_a_page() -> None:
    assert Kept.all_of("a\n3\n\x0cb\n4\nc\x0c\n5\nd").without([page_furniture]).text == "a\n\x0cb\n4\nc\x0c\nd"


def test_control_characters_have_no_shape() -> None:
    assert Kept.all_of("\ufeffа\u202eб\x00в\u200bг").without([control_characters]).text == "абвг"


def paged(*heads: str) -> str:
    """Pages that begin with these heads, each of lines that no other page has."""
    return "\f".join(
        f"{head}\nthe {word} works went on and\nhalf of the {word} was lost\n"
        for head, word in zip(heads, ("red", "blue", "black", "brown", "green", "grey"), strict=False)
    )


@pytest.mark.parametrize(
    ("heads", "gone"),
    [
        (("Water Review", "Hill Towns", "Water Review", "Hill Towns", "Water Review"), [0, 1, 2, 3, 4]),
        (("Water Review, 7", "and so", "Water Review, 9"), [0, 2]),
        (("The Price of Water in Hill Towns", "A. Brandt    The Price of Water in", "then"), [1]),
        (("The Price of Water", "The Price of", "d e f", "g h i", "j k l", "d e f"), []),
        (("The Price", "the price of water", "fell again"), []),
    ],
)
def test_a_running_head_stands_on_many_pages_or_one_side_or_repeats_the_title(
    heads: tuple[str, ...], gone: list[int]
) -> None:
    text = paged(*heads)
    assert [span.of(text).strip() for span in running_heads(text)] == [heads[at] for at in gone]
