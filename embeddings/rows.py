"""The rows of an index, and the file that holds them: one JSON object a line."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path


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

    @property
    def is_base(self) -> bool:
        return self.members[0] == self.paragraph[0]


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    path.write_text("".join(f"{row.line}\n" for row in rows), "utf-8")


def read_rows(path: Path) -> list[Row]:
    """What `write_rows` wrote. A text may hold other line separators, so only the line feed ends a row."""
    held = map(json.loads, path.read_text("utf-8").split("\n")[:-1])
    return [Row(tuple(row["members"]), tuple(row["paragraph"]), row["text"], row["title"]) for row in held]
