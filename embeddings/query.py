"""A question as searched, and what each side of the search makes of it."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from corpus.document import Span
from embeddings.encoder import Encoder, Tokens, Vectors
from embeddings.glossary import Mention
from embeddings.late_interaction import Part

# Each is held against every token of the candidates: of a question as long as a page that would take seconds.
_MENTIONS, _PARTS = 32, 256


@dataclass(frozen=True, slots=True)
class Query:
    """A question as searched.

    `mentions` are the concepts it names; `phrases` must occur, in this wording or by another name of the same concept;
    `documents` are those to search, None for all.
    """

    text: str
    mentions: tuple[Mention, ...] = ()
    phrases: tuple[str, ...] = ()
    documents: frozenset[str] | None = None

    def with_names(self, languages: Collection[str]) -> str:
        """The text and the most usual name of each concept in each of `languages`, for the passage vectors."""
        usual = (name for mention in self.mentions for name in _names(mention, languages, 1))
        return " ".join([self.text, *usual])

    def parts(self, languages: Collection[str], encoder: Encoder) -> list[Part]:
        """Every mention as one part with all its names; every other token as a part of its own; of many, the first."""
        mentions = self.mentions[:_MENTIONS]
        names = [list(_names(mention, languages)) for mention in mentions]
        own, *others = encoder.encode_tokens([self.text, *(name for held in names for name in held)])
        parts = []
        for mention, held in zip(mentions, names, strict=True):
            wordings = [_within(own, mention.span), *(others.pop(0).vectors for _ in held)]
            parts.append(Part(tuple(wording for wording in wordings if len(wording)), mention.concept.id))
        for vector, span in zip(own.vectors, own.spans, strict=True):
            if not any(mention.span.start <= span.start < mention.span.end for mention in self.mentions):
                parts.append(Part((vector[None, :],)))
        return parts[:_PARTS]


def _names(mention: Mention, languages: Collection[str], most: int | None = None) -> Iterator[str]:
    """The names of a concept, language by language, at `most` so many of each, the most usual first."""
    for language in sorted(languages):
        yield from mention.concept.names.get(language, ())[:most]


def _within(tokens: Tokens, span: Span) -> Vectors:
    return tokens.vectors[[at for at, held in enumerate(tokens.spans) if span.start <= held.start < span.end]]
