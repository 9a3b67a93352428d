"""Where wordings stand, in a store, against searching all texts by hand."""

from pathlib import Path

import pytest

from corpus.concordance import Concordance, Occurrence
from corpus.document import Role, Span
from corpus.store import Store
from corpus.wording import wording
from service.collection import Collection
from service.ingestion import ingest

BODY = frozenset({Role.BODY})


def said(place: Occurrence) -> list[tuple[str, str]]:
    return [
        (passage.id, span.of(passage.text)) for words in place.ranges for passage, span in place.stretch.parts(words)
    ]


def test_every_place_of_a_wording_is_found(collection: Collection) -> None:
    store = collection.store
    passages = [passage for member in store.members() for passage in store.body(member.document)]
    for phrase in ("不扩散核武器条约", "2022年", "全球战略稳定", "AUKUS", "新冠病毒"):
        wanted = wording(phrase).words
        expected = {p.id for p in passages if "\0".join(wanted) in "\0".join(wording(p.text).words)}
        found = {said(place)[0][0] for place in Concordance(store).exact([wanted], BODY)}
        assert found == expected and expected


def test_pieces_stand_in_order_and_short_ones_in_one_paragraph(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.sqlite3")
    (tmp_path / "a.txt").write_text(
        "双方支持对话，反对对抗，支持合作。\n双方欢迎各国参加会议，反对扩张。\n会议将于明年举行，由双方外交部门共同筹备。",
        "utf-8",
    )
    ingest(store, [tmp_path / "a.txt"])
    concordance = Concordance(store)

    def places(*pieces: str) -> list[list[tuple[str, str]]]:
        return [said(place) for place in concordance.exact([wording(piece).words for piece in pieces], BODY)]

    assert places("双方支持对话", "支持合作") == [[("a/1", "双方支持对话"), ("a/1", "支持合作")]]
    assert places("支持合作", "双方支持对话") == []
    assert places("双方支持", "反对", "合作") == [[("a/1", "双方支持"), ("a/1", "反对"), ("a/1", "合作")]]
    assert places("双方支持对话", "反对扩张") == [[("a/1", "双方支持对话"), ("a/2", "反对扩张")]]
    assert places("双方支持对话", "扩张") == []
    assert places("支持合作双方欢迎") == [[("a/1", "支持合作"), ("a/2", "双方欢迎")]]
    assert places("对抗", "支持") == []  # nothing to look up by
    (near,) = concordance.nearest(wording("双方欢应各国参加").words, BODY, ())
    assert (near.distance, near.wanted, near.stretch.text(near.range)) == (1, Span(0, 8), "双方欢迎各国参加")
    halves = concordance.nearest(wording("双方支持对话反对对抗会议将于明年举行").words, BODY, ())
    assert [(half.distance, half.stretch.text(half.range)) for half in halves] == [
        (0, "双方支持对话，反对对抗"),
        (0, "会议将于明年举行"),
    ]
    assert concordance.nearest(wording("xyz uvw").words, BODY, ()) == []


@pytest.mark.parametrize("document", ["peoples-daily-2025", "xinhua-2025"])
def test_of_equal_places_a_preferred_one_is_taken(collection: Collection, document: str) -> None:
    words = wording("双方谴责将商业行天系统用于干涉主权国家内政").words
    (near,) = Concordance(collection.store).nearest(words, BODY, {document})
    assert (near.stretch.document, near.distance) == (document, 1)
