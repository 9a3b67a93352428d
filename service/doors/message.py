"""An Answer as one chat message in Markdown: the quotes, fixed words around them, and a list of sources at the end."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from corpus.citation import Citation, in_language, one_line
from service.answer import Answer, Quote
from service.lookup import Witness
from service.question import Note

_WORDS: Mapping[str, Mapping[str, str]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
_DEFAULT = "en"
_BREAK = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
# `[` stays as it is, for many frontends read \[ … \] as a formula; without a closing bracket it marks nothing. `>` has
# to be escaped for those that cut <think>…</think> out, and what opens an address for those that make a link of it,
# be it as short as x.org.
_MARKUP = re.compile(
    r"[\\`*~$<>\]@]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)|:(?=//)|(?<!:)/(?=/)|(?<=www)\.|(?<=[\w-])\.(?=[a-zа-я]{2})",
    re.IGNORECASE,
)
_OPENING = re.compile(r"^\s*(?:[#+-]|\d+[.)])")  # of a heading, a list

UNASKED = {"no_subject", "empty_collection"}  # these say already why there is no answer
_BRACKETS = str.maketrans("[]", "［］")  # in a link they would need backslashes, which many read as a formula


@dataclass(frozen=True, slots=True)
class Source:
    """A quote in a message: its text, escaped, is the message's `start` to `end`, in code points, end-exclusive."""

    quote: Quote
    label: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Message:
    """Markdown in the `pieces` in which it may be sent, and the quotes in it, in the order of their numbers."""

    pieces: tuple[str, ...]
    sources: tuple[Source, ...]

    @property
    def text(self) -> str:
        return "".join(self.pieces)


def message(answer: Answer) -> Message:
    """The message that holds `answer`, in the language of its question."""
    words = words_in(answer.interpreted.language)
    labels = [label(quote.citation, answer.interpreted.language) for quote in (*answer.quotes, *answer.nearest)]
    notes = "".join(f"{_note(note.code, note.about, words)}\n\n" for note in answer.interpreted.notes)
    if not answer.answered:
        return _silence(answer, labels, notes, words)
    pieces = [f"{notes}{words['found'].format(n=len(answer.quotes))}\n\n"]
    sources, length = [], len(pieces[0])
    for name, quote in zip(labels, answer.quotes, strict=True):
        before, text = f"> [{quote.number}] ", escaped(quote.text)
        start = length + len(before)
        pieces.append(f"{before}{text}\n\n{_context(quote, words)}")
        sources.append(Source(quote, name, start, start + len(text)))
        length += len(pieces[-1])
    pieces.append("\n".join([words["sources"], "", *(_listed(source, words) for source in sources)]))
    return Message(tuple(pieces), tuple(sources))


def _silence(answer: Answer, labels: Sequence[str], notes: str, words: Mapping[str, str]) -> Message:
    listed = [f"- {link(name, quote.url)}" for name, quote in zip(labels, answer.nearest, strict=True)]
    parts = [
        "" if UNASKED & {note.code for note in answer.interpreted.notes} else words["nothing"],
        notes.strip(),
        "\n".join([words["nearest"], "", *listed]) if listed else "",
    ]
    return Message(("\n\n".join(part for part in parts if part),), ())


def words_in(language: str) -> Mapping[str, str]:
    """The fixed words in a question's language; in English where that is not known."""
    return _WORDS.get(language, _WORDS[_DEFAULT])


def label(citation: Citation, language: str) -> str:
    """What a source is called in a list, in plain text: title, date, paragraph."""
    words = words_in(language)
    named = one_line(in_language(citation.titles, language) or citation.title or "") or citation.document
    parts = [named, citation.date and citation.date.isoformat()]
    parts += [words["paragraph"].format(n=citation.ordinal)] if citation.paragraph else []
    return words["comma"].join(part for part in parts if part)


def on_one_line(text: str) -> str:
    """`text` with every line break as a space, one for one."""
    return _BREAK.sub(" ", text)


def escaped(text: str) -> str:
    """`text` on one line, as Markdown that shows it as it is; dropping the backslashes gives it back."""
    return _OPENING.sub(_backslash, _MARKUP.sub(_backslash, on_one_line(text)))


def _backslash(match: re.Match[str]) -> str:
    """Before the sign itself: in `1.` that is the last character."""
    return f"{match[0][:-1]}\\{match[0][-1]}"


def link(name: str, url: str) -> str:
    """A Markdown link with the plain text `name`."""
    return f"[{escaped(name.translate(_BRACKETS))}]({url})"


def noted(note: Note, words: Mapping[str, str]) -> str:
    """What a note says, in plain text."""
    return words[note.code].format(about=note.about)


def _note(code: str, about: str, words: Mapping[str, str]) -> str:
    return words[code].format(about=escaped(about))


def _context(quote: Quote, words: Mapping[str, str]) -> str:
    return f"{words['read_with'].format(text=escaped(quote.leans_on.text))}\n\n" if quote.leans_on else ""


def _listed(source: Source, words: Mapping[str, str]) -> str:
    quote = source.quote
    outlet = escaped(one_line(quote.citation.outlet or ""))
    witnesses = words["comma"].join(_witnesses(quote.witnesses, words))
    also = words["also"].format(links=witnesses) if witnesses else ""
    described = words["comma"].join(part for part in (link(source.label, quote.url), outlet, also) if part)
    return f"{quote.number}. {described}"


def _witnesses(held: Sequence[Witness], words: Mapping[str, str]) -> Iterator[str]:
    for witness in held:
        differs = words["differs"].format(n=len(witness.variants)) if witness.variants else ""
        yield link(one_line(witness.outlet or "") or witness.passage_id, witness.url) + differs
