"""One `tokenizer.json` for three languages: folding, cutting by script, a Unigram model of known word frequencies.

The Unigram model (Kudo 2018) is not trained: a piece's log-probability is its word's frequency in its language, so the
most likely segmentation of a Han run is a dictionary segmentation (as jieba's), a Russian word falls into stem and
ending, and names stay whole. Punctuation is dropped. Latin, Cyrillic and digit words open with "▁"; before Han runs "▁"
stands alone, costs nothing and has a zero vector.
"""

from collections.abc import Sequence
from pathlib import Path

from tokenizers import Regex, Tokenizer
from tokenizers.models import Unigram
from tokenizers.normalizers import NFKC, Lowercase, Normalizer, Precompiled, Replace
from tokenizers.normalizers import Sequence as Steps
from tokenizers.pre_tokenizers import Metaspace, PreTokenizer, Split
from tokenizers.pre_tokenizers import Sequence as Cuts

from embeddings.training.charsmap import compiled_charsmap
from embeddings.training.vocabulary import Piece

UNKNOWN, START = "[UNK]", "▁"
COMBINING_MARKS = r"[\x{0300}-\x{036F}]"  # what NFKC could not compose, as the stress mark in а́
WORDS = r"\p{Han}+|\p{Latin}+|\p{Cyrillic}+|\p{Nd}+"


def build_normalizer(scratch: Path) -> Normalizer:
    marks = Replace(Regex(COMBINING_MARKS), "")
    return Steps([NFKC(), Lowercase(), marks, Precompiled(compiled_charsmap(scratch))])


def build_pre_tokenizer() -> PreTokenizer:
    cut = Split(Regex(WORDS), behavior="removed", invert=True)
    return Cuts([cut, Metaspace(replacement=START, prepend_scheme="always", split=False)])


def build_tokenizer(normalizer: Normalizer, pieces: Sequence[Piece]) -> Tokenizer:
    # [UNK]'s own score is never read; "▁" is free so that it cannot sway the cut of a Han run.
    vocabulary = [(UNKNOWN, -30.0), (START, 0.0), *((piece.text, piece.log_probability) for piece in pieces)]
    tokenizer = Tokenizer(Unigram(vocabulary, unk_id=0, byte_fallback=False))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = build_pre_tokenizer()
    return tokenizer


def encode(tokenizer: Tokenizer, texts: Sequence[str]) -> list[list[int]]:
    """Token ids without the two that have no meaning of their own, [UNK] and the lone "▁"."""
    encodings = tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
    return [[token for token in encoding.ids if token > 1] for encoding in encodings]
