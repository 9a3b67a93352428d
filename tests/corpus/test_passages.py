"""Paragraphs: against the reference list of all paragraphs, and layouts that the five files don't have."""

import re
from pathlib import Path

import pytest
from opencc import OpenCC

from corpus.document import CorpusError, Role
from corpus.passages import Extent, split
from service.collection import Collection

WITNESSES = {
    "2019": ("un-cd-2019", "hant-glossed-2019"),
    "2022": ("hant-2022",),
    "2025": ("peoples-daily-2025", "xinhua-2025"),
}
BODY = {
    "2019": range(4, 26),
    "2022": [number for number in range(2, 71) if number not in (6, 13, 26, 52)],
    "2025": range(3, 28),
}
SLIPS = str.maketrans("著", "着")
SIGNATURES = "中华人民共和国主席习近平签名俄罗斯联邦总统弗弗普京签名二一九年六月五日于莫斯科"


def reference(quality: Path) -> dict[str, str]:
    lines = (quality / "reference.tsv").read_text("utf-8").splitlines()
    return dict(line.split("\t") for line in lines if not line.startswith("#"))


def reduced(text: str) -> str:
    return re.sub(r"[^0-9A-Za-z\u4e00-\u9fff]", "", OpenCC("t2s").convert(text))


@pytest.mark.parametrize("year", WITNESSES)
def test_every_body_paragraph_is_the_reference_paragraph(collection: Collection, quality: Path, year: str) -> None:
    wanted = [reference(quality)[f"{year}:{number}"].removesuffix(SIGNATURES) for number in BODY[year]]
    for document in WITNESSES[year]:
        body = collection.store.body(document)
        assert [passage.number for passage in body] == list(range(1, len(wanted) + 1))
        found = [reduced(passage.text).replace("第2231", "2231").translate(SLIPS) for passage in body]
        assert found == [text.translate(SLIPS) for text in wanted]


def test_the_map_from_reference_to_passages_is_right(collection: Collection, quality: Path) -> None:
    lines = (quality / "passages.tsv").read_text("utf-8").splitlines()
    passages = dict(line.split("\t") for line in lines if not line.startswith("#"))
    assert set(passages) == {f"{year}:{number}" for year, numbers in BODY.items() for number in numbers}
    for key, name in passages.items():
        held = collection.store.passage(name)
        assert held and reduced(held[1].text) == reference(quality)[key].removesuffix(SIGNATURES)


def test_what_is_not_body_has_another_role(collection: Collection) -> None:
    roles = {
        document.id: [(passage.role, passage.text) for passage in collection.store.passages(document.id)]
        for document in collection.store.documents()
    }
    unrelated = [text for role, text in roles["xinhua-2025"] if role is Role.UNRELATED]
    assert (
        len(unrelated) == 8 and unrelated[0].startswith("中央纪委") and unrelated[-1].startswith("来源:【黑龙江日报】")
    )
    assert [text for role, text in roles["hant-2022"] if role is Role.HEADING] == ["一", "二", "三", "四"]
    assert roles["hant-2022"][1][0] is Role.FRONT and roles["hant-2022"][1][1].startswith("俄羅斯總統普京(Vladimir")
    assert roles["hant-2022"][-1] == (Role.CLOSING, "二〇二二年二月四日於北京")
    assert roles["un-cd-2019"][-1] == (Role.CLOSING, "二〇一九年六月五日于莫斯科")
    assert roles["peoples-daily-2025"][0] == (Role.FRONT, "标题: 中华人民共和国和俄罗斯联邦关于全球战略稳定的联合声明")
    assert not any(role is Role.UNRELATED for name in roles if name != "xinhua-2025" for role, _ in roles[name])


WRAPPED = """The parties reaffirm that a nuclear war cannot be won and must never
be fought, and that they will continue to work together in order to
prevent an arms race.

They also note that the treaty remains the cornerstone of the regime
and call upon all states to observe it in good faith, without any
exception.
"""
INDENTED = """  Стороны подтверждают, что ядерная война не может быть выиграна и никогда
не должна быть развязана, и намерены и далее взаимодействовать в целях
предотвращения гонки вооружений.
  Стороны отмечают, что договор остается краеугольным камнем режима и
призывают все государства добросовестно его соблюдать без каких-либо
исключений.
"""
DOUBLE_SPACED = WRAPPED.replace("\n\n", "\n\n\n\n").replace("\nbe", "\n\nbe").replace("\nprevent", "\n\nprevent")
SINGLE_LINES = "\n".join(f"第{number}条规定了双方在这一领域合作的目标和程序。" for number in "一二三四五")


@pytest.mark.parametrize(
    ("raw", "count"), [(WRAPPED, 2), (INDENTED, 2), (SINGLE_LINES, 5), (WRAPPED.replace("\n", "\r\n"), 2)]
)
def test_layouts(raw: str, count: int) -> None:
    passages = split("layout", raw).passages
    assert len(passages) == count
    assert [passage.text.split() for passage in passages] == [
        part.split()
        for part in re.split(r"(?<=\.)\s*\n(?:\s*\n)?(?=\s*\S)|(?<=。)\n", raw.replace("\r\n", "\n").rstrip())
    ]


def test_a_page_number_inside_a_wrapped_paragraph_goes() -> None:
    raw = WRAPPED.replace("order to\n", "order to\n- 3 -\n")
    assert split("paged", raw).passages[0].text.split() == WRAPPED.split("\n\n")[0].split()


def test_an_extent_that_is_not_there_says_what_to_correct() -> None:
    with pytest.raises(CorpusError, match="no paragraph starts with 'Nothing'; correct first, last or close"):
        split("document", WRAPPED, Extent(first="Nothing"))


def test_text_without_prose_has_no_body() -> None:
    assert [passage.role for passage in split("heading", "标题\n\n二〇二二年").passages] == [Role.FRONT, Role.FRONT]
    assert split("empty", " \n\t\n").passages == ()


SHORT = """A title of the whole thing

The first paragraph is short, it says one thing and then it ends on its
second line.

The second paragraph is as short as the first one was, and it ends here on
the second line too.
"""
SOFT = """The only wrapped paragraph in this file goes on over the margin twice and
then ends in the middle of its third and last line, which is the longest by
far.

One short line of its own.

Two short lines of their own.

Three short lines.

Four short lines.

Five short lines.
"""


@pytest.mark.parametrize(("raw", "count"), [(SHORT, 3), (SOFT, 6)])
def test_blank_lines_part_the_paragraphs_of_a_wrapped_file(raw: str, count: int) -> None:
    assert [passage.text.split() for passage in split("short", raw).passages] == [
        part.split() for part in raw.split("\n\n")
    ]
    assert len(split("short", raw).passages) == count


def test_a_paragraph_goes_on_over_a_page_break() -> None:
    raw = WRAPPED.replace("order to\n", "order to\n\n3\n\f\n")
    held = split("paged", raw).passages
    assert [(passage.role, passage.text.split()) for passage in held] == [
        *((Role.BODY, part.split()) for part in WRAPPED.split("\n\n")[:1]),
        (Role.FURNITURE, ["3"]),
        *((Role.BODY, part.split()) for part in WRAPPED.split("\n\n")[1:]),
    ]


def test_a_handful_of_lines_joins_only_where_a_sentence_clearly_goes_on() -> None:
    wrapped = "The parties oppose the weaponization of outer space and call for\nearly talks on a treaty."
    assert [passage.text for passage in split("two", wrapped).passages] == [wrapped]
    titled = "关于维护全球战略稳定的联合公报\n双方强调维护全球战略稳定的重要性。"
    assert [passage.text for passage in split("two", titled).passages] == titled.split("\n")


ITEMS = [
    "- Readers may not take manuscripts out of the reading room, except",
    "  with the written permission of the keeper.",
    "1. Запретить сброс неочищенных вод в озёра выше тысячи двухсот метров",
    "   над уровнем моря с первого января.",
    "a) Photographs are allowed without flash, provided that the reader has",
    "   signed the form at the entrance, and",
    "   that nobody objects.",
    "10. Pens are forbidden.",
]


@pytest.mark.parametrize(
    "before", ["", "Where nothing else is wrapped a paragraph is a line. " * 4 + "\n\n", WRAPPED + "\n"]
)
def test_the_lines_of_an_item_below_its_first_word_belong_to_it(before: str) -> None:
    items = [" ".join(ITEMS[:2]), " ".join(ITEMS[2:4]), " ".join(ITEMS[4:7]), ITEMS[7]]
    found = split("items", before + "\n".join(ITEMS)).passages
    assert [passage.text.split() for passage in found][-4:] == [item.split() for item in items]


def test_a_paragraph_after_an_item_is_one_of_its_own() -> None:
    apart = "1. 总则\n　　本条例适用于在本省行政区域内从事的一切渔业活动。\n　　县级以上人民政府主管本条例的实施工作。"
    assert [passage.text for passage in split("rules", apart).passages] == [line.strip() for line in apart.split("\n")]
    gap = "- An item that has one line.\n\n  A paragraph below it.\n"
    assert [passage.text for passage in split("gap", gap).passages] == [
        "- An item that has one line.",
        "A paragraph below it.",
    ]


def test_list_items_are_body() -> None:
    raw = "规定如下。\n- 上紧发条\n1. 擦拭镜片\n(2) 检查油量\n| 灯塔 | 1899 |"
    assert {passage.role for passage in split("list", raw).passages} == {Role.BODY}


def test_a_file_without_a_catalogue_is_split_by_what_its_lines_look_like() -> None:
    prose = "双方强调维护全球战略稳定的重要性，愿继续加强协调。"
    long_title = "第一部分关于双方在当前形势下维护全球战略稳定和加强多边裁军机制所持立场"
    lines = ["标题: 双方关于战略稳定的公报", "公报", prose, long_title, prose, "外交部长", "二〇二五年五月八日"]
    assert [passage.role for passage in split("bulletin", "\n".join(lines)).passages] == [
        *(Role.FRONT, Role.FRONT, Role.BODY, Role.HEADING, Role.BODY, Role.CLOSING, Role.CLOSING)
    ]
    assert split("header", f"链接: https://example.org/{'a-long-address/' * 5}\n{prose}").passages[0].role is Role.FRONT
