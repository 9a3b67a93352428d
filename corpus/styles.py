"""References for people, one line each, down to the paragraph: GB/T 7714-2025 and -2015, ГОСТ Р 7.0.5-2008, APA 7.

No source states an author, so the title comes first, as each style has it for works without one. What else is not
stated is left out; only APA has a word for a missing date.
"""

import datetime
from collections.abc import Sequence
from typing import NamedTuple

from corpus.citation import Citation, one_line

_ENGLISH_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_RUSSIAN_MONTHS = (
    *("янв.", "февр.", "марта", "апр.", "мая", "июня", "июля"),
    *("авг.", "сент.", "окт.", "нояб.", "дек."),
)
_PLACES = {"zh": ("第{}页", "第{}段"), "ru": ("с. {}, ", "абз. {}"), "en": ("p. {}, ", "para. {}")}
_GBT_TYPES = {"article-newspaper": "N", "webpage": "EB", "document": "Z"}


class _Signs(NamedTuple):
    comma: str
    colon: str
    opening: str
    closing: str


_FULL_WIDTH = _Signs("，", "：", "（", "）")
_HALF_WIDTH = _Signs(", ", ": ", "(", ")")


def gbt_7714_2025(citation: Citation) -> str:
    """`题名[N/OL]. 报纸，2025-05-09（03）：第8段. URL.` Only a web page has its date of access."""
    return _gbt_7714(citation, _FULL_WIDTH, accessed=_is_web_page(citation))


def gbt_7714_2015(citation: Citation) -> str:
    """`题名[N/OL]. 报纸, 2025-05-09(03): 第8段[2026-11-22]. URL.` All that is online has its date of access."""
    return _gbt_7714(citation, _HALF_WIDTH, accessed=True)


def _gbt_7714(citation: Citation, signs: _Signs, accessed: bool) -> str:
    carrier = "/OL" if citation.source_url else ""
    issued = citation.issued.isoformat() if citation.issued else ""
    if _is_web_page(citation):
        # Both editions put what was cited before the brackets with the page's date.
        where = _joined([citation.outlet, _place(citation, citation.language)], signs.colon) + _enclosed(issued, signs)
    else:
        issue = _joined([citation.outlet, issued], signs.comma) + _enclosed(citation.page, signs)
        where = _joined([issue, _place(citation, citation.language)], signs.colon)
    if accessed and citation.accessed:
        where += f"[{citation.accessed.isoformat()}]"
    work = f"{citation.heading}[{_GBT_TYPES[citation.csl['type']]}{carrier}]"
    return _joined([work, where, citation.source_url], ". ") + "."


def _is_web_page(citation: Citation) -> bool:
    return bool(citation.csl["type"] == "webpage")


def _place(citation: Citation, language: str) -> str:
    page, paragraph = _PLACES.get(language.split("-")[0], _PLACES["en"])
    return (page.format(citation.file_page) if citation.file_page else "") + paragraph.format(citation.ordinal)


def gost_7_0_5(citation: Citation) -> str:
    """`Заглавие [Электронный ресурс] // Газета. 2025. 9 мая. С. 03. Абз. 8. URL: … (дата обращения: 22.11.2026).`"""
    material = " [Электронный ресурс]" if citation.source_url else ""
    areas = [
        _joined([citation.heading + material, citation.outlet], " // "),
        _gost_date(citation),
        citation.page and f"С. {citation.page}",
        citation.file_page and f"С. {citation.file_page}",
        f"Абз. {citation.ordinal}",
        citation.source_url and f"URL: {citation.source_url}{_gost_access(citation.accessed)}",
    ]
    return _joined([_ended(area) for area in areas if area], " ")


def _gost_date(citation: Citation) -> str:
    day = citation.issued
    if day is None:
        return ""
    # A newspaper's day stands after its year, as the number of an issue would.
    return f"{day.year}. {day.day} {_RUSSIAN_MONTHS[day.month - 1]}" if citation.page else f"{day:%d.%m.%Y}"


def _gost_access(day: datetime.date | None) -> str:
    return f" (дата обращения: {day:%d.%m.%Y})" if day else ""


def apa_7(citation: Citation) -> str:
    """`Title. (2025, May 9). Newspaper, 03. URL (para. 8).` A title in another language is followed by the English one.

    A foreign script stays as it is: how to transliterate is not stated.
    """
    english = citation.titles.get("en")
    translation = f" [{english}]" if english and citation.language != "en" and english != citation.title else ""
    issued = _apa_date(citation.issued) if citation.issued else "n.d."
    elements = [
        _ended(citation.heading + translation),
        f"({issued}).",
        _ended(_joined([citation.outlet, citation.page], ", ")),
        _apa_url(citation),
        f"({_place(citation, 'en')}).",
    ]
    return _joined(elements, " ")


def _apa_date(day: datetime.date) -> str:
    return f"{day.year}, {_ENGLISH_MONTHS[day.month - 1]} {day.day}"


def _apa_url(citation: Citation) -> str:
    # The day of access belongs only to pages that may change; one without a date is taken for such.
    if citation.source_url and citation.accessed and not citation.issued:
        day = citation.accessed
        return f"Retrieved {_ENGLISH_MONTHS[day.month - 1]} {day.day}, {day.year}, from {citation.source_url}"
    return citation.source_url or ""


def _joined(parts: Sequence[str | None], sign: str) -> str:
    return sign.join(line for line in (one_line(part or "") for part in parts) if line)


def _enclosed(text: str | None, signs: _Signs) -> str:
    return f"{signs.opening}{one_line(text)}{signs.closing}" if text else ""


def _ended(text: str) -> str:
    return text if not text or text.endswith((".", "?", "!", "…", "。", "？", "！")) else f"{text}."
