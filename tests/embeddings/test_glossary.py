"""The glossary: names are found in any script and inflection, and nowhere else."""

from pathlib import Path

import pytest

from embeddings.glossary import BUILT_IN, GlossaryError, load

GLOSSARY = load(BUILT_IN)


def found(text: str) -> list[tuple[str, str]]:
    return [(mention.concept.id, mention.span.of(text)) for mention in GLOSSARY.mentions(text)]


@pytest.mark.parametrize(
    ("text", "concept", "name"),
    [
        ("what was said about the INF Treaty's end", "inf-treaty", "INF Treaty"),
        ("美國退出《中導條約》後", "inf-treaty", "中導條約"),
        ("выход из Договора о РСМД", "inf-treaty", "Договора о РСМД"),
        ("inf", "inf-treaty", "inf"),
        ("что говорится о НАТО", "nato", "НАТО"),
    ],
)
def test_names_are_found(text: str, concept: str, name: str) -> None:
    assert (concept, name) in found(text)


@pytest.mark.parametrize(
    "text", ["who said that", "start of the talks", "про погоду", "information", "infer", "国际法国家"]
)
def test_ordinary_words_are_no_names(text: str) -> None:
    assert not {"who", "start-1", "missile-defence", "inf-treaty", "france"} & {concept for concept, _ in found(text)}


def test_the_longest_name_counts() -> None:
    assert [name for _, name in found("不扩散核武器条约")] == ["不扩散核武器条约"]


def test_the_built_in_glossary_names_over_a_hundred_concepts_in_three_languages() -> None:
    concepts = list(GLOSSARY)
    assert len(concepts) >= 100
    assert all(set(concept.names) == {"zh", "en", "ru"} for concept in concepts)
    assert len({concept.id for concept in concepts}) == len(concepts)


def test_users_add_their_own_names_and_the_digest_tells(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[[concept]]\nid = "zaria"\nen = ["Zaria dialogue"]\nzh = ["扎里亚对话"]\n', "utf-8")
    both = load(BUILT_IN, own)
    assert [mention.concept.id for mention in both.mentions("the zaria dialogues")] == ["zaria"]
    assert both.digest != GLOSSARY.digest == load(BUILT_IN).digest


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[concept]]\nen = ['a']", "a concept has no id"),
        ("[[concepts]]\nid = 'a'", "holds .*concept.* tables and nothing else"),
        ("[concept]\nid = 'a'", "tables and nothing else"),
        ("[[concept]]\nid = 'a'\nen = 'a'", "a: en must be a list of names"),
        ("[[concept]]\nid = 'a'\nfr = ['a']", "unknown key fr"),
        ("[concept", "see glossary.toml for the form"),
        ("[[concept]]\nid = 'a'\nen = ['...']", "has no letter"),
    ],
)
def test_a_bad_glossary_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "own.toml").write_text(text)
    with pytest.raises(GlossaryError, match=message):
        load(tmp_path / "own.toml")


def test_a_missing_glossary_is_named(tmp_path: Path) -> None:
    with pytest.raises(GlossaryError, match="missing.toml"):
        load(tmp_path / "missing.toml")
