"""Words on which the sense of a sentence turns: negations, numbers, dates, names, conditions, reversals, stances.

A quotation that changes one, or stops short of one, says something else than its source. Found by pattern, in Chinese,
English and Russian; generous, because a cue too many costs a second look and one too few a wrong quotation.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from corpus.document import Span
from corpus.folding import simplified

_HAN_DIGITS = "〇零一二三四五六七八九十百千万亿两廿卅"
_HAN_UNITS = (
    "个国年月日号天周次项条款种名点方边家倍成分届轮期位艘架枚颗件份度级层人元吨米公里岁页章类股批组套台辆座处所季代%％"
)
_STATES = "中俄美英法德日朝韩印澳乌伊以巴欧"
_MONTHS_EN = "january|february|march|april|may|june|july|august|september|october|november|december"
_MONTHS_RU = "январ|феврал|март|апрел|ма[йяе]|июн|июл|август|сентябр|октябр|ноябр|декабр"

_PATTERNS = {
    "negation": (
        r"(?<!层出)不(?!断|仅|但|同(?!意)|少(?!于)|久|论|管|扩散|可分割)|没|无(?!论|疑|核|化武|人机)|未(?!来)|勿|莫(?!斯)|毋|否(?!定|决|认)|别(?=再|让|把)|非(?=[法正必不但])|并非|绝非|决非"
        r"|\b(?:not|no|never|none|nor|neither|without|cannot|nothing|nobody|nowhere|hardly|barely)\b|\b\w+n['’]t\b"
        r"|\b(?:не|ни|нет|без|никогда|никто|никого|никому|ничто|ничего|нельзя|никак\w{0,4}|отнюдь)\b"
    ),
    "date": (
        r"[\d〇零一二三四五六七八九十]+\s*年(?:\s*[\d一二三四五六七八九十]+\s*月)?(?:\s*[\d一二三四五六七八九十]+\s*[日号])?"
        r"|[\d一二三四五六七八九十]+\s*月(?:\s*[\d一二三四五六七八九十]+\s*[日号])?"
        rf"|\b\d{{1,2}}\s+(?:{_MONTHS_EN})\b(?:\s+\d{{4}})?|\b(?:{_MONTHS_EN})\s+\d{{1,4}}(?:,\s*\d{{4}})?"
        rf"|\b(?!may|march)(?:{_MONTHS_EN})\b"
        rf"|\b(?:\d{{1,2}}\s+)?(?:{_MONTHS_RU})\w{{0,3}}\b(?:\s+\d{{4}})?"
    ),
    "number": (
        r"\d+(?:[.,:/ ]\d+)*(?:[百千万亿兆]+|\s*[%‰％])?"
        rf"|第(?!三[国方])[{_HAN_DIGITS}]+|(?!万一)[{_HAN_DIGITS}]{{2,}}|(?!一|两国)(?<!第)[{_HAN_DIGITS}](?=[{_HAN_UNITS}])|[百千万]分之"
        r"|\b(?:zero|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty|forty|fifty|hundred|"
        r"thousand|million|billion|twice)s?\b"
        r"|\b(?:один|одна|одно|одн(?:ого|ой|ому)|два|две|двух|двум|двумя|три|тр[её]х|трем|четыре\w?|пят[ьи]\w{0,2}|шест[ьи]"
        r"|сем[ьи]|восемь|восьми|девят[ьи]|десят[ьи]|двадцат\w+|тридцат\w+|сорок\w?|пятьдесят|сто|ста|тысяч\w*|миллион\w*"
        r"|миллиард\w*|полови\w+|вдвое|втрое|перв\w{2,3}|втор\w{2,3}|трет\w{2,3})\b"
    ),
    "condition": (
        r"如果|假如|倘若|若(?![干])|除非|只有|只要|条件下|情况下|情形下|一旦|除.{1,24}外|但|然而|不过|仅|即使|尽管"
        r"|\b(?:if|unless|provided|providing|except|excepting|subject\s+to|as\s+long\s+as|in\s+case|on\s+condition|only|but"
        r"|however|although|though|until|pending)\b"
        r"|\b(?:если|при\s+условии|только|кроме|за\s+исключением|но|однако|хотя|в\s+случае|лишь|пока)\b"
    ),
    "quantity": (
        rf"[双三]方|[双三多]边|一(?=[{_HAN_UNITS}])|所有|全部|一切|全体|部分|某些|多数|少数|个别|各方|唯一|至少|最多|超过|不足"
        r"|\b(?:all|some|every|each|most|many|few|fewer|more|less|several|half|double|one|first|second|third|any|both|only|least|more\s+than|less\s+than)\b"
        r"|\b(?:вс[её]|все[хм]?|всеми|некотор\w+|част[ьи]|большинств\w+|кажд\w+|мног\w+|немног\w+|об[ае]|более|менее)\b"
    ),
    "name": (
        rf"[{_STATES}]方(?![便式法向案面针])|[{_STATES}]{{2,}}"
        r"|[美英法德韩泰]国|日本|印度|伊朗|以色列|澳大利亚|俄罗斯|北约|欧盟"
    ),
    # Verbs that turn what they govern: whoever leaves one out says the contrary.
    "reversal": (
        r"反对|停止|终止|拒绝|放弃|谴责|避免|防止|摒弃|阻止|禁止|制止|消除|杜绝|超越|取消|退出|否认|否定|质疑|抵制|企图|是否|所谓|据称"
        r"|\b(?:oppos|reject|refus|stop|ceas|avoid|prevent|prohibit|forbid|forbad|den(?:y|ie)|condemn|abandon|renounc|ban"
        r"|unable|fail|whether|few|alleg|claim|believ|so-called|doubt|lack)\w*"
        r"|\b(?:против|отказ|прекра[щт]|избега|избеж|предотвра|запре[щт]|осужд|отверг|отвергн|недопущ|отрица|якобы|будто|ли\b)\w*"
    ),
    "stance": (
        r"支持|赞成|同意|允许|欢迎|赞赏|满意|遗憾|忧虑|关切|推动|推进|恢复|必须|应当?|可以|有权|增加|减少|扩大|缩小|削弱|提高|降低|上升|下降"
        r"|推高|推低|境内|境外|美元|欧元|卢布|人民币"
        r"|\b(?:support|approv|agree|accept|allow|permit|must|shall|should|may|might|increas|decreas|reduc|expand|weaken|rais"
        r"|lower|present|absent|harmful|harmless|before|after)\w*"
        r"|\b(?:поддерж|выступа|одобря|соглас|разреш|должн|обязан|может|могут|вправе|до|после"
        r"|увелич|уменьш|сокра[щт]|расшир|ослаб|повы[сш]|сниж|сниз)\w*"
    ),
}
_NEGATIVE = frozenset("不没无非未勿毋否")  # Han characters that turn what follows wherever they come in or drop out
_COUNTING = frozenset("〇零二三四五六七八九十百千万亿两半%‰$€£¥₽+<>=≤≥±")
_PREFIXES = ("un", "dis", "non", "in", "im", "il", "ir", "mis", "anti", "не", "без", "бес", "анти", "контр")


@dataclass(frozen=True, slots=True)
class Cue:
    """A word or number at `span` of a text, and what its `kind` is."""

    kind: str
    span: Span


@cache
def _pattern(kind: str) -> re.Pattern[str]:
    return re.compile(_PATTERNS[kind], re.IGNORECASE)


def cues(text: str, *kinds: str) -> Iterator[Cue]:
    """The cues of `text` of the given kinds, of all kinds if none is given; a place may hold several."""
    plain = simplified(text)
    for kind in kinds or _PATTERNS:
        yield from (Cue(kind, Span(*match.span())) for match in _pattern(kind).finditer(plain))


def turned(one: str, other: str) -> str | None:
    """What the sense turns on if one of two folded wordings of one place replaces the other, whatever stands around."""
    apart = set(one) ^ set(other)
    if apart & _NEGATIVE:
        return "negation"
    if apart & _COUNTING:
        return "number"
    short, long = sorted((one, other), key=len)
    return "negation" if short and any(long == prefix + short for prefix in _PREFIXES) else None
