"""Language by script."""

import pytest

from corpus.language import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("what was said about INF", "en"),
        ("中导条约", "zh-Hans"),
        ("中導條約", "zh-Hant"),
        ("AUKUS怎么说", "zh-Hans"),
        ("«AUKUS» в заявлении", "ru"),
        ("人工智慧", "zh-Hans"),
        ("双方强调维护全球战略稳定的重要性，著名学者认为这有助于和平与发展。" * 2 + "長", "zh-Hans"),
        ("2019?", "und"),
    ],
)
def test_language(text: str, language: str) -> None:
    assert language_of(text) == language
