"""A collection's own example questions for its page, by language, out of a file that its keeper has written."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from corpus.language import LANGUAGES
from service.question import BadQuestion, checked
from service.settings import SettingsError

_FORM = 'it holds lists of questions by language, as in en = ["What was said about bees?"]'


def load(path: Path) -> Mapping[str, tuple[str, ...]]:
    """The questions of each language that the file has any in. Raises SettingsError."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"YINJU_EXAMPLES: {path}: {error}; {_FORM}") from error
    for language, questions in table.items():
        if language not in LANGUAGES or not isinstance(questions, list):
            raise SettingsError(f"YINJU_EXAMPLES: {path}: {language}: {_FORM}; languages are {', '.join(LANGUAGES)}")
        for question in questions:
            try:
                checked(question if isinstance(question, str) else "")
            except BadQuestion as error:
                raise SettingsError(f"YINJU_EXAMPLES: {path}: {language}: {question!r}: {error}") from error
    return {language: tuple(questions) for language, questions in table.items() if questions}


def asked_in(questions: Mapping[str, tuple[str, ...]], language: str) -> tuple[str, ...]:
    """Those in a language, else in its other script; none if there are none."""
    kin = (held for tag, held in questions.items() if tag.partition("-")[0] == language.partition("-")[0])
    return questions.get(language) or next(kin, ())
