"""Where the long-passage benchmark believes an answer stands."""

import pytest

from benchmarks.long_passages import place

PASSAGE = "双方签署了条约。会议在北京举行。代表团参观了博物馆。"


@pytest.mark.parametrize(
    ("question", "where"),
    [
        ("双方签署了什么？", "first sentence"),
        ("會議在哪裡舉行？", "in between"),
        ("代表团参观了什么？", "last sentence"),
    ],
)
def test_the_sentence_with_most_of_the_words_is_the_answer(question: str, where: str) -> None:
    assert place(question, PASSAGE) == where


def test_a_question_that_two_sentences_share_counts_nowhere() -> None:
    assert place("双方举行了什么会议和签署？", PASSAGE) is None
