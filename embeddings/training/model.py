"""The finished model folder, which sentence-transformers and model2vec both read: 8-bit rows and a scale for each.

Runs that began from the same table lie close enough for their mean to be better than any of them (model soups,
Wortsman et al. 2022).
"""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
from model2vec.persistence import save_pretrained
from model2vec.types import StaticModelConfig
from numpy.typing import NDArray
from tokenizers import Tokenizer

from embeddings.encoder import CHECKSUMS, WEIGHTS_AND_TOKENIZER, Vectors

LARGEST = 127  # of a signed byte


def soup(tables: Sequence[Vectors]) -> Vectors:
    mean: Vectors = np.mean(tables, axis=0, dtype=np.float32)
    return mean


def quantised(table: Vectors) -> tuple[NDArray[np.int8], Vectors]:
    """Rows as bytes, and for each the scale that turns it back: off by at most half a scale in each dimension."""
    scales = (np.abs(table).max(axis=1) / LARGEST).astype(np.float32)
    rows = np.rint(table / np.where(scales > 0, scales, 1)[:, None])
    return rows.astype(np.int8), scales


def write_model(folder: Path, tokenizer: Tokenizer, table: Vectors) -> None:
    """Write the folder; a model card that lies there stays."""
    rows, scales = quantised(table)
    # No length limit: model2vec would cut at 512 tokens what sentence-transformers reads to the end.
    config: StaticModelConfig = {"normalize": True, "max_length": None}
    save_pretrained(folder, rows, tokenizer, config, create_model_card=False, weights=scales)
    sums = [f"{sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in WEIGHTS_AND_TOKENIZER]
    (folder / CHECKSUMS).write_text("".join(sums), encoding="ascii")
