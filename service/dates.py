"""The dates that a question names → which statements it is about. Pure; it knows nothing of questions or filters.

A date is read in English, Russian and Chinese: a year, several, a range, "since 2019", "February 2022", "the latest
statement". A year inside a name (2030 Agenda), a number that is no year and a month in which nothing here was said are
no such dates but things that the documents may mention: they stay in the text.
"""

import calendar
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from corpus.document import Span, Work
from corpus.folding import Folded, fold

# All patterns are for folded text: lower case, Simplified, е for ё.
_DIGITS = r"(?:19|20)[0-9]{2}"
_NUMBER = rf"{_DIGITS}(?![0-9/a-z]|-х)"
_YEAR = rf"(?<![0-9/a-zа-я])(?<!\w-){_NUMBER}"
_YEAR_WORD = r"(?:-?(?:го|м|й|е)\b)?\s*(?:год(?:ами|ах|ам|ов|ом|ы|у|а)?|гг?)\b\.?|-(?:го|м|й|е)\b|\s*年(?!代)度?"
_SAID = rf"{_YEAR}(?:{_YEAR_WORD})?"
_TEXTS = (
    r"(?:statement|declaration|document|text|version|edition|заявлени|деклараци|документ|текст|верси|редакци"
    r"|声明|宣言|文件|文本|版)"
)
_WHOSE = r"(?:joint|sino\S*|china\S*|chinese\S*|russia\w*|of(?:\s+the)?|three|совместн\w+|российско\S*|китайско\S*)"
_IN = r"\b(?:in|of|during|в|во|за|от)\s+(?:the\s+)?(?:years?\s+)?(?:both\s+)?"
_AND = r"\s*(?:[,、;&]|[,、]?\s*(?:\b(?:and|or|vs|versus|и|или)\b\.?|和|与|及|以及|跟|或))\s*"

_BOUNDS_AND_YEARS = {
    "range": rf"(?:\b(?:between|from|с|со|от|между)\s+|从|自|在)?{_SAID}"
    rf"\s*(?:[-–—―~〜]|至|到|\b(?:to|until|till|through|по|до)\b)\s*{_NUMBER}(?:{_YEAR_WORD})?(?:之间|期间|间)?"
    rf"|\b(?:between|между)\s+{_SAID}\s+(?:and|и)\s+{_SAID}|在?{_SAID}\s*(?:和|与)\s*{_SAID}之?间",
    "since": r"(?:(?<!ment )(?<!ments )(?<!ration )(?<!text )(?<!one )\bfrom(?! the)"  # "statement from 2022": one year
    r"|\b(?:since|(?:starting|beginning)\s+(?:in|from|with)|(?:начиная\s+)?со?))"
    rf"\s+(?:the\s+)?(?:year\s+)?{_SAID}(?:\s+on(?:wards?)?\b)?|{_YEAR}\s+onwards?\b"
    rf"|(?:自从|从|自){_SAID}(?:以来|起|开始|至今)?|{_SAID}(?:以来|起(?![草来])|开始|至今|到现在)",
    "after": rf"\b(?:after|later\s+than|после|позже|позднее)\s+(?:the\s+)?{_SAID}"
    rf"|{_SAID}(?:以后|之后|后(?![续来果期]))",
    "until": rf"\b(?:until|till|by|up\s+to|through|по|к|вплоть\s+до)\s+(?:the\s+)?{_SAID}"
    rf"|(?:截至|截止到?|直到){_SAID}(?:为止)?|{_SAID}为止",
    "before": rf"\b(?:before|prior\s+to|earlier\s+than|до|раньше|ранее)\s+(?:the\s+)?{_SAID}"
    rf"|{_SAID}(?:以前|之前|前(?![后夕]))",
    "years": rf"(?:{_IN}|在|于)?{_SAID}(?:{_AND}{_SAID})+(?!-\d)|{_IN}{_SAID}(?!-\d)|(?:在|于)?{_YEAR}(?:{_YEAR_WORD})"
    rf"|\bfrom\s+{_SAID}|(?<![0-9/a-z]){_DIGITS}/{_NUMBER}|{_YEAR}(?:'s|’s)?(?=(?:\s+{_WHOSE}){{0,3}}\s*(?:的|联合|中俄)*(?:{_TEXTS}|one\b))"
    rf"|[,;:(]\s*{_YEAR}\W*$|^\W*(?:and|(?:what|how)\s+about|а|и|那么|那)?\s*{_YEAR}呢?\W*$",
    # Only if something here is of that year: else it is a number.
    "bare": rf"(?<=\S)\s+{_YEAR}\W*$|^\W*{_YEAR}(?=\s+\w)",
    "short": rf"(?<![0-9十百千])[0-9]{{2}}年(?=的|那|呢|{_TEXTS})"
    r"|\b(?:в|за|от|с)\s+[0-9]{2}-(?:м|го)\b(?:\s+год\w*)?|(?<!\w)['’][0-9]{2}\b",
}
_CENTURY = 2000  # of a year in two digits
_HAN_YEAR = re.compile(r"(?<![〇零一二三四五六七八九十百千])(?:[一二][〇零一二三四五六七八九]){1,2}(?=\s*年)")
_HAN_DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")

_MONTHS = (
    *("jan(?:uary)?|янв(?:ар[ьяе])?", "feb(?:ruary)?|фев(?:рал[ьяе])?", "mar(?:ch)?|март[ае]?"),
    *("apr(?:il)?|апр(?:ел[ьяе])?", "may|ма[йяе]", "june?|июн[ьяе]", "july?|июл[ьяе]", "aug(?:ust)?|авг(?:уст[ае]?)?"),
    *("sep(?:t(?:ember)?)?|сен(?:тябр[ьяе])?", "oct(?:ober)?|окт(?:ябр[ьяе])?"),
    *("nov(?:ember)?|ноя(?:бр[ьяе])?", "dec(?:ember)?|дек(?:абр[ьяе])?"),
)
_MONTH = rf"\b(?P<month>{'|'.join(_MONTHS)})\b\.?"
_DAY = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?"
_ON = r"(?:\b(?:in|on|of|from|в|во|от)\s+(?:the\s+)?)?"
_MONTHLY = (
    rf"{_ON}(?:\b{_DAY}\s+(?:of\s+)?)?{_MONTH},?\s+(?:of\s+)?(?P<year>{_YEAR})(?:{_YEAR_WORD})?",
    rf"{_ON}{_MONTH}\s+{_DAY},?\s+(?P<year>{_YEAR})",
    rf"在?(?P<year>{_YEAR})\s*年\s*(?P<month>[0-9]{{1,2}})\s*月(?:份|\s*{_DAY}\s*[日号])?",
    rf"{_ON}(?P<year>{_YEAR})-(?P<month>[0-9]{{2}})-{_DAY}(?![0-9])",
)

_FEW = r"(?:的|一份|一次|一个|那份|这份|中俄|俄中|两国|联合)*"
# "When was the last one repaired" speaks of no statement.
_ONE = (
    r"one\b(?=\s*(?:[,.;:?!]|$)|\s+(?:say|says|said|mention\w*|speak\w*|talk\w*|stat\w+|treat\w*|address\w*|cover\w*"
    r"|discuss\w*|describ\w+|call\w*|see|sees|too|also|already|as\s+well)\b)"
)
_WORK = rf"(?:\s+{_WHOSE}){{0,4}}\s+(?:{_TEXTS}\w*|{_ONE})"
_STATEMENTS = {
    "latest": r"(?:最新|最近|最后)的?[那这]?一?份"
    rf"|\b(?:latest|newest|most\s+recent|last){_WORK}|\bthe\s+(?:latest|newest|most\s+recent|last)\W*$"
    rf"|\b(?:сам\w+\s+)?(?:последн|нов|свеж|поздн)\w+{_WORK}|\b(?:сам\w+\s+)?последн(?:ее|ем|его)\W*$"
    rf"|(?:最新|最近|最后){_FEW}{_TEXTS}|(?:最新|最近一[份次]){_FEW}(?:怎么说|如何|怎么样)?呢?\W*$",
    "earliest": r"(?:最早|最初|第一)的?[那这]?一?份"
    rf"|\b(?:earliest|first|oldest){_WORK}|\bthe\s+(?:earliest|first|oldest)\W*$"
    rf"|\b(?:перв|(?:сам\w+\s+)?(?:ранн|стар))\w+{_WORK}|\bперв(?:ое|ом|ого)\W*$"
    rf"|(?:最早|最初|第一|首){_FEW}[份个次]?{_FEW}{_TEXTS}|最早{_FEW}(?:怎么说|如何|怎么样)?呢?\W*$",
    "second": rf"\bsecond{_WORK}|\bвтор\w+{_WORK}|第二[份个次]{_FEW}(?:{_TEXTS})?",
    "third": rf"\bthird{_WORK}|\bтреть\w+{_WORK}|第三[份个次]{_FEW}(?:{_TEXTS})?",
    "previous": rf"\b(?:previous|preceding|penultimate){_WORK}|\b(?:предпоследн|предыдущ)\w+{_WORK}"
    rf"|[上前]一份{_FEW}(?:{_TEXTS})?",
}
_PLACES = {"latest": -1, "earliest": 0, "second": 1, "third": 2, "previous": -2}
# In this order: what an earlier pattern matched is not looked at again.
_YEARLY = [*(("month", pattern) for pattern in _MONTHLY), *_BOUNDS_AND_YEARS.items()]
_YEARLY_NEED = re.compile("[0-9]{2}")
# When they are first needed: that takes as long as a question.
_compiled = cache(re.compile)


_Days = tuple[date | None, date | None, str]  # first, last, and what a note calls them


@dataclass(frozen=True, slots=True)
class Period:
    """Days, both ends included, that a question names at `span` of its text; None is an open end."""

    span: Span
    start: date | None
    end: date | None
    label: str

    def holds(self, day: date) -> bool:
        return (self.start is None or self.start <= day) and (self.end is None or day <= self.end)


@dataclass(frozen=True, slots=True)
class Dating:
    """What was read: `text` with the dates that choose works blanked, and the choice, by days or, else, by ids.

    `spans` are all dates of the text; `unheld` says in words which of them no work has.
    """

    text: str
    spans: tuple[Span, ...] = ()
    start: date | None = None
    end: date | None = None
    works: tuple[str, ...] = ()
    unheld: tuple[str, ...] = ()


def read_dates(
    text: str, works: Mapping[str, Work], names: Sequence[Span] = (), years: bool = True, statements: bool = True
) -> Dating:
    """Read the `years` and "latest", "earliest" `statements` that `text` speaks of, outside the spans of `names`."""
    dated = {id: work.date for id, work in works.items() if work.date}
    days = sorted(dated.values())
    periods = list(_periods(text, names, years, statements, days))
    held = [period for period in periods if any(map(period.holds, days))]
    bounds = [period for period in held if None in (period.start, period.end)]
    points = [period for period in held if period not in bounds]
    chosen = [
        id
        for id, day in dated.items()
        if all(bound.holds(day) for bound in bounds) and (not points or any(point.holds(day) for point in points))
    ]
    spans = tuple(period.span for period in periods)
    if not held or not chosen:
        return Dating(text, spans, unheld=tuple(dict.fromkeys(period.label for period in periods)))
    unheld = tuple(dict.fromkeys(period.label for period in periods if period not in held))
    blanked = blank(text, (period.span for period in held if _narrows(period, days)))
    if len({point.label for point in points}) > 1 or (points and bounds):
        return Dating(blanked, spans, works=tuple(chosen), unheld=unheld)
    start = max((period.start for period in held if period.start), default=None)
    end = min((period.end for period in held if period.end), default=None)
    return Dating(blanked, spans, start, end, unheld=unheld)


def blank(text: str, spans: Iterable[Span]) -> str:
    """`text` with spaces at `spans`."""
    left = list(text)
    for span in spans:
        left[span.start : span.end] = " " * (span.end - span.start)
    return "".join(left)


def _narrows(period: Period, days: Sequence[date]) -> bool:
    """False for "since 1945" and "by 2060": years far from all works, which the documents may mention."""
    begins = period.start is not None and period.start.year >= days[0].year
    return begins or (period.end is not None and period.end.year <= days[-1].year)


def _periods(text: str, names: Sequence[Span], years: bool, statements: bool, days: Sequence[date]) -> Iterator[Period]:
    folded = fold(text)
    left = _HAN_YEAR.sub(lambda match: match[0].translate(_HAN_DIGITS), _without_names(folded, names))
    yearly = _YEARLY if years and _YEARLY_NEED.search(left) else []
    for kind, rule in [*yearly, *(_STATEMENTS.items() if statements else ())]:
        pattern = _compiled(rule)
        for match in pattern.finditer(left):
            span = folded.source(*match.span())
            yield from (Period(span, *days_read) for days_read in _days(kind, match, days))
        left = pattern.sub(lambda match: "_" * len(match[0]), left)


def _without_names(folded: Folded, names: Sequence[Span]) -> str:
    """Names become letters of a kind, so that a year may follow 北约 at once (北约2022年) but not NPT (NPT2020)."""
    inside = {at for name in names for at in range(name.start, name.end)}
    return "".join(
        ("_" if char >= "\u2e80" else "x") if at in inside else char
        for char, at in zip(folded.text, folded.starts, strict=True)
    )


def _days(kind: str, match: re.Match[str], days: Sequence[date]) -> list[_Days]:
    """What a match of that kind stands for."""
    if kind in _PLACES:
        place = range(len(days))[_PLACES[kind] :][:1]
        return [(days[at], days[at], str(days[at])) for at in place]
    if kind == "month":
        return _month(match, days)
    years = [int(year) for year in re.findall(_DIGITS, match[0])]
    if kind in ("bare", "short"):
        years = years or [_CENTURY + int(year) for year in re.findall(r"[0-9]{2}", match[0])]
        return [(date(y, 1, 1), date(y, 12, 31), str(y)) for y in years if any(day.year == y for day in days)]
    first, last = min(years), max(years)
    if kind == "range":
        return [(date(first, 1, 1), date(last, 12, 31), f"{first} to {last}")]
    bounds = {
        "since": (date(first, 1, 1), None),
        "after": (date(first + 1, 1, 1), None),
        "until": (None, date(first, 12, 31)),
        "before": (None, date(first - 1, 12, 31)),
    }
    if kind in bounds:
        return [(*bounds[kind], f"{kind} {first}")]
    return [(date(year, 1, 1), date(year, 12, 31), str(year)) for year in years]


def _month(match: re.Match[str], days: Sequence[date]) -> list[_Days]:
    """The day if a work is of that day, else the month if one is of that month, else nothing."""
    name, year = match["month"], int(match["year"])
    month = int(name) if name.isdigit() else next(n for n, p in enumerate(_MONTHS, 1) if re.fullmatch(p, name))
    within = [day for day in days if (day.year, day.month) == (year, month)]
    for day in within:
        if match["day"] and day.day == int(match["day"]):
            return [(day, day, str(day))]
    last = calendar.monthrange(year, month)[1] if within else 0
    return [(date(year, month, 1), date(year, month, last), f"{year}-{month:02}")] if within else []
