"""What a store has found out about its files, as the first draft of their catalogue."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from corpus.confinement import Confinement
from corpus.document import CorpusError, Member, Origin, Passage, Role, Span
from corpus.passages import EVERYTHING, Extent, split_file
from corpus.readers import read
from corpus.store import Store

_OPENING = 16  # characters by which a paragraph is known, and more where another one begins alike
_HEAD = """\
# The first draft of a catalogue: what the files say of themselves, and what a comparison of them has shown. Correct it,
# fill it in and run `yinju ingest` on the folder. Whatever is left out here is found out then.
#
# A work is what was said once; files that witness it name the same work. Its date is the day on which it was said, a
# document's `published` that of its page. `base` names the witness that is quoted. `first` and `last` are how the first
# and the last paragraph of a document's body begin; `close` may name the last one that belongs to it at all.
"""


def drafted(store: Store, files: Mapping[str, str], confinement: Confinement) -> str:
    """A catalogue of the documents of `files`, each with its path below the folder that the catalogue is for."""
    origins = store.origins()
    documents = [(member, origin) for member, origin in origins if member.document in files]
    works: dict[str, list[tuple[Member, Origin]]] = {}
    for member, origin in documents:
        works.setdefault(member.work, []).append((member, origin))
    tables = [_work(name, held) for name, held in works.items()]
    tables += [_document(store, member, origin, files[member.document], confinement) for member, origin in documents]
    return "\n".join([_HEAD, *("\n".join(table) + "\n" for table in tables)])


def write(path: Path, draft: str) -> None:
    """All of it or nothing. Raises CorpusError."""
    aside = path.with_name(f"{path.name}.tmp")
    try:
        aside.write_text(draft, "utf-8")
        aside.replace(path)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise CorpusError(f"{path}: can't be written ({error.strerror}); make room, then try again") from error


def _work(name: str, witnesses: Sequence[tuple[Member, Origin]]) -> Iterator[str]:
    yield f"[works.{_key(name)}]"
    day = next((origin.published for _, origin in witnesses if origin.published), None)
    yield f"date = {day}  # of the page; when was it said?" if day else "# date = 2000-12-31"
    if len(witnesses) > 1:
        yield f"base = {_text(witnesses[0][0].document)}"
    titles = {member.language: origin.title for member, origin in reversed(witnesses) if origin.title}
    yield f"[works.{_key(name)}.titles]"
    yield from (f"{_key(language)} = {_text(title)}" for language, title in sorted(titles.items()))
    if not titles:
        yield f'# {_key(witnesses[0][0].language)} = ""'


def _document(store: Store, member: Member, origin: Origin, file: str, confinement: Confinement) -> Iterator[str]:
    yield f"[documents.{_key(member.document)}]"
    facts = {"file": file, "work": member.work, "language": member.language, "title": origin.title}
    facts |= {"outlet": origin.outlet, "page": origin.page, "url": origin.url}
    yield from (f"{name} = {_text(fact)}" for name, fact in facts.items() if fact)
    if origin.published:
        yield f"published = {origin.published}"
    extent = _extent(store, member.document, confinement)
    yield from (f"{name} = {_text(opening)}" for name, opening in asdict(extent).items() if opening)


def _extent(store: Store, document: str, confinement: Confinement) -> Extent:
    """How the first and the last body paragraph begin; nothing if they can't be told so, as in a list."""
    file, data = store.file(document)
    passages = store.passages(document)
    extent = _openings(passages)
    try:
        same = confinement.run(file, _layout, (file, data, extent)) == [(held.role, held.spans) for held in passages]
    except CorpusError:
        return EVERYTHING
    return extent if same else EVERYTHING


def _layout(held: tuple[str, bytes, Extent]) -> list[tuple[Role, tuple[Span, ...]]]:
    """The roles and spans of a file's paragraphs, if its body is of this extent. Raises CorpusError."""
    file, data, extent = held
    return [(made.role, made.spans) for made in split_file(file, read(file, data), extent).passages]


def _openings(passages: Sequence[Passage]) -> Extent:
    blocks = [held for held in passages if held.role is not Role.FURNITURE and (held.part or 1) == 1]
    body = [at for at, held in enumerate(blocks) if held.role is Role.BODY]
    texts = [held.text for held in blocks]
    return Extent(_opening(texts[body[0]], texts[: body[0]]), _opening(texts[body[-1]], texts[body[0] : body[-1]]))


def _opening(text: str, before: Sequence[str]) -> str:
    """So much of a paragraph as tells it from those that are looked at before it."""
    for length in range(min(_OPENING, len(text)), len(text)):
        if not any(other.startswith(text[:length]) for other in before):
            return text[:length]
    return text


def _text(value: str) -> str:
    """As a TOML string, which JSON's are but for one character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    return name if name.isascii() else _text(name)
