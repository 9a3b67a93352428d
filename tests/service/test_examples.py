"""What a page offers to ask: names and words of the collection itself, each of which is answered."""

import datetime
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from corpus.folding import fold
from service.collection import Collection
from service.doors.interface import STRINGS
from service.ingestion import ingest
from service.settings import Settings


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory, quality: Path) -> Collection:
    """Twelve documents in three languages, on things that the glossary does not know."""
    built = Collection(Settings(data=tmp_path_factory.mktemp("second")))
    ingest(built.store, [quality / "second" / "documents"])
    built.build_index()
    return built


@pytest.fixture
def collected(tmp_path: Path) -> Callable[..., Collection]:
    """A collection of the texts given by name."""

    def collected(**texts: str) -> Collection:
        for name, text in texts.items():
            (tmp_path / f"{name}.txt").write_text(text, "utf-8")
        built = Collection(Settings(data=tmp_path / "data"))
        assert [report.problem for report in ingest(built.store, [tmp_path / f"{name}.txt" for name in texts])] == [
            None
        ] * len(texts)
        built.build_index()
        return built

    return collected


def offered(held: Collection, language: str) -> tuple[str, ...]:
    return held.examples(STRINGS[language]["example"], language)


@pytest.mark.parametrize("language", STRINGS)
def test_what_is_offered_is_answered_and_about_different_things(
    collection: Collection, second: Collection, language: str
) -> None:
    frame = STRINGS[language]["example"]
    for held in (collection, second):
        offered = held.examples(frame, language)
        assert len(offered) == len(set(offered)) == 4
        answers = [held.answerer().ask(frame.format(subject=subject), top_k=1) for subject in offered]
        assert all(answer.answered for answer in answers)
        assert len({answer.quotes[0].passage_id for answer in answers}) == 4


def test_they_are_names_of_the_glossary_or_words_of_the_documents(collection: Collection, second: Collection) -> None:
    for held in (collection, second):
        passages = [p.text for document in held.store.documents() for p in held.store.body(document.id)]
        text = fold("\n".join(passages)).text
        for language in STRINGS:
            for subject in held.examples(STRINGS[language]["example"], language):
                assert [*held.glossary.mentions(subject)] or fold(subject).text in text


def test_they_show_the_breadth_of_a_collection(second: Collection) -> None:
    answerer, frame = second.answerer(), STRINGS["en"]["example"]
    quotes = [
        answerer.ask(frame.format(subject=subject), top_k=1).quotes[0] for subject in second.examples(frame, "en")
    ]
    assert len({quote.citation.document for quote in quotes}) == 4


@pytest.mark.parametrize("language", STRINGS)
def test_of_the_statements_each_is_another_concept_and_the_answers_are_spread(
    collection: Collection, language: str
) -> None:
    subjects, answerer = offered(collection, language), collection.answerer()
    named = [{mention.concept.id for mention in collection.glossary.mentions(subject)} for subject in subjects]
    assert [len(concepts) for concepts in named] == [1] * 4 and len(set().union(*named)) == 4
    asked = [answerer.ask(STRINGS[language]["example"].format(subject=subject), top_k=1) for subject in subjects]
    work = {member.document: member.work for member in collection.store.members()}
    # The latest has no witness in Traditional characters, so no name that only it has is offered in them.
    spread = 2 if language == "zh-Hant" else 3
    assert len({work[answer.quotes[0].citation.document] for answer in asked}) == spread


def test_they_are_names_that_can_be_read_and_not_of_what_stands_everywhere(collection: Collection) -> None:
    assert "Non-Proliferation Treaty" in offered(collection, "en")  # not NPT
    usual = {"united-states", "un", "strategic-stability", "nuclear-weapon-states"}
    for language in STRINGS:
        named = [
            m.concept.id for subject in offered(collection, language) for m in collection.glossary.mentions(subject)
        ]
        assert len(named) == 4 and not usual & {*named}


def test_a_state_is_no_subject(collected: Callable[..., Collection]) -> None:
    held = collected(
        talks="Iran and Japan met the IAEA in Vienna in March.\n\nThe IAEA sent inspectors to Iran in April.\n\n"
        "Japan asked about the JCPOA, and Iran replied in May.\n"
    )
    named = [[m.concept.id for m in held.glossary.mentions(passage.text)] for passage in held.store.body("talks")]
    assert named == [["iran", "japan", "iaea"], ["iaea", "iran"], ["japan", "jcpoa", "iran"]]
    subjects = offered(held, "en")
    assert "International Atomic Energy Agency" in subjects and not {"Iran", "Japan"} & {*subjects}


def test_a_page_in_traditional_characters_has_the_traditional_spelling_of_the_passages(collection: Collection) -> None:
    texts = [
        passage.text
        for document in collection.store.documents()
        if document.language == "zh-Hant"
        for passage in collection.store.body(document.id)
    ]
    subjects = offered(collection, "zh-Hant")
    assert "不擴散核武器條約" in subjects
    assert all(any(subject in text for text in texts) for subject in subjects)
    assert "不扩散核武器条约" in offered(collection, "zh-Hans")


def test_words_are_in_the_page_s_language_if_the_collection_has_it(second: Collection) -> None:
    work = {member.document: member.language for member in second.store.members()}
    for language in STRINGS:
        answers = [
            second.answerer().ask(STRINGS[language]["example"].format(subject=subject), top_k=1)
            for subject in offered(second, language)
        ]
        languages = {work[answer.quotes[0].citation.document].partition("-")[0] for answer in answers}
        assert languages == {language.partition("-")[0]}


def test_a_collection_in_another_language_offers_its_own_words(
    collected: Callable[..., Collection], quality: Path
) -> None:
    text = (quality / "second" / "documents" / "zh-porcelain.txt").read_text("utf-8")
    subjects = offered(collected(porcelain=text), "en")
    assert "瓷器" in subjects and all(subject in text for subject in subjects)


def test_a_word_of_the_same_stem_as_a_name_is_not_that_name(collected: Callable[..., Collection]) -> None:
    """The glossary has colonialism, and the stem of that is the stem of colonies."""
    held = collected(
        apiary="Colonies of bees swarm in May.\n\nThe beekeeper opened the colonies of bees, one hive at a time.\n\n"
        "Sugar is fed in autumn.\n\nIn winter the hive is left alone.\n",
        chess="The chess clock stands beside the board.\n\nA player stops the clock after a move.\n\n"
        "Who touches a piece moves that piece.\n",
    )
    paragraphs = [passage.text for passage in held.store.body("apiary")]
    named = [[mention.concept.id for mention in held.glossary.mentions(paragraph)] for paragraph in paragraphs]
    assert named == [["neocolonialism"], ["neocolonialism"], [], []]
    text = "\n".join([*paragraphs, *(passage.text for passage in held.store.body("chess"))])
    subjects = offered(held, "en")
    assert len(subjects) == 4 and all(subject in text for subject in subjects)


def test_no_two_lead_to_one_paragraph(collected: Callable[..., Collection]) -> None:
    held = collected(note="The boiler in the cellar was repaired by a plumber from Leeds, and the pump was replaced.\n")
    assert offered(held, "en") == ("boiler",)


def test_threads_that_ask_at_once_get_one_and_the_same(collection: Collection) -> None:
    frame = "What is there on {subject}?"
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: collection.examples(frame, "en"), range(8)))
    assert len(found[0]) == 4 and all(subjects is found[0] for subjects in found)


def test_a_new_index_has_new_ones_and_the_same_one_the_same(tmp_path: Path) -> None:
    held = Collection(Settings(data=tmp_path / "data"))
    held.build_index()
    assert held.examples("{subject}?", "en") == ()
    (tmp_path / "bees.txt").write_text(
        "Each hive keeps one queen.\n\nThe hives stand in the orchard, and the queens are marked.\n\n"
        "Honey is taken from a hive in August.\n",
        "utf-8",
    )
    ingest(held.store, [tmp_path / "bees.txt"])
    held.build_index()
    offered = held.examples("What of {subject}?", "en")
    assert offered and held.examples("What of {subject}?", "en") is offered
    again = Collection(Settings(data=tmp_path / "data"))
    assert again.examples("What of {subject}?", "en") == offered


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_witness_that_is_withdrawn_is_no_example(collected: Callable[..., Collection], language: str) -> None:
    text = "\n\n".join(f"The {nth} council protects the bees of the valley and plants limes." for nth in "ABCDEF")
    built = collected(one=text, other=text)  # which are witnesses of one another
    subjects = built.examples("What is said about {subject}?", language)
    built.store.withdraw("one", datetime.date(2025, 1, 1))  # and the index is not at that yet
    assert Collection(built.settings).examples("What is said about {subject}?", language) == subjects != ()
