"""What the paragraphs of a store are found by: any three characters of their wording, and sketches of documents."""

from collections.abc import Sequence
from dataclasses import dataclass

from corpus.database import Database
from corpus.document import Passage, Place, Role
from corpus.witnesses import Body
from corpus.wording import wording

_TRIGRAM = "SELECT doc FROM trigrams WHERE term = ?"
_RAREST = 24  # trigrams to look a text up by: enough for one with a slip in every other word
_HASHES = 2000  # of a sketch, looked up at most: a book has many
_ALIKE = 8  # documents that share most with a new one


@dataclass(frozen=True, slots=True)
class Findable:
    """What the paragraphs of a document, in order and of any role, are found by, and the document as a whole."""

    wordings: tuple[str, ...]
    sketch: frozenset[int]

    @classmethod
    def of(cls, passages: Sequence[Passage]) -> "Findable":
        body = Body(passage.text for passage in passages if passage.role is Role.BODY)
        return cls(tuple(wording(passage.text).text for passage in passages), body.sketch)


class FullText:
    """Of the current versions alone. Safe to share between threads, as the database is."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, document: str, findable: Findable) -> None:
        """Make all the paragraphs of a document findable, and no others of it."""
        self.drop(document)
        for position, words in enumerate(findable.wordings):
            self._database.insert("wordings", {"wording": words})
            self._database.rows(
                "UPDATE passages SET wording = last_insert_rowid() WHERE document = ? AND position = ? AND version = "
                "(SELECT max(version) FROM documents WHERE id = ?)",
                *(document, position, document),
            )
        for hash_ in findable.sketch:
            self._database.insert("sketches", {"hash": hash_, "document": document})

    def drop(self, document: str) -> None:
        """Let no paragraph of a document be found."""
        held = "SELECT wording FROM passages WHERE document = ? AND wording NOT NULL"
        self._database.rows(f"DELETE FROM wordings WHERE rowid IN ({held})", document)
        self._database.rows("UPDATE passages SET wording = NULL WHERE document = ? AND wording NOT NULL", document)
        self._database.rows("DELETE FROM sketches WHERE document = ?", document)

    def wordings(self, document: str) -> dict[int, str]:
        """The wordings by which paragraphs of a document are found, by their positions."""
        query = (
            "SELECT p.position, w.wording FROM passages p JOIN wordings w ON w.rowid = p.wording WHERE p.document = ?"
        )
        return {row["position"]: row["wording"] for row in self._database.rows(query, document)}

    def holding(self, words: str, most: int) -> list[Place]:
        """Paragraphs of any role in whose wording `words` (three characters or more) stand."""
        return self._matching(_quoted(words), most)

    def resembling(self, words: str, most: int) -> list[Place]:
        """The paragraphs, of any role, that share most with `words`, by their rarest trigrams."""
        trigrams = {words[at : at + 3] for at in range(len(words) - 2)}
        counts = {trigram: row["doc"] for trigram in trigrams for row in self._database.rows(_TRIGRAM, trigram)}
        rarest = sorted(counts, key=lambda trigram: (counts[trigram], trigram))[:_RAREST]
        return self._matching(" OR ".join(map(_quoted, rarest)), most) if rarest else []

    def _matching(self, query: str, most: int) -> list[Place]:
        rows = self._database.rows(
            "SELECT p.document, p.position FROM wordings w JOIN passages p ON p.wording = w.rowid "
            "WHERE w.wording MATCH ? ORDER BY rank, p.document, p.position LIMIT ?",
            *(query, most),
        )
        return [Place(*row) for row in rows]

    def alike(self, sketch: frozenset[int], document: str) -> list[str]:
        """The documents other than `document` whose sketches share most with `sketch`, best first."""
        hashes = ", ".join(map(str, sorted(sketch)[:_HASHES]))
        rows = self._database.rows(
            f"SELECT document FROM sketches WHERE hash IN ({hashes}) AND document <> ? "
            "GROUP BY document ORDER BY count(*) DESC, document LIMIT ?",
            *(document, _ALIKE),
        )
        return [row["document"] for row in rows]


def _quoted(text: str) -> str:
    """As a string of FTS5's query language."""
    return '"' + text.replace('"', '""') + '"'
