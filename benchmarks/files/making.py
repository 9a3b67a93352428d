"""A collection's files, made one after the other: number and seed alone decide what each is."""

import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import pypdf

from benchmarks.files.formats import docx_file, html, pdf, repacked
from benchmarks.files.prose import Prose, proses

_ENCODINGS = {
    "zh-Hans": ("utf-8", "gb18030", "utf-16"),
    "zh-Hant": ("utf-8", "big5hkscs", "utf-16-le"),
    "ru": ("utf-8", "cp1251", "koi8-r"),
    "en": ("utf-8", "cp1252", "utf-16"),
}
_PAGE, _WIDTH = 30, 72  # lines of a page, columns of a line


@dataclass(frozen=True, slots=True)
class Made:
    """One file. `texts` are the paragraphs of each document in it; none where nothing can be read."""

    name: str
    data: bytes
    texts: tuple[tuple[str, ...], ...]


def files(count: int, seed: int = 0) -> Iterator[Made]:
    """So many files, in the order of their names: the formats take turns, and of 20 one is broken and one a copy."""
    held = proses()
    for number in range(count):
        make = _KINDS[number % len(_KINDS)]
        # A copy is of the file before it, under another name.
        of = number - 1 if make is None else number
        made = (make or _KINDS[of % len(_KINDS)] or _text)(of, Random(f"{seed}/{of}"), held)
        yield replace(made, name=f"{number:05}{Path(made.name).suffix}")


def _drawn(rng: Random, held: Mapping[str, Prose], most: int = 10) -> tuple[str, str, tuple[str, ...]]:
    """A language, a title and paragraphs."""
    language = rng.choice(sorted(held))
    prose = held[language]
    title = prose.sentence(rng).strip("。.!?！？;；,，:：")[: 24 if language.startswith("zh") else 60].strip()
    return language, title, tuple(prose.paragraph(rng, rng.randrange(60, 320)) for _ in range(rng.randrange(3, most)))


def _text(number: int, rng: Random, held: Mapping[str, Prose]) -> Made:
    """In one of four encodings; with a header, or without."""
    language, title, paragraphs = _drawn(rng, held)
    encoding = rng.choice(_ENCODINGS[language])
    paragraphs = tuple(text.encode(encoding, "ignore").decode(encoding) for text in paragraphs)
    head = f"Title: {title}\nDate: {_day(rng)}\n\n".encode(encoding, "ignore").decode(encoding) * rng.randrange(2)
    return Made(f"{number:05}.txt", (head + "\n\n".join(paragraphs) + "\n").encode(encoding), (paragraphs,))


def _wrapped(number: int, rng: Random, held: Mapping[str, Prose]) -> Made:
    """A text whose lines end at a margin, with page numbers between."""
    _, _, paragraphs = _drawn(rng, held)
    lines = [line for text in paragraphs for line in [*_lines(text), ""]]
    pages = [lines[at : at + _PAGE] for at in range(0, len(lines), _PAGE)]
    text = "\n".join("\n".join([*page, f"- {at} -"]) for at, page in enumerate(pages, 1))
    return Made(f"{number:05}.txt", text.encode(), (paragraphs,))


def _lines(text: str) -> Iterator[str]:
    """Wrapped at the margin: Chinese between any two characters, the rest between words."""
    line = ""
    for piece in re.findall(r"[\u2e80-\uffef]|[^\s\u2e80-\uffef]+|\s+", text):
        if _columns(line + piece) > _WIDTH and not piece.isspace():
            yield line.rstrip()
            line = ""
        line += piece
    yield line


def _columns(text: str) -> int:
    return sum(2 if char >= "\u2e80" else 1 for char in text)


def _markdown(number: int, rng: Random, held: Mapping[str, Prose]) -> Made:
    _, title, paragraphs = _drawn(rng, held)
    text = "\n\n".join([f"# {title}", *paragraphs]) + "\n"
    return Made(f"{number:05}.md", text.encode(), (paragraphs,))


def _page(number: int, rng: Random, held: Mapping[str, Prose]) -> Made:
    language, title, paragraphs = _drawn(rng, held)
    facts = (title, language, _day(rng), f"https://example.org/{number}")
    return Made(f"{number:05}.html", html(paragraphs, *facts, rng.choice(_ENCODINGS[language][:2])), (paragraphs,))


def _word(number: int, rng: Random, held: Mapping[str, Prose]) -> Made:
    _, title, paragraphs = _drawn(rng, held)
    return Made(f"{number:05}.docx", docx_file(paragraphs, title, ("See above.",) * rng.randrange(3)), (paragraphs,))


def _pdf(number: int, rng: Random, held: Mapping[str, Prose]) -> Made:
    _, title, paragraphs = _drawn(rng, held, 20)
    lines = [line for text in paragraphs for line in _lines(f"    {text}")]
    pages = [[title, *lines[at : at + _PAGE], str(at // _PAGE + 1)] for at in range(0, len(lines), _PAGE)]
    return Made(f"{number:05}.pdf", pdf(pages, title), (paragraphs,))


def _archive(number: int, rng: Random, held: Mapping[str, Prose]) -> Made:
    members = [_text(at, rng, held) for at in range(3)]
    return Made(f"{number:05}.zip", _zipped(members), tuple(text for made in members for text in made.texts))


def _zipped(members: Sequence[Made]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in members:
            archive.writestr(zipfile.ZipInfo(member.name), member.data)
    return file.getvalue()


def _broken(number: int, rng: Random, held: Mapping[str, Prose]) -> Made:
    """Nothing can be read of it; all eight ways take turns."""
    document = docx_file(["Text."], "Title")
    ways: list[tuple[str, Callable[[], bytes]]] = [
        ("txt", lambda: b""),
        ("txt", lambda: b"\x89PNG\r\n\x1a\n\0" + rng.randbytes(3000)),
        ("pdf", lambda: pdf([["Text."]])[:200]),
        ("pdf", _locked),
        ("docx", lambda: document[: len(document) // 2]),
        ("docx", lambda: repacked(document, {"word/media/image1.png": bytes(48 << 20)})),
        ("html", lambda: b"<html><body><script>1</script></body></html>"),
        ("md", lambda: b" \n\n\t"),
    ]
    suffix, make = ways[number // len(_KINDS) % len(ways)]
    return Made(f"{number:05}.{suffix}", make(), ())


def _locked() -> bytes:
    writer, file = pypdf.PdfWriter(io.BytesIO(pdf([["Text."]]))), io.BytesIO()
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(file)
    return file.getvalue()


def _day(rng: Random) -> str:
    return f"{rng.randrange(1990, 2027)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"


_Maker = Callable[[int, Random, Mapping[str, Prose]], Made]
_KINDS: tuple[_Maker | None, ...] = (
    *(_text, _page, _wrapped, _word, _text, _pdf, _markdown, None, _text, _archive),
    *(_page, _text, _broken, _word, _text, _pdf, _text, _page, _markdown, _wrapped),
)
