"""The log: a line of JSON on stderr for each request and fault, without users' words unless they are asked for."""

import datetime
import json
import logging
import sys
import traceback
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from service.settings import Log

_EXTRA = "told"  # the attribute of a record that holds its own fields


def configure(log: Log) -> None:
    """Let all that this process logs from now on be written so."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines(log is Log.QUESTIONS))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    _requests.setLevel(logging.WARNING if log is Log.ERRORS else logging.INFO)


_requests = logging.getLogger("yinju.requests")


def request(fields: Mapping[str, Any]) -> None:
    """One request that has come to its end."""
    if _requests.isEnabledFor(logging.INFO):
        _requests.info("request", extra={_EXTRA: fields})


class Lines(logging.Formatter):
    """What an exception says may be a user's words: without questions only where it arose is logged."""

    def __init__(self, with_words: bool) -> None:
        super().__init__()
        self._with_words = with_words

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.datetime.fromtimestamp(record.created, datetime.UTC)
        line: dict[str, Any] = {
            "time": when.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "event": record.getMessage().strip(),
            **getattr(record, _EXTRA, {}),
        }
        if record.exc_info and record.exc_info[1]:
            line["error"] = self._error(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)

    def _error(self, error: BaseException) -> dict[str, Any]:
        cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return {
            "type": f"{type(error).__module__}.{type(error).__qualname__}",
            **({"says": str(error)} if self._with_words or isinstance(error, OSError) else {}),
            "at": _places(error.__traceback__),
            **({"because": self._error(cause)} if cause else {}),
        }


def _places(trace: TracebackType | None) -> list[str]:
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)]
