"""A connection to Milvus: a server, or a file that Milvus Lite keeps. The only file that imports pymilvus."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from corpus.document import CorpusError

FILE, NETWORK = "milvus+file", ("milvus+http", "milvus+https")
_PORT = 19530
_FULL_TEXT = (2, 5)  # the first version that has it


class Milvus:
    """Milvus Lite and servers before 2.5 lack parts; whoever needs one asks here. Safe to share between threads."""

    def __init__(self, url: str) -> None:
        """`milvus+http://[USER:PASSWORD@]HOST[:PORT][/NAME][?shards=NUMBER]` or `milvus+file:///PATH.db`.

        Raises CorpusError.
        """
        if find_spec("pymilvus") is None:
            raise CorpusError("YINJU_INDEX needs an extra: pip install 'yinju[milvus]'")
        import pymilvus  # a second, for which only those should wait who use it

        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)  # what goes wrong is raised
        parts = urlsplit(url)
        self.is_file = parts.scheme == FILE
        self.name = "yinju" if self.is_file else parts.path.strip("/") or "yinju"
        self.shards = int(parse_qs(parts.query).get("shards", ["1"])[0])
        self._pymilvus = pymilvus
        self._where = parts.path if self.is_file else f"{parts.hostname}:{parts.port or _PORT}"
        address = self._where if self.is_file else f"{parts.scheme.partition('+')[2]}://{self._where}"
        token = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else ""
        with self.translated():
            self.client = pymilvus.MilvusClient(uri=address, token=token)
            self.version: str = self.client.get_server_version().removeprefix("v")
        numbers = tuple(int(part) for part in self.version.split("-")[0].split(".") if part.isdigit())
        self.has_words = self.is_file or numbers >= _FULL_TEXT
        self.has_scalar_indexes = self.has_words and not self.is_file

    @property
    def types(self) -> Any:
        """The types of fields, by name."""
        return self._pymilvus.DataType

    def bm25(self, words: str, vector: str) -> Any:
        """The function that makes sparse vectors of a field of words."""
        return self._pymilvus.Function(f"{words}_bm25", self._pymilvus.FunctionType.BM25, [words], [vector])

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Its errors become CorpusError."""
        try:
            yield
        except self._pymilvus.MilvusException as error:
            told = str(getattr(error, "message", "") or error).strip()[:300]
            raise CorpusError(
                f"Milvus at {self._where}: {told}; check YINJU_INDEX, and that it runs and may be written to"
            ) from error
