"""Bytes → text: UTF-8 where it is that, else the encoding that charset-normalizer finds among those our languages use.

Never a text with replacement characters in it: what can't be decoded whole is an error.
"""

import codecs
import re

import charset_normalizer

from corpus.document import CorpusError

_BYTE_ORDER_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_WIDE = ["utf_16_le", "utf_16_be"]
_LEGACY = [*_WIDE, "gb18030", "big5hkscs", "cp1251", "koi8_r", "cp1252"]
_SINGLE = ["cp1252"]  # English with a curly quote or two; Chinese and Russian have bytes beyond ASCII side by side
_CYRILLIC = {"cp1251": "koi8_r", "koi8_r": "cp1251"}
_ALIASES = {"gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs"}  # what pages say → what they may well hold
_USUAL = re.compile("[оеаинтср]", re.IGNORECASE)
_ODD = (0.2, 0.5)  # how odd a piece of it may look; many quotation marks do
_COMMON = {  # in names: frequent characters of GB 2312 and Big5, Russian letters under DOS and Windows
    "gb18030": re.compile(rb"[\xb0-\xd7][\xa1-\xfe]"),
    "big5hkscs": re.compile(rb"[\xa4-\xc6][\x40-\x7e\xa1-\xfe]"),
    "cp866": re.compile(rb"[\x80-\xaf\xe0-\xf1]{2,}"),
    "cp1251": re.compile(rb"[\xc0-\xff\xa8\xb8]{2,}"),
}
_MOSTLY = 0.6
_SIDE_BY_SIDE = re.compile(rb"[\x80-\xff]{2}")


def decode(name: str, data: bytes, stated: str | None = None) -> tuple[str, str]:
    """The text and its encoding; `stated` is what a page says that it is. Raises CorpusError, naming `name`."""
    encoding = _BYTE_ORDER_MARKS.get(data[:2]) or (_known(stated) if stated else None)
    for tried in (encoding, "utf-8") if encoding else ("utf-8",):
        try:
            text = data.decode(tried)
        except UnicodeDecodeError as error:
            problem = f"byte {error.start} is not {tried.upper()}"
            continue
        if "\0" not in text:
            return text, tried
        problem = "it holds NUL characters, as binary files do"
    found = _detected(data)
    if found is None:
        raise CorpusError(
            f"{name}: {problem}, and no other encoding fits it all; if it is a text, convert it to UTF-8 first, "
            "for example with iconv -f GB18030 -t UTF-8"
        )
    return data.decode(found), found.replace("_", "-")


def _known(stated: str) -> str | None:
    try:
        name = codecs.lookup(stated).name
    except LookupError:
        return None
    return _ALIASES.get(name, name)


def _detected(data: bytes) -> str | None:
    likely = _WIDE if b"\0" in data else _LEGACY if _SIDE_BY_SIDE.search(data) else _SINGLE
    tries = (charset_normalizer.from_bytes(data, cp_isolation=likely, threshold=odd).best() for odd in _ODD)
    best = next(filter(None, tries), None)
    if best is None:
        return None
    other = _CYRILLIC.get(best.encoding)
    # Each of the two shows other letters for what the other means: пЛЮЯМ for Пламя.
    return other if other and _usual(data, other) > _usual(data, best.encoding) else best.encoding


def _usual(data: bytes, encoding: str) -> int:
    """How many of the letters are those that half of every Russian text consists of."""
    return len(_USUAL.findall(data.decode(encoding, "replace")))


def decode_names(raw: bytes) -> str:
    """The names of files in an archive that does not say how they are written: in UTF-8, or as Windows packs them.

    Names are too short for statistics of letters, but each encoding has its common ones in a range of its own. Where
    none stands out it is CP437, which the format prescribes, and in which every byte means something.
    """
    likely = sorted(_COMMON, key=lambda encoding: -_commons(raw, encoding))
    for encoding in ("utf-8", *(tried for tried in likely if _commons(raw, tried) > _MOSTLY)):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("cp437")


def _commons(raw: bytes, encoding: str) -> float:
    """The share of what is not ASCII that is among the common letters of an encoding."""
    found = b"".join(_COMMON[encoding].findall(raw))
    return _beyond_ascii(found) / max(1, _beyond_ascii(raw))


def _beyond_ascii(raw: bytes) -> int:
    return sum(byte > 0x7F for byte in raw)
