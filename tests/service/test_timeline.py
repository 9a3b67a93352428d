"""The timeline: real topics through the three statements; a small collection in two languages, partly without dates."""

import datetime
from itertools import pairwise

import pytest

from corpus.document import Span
from corpus.wording import wording
from service.collection import Collection
from service.ingestion import ingest
from service.question import BadQuestion, Filters
from service.settings import Settings
from service.timeline import Change, Extract, Timeline, timeline

DATES = {
    "cn-ru-2019": datetime.date(2019, 6, 5),
    "cn-ru-2022": datetime.date(2022, 2, 4),
    "cn-ru-2025": datetime.date(2025, 5, 8),
}


def passages(made: Timeline) -> dict[str, list[str]]:
    return {entry.work.id: [quote.passage_id for quote in entry.quotes] for entry in made.entries}


def mentions(made: Timeline) -> list[tuple[str, str, datetime.date]]:
    return [(held.work, held.passage_id, held.date) for held in (made.first, made.last) if held]


def stayed(change: Change) -> list[tuple[str, str, str, str]]:
    return [(k.before.passage_id, k.before.text, k.after.passage_id, k.after.text) for k in change.stayed]


def by_passage(extracts: tuple[Extract, ...]) -> dict[str, list[str]]:
    held: dict[str, list[str]] = {}
    for extract in extracts:
        held.setdefault(extract.passage_id, []).append(extract.text)
    return held


def test_the_non_proliferation_treaty_from_2019_to_2025(collection: Collection) -> None:
    made = timeline(collection, "NPT")
    assert made.answered and made.nearest == () and made.question == "NPT"
    assert passages(made) == {
        "cn-ru-2019": ["un-cd-2019/10", "un-cd-2019/11"],
        "cn-ru-2022": ["hant-2022/30", "hant-2022/33"],
        "cn-ru-2025": ["peoples-daily-2025/18", "peoples-daily-2025/23"],
    }
    assert [entry.work.date for entry in made.entries] == [*DATES.values()]
    assert mentions(made) == [
        ("cn-ru-2019", "un-cd-2019/10", DATES["cn-ru-2019"]),
        ("cn-ru-2025", "peoples-daily-2025/18", DATES["cn-ru-2025"]),
    ]
    earlier, later = made.changes
    assert [(change.before, change.after) for change in made.changes] == [*pairwise(DATES)]
    assert stayed(earlier) == []  # only the treaty's name
    assert by_passage(earlier.came) == {
        "hant-2022/30": [
            "是國際核裁軍與核不擴散體系的基石",
            "是戰後國際安全體系的重要組成部分",
            "對促進世界和平與發展的作用不可替代",
            "國際社會應平衡推進條約三大支柱",
            "共同維護條約權威性",
        ]
    }
    assert stayed(later) == [
        ("hant-2022/30", "《不擴散核武器條約》是國際核", "peoples-daily-2025/18", "《不扩散核武器条约》是国际核"),
        ("hant-2022/30", "不擴散體系的基石", "peoples-daily-2025/18", "不扩散体系的基石"),
        ("hant-2022/30", "有效性和普遍性", "peoples-daily-2025/18", "有效性和普遍性"),
    ]
    assert by_passage(later.went) == {
        "hant-2022/30": [
            "是戰後國際安全體系的重要組成部分",
            "對促進世界和平與發展的作用不可替代",
            "國際社會應平衡推進條約三大支柱",
            "共同維護條約權威性",
        ]
    }
    assert by_passage(later.came)["peoples-daily-2025/18"] == [
        "对于全球安全架构至关重要",
        "双方高度重视确保条约的完整性",
        "将在审议工作中继续积极协作",
        "推动2026年审议大会取得成功",
        "共同防止条约被用于与其内容无关的政治目的",
    ]


def test_outer_space_keeps_its_draft_treaty(collection: Collection) -> None:
    made = timeline(collection, "外空")
    assert passages(made) == {
        "cn-ru-2019": ["un-cd-2019/7", "un-cd-2019/15", "un-cd-2019/16", "un-cd-2019/17"],
        "cn-ru-2022": ["hant-2022/35", "hant-2022/36"],
        "cn-ru-2025": ["peoples-daily-2025/9", "peoples-daily-2025/10"],
    }
    assert [held[1] for held in mentions(made)] == ["un-cd-2019/17", "peoples-daily-2025/10"]
    earlier, later = made.changes
    assert (
        "un-cd-2019/17",
        "应在中俄“防止在外空放置武器、对外空物体使用或威胁使用武力条约”草案基础上",
        "hant-2022/35",
        "應在中俄“防止在外空放置武器、對外空物體使用或威脅使用武力條約”草案基礎上",
    ) in stayed(earlier)
    assert (
        "hant-2022/36",
        "“不首先在外空部署武器”的國際倡議/政治承諾",
        "peoples-daily-2025/10",
        "不首先在外空部署武器的国际倡议/政治承诺",
    ) in stayed(later)
    assert "裁军谈判会议是举行多边裁军谈判的唯一场所" in by_passage(earlier.went)["un-cd-2019/17"]
    assert by_passage(later.came)["peoples-daily-2025/9"][0] == "“美国金穹”计划公然提出大幅增加外空作战手段"
    # What 2022 says on other things before it comes to outer space is no change on outer space.
    assert not any("反導" in extract.text for extract in (*earlier.came, *later.went))


def test_the_inf_treaty_is_last_mentioned_in_2022(collection: Collection) -> None:
    made = timeline(collection, "INF")
    assert passages(made) == {"cn-ru-2019": ["un-cd-2019/8", "un-cd-2019/9"], "cn-ru-2022": ["hant-2022/33"]}
    assert [held[1] for held in mentions(made)] == ["un-cd-2019/8", "hant-2022/33"]
    (change,) = made.changes
    assert stayed(change) == [
        ("un-cd-2019/8", "中程和中短程导弹", "hant-2022/33", "中程和中短程導彈"),
        ("un-cd-2019/8", "加剧紧张和不信任", "hant-2022/33", "加劇緊張和不信任"),
    ]
    assert "中俄两国主张条约当事方通过对话与磋商解决分歧" in by_passage(change.went)["un-cd-2019/8"]
    assert by_passage(change.came)["hant-2022/33"][0] == "美國退出《中導條約》後"


@pytest.mark.parametrize("question", ["NPT", "外空", "missile defence", "生物武器", "AUKUS", "核共享", "космос"])
def test_what_came_or_went_stands_nowhere_in_the_other_statement(collection: Collection, question: str) -> None:
    made = timeline(collection, question)
    quotes = {quote.passage_id: quote.text for entry in made.entries for quote in entry.quotes}
    works = {member.document: member.work for member in collection.store.members()}
    said = {
        work: [wording(p.text).text for name in works if works[name] == work for p in collection.store.body(name)]
        for work in works.values()
    }
    assert made.changes
    for change in made.changes:
        both = [side for kept in change.stayed for side in (kept.before, kept.after)]
        for extract in (*change.came, *change.went, *both):
            assert extract.text == extract.span.of(quotes[extract.passage_id]) != ""
        for kept in change.stayed:
            assert wording(kept.before.text).words == wording(kept.after.text).words
        for other, extracts in ((change.before, change.came), (change.after, change.went)):
            for extract in extracts:
                assert not any(wording(extract.text).text in text for text in said[other]), extract.text


def test_a_question_nothing_answers_has_no_entries_but_what_is_nearest(collection: Collection) -> None:
    made = timeline(collection, "chess openings")
    assert not made.answered
    assert (made.entries, made.first, made.last, made.changes) == ((), None, None, ())
    assert (
        [quote.passage_id for quote in made.nearest]
        == [quote.passage_id for quote in collection.answerer().ask("chess openings").nearest]
        != []
    )


def test_a_date_in_the_question_and_a_filter_narrow_it(collection: Collection) -> None:
    assert [*passages(timeline(collection, "NPT since 2022"))] == ["cn-ru-2022", "cn-ru-2025"]
    ends = timeline(collection, "NPT", Filters(works=("cn-ru-2019", "cn-ru-2025")))
    assert [(change.before, change.after) for change in ends.changes] == [("cn-ru-2019", "cn-ru-2025")]
    assert ("un-cd-2019/10", "年审议大会取得成功", "peoples-daily-2025/18", "年审议大会取得成功") in stayed(
        ends.changes[0]
    )
    assert "推动 NPT2020" in [extract.text for extract in ends.changes[0].went]
    assert "推动2026" in [extract.text for extract in ends.changes[0].came]
    assert [*passages(timeline(collection, "NPT since 2022", interpret=()))] == [*DATES]
    with pytest.raises(BadQuestion):
        timeline(collection, " ")


REGIME = "The Treaty on the Non-Proliferation of Nuclear Weapons remains the cornerstone of the nuclear regime."
FILES = {
    "vienna.txt": f"The ministers talked about wheat.\n\n{REGIME} All should take part in its next review.\n",
    "geneva.txt": f"The ministers talked about fisheries.\n\n{REGIME} Withdrawal from it must have consequences.\n",
    "zh.txt": "双方认为，《不扩散核武器条约》是国际核不扩散体系的基石。\n\n渔业合作应当继续。\n",
    "note.txt": "The NPT remains the cornerstone of the nuclear regime, a note says.\n\nIt says no more than that.\n",
}
CATALOGUE = "".join(
    f'[works.{name}]\n{date}\n[documents.{name}]\nfile = "{name}.txt"\nwork = "{name}"\n'
    for name, date in [("vienna", "date = 2020-03-01"), ("geneva", "date = 2023-05-02"), ("zh", "date = 2024-01-01")]
)


@pytest.fixture(scope="module")
def declarations(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    """Two dated declarations in English, a later one in Chinese, a note without a date."""
    folder = tmp_path_factory.mktemp("declarations")
    for name, text in FILES.items():
        (folder / name).write_text(text, "utf-8")
    (folder / "catalogue.toml").write_text(CATALOGUE, "utf-8")
    built = Collection(Settings(data=tmp_path_factory.mktemp("data")))
    assert [report.problem for report in ingest(built.store, [folder])] == [None] * 4
    assert built.build_index()
    return built


def test_another_language_and_no_date(declarations: Collection) -> None:
    made = timeline(declarations, "NPT")
    assert [*passages(made)] == ["vienna", "geneva", "zh", "note"]
    assert [held[0] for held in mentions(made)] == ["vienna", "zh"]
    (change,) = made.changes  # none to a text in another language, none to one without a date
    assert (change.before, change.after) == ("vienna", "geneva")
    assert stayed(change) == [("vienna/2", REGIME[:-1], "geneva/2", REGIME[:-1])]
    assert change.stayed[0].before.span == Span(0, len(REGIME) - 1)
    assert by_passage(change.went) == {"vienna/2": ["All should take part in its next review"]}
    assert by_passage(change.came) == {"geneva/2": ["Withdrawal from it must have consequences"]}
    undated = timeline(declarations, "NPT", Filters(documents=("note",)))
    assert passages(undated) == {"note": ["note/1"]} and undated.first is None and undated.last is None
