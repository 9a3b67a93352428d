"""The rows of an index, and the files that hold them: one JSON object a line, and which rows each document has."""

import json
from array import array
from collections import defaultdict
from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from hashlib import blake2b
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from embeddings.arrays import mapped
from embeddings.publication import IndexDamaged

Places = NDArray[np.int64]

_ROWS, _STARTS, _DOCUMENTS, _BASES = "rows.jsonl", "row-starts.npy", "documents.json", "bases.npy"
_PARAGRAPHS = "paragraphs.npy"
_DIGESTS = "row-digests.npy"
_PLACES, _EDGES = "document-rows.npy", "document-starts.npy"


@dataclass(frozen=True, slots=True)
class Row:
    """One wording of one paragraph of a work.

    `members` are the passages that have this wording, letter for letter, and `text` is the first one's; `paragraph` are
    all passages that witness the paragraph, in whatever wording, the base first. `title` is that of the first one's
    document: what the paragraph leaves out because the reader knows it.
    """

    members: tuple[str, ...]
    paragraph: tuple[str, ...]
    text: str
    title: str = ""

    @property
    def documents(self) -> frozenset[str]:
        return frozenset(member.rpartition("/")[0] for member in self.members)

    @property
    def line(self) -> str:
        """The row as one line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def of(cls, line: bytes | str) -> "Row":
        held = json.loads(line)
        return cls(tuple(held["members"]), tuple(held["paragraph"]), held["text"], held["title"])

    @property
    def is_base(self) -> bool:
        return self.members[0] == self.paragraph[0]

    @property
    def key(self) -> int:
        """A number for the paragraph, the same for all its wordings and, as far as chance goes, for no others."""
        return int.from_bytes(blake2b(self.paragraph[0].encode(), digest_size=8).digest(), "little", signed=True)


def _digest(line: bytes) -> int:
    return int.from_bytes(blake2b(line, digest_size=8).digest(), "little")


class Adding(Protocol):
    """Takes one row; the i-th becomes row i."""

    def __call__(self, row: Row, /) -> None: ...


@contextmanager
def writing_rows(folder: Path) -> Iterator[Adding]:
    """Gives what adds a row to the files of `folder`."""
    starts, bases, documents = array("q", [0]), array("b"), defaultdict[str, Any](lambda: array("q"))
    keys, digests = array("q"), array("Q")
    with (folder / _ROWS).open("wb") as file:

        def add(row: Row) -> None:
            for document in row.documents:
                documents[document].append(len(bases))
            line = row.line.encode()
            starts.append(starts[-1] + file.write(line + b"\n"))
            digests.append(_digest(line))
            bases.append(row.is_base)
            keys.append(row.key)

        yield add
    names = sorted(documents)
    (folder / _DOCUMENTS).write_text(json.dumps(names, ensure_ascii=False), "utf-8")
    np.save(folder / _STARTS, np.frombuffer(starts, np.int64))
    np.save(folder / _DIGESTS, np.frombuffer(digests, np.uint64))
    np.save(folder / _BASES, np.array(bases, np.bool_))
    np.save(folder / _PARAGRAPHS, np.frombuffer(keys, np.int64))
    np.save(folder / _PLACES, np.array([at for name in names for at in documents[name]], np.int64))
    np.save(folder / _EDGES, np.cumsum([0, *(len(documents[name]) for name in names)]).astype(np.int64))


class Rows(Sequence[Row]):
    """What `writing_rows` wrote, mapped: a row is read when it is asked for."""

    def __init__(self, folder: Path) -> None:
        self._starts: Places = mapped(folder / _STARTS)
        self._lines: mmap | bytes = b""
        if len(self):  # an empty file can't be mapped
            with (folder / _ROWS).open("rb") as file:
                self._lines = mmap(file.fileno(), 0, access=ACCESS_READ)
        self._digests: NDArray[np.uint64] = mapped(folder / _DIGESTS)
        self.is_base: NDArray[np.bool_] = mapped(folder / _BASES)
        self.keys: Places = mapped(folder / _PARAGRAPHS)
        names = json.loads((folder / _DOCUMENTS).read_text("utf-8"))
        edges: Places = mapped(folder / _EDGES)
        self._places: Places = mapped(folder / _PLACES)
        self._documents = {name: (int(edges[at]), int(edges[at + 1])) for at, name in enumerate(names)}

    def __len__(self) -> int:
        return len(self._starts) - 1

    def __getitem__(self, at: int) -> Row:  # type: ignore[override]  # no slices
        line = self._lines[int(self._starts[at]) : int(self._starts[at + 1]) - 1]
        if _digest(line) != int(self._digests[at]):
            raise IndexDamaged(f"row {at} of the index has changed since it was published; run `yinju doctor --repair`")
        return Row.of(line)

    @property
    def documents(self) -> Set[str]:
        return self._documents.keys()

    def of(self, document: str) -> Places:
        """The rows that hold a passage of `document`, in order."""
        start, end = self._documents.get(document, (0, 0))
        return self._places[start:end]
