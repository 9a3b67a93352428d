"""What /openapi.json says besides what the routes declare: how any of them may refuse a request, and in which form."""

import json
from functools import cached_property
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from service.doors.openai_schemas import ErrorOut
from service.doors.schemas import ProblemOut

_GATES = (401, 403, 414, 421, 429, 503)
_GATES_OF_BODIES = (400, 413)
_SCHEMA = "#/components/schemas/{model}"
_PROBLEM = {"application/problem+json": {"schema": {"$ref": _SCHEMA.format(model=ProblemOut.__name__)}}}
_ERROR = {"application/json": {"schema": {"$ref": _SCHEMA.format(model=ErrorOut.__name__)}}}


class Documented(FastAPI):
    """An application whose routes need to name only the statuses with which they themselves refuse."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            held = super().openapi()
            for path, operations in held["paths"].items():
                for operation in operations.values():
                    operation["responses"] = _responses(path, operation)
            schemas = held["components"]["schemas"]
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            _, made = models_json_schema(
                [(ProblemOut, "serialization"), (ErrorOut, "serialization")], ref_template=_SCHEMA
            )
            schemas |= made["$defs"]
        assert self.openapi_schema
        return self.openapi_schema

    @cached_property
    def written(self) -> bytes:
        """The same as it goes over the wire: FastAPI would write it anew for each who asks."""
        return json.dumps(self.openapi(), ensure_ascii=False, separators=(",", ":")).encode()


def _responses(path: str, operation: dict[str, Any]) -> dict[str, Any]:
    """Those that are declared, and every refusal with the body that it has under that path."""
    is_openai = path.startswith("/v1/")
    declared = operation["responses"]
    done = {status: reply for status, reply in declared.items() if int(status) < 400}
    refused = {int(status) for status in declared if int(status) >= 400} | {*_GATES}
    refused |= {*_GATES_OF_BODIES} if "requestBody" in operation else set()
    if is_openai and 422 in refused:
        refused = refused - {422} | {400}
    body = _ERROR if is_openai else _PROBLEM
    told = {str(status): {"description": HTTPStatus(status).phrase, "content": body} for status in sorted(refused)}
    return done | told
