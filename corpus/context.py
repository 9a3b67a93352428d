"""What a paragraph leans on: the words before it without which a reader of the paragraph alone would be lost.

It leans if its first clause points back (该条约, 上述, "this", «он») at what it has not named, if it is an item of a
list with a stem, or if it has no subject but its heading. Connectives (因此, 此外, "however", «при этом») don't count:
what they join can be read alone. Nor does what points at nothing before: "it is important that", «это» after a dash,
其他, "this year", "this policy" in a document that calls itself a policy. The first clause ends at its first comma, but
"in 2019" or 双方指出 is only its lead-in. What points back later mostly means the clauses before it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise, takewhile
from os.path import commonprefix
from typing import NamedTuple

from corpus.document import Passage, Role, Span
from corpus.folding import HAN, Folded, fold
from corpus.sentences import sentences


@dataclass(frozen=True, slots=True)
class Context:
    """What a paragraph leans on, and why.

    `kind` is "anaphor", "item" or "heading". `word` spans, in the paragraph's own text, the words that point back; it
    is empty at 0 for the other kinds. `text` is what is leaned on, `span` its place in the text of the paragraph with
    the id `passage`, which is None where that paragraph is a heading.
    """

    kind: str
    word: Span
    passage: str | None
    text: str
    span: Span


def leans_on(paragraphs: Sequence[Passage], at: int) -> Context | None:
    """What `paragraphs[at]` leans on, out of all paragraphs of its document in order; None if it stands alone."""
    if paragraphs[at].role is not Role.BODY:
        return None
    return _of_item(paragraphs, at) or _of_anaphor(paragraphs, at) or _of_heading(paragraphs, at)


_Place = tuple[Passage, Span]
_NUMERAL = "[一二三四五六七八九十]"
_NUMBER = re.compile(
    r"(?:chapter|section|part|глава|раздел|часть|第)?\s*(?:[\divx]+|[一二三四五六七八九十]+)?[章节部篇\W]*"
)


def _context(kind: str, place: _Place, word: Span | None = None) -> Context:
    paragraph, span = place
    passage = paragraph.id if paragraph.role is Role.BODY else None
    return Context(kind, word or Span(0, 0), passage, span.of(paragraph.text), span)


def _places(paragraph: Passage) -> Iterator[_Place]:
    """What of a paragraph may be leaned on, last first: its sentences, or the whole heading."""
    spans = sentences(paragraph.text) if paragraph.role is Role.BODY else (Span(0, len(paragraph.text)),)
    return ((paragraph, span) for span in reversed(spans))


def _folded(place: _Place) -> str:
    return fold(place[1].of(place[0].text)).text


def _before(paragraphs: Sequence[Passage], at: int) -> Iterator[int]:
    """From `at` back to where the body starts: the body paragraphs, and the headings that are more than a number."""
    for place in range(at - 1, -1, -1):
        if paragraphs[place].role not in (Role.BODY, Role.HEADING):
            return
        if paragraphs[place].role is Role.BODY or not _NUMBER.fullmatch(fold(paragraphs[place].text).text):
            yield place


# Items: a marker or a piece of a sentence, opened by a stem.

_MARKER = re.compile(
    rf"([-*•·–—▪◦]\s*(?=\w))|(\d{{1,3}}\s?[.)、](?!\d))|(\(\d{{1,3}}\))|(\(?[a-zа-я]\))|(\(?[ivx]{{2,5}}\))|(\({_NUMERAL}+\))"
    rf"|({_NUMERAL}+、)|({_NUMERAL}是(?!.*{_NUMERAL}是))|(第{_NUMERAL}+,)"
)
_BULLET = 1  # its group
_STEM = re.compile(r"(?::|如下|(?:以下|下列)\w{0,8}|\bfollowing(?: \w+)?|as follows|следующ\w+(?: \w+)?)\W{0,9}$")
_STEM_COMMA = re.compile(r"[,:]\W{0,9}$")  # "The General Assembly," reads like a heading
_PIECE_END = re.compile(r"[;；,，](?:\s?(?:and|or|и|или|和|或))?\s{0,9}$")


def _of_item(paragraphs: Sequence[Passage], at: int) -> Context | None:
    """Lean on the stem, across the items between; items of another kind belong to a list inside this one."""
    kind = _marker(paragraphs[at])
    for before in _before(paragraphs, at) if kind or _is_piece(paragraphs, at) else ():
        marker, stem = _marker(paragraphs[before]), next(_places(paragraphs[before]), None)
        is_heading = paragraphs[before].role is Role.HEADING
        if stem and (kind is None or marker != kind) and (_STEM_COMMA if is_heading else _STEM).search(_folded(stem)):
            return _context("item", stem)
        if is_heading or not (marker if kind else _is_piece(paragraphs, before)):
            return None
    return None


def _marker(paragraph: Passage) -> int | None:
    found = _MARKER.match(fold(paragraph.text[:200]).text.lstrip())
    return found.lastindex if found else None


def _is_piece(paragraphs: Sequence[Passage], at: int) -> bool:
    """Whether it is a piece of a sentence, by its own ends or as the one after a piece."""
    texts = [paragraph.text for paragraph in paragraphs[max(0, at - 1) : at + 1] if paragraph.role is Role.BODY]
    return texts != [] and (texts[-1][:1].islower() or any(_PIECE_END.search(text) for text in texts))


# Anaphors: how far into the first sentence they count.


# What a piece between two commas names; a cue counts up to the end of the first piece that ranks above it.
_ADVERB = 0  # nothing that could be meant
_REPORT = 1  # who speaks: the one whom "they" may mean
_PHRASE = 2  # things: what "this" may mean, but not "the above"
_CLAUSE = 3
_PREPOSITION = (
    "(?:in|on|under|at|for|with|by|from|to|during|despite|over|since|after|before|according|given|throughout"
    "|в|во|на|под|при|для|с|со|по|от|до|после|перед|за|из|к|ко|несмотря|согласно|благодаря|ввиду)"
)
_LEADS = {
    _ADVERB: r"遗憾的是|与此同时|同时|此外|另外|因此|当前|目前|日前|然而|但是?|而且|首先|其次|最后|近年来|如今"
    r"|[\d零〇一二三四五六七八九十年月日上中下旬初末底]+"
    rf"|(?:{_PREPOSITION}\s)?[^\W{HAN}]+|{_PREPOSITION}\s\S+\s\S+",
    _REPORT: r".*(?:指出|认为|强调|坚信|重申|表示|宣布|注意到|深信|认识到|相信|主张|声明|建议|承认|确认)"
    r"|(?:\S+\s){1,4}(?:not|stress|believ|agree|sa[iy]|отме|подч|заяв|счит|убежд|подтв|полаг|конст|исход|призна)\w+",
    _PHRASE: r"(?:以及)?(?:根据|依据|按照|基于|为|在|自|从|对于|除|通过).*"
    rf"|.*(?:下|时|中|后|前|之际|以来|方面|期间)|{_PREPOSITION}\s.*",
}
_BREAK = re.compile(r"[,;:](?!\d)|—")


def _reaches(sentence: str) -> dict[int, int]:
    """For each rank of cue, the place in the folded sentence up to which it counts."""
    reaches: dict[int, int] = {}
    for start, end in pairwise([0, *(match.end() for match in _BREAK.finditer(sentence)), len(sentence)]):
        piece = sentence[start:end].strip(" ,;:—\"'“”«»")
        rank = next((rank for rank, pattern in _LEADS.items() if re.fullmatch(pattern, piece)), _CLAUSE)
        reaches |= {lower: end for lower in range(rank) if lower not in reaches}
    return {rank: reaches.get(rank, len(sentence)) for rank in _LEADS}


# What points back: each pattern has it in its one group.
_START = r"(?:^|[,;:])\W{0,9}"
_ZH_JOINTS = "[因彼如与从至特谨自]"  # 因此, 彼此, 如此 are words of their own
_EN_NOW = "(?:year|month|week|day|morning|evening|night|spring|summer|autumn|winter|time|century|decade)"
_EN_SELF = "(?:report|document|paper|study|article|section|chapter|statement)"
_EN_REST = r"(?:\w+ed|\w+ing|of|wh\w+|that|with|without|in|from|to|under|present|the|an?|he|she|it|they|we|all|no|any)"
_RU_TIME = "(?:год|месяц|недел|утр|дня|день|дни|дней|вечер|весн|лет|осен|зим|раз|век)"


class _Cue(NamedTuple):
    """`noun`: a noun follows that says at what. Not `sure`: it points back only if that noun stands before."""

    rank: int
    noun: bool
    sure: bool
    pattern: str


# fmt: off
_CUES = (
    _Cue(_PHRASE, True, True, rf"""(上述|前述|前款|前项|前条) | {_START}(以上)(?!\d)
        | \b((?:the\ )?(?:above-?mentioned|aforementioned|foregoing)|the\ above|the\ said|the\ latter)\b
        | \b(the\ former)(?=\ (?:is|was|were|are|has|had|will|would|can|may|must|did)\b)
        | \b((?:выше)?(?:указанн|упомянут|перечисленн|изложенн)(?:ы[йемх]|ая|о[ейм]|о[гм][оу]|ую|ыми))\b(?!\ во?\b)"""),
    _Cue(_REPORT, True, True, rf"""(?<![应活])(该)
        | ([这那](?:一|些|种|类|个|项|样|两|座|份|批|套)?)(?![里边儿时天年月会么几]|种?样一来)
        | (?<!{_ZH_JOINTS})(此[类种项]) | ([为对就据由以在]此(?![外类种项])|与此(?!同时))
        | (?<!{_ZH_JOINTS})(?<![为对就据由以在])(此)(?![外前致刻处次类种项])
        | \b(th(?:is|ese))\b(?!\ (?:{_EN_NOW}|{_EN_SELF})s?\b)
        | {_START}(?:(?:after|before|by|in|to|for|with|at|despite|from)\ )?(th(?:at|ose))\b(?!\ {_EN_REST}\b)
        | (?<!no\ )\b(such)\b(?!(?:\ \w+){{0,3}}\ (?:as|that)\b)
        | (?<!при\ )(?<!кроме\ )(?<!помимо\ )(?<!—\ )\b(эт(?:от|ого|о?му?|им|а|ой|у|о|их?|ими))\b(?!\ {_RU_TIME})
        | \b(так(?:ой|ая|ое|ие|ого|их|ими|ом|ому|ую))\b(?!,|\ образом\b|\ же\b|(?:\ \w+)?,?\ как\b)
        | \b(данн(?:ый|ая|ое|ого|ой|ом|ому|ую))\b"""),
    _Cue(_ADVERB, False, True, rf"""{_START}(?:但|而|于是|目前|如今|后来)?([他她它]们?)(?![国人方乡日山处杀])
        | {_START}(其中?(?![他它实次余一二三])|[前后两二]者)
        | {_START}(?:(?:and|but|so|yet|then|now|today|(?:in|by|since)\ \d+)\ )?(he|she|it|they)\b
        | {_START}(its|their|his|her|since\ then|until\ then|thereafter|с\ тех\ пор)\b(?!\ (?:majest|excellen))
        | \b(он[аио]?)\b(?!-) | {_START}(?:\w+\ )?(его|ее|их|ему|ей|им)\b"""),
    _Cue(_PHRASE, True, False, r"""(《)(?=(?:公约|条约|协定|协议|宪章|宣言|议定书|决议)》)
        | \b(the)(?=\ (?:convention|treaty|agreement|protocol|charter|declaration)\b(?!\ (?:on|of|for|to)\b))
        | (?<=\w\ )()(?=(?:конвенци|договор|соглашени|протокол|декларац)\w{0,3}\b(?!\ (?:о|об|по)\b))"""),
    _Cue(_REPORT, True, False, rf"{_START}(相关|有关)"),
)
# fmt: on
_EXPLETIVE = re.compile(
    r"it (?:(?:is|was|has (?:\w+ )?been|(?:will|may|might|should) be|remain(?:s|ed)|became) (?!\w+ed (?:to|for)\b)"
    r".{0,60}?\b(?:that|to|whether|who|which|when|before|for|why|how|until|since|raining|cold|late|dark|time)\b"
    r"|(?:seem|appear|follow|happen|turn|take|took)\w*\b)"
)
_BODIES = 2  # paragraphs back; farther away the same noun is rarely the same thing
_NOUN = 4  # Han characters within which the noun stands; the words are one fewer
_ZH_VERB = re.compile(
    "将|是|会(?![议谈])|使(?![馆用])|让|对(?![话手])|在|极|表[示明]|说|有|被|也|都|就|已|不|无(?!人)|可|的"
)
_STOP = re.compile(
    r"(?:\w+ed|is|are|was|were|be|has|had|have|will|would|shall|should|can|may|must|do|does|did|of|in|on|at|for|with|by|from"
    r"|to|and|or|but|as|that|wh\w+|not|also|means|shows|makes|led|и|в|на|с|по|о|об|от|для|не|был[аио]?|явля\w+|буд[еу]т)$"
)
# Nouns that sum up what was said. They don't repeat a noun, so that they mean what stands just before them.
_SHELL = re.compile(
    r"\W*(?:工作|行为|措施|做法|问题|情况|立场|目标|设想|方面|领域|原则|背景|基础|框架|过程|意义|趋势|动向|因素|挑战|内容|局面"
    r"|(?:regard|context|end|way|case|respect|reason|fact|issue|problem|measure|approach|step|effort|goal|aim|situation"
    r"|result|change|decision|view|point|figure|finding|condition)s?\b"
    r"|(?:связ|цел|контекст|случа|смысл|вопрос|проблем|решен|подход|ситуац|обстоятельств|услови|позици|задач|факт)\w*)"
)
_WORD = re.compile(rf"[^\W\d_{HAN}]+")


def _of_anaphor(paragraphs: Sequence[Passage], at: int) -> Context | None:
    text = paragraphs[at].text
    first = next(iter(sentences(text)), Span(0, 0))
    folded = fold(first.of(text))
    front = fold("\n".join(paragraph.text for paragraph in paragraphs if paragraph.role is Role.FRONT)).text
    for cue, start, end in sorted(_pointers(folded, first.of(text)), key=lambda found: found[1:]):
        rest, named = folded.text[end:], folded.text[:start] + (front if cue.rank == _REPORT else "")
        nouns = _nouns(rest, folded.text[start:end]) if cue.noun else []
        place = None if nouns and _holds(named, nouns[0][0]) else _meant(paragraphs, at, cue, nouns)
        if place:
            shell = _SHELL.match(rest) if cue.noun else None
            ends = [stop for noun, stop in nouns if _holds(_folded(place), noun)] or [shell.end() if shell else 0]
            word = folded.source(start, end + ends[-1])
            return _context("anaphor", place, Span(first.start + word.start, first.start + word.end))
    return None


def _pointers(folded: Folded, text: str) -> Iterator[tuple[_Cue, int, int]]:
    sentence, reaches = folded.text, _reaches(folded.text)
    for cue in _CUES:
        for match in re.finditer(cue.pattern, sentence, re.VERBOSE):
            start, end = match.span(match.lastindex or 0)
            noun = folded.source(end, min(end + 2, len(sentence))).of(text)
            is_name = cue.sure or not noun.islower()  # "the Convention", but not "the convention", is a short title
            if start < reaches[cue.rank] and is_name and not _EXPLETIVE.match(sentence, start):
                yield cue, start, end


def _nouns(rest: str, cue: str = "") -> list[tuple[str, int]]:
    """The nouns that `rest` may start with, each with its end there: pairs of Han characters, or words."""
    found = re.match(rf"《?([{HAN}]+)", rest)
    if found is None:
        words = [(match[0], match.end()) for match in _WORD.finditer(_BREAK.split(rest)[0])][: _NOUN - 1]
        stop = next((at for at, (word, _) in enumerate(words) if _STOP.match(word)), len(words))
        return [] if stop and _SHELL.match(words[stop - 1][0]) else words[:stop]
    start, end = found.span(1)
    if _SHELL.match(rest) or _ZH_VERB.match(rest, start):
        return []
    if cue[-1:] in ("类", "种"):  # a clause may stand before the noun: 此类破坏稳定的政策
        start = rest.rfind("的", start, end) + 1 or start
    return [
        (rest[at : at + 2], at + 2 + rest.startswith("》", at + 2)) for at in range(start, min(start + _NOUN, end) - 1)
    ]


def _holds(text: str, noun: str) -> bool:
    """Whether `text` has the noun; a word may differ from it in its ending, as far as three letters go."""
    if re.match(f"[{HAN}]", noun):
        return noun in text
    lengths = ((len(commonprefix([noun, word])), *sorted((len(noun), len(word)))) for word in _WORD.findall(text))
    return any(shared >= max(3, short - 2) and long - shared <= 3 for shared, short, long in lengths)


def _meant(paragraphs: Sequence[Passage], at: int, cue: _Cue, nouns: list[tuple[str, int]]) -> _Place | None:
    """The nearest place with the most of the nouns; without any, the nearest there is: a heading only for "it"."""
    bodies = (place for place in _before(paragraphs, at) if paragraphs[place].role is Role.BODY)
    farthest = next(islice(bodies, _BODIES - 1, None), 0)
    within = takewhile(lambda place: place >= farthest, _before(paragraphs, at))
    near = [found for place in within for found in _places(paragraphs[place])]
    sought = [noun for noun, _ in nouns[: None if cue.sure else 1]]
    best = max(near, key=lambda place: sum(_holds(_folded(place), noun) for noun in sought), default=None)
    if best and any(_holds(_folded(best), noun) for noun in sought):
        return best
    nearest = [place for place in near if place[0].role is Role.BODY or not cue.noun] or near
    return nearest[0] if nearest and cue.sure else None


# Headings: above a paragraph that starts with its verb, or above bullets without a stem.

_VERB = re.compile(
    r"(?:应当|须|必须|不得|不应|需要|位于|成立于|始建于|负责|包括|属于|具有)|(?:is|was|are|were|has|had|must|shall|should|cannot"
    r"|includes?|consists|contains|applies|был[аио]?|состоит|находится|долж(?:ен|на|но|ны)|включает|является)\b(?!.*\?$)"
)


def _of_heading(paragraphs: Sequence[Passage], at: int) -> Context | None:
    """Lean on the heading right above the paragraph or its list, unless the paragraph names what the heading does."""
    text, bullet = fold(paragraphs[at].text).text, _marker(paragraphs[at]) == _BULLET
    above = next(
        (place for place in _before(paragraphs, at) if not bullet or _marker(paragraphs[place]) != _BULLET), at
    )
    if paragraphs[above].role is not Role.HEADING or not (bullet or _VERB.match(text)):
        return None
    heading = next(_places(paragraphs[above]))
    return None if any(_holds(text, noun) for noun, _ in _nouns(_folded(heading))) else _context("heading", heading)
