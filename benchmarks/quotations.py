"""Can a verified quotation be trusted? Quotations true, altered, cut short, spliced and invented; what each is called.

    python -m benchmarks.quotations DATA_FOLDER

Prints kind × verdict, then every quotation that was misjudged. Exit code 1 if a quotation that is not in the collection
is called found, or if fewer than 99 % of the exact ones are found. The cases are made from whatever the collection
holds in Chinese, English and Russian, without any code of the verifier's; the invented ones are written by hand.
A case is dropped where its label could be argued about; comments say by which criterion.
"""

import os
import re
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from itertools import chain, pairwise, zip_longest
from pathlib import Path
from random import Random
from typing import Protocol

from opencc import OpenCC

from corpus.document import Passage, Role, Span
from corpus.folding import HAN, letters, simplified
from corpus.sentences import sentences
from corpus.store import Store
from service.collection import Collection
from service.settings import Settings
from service.verification import Claim

INVENTED = Path(__file__).parents[1] / "tests/quality/invented.tsv"
SEED = 2025
PER_KIND = 12  # cases, where the collection gives so many
EXACT = 24  # of each kind of exact quotation: 99 % of a handful says nothing
SHORTEST = {"zh": 8, "en": 24, "ru": 24}  # letters of any piece of a quotation
ENOUGH = {
    "zh": 14,
    "en": 40,
    "ru": 40,
}  # letters of an edited one: less of it could be called something else altogether
FOUND, ALTERED, MISATTRIBUTED, NOT_FOUND = "found", "altered", "misattributed", "not_found"
VERDICTS = (FOUND, ALTERED, MISATTRIBUTED, NOT_FOUND)
LANGUAGE, OUTSIDE = "language", "outside_body"
_ELLIPSIS = re.compile(r"…+|\.{3,}|（略）|\. \. \.")
_SAME_LETTERS = {"critical: decimal point moved", "critical: numbers run together", "another currency"}


@dataclass(frozen=True, slots=True)
class Case:
    """A quotation, the verdicts that are right, and whether it must be called critical (None: not judged)."""

    kind: str
    text: str
    claimed: Claim | None
    verdicts: frozenset[str]
    critical: bool | None = None
    source: str = ""  # passage id
    reason: str | None = None  # judged if given


Edit = tuple[str, str, Span]  # the kind, the edited text, the place of the edit in the unedited one


class Result(Protocol):
    """What a verifier says of one quotation."""

    @property
    def verdict(self) -> str: ...
    @property
    def is_critical(self) -> bool: ...
    @property
    def reason(self) -> str | None: ...


class Verifier(Protocol):
    def verify(self, text: str, claimed: Claim | None) -> Result: ...


# What is read out of the collection.


@dataclass(frozen=True, slots=True)
class Quotable:
    """A sentence or a whole paragraph; `plain` is its text in Simplified characters, in as many of them."""

    passage: Passage
    text: str
    language: str
    work: str

    @property
    def plain(self) -> str:
        return simplified(self.text) if self.tongue == "zh" else self.text

    @property
    def tongue(self) -> str:
        return self.language.partition("-")[0]

    def has(self, least: dict[str, int], text: str | None = None) -> bool:
        return size(self.text if text is None else text) >= least.get(self.tongue, 24)


@dataclass(frozen=True, slots=True)
class Paper:
    """One document: its paragraphs, and the letters of its body in one string."""

    id: str
    work: str
    language: str
    passages: tuple[Passage, ...]
    letters: str

    @property
    def body(self) -> list[Passage]:
        return [passage for passage in self.passages if passage.role is Role.BODY]

    def quotable(self, passage: Passage, text: str) -> Quotable:
        return Quotable(passage, text, self.language, self.work)

    def sentences(self, passage: Passage) -> list[Quotable]:
        return [self.quotable(passage, span.of(passage.text)) for span in sentences(passage.text)]

    def neighbours(self) -> Iterator[tuple[Passage, Passage]]:
        """Body paragraphs that stand next to each other with no heading between."""
        return (pair for pair in pairwise(self.passages) if all(passage.role is Role.BODY for passage in pair))


@dataclass(frozen=True)
class Shelf:
    papers: tuple[Paper, ...]
    rng: Random = field(compare=False)

    def holds(self, text: str) -> bool:
        """Whether the body of any document has these letters, whatever their script, width and punctuation.

        With an ellipsis in it: whether it has those of every piece, one after the other.
        """
        pieces = [letters(piece).text for piece in _ELLIPSIS.split(text)]
        return any(all_in_order(pieces, paper.letters) for paper in self.papers)

    def stands_once(self, quotable: Quotable, text: str) -> bool:
        """Whether only witnesses of its own paragraph have `text`: else another place need not be cut short."""
        wanted = letters(text).text
        return all(paper.letters.count(wanted) <= (paper.work == quotable.work) for paper in self.papers)

    def sentences(self) -> list[Quotable]:
        """Every sentence that is long enough to edit, in random order, the documents taking turns."""
        held = [list(chain.from_iterable(map(paper.sentences, paper.body))) for paper in self.papers]
        return [one for one in taking_turns(held, self.rng) if one.has(ENOUGH)]

    def paragraphs(self) -> list[Quotable]:
        held = [[paper.quotable(passage, passage.text) for passage in paper.body] for paper in self.papers]
        return [one for one in taking_turns(held, self.rng) if one.has(ENOUGH)]

    def partners(self) -> Iterator[tuple[Quotable, Quotable]]:
        """Two sentences in one language, of two paragraphs."""
        ordered = self.sentences()
        for one in ordered:
            other = self.rng.choice([other for other in ordered if other.tongue == one.tongue])
            if other.passage.id != one.passage.id:
                yield one, other


def taking_turns(groups: Iterable[list[Quotable]], rng: Random) -> list[Quotable]:
    mixed = [rng.sample(group, len(group)) for group in groups]
    return [one for turn in zip_longest(*mixed) for one in turn if one is not None]


def shelf(store: Store, seed: int | str) -> Shelf:
    papers = []
    for member in store.members():
        passages = tuple(store.passages(member.document))
        body = "".join(letters(passage.text).text for passage in passages if passage.role is Role.BODY)
        papers.append(Paper(member.document, member.work, member.language, passages, body))
    return Shelf(tuple(papers), Random(seed))


def shuffled(made: Iterable[Edit], rng: Random) -> list[Edit]:
    listed = list(made)
    rng.shuffle(listed)
    return listed


def all_in_order(pieces: Sequence[str], text: str) -> bool:
    at = 0
    for piece in pieces:
        found_at = text.find(piece, at)
        if found_at < 0:
            return False
        at = found_at + len(piece)
    return True


@lru_cache(maxsize=1 << 16)
def size(text: str) -> int:
    return len(letters(text).text)


@cache
def converter(name: str) -> OpenCC:
    return OpenCC(name)


def converted(name: str, text: str) -> str:
    changed: str = converter(name).convert(text)
    return changed


# The words of three languages. Chinese patterns are held against Simplified text, in which they keep their place.

Swap = Callable[[re.Match[str], Random], str]
Rules = dict[str, list[tuple[re.Pattern[str], Swap]]]

_DIGIT = "一二三四五六七八九两"
_NUMERAL = "零〇一二三四五六七八九十百千万亿两"
_COUNTED = "个名年月日时元条台次例天票米厘公艘尾座级吨孔成支轮种段届项大"
_PERIODS = {
    "en": "January February April June July August September October November December".split(),
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря "
    "январе феврале марте апреле июне июле августе сентябре октябре ноябре декабре".split(),
}
_COUNTS = {
    "en": "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen eighteen "
    "nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand".split(),
    "ru": "два три четыре пять шесть семь восемь девять десять двенадцать пятнадцать двадцать тридцать сорок "
    "пятьдесят шестьдесят девяносто сто двух трёх четырёх пяти шести семи восьми десяти двадцати тридцати "
    "двадцатого тридцатого".split(),
}
_PAIRS = {  # simplified Chinese: parties, countries, bodies, treaties, persons, places
    "name": "中方:俄方 美国:英国 日本:韩国 伊朗:伊拉克 澳大利亚:新西兰 澳洲:加拿大 美方:英方 伊方:以方 中俄:中美 "
    "俄美:俄英 "
    "苏美:苏英 联合国安理会:联合国大会 北约:欧盟 东盟:非盟 世贸组织:世卫组织 上海合作组织:亚太经合组织 "
    "国际原子能机构:国际刑警组织 禁止化学武器组织:国际原子能机构 联合国大会:联合国安理会 亚太:中东 欧洲:非洲 北极:南极 "
    "北京:上海 莫斯科:圣彼得堡 杜尚别:塔什干 福岛:广岛 习近平:李强 普京:梅德韦杰夫 二十国集团:金砖国家 "
    "罗守田:段小蓉 邹启明:韩立柏 韩立柏:邹启明 蒋玉梅:贺老先生 岭川省:泽南省 泽南省:岭川省 白鹭:青龙 学堂街:文庙街 "
    "沅泽江:湘江 双龙峡:三门峡 鹤洲:雁洲 云溪:景德镇 波斯:印度 浙江:江西 下沙村:上沙村",
    "treaty": "《不扩散核武器条约》:《全面禁止核试验条约》 《全面禁止核试验条约》:《不扩散核武器条约》 "
    "《中导条约》:《反导条约》 《禁止生物武器公约》:《禁止化学武器公约》 《禁止化学武器公约》:《禁止生物武器公约》 "
    "《巴黎协定》:《京都议定书》 《联合国宪章》:《世界人权宣言》 《世界人权宣言》:《联合国宪章》 "
    "《南太平洋无核区条约》:《拉丁美洲无核区条约》",
    "dropped": "不能:能 不应:应 不得:可以 不会:会 不允许:允许 不受:受 不采取:采取 不针对:针对 不是:是 不可接受:可接受 "
    "不可分割:可分割 不首先:首先 不扩散:扩散 不干涉:干涉 不使用:使用 不负责任:负责任 不信任:信任 不确定:确定 没有:有 "
    "非核武器:核武器 无核武器:核武器 未完成:已完成 未达成:已达成 非歧视:歧视 非政治化:政治化 无条件:有条件 "
    "打不赢:打得赢 "
    "不在本:在本 不超过:超过 不低于:低于 不少于:少于 不对外:对外 不予:予以 不计:计较 不需要:需要 不符:相符 不再:再 "
    "不怕:怕",
    "stance": "反对:支持 谴责:欢迎 欢迎:反对 提高:降低 增加:减少 加强:削弱 禁止:允许 放弃:保留 恢复:中止 赞成:反对 "
    "同意:拒绝 高于:低于 延长:缩短 上升:下降 以上:以下 以内:以外",
    "synonym": "推动:促进 强化:加强 指出:表示 维护:维持 重要:关键 解决:处理 共同:一起 积极:主动 继续:持续 增进:增强 "
    "开展:进行 "
    "严重:重大 坚定:坚决 努力:尽力 目标:目的 面临:面对 影响:作用 措施:办法 观众:参观者 学者:专家 附近:周围 工匠:匠人",
    "dropped word": "积极: 共同: 坚定: 继续: 特别: 认真: 切实: 真正: 尽快: 忠实: 携手: 显然: 同样: 突出: 高度: "
    "稳妥: "
    "立即: 主要: 格外: 仔细:",
    "typo": "际:迹 护:户 略:掠 维:为 措:错 施:师 协:胁 议:义 信:讯 势:事 责:则 作:做 武:舞 器:气 遵:尊 巩:功 构:购 "
    "域:或 "
    "原:源 证:正 落:络 技:枝 贸:茂 影:景 系:糸 审:申 险:验 竞:竟 载:裁 战:站 观:现 窑:摇 渔:鱼 病:疒 护:沪 桥:侨 河:何",
}
_SAME = {
    "en": "large:big found:discovered often:frequently people:persons placed:put given:offered began:started "
    "quickly:fast broken:smashed whole:entire house:home looking:peering careful:cautious reached:got",
    "ru": "быстро:скоро также:тоже хорошо:неплохо дом:здание большой:крупный обычно:обыкновенно затем:потом "
    "потом:затем дольше:длительнее полезно:желательно долго:длительно сухой:высохший",
}
_IDLE = {
    "en": "also very simply mainly further therefore together clearly later seriously greatly exactly".split(),
    "ru": "также тоже потом затем спокойно сразу быстро медленно снова целиком".split(),
}


def mapped(pairs: str, before: str = "", after: str = "") -> tuple[re.Pattern[str], Swap]:
    table = dict(pair.split(":") for pair in pairs.split())
    found = "|".join(sorted(map(re.escape, table), key=len, reverse=True))
    return re.compile(f"{before}(?:{found}){after}"), lambda match, rng: table[match[0]]


def another(words: Sequence[str]) -> tuple[re.Pattern[str], Swap]:
    """A whole word of the list → the next one, which in Russian most often stands in the same case."""
    following = dict(pairwise([*words, words[-2]]))
    pattern = re.compile(rf"\b(?:{'|'.join(words)})\b")
    return pattern, lambda match, rng: following[match[0]]


def rewritten(pattern: str, template: str) -> tuple[re.Pattern[str], Swap]:
    return re.compile(pattern), lambda match, rng: match.expand(template)


def redigited(pattern: str, digits: str) -> tuple[re.Pattern[str], Swap]:
    """One digit of the match → another one, never a leading zero."""

    def swap(match: re.Match[str], rng: Random) -> str:
        at = rng.choice([at for at, char in enumerate(match[0]) if char in digits + _DIGIT])
        new = rng.choice([digit for digit in digits if digit not in match[0][at] + "0一两"])
        return match[0][:at] + new + match[0][at + 1 :]

    return re.compile(pattern), swap


_ARABIC = redigited(r"(?<![\d.,/])\d+(?![\d]*[.,/-]?\d*\s*[年月日])", "0123456789")
_PERCENT_ZH = redigited(rf"百分之[{_NUMERAL}]*[{_DIGIT}][{_NUMERAL}]*", "二三四五六七八九")
_DATES_ZH = redigited(r"\d+(?=(?:-\d+)?\s*[年月日])", "123456789")
_HAN_DATES = redigited(rf"[{_NUMERAL}]*[{_DIGIT}][{_NUMERAL}]*(?=[月日])", "二三四五六七八九")
_HAN_COUNTS = redigited(
    rf"(?:[{_NUMERAL}]+[二三四五六七八九两][{_NUMERAL}]*|[二三四五六七八九两][{_NUMERAL}]+|第[{_DIGIT}]+"
    rf"|[二三四五六七八九两](?=[{_COUNTED}]))(?![月日])(?<![^第]一)",
    "二三四五六七八九",
)
_ROOT = r"(?:ст[оа]|сот|тысяч\w*|миллион\w*)"

CRITICAL: dict[str, Rules] = {
    "zh": {
        "negation dropped": [mapped(_PAIRS["dropped"])],
        "negation added": [
            rewritten(r"(?<![不没未])应(?=[积通摒遵得停坚恢同])", "不应"),
            rewritten(r"(?<=[方])愿", "不愿"),
            rewritten(r"(?<![不没])将(?=[继加推积全深坚共严按])", "不将"),
            rewritten(r"(?<!不)(支持|同意|符合|允许|接受|可以|需要|认为|欢迎|承认)", r"不\1"),
            rewritten("有助于", "无助于"),
            rewritten("有权", "无权"),
            rewritten("(?<=[且各])具有", "没有"),
        ],
        "number": [_ARABIC, _HAN_COUNTS, rewritten("(?<=万)元", "亿元"), rewritten(r"(?<=\d)亿", "万")],
        "percent": [_PERCENT_ZH],
        "date": [_DATES_ZH, _HAN_DATES],
        "name": [mapped(_PAIRS["name"], before="(?<![其白])")],
        "treaty": [mapped(_PAIRS["treaty"])],
    },
    "en": {
        "negation dropped": [
            rewritten(r"\b(\w+) not\b(?! (?:only|merely|simply))", r"\1"),
            rewritten(r"\bno longer\b", "still"),
            rewritten(r"\bno (?!longer|one|sooner|other)(?=[a-z])", "some "),
            mapped("cannot:can never:always nothing:something nobody:somebody none:some unable:able", r"\b", r"\b"),
        ],
        "negation added": [rewritten(r"\b(is|are|was|were|must|may|will|should|can|could)\b(?! not| no\b)", r"\1 not")],
        "number": [
            redigited(
                r"(?<![\d.,:£-])\d+(?![\d:]|\s(?:January|February|April|November))(?<!\b[12]\d{3})", "0123456789"
            ),
            another(_COUNTS["en"]),
            rewritten(r"\bmillion\b", "billion"),
        ],
        "percent": [
            rewritten(r"\b(\w+)-(?:one|two|four|seven) (?=per cent)", r"\1-nine "),
            rewritten("forty per", "ten per"),
        ],
        "date": [redigited(r"\b[12]\d{3}\b", "0123456789"), another(_PERIODS["en"])],
    },
    "ru": {
        "negation dropped": [
            rewritten(r"(?<=\s)не (?!только|менее|более|менее|столько)", ""),
            mapped("нельзя:можно никто:кто-то ничего:кое-что нет:есть никогда:всегда", r"\b", r"\b"),
        ],
        "negation added": [
            rewritten(
                r"(?<!не )(?<!ни )\b(обязан|обязана|вправе|может|могут|должен|должна|следует|нужно|требует|разрешается"
                r"|допускается|является|получает|имеет|действует|участвует|составляла|помогают|годятся|запрещено)\b",
                r"не \1",
            ),
            rewritten(r"\bможно\b", "нельзя"),
        ],
        "number": [
            redigited(r"(?<![\d.,])\d+(?!\d)(?<!\b[12]\d{3})", "0123456789"),
            another(_COUNTS["ru"]),
            rewritten(r"\bтысяч\b", "миллионов"),
        ],
        "date": [redigited(r"\b[12]\d{3}\b", "0123456789"), another(_PERIODS["ru"][:12]), another(_PERIODS["ru"][12:])],
    },
}
UNMARKED: dict[str, Rules] = {  # no letter changes, or the sense does but not by one of the rule's four
    "zh": {"stance reversed": [mapped(_PAIRS["stance"])]},
    "en": {
        "stance reversed": [
            mapped(
                "more:less higher:lower before:after greatest:smallest increase:decrease above:below "
                "permitted:forbidden "
                "accepted:rejected best:worst longer:shorter strongest:weakest oldest:newest allowed:forbidden",
                r"\b",
                r"\b",
            )
        ]
    },
    "ru": {
        "stance reversed": [
            mapped(
                "больше:меньше меньше:больше лучше:хуже выше:ниже ранним:поздним после:до запрещено:разрешено",
                r"\b",
                r"\b",
            )
        ]
    },
}
SMALL: dict[str, Rules] = {
    "zh": {
        "synonym": [mapped(_PAIRS["synonym"])],
        "word dropped": [mapped(_PAIRS["dropped word"])],
        "typo": [mapped(_PAIRS["typo"])],
    },
    "en": {
        "synonym": [mapped(_SAME["en"], r"\b", r"\b")],
        "word dropped": [rewritten(rf" (?:{'|'.join(_IDLE['en'])})\b", "")],
    },
    "ru": {
        "synonym": [mapped(_SAME["ru"], r"\b", r"\b")],
        "word dropped": [rewritten(rf" (?:{'|'.join(_IDLE['ru'])})\b", "")],
    },
}
# Negations of the predicate: to stop short of one turns the sense. 不断, "not only" and a name's 不扩散 are none.
_NEGATION = {
    "zh": "不能|不应|不得|不会|不允许|不受|不采取|不针对|不是|不可接受|没有|不予|不超过|不低于|不少于|不对外",
    "en": r"\b(?:not(?! only| merely| simply)|never|cannot|nobody|nothing|none)\b",
    "ru": r"\b(?:не(?! только)|нельзя|никто|ничего|нет)\b",
}
_CONDITION = {
    "zh": "如果|若(?=[无六有不])|只有|除非|如(?=[未无不有])",
    "en": r"\b(?:if|unless|until|provided that|except)\b",
    "ru": r"\b(?:если|кроме)\b",  # только and лишь restrict, which is no condition by the letter
}
_NUMBER = {
    "zh": rf"\d+(?=\s*(?:年|月|周年|美元|亿))|百分之|[{_NUMERAL}]{{2,}}(?=[{_COUNTED}])",
    "en": rf"\b(?:\d+|{'|'.join(_COUNTS['en'])})\b",
    "ru": rf"\b(?:\d+|{'|'.join(_COUNTS['ru'])})\b",
}
# Whatever could be taken for a negation, number, date, name, condition or reservation: "harmless" means none of these.
_TOUCHY = {
    "zh": re.compile(
        rf"[不没无非未否莫勿别反禁止拒停废弃减缺失难免如若只仅除但才可能应须必将或时前后已\d{_NUMERAL}半第]"
        r"|[中俄美英日韩伊澳苏华台京平朝欧亚盟省市县镇村江国方联合]|[年月日条约公组织宪章]|[“”《》「」]|[a-zA-Z]"
    ),
    "en": re.compile(
        r"[A-Z£\d]|n't|\b(?:no\w*|never|nei\w+|cannot|without|un\w+|if|until|except|only|but|when\w*|where\w*|while|"
        r"although|though|because|than|few\w*|less\w*|hardly|may|must|should|ought|might|nearly|about|most|more|half|"
        rf"{'|'.join(_COUNTS['en'])}|one|once|twice|first|second|third|million|quarter|per|fifth\w*|"
        r"years?|months?|weeks?|days?|hours?|minutes?|winters?)\b",
    ),
    "ru": re.compile(
        r"[А-ЯЁ\d]|(?i:\b(?:не\w*|ни\w*|нет|без\w*|если|тольк\w*|лишь|кроме|но|однако|а|пока|когда|хотя|при|чтобы|"
        rf"нельзя|мал\w*|едва|должн\w*|обязан\w*|вправе|может|можно|одн\w+|один\w*|перв\w+|втор\w+|трет\w+|{_ROOT}|"
        r"два\w*|две\w*|дв\w+|три\w*|тр[её]\w*|четы\w+|пят\w+|шест\w+|сем\w+|восем\w+|восьм\w+|девя\w+|деся\w+|сорок\w*|"
        r"год\w*|лет|месяц\w*|недел\w*|дн\w+|день|час\w*|минут\w*|половин\w*|пол\w*|больше|меньше|более|менее)\b)"
    ),
}
_CLAUSE_END = re.compile(r"[，；]|[,;](?!\d)")
_NO_NAMES = ["May", "March", "University", "Hospital", "Inquiry", "Teaching", "Officer", "Data", "English", "Protected"]
_NAME = {
    "en": re.compile(rf"(?<=[a-z,] )(?!{'|'.join([*_PERIODS['en'], *_NO_NAMES])})[A-Z][a-z]{{3,}}"),
    "ru": re.compile(r"(?<=[а-яё,] )[А-ЯЁ][а-яё]{3,}"),
}


def harmless(quotable: Quotable, text: str) -> bool:
    return not _TOUCHY[quotable.tongue].search(simplified(text) if quotable.tongue == "zh" else text)


def edits(quotable: Quotable, rules: Rules, rng: Random) -> Iterator[Edit]:
    """One edit of each kind that can be made."""
    for kind, ways in rules.items():
        places = [(match, swap) for pattern, swap in ways for match in pattern.finditer(quotable.plain)]
        if places:
            match, swap = rng.choice(places)
            yield kind, replaced(quotable, match, swap(match, rng)), Span(*match.span())


def replaced(quotable: Quotable, match: re.Match[str], new: str) -> str:
    written = converted("s2t", new) if quotable.language == "zh-Hant" else new
    return quotable.text[: match.start()] + written + quotable.text[match.end() :]


def critical_rules(quotable: Quotable, held: Shelf) -> Rules:
    """The rules of its language; where names are capitalised, also one by which they change places."""
    rules = CRITICAL.get(quotable.tongue, {})
    pattern = _NAME.get(quotable.tongue)
    if pattern is None:
        return rules
    texts = (passage.text for paper in held.papers if paper.language == quotable.language for passage in paper.body)
    names = sorted({name for text in texts for name in pattern.findall(text)})

    def swap(match: re.Match[str], rng: Random) -> str:
        others = [name for name in names if name[:4] != match[0][:4]]
        chosen: str = rng.choice([name for name in others if name[-1] == match[0][-1]] or others or ["Atlantis"])
        return chosen

    return rules | {"name": [(pattern, swap)]}


def clauses(text: str) -> list[Span]:
    """What stands between commas and semicolons, each with the mark that ends it."""
    edges = [0, *(match.end() for match in _CLAUSE_END.finditer(text)), len(text)]
    return [Span(*pair) for pair in pairwise(edges) if pair[0] < pair[1]]


# Quotations that are in the collection.

_ONLY_FOUND, _ONLY_ALTERED = frozenset({FOUND}), frozenset({ALTERED})
_ONLY_MISATTRIBUTED, _ONLY_NOT_FOUND = frozenset({MISATTRIBUTED}), frozenset({NOT_FOUND})
_NO_SUCH_TEXT = frozenset({ALTERED, NOT_FOUND})  # a heavy change may be called either


def found(kind: str, quotable: Quotable, text: str, critical: bool | None = False) -> Case:
    return Case(kind, text, None, _ONLY_FOUND, critical, quotable.passage.id)


def exact(held: Shelf) -> Iterator[Case]:
    for paragraph in held.paragraphs():
        yield found("exact: paragraph", paragraph, paragraph.text)
        spans = sentences(paragraph.text)
        if len(spans) > 2:
            yield found("exact: sentences", paragraph, paragraph.text[spans[0].start : spans[1].end])
            yield found("exact: sentences", paragraph, paragraph.text[spans[-2].start : spans[-1].end])
    for sentence in held.sentences():
        yield found("exact: sentence", sentence, sentence.text)
        yield from exact_clauses(sentence, held.rng)
    for paper in held.papers:
        pairs = list(paper.neighbours())
        for one, two in held.rng.sample(pairs, min(len(pairs), EXACT)):
            yield from across(paper, one, two)


def exact_clauses(sentence: Quotable, rng: Random) -> Iterator[Case]:
    """A clause or two. If the rest of the sentence holds anything touchy, whether it is cut short is not judged."""
    spans = clauses(sentence.text)
    if len(spans) > 2:
        first = rng.randrange(len(spans) - 1)
        span = Span(spans[first].start, spans[min(first + rng.randrange(2), len(spans) - 2)].end)
        text = span.of(sentence.text).strip(" ,，;；")
        rest = sentence.text[: span.start] + sentence.text[span.end :]
        if sentence.has(SHORTEST, text):
            yield found("exact: clause", sentence, text, False if harmless(sentence, rest) else None)


def across(paper: Paper, one: Passage, two: Passage) -> Iterator[Case]:
    last, first = paper.sentences(one)[-1], paper.sentences(two)[0]
    apart = " " if last.tongue != "zh" else ""
    if last.has(SHORTEST) and first.has(SHORTEST):
        yield found("exact: across a break, new line", last, f"{last.text}\n{first.text}")
        yield found("exact: across a break, one line", last, f"{last.text}{apart}{first.text}")
        yield found("exact: two paragraphs", last, f"{one.text}\n\n{two.text}")


_MARKS = {
    "zh": ("……", "…", "...", "[…]", "（略）", "......", "［……］", "[...]"),
    "en": (" ... ", " […] ", "… ", " [...] ", " . . . "),
    "ru": (" ... ", " […] ", "… ", " <…> ", " [...] "),
}


def ellipses(held: Shelf) -> Iterator[Case]:
    for sentence in held.sentences():
        mark = held.rng.choice(_MARKS.get(sentence.tongue, _MARKS["en"]))
        for span in clauses(sentence.text)[1:-1]:
            left_out = span.of(sentence.text)
            if harmless(sentence, left_out):
                yield from omitted("ellipsis: harmless clause", sentence, span, mark, critical=False)
            elif re.search(_NEGATION[sentence.tongue], simplified(left_out)):
                yield from omitted("ellipsis: clause with a negation", sentence, span, mark, critical=True)
        for match in re.finditer(_NEGATION[sentence.tongue], sentence.plain):
            yield from omitted("ellipsis: a negation alone", sentence, Span(*match.span()), mark, critical=True)
        yield from at_the_edges(sentence, mark)
    for paragraph in held.paragraphs():
        spans = sentences(paragraph.text)
        if len(spans) > 2:  # what a whole sentence between says is another matter
            text = f"{spans[0].of(paragraph.text)}……{spans[2].of(paragraph.text)}"
            yield found("ellipsis: sentence left out", paragraph, text, None)


def omitted(kind: str, sentence: Quotable, span: Span, mark: str, critical: bool) -> Iterator[Case]:
    before, after = sentence.text[: span.start].rstrip(), sentence.text[span.end :].lstrip()
    both = sentence.has(SHORTEST, before) and sentence.has(SHORTEST, after)
    if both and in_pairs(before) and in_pairs(after):
        yield found(kind, sentence, f"{before}{mark}{after}", critical)


def in_pairs(text: str) -> bool:
    """Whether every bracket and quotation mark that is opened is closed: no name was cut in two."""
    return all(
        text.count(opened) == text.count(closed) for opened, closed in ("《》", "“”", "()", "「」", "（）", "«»")
    )


def at_the_edges(sentence: Quotable, mark: str) -> Iterator[Case]:
    yield found("ellipsis: around a sentence", sentence, f"{mark.strip()}{sentence.text}{mark.strip()}")


def scripts(held: Shelf) -> Iterator[Case]:
    """Converted by OpenCC, never to another region's words: 信息 → 資訊 would be an edit."""
    ways = {"zh-Hans": ("s2t", "s2tw", "s2hk"), "zh-Hant": ("t2s", "tw2s", "hk2s", "t2tw", "t2hk")}
    for sentence in held.sentences():
        for way in ways.get(sentence.language, ()):
            text = converted(way, sentence.text)
            if text != sentence.text:
                yield found(f"script: {way}", sentence, text)
        if sentence.tongue == "zh":
            half, way = len(sentence.text) // 2, ways[sentence.language][0]
            yield found("script: half of it", sentence, converted(way, sentence.text[:half]) + sentence.text[half:])
            folded = letters(converted(way, sentence.text)).text
            yield found("script: and no punctuation", sentence, folded)


_HALF = str.maketrans("，。；：（）？！“”‘’、", ",.;:()?!\"\"'',")
_FULL = str.maketrans(",.;:()?!", "，。；：（）？！")
_FULL |= {code: code + 0xFEE0 for code in range(ord("0"), ord("z") + 1) if chr(code).isalnum()}
_QUOTES = str.maketrans("“”‘’「」『』«»’", "「」『』“”‘’„“'")


def punctuated(held: Shelf) -> Iterator[Case]:
    """The same letters and digits in other clothes. Points and dashes between digits stay: 1.4 is not 14."""
    for sentence in held.sentences():
        for kind, text in disguises(sentence, held.rng):
            if text != sentence.text:
                yield found(f"punctuation: {kind}", sentence, text)


def disguises(sentence: Quotable, rng: Random) -> Iterator[tuple[str, str]]:
    text, is_chinese = sentence.text, sentence.tongue == "zh"
    yield "bare", bare(sentence)
    yield "line breaks", broken(sentence, rng)
    yield "other quotation marks", text.translate(_QUOTES)
    opened, closed = rng.choice([*zip("“「«\"'《", "”」»\"'》", strict=True)])
    yield "wrapped in quotation marks", f"{opened}{text}{closed}"
    yield (
        "invisible characters",
        "".join(rng.choice(["", "", "", "\u200b", "\u00ad", "\ufeff"]) + char for char in text),
    )
    yield "no final mark", text.rstrip('。.!！?？”»"')
    yield "tabs and blanks", f" \t{text.replace(' ', chr(0xA0))}\r\n"
    if is_chinese:
        yield "half width", text.translate(_HALF)
        yield "full width", text.translate(_FULL)
        yield "blank between characters", re.sub(r"(?<=\S)(?=\S)(?<![\da-zA-Z](?=[\da-zA-Z]))", " ", text)
        yield "blank around digits", re.sub(r"(?<=\D)(?=\d)|(?<=\d)(?=\D)", " ", text)
    else:
        yield "capitals", text.upper()
        yield "hyphenated", re.sub(r"(\w{4})(\w{4})", "\\1-\n\\2", text, count=1)
        yield "decomposed", unicodedata.normalize("NFD", text)
        yield "dashes and ё", text.replace("—", "-").replace("–", "-").replace("ё", "е")


def bare(sentence: Quotable) -> str:
    spaced = re.sub(r"(?<!\d)[-–—]|[-–—](?!\d)", "" if sentence.tongue == "zh" else " ", sentence.text)
    return re.sub(r"(?<=\d)[.,/:–-](?=\d)|([^\w\s£€$%°-])", lambda match: "" if match[1] else match[0], spaced)


def broken(sentence: Quotable, rng: Random) -> str:
    if sentence.tongue == "zh":
        width = rng.randrange(11, 24)
        text = sentence.text
        return "\n".join(text[at : at + width] for at in range(0, len(text), width))
    return re.sub(r"(.{30,40}) ", "\\1\n", sentence.text)


def truncated(held: Shelf) -> Iterator[Case]:
    """Cut right before a negation, number or condition, or at the comma before it.

    Only negations of the predicate count, and no cut is made inside brackets: what a name holds could be argued about.
    """
    cues = {"a negation": _NEGATION, "a number": _NUMBER, "a condition": _CONDITION}
    for sentence in held.sentences():
        for name, patterns in cues.items():
            for match in re.finditer(patterns[sentence.tongue], sentence.plain):
                before = sentence.text[: match.start()].rstrip()
                if re.search(r"\d[.,/:]?$|-$", before):  # in the middle of a date or a range
                    continue
                commas = [span.end for span in clauses(before)][:-1]
                yield from cut(f"truncated: before {name}", sentence, before, held)
                if commas:
                    yield from cut(f"truncated: at the comma before {name}", sentence, before[: commas[-1]], held)
        for match in re.finditer(_NEGATION[sentence.tongue], sentence.plain):
            after = sentence.text[match.end() :].strip()
            if sentence.has(SHORTEST, after) and held.stands_once(sentence, after):
                yield found("starts after a negation", sentence, after, None)  # the rule speaks of stopping short only


def cut(kind: str, sentence: Quotable, before: str, held: Shelf) -> Iterator[Case]:
    text = before.rstrip(" ,，;；:：、")
    if sentence.has(SHORTEST, text) and in_pairs(text) and held.stands_once(sentence, text):
        yield found(kind, sentence, text, True)


# Quotations that are not.


def altered(kind: str, quotable: Quotable, text: str, critical: bool | None) -> Case:
    return Case(kind, text, None, _ONLY_ALTERED, critical, quotable.passage.id)


def critical_edits(held: Shelf) -> Iterator[Case]:
    for sentence in held.sentences():
        made = list(edits(sentence, critical_rules(sentence, held), held.rng))
        for kind, text, _ in made:
            yield altered(f"critical: {kind}", sentence, text, True)
        for kind, text, _ in edits(sentence, UNMARKED.get(sentence.tongue, {}), held.rng):
            yield altered(kind, sentence, text, None)  # turns the sense, but is none of the rule's four
        if made:
            yield from disguised(sentence, *held.rng.choice(made), held)
        yield from unfolded(sentence)
        yield from changed_places(sentence, held.rng)
    for paragraph in held.paragraphs():
        if paragraph.has({tongue: 4 * least for tongue, least in ENOUGH.items()}):
            for _, text, _ in shuffled(edits(paragraph, critical_rules(paragraph, held), held.rng), held.rng)[:1]:
                yield altered("critical: in a long quotation", paragraph, text, True)


def disguised(sentence: Quotable, kind: str, text: str, place: Span, held: Shelf) -> Iterator[Case]:
    """The same edit where it is harder to see."""
    changed = Quotable(sentence.passage, text, sentence.language, sentence.work)
    yield altered("critical: and no punctuation", sentence, bare(changed), True)
    yield altered("critical: and line breaks", sentence, broken(changed, held.rng), True)
    if sentence.tongue == "zh":
        way = "s2t" if sentence.language == "zh-Hans" else "t2s"
        yield altered("critical: in the other script", sentence, converted(way, text), True)
    for span in clauses(sentence.text)[1:-1]:
        gone, shift = span.of(sentence.text), len(text) - len(sentence.text)
        moved = span.start + (shift if place.start < span.start else 0)
        before, after = text[:moved].rstrip(), text[moved + len(gone) :].lstrip()
        is_apart = not span.start - 1 <= place.start <= span.end + 1
        if is_apart and harmless(sentence, gone) and all(sentence.has(SHORTEST, part) for part in (before, after)):
            rest = f"{before}{_MARKS[sentence.tongue][0]}{after}"
            yield altered("critical: and an ellipsis", sentence, rest, True)
            break
    paper = next(paper for paper in held.papers if paper.id == sentence.passage.document)
    for one, two in paper.neighbours():
        if two is sentence.passage and two.text.startswith(sentence.text):
            yield altered("critical: across a break", sentence, f"{one.text}\n{text}", True)


def unfolded(sentence: Quotable) -> Iterator[Case]:
    """Edits of a number that leave every letter and digit in its place."""
    ways = (
        ("critical: decimal point moved", r"(?<=\d)\.(?=\d)", ""),
        ("critical: decimal point moved", r"(?<=\d)(\d)\.(?=\d)", r".\1"),
        ("critical: numbers run together", r"(?<=\d)[/-](?=\d)", ""),
    )
    for kind, pattern, new in ways:
        text = re.sub(pattern, new, sentence.text, count=1)
        if text != sentence.text:
            yield altered(kind, sentence, text, True)
    if "£" in sentence.text:  # another amount, though no figure changes: whether that is critical is not judged
        yield altered("another currency", sentence, sentence.text.replace("£", "€", 1), None)


def changed_places(sentence: Quotable, rng: Random) -> Iterator[Case]:
    """A supports B → B supports A. In a list, or joined by "and", the places of two names say nothing: no case."""
    pattern = _NAME.get(sentence.tongue) or CRITICAL["zh"]["name"][0][0]
    for one, two in pairwise(pattern.finditer(sentence.plain)):
        between = sentence.plain[one.end() : two.start()]
        if (
            one[0] != two[0]
            and size(between) > 1
            and not re.search(r"[、，,]|^\s*(?:和|与|及|and|и)\b|^[和与及]", between)
        ):
            text = sentence.text
            spans = one.start(), one.end(), two.start(), two.end()
            parts = (text[: spans[0]], text[spans[2] : spans[3]], text[spans[1] : spans[2]], text[spans[0] : spans[1]])
            yield altered("critical: names change places", sentence, "".join(parts) + text[spans[3] :], True)


def small_edits(held: Shelf) -> Iterator[Case]:
    """One slip, with no negation, number, date, name or reservation near it."""
    for sentence in held.sentences():
        for kind, text, place in edits(sentence, SMALL.get(sentence.tongue, {}), held.rng):
            around = sentence.text[max(0, place.start - 2) : place.end + 2] if sentence.tongue == "zh" else ""
            if harmless(sentence, around) and in_pairs(sentence.text[: place.start]):
                yield altered(f"small: {kind}", sentence, text, False)
        pattern = rf"[{HAN}]{{6}}" if sentence.tongue == "zh" else r"\b[a-zа-яё]{6,}\b"
        places = [
            match
            for match in re.finditer(pattern, sentence.text)
            if harmless(sentence, match[0]) and in_pairs(sentence.text[: match.start()])
        ]
        if places:
            yield from slips(sentence, held.rng.choice(places), held.rng)


def slips(sentence: Quotable, match: re.Match[str], rng: Random) -> Iterator[Case]:
    text, at = sentence.text, match.start() + rng.randrange(2, len(match[0]) - 3)
    one, two = text[at], text[at + 1]
    yield altered("small: left out", sentence, text[:at] + text[at + 1 :], False)
    yield altered("small: doubled", sentence, text[:at] + one + text[at:], False)
    if one != two:
        yield altered("small: two swapped", sentence, text[:at] + two + one + text[at + 2 :], False)
    if sentence.tongue != "zh":
        other = rng.choice([char for char in ("aeiost" if sentence.tongue == "en" else "аеиост") if char != one])
        yield altered("small: typo", sentence, text[:at] + other + text[at + 1 :], False)


def rearranged(held: Shelf) -> Iterator[Case]:
    """The words in another order, or some of them gone without a mark."""
    for sentence in held.sentences():
        spans = clauses(sentence.text)
        text = sentence.text
        if len(spans) > 3:
            one, two = spans[1], spans[2]
            swapped = text[: one.start] + two.of(text) + one.of(text) + text[two.end :]
            yield absent("order: clauses", sentence, swapped)
        if match := re.search(r"(?<=、)([^、，,。“”《》]{2,8})、([^、，,。“”《》]{2,8})(?=、)", text):
            swapped = f"{text[: match.start()]}{match[2]}、{match[1]}{text[match.end() :]}"
            yield altered("order: list", sentence, swapped, None)
        for span in held.rng.sample(spans[1:-1], min(len(spans[1:-1]), 1)):
            gone = span.of(text)
            turned = bool(re.search(_NEGATION[sentence.tongue], simplified(gone)))
            if sentence.has(SHORTEST, gone):
                rest = text[: span.start] + text[span.end :].lstrip()
                yield Case("gap: clause", rest, None, _NO_SUCH_TEXT, turned or None, sentence.passage.id)
    for paragraph in held.paragraphs():
        held_in = [span.of(paragraph.text) for span in sentences(paragraph.text)]
        if len(held_in) > 2 and all(paragraph.has(SHORTEST, text) for text in held_in[:3]):
            yield absent("gap: sentence", paragraph, f"{held_in[0]} {held_in[2]}")
            yield absent("order: sentences", paragraph, f"{held_in[1]} {held_in[0]}")


def absent(kind: str, quotable: Quotable, text: str) -> Case:
    return Case(kind, text, None, _NO_SUCH_TEXT, None, quotable.passage.id)


def spliced(held: Shelf) -> Iterator[Case]:
    for one, two in held.partners():
        middle = [clauses(sentence.text)[len(clauses(sentence.text)) // 2].start for sentence in (one, two)]
        head, tail = one.text[: middle[0]], two.text[middle[1] :]
        which = "one statement" if one.work == two.work else "two statements"
        if one.has(SHORTEST, head) and two.has(SHORTEST, tail):
            yield absent(f"spliced: halves, {which}", one, head + tail)
            if one.work != two.work:
                yield absent("spliced: ellipsis, two statements", one, f"{head}……{tail}")
        yield absent(f"spliced: sentences, {which}", one, one.text + held.rng.choice("\n ") + two.text)
    for paper in held.papers:
        for first, second in paper.neighbours():
            one, two = paper.sentences(first)[-1], paper.sentences(second)[0]
            if one.has(SHORTEST) and two.has(SHORTEST):
                yield absent("spliced: order reversed", one, f"{two.text}\n{one.text}")
    for sentence in held.sentences():
        spans = clauses(sentence.text)
        middle_at = spans[len(spans) // 2].start
        head, tail = sentence.text[:middle_at], sentence.text[middle_at:]
        if sentence.has(SHORTEST, head) and sentence.has(SHORTEST, tail):
            yield absent("spliced: ellipsis, order reversed", sentence, f"{tail.strip()}……{head.strip(' ,，')}")


def claims(held: Shelf) -> Iterator[Case]:
    for sentence in held.sentences():
        text, where = sentence.text, sentence.passage
        folded = letters(text).text
        yield claim("claim: right work", sentence, text, Claim(work=sentence.work), _ONLY_FOUND, False)
        yield claim("claim: right document", sentence, text, Claim(document=where.document), _ONLY_FOUND, False)
        having = {paper.work for paper in held.papers if folded in paper.letters}
        others = [paper for paper in held.papers if paper.work not in having]
        if others:
            other = held.rng.choice(others)
            yield claim("claim: wrong work", sentence, text, Claim(work=other.work), _ONLY_MISATTRIBUTED)
            yield claim("claim: wrong document", sentence, text, Claim(document=other.id), _ONLY_MISATTRIBUTED)
        for paper in held.papers:
            if paper.work == sentence.work and paper.id != where.document and folded in paper.letters:
                yield claim("claim: another witness", sentence, text, Claim(document=paper.id), _ONLY_FOUND, False)
        for _, edited, _ in list(edits(sentence, critical_rules(sentence, held), held.rng))[:1]:
            right, wrong = Claim(work=sentence.work), Claim(work=held.rng.choice(others).work) if others else None
            yield claim("claim: right, critical edit", sentence, edited, right, _ONLY_ALTERED, True)
            if wrong:
                either = frozenset({ALTERED, MISATTRIBUTED})
                yield claim("claim: wrong, critical edit", sentence, edited, wrong, either, True)


def claim(
    kind: str, quotable: Quotable, text: str, claimed: Claim, verdicts: frozenset[str], critical: bool | None = None
) -> Case:
    return Case(kind, text, claimed, verdicts, critical, quotable.passage.id)


def outside(held: Shelf) -> Iterator[Case]:
    """News items glued on, the editor's lead, headers, signatures. No headings: they could be argued about."""
    for paper in held.papers:
        for passage in paper.passages:
            if passage.role in (Role.BODY, Role.HEADING):
                continue
            whole = paper.quotable(passage, passage.text)
            pieces = [passage.text, *(one.text for one in paper.sentences(passage)[:-1])]
            for text in dict.fromkeys(pieces):
                if whole.has(SHORTEST, text):
                    yield Case(f"outside: {passage.role}", text, None, _ONLY_NOT_FOUND, None, paper.id, OUTSIDE)
            first, last = paper.sentences(paper.body[0])[0], paper.sentences(paper.body[-1])[-1]
            if passage.role is Role.FRONT and whole.has(SHORTEST):
                yield absent("outside: and the body's first sentence", first, f"{passage.text}\n{first.text}")
            if passage.role is Role.UNRELATED:  # the date and place under the last paragraph could be argued about
                yield absent("outside: after the body's last sentence", last, f"{last.text}\n{passage.text}")


def invented(held: Shelf) -> Iterator[Case]:
    """Written by hand. A near one may be called altered: it has the skeleton of a real sentence, no more."""
    scripts_held = {script(paper.language) for paper in held.papers}
    for line in INVENTED.read_text("utf-8").splitlines():
        language, kind, text = line.split("\t")
        if language.startswith("#"):
            continue
        if script(language) not in scripts_held:
            yield Case(f"other language: {language}", text, None, _ONLY_NOT_FOUND, reason=LANGUAGE)
        else:
            verdicts = _NO_SUCH_TEXT if kind == "near" else _ONLY_NOT_FOUND
            yield Case(f"invented: {language}{', near' if kind == 'near' else ''}", text, None, verdicts)


def script(language: str) -> str:
    """French against an English collection has no language of its own: language is told by script alone here."""
    return {"zh": "Han", "ru": "Cyrillic"}.get(language.partition("-")[0], "Latin")


# The whole set.

FAMILIES = (
    exact,
    ellipses,
    scripts,
    punctuated,
    truncated,
    critical_edits,
    small_edits,
    rearranged,
    spliced,
    claims,
    outside,
    invented,
)
_MOST = {exact: EXACT, outside: EXACT, invented: 100}


def cases(store: Store, seed: int = SEED) -> list[Case]:
    """The same list for the same collection and seed."""
    made: dict[tuple[str, str, Claim | None], Case] = {}
    counts: Counter[str] = Counter()
    for family in FAMILIES:
        held = shelf(store, f"{seed}/{family.__name__}")  # a family's chance is its own: a new one changes no other
        for case in family(held):
            key = case.kind, case.text, case.claimed
            if counts[case.kind] < _MOST.get(family, PER_KIND) and key not in made and is_sound(case, held):
                counts[case.kind] += 1
                made[key] = case
    return list(made.values())


def is_sound(case: Case, held: Shelf) -> bool:
    """Whether what should not be found is really nowhere: an edit may make just what another sentence says."""
    if FOUND in case.verdicts or case.verdicts == _ONLY_MISATTRIBUTED:
        return True
    if case.kind in _SAME_LETTERS:
        return not any(case.text in passage.text for paper in held.papers for passage in paper.body)
    return not held.holds(case.text)


# What a verifier makes of it.


@dataclass(frozen=True, slots=True)
class Judged:
    """A case with what was said of it."""

    case: Case
    verdict: str
    is_critical: bool
    reason: str | None

    @property
    def has_wrong_verdict(self) -> bool:
        return self.verdict not in self.case.verdicts

    @property
    def has_wrong_flag(self) -> bool:
        return self.case.critical not in (None, self.is_critical)

    @property
    def has_wrong_reason(self) -> bool:
        return self.case.reason not in (None, self.reason)

    @property
    def is_wrong(self) -> bool:
        return self.has_wrong_verdict or self.has_wrong_flag or self.has_wrong_reason

    @property
    def is_falsely_found(self) -> bool:
        return self.verdict == FOUND and FOUND not in self.case.verdicts


@dataclass(frozen=True, slots=True)
class Confusion:
    """Every case, judged."""

    judged: tuple[Judged, ...]

    @property
    def passes(self) -> bool:
        """Nothing is called found that is not there, and 99 % of what is there word for word is found."""
        exactly = [one for one in self.judged if one.case.kind.startswith("exact")]
        missed = sum(one.has_wrong_verdict for one in exactly)
        return not any(one.is_falsely_found for one in self.judged) and missed <= 0.01 * len(exactly)

    def table(self) -> str:
        """A line for each kind: how many, called what, how many wrong verdicts, flags and reasons."""
        kinds: dict[str, list[Judged]] = defaultdict(list)
        for one in self.judged:
            kinds[one.case.kind].append(one)
        head = ("kind", "cases", *VERDICTS, "wrong", "critical", "flag right", "flag wrong", "reason wrong")
        lines = [head, *(row(kind, held) for kind, held in kinds.items()), row("all", self.judged)]
        return "\n".join(f"{line[0]:44s}" + "".join(f"{cell!s:>14s}" for cell in line[1:]) for line in lines)

    def wrong(self) -> str:
        """Every misjudged case: kind, what was said and what is right, the quotation."""
        return "\n".join(line for one in self.judged if one.is_wrong for line in described(one))


def row(kind: str, judged: Sequence[Judged]) -> tuple[object, ...]:
    verdicts = Counter(str(one.verdict) for one in judged)
    flagged = [one for one in judged if one.case.critical is not None]
    wrong = sum(one.has_wrong_flag for one in flagged)
    return (
        kind,
        len(judged),
        *(verdicts[verdict] for verdict in VERDICTS),
        sum(one.has_wrong_verdict for one in judged),
        sum(one.is_critical for one in judged),
        len(flagged) - wrong,
        wrong,
        sum(one.has_wrong_reason for one in judged),
    )


def described(one: Judged) -> Iterator[str]:
    case = one.case
    expected = " or ".join(sorted(case.verdicts))
    flag = {None: "", True: ", critical", False: ", not critical"}[case.critical]
    said = f"{one.verdict}{', critical' if one.is_critical else ''}{f', {one.reason}' if one.reason else ''}"
    yield f"\n{case.kind} · {case.source}{f' · {case.claimed}' if case.claimed else ''}"
    yield f"  said: {said}; right: {expected}{flag}{f', {case.reason}' if case.reason else ''}"
    yield f"  {case.text}"


def confusion(verifier: Verifier, quotations: Sequence[Case]) -> Confusion:
    """Ask the verifier about every case; progress goes to stderr."""
    judged = []
    for done, case in enumerate(quotations, 1):
        result = verifier.verify(case.text, case.claimed)
        judged.append(Judged(case, str(result.verdict), result.is_critical, result.reason and str(result.reason)))
        sys.stderr.write(f"\r{done}/{len(quotations)}")
    sys.stderr.write("\n")
    return Confusion(tuple(judged))


def main(folder: Path) -> int:
    """Measure on the collection in `folder`; the exit code."""
    collection = Collection(replace(Settings.from_environ(os.environ), data=folder), create=False)
    measured = confusion(collection.verifier(), cases(collection.store))
    sys.stdout.write(f"{measured.table()}\n{measured.wrong()}\n")
    return 0 if measured.passes else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
