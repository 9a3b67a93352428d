"""Which documents have changed since when: a store counts its changes, and gives each a token that no other has.

Whatever is derived from a store keeps the last change that it has seen. A store that was put back from a backup and
went on otherwise counts to the same number, but not with the same token.
"""

import secrets
from collections.abc import Iterable
from typing import NamedTuple

from corpus.database import Database


class Change(NamedTuple):
    """One change of a store, by its number and its token."""

    number: int
    token: str


NONE = Change(0, "")


class Changes:
    """Safe to share between threads, as the database is."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, documents: Iterable[str]) -> None:
        """These documents have changed, or what is said of them, or with which others they belong together."""
        number, _ = self.last()
        self._database.insert("changes", {"number": number + 1, "token": secrets.token_hex(8)})
        latest = "ON CONFLICT (document) DO UPDATE SET change = excluded.change"
        for document in documents:
            self._database.insert("changed", {"document": document, "change": number + 1}, latest)

    def last(self) -> Change:
        """The last change; `NONE` of an empty store."""
        rows = self._database.rows("SELECT number, token FROM changes ORDER BY number DESC LIMIT 1")
        return Change(*rows[0]) if rows else NONE

    def knows(self, change: Change) -> bool:
        """Whether this store has come through that change."""
        rows = self._database.rows("SELECT 1 FROM changes WHERE number = ? AND token = ?", *change)
        return bool(rows) or change == NONE

    def since(self, change: Change, most: int) -> tuple[frozenset[str], Change]:
        """The documents that have changed next after it, withdrawn ones among them, and the change that comes up to.

        Those of whole changes, until they have `most` passages or more.
        """
        query = (
            "SELECT document, change, (SELECT count(*) FROM witnesses w WHERE w.document = c.document) AS passages "
            "FROM changed c WHERE change > ? ORDER BY change"
        )
        documents, passages, last = set[str](), 0, change.number
        for row in self._database.each(query, change.number):
            if row["change"] > last and passages >= most:
                return frozenset(documents), self._named(last)
            documents.add(row["document"])
            passages, last = passages + row["passages"], row["change"]
        return frozenset(documents), self.last()

    def _named(self, number: int) -> Change:
        return Change(*self._database.rows("SELECT number, token FROM changes WHERE number = ?", number)[0])
