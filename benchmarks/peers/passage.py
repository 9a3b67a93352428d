"""What every contestant is given, and what it gives back: plain data."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Passage:
    """One paragraph with what it takes to cite it; empty where nothing is stated."""

    id: str
    text: str
    title: str
    date: str
    source: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of one question, best first. Without `answered` the passages are shown, but as no answer."""

    answered: bool
    passages: tuple[Passage, ...]
    ms: float = 0.0
