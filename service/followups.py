"""How a turn leans on the turn before it, read from its words alone.

A turn may name nothing of its own ("and in 2022?"), speak of the earlier topic by a pronoun ("why do they oppose it?"),
put another thing in the place of the one that was named ("and Australia?"), or move along the statements ("did the
later ones mention it?"). Everything else is a new question.
"""

import re
from enum import Enum

from corpus.document import Span
from corpus.folding import fold, letters

# All patterns are for folded text: lower case, Simplified, е for ё.
_OPENS = re.compile(r"^\W*(?:and|what about|how about|а|и|那么|那)(?![а-яa-z])|呢\W*$")
_ASKS = re.compile(
    r"\b(?:what|who|whom|whose|which|why|how|when|where|is|are|was|were|do|does|did|can|could|should|will)\b"
    r"|\b(?:что|кто|кому|где|когда|почему|зачем|как|какие|какой|какая|какое|каким|каком|какую|ли)\b"
    r"|什么|怎么|怎样|如何|哪|谁|为何|是否|有没有|吗"
)
_IT = re.compile(
    r"\b(?:it|its)\b|\b(?:about|against|of|for|to|with|on|do|did|does|is|was|why) (?:this|that|them)\b"
    r"|(?<!is )(?<!are )(?<!was )\bthere\b"
    r"|\b(?:это|этого|этому|этим|этом|его|ее|него|нее|нем|ней|них|ими|там)\b"
    r"|它|那里|那儿|其中|(?:对|把|为|与|和|反对|支持|解决)此|(?<![尤极])其(?![他它余实次])|(?:这|那)(?:个|些|项|种|件)?(?:问题|事|计划|条约|公约|协定|机制|倡议)"
)
_SAYS = re.compile(r"\b(?:do|does|did) it (?:say|mention|speak|treat|cover|address|contain)|\bin it\b")
_SHORT = 3  # words, or twice as many Han characters: what stands in another's place is a name
_RELATIVE = {
    "later": re.compile(
        r"\b(?:the\s+)?(?:later|subsequent|newer|more\s+recent)\s+(?:ones?|statements?|documents?|texts?|declarations?)\b"
        r"|\b(?:later(?:\s+on)?|afterwards?|(?:since|after)\s+(?:then|that))\b"
        r"|(?:后来|之后|此后|往后|以后)的?(?:那|这)?[几两二]?份?(?:联合)?(?:声明|文件)?(?:里|中)?"
        r"|\b(?:в\s+)?(?:более\s+поздн|последующ)\w+(?:\s+(?:заявлени|документ|текст)\w*)?|\b(?:позже|позднее|потом|впоследствии|после\s+этого)\b"
    ),
    "earlier": re.compile(
        r"\b(?:the\s+)?(?:earlier|previous)\s+(?:ones?|statements?|documents?|texts?|declarations?)\b"
        r"|\b(?:earlier|previously|before(?:\s+(?:then|that))?)(?=\W*(?:$|too|also|already|as))"
        r"|(?:更早|此前|之前|以前|早先|早些)的?(?:那|这)?[几两二一]?份?(?:联合)?(?:声明|文件)?(?:里|中)?"
        r"|\b(?:в\s+)?более\s+ранн\w+(?:\s+(?:заявлени|документ|текст)\w*)?|\b(?:раньше|ранее|прежде|до\s+этого)\b"
    ),
    "other": re.compile(
        r"\b(?:the\s+)?others?\s+(?:ones|two|statements?|documents?|texts?|declarations?)\b"
        r"|(?:其他|其它|另外?)的?(?:那|这)?[几两二一]?份?(?:联合)?(?:声明|文件|份)(?:里|中)?|\b(?:в\s+)?друг\w+\s+(?:заявлени|документ|текст)\w*"
    ),
}


class Leaning(Enum):
    """What a turn takes from the one before it, besides its statements."""

    NOTHING = "it stands by itself"
    STATEMENT = "no words, only the statements chosen"
    FRAME = "its words but for the thing that it named"
    TOPIC = "all its words"


def relation(text: str) -> tuple[str, Span] | None:
    """Which of the other statements `text` speaks of, "later", "earlier" or "other" ones, and where it says so."""
    folded = fold(text)
    found = ((kind, pattern.search(folded.text)) for kind, pattern in _RELATIVE.items())
    return next(((kind, folded.source(*match.span())) for kind, match in found if match), None)


def leaning(text: str, subject: str) -> Leaning:
    """How `text` leans on an earlier turn, given the words of its own that name something."""
    folded = fold(text).text
    if not subject:
        return Leaning.TOPIC
    if _SAYS.search(folded):
        return Leaning.STATEMENT
    if _IT.search(folded):
        return Leaning.TOPIC
    opening = _OPENS.search(folded)
    if opening and _is_short(subject) and not _ASKS.search(folded[opening.end() :] if opening.start() == 0 else folded):
        return Leaning.FRAME
    return Leaning.NOTHING


def _is_short(subject: str) -> bool:
    said = letters(subject).text
    han = sum(char >= "\u2e80" for char in said)
    return han <= 2 * _SHORT and len(re.findall(r"[a-zа-я0-9]+", fold(subject).text)) + han / 2 <= _SHORT
