"""The language of a text, by script alone: zh-Hans, zh-Hant, en or ru; "und" where there is no letter to judge by."""

import re

from corpus.folding import HAN, simplified

LANGUAGES = ("zh-Hans", "zh-Hant", "en", "ru")

_HAN = re.compile(rf"[{HAN}]+")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]+")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]+")
_SLIPS = 0.05  # of the characters; about a quarter of a Traditional text differs
_LETTERS_PER_HAN = 4  # a Han character says about as much as four letters: "APEC的立场" is Chinese


def language_of(text: str) -> str:
    """A BCP 47 tag. Chinese is Traditional where more than a slip or a name has another Simplified form."""
    chinese = "".join(_HAN.findall(text))
    weights = {
        "ru": sum(map(len, _CYRILLIC.findall(text))),
        "en": sum(map(len, _LATIN.findall(text))),
        "zh": _LETTERS_PER_HAN * len(chinese),
    }
    best = max(weights, key=lambda language: weights[language])
    if not weights[best]:
        return "und"
    if best != "zh":
        return best
    traditional = sum(char != other for char, other in zip(chinese, simplified(chinese), strict=True))
    return "zh-Hant" if traditional > _SLIPS * len(chinese) else "zh-Hans"
