"""Character folding that runs inside the tokenizer: Traditional → Simplified, ё → е, accents off Latin letters.

The rules are one character to one character (OpenCC's t2s table, Unicode decompositions), so a Traditional text gets
its Simplified twin's tokens without a converter at run time. Not a word-level conversion: 皇后 and 後來 share 后.
`tokenizers` reads such rules in sentencepiece's compiled form, and only sentencepiece compiles them: a throw-away model
is trained on two letters and the rules are cut out of its protobuf.
"""

import io
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import opencc
import sentencepiece

HAN_BLOCKS = [(0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0x20000, 0x323AF)]
LATIN_BLOCKS = [(0x00C0, 0x024F), (0x1E00, 0x1EFF)]
# Letters that carry their mark inside and so have no Unicode decomposition.
UNDECOMPOSED = {"ё": "е", "ø": "o", "đ": "d", "ł": "l", "ı": "i", "ħ": "h", "æ": "ae", "œ": "oe", "ß": "ss"}

NORMALIZER_SPEC, PRECOMPILED_CHARSMAP = 3, 2  # field numbers in sentencepiece_model.proto


def simplified_rules() -> dict[str, str]:
    convert = opencc.OpenCC("t2s").convert
    characters = (chr(code) for first, last in HAN_BLOCKS for code in range(first, last + 1))
    folded = ((character, convert(character)) for character in characters)
    return {character: simple for character, simple in folded if simple != character and len(simple) == 1}


def accent_rules() -> dict[str, str]:
    rules = dict(UNDECOMPOSED)
    for first, last in LATIN_BLOCKS:
        for code in range(first, last + 1):
            base = unicodedata.normalize("NFD", chr(code))[0]
            if base != chr(code) and base.isascii():
                rules[chr(code)] = base.lower()
    return rules


def compiled_charsmap(scratch: Path) -> bytes:
    """Darts trie of all rules, as `tokenizers.normalizers.Precompiled` takes it."""
    scratch.write_text(rule_table(simplified_rules() | accent_rules()), encoding="utf-8")
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["ab ba"] * 10),
        model_writer=model,
        vocab_size=8,
        hard_vocab_limit=False,
        normalization_rule_tsv=str(scratch),
        minloglevel=2,
    )
    return field(field(model.getvalue(), NORMALIZER_SPEC), PRECOMPILED_CHARSMAP)


def rule_table(rules: dict[str, str]) -> str:
    def code_points(text: str) -> str:
        return " ".join(f"{ord(character):X}" for character in text)

    return "".join(f"{code_points(source)}\t{code_points(target)}\n" for source, target in sorted(rules.items()))


def field(message: bytes, number: int) -> bytes:
    """The first length-delimited field of that number in a protobuf message."""
    return next(value for found, value in fields(message) if found == number)


def fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Length-delimited fields of a protobuf message; numbers and floats are stepped over."""
    at = 0
    while at < len(message):
        key, at = varint(message, at)
        match key & 7:
            case 0:
                _, at = varint(message, at)
            case 1:
                at += 8
            case 2:
                length, at = varint(message, at)
                yield key >> 3, message[at : at + length]
                at += length
            case 5:
                at += 4
            case wire_type:
                raise ValueError(f"unexpected protobuf wire type {wire_type} at byte {at}")


def varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
