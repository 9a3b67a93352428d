"""Documents that come, change and go, a random walk of them, and questions whose answers they change."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_POST = (
    "The lunar post takes parcels of {} pounds on every day of the week, and letters wait in the dome until the moon "
    "wanes. Whoever sends a parcel pays the porter at the gate, and the porter weighs it twice before the mail rocket "
    "leaves for the earth with all that has come in since the last new moon."
)
_HOURS = "The office in the dome is open from {} to noon, and nobody may bring a goat to the counter."
_TIDES = "The ferry timetable of the harbour follows the tides: the {} ferry waits until the water is high."

# The second is a witness of the first, so that whichever of them is there decides under which name a paragraph is
# quoted; the third has a paragraph of its own. Each has two wordings.
WORDINGS: Mapping[str, tuple[str, str]] = {
    "moon-post": (
        f"{_POST.format('five')}\n\n{_HOURS.format('eight')}",
        f"{_POST.format('seven')}\n\n{_HOURS.format('eight')}",
    ),
    "moon-post-copy": (
        f"{_POST.format('five')}\n\n{_HOURS.format('nine')}",
        f"{_POST.format('five')}\n\n{_HOURS.format('ten')}",
    ),
    "moon-tides": (_TIDES.format("morning"), f"{_TIDES.format('night')}\n\nParcels of the lunar post go by ferry."),
}
QUESTIONS: tuple[Mapping[str, Any], ...] = (
    {"question": "lunar post parcels", "top_k": 50},
    {"question": "when is the office in the dome open"},
    {"question": "ferry timetable and tides"},
    {"question": "what was said about INF"},  # other documents, whose scores follow
    {"question": "lunar post parcels", "filters": {"documents": ["moon-post-copy"]}},  # 422 while it is not there
)


@dataclass(frozen=True, slots=True)
class Change:
    """A document put in with this text, or withdrawn if there is none."""

    document: str
    text: str | None

    @property
    def request(self) -> tuple[str, str]:
        return "DELETE" if self.text is None else "PUT", f"/api/documents/{self.document}"


def walk(rng: random.Random) -> Iterator[Change]:
    """One document after the other changes to one of its wordings, or goes."""
    held: dict[str, str | None] = dict.fromkeys(WORDINGS)
    while True:
        document = rng.choice(list(WORDINGS))
        text = rng.choice([wording for wording in (*WORDINGS[document], None) if wording != held[document]])
        held[document] = text
        yield Change(document, text)
