"""Quotations against the statements: what is found, what is altered and where, and what is refused."""

import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.alignment import edits
from corpus.document import Role
from corpus.wording import wording
from service.collection import Collection
from service.ingestion import ingest
from service.settings import Settings
from service.verification import LONGEST, BadQuotation, Claim, Verdict, Verification, Verifier

STATEMENT_2022 = Claim(work="cn-ru-2022")
SLOGAN = "双方重申恪守2022年1月3日发表的《五个核武器国家领导人关于防止核战争与避免军备竞赛的联合声明》"


@pytest.fixture(scope="module")
def verifier(collection: Collection) -> Verifier:
    return collection.verifier()


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Verifier:
    """A collection of our own sentences, in three languages; one of them is about markup."""
    folder = tmp_path_factory.mktemp("ours")
    texts = {
        "agreed": "双方不同意部署中程导弹，并将继续就此保持磋商。\n双方商定投资1000亿元，增长5%，除非另有约定。",
        "treaty": (
            "The parties shall not deploy missiles in the region. Each side reported inter-\nnational inspections\n"
            "of thirty sites.\n\nThe parties agreed on a loan of 1,000 million dollars. It was paid in 2019."
        ),
        "markup": "The parties mark a heading with <h1> and a note with [12], as their annex of 2019 shows.",
        "dogovor": "Стороны не поддерживают размещение ракет. Если договор нарушен, стороны вправе выйти из него.",
    }
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text, "utf-8")
    made = Collection(Settings(data=folder / "data"))
    assert [report.problem for report in ingest(made.store, [folder])] == [None] * 4
    return made.verifier()


def places(found: Verification) -> list[str]:
    return [quoted.cited.passage.id for quoted in found.passages]


def changed(found: Verification) -> list[tuple[str, str, str | None]]:
    texts = {quoted.cited.passage.id: quoted.cited.passage.text for quoted in found.passages}
    return [(edit.source.of(texts[edit.passage_id]), edit.text, edit.kind) for edit in found.edits]


@pytest.mark.parametrize(
    ("quotation", "differences", "where"),
    [
        ("双方谴责将商业航天系统用于干涉主权国家内政、介入他国武装冲突的行为。", (), "peoples-daily-2025/11"),
        ("雙方譴責將商業航天系統用於干涉主權國家內政", ("script",), "peoples-daily-2025/11"),
        (
            "双方谴责将商业航天系统用于干涉主权国家内政,介入他国武装冲突的行为",
            ("punctuation",),
            "peoples-daily-2025/11",
        ),
        ("“俄方支持中方成功舉辦北京２０２２年\n冬奧會和冬殘奧會”", ("spacing", "width"), "hant-2022/21"),
        ("俄方支持中方成功舉辦北京\u202e2022年冬奧會", ("invisible",), "hant-2022/21"),
        ("雙方支持（略）反對單邊主義和保護主義", ("ellipsis",), "hant-2022/55"),
        ("双方(fāng)谴责将商业航天系统用于(yú)[12]干涉主权国家内政", ("gloss", "markup"), "peoples-daily-2025/11"),
        ("<b>双方谴责</b>将商业航天系统用于干涉主权国家内政", ("markup",), "peoples-daily-2025/11"),
        ("……雙方支持和維護以世貿組織為核心的多邊貿易體制……", (), "hant-2022/55"),
    ],
)
def test_what_differs_in_writing_alone_is_found_and_named(
    verifier: Verifier, quotation: str, differences: tuple[str, ...], where: str
) -> None:
    found = verifier.verify(quotation)
    assert (found.verdict, found.differences, places(found)[0]) == (Verdict.FOUND, differences, where)
    assert not found.edits and not found.is_truncated


def test_what_looks_like_a_pages_markup_may_be_the_sources_own(ours: Verifier) -> None:
    found = ours.verify("mark a heading with <h1> and a note with [12]")
    assert (found.verdict, found.differences, places(found)) == (Verdict.FOUND, (), ["markup/1"])


@pytest.mark.parametrize(
    ("quotation", "edit"),
    [
        ("双方同意部署中程导弹", ("不", "", "negation")),
        ("雙方同意部署中程導彈", ("不", "", "negation")),
        ("双方商定投资2000亿元", ("1000", "2000", "number")),
        ("增长6%，除非", ("5", "6", "number")),
        ("增长5‰，除非", ("%", "‰", "number")),
        ("The parties shall deploy missiles", ("not", "", "negation")),
        ("a loan of 1,001 million dollars", ("1,000", "1,001", "number")),
        ("It was paid in 2020", ("2019", "2020", "number")),
        ("inter-\nnational inspections of forty sites", ("thirty", "forty", "number")),
        ("Стороны поддерживают размещение ракет", ("не", "", "negation")),
        ("双方不统意部署中程导弹", ("同", "统", None)),
        ("Each side reported international inspection of thirty sites", ("inspections", "inspection", None)),
    ],
)
def test_an_alteration_is_told_by_its_edit(ours: Verifier, quotation: str, edit: tuple[str, str, str | None]) -> None:
    found = ours.verify(quotation)
    assert (found.verdict, changed(found)) == (Verdict.ALTERED, [edit])
    assert found.edits[0].quoted.of(quotation) == edit[1]
    assert found.edits[0].is_critical == (edit[2] is not None)


@pytest.mark.parametrize(
    ("quotation", "edit"),
    [
        (SLOGAN.replace("2022", "2023"), ("2022", "2023", "date")),
        ("英国决定退出《苏美关于消除中程和中短程导弹条约》", ("美", "英", "name")),
        ("普金於2022年2月4日訪華", ("京", "金", None)),
        ("俄方反對中方成功舉辦北京2022年冬奧會", ("支持", "反對", "stance")),
    ],
)
def test_names_dates_and_stances_are_critical(
    verifier: Verifier, quotation: str, edit: tuple[str, str, str | None]
) -> None:
    found = verifier.verify(quotation)
    assert (found.verdict, changed(found)) == (Verdict.ALTERED, [edit])


def test_actors_that_change_places_are_two_critical_edits(verifier: Verifier) -> None:
    found = verifier.verify("中方支持俄方成功举办北京2022年冬奥会和冬残奥会")
    assert changed(found) == [("俄", "中", "name"), ("中", "俄", "name")]


@pytest.mark.parametrize(
    ("quotation", "cut"),
    [
        ("同意部署中程导弹", [("不", "negation")]),
        ("双方商定投资1000亿元", [("5%", "number"), ("除非", "condition")]),
        ("双方……同意部署中程导弹", [("不", "negation")]),
        ("stop", None),
        ("……不……部署中程导弹", None),
        ("双方商定投资1000", [("1000亿", "number"), ("5%", "number"), ("除非", "condition")]),
        ("就此保持……增长5%", [("不", "negation"), ("磋商。", "sentence"), ("除非", "condition")]),
        ("shall not deploy missiles in the region", []),
        ("стороны вправе выйти из него", [("Если", "condition")]),
    ],
)
def test_a_quotation_that_stops_short_of_a_turn_is_truncated(
    ours: Verifier, quotation: str, cut: list[tuple[str, str]] | None
) -> None:
    found = ours.verify(quotation)
    if cut is None:
        assert found.verdict is not Verdict.FOUND
        return
    assert found.verdict is Verdict.FOUND
    assert [(held.text, held.kind) for quoted in found.passages for held in quoted.cuts] == cut
    assert found.is_truncated == found.is_critical == bool(cut)


def test_every_witness_s_wording_counts(verifier: Verifier) -> None:
    for wording_, document in (
        ("联合国安理会2231号决议", "un-cd-2019"),
        ("聯合國安理會第2231號決議", "hant-glossed-2019"),
    ):
        found = verifier.verify(wording_)
        assert (found.verdict, places(found)) == (Verdict.FOUND, [f"{document}/12"])
    assert verifier.verify("联合国安理会第2231号决议", Claim(document="un-cd-2019")).verdict is Verdict.MISATTRIBUTED
    shared = "双方认为军备控制是加强国际安全与稳定的重要手段"
    assert places(verifier.verify(shared)) == ["un-cd-2019/14"]
    assert places(verifier.verify(shared, Claim(document="hant-glossed-2019"))) == ["hant-glossed-2019/14"]


def test_a_quotation_may_run_over_paragraphs(verifier: Verifier) -> None:
    quotation = "介入他国武装冲突的行为。\n某些核武器国家采取挑衅行径"
    found = verifier.verify(quotation)
    assert (found.verdict, found.differences) == (Verdict.FOUND, ())
    assert places(found) == ["peoples-daily-2025/11", "peoples-daily-2025/12"]
    assert [quoted.place for quoted in found.passages] == [0, 0]
    assert changed(verifier.verify(quotation.replace("挑衅", "必要"))) == [("挑衅", "必要", None)]


def test_a_claim_is_held_against_the_place(verifier: Verifier) -> None:
    quotation = "双方谴责将商业航天系统用于干涉主权国家内政"
    assert verifier.verify(quotation, Claim(work="cn-ru-2025")).verdict is Verdict.FOUND
    wrong = verifier.verify(quotation, STATEMENT_2022)
    assert (wrong.verdict, places(wrong)) == (Verdict.MISATTRIBUTED, ["peoples-daily-2025/11"])
    altered = verifier.verify("双方欢迎将商业航天系统用于干涉主权国家内政", STATEMENT_2022)
    assert (altered.verdict, altered.reason) == (Verdict.ALTERED, "elsewhere")
    for claim in (Claim(work="cn-ru-1997"), Claim(document="nothing"), Claim(work="x" * 9999)):
        with pytest.raises(BadQuotation, match=r"^claimed\.(work|document): no 'x{0,80}.{0,20}'; there are \S+, "):
            verifier.verify(quotation, claim)


def test_two_places_in_one_quotation_are_a_splice(verifier: Verifier) -> None:
    found = verifier.verify("《不扩散核武器条约》是国际核不扩散体系的基石，双方谴责将商业航天系统用于干涉主权国家内政")
    assert (found.verdict, found.reason, found.is_critical) == (Verdict.ALTERED, "spliced", True)
    assert places(found) == ["peoples-daily-2025/18", "peoples-daily-2025/11"] and not found.edits


@pytest.mark.parametrize(
    ("quotation", "role"),
    [
        ("据外媒报道,一名伊朗高级官员证实", Role.UNRELATED),
        ("會後兩國發表聯合聲明,內容涵蓋眾多議題", Role.FRONT),
        ("二〇二二年二月四日於北京", Role.CLOSING),
    ],
)
def test_what_stands_outside_the_body_is_not_found(verifier: Verifier, quotation: str, role: Role) -> None:
    found = verifier.verify(quotation)
    assert (found.verdict, found.reason, found.passages) == (Verdict.NOT_FOUND, "outside_body", ())
    assert [outside.role for outside in found.outside] == [role]
    assert wording(quotation).text in wording(found.outside[0].text).text


@pytest.mark.parametrize(
    ("quotation", "reason"),
    [
        ("A nuclear war cannot be won and must never be fought", "language"),
        ("Ядерная война не может быть выиграна", "language"),
        ("今天天气很好，我们去公园吧", None),
    ],
)
def test_what_is_not_there_is_not_found(verifier: Verifier, quotation: str, reason: str | None) -> None:
    found = verifier.verify(quotation)
    assert (found.verdict, found.reason, found.passages) == (Verdict.NOT_FOUND, reason, ())


@pytest.mark.parametrize(
    ("quotation", "message"),
    [
        ("", "give 4 letters or more"),
        ("北约。", "give 4 letters or more"),
        ("…… …… ——！！%%%%", "give 4 letters or more"),
        ("双方谴责\ud83d", "holds half a surrogate pair"),
        ("双方……" * 41, "leaves out too much to be checked: at most 40 ellipses"),
        ("双" * (LONGEST + 1), f"has {LONGEST + 1} characters; at most {LONGEST} are checked"),
    ],
)
def test_what_can_t_be_checked_says_why(verifier: Verifier, quotation: str, message: str) -> None:
    with pytest.raises(BadQuotation, match=message):
        verifier.verify(quotation)


def test_a_withdrawn_document_is_not_quoted_from(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("双方商定共同建设月球科研站。", "utf-8")
    made = Collection(Settings(data=tmp_path / "data"))
    ingest(made.store, [tmp_path / "note.txt"])
    assert made.verifier().verify("共同建设月球科研站").verdict is Verdict.FOUND
    made.store.withdraw("note", datetime.date(2026, 1, 2))
    assert made.verifier().verify("共同建设月球科研站").verdict is Verdict.NOT_FOUND


PARAGRAPHS = st.deferred(lambda: st.sampled_from(BODY))
BODY: list[str] = []


@pytest.fixture(scope="module", autouse=True)
def _body(collection: Collection) -> None:
    BODY.extend(
        passage.text for member in collection.store.members() for passage in collection.store.body(member.document)
    )


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_any_part_of_a_paragraph_is_found_and_quoted(verifier: Verifier, data: st.DataObject) -> None:
    text = data.draw(PARAGRAPHS)
    words = wording(text)  # half a word or number would be another one
    start = data.draw(st.integers(0, len(words.words) - 5))
    end = min(start + data.draw(st.integers(4, 60)), len(words.words))
    quotation = words.span(start, end).of(text)
    found = verifier.verify(quotation)
    assert found.verdict is Verdict.FOUND
    first = [quoted for quoted in found.passages if quoted.place == 0]
    said = "".join(span.of(quoted.cited.passage.text) for quoted in first for span in quoted.spans)
    assert wording(said).words == wording(quotation).words


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_edits_lead_from_the_source_to_the_quotation(verifier: Verifier, data: st.DataObject) -> None:
    text = data.draw(PARAGRAPHS)
    start = data.draw(st.integers(0, max(0, len(text) - 40)))
    quotation = text[start : start + 40]
    at = data.draw(st.integers(5, max(5, len(quotation) - 5)))
    quotation = quotation[:at] + data.draw(st.sampled_from(["不", "鑫", "", "999", "鑫淼"])) + quotation[at + 1 :]
    found = verifier.verify(quotation)
    if found.verdict is not Verdict.ALTERED or found.reason or len(found.passages) != 1:
        return
    (quoted,) = found.passages
    source, (span,) = quoted.cited.passage.text, quoted.spans
    made, last = "", span.start
    for edit in found.edits:
        made += source[last : edit.source.start] + edit.text
        last = edit.source.end
        assert edit.quoted.of(quotation) == edit.text
    assert wording(made + source[last : span.end]).text == wording(quotation).text
    apart = edits(wording(span.of(source)).words, wording(quotation).words)
    assert len(found.edits) == len(apart)


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=60))
def test_whatever_is_sent_it_is_judged_or_refused(verifier: Verifier, text: str) -> None:
    try:
        found = verifier.verify(text)
    except BadQuotation:
        assert sum(map(str.isalnum, wording(text).text)) < 4
        return
    assert (found.verdict is Verdict.NOT_FOUND) == (not found.passages)
