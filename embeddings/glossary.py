"""Names of one thing in every language: INF, 中导条约, РСМД.

A concept found in a text, by any of its names and in any inflection, is a term of that text; a concept found in a
question also adds its other names to the question. Where names overlap, the longest one counts.
"""

import hashlib
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from corpus.document import Span
from corpus.folding import HAN, Folded, fold
from corpus.shipped import check
from embeddings.terms import Analyser, stem

BUILT_IN = Path(__file__).with_name("glossary.toml")

_HAN = re.compile(rf"[{HAN}]")
_SHORT = 2  # Han characters; so short a name may also be the end of one word and the start of the next: 国际法国家
_LANGUAGES = ("zh", "en", "ru")


class GlossaryError(Exception):
    """A glossary file that can't be used; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Concept:
    """One thing with its names by language, the most usual first. `cased` names count only as they are written.

    `about` says, by language, what people who have forgotten the name would say instead.
    """

    id: str
    names: Mapping[str, tuple[str, ...]]
    cased: frozenset[str] = frozenset()
    about: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mention:
    """A concept named at `span` of a text."""

    concept: Concept
    span: Span


class Glossary:
    """Concepts, found in texts by their names."""

    def __init__(self, concepts: Iterable[Concept]) -> None:
        self._concepts = tuple(concepts)
        self.analyser = Analyser(name for concept in self._concepts for name in concept.names.get("zh", ()))
        self._names: dict[str, list[tuple[tuple[str, ...], Concept, str]]] = defaultdict(list)
        for concept in self._concepts:
            for name in {name for names in concept.names.values() for name in names}:
                words = tuple(map(stem, fold(name).words()))
                if not words:
                    raise GlossaryError(f"{concept.id}: the name {name!r} has no letter or digit")
                self._names[words[0]].append((words, concept, name))
        for candidates in self._names.values():
            candidates.sort(key=lambda candidate: (-len(candidate[0]), candidate[1].id, candidate[2]))

    def __reduce__(self) -> tuple[type["Glossary"], tuple[tuple[Concept, ...]]]:
        """It travels to another process as its concepts."""
        return Glossary, (self._concepts,)

    def __iter__(self) -> Iterator[Concept]:
        return iter(self._concepts)

    @property
    def digest(self) -> str:
        """SHA-256 of all concepts: an index holds those of its passages, and what they are about."""
        lines = sorted(
            f"{c.id}\t{sorted(c.names.items())}\t{sorted(c.cased)}\t{sorted(c.about.items())}" for c in self._concepts
        )
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def mentions(self, text: str, nested: bool = False) -> list[Mention]:
        """The concepts named in `text`, in order; of overlapping names the longest, and, if `nested`, those inside it.

        Who asks for biological weapons wants the Biological Weapons Convention too, but not the other way round.
        """
        folded = fold(text)
        units = [(stem(word), span) for word, span in folded.placed_words()]
        words = tuple(word for word, _ in units)
        cuts = self.analyser.cuts(folded.text)
        found = []
        at = 0
        while at < len(units):
            match = self._match(text, folded, words, units, at, cuts)
            if match is None:
                at += 1
                continue
            concept, length = match
            found.append(Mention(concept, folded.source(units[at][1].start, units[at + length - 1][1].end)))
            at += 1 if nested else length
        return found

    def _match(
        self,
        text: str,
        folded: Folded,
        words: tuple[str, ...],
        units: Sequence[tuple[str, Span]],
        at: int,
        cuts: frozenset[int],
    ) -> tuple[Concept, int] | None:
        for wanted, concept, name in self._names.get(words[at], ()):
            if words[at : at + len(wanted)] != wanted:
                continue
            start, end = units[at][1].start, units[at + len(wanted) - 1][1].end
            if len(wanted) == _SHORT and _HAN.match(name) and not {start, end} <= cuts:
                continue
            source = folded.source(start, end)
            if name not in concept.cased or source.of(text) == name:
                return concept, len(wanted)
        return None


def load(*paths: Path) -> Glossary:
    """The concepts of all `paths` together. Raises GlossaryError if one of them can't be read as a glossary.

    Raises CorpusError if the built-in one is not as it was shipped.
    """
    if BUILT_IN in paths:
        check(BUILT_IN.parent, BUILT_IN.name)
    return Glossary(concept for path in paths for concept in _read(path))


def _read(path: Path) -> list[Concept]:
    try:
        table = tomllib.loads(path.read_text("utf-8"))
        entries = table.pop("concept", [])
        if table or not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise ValueError("it holds [[concept]] tables and nothing else")
        return [_concept(path, entry) for entry in entries]
    except (OSError, ValueError) as error:
        raise GlossaryError(f"{path}: {error}; see {BUILT_IN.name} for the form") from error


def _concept(path: Path, entry: Mapping[str, object]) -> Concept:
    unknown = set(entry) - {"id", "cased", "about", *_LANGUAGES}
    if unknown:
        raise GlossaryError(f"{path}: {entry.get('id')}: unknown key {', '.join(sorted(unknown))}")
    if not isinstance(entry.get("id"), str):
        raise GlossaryError(f'{path}: a concept has no id: a text, as in id = "inf-treaty"')
    lists = {key: _strings(path, entry, key) for key in ("cased", *_LANGUAGES)}
    names = {language: lists[language] for language in _LANGUAGES if lists[language]}
    about = entry.get("about", {})
    if (
        not isinstance(about, dict)
        or not {*about} <= {*_LANGUAGES}
        or not all(isinstance(text, str) for text in about.values())
    ):
        raise GlossaryError(f"{path}: {entry.get('id')}: about must be a table of texts by {', '.join(_LANGUAGES)}")
    return Concept(str(entry["id"]), names, frozenset(lists["cased"]), about)


def _strings(path: Path, entry: Mapping[str, object], key: str) -> tuple[str, ...]:
    value = entry.get(key, [])
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise GlossaryError(f"{path}: {entry.get('id')}: {key} must be a list of names")
    return tuple(value)
