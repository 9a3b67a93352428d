"""Dify's external knowledge API: https://docs.dify.ai/en/guides/knowledge-base/external-knowledge-api."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from service.answer import Quote
from service.doors.message import label
from service.doors.schemas import text_of
from service.question import LONGEST, BadQuestion

router = APIRouter()


class RetrievalSetting(BaseModel):
    top_k: int | None = Field(None, strict=True)
    score_threshold: float | None = Field(0.0, strict=True, allow_inf_nan=False)


class RetrievalIn(BaseModel):
    knowledge_id: str = Field("", description="Any: there is one collection.")
    query: str = Field(examples=["what was said about INF"], json_schema_extra=text_of(1, LONGEST))
    retrieval_setting: RetrievalSetting = Field(default_factory=lambda: RetrievalSetting.model_validate({}))
    metadata_condition: dict[str, Any] | None = Field(
        None, description="Refused. Years and statements are read out of the query."
    )


class RecordOut(BaseModel):
    content: str
    score: float
    title: str
    metadata: dict[str, Any]


class RetrievalOut(BaseModel):
    records: list[RecordOut]


@router.post("/retrieval", operation_id="retrieval", summary="Search; Dify's external knowledge API")
def retrieval(request: Request, asked: RetrievalIn) -> RetrievalOut:
    if asked.metadata_condition and asked.metadata_condition.get("conditions"):
        raise BadQuestion("metadata conditions can't be applied here; take them out, and put the year into the query")
    most = asked.retrieval_setting.top_k
    answer = request.app.state.collection.answerer().ask(asked.query, 5 if most is None else most)
    least = asked.retrieval_setting.score_threshold or 0.0
    held = [_record(quote, answer.interpreted.language) for quote in answer.quotes if quote.score >= least]
    return RetrievalOut(records=held)


def _record(quote: Quote, language: str) -> RecordOut:
    citation = quote.citation
    described = {
        "passage_id": quote.passage_id,
        "number": quote.number,
        "url": quote.url,
        "date": citation.date and citation.date.isoformat(),
        "outlet": citation.outlet,
        "source_url": citation.source_url,
        "language": citation.language,
        "sha256": citation.sha256,
    }
    return RecordOut(
        content=quote.text,
        score=quote.score,
        title=label(citation, language),
        metadata={name: value for name, value in described.items() if value is not None},
    )
