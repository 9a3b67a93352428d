"""Jobs: the changes that callers ask after, until what is derived from the store has them.

They stand in the store itself, so that whoever has it open finds them, also after a restart.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import uuid4

from corpus.changes import Changes
from corpus.database import Database

KEPT = 1000  # jobs that are remembered


@dataclass(frozen=True, slots=True)
class Job:
    """One change of a document, which whatever has come to the store's change of this number has.

    `outcome` is None for a withdrawal; `problem` says why it could not be indexed when that was last tried.
    """

    id: str
    document: str
    outcome: str | None
    change: int
    problem: str | None = None


class Jobs:
    """Safe to share between threads, as the database is."""

    def __init__(self, database: Database, changes: Changes) -> None:
        self._database, self._changes = database, changes

    def add(self, document: str, outcome: str | None) -> Job:
        """A job for a change of which the store knows already; of the earlier ones the last are kept."""
        with self._database.transaction("IMMEDIATE"):
            job = Job(uuid4().hex, document, outcome, self._changes.last().number)
            columns = {"id": job.id, "document": document, "outcome": outcome, "change": job.change}
            self._database.insert("jobs", columns)
            self._database.rows("DELETE FROM jobs WHERE number <= (SELECT max(number) FROM jobs) - ?", KEPT)
        return job

    def job(self, name: str) -> Job | None:
        """One job by its id; None if there is none, or none any more."""
        return next(iter(self._jobs("id = ?", name)), None)

    def waiting(self, after: int) -> list[Job]:
        """Those of changes after this one that have not failed, in order."""
        return self._jobs("change > ? AND problem IS NULL", after)

    def fail(self, jobs: Iterable[Job], problem: str) -> None:
        """These could not be indexed; the next change gives them another chance."""
        with self._database.transaction("IMMEDIATE"):
            for job in jobs:
                self._database.rows("UPDATE jobs SET problem = ? WHERE id = ?", problem, job.id)

    def _jobs(self, which: str, *values: str | int) -> list[Job]:
        query = f"SELECT id, document, outcome, change, problem FROM jobs WHERE {which} ORDER BY number"
        return [Job(*row) for row in self._database.rows(query, *values)]
