"""What frontends ask of the model behind the user's back: titles, tags, follow-ups. None of it is a question."""

from collections.abc import Sequence


def chore(turns: Sequence[object]) -> str | None:
    return None
