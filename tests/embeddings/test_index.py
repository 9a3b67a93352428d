"""The index: build, open, search; deterministic, refusing what was built otherwise, wherever it is kept."""

from pathlib import Path

import pytest

from embeddings.encoder import BUILT_IN, CHECKSUMS, open_encoder
from embeddings.glossary import Glossary
from embeddings.publication import IndexMismatch, current
from embeddings.query import Query
from embeddings.rows import Row
from tests.embeddings.places import ENCODER, NAMES, PLACES, InFolder, Place, build

ROWS = [
    Row(("a/1", "b/1"), ("a/1", "b/1"), "双方主张条约当事方通过对话解决《中导条约》分歧。双方将保持沟通。"),
    Row(("a/2",), ("a/2",), "双方反对外空武器化，主张谈判缔结具有法律约束力的文书。"),
    Row(("c/1",), ("c/1",), "双方推动生物多样性国际合作，积极参与全球生物多样性治理。"),
    Row(("c/2",), ("c/2",), "双方推动生物多样性国际合作，积极参与全球生物多样性治理。"),
]


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    made: Place = request.param(tmp_path / "place")
    return made


@pytest.fixture(scope="module", params=PLACES)
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Place:
    made: Place = request.param(tmp_path_factory.mktemp("place"))
    assert build(made, ROWS)
    return made


def search(place: Place, text: str, k: int = 4, documents: frozenset[str] | None = None) -> list[tuple[str, ...]]:
    found = place.open().search(Query(text, tuple(NAMES.mentions(text)), (), documents), k)
    return [hit.row.members for hit in found.hits]


@pytest.mark.parametrize(
    ("text", "best"),
    [("INF", "a/1"), ("ДРСМД", "a/1"), ("中導條約", "a/1"), ("weapons in space", "a/2"), ("биоразнообразие", "c/1")],
)
def test_the_right_paragraph_is_found_across_languages(filled: Place, text: str, best: str) -> None:
    assert search(filled, text)[0][0] == best


def test_equal_rows_come_in_row_order_and_twice_the_same(filled: Place) -> None:
    assert search(filled, "生物多样性")[:2] == [("c/1",), ("c/2",)]
    index = filled.open()
    assert [*index.search(Query("外空"), 4).hits] == [*index.search(Query("外空"), 4).hits]


def test_only_rows_with_an_admitted_witness_are_found(filled: Place) -> None:
    assert search(filled, "生物多样性", documents=frozenset({"b"})) == [("a/1", "b/1")]
    assert search(filled, "生物多样性", documents=frozenset()) == []


def test_the_sentences_of_a_hit_are_spans_of_its_text(filled: Place) -> None:
    hit = filled.open().search(Query("中导条约", tuple(NAMES.mentions("中导条约"))), 1).hits[0]
    assert [span.of(hit.row.text) for span, _ in hit.sentences] == [
        "双方主张条约当事方通过对话解决《中导条约》分歧。",
        "双方将保持沟通。",
    ]
    assert hit.sentences[0][1] > hit.sentences[1][1]


def test_a_phrase_is_required_or_dropped(filled: Place) -> None:
    index = filled.open()
    held = index.search(Query("双方", phrases=("外空武器化",)), 4)
    assert ([hit.row.members for hit in held.hits], held.dropped) == ([("a/2",)], ())
    other_name = index.search(Query("双方", phrases=("INF Treaty",)), 4)
    assert [hit.row.members for hit in other_name.hits] == [("a/1", "b/1")]
    absent = index.search(Query("双方", phrases=("并非如此",)), 4)
    assert (len(absent.hits), absent.dropped) == (4, ("并非如此",))


def test_the_same_rows_make_the_same_index_and_are_not_built_twice(place: Place) -> None:
    assert build(place, ROWS) and not build(place, ROWS)
    first, other = place.open(), place.open(before=None)
    assert (first.size, first.paragraphs, sorted(first.documents)) == (4, 4, ["a", "b", "c"])
    assert [first.name, first.state] == [other.name, other.state] and place.open(before=first) is first


def test_the_folder_of_an_index_is_the_same_for_the_same_rows(tmp_path: Path) -> None:
    assert build(InFolder(tmp_path / "one"), ROWS) and build(InFolder(tmp_path / "other"), ROWS)
    assert current(tmp_path / "one").segments == current(tmp_path / "other").segments
    assert build(InFolder(tmp_path / "other"), ROWS[:2])
    assert current(tmp_path / "one").segments != current(tmp_path / "other").segments


def test_a_damaged_index_is_built_anew(tmp_path: Path) -> None:
    place = InFolder(tmp_path)
    build(place, ROWS)
    (tmp_path / current(tmp_path).segments[0].name / "dense.faiss").write_bytes(b"")
    assert build(place, ROWS)
    assert search(place, "INF")[0] == ("a/1", "b/1")


def test_an_encoder_with_other_weights_is_another_model(filled: Place, tmp_path: Path) -> None:
    for file in BUILT_IN.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    weights = bytearray((tmp_path / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (tmp_path / "model.safetensors").write_bytes(bytes(weights))
    (tmp_path / CHECKSUMS).unlink()
    with pytest.raises(IndexMismatch, match="built with model"):
        filled.open(open_encoder(str(tmp_path)))


def test_another_glossary_or_model_is_refused(filled: Place) -> None:
    with pytest.raises(IndexMismatch, match="glossary"):
        filled.open(names=Glossary([]))

    class Other(type(ENCODER)):  # type: ignore[misc]
        def __init__(self) -> None:
            self.name, self.dimension, self.table = "other", ENCODER.dimension, ENCODER.table

    with pytest.raises(IndexMismatch, match="built with model"):
        filled.open(Other())


def test_an_empty_collection_has_an_empty_index(place: Place) -> None:
    build(place, [])
    assert search(place, "INF") == [] and place.open().documents == set()


def test_a_very_long_paragraph_is_found_too(place: Place) -> None:
    text = " ".join(f"word{number}" for number in range(8_000))
    build(place, [*ROWS, Row(("d/1",), ("d/1",), f"Palladio street. {text}")])
    (hit,) = place.open().search(Query("Palladio street"), 1).hits
    assert hit.row.members == ("d/1",) and hit.row.text.endswith("word7999")


def test_line_separators_in_a_text_survive(place: Place) -> None:
    rows = [Row(("a/1",), ("a/1",), "first\u2028second\x85third")]
    build(place, rows)
    index = place.open()
    assert [index.row(at) for at in index.places("a")] == rows and [
        batch.rows for batch in index.batches(range(1))
    ] == [tuple(rows)]


VARIED = [
    Row(("a/1",), ("a/1", "b/1"), "双方强调维护全球战略稳定，愿就此保持沟通。"),
    Row(("b/1",), ("a/1", "b/1"), "双方强调维护全球战略稳定，愿就此保持沟通。附：灯塔由帕拉第奥重建。"),
    Row(("c/1",), ("c/1",), "双方推动生物多样性国际合作。"),
]


def test_the_base_is_the_hit_unless_only_another_wording_answers(place: Place) -> None:
    build(place, VARIED)
    assert search(place, "全球战略稳定")[0] == ("a/1",)
    assert search(place, "帕拉第奥重建的灯塔")[0] == ("b/1",)
    assert len(search(place, "战略稳定")) == 2
    assert search(place, "战略稳定", documents=frozenset({"b"})) == [("b/1",)]


def test_a_phrase_is_found_anywhere_in_a_large_collection(place: Place) -> None:
    many = [
        Row((f"a/{n}",), (f"a/{n}",), f"双方主张就第{n}项议题开展密切对话与磋商，推动战略稳定。") for n in range(1, 302)
    ]
    odd = Row(("b/1",), ("b/1",), "The information office (INF) moved to Palladio street.")
    build(place, [*many, odd])
    index = place.open()
    assert [hit.row.members for hit in index.search(Query("战略稳定", phrases=("Palladio Street",)), 5).hits] == [
        ("b/1",)
    ]
    both = index.search(Query("战略稳定", phrases=("第7项", "第8项")), 5)
    assert ([hit.row.members for hit in both.hits], both.dropped) == ([("a/7",)], ("第8项",))
    assert index.search(Query("战略稳定", phrases=("INFO",)), 5).dropped == ("INFO",)
