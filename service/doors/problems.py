"""What callers are told when a request can't be served: RFC 9457 problems, and OpenAI's error envelope under /v1."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from corpus.document import CorpusError
from embeddings.encoder import EncoderError
from embeddings.publication import IndexUnusable
from service.question import BadQuestion
from service.settings import SettingsError
from service.verification import BadQuotation


class UnknownModel(Exception):
    """A model that is not served here; the message names the one that is."""


class NothingStored(Exception):
    """An earlier response that was to be continued: none is kept."""


_KNOWN: Mapping[type[Exception], tuple[int, str]] = {
    BadQuestion: (422, "Bad question"),
    BadQuotation: (422, "Bad quotation"),
    UnknownModel: (404, "Model not found"),
    NothingStored: (404, "Previous response not found"),
    IndexUnusable: (503, "Not ready"),
    EncoderError: (503, "Not ready"),
    CorpusError: (503, "Not ready"),
    SettingsError: (409, "Not here"),
}
EXPECTED: tuple[type[Exception], ...] = (*_KNOWN, HTTPException, RequestValidationError)

_TOLD = 20  # wrong fields of one request
_SHOWN = 80  # characters of a field's name, which may be the sender's
_NO_OBJECT = ("model_attributes_type", "missing")
_SEND_JSON = "send a JSON object, with the Content-Type application/json"
_UNREADABLE = "the body can't be read as JSON: send UTF-8, no number of over 4300 digits, and few levels of nesting"


@dataclass(frozen=True, slots=True)
class Problem:
    """`detail` says what to change, `errors` which field is wrong and how; never what was sent."""

    status: int
    title: str
    detail: str
    errors: tuple[Mapping[str, str], ...] = ()

    @property
    def error(self) -> Mapping[str, str | None]:
        """The object that OpenAI's clients read."""
        return {
            "message": self.detail,
            "type": "server_error" if self.status >= 500 else "invalid_request_error",
            "param": self.errors[0]["pointer"].strip("/").replace("/", ".") or None if self.errors else None,
            "code": self.title.lower().replace(" ", "_"),
        }

    def reply(self, path: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
        """The reply to a request to `path`."""
        if path.startswith("/v1/"):
            # OpenAI's clients know 400 where FastAPI has 422.
            return JSONResponse({"error": self.error}, 400 if self.status == 422 else self.status, headers)
        body: dict[str, Any] = {"type": "about:blank", **asdict(self)}
        return JSONResponse(body, self.status, headers, media_type="application/problem+json")


def problem(error: Exception) -> Problem:
    """What to say about `error`; about one that is not EXPECTED no more than that the service is at fault."""
    if isinstance(error, RequestValidationError):
        return _invalid(error)
    if isinstance(error, HTTPException):
        if isinstance(error.__cause__, (ValueError, RecursionError)) and error.status_code == 400:
            return Problem(400, "Bad request", _UNREADABLE)
        return Problem(error.status_code, HTTPStatus(error.status_code).phrase, str(error.detail))
    for kind, (status, title) in _KNOWN.items():
        if isinstance(error, kind):
            field = ({"pointer": "/model", "detail": str(error)},) if kind is UnknownModel else ()
            return Problem(status, title, str(error), field)
    return Problem(500, "Internal Server Error", "this is a fault of the service, not of the request; see its log")


def _invalid(error: RequestValidationError) -> Problem:
    found = error.errors()
    errors = tuple({"pointer": _pointer(item), "detail": _detail(item)} for item in found[:_TOLD])
    told = [f"{item['pointer']}: {item['detail']}" for item in errors]
    more = [f"{len(found) - _TOLD} more"] if len(found) > _TOLD else []
    return Problem(422, "Bad request", "; ".join([*told, *more]), errors)


def _pointer(item: Mapping[str, Any]) -> str:
    # What is no JSON has a position, which is no field.
    return "/" + "/".join(str(part)[:_SHOWN] for part in item["loc"][1:] if item["type"] != "json_invalid")


def _detail(item: Mapping[str, Any]) -> str:
    if item["type"] == "json_invalid":
        return f"no JSON: {item['ctx']['error']}, at character {item['loc'][-1]}"
    detail: str = item["msg"]
    return f"{detail}; {_SEND_JSON}" if item["type"] in _NO_OBJECT and item["loc"] == ("body",) else detail
