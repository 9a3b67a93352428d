"""A passage by its id, with all that a reader needs to check it: citation, witnesses, context, where it opens."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from corpus.changes import NONE, Change
from corpus.citation import Citation, cite
from corpus.context import Context, leans_on
from corpus.document import Document, Passage
from corpus.formats import Reference
from corpus.library import Library
from corpus.witnesses import Variant, variants

_MOST_LETTERS = 4_000_000  # of the documents of passages that are remembered


@dataclass(frozen=True, slots=True)
class Witness:
    """Another passage that holds the same paragraph, and where its wording differs from the quoted one's."""

    passage_id: str
    title: str | None
    outlet: str | None
    source_url: str | None
    language: str
    url: str
    text: str
    variants: tuple[Variant, ...]


@dataclass(frozen=True, slots=True)
class Cited:
    """One paragraph, verbatim, with its proof; `previous` and `next` are the ids of its neighbours.

    It is superseded if its document's current version lacks it, and then has none.
    """

    passage: Passage
    document: Document
    citation: Citation
    witnesses: tuple[Witness, ...]
    leans_on: Context | None
    is_superseded: bool
    previous: str | None
    next: str | None
    url: str
    text_url: str

    @property
    def reference(self) -> Reference:
        """What the formats are written from."""
        return Reference(self.citation, self.passage.id, self.passage.text, self.url, self.text_url)


_Asked = tuple[str, tuple[str, ...] | None]


class Lookup:
    """What is held under an id. Safe to share between threads."""

    def __init__(self, library: Library, base_url: str) -> None:
        self.library = library
        self._base_url = base_url
        self._known: tuple[Change, dict[_Asked, Cited]] = NONE, {}  # as of the store's last change

    def passage(self, name: str, among: Iterable[str] | None = None) -> Cited | None:
        """The passage called `document/number`, None if there is none; `among`, else the store, names its witnesses."""
        asked = name, None if among is None else tuple(among)
        with self.library.reading():
            last = self.library.last()
            change, known = self._known  # read once: another thread may be setting it
            if change != last:
                known = {}
            if asked in known:
                return known[asked]
            found = self._passage(*asked)
            if found:  # what is not there would only take room
                kept = known if sum(len(cited.document.raw) for cited in known.values()) < _MOST_LETTERS else {}
                self._known = last, {**kept, asked: found}
            return found

    def _passage(self, name: str, among: tuple[str, ...] | None) -> Cited | None:
        with self.library.reading():
            held = self.library.passage(name)
            if held is None:
                return None
            document, passage = held
            paragraphs = self.library.passages(document.id, document.version)
            is_superseded = self.library.document(document.id) != document
            body = [] if is_superseded else [other.id for other in paragraphs if other.number is not None]
            at = body.index(name) if body else 0
            text_url = f"{self._base_url}/api/documents/{quote(document.id)}/text"
            return Cited(
                passage=passage,
                document=document,
                citation=self._cite(document, passage),
                witnesses=tuple(self._witnesses(passage, self.library.group(name) if among is None else among)),
                leans_on=leans_on(paragraphs, paragraphs.index(passage)),
                is_superseded=is_superseded,
                previous=body[at - 1] if at else None,
                next=body[at + 1] if at + 1 < len(body) else None,
                url=self.url(name),
                text_url=f"{text_url}?version={document.version}" if is_superseded else text_url,
            )

    def _cite(self, document: Document, passage: Passage) -> Citation:
        work = self.library.work(document.work)
        assert work, "a document's work is stored with it"
        return cite(work, document, passage)

    def _witnesses(self, passage: Passage, group: Iterable[str]) -> Iterator[Witness]:
        for name in group:
            held = None if name == passage.id else self.library.passage(name)
            if held is None:
                continue
            citation = self._cite(*held)
            yield Witness(
                passage_id=name,
                title=citation.title,
                outlet=citation.outlet,
                source_url=citation.source_url,
                language=citation.language,
                url=self.url(name),
                text=held[1].text,
                variants=variants(passage.text, held[1].text),
            )

    def url(self, passage: str) -> str:
        """Where a reader opens a passage."""
        return f"{self._base_url}/p/{quote(passage)}"
