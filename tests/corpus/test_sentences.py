"""Sentence boundaries in three languages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.sentences import sentences


def split(text: str) -> list[str]:
    return [span.of(text) for span in sentences(text)]


@pytest.mark.parametrize(
    "parts",
    [
        ["双方强调“核战争打不赢也打不得。”", "双方呼吁各国合作！", "还有吗？"],
        ["The U.S. withdrew in 2019.", "Is it binding?", "Dr. Ivanov, e.g., said 3.5 p.m. is fine."],
        ["Встреча прошла на ул. Ленина, д. 5, т.е. в центре.", "Стороны договорились.", "А. С. Пушкин не участвовал…"],
        ["没有句号的一段"],
    ],
)
def test_boundaries(parts: list[str]) -> None:
    joint = "" if "\u4e00" <= parts[0][0] <= "\u9fff" else " "
    assert split(joint.join(parts)) == parts


@given(st.text(max_size=80))
def test_every_letter_stands_in_exactly_one_sentence(text: str) -> None:
    spans = sentences(text)
    assert "".join("".join(span.of(text) for span in spans).split()) == "".join(text.split())
    assert all(a.end <= b.start for a, b in zip(spans, spans[1:], strict=False))
    outside = set(range(len(text))) - {at for span in spans for at in range(span.start, span.end)}
    assert all(text[at].isspace() for at in outside)
