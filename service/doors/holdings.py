"""What a collection holds, as pages name it."""

import datetime
from collections.abc import Sequence

from corpus.citation import in_language, one_line
from corpus.document import Member, Origin, Work
from service.collection import Collection
from service.doors.interface import Interface, visible

_CHOICES = 200  # works to choose from; more are too many to look through


def named(work: Work, interface: Interface) -> str:
    """A work's title in the reader's language if there is one; its id if it has no title."""
    return visible(one_line(in_language(work.titles, interface.language) or "")) or work.id


def dated(work: Work, interface: Interface) -> str:
    """The same after its date."""
    return f"{work.date.isoformat()} · {named(work, interface)}" if work.date else named(work, interface)


Holding = tuple[Work, list[tuple[Member, Origin]]]


def holdings(collection: Collection) -> list[Holding]:
    """Every work with its documents, the newest first."""
    with collection.library.reading():
        works, documents = collection.library.works(), collection.library.origins()
    held: dict[str, list[tuple[Member, Origin]]] = {}
    for member, origin in documents:
        held.setdefault(member.work, []).append((member, origin))
    newest = sorted(held, key=lambda work: (works[work].date or datetime.date.min, work), reverse=True)
    return [(works[work], held[work]) for work in newest]


def choices(held: Sequence[Holding], interface: Interface) -> list[tuple[str, str]]:
    """The works to choose from, by id; none if there are too many."""
    return [(work.id, dated(work, interface)) for work, _ in held] if 1 < len(held) <= _CHOICES else []
