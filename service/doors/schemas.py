"""Wire models of asking and of the collection, built by attribute; offsets are code points, end-exclusive."""

import datetime
import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, StrictBool, model_validator

from corpus.document import Span
from service.answer import MOST
from service.lookup import Cited
from service.question import INTERPRETATIONS, LONGEST, Filters

Pair = Annotated[Span, PlainSerializer(list, return_type=list[int])]

Interpretation = Literal["dates", "works", "aliases", "phrases", "history"]

Name = Annotated[str, Field(max_length=1000)]

_WRITTEN = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _written(given: object) -> object:
    """Else a number would be taken for seconds since 1970."""
    if isinstance(given, str) and not _WRITTEN.fullmatch(given) or isinstance(given, int | float):
        raise ValueError("write a day as in 2019-06-05")
    return given


Day = Annotated[datetime.date, BeforeValidator(_written)]

_FIELDS = 50  # of an object; each unknown one is told


def text_of(shortest: int, longest: int) -> dict[str, Any]:
    """The bounds of a text, as the schema says them where the refusal is worded elsewhere."""
    return {"minLength": shortest, "maxLength": longest}


class Request(BaseModel):
    """What callers send: unknown fields are errors, so that a misspelt filter is not silently ignored."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _of_few_fields(cls, given: Any) -> Any:
        if isinstance(given, dict) and len(given) > _FIELDS:
            raise ValueError(f"an object of {len(given)} fields; it may have {_FIELDS}")
        return given


class Reply(BaseModel):
    """What callers get."""

    model_config = ConfigDict(from_attributes=True)


class FiltersIn(Request):
    works: list[Name] = Field([], max_length=100)
    documents: list[Name] = Field([], max_length=100)
    start: Day | None = Field(None, alias="from")
    end: Day | None = Field(None, alias="to")
    languages: list[Name] = Field([], max_length=20)

    def filters(self) -> Filters:
        return Filters(tuple(self.works), tuple(self.documents), self.start, self.end, tuple(self.languages))


class Turn(Request):
    role: Literal["user", "assistant", "system"]
    content: str = Field(max_length=100_000)


class AskIn(Request):
    question: str = Field(
        description=f"At most {LONGEST} characters.",
        examples=["what was said about INF", "中导条约"],
        json_schema_extra=text_of(1, LONGEST),
    )
    top_k: int = Field(
        5,
        strict=True,
        description=f"The most quotes wanted, 1 to {MOST}.",
        json_schema_extra={"minimum": 1, "maximum": MOST},
    )
    filters: FiltersIn = Field(default_factory=lambda: FiltersIn.model_validate({}))
    history: list[Turn] = Field([], max_length=100)
    interpret: StrictBool | Annotated[list[Interpretation], Field(max_length=len(INTERPRETATIONS))] = True


class FiltersOut(Reply):
    works: list[str]
    documents: list[str]
    start: datetime.date | None = Field(serialization_alias="from")
    end: datetime.date | None = Field(serialization_alias="to")
    languages: list[str]


class NoteOut(Reply):
    code: str
    text: str


class InterpretedOut(Reply):
    text: str
    language: str
    aliases: list[str]
    filters: FiltersOut
    notes: list[NoteOut]


class SpanOut(Reply):
    start: int
    end: int


class VariantOut(Reply):
    base: Pair
    witness: Pair
    text: str


class WitnessOut(Reply):
    passage_id: str
    title: str | None
    outlet: str | None
    source_url: str | None
    language: str
    url: str
    text: str
    variants: list[VariantOut]


class CitationOut(Reply):
    title: str | None
    titles: dict[str, str]
    date: datetime.date | None
    published: datetime.date | None
    place: str | None
    outlet: str | None
    source_url: str | None
    language: str
    paragraph: int | None
    part: int | None
    file_page: int | None
    sha256: str
    text_sha256: str | None
    spans: list[Pair]
    selectors: list[dict[str, Any]]
    csl: dict[str, Any]


class ContextOut(Reply):
    """What a passage leans on: `text` at `source` of `passage`, or of a heading; `word` is what points back."""

    kind: Literal["anaphor", "item", "heading"]
    word: Pair
    passage_id: str | None = Field(validation_alias="passage")
    text: str
    source: Pair = Field(validation_alias="span")


class CitedOut(Reply):
    """A paragraph with its proof."""

    passage_id: str
    text: str
    leans_on: ContextOut | None
    citation: CitationOut
    witnesses: list[WitnessOut]
    url: str


def cited(held: Cited) -> dict[str, Any]:
    """The fields of CitedOut."""
    return {
        "passage_id": held.passage.id,
        "text": held.passage.text,
        "leans_on": held.leans_on,
        "citation": held.citation,
        "witnesses": held.witnesses,
        "url": held.url,
    }


class NearestOut(CitedOut):
    """A passage that is not an answer."""

    score: float


class QuoteOut(NearestOut):
    number: int
    highlights: list[SpanOut]


class AnswerOut(Reply):
    question: str
    answered: bool
    took_ms: float
    interpreted: InterpretedOut
    quotes: list[QuoteOut]
    nearest: list[NearestOut]


class DocumentOut(Reply):
    id: str
    work: str
    version: int
    language: str
    title: str | None
    date: datetime.date | None
    outlet: str | None
    published: datetime.date | None
    source_url: str | None
    sha256: str
    text_sha256: str | None
    reader: str
    paragraphs: int


class ParagraphOut(Reply):
    role: str
    passage_id: str | None
    text: str
    spans: list[Pair]


class WholeDocumentOut(DocumentOut):
    text: list[ParagraphOut]


class DocumentsOut(Reply):
    documents: list[DocumentOut]


class ProblemOut(BaseModel):
    """RFC 9457, application/problem+json."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] = []
