"""A quotation's pieces, its differences in writing, and what it cuts off."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.cues import cues, turned
from corpus.document import Span
from corpus.quotation import cuts, differences, fused, meet, pieces, readings, said
from corpus.wording import wording


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("双方支持", ["双方支持"]),
        ("……双方……支持…", ["双方", "支持"]),
        ("双方[...]支持（略）对话 . . . 合作", ["双方", "支持", "对话", "合作"]),
        ("the sides [...] agree ... now", ["thesides", "agree", "now"]),
        ("……", []),
    ],
)
def test_ellipses_part_a_quotation(text: str, expected: list[str]) -> None:
    words = wording(text)
    assert ["".join(words.words[part.start : part.end]) for part in pieces(text, words)] == expected


def test_a_quotation_is_read_whole_first_and_then_in_pieces() -> None:
    for text, *pieced in (
        ("双方支持对话", ["双方支持对话"]),
        ("双方……支持", ["双方支持"], ["双方", "支持"]),
        ("（略）双方支持", ["略双方支持"], ["双方支持"]),
        ("双方[7]支持<b>", ["双方7支持b"], ["双方支持"]),
    ):
        held = [["".join(words.words[one.start : one.end]) for one in parts] for words, parts in readings(text)]
        assert held == pieced


@pytest.mark.parametrize(
    ("source", "quotation", "expected"),
    [
        ("双方，不同意", "双方，不同意", ()),
        ("双方，不同意", "雙方，不同意", ("script",)),
        ("双方，不同意", "双方,不同意", ("width",)),
        ("双方，不同意", "双方不同意", ("punctuation",)),
        ("双方，不同意", "双 方，不同意", ("spacing",)),
        ("双方", "双\u200b方", ("invisible",)),
        ("NATO", "nato", ("case",)),
        ("самолёт", "Самолет", ("script", "case")),
        ("1,000 km", "1000km", ("spacing", "punctuation")),
        ("雙方、不", "“双方、　不”", ("script", "spacing", "punctuation")),
    ],
)
def test_differences_of_writing_are_named(source: str, quotation: str, expected: tuple[str, ...]) -> None:
    assert wording(source).words == wording(quotation).words
    assert differences(source, quotation) == expected


@given(st.text(alphabet=st.sampled_from("双雙,，。 \u200bAaё１%"), max_size=12), st.data())
def test_equal_texts_differ_in_nothing_and_unequal_ones_of_one_wording_in_something(
    text: str, data: st.DataObject
) -> None:
    assert differences(text, text) == ()
    other = data.draw(st.sampled_from([text.upper(), text.replace("双", "雙"), text.replace(",", "，"), f" {text} "]))
    if wording(other).words == wording(text).words:
        assert bool(differences(text, other)) == (text != other)


@pytest.mark.parametrize(
    ("source", "quoted", "expected"),
    [
        ("双方不同意部署。双方没有异议。", "同意部署", ["不"]),
        ("双方同意部署，但不得超过5枚。", "双方同意部署", ["不", "5", "但"]),
        ("2019年，双方同意部署。", "双方同意部署", []),
        ("五国，双方同意2年内部署。", "内部署", ["2年"]),
        ("如果条约失效，双方同意部署。", "双方同意部署", ["如果"]),
        ("The sides agree to deploy unless attacked.", "The sides agree", ["unless"]),
        ("No side agrees to deploy.", "side agrees to deploy", ["No"]),
        ("Стороны не согласны. Они едут.", "согласны", ["не"]),
        ("双方反对北约继续扩张，呼吁对话。", "北约继续扩张", ["反对"]),
        ("双方反对北约继续扩张，呼吁对话。", "呼吁对话", []),
        ("Readers asked whether honey may be eaten.", "honey may be eaten", ["whether"]),
        ("占百分之八十五。", "百分之八十", ["八十五"]),
    ],
)
def test_cuts_are_what_the_sentence_says_besides(source: str, quoted: str, expected: list[str]) -> None:
    at = source.index(quoted)
    held = list(cuts(source, [Span(at, at + len(quoted))]))
    assert sorted(cut.text for cut in held) == sorted(expected)
    assert all(cut.source.of(source) == cut.text for cut in held)


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("双方不同意，并无异议；不断努力，不仅如此，无论如何", "negation", ["不", "无"]),
        ("不能不说，不少于五枚，不少国家", "negation", ["不", "不", "不"]),
        ("The sides can't and won’t; not now, no.", "negation", ["can't", "won’t", "not", "no"]),
        ("Никто не нарушил, нет", "negation", ["Никто", "не", "нет"]),
        (
            "2000亿美元、增长6%，第2231号，五个国家，三分之二，二十国集团",
            "number",
            ["2000亿", "6%", "2231", "五", "三", "二十"],
        ),
        ("进一步一致统一，万一", "number", []),
        ("thirty-one sites, nineteen", "number", ["thirty", "nineteen"]),
        ("2019年6月5日、二〇二二年", "date", ["2019年6月5日", "二〇二二年"]),
        ("on 4 February 2022 and 5 мая 2022", "date", ["4 February 2022", "5 мая 2022"]),
        ("除非另有约定，若干问题", "condition", ["除非"]),
        ("中方和俄方，中俄美，以方便群众", "name", ["中方", "俄方", "中俄美"]),
    ],
)
def test_cues_are_found(text: str, kind: str, expected: list[str]) -> None:
    assert [cue.span.of(text) for cue in cues(text, kind)] == expected


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        ("", "不", "negation"),
        ("agree", "disagree", "negation"),
        ("известно", "неизвестно", "negation"),
        ("三", "六", "number"),
        ("$", "€", "number"),
        ("支", "持", None),
        ("", "und", None),
    ],
)
def test_some_words_turn_the_sense_wherever_they_stand(one: str, other: str, kind: str | None) -> None:
    assert turned(one, other) == turned(other, one) == kind


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("双方敦促日本|销毁武器。", "美国|竞选成员。", "销毁武器。"),
        ("双方敦促日本销毁武器|。", "美国|竞选成员。", None),
        ("双方敦促日本|销毁武器。", "|美国竞选成员。", None),
    ],
)
def test_two_half_sentences_are_not_one(one: str, other: str, expected: str | None) -> None:
    cut = fused(one.replace("|", ""), one.index("|"), other.replace("|", ""), other.index("|"))
    assert (cut and cut.text) == expected


def test_an_ellipsis_hides_no_actor_and_no_governing_verb() -> None:
    for source, pieces_, hidden in (
        ("双方对美国及其盟友开展的活动表示关切。", ("双方", "开展的活动"), ["美国"]),
        ("双方反对以气候变化为由，设置新的壁垒。", ("双方", "设置新的壁垒"), ["反对"]),
        ("双方同美国保持对话。", ("双方同美国", "对话"), []),
    ):
        spans = [Span(source.index(piece), source.index(piece) + len(piece)) for piece in pieces_]
        assert [cut.text for cut in cuts(source, spans)] == hidden


def test_pieces_of_one_sentence_are_no_fusion() -> None:
    text = "双方敦促日本销毁遗弃在华武器。"
    assert fused(text, 4, text, 8) is None


def test_spans_meet_where_they_share_a_character() -> None:
    assert meet(Span(0, 2), Span(1, 3)) and not meet(Span(0, 2), Span(2, 3))
    assert meet(Span(0, 3), Span(1, 1)) and not meet(Span(0, 3), Span(0, 0)) and not meet(Span(0, 3), Span(3, 3))


@given(st.lists(st.sampled_from(("word", "字", "2019", "<b>", "</b>", "<a href=x>", "[1]", "［12］"))))
def test_what_only_a_page_puts_there_is_no_word(parts: list[str]) -> None:
    left = [part for part in parts if part[0] not in "<[［"]
    assert said(" ".join(parts)).words == wording(" ".join(left)).words
