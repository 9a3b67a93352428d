"""Descriptions: a concept is found by what it is about, in any language."""

from pathlib import Path

import numpy as np
import pytest

from embeddings import glossary
from embeddings.descriptions import Descriptions, Fits
from embeddings.encoder import open_encoder
from embeddings.glossary import Concept, Glossary

ENCODER = open_encoder()


@pytest.fixture(scope="module")
def built_in(tmp_path_factory: pytest.TempPathFactory) -> Descriptions:
    folder = tmp_path_factory.mktemp("descriptions")
    Descriptions.build(folder, glossary.load(glossary.BUILT_IN), ENCODER)
    return Descriptions(folder)


def likeness(descriptions: Descriptions, text: str) -> Fits:
    return descriptions.likeness(ENCODER.encode_query([text])[0], ENCODER.encode_tokens([text])[0])


@pytest.mark.parametrize(
    ("text", "concept"),
    [
        ("ships through the northern ice", "arctic"),
        ("卫星打卫星", "asat"),
        ("помогать друг другу от наводнений и засухи из-за тёплого воздуха", "climate-change"),
        ("people who take bribes", "anti-corruption"),
    ],
)
def test_what_is_said_in_other_words_stands_out(built_in: Descriptions, text: str, concept: str) -> None:
    found = likeness(built_in, text)
    ((margin, late),) = found.of([concept])
    assert concept in found.best(5) and margin > 2 and 0 < late <= 1


def test_figures_of_two_descriptions_by_hand(tmp_path: Path) -> None:
    concepts = [
        Concept("ice", {"en": ("Arctic",)}, about={"en": "frozen sea"}),
        Concept("law", {"en": ("treaty",)}, about={"en": "signed paper"}),
        Concept("bare", {"en": ("bare",)}),
    ]
    Descriptions.build(tmp_path, Glossary(concepts), ENCODER)
    found = likeness(Descriptions(tmp_path), "frozen")
    asked, words = ENCODER.encode_tokens(["frozen"])[0].vectors[0], ENCODER.encode_tokens(["signed paper"])[0].vectors
    cosines = words @ asked / np.linalg.norm(words, axis=1) / np.linalg.norm(asked)
    margins, late = found.of(["law", "bare", "ice", "law"]).T
    assert late == pytest.approx([law := max(0.0, cosines.max()) ** 2, 0.0, 1.0, law], abs=1e-3)
    assert margins == pytest.approx([0.0, 0.0, 1.0, 0.0])  # of two, one above the mean; none where nothing is described
    assert found.best(1) == ["ice"]


@pytest.mark.parametrize("about", ["…", "ξξξ"])
@pytest.mark.parametrize("place", [0, 1])
def test_a_description_without_a_known_word_is_like_nothing(tmp_path: Path, about: str, place: int) -> None:
    concepts = [Concept("ice", {"en": ("Arctic",)}, about={"en": "frozen sea"})]
    concepts.insert(place, Concept("odd", {"en": ("odd",)}, about={"en": about}))
    Descriptions.build(tmp_path, Glossary(concepts), ENCODER)
    margins, late = likeness(Descriptions(tmp_path), "frozen").of(["ice", "odd"]).T
    assert late == pytest.approx([1.0, 0.0], abs=1e-3) and margins[0] > margins[1]


@pytest.mark.parametrize(("concepts", "text"), [([], "ice"), ([Concept("a", {"en": ("a",)}, about={"en": "b"})], "…")])
def test_nothing_described_or_nothing_asked_fits_nothing(tmp_path: Path, concepts: list[Concept], text: str) -> None:
    Descriptions.build(tmp_path, Glossary(concepts), ENCODER)
    found = likeness(Descriptions(tmp_path), text)
    assert found.best(3) == [] and found.of(["a", "b"]).tolist() == [[0.0, 0.0]] * 2
