"""The words of three languages: what an edit makes of what, and where the sense may turn.

Chinese patterns are held against Simplified text, in which they keep their place.
"""

import re
from collections.abc import Callable
from itertools import pairwise
from random import Random

from corpus.folding import simplified

Swap = Callable[[re.Match[str], Random], str]
Rules = dict[str, list[tuple[re.Pattern[str], Swap]]]  # by kind of edit

_DIGIT = "一二三四五六七八九两"
_NUMERAL = "零〇一二三四五六七八九十百千万亿两"
_COUNTED = "个名年月日时元条台次例天票米厘公艘尾座级吨孔成支轮种段届项大"
_MONTHS_EN = "January|February|April|June|July|August|September|October|November|December"  # the others are words
_MONTHS_RU = "января|февраля|марта|апреля|мая|июня|июля|августа|сентября|октября|ноября|декабря"
_IN_MONTHS_RU = "январе|феврале|марте|апреле|июне|июле|августе|сентябре|октябре|ноябре|декабре"
_COUNTS_EN = (
    "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|eighteen|nineteen|"
    "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand"
)
_COUNTS_RU = (
    "два|три|четыре|пять|шесть|семь|восемь|девять|десять|двенадцать|пятнадцать|двадцать|тридцать|сорок|пятьдесят|"
    "шестьдесят|девяносто|сто|двух|трёх|четырёх|пяти|шести|семи|восьми|десяти|двадцати|тридцати|двадцатого|тридцатого"
)
_NAMES = """
中方:俄方 美国:英国 日本:韩国 伊朗:伊拉克 澳大利亚:新西兰 澳洲:加拿大 美方:英方 伊方:以方 中俄:中美 俄美:俄英 苏美:苏英
联合国安理会:联合国大会 联合国大会:联合国安理会 北约:欧盟 东盟:非盟 世贸组织:世卫组织 上海合作组织:亚太经合组织
国际原子能机构:国际刑警组织 禁止化学武器组织:国际原子能机构 二十国集团:金砖国家 亚太:中东 欧洲:非洲 北极:南极
北京:上海 杜尚别:塔什干 福岛:广岛 习近平:李强 普京:梅德韦杰夫 罗守田:段小蓉 邹启明:韩立柏 韩立柏:邹启明
蒋玉梅:贺老先生 岭川省:泽南省 泽南省:岭川省 白鹭:青龙 学堂街:文庙街 沅泽江:湘江 双龙峡:三门峡 鹤洲:雁洲 云溪:景德镇
波斯:印度 浙江:江西 下沙村:上沙村
"""
_TREATIES = """
《不扩散核武器条约》:《全面禁止核试验条约》 《全面禁止核试验条约》:《不扩散核武器条约》 《中导条约》:《反导条约》
《禁止生物武器公约》:《禁止化学武器公约》 《禁止化学武器公约》:《禁止生物武器公约》 《巴黎协定》:《京都议定书》
《联合国宪章》:《世界人权宣言》 《世界人权宣言》:《联合国宪章》 《南太平洋无核区条约》:《拉丁美洲无核区条约》
"""
_DENIED = """
不能:能 不应:应 不得:可以 不会:会 不允许:允许 不受:受 不采取:采取 不针对:针对 不是:是 不可接受:可接受 不可分割:可分割
不首先:首先 不扩散:扩散 不干涉:干涉 不使用:使用 不负责任:负责任 不信任:信任 不确定:确定 没有:有 非核武器:核武器
无核武器:核武器 未完成:已完成 未达成:已达成 非歧视:歧视 非政治化:政治化 无条件:有条件 打不赢:打得赢 不在本:在本
不超过:超过 不低于:低于 不少于:少于 不对外:对外 不予:予以 不计:计较 不需要:需要 不符:相符 不再:再 不怕:怕
"""
_STANCES = """
反对:支持 谴责:欢迎 欢迎:反对 提高:降低 增加:减少 加强:削弱 禁止:允许 放弃:保留 恢复:中止 赞成:反对 同意:拒绝 高于:低于
延长:缩短 上升:下降 以上:以下 以内:以外
"""
_SYNONYMS = """
推动:促进 强化:加强 指出:表示 维护:维持 重要:关键 解决:处理 共同:一起 积极:主动 继续:持续 增进:增强 开展:进行 严重:重大
坚定:坚决 努力:尽力 目标:目的 面临:面对 影响:作用 措施:办法 观众:参观者 学者:专家 附近:周围 工匠:匠人
"""
_TYPOS = """
际:迹 护:户 略:掠 维:为 措:错 施:师 协:胁 议:义 信:讯 势:事 责:则 作:做 武:舞 器:气 遵:尊 巩:功 构:购 域:或 原:源 证:正
落:络 技:枝 贸:茂 影:景 系:糸 审:申 险:验 竞:竟 载:裁 战:站 观:现 窑:摇 渔:鱼 病:疒 护:沪 桥:侨 河:何
"""
_IDLE_ZH = "积极|共同|坚定|继续|特别|认真|切实|真正|尽快|忠实|携手|显然|同样|突出|高度|稳妥|立即|主要|格外|仔细"


def mapped(pairs: str, edge: str = "") -> tuple[re.Pattern[str], Swap]:
    """`a:b c:d`: a becomes b, and c d."""
    table = dict(pair.split(":") for pair in pairs.split())
    found = "|".join(sorted(map(re.escape, table), key=len, reverse=True))
    return re.compile(f"{edge}(?:{found}){edge}"), lambda match, rng: table[match[0]]


def another(words: str) -> tuple[re.Pattern[str], Swap]:
    """A whole word of the list → the next one, which in Russian most often stands in the same case."""
    listed = words.split("|")
    following = dict(pairwise([*listed, listed[-2]]))
    return re.compile(rf"\b(?:{words})\b"), lambda match, rng: following[match[0]]


def rewritten(pattern: str, template: str) -> tuple[re.Pattern[str], Swap]:
    return re.compile(pattern), lambda match, rng: match.expand(template)


def redigited(pattern: str, digits: str = "0123456789") -> tuple[re.Pattern[str], Swap]:
    """One digit of the match → another one, never a leading zero."""

    def swap(match: re.Match[str], rng: Random) -> str:
        at = rng.choice([at for at, char in enumerate(match[0]) if char in digits + _DIGIT])
        new = rng.choice([digit for digit in digits if digit not in match[0][at] + "0一两"])
        return match[0][:at] + new + match[0][at + 1 :]

    return re.compile(pattern), swap


_HAN_COUNTS = (
    rf"(?:[{_NUMERAL}]+[二三四五六七八九两][{_NUMERAL}]*|[二三四五六七八九两][{_NUMERAL}]+|第[{_DIGIT}]+"
    rf"|[二三四五六七八九两](?=[{_COUNTED}]))(?![月日])(?<![^第]一)"
)
_HAN_NUMBER = rf"[{_NUMERAL}]*[{_DIGIT}][{_NUMERAL}]*"
_RU_VERBS = (
    "обязан|обязана|вправе|может|могут|должен|должна|следует|нужно|требует|разрешается|допускается|является|получает|"
    "имеет|действует|участвует|составляла|помогают|годятся|запрещено"
)
CRITICAL: dict[str, Rules] = {
    "zh": {
        "negation dropped": [mapped(_DENIED)],
        "negation added": [
            rewritten(r"(?<![不没未])应(?=[积通摒遵得停坚恢同])", "不应"),
            rewritten("(?<=方)愿", "不愿"),
            rewritten(r"(?<![不没])将(?=[继加推积全深坚共严按])", "不将"),
            rewritten(r"(?<!不)(支持|同意|符合|允许|接受|可以|需要|认为|欢迎|承认)", r"不\1"),
            rewritten("有助于", "无助于"),
            rewritten("有权", "无权"),
        ],
        "number": [
            redigited(r"(?<![\d.,/])\d+(?![\d]*[.,/-]?\d*\s*[年月日])"),
            redigited(_HAN_COUNTS, "二三四五六七八九"),
            rewritten("(?<=万)元", "亿元"),
            rewritten(r"(?<=\d)亿", "万"),
        ],
        "percent": [redigited(f"百分之{_HAN_NUMBER}", "二三四五六七八九")],
        "date": [
            redigited(r"\d+(?=(?:-\d+)?\s*[年月日])", "123456789"),
            redigited(f"{_HAN_NUMBER}(?=[月日])", "二三四五六七八九"),
        ],
        "name": [mapped(_NAMES, edge="(?<![其白])")],
        "treaty": [mapped(_TREATIES)],
    },
    "en": {
        "negation dropped": [
            rewritten(r"\b(\w+) not\b(?! (?:only|merely|simply))", r"\1"),
            rewritten(r"\bno longer\b", "still"),
            rewritten(r"\bno (?!longer|one|sooner|other)(?=[a-z])", "some "),
            mapped("cannot:can never:always nothing:something nobody:somebody none:some unable:able", r"\b"),
        ],
        "negation added": [rewritten(r"\b(is|are|was|were|must|may|will|should|can|could)\b(?! not| no\b)", r"\1 not")],
        "number": [
            redigited(
                r"(?<![\d.,:£-])\d+(?![\d:]|\s(?:January|February|April|November))(?<!\b[12]\d{3})", "0123456789"
            ),
            another(_COUNTS_EN),
            rewritten(r"\bmillion\b", "billion"),
        ],
        "percent": [
            rewritten(r"\b(\w+)-(?:one|two|four|seven) (?=per cent)", r"\1-nine "),
            rewritten("forty per", "ten per"),
        ],
        "date": [redigited(r"\b[12]\d{3}\b"), another(_MONTHS_EN)],
    },
    "ru": {
        "negation dropped": [
            rewritten(r"(?<=\s)не (?!только|менее|более|столько)", ""),
            mapped("нельзя:можно никто:кто-то ничего:кое-что нет:есть никогда:всегда", r"\b"),
        ],
        "negation added": [
            rewritten(rf"(?<!не )(?<!ни )\b({_RU_VERBS})\b", r"не \1"),
            rewritten(r"\bможно\b", "нельзя"),
        ],
        "number": [
            redigited(r"(?<![\d.,])\d+(?!\d)(?<!\b[12]\d{3})"),
            another(_COUNTS_RU),
            rewritten(r"\bтысяч\b", "миллионов"),
        ],
        "date": [redigited(r"\b[12]\d{3}\b"), another(_MONTHS_RU), another(_IN_MONTHS_RU)],
    },
}
_STANCES_EN = """
more:less higher:lower before:after greatest:smallest increase:decrease above:below permitted:forbidden
accepted:rejected best:worst longer:shorter strongest:weakest oldest:newest allowed:forbidden
"""
_STANCES_RU = "больше:меньше меньше:больше лучше:хуже выше:ниже ранним:поздним после:до запрещено:разрешено"
STANCE: dict[str, Rules] = {  # the sense changes, but not by one of the rule's four
    "zh": {"stance reversed": [mapped(_STANCES)]},
    "en": {"stance reversed": [mapped(_STANCES_EN, r"\b")]},
    "ru": {"stance reversed": [mapped(_STANCES_RU, r"\b")]},
}
_SYNONYMS_EN = """
large:big found:discovered often:frequently people:persons placed:put given:offered broken:smashed whole:entire
reached:got
"""
_SYNONYMS_RU = """
быстро:скоро также:тоже хорошо:неплохо обычно:обыкновенно затем:потом потом:затем дольше:длительнее полезно:желательно
сухой:высохший
"""
_IDLE_EN = "also|simply|mainly|further|therefore|together|later|seriously|exactly"
_IDLE_RU = "также|потом|затем|спокойно|сразу|быстро|медленно|снова|целиком"
SMALL: dict[str, Rules] = {
    "zh": {"synonym": [mapped(_SYNONYMS)], "word dropped": [rewritten(_IDLE_ZH, "")], "typo": [mapped(_TYPOS)]},
    "en": {"synonym": [mapped(_SYNONYMS_EN, r"\b")], "word dropped": [rewritten(rf" (?:{_IDLE_EN})\b", "")]},
    "ru": {"synonym": [mapped(_SYNONYMS_RU, r"\b")], "word dropped": [rewritten(rf" (?:{_IDLE_RU})\b", "")]},
}
# Negations of the predicate: to stop short of one turns the sense. 不断, "not only" and a name's 不扩散 are none.
NEGATION = {
    "zh": "不能|不应|不得|不会|不允许|不受|不采取|不针对|不是|不可接受|没有|不予|不超过|不低于|不少于|不对外",
    "en": r"\b(?:not(?! only| merely| simply)|never|cannot|nobody|nothing|none)\b",
    "ru": r"\b(?:не(?! только)|нельзя|никто|ничего|нет)\b",
}
CONDITION = {
    "zh": "如果|若(?=[无六有不])|只有|除非|如(?=[未无不有])",
    "en": r"\b(?:if|unless|until|provided that|except)\b",
    "ru": r"\b(?:если|кроме)\b",  # только and лишь restrict, which is no condition by the letter
}
NUMBER = {
    "zh": rf"\d+(?=\s*(?:年|月|周年|美元|亿))|百分之|[{_NUMERAL}]{{2,}}(?=[{_COUNTED}])",
    "en": rf"\b(?:\d+|{_COUNTS_EN})\b",
    "ru": rf"\b(?:\d+|{_COUNTS_RU})\b",
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
        rf"{_COUNTS_EN}|one|once|twice|first|second|third|million|quarter|per|fifth\w*|"
        r"years?|months?|weeks?|days?|hours?|minutes?|winters?)\b"
    ),
    "ru": re.compile(
        r"[А-ЯЁ\d]|(?i:\b(?:не\w*|ни\w*|нет|без\w*|если|тольк\w*|лишь|кроме|но|однако|а|пока|когда|хотя|при|чтобы|"
        r"нельзя|мал\w*|едва|должн\w*|обязан\w*|вправе|может|можно|одн\w+|один\w*|перв\w+|втор\w+|трет\w+|"
        r"ст[оа]|сот|тысяч\w*|миллион\w*|дв\w+|тр[иеё]\w*|четы\w+|пят\w+|шест\w+|сем\w+|восем\w+|восьм\w+|"
        r"девя\w+|деся\w+|сорок\w*|год\w*|лет|месяц\w*|недел\w*|дн\w+|день|час\w*|минут\w*|половин\w*|пол\w*|"
        r"больше|меньше|более|менее)\b)"
    ),
}
_NO_NAMES = "May|March|University|Hospital|Inquiry|Teaching|Officer|Data|English|Protected"
NAME = {  # where names are capitalised
    "en": re.compile(rf"(?<=[a-z,] )(?!{_MONTHS_EN}|{_NO_NAMES})[A-Z][a-z]{{3,}}"),
    "ru": re.compile(r"(?<=[а-яё,] )[А-ЯЁ][а-яё]{3,}"),
}


def harmless(tongue: str, text: str) -> bool:
    return not _TOUCHY[tongue].search(simplified(text) if tongue == "zh" else text)
