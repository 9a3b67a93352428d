"""Quotations that are not in the collection, or not in its documents' bodies, or not where they are claimed to be."""

import re
from collections.abc import Iterator
from pathlib import Path
from random import Random

from benchmarks.quotations.cases import (
    ALTERED,
    FOUND,
    MISATTRIBUTED,
    NO_SUCH_TEXT,
    NOT_FOUND,
    Case,
    Quotable,
    Shelf,
    clauses,
    converted,
    in_pairs,
)
from benchmarks.quotations.genuine import MARKS, bare, broken
from benchmarks.quotations.words import CRITICAL, NAME, NEGATION, SMALL, STANCE, Rules, harmless
from corpus.document import Role, Span
from corpus.folding import HAN, letters, simplified
from service.verification import Claim, Reason

Edit = tuple[str, str, Span]  # the kind, the edited text, the place of the edit in the unedited one

INVENTED = Path(__file__).parents[2] / "tests/quality/invented.tsv"
_UNFOLDED = (  # edits of a number that leave every letter and digit in its place
    ("critical: decimal point moved", r"(?<=\d)\.(?=\d)", ""),
    ("critical: decimal point moved", r"(?<=\d)(\d)\.(?=\d)", r".\1"),
    ("critical: numbers run together", r"(?<=\d)[/-](?=\d)", ""),
)


def critical_edits(held: Shelf) -> Iterator[Case]:
    for sentence in held.sentences():
        made = list(_edits(sentence, _critical_rules(sentence, held), held.rng))
        for kind, text, _ in made:
            yield sentence.altered(f"critical: {kind}", text, True)
        for kind, text, _ in _edits(sentence, STANCE[sentence.tongue], held.rng):
            yield sentence.altered(kind, text, None)
        if made:
            _, text, place = held.rng.choice(made)
            yield from _disguised(sentence, text, place, held.rng)
        for kind, pattern, new in _UNFOLDED:
            text = re.sub(pattern, new, sentence.text, count=1)
            if text != sentence.text:
                yield sentence.altered(kind, text, True)
    for paragraph in held.paragraphs():
        if paragraph.is_worth_editing(times=4):
            made = list(_edits(paragraph, _critical_rules(paragraph, held), held.rng))
            held.rng.shuffle(made)
            for _, text, _ in made[:1]:
                yield paragraph.altered("critical: in a long quotation", text, True)


def _edits(quotable: Quotable, rules: Rules, rng: Random) -> Iterator[Edit]:
    """One edit of each kind that can be made."""
    for kind, ways in rules.items():
        places = [(match, swap) for pattern, swap in ways for match in pattern.finditer(quotable.plain)]
        if places:
            match, swap = rng.choice(places)
            new = swap(match, rng)
            written = converted("s2t", new) if quotable.paper.language == "zh-Hant" else new
            text = quotable.text[: match.start()] + written + quotable.text[match.end() :]
            yield kind, text, Span(*match.span())


def _critical_rules(quotable: Quotable, held: Shelf) -> Rules:
    """The rules of its language; where names are capitalised, also one that puts another name there."""
    rules = CRITICAL[quotable.tongue]
    pattern = NAME.get(quotable.tongue)
    if pattern is None:
        return rules
    bodies = (paper.body for paper in held.papers if paper.language == quotable.paper.language)
    names = sorted({name for body in bodies for passage in body for name in pattern.findall(passage.text)})

    def swap(match: re.Match[str], rng: Random) -> str:
        others = [name for name in names if name[:4] != match[0][:4]]
        chosen: str = rng.choice([name for name in others if name[-1] == match[0][-1]] or others or ["Atlantis"])
        return chosen

    return rules | {"name": [(pattern, swap)]}


def _disguised(sentence: Quotable, text: str, place: Span, rng: Random) -> Iterator[Case]:
    """The same edit where it is harder to see."""
    yield sentence.altered("critical: and no punctuation", bare(sentence.tongue, text), True)
    yield sentence.altered("critical: and line breaks", broken(sentence.tongue, text, rng), True)
    if sentence.tongue == "zh":
        way = "s2t" if sentence.paper.language == "zh-Hans" else "t2s"
        yield sentence.altered("critical: in the other script", converted(way, text), True)
    for span in clauses(sentence.text)[1:-1]:
        gone, shift = span.of(sentence.text), len(text) - len(sentence.text)
        moved = span.start + (shift if place.start < span.start else 0)
        before, after = text[:moved].rstrip(), text[moved + len(gone) :].lstrip()
        is_apart = not span.start - 1 <= place.start <= span.end + 1
        if is_apart and harmless(sentence.tongue, gone) and sentence.can_spare(before, after):
            yield sentence.altered("critical: and an ellipsis", f"{before}{MARKS[sentence.tongue][0]}{after}", True)
            break


def small_edits(held: Shelf) -> Iterator[Case]:
    """One slip, with no negation, number, date, name or reservation near it."""
    for sentence in held.sentences():
        for kind, text, place in _edits(sentence, SMALL[sentence.tongue], held.rng):
            around = sentence.text[max(0, place.start - 2) : place.end + 2] if sentence.tongue == "zh" else ""
            if harmless(sentence.tongue, around) and in_pairs(sentence.text[: place.start]):
                yield sentence.altered(f"small: {kind}", text, False)
        pattern = rf"[{HAN}]{{6}}" if sentence.tongue == "zh" else r"\b[a-zа-яё]{6,}\b"
        places = [
            match
            for match in re.finditer(pattern, sentence.text)
            if harmless(sentence.tongue, match[0]) and in_pairs(sentence.text[: match.start()])
        ]
        if places:
            yield from _slips(sentence, held.rng.choice(places), held.rng)


def _slips(sentence: Quotable, match: re.Match[str], rng: Random) -> Iterator[Case]:
    text, at = sentence.text, match.start() + rng.randrange(2, len(match[0]) - 3)
    one, two = text[at], text[at + 1]
    yield sentence.altered("small: left out", text[:at] + text[at + 1 :], False)
    yield sentence.altered("small: doubled", text[:at] + one + text[at:], False)
    if one != two:
        yield sentence.altered("small: two swapped", text[:at] + two + one + text[at + 2 :], False)
    if sentence.tongue != "zh":
        other = rng.choice([char for char in ("aeiost" if sentence.tongue == "en" else "аеиост") if char != one])
        yield sentence.altered("small: typo", text[:at] + other + text[at + 1 :], False)


def rearranged(held: Shelf) -> Iterator[Case]:
    """A clause gone without a mark."""
    for sentence in held.sentences():
        text, between = sentence.text, clauses(sentence.text)[1:-1]
        for span in held.rng.sample(between, min(len(between), 1)):
            gone, rest = span.of(text), text[: span.start] + text[span.end :].lstrip()
            turned = bool(re.search(NEGATION[sentence.tongue], simplified(gone)))
            if sentence.can_spare(gone):
                yield sentence.case("gap: clause", rest, NO_SUCH_TEXT, turned or None)


def spliced(held: Shelf) -> Iterator[Case]:
    for one, two in held.partners():
        head, tail = _halves(one)[0], _halves(two)[1]
        is_one_work = one.paper.work == two.paper.work
        which = "one statement" if is_one_work else "two statements"
        if one.can_spare(head, tail):
            yield one.absent(f"spliced: halves, {which}", head + tail)
            if not is_one_work:
                yield one.absent("spliced: ellipsis, two statements", f"{head}……{tail}")
        yield one.absent(f"spliced: sentences, {which}", one.text + held.rng.choice("\n ") + two.text)
    for sentence in held.sentences():
        head, tail = _halves(sentence)
        if sentence.can_spare(head, tail):
            yield sentence.absent("spliced: ellipsis, order reversed", f"{tail.strip()}……{head.strip(' ,，')}")


def _halves(sentence: Quotable) -> tuple[str, str]:
    spans = clauses(sentence.text)
    middle = spans[len(spans) // 2].start
    return sentence.text[:middle], sentence.text[middle:]


def claims(held: Shelf) -> Iterator[Case]:
    for sentence in held.sentences():
        text, paper = sentence.text, sentence.paper
        folded = letters(text).text
        right, own = Claim(work=paper.work), Claim(document=paper.id)
        yield sentence.case("claim: right work", text, FOUND, False, right)
        yield sentence.case("claim: right document", text, FOUND, False, own)
        having = {other.work for other in held.papers if folded in other.letters}
        others = [other for other in held.papers if other.work not in having]
        if others:
            other = held.rng.choice(others)
            yield sentence.case("claim: wrong work", text, MISATTRIBUTED, None, Claim(work=other.work))
            yield sentence.case("claim: wrong document", text, MISATTRIBUTED, None, Claim(document=other.id))
        for _, edited, _ in list(_edits(sentence, _critical_rules(sentence, held), held.rng))[:1]:
            yield sentence.case("claim: right, critical edit", edited, ALTERED, True, right)
            if others:
                wrong = Claim(work=held.rng.choice(others).work)
                yield sentence.case("claim: wrong, critical edit", edited, ALTERED | MISATTRIBUTED, True, wrong)


def outside(held: Shelf) -> Iterator[Case]:
    """News items glued on, the editor's lead, headers, signatures. No headings: they could be argued about."""
    for paper in held.papers:
        for passage in paper.passages:
            if passage.role in (Role.BODY, Role.HEADING):
                continue
            whole = Quotable(paper, passage, passage.text)
            for text in dict.fromkeys([passage.text, *(one.text for one in paper.sentences(passage)[:-1])]):
                if whole.can_spare(text):
                    kind, reason = f"outside: {passage.role}", Reason.OUTSIDE_BODY
                    yield Case(kind, text, NOT_FOUND, source=paper.id, reason=reason)
            first, last = paper.sentences(paper.body[0])[0], paper.sentences(paper.body[-1])[-1]
            if passage.role is Role.FRONT and whole.can_spare(passage.text):
                yield first.absent("outside: and the body's first sentence", f"{passage.text}\n{first.text}")
            if passage.role is Role.UNRELATED:  # the date and place under the last paragraph could be argued about
                yield last.absent("outside: after the body's last sentence", f"{last.text}\n{passage.text}")


def invented(held: Shelf) -> Iterator[Case]:
    """Written by hand. A near one may be called altered: it has the skeleton of a real sentence, no more."""
    scripts_held = {_script(paper.language) for paper in held.papers}
    for line in INVENTED.read_text("utf-8").splitlines()[1:]:
        language, kind, text = line.split("\t")
        if _script(language) not in scripts_held:
            yield Case(f"other language: {language}", text, NOT_FOUND, reason=Reason.LANGUAGE)
        elif kind == "near":
            yield Case(f"invented: {language}, near", text, NO_SUCH_TEXT)
        else:
            yield Case(f"invented: {language}", text, NOT_FOUND)


def _script(language: str) -> str:
    """French against an English collection has no language of its own: language is told by script alone here."""
    return {"zh": "Han", "ru": "Cyrillic"}.get(language.partition("-")[0], "Latin")
