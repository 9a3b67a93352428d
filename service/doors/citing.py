"""Wire models of citation lookup: a passage, the check of a quotation, a topic by date."""

import datetime
from typing import Literal

from pydantic import Field

from service.doors.schemas import (
    CitedOut,
    InterpretedOut,
    Name,
    NearestOut,
    Pair,
    QuoteOut,
    Reply,
    Request,
    cited,
    text_of,
)
from service.lookup import Cited
from service.verification import LONGEST, SHORTEST, Verification


class NeighboursOut(Reply):
    previous: str | None
    next: str | None


class PassageOut(CitedOut):
    superseded: bool = Field(description="It stands in an earlier version of its document, and not in the current one.")
    neighbours: NeighboursOut

    @classmethod
    def of(cls, held: Cited) -> "PassageOut":
        return cls.model_validate({**cited(held), "superseded": held.is_superseded, "neighbours": held})


class ClaimIn(Request):
    work: Name | None = None
    document: Name | None = None


class VerifyIn(Request):
    text: str = Field(
        description=f"The quotation: {SHORTEST} letters to {LONGEST} characters.",
        examples=["核战争打不赢也打不得", "雙方同意部署……導彈"],
        json_schema_extra=text_of(SHORTEST, LONGEST),
    )
    claimed: ClaimIn | None = Field(None, description="Where it is said to be from.")


class CutOut(Reply):
    source: Pair
    text: str
    kind: str


class QuotedOut(CitedOut):
    """A paragraph that the quotation covers at `spans`; those of one `place` together hold all of it."""

    place: int
    spans: list[Pair]
    cuts: list[CutOut] = Field(description="What its sentences say besides, and the sense may turn on.")


class EditOut(Reply):
    """`source` of the passage's text has become `text`, which stands at `quoted` of the quotation."""

    passage_id: str
    source: Pair
    quoted: Pair
    text: str
    kind: str | None
    critical: bool = Field(validation_alias="is_critical")


class OutsideOut(Reply):
    document: str
    role: str
    text: str


class VerificationOut(Reply):
    text: str
    verdict: Literal["found", "altered", "misattributed", "not_found"]
    reason: Literal["outside_body", "language", "spliced", "elsewhere"] | None
    truncated: bool = Field(validation_alias="is_truncated")
    critical: bool = Field(validation_alias="is_critical")
    differences: list[str] = Field(description="Such as script, width or punctuation; none changes a word.")
    passages: list[QuotedOut]
    edits: list[EditOut]
    outside: list[OutsideOut] = Field(description="Where it stands on a page, but in no document's body.")

    @classmethod
    def of(cls, held: Verification) -> "VerificationOut":
        passages = [
            {**cited(quoted.cited), "place": quoted.place, "spans": quoted.spans, "cuts": quoted.cuts}
            for quoted in held.passages
        ]
        shown = {name: getattr(held, name) for name in ("text", "verdict", "reason", "differences", "edits", "outside")}
        flags = {"is_truncated": held.is_truncated, "is_critical": held.is_critical}
        return cls.model_validate({**shown, **flags, "passages": passages})


class WorkOut(Reply):
    id: str
    titles: dict[str, str]
    date: datetime.date | None


class EntryOut(Reply):
    work: WorkOut
    quotes: list[QuoteOut]


class OccurrenceOut(Reply):
    work: str
    date: datetime.date
    passage_id: str


class ExtractOut(Reply):
    """`text` stands at `source` of the passage's text."""

    passage_id: str
    source: Pair = Field(validation_alias="span")
    text: str


class KeptOut(Reply):
    before: ExtractOut
    after: ExtractOut


class ChangeOut(Reply):
    before: str
    after: str
    stayed: list[KeptOut]
    went: list[ExtractOut]
    came: list[ExtractOut]


class TimelineOut(Reply):
    question: str
    answered: bool
    interpreted: InterpretedOut
    entries: list[EntryOut]
    first: OccurrenceOut | None
    last: OccurrenceOut | None
    changes: list[ChangeOut]
    nearest: list[NearestOut]
