"""What a quotation has made of its source, word by word, and whether the sense may turn on it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from corpus.alignment import edits
from corpus.concordance import Likeness
from corpus.cues import Cue, cues, turned
from corpus.document import Span
from corpus.quotation import meet
from corpus.wording import Wording, wording
from embeddings.glossary import Glossary

_UNTOUCHABLE = ("negation", "date", "number")  # every change in one counts


@dataclass(frozen=True, slots=True)
class Edit:
    """`source` of the passage's text has become `quoted` of the quotation, whose wording there is `text`.

    `kind` says what is at stake if the sense may turn on it.
    """

    passage_id: str
    source: Span
    quoted: Span
    text: str
    kind: str | None

    @property
    def is_critical(self) -> bool:
        return self.kind is not None


class Alterations:
    """Tells the edits of quotations. Safe to share between threads."""

    def __init__(self, glossary: Glossary) -> None:
        self._glossary = glossary
        self._cues = lru_cache(64)(self._find_cues)  # asked for anew for every edit

    def edits(self, text: str, words: Wording, held: Likeness) -> Iterator[Edit]:
        """The fewest edits that make what the quotation `text` says out of what stands where it is most like."""
        source = held.stretch.words[held.range.start : held.range.end]
        quoted = words.words[held.wanted.start : held.wanted.end]
        for was, said in edits(source, quoted):
            there, here = was.moved(held.range.start), words.span(*said.moved(held.wanted.start))
            kind = turned("".join(source[was.start : was.end]), "".join(quoted[said.start : said.end]))
            for passage, place in held.stretch.parts(there):
                kind = kind or self._at_stake((passage.text, place), (text, here))
                yield Edit(passage.id, place, here, here.of(text), kind)
                here = Span(here.end, here.end)  # what runs over the edge of a paragraph is told once

    def _at_stake(self, source: tuple[str, Span], quoted: tuple[str, Span]) -> str | None:
        """What the sense of an edit may turn on, each side given as a text and a span; None if it is only wording."""
        sides = [[cue for cue in self._cues(text) if meet(cue.span, span)] for text, span in (source, quoted)]
        for side, (_, span) in zip(sides, (source, quoted), strict=True):
            for cue in side:
                is_whole = span.start <= cue.span.start and cue.span.end <= span.end
                if cue.kind in _UNTOUCHABLE or is_whole or _is_another(cue.kind, sides, source[0], quoted[0]):
                    return cue.kind
        return None

    def _find_cues(self, text: str) -> tuple[Cue, ...]:
        names = [mention.span for mention in self._glossary.mentions(text, nested=True)]
        names += self._glossary.analyser.names(text)
        return (*cues(text), *(Cue("name", name) for name in names))


def _is_another(kind: str, sides: Sequence[Sequence[Cue]], source: str, quoted: str) -> bool:
    """Whether a name, say, has become another one: 英国 for 美国; 普金 for 普京 is a slip, and no name at all."""
    was, said = (
        {wording(cue.span.of(text)).text for cue in side if cue.kind == kind}
        for side, text in zip(sides, (source, quoted), strict=True)
    )
    return bool(was and said) and was.isdisjoint(said)
